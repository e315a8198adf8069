//! Finishing what a push began: the references and the rows that follow them. The ordinary end of every push, and what a
//! start after a crash does for those that were cut off.

use super::heal::{Facts, known_statistics};
use super::model::{PushJournal, Repository};
use super::{Repos, ReposError, event, store};
use crate::base::{RepositoryId, blocking};
use crate::events::{Events, NewEvent, Origin, Subject};
use crate::git::receive::{ReferenceChange, ReferenceRefusal, branch_name};
use crate::git::{Repository as GitRepository, RepositoryGuard};
use crate::store::WriteTx;
use serde_json::json;
use std::collections::HashMap;

/// What became of each reference, by its name.
type Outcomes = HashMap<String, Result<(), String>>;

/// What git says after the references moved.
struct Moved {
    changes: Vec<ReferenceChange>,
    outcomes: Outcomes,
    /// The default branch, which the first push to an empty repository may choose.
    default_branch: String,
    /// Whether the push moved the default branch.
    touched: bool,
    /// Facts of the default branch when the push moved it; none when it is gone.
    facts: Option<Facts>,
}

impl Repos {
    /// Finishes the push that was announced for a repository, if any: moves its references, writes their rows, tells of
    /// them. All references that can move do; of an atomic push all or none.
    pub(super) async fn heal_push(&self, guard: &RepositoryGuard) -> Result<Outcomes, ReposError> {
        let id = guard.repository_id();
        let Some(journal) = self.store.read(|tx| store::journal(tx, id))? else {
            return Ok(Outcomes::new());
        };
        let Some(row) = self.get(id)? else {
            self.store.write(move |tx| store::delete_journal(tx, id)).await?;
            return Ok(Outcomes::new());
        };
        let (git, asked) = (self.git.clone(), journal.clone());
        let moved = blocking(move || Moved::by(&git.repository(id)?, &asked, &row)).await?;
        let outcomes = moved.outcomes.clone();
        // The path history follows by the event: that may take long, and until then readers walk.
        self.settle_push(id, journal, moved).await?;
        Ok(outcomes)
    }

    async fn settle_push(&self, id: RepositoryId, journal: PushJournal, moved: Moved) -> Result<(), ReposError> {
        let (events, now) = (self.events.clone(), self.clock.now());
        let origin = Origin {
            actor: journal.actor,
            address: journal.address,
            request_id: crate::http::RequestId::current(),
        };
        self.store
            .write(move |tx| {
                store::delete_journal(tx, id)?;
                let Some(mut repository) = store::repository(tx, id)? else {
                    return Ok(());
                };
                let other_default = repository.default_branch != moved.default_branch;
                repository.default_branch = moved.default_branch;
                if let Some(facts) = moved.facts {
                    facts.write(&mut repository);
                } else if moved.touched {
                    repository.last_commit = None;
                    (repository.file_count, repository.size_bytes) = (0, 0);
                }
                if !moved.changes.is_empty() {
                    repository.updated_at = now.max(repository.updated_at);
                }
                store::put(tx, &repository)?;
                for change in &moved.changes {
                    tell(&events, tx, &origin, &repository, change)?;
                }
                if other_default {
                    let details = json!({ "default_branch": repository.default_branch });
                    let told = NewEvent::new(event::CHANGED, &origin, Subject::Repository(id)).with(details);
                    events.record(tx, told)?;
                }
                Ok(())
            })
            .await
    }
}

/// Records that a reference moved.
fn tell(
    events: &Events,
    tx: &WriteTx<'_>,
    origin: &Origin,
    repository: &Repository,
    change: &ReferenceChange,
) -> Result<(), ReposError> {
    let subject = Subject::Repository(repository.id);
    let branch = branch_name(&change.name);
    let event = match branch {
        Some(branch) if change.new.is_some() => {
            let details = json!({ "branch": branch, "old": change.old, "new": change.new });
            NewEvent::new(event::COMMITTED, origin, subject).with(details)
        }
        _ => {
            let details = json!({ "reference": change.name, "old": change.old, "new": change.new });
            NewEvent::new(event::REFERENCE, origin, subject).with(details)
        }
    };
    events.record(tx, event)?;
    // What follows commits has to learn that there are none.
    if branch == Some(repository.default_branch.as_str()) && change.new.is_none() {
        events.record(
            tx,
            NewEvent::new(event::CHANGED, origin, Subject::Repository(repository.id)),
        )?;
    }
    Ok(())
}

impl Moved {
    fn by(repository: &GitRepository, journal: &PushJournal, row: &Repository) -> Result<Self, ReposError> {
        let answers = repository.change_references(&journal.changes, journal.atomic)?;
        let mut outcomes = Outcomes::new();
        let mut changes = Vec::new();
        for (change, answer) in journal.changes.iter().zip(answers) {
            let outcome = answer.map_err(|refusal| told(&refusal, &change.name));
            if outcome.is_ok() {
                changes.push(change.clone());
            }
            outcomes.insert(change.name.clone(), outcome);
        }
        let default_branch = default_branch(repository, row, &changes)?;
        let chosen = default_branch != row.default_branch;
        let is_default = |change: &ReferenceChange| branch_name(&change.name) == Some(default_branch.as_str());
        let own = changes.iter().find(|change| is_default(change));
        let facts = match (own, repository.branch(&default_branch)?) {
            (Some(change), Some(tip)) => {
                let known = known_statistics(row).filter(|_| !chosen);
                Some(Facts::of(repository, change.old, tip, known)?)
            }
            _ => None,
        };
        let touched = own.is_some();
        Ok(Self {
            changes,
            outcomes,
            default_branch,
            touched,
            facts,
        })
    }
}

/// Why a reference was not moved, as its sender may know it; faults of the hub stay in its log.
fn told(refusal: &ReferenceRefusal, name: &str) -> String {
    if let ReferenceRefusal::Git(error) = refusal {
        tracing::error!(name, %error, "a reference could not be written");
        return "the hub could not write it; its log says why".to_owned();
    }
    refusal.to_string()
}

/// The default branch after a push. In a repository whose default branch has no commit yet, the first branches that are
/// pushed choose it, as whoever pushes `master` to an empty repository wants to see it.
fn default_branch(
    repository: &GitRepository,
    row: &Repository,
    changes: &[ReferenceChange],
) -> Result<String, ReposError> {
    let old = row.default_branch.clone();
    if row.last_commit.is_some() || repository.branch(&old)?.is_some() {
        return Ok(old);
    }
    let pushed = changes.iter().filter(|change| change.new.is_some());
    let mut branches: Vec<&str> = pushed.filter_map(|change| branch_name(&change.name)).collect();
    branches.sort_by_key(|name| (!matches!(*name, "main" | "master"), *name));
    let Some(branch) = branches.first() else {
        return Ok(old);
    };
    repository.set_default_branch(branch)?;
    Ok((*branch).to_owned())
}
