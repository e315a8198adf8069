use super::model::{JobRecord, JobState};
use super::{JobFilter, Priority};
use crate::base::{JobId, Timestamp};
use crate::store::{Entry, Index, ReadRows, Records, Scan, StoreError, Table, Unique, WriteTx};

const WAITING: Index<(u8, Timestamp), JobId> = Index::new("jobs_waiting");
const BY_STATE: Index<String, JobId> = Index::new("jobs_by_state");
const BY_NAME: Index<String, JobId> = Index::new("jobs_by_name");
const UNIQUE: Unique<(String, String), JobId> = Unique::new("jobs_unique");

pub(super) const JOBS: Records<JobId, JobRecord> = Records::new(
    "jobs",
    filed_under,
    &["jobs_waiting", "jobs_by_state", "jobs_by_name", "jobs_unique"],
);

/// name -> its last run
pub(super) const TASKS: Table<String, super::periodic::TaskRow> = Table::new("tasks");

fn filed_under(id: &JobId, job: &JobRecord) -> Vec<Entry> {
    let mut entries = vec![
        BY_STATE.entry(&job.state.as_str().to_owned(), id),
        BY_NAME.entry(&job.name.clone(), id),
    ];
    if job.state == JobState::Waiting {
        entries.push(WAITING.entry(&(job.priority.rank(), job.run_at), id));
        if job.deduplicated {
            entries.push(UNIQUE.entry(&(job.name.clone(), job.payload.clone()), id));
        }
    }
    entries
}

/// The waiting job that makes an equal one unnecessary.
pub(super) fn waiting_equal(tx: &impl ReadRows, name: &str, payload: &str) -> Result<Option<JobId>, StoreError> {
    UNIQUE.get(tx, &(name.to_owned(), payload.to_owned()))
}

/// The most urgent job that is due, the longest overdue first.
pub(super) fn next_due(tx: &impl ReadRows, now: Timestamp) -> Result<Option<JobId>, StoreError> {
    for priority in Priority::ALL {
        if let Some((due, id)) = first_waiting(tx, priority)?
            && due <= now
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// When the next waiting job is due.
pub(super) fn next_time(tx: &impl ReadRows) -> Result<Option<Timestamp>, StoreError> {
    let mut earliest = None;
    for priority in Priority::ALL {
        let due = first_waiting(tx, priority)?.map(|(due, _)| due);
        earliest = earliest.into_iter().chain(due).min();
    }
    Ok(earliest)
}

fn first_waiting(tx: &impl ReadRows, priority: Priority) -> Result<Option<(Timestamp, JobId)>, StoreError> {
    let first = WAITING.list(tx, &Scan::prefix(&priority.rank()).limit(1))?.pop();
    Ok(first.map(|((_, due), id)| (due, id)))
}

/// Jobs in this state.
pub(super) fn in_state(tx: &impl ReadRows, state: JobState) -> Result<Vec<JobId>, StoreError> {
    BY_STATE.ids(tx, &Scan::prefix(&state.as_str()))
}

/// Jobs that pass the filter, the newest first.
pub(super) fn matching(tx: &impl ReadRows, filter: &JobFilter) -> Result<Vec<JobId>, StoreError> {
    let by_state = |state: JobState| BY_STATE.ids(tx, &Scan::prefix(&state.as_str()).reverse());
    let by_name = |name: &str| BY_NAME.ids(tx, &Scan::prefix(&name).reverse());
    match (filter.state, filter.name.as_deref()) {
        (Some(state), None) => by_state(state),
        (None, Some(name)) => by_name(name),
        (Some(state), Some(name)) => {
            let of_name: std::collections::HashSet<JobId> = by_name(name)?.into_iter().collect();
            Ok(by_state(state)?.into_iter().filter(|id| of_name.contains(id)).collect())
        }
        (None, None) => {
            let mut all: Vec<JobId> = Vec::new();
            for state in JobState::ALL {
                all.extend(by_state(state)?);
            }
            all.sort_unstable_by(|a, b| b.cmp(a));
            Ok(all)
        }
    }
}

/// Changes a job, if it is still there.
pub(super) fn change<T>(
    tx: &WriteTx<'_>,
    id: JobId,
    change: impl FnOnce(&mut JobRecord) -> T,
) -> Result<Option<T>, StoreError> {
    let Some(mut job) = JOBS.get(tx, &id)? else {
        return Ok(None);
    };
    let answer = change(&mut job);
    put(tx, job)?;
    Ok(Some(answer))
}

/// Writes a job. When it goes back to waiting while an equal one waits, that one does its work: this one ends.
pub(super) fn put(tx: &WriteTx<'_>, mut job: JobRecord) -> Result<(), StoreError> {
    if job.deduplicated && job.state == JobState::Waiting {
        let other = waiting_equal(tx, &job.name, &job.payload)?;
        if other.is_some_and(|other| other != job.id) {
            job.state = JobState::Cancelled;
            job.finished_at = job.started_at.or(Some(job.created_at));
            job.last_error = Some("An equal job waits, which does this one's work.".to_owned());
        }
    }
    JOBS.put(tx, &job.id.clone(), &job)
}
