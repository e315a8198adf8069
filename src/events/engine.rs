use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::consumer::AnyConsumer;
use super::{Consumer, ConsumerStatus, Events, Position, store};
use crate::jobs::JobError;

/// Most events handed over at once.
const BATCH: usize = 256;
/// Events that nobody wanted after which the position is stored all the same, so that a restart does not pass over
/// all of them again.
const UNSTORED: u64 = 10_000;
/// First pause after a failure; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The consumers and how far they are.
#[derive(Default)]
pub(super) struct Engine {
    slots: Mutex<Vec<Arc<Slot>>>,
}

struct Slot {
    consumer: Arc<dyn AnyConsumer>,
    status: Mutex<ConsumerStatus>,
    /// The position is to be asked for again.
    restart: AtomicBool,
    wake: Notify,
}

impl Slot {
    fn status(&self) -> MutexGuard<'_, ConsumerStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    /// Adds a consumer. To be called before [`run`](Self::run).
    pub fn register(&self, consumer: impl Consumer) {
        let consumer: Arc<dyn AnyConsumer> = Arc::new(consumer);
        let status = ConsumerStatus {
            name: consumer.name(),
            position: 0,
            failures: 0,
            last_error: None,
        };
        let slot = Slot {
            consumer,
            status: Mutex::new(status),
            restart: AtomicBool::new(true),
            wake: Notify::new(),
        };
        self.slots_mut().push(Arc::new(slot));
    }

    /// How far every consumer is.
    pub fn consumers(&self) -> Vec<ConsumerStatus> {
        self.slots().iter().map(|slot| slot.status().clone()).collect()
    }

    /// Whether every consumer has handled everything that is recorded.
    pub fn caught_up(&self) -> bool {
        let last = self.last_sequence();
        let done = |slot: &Arc<Slot>| !slot.restart.load(Ordering::SeqCst) && slot.status().position >= last;
        self.slots().iter().all(done)
    }

    /// Asks a consumer for its position again, after it has gone back by itself, for example to rebuild an index.
    /// Does nothing when there is no such consumer.
    pub fn restart(&self, name: &str) {
        for slot in self.slots().iter().filter(|slot| slot.consumer.name() == name) {
            slot.restart.store(true, Ordering::SeqCst);
            slot.wake.notify_one();
        }
    }

    /// Leads every consumer along the record until told to stop; then waits for what they are at, at most until the
    /// deadline.
    pub async fn run(&self, stop: CancellationToken, deadline: Duration) {
        let mut loops = JoinSet::new();
        for slot in self.slots() {
            let (events, stop) = (self.clone(), stop.clone());
            let span = tracing::error_span!("consumer", name = slot.consumer.name());
            loops.spawn(async move { events.lead(&slot, &stop).await }.instrument(span));
        }
        stop.cancelled().await;
        let all = async { while loops.join_next().await.is_some() {} };
        if timeout(deadline, all).await.is_err() {
            tracing::warn!("a consumer of events did not end in time and is cut off");
            loops.shutdown().await;
        }
    }

    async fn lead(&self, slot: &Slot, stop: &CancellationToken) {
        let mut news = self.shared.last.subscribe();
        let mut stored = 0;
        while !stop.is_cancelled() {
            news.mark_unchanged();
            match self.step(slot, &mut stored).await {
                Ok(true) => {}
                Ok(false) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = slot.wake.notified() => {}
                        _ = news.changed() => sleep(slot.consumer.gather()).await,
                    }
                }
                Err(error) => {
                    let pause = note_failure(slot, &error);
                    tokio::select! { () = stop.cancelled() => {}, () = sleep(pause) => {} }
                }
            }
        }
    }

    /// Handles one batch; answers whether there was one.
    async fn step(&self, slot: &Slot, stored: &mut u64) -> Result<bool, JobError> {
        if slot.restart.swap(false, Ordering::SeqCst) {
            // Until the position is known, the consumer must not seem to have caught up.
            slot.status().position = 0;
            *stored = self.position_of(&*slot.consumer)?;
            slot.status().position = *stored;
        }
        let position = slot.status().position;
        let batch = self.after(position, BATCH)?;
        let Some(last) = batch.last().map(|event| event.sequence) else {
            return Ok(false);
        };
        let wanted: Vec<_> = batch.into_iter().filter(|event| slot.consumer.wants(event)).collect();
        let idle = wanted.is_empty();
        if !idle {
            let handling = Arc::clone(&slot.consumer).handle(wanted);
            // A task of its own, so that a panic is a failure like any other.
            let task = AbortOnDropHandle::new(tokio::spawn(handling.instrument(tracing::Span::current())));
            task.await
                .map_err(|error| JobError::new(format!("It ended with a panic: {error}")))??;
        }
        if slot.consumer.position() == Position::Stored && (!idle || last - *stored > UNSTORED) {
            let name = slot.consumer.name().to_owned();
            self.shared
                .store
                .write(move |tx| store::CURSORS.put(tx, &name, &last))
                .await?;
            *stored = last;
        }
        let mut status = slot.status();
        *status = ConsumerStatus {
            name: status.name,
            position: last,
            failures: 0,
            last_error: None,
        };
        Ok(true)
    }

    /// Where a consumer begins. One that is ahead of the record, because an older state of the hub was restored, begins
    /// anew: the numbers it has seen will be given to other events.
    fn position_of(&self, consumer: &dyn AnyConsumer) -> Result<u64, JobError> {
        let position = match consumer.position() {
            Position::Own(position) => position,
            Position::Stored => {
                let name = consumer.name().to_owned();
                self.shared.store.read(|tx| store::CURSORS.get(tx, &name))?.unwrap_or(0)
            }
        };
        let last = self.last_sequence();
        if position > last {
            tracing::warn!(position, last, "a consumer is ahead of the record and begins anew");
            return Ok(0);
        }
        Ok(position)
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.slots_mut().clone()
    }

    fn slots_mut(&self) -> MutexGuard<'_, Vec<Arc<Slot>>> {
        self.shared.engine.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes a failure and answers how long to wait. The position is asked for again, because a consumer that keeps its own
/// may have lost what was not durable.
fn note_failure(slot: &Slot, error: &JobError) -> Duration {
    let mut status = slot.status();
    let text = error.to_string();
    if status.last_error.as_ref() != Some(&text) {
        tracing::error!(error = text, "a consumer of events failed and will try again");
    }
    status.last_error = Some(text);
    status.failures = status.failures.saturating_add(1);
    slot.restart.store(true, Ordering::SeqCst);
    FIRST_PAUSE
        .saturating_mul(1 << (status.failures - 1).min(16))
        .min(LONGEST_PAUSE)
}
