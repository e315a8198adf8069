use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::worker::panic_text;
use super::{JobError, JobsError, store};
use crate::base::{Clock, Timestamp};
use crate::store::{Store, StoreError};

/// Longest sleep before the clock is looked at again; bounds the effect of a clock that is set.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// A task that runs more often than this is stored only so often, unless its result changes.
const STORE_PERIOD: Duration = Duration::from_mins(1);

type Run = Pin<Box<dyn Future<Output = Result<String, JobError>> + Send>>;

/// Work that recurs, or that runs when an administrator asks.
#[derive(Clone)]
pub struct PeriodicTask {
    name: &'static str,
    description: &'static str,
    period: Option<Duration>,
    run: Arc<dyn Fn(CancellationToken) -> Run + Send + Sync>,
}

impl PeriodicTask {
    /// Describes a task. It answers a sentence about what it did. Without a period it runs only when asked to. When
    /// the token is cancelled, because the hub stops, it should end soon.
    pub fn new<F, Fut>(name: &'static str, description: &'static str, period: Option<Duration>, run: F) -> Self
    where
        F: Fn(CancellationToken) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, JobError>> + Send + 'static,
    {
        Self {
            name,
            description,
            period,
            run: Arc::new(move |token| Box::pin(run(token))),
        }
    }
}

/// A task's last run, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it did what it should.
    pub succeeded: bool,
    /// What it said: what it did, or why it failed.
    pub result: String,
    /// Runs so far.
    pub runs: u64,
    /// Failed runs so far.
    pub failures: u64,
}

/// A task as an administrator sees it.
#[derive(Clone, Debug)]
pub struct TaskStatus {
    /// Its name, by which it is asked to run.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Time from one start to the next; none when it runs only when asked to.
    pub period: Option<Duration>,
    /// When the present run began.
    pub running_since: Option<Timestamp>,
    /// When it runs next by itself.
    pub due_at: Option<Timestamp>,
    /// Its last run.
    pub last: Option<TaskRow>,
}

/// All periodic tasks. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    clock: Clock,
    tasks: RwLock<BTreeMap<&'static str, Arc<Slot>>>,
    /// Tells that the clock has been moved.
    moved: watch::Sender<()>,
}

struct Slot {
    task: PeriodicTask,
    state: Mutex<SlotState>,
    /// Somebody asks for a run.
    request: Notify,
    /// Counts runs that have ended.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct SlotState {
    running_since: Option<Timestamp>,
    requested: bool,
    last: Option<TaskRow>,
    stored: Option<TaskRow>,
}

impl Tasks {
    /// No tasks yet. Nothing runs before [`run`](Self::run).
    pub fn new(store: Store, clock: Clock) -> Self {
        let shared = Shared {
            store,
            clock,
            tasks: RwLock::default(),
            moved: watch::Sender::new(()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a task, with what is stored about its last run. To be called before [`run`](Self::run).
    pub fn register(&self, task: PeriodicTask) -> Result<(), StoreError> {
        let name = task.name.to_owned();
        let last = self.shared.store.read(|tx| store::TASKS.get(tx, &name))?;
        let state = SlotState {
            stored: last.clone(),
            last,
            ..SlotState::default()
        };
        let name = task.name;
        let slot = Slot {
            task,
            state: Mutex::new(state),
            request: Notify::new(),
            ended: watch::Sender::new(0),
        };
        self.shared
            .tasks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name, Arc::new(slot));
        Ok(())
    }

    /// Every task, by name.
    pub fn list(&self) -> Vec<TaskStatus> {
        self.slots().iter().map(|slot| self.status(slot)).collect()
    }

    /// One task.
    pub fn get(&self, name: &str) -> Result<TaskStatus, JobsError> {
        Ok(self.status(&*self.slot(name)?))
    }

    /// Asks for a run now; it begins as soon as possible. Refused while the task runs.
    pub fn run_now(&self, name: &str) -> Result<(), JobsError> {
        let slot = self.slot(name)?;
        let mut state = slot.state();
        if state.running_since.is_some() || state.requested {
            return Err(JobsError::TaskRuns(name.to_owned()));
        }
        state.requested = true;
        drop(state);
        slot.request.notify_one();
        Ok(())
    }

    /// Asks for a run now, or joins the present one, and waits for its end.
    pub async fn run_to_end(&self, name: &str) -> Result<TaskStatus, JobsError> {
        let slot = self.slot(name)?;
        let mut ended = slot.ended.subscribe();
        match self.run_now(name) {
            Ok(()) | Err(JobsError::TaskRuns(_)) => {}
            Err(error) => return Err(error),
        }
        // The slot, and with it the sender, lives as long as this call.
        let _ = ended.changed().await;
        self.get(name)
    }

    /// Looks for tasks that are due now; for a clock that has been moved.
    pub fn wake(&self) {
        self.shared.moved.send_replace(());
    }

    /// Runs tasks until told to stop; then tells running ones to end, and cuts off what has not ended at the deadline.
    pub async fn run(&self, stop: CancellationToken, deadline: Duration) {
        let mut loops = JoinSet::new();
        for slot in self.slots() {
            let (tasks, stop) = (self.clone(), stop.clone());
            loops.spawn(async move { tasks.repeat(&slot, &stop).await });
        }
        stop.cancelled().await;
        let all = async { while loops.join_next().await.is_some() {} };
        if timeout(deadline, all).await.is_err() {
            tracing::warn!("a periodic task did not end in time and is cut off");
            loops.shutdown().await;
        }
    }

    async fn repeat(&self, slot: &Slot, stop: &CancellationToken) {
        let mut moved = self.shared.moved.subscribe();
        while !stop.is_cancelled() {
            let now = self.shared.clock.now();
            let rest = slot
                .due_at(now)
                .map_or(LONGEST_REST, |due| due.since(now).min(LONGEST_REST));
            if slot.take_request() || slot.due_at(now).is_some_and(|due| due <= now) {
                self.run_once(slot, stop).await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = slot.request.notified() => {}
                _ = moved.changed() => {}
                () = sleep(rest) => {}
            }
        }
    }

    async fn run_once(&self, slot: &Slot, stop: &CancellationToken) {
        let started_at = self.shared.clock.now();
        slot.state().running_since = Some(started_at);
        let started = Instant::now();
        let span = tracing::error_span!("task", name = slot.task.name);
        let run = (slot.task.run)(stop.child_token()).instrument(span.clone());
        // A task of its own, so that a panic is a failure like any other.
        let result = AbortOnDropHandle::new(tokio::spawn(run)).await;
        let result = result.unwrap_or_else(|error| Err(JobError::new(panic_text(error))));
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let row = slot.end(started_at, duration_ms, result);
        span.in_scope(|| {
            if row.succeeded {
                tracing::debug!(duration_ms, result = row.result, "a periodic task ended");
            } else {
                tracing::error!(duration_ms, error = row.result, "a periodic task failed");
            }
        });
        if slot.must_store(&row) {
            self.store(slot, row).await;
        }
        let mut state = slot.state();
        state.running_since = None;
        // Under the lock, so that who sees it at rest and asks for another run does not take this end for that one's.
        slot.ended.send_modify(|ended| *ended += 1);
    }

    async fn store(&self, slot: &Slot, row: TaskRow) {
        let (name, stored) = (slot.task.name.to_owned(), row.clone());
        match self
            .shared
            .store
            .write(move |tx| store::TASKS.put(tx, &name, &row))
            .await
        {
            Ok(()) => slot.state().stored = Some(stored),
            Err(error) => tracing::warn!(%error, task = slot.task.name, "the end of a periodic task is not stored"),
        }
    }

    fn status(&self, slot: &Slot) -> TaskStatus {
        let due_at = slot.due_at(self.shared.clock.now());
        let state = slot.state();
        TaskStatus {
            name: slot.task.name,
            description: slot.task.description,
            period: slot.task.period,
            running_since: state.running_since,
            due_at,
            last: state.last.clone(),
        }
    }

    fn slot(&self, name: &str) -> Result<Arc<Slot>, JobsError> {
        let tasks = self.shared.tasks.read().unwrap_or_else(PoisonError::into_inner);
        tasks
            .get(name)
            .cloned()
            .ok_or_else(|| JobsError::NoTask(name.to_owned()))
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.shared
            .tasks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_request(&self) -> bool {
        std::mem::take(&mut self.state().requested)
    }

    /// A period after the last start; now when it never ran, or when the clock has been set back since.
    fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let period = self.task.period?;
        let last = self
            .state()
            .last
            .as_ref()
            .map(|last| last.started_at)
            .filter(|started| *started <= now);
        Some(last.map_or(now, |started| started.plus(period)))
    }

    fn end(&self, started_at: Timestamp, duration_ms: u64, result: Result<String, JobError>) -> TaskRow {
        let mut state = self.state();
        let (runs, failures) = state.last.as_ref().map_or((0, 0), |last| (last.runs, last.failures));
        let succeeded = result.is_ok();
        let result = result.unwrap_or_else(|error| error.to_string());
        let failures = failures + u64::from(!succeeded);
        let row = TaskRow {
            started_at,
            duration_ms,
            succeeded,
            result,
            runs: runs + 1,
            failures,
        };
        state.last = Some(row.clone());
        row
    }

    /// Not after every run of a task that runs every few seconds, so that an idle hub leaves its disk alone.
    fn must_store(&self, row: &TaskRow) -> bool {
        let seldom = self.task.period.is_none_or(|period| period >= STORE_PERIOD);
        let state = self.state();
        let news = |stored: &TaskRow| {
            stored.succeeded != row.succeeded || row.started_at.since(stored.started_at) >= STORE_PERIOD
        };
        seldom || state.stored.as_ref().is_none_or(news)
    }
}
