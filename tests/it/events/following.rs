use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use geoml_hub::base::RepositoryId;
use geoml_hub::events::{Consumer, Event, Events, Position};
use geoml_hub::jobs::{JobError, JobResult};
use geoml_hub::store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{clock, created, memory, open, record, until};

/// Batches of sequence numbers that a consumer was given.
type Seen = Arc<Mutex<Vec<Vec<u64>>>>;

fn note(seen: &Seen, events: &[Event]) {
    seen.lock()
        .expect("not poisoned")
        .push(events.iter().map(|event| event.sequence).collect());
}

fn all(seen: &Seen) -> Vec<u64> {
    seen.lock().expect("not poisoned").concat()
}

/// Takes everything.
struct Follow(Seen);

impl Consumer for Follow {
    const NAME: &'static str = "follow";

    async fn handle(&self, events: &[Event]) -> JobResult {
        note(&self.0, events);
        Ok(())
    }
}

/// Fails at its first three batches, once by a panic.
struct Stumble(Seen, AtomicU64);

impl Consumer for Stumble {
    const NAME: &'static str = "stumble";

    async fn handle(&self, events: &[Event]) -> JobResult {
        match self.1.fetch_add(1, Ordering::SeqCst) {
            0 => Err(JobError::new("not yet")),
            1 => panic!("not at all"),
            _ => {
                note(&self.0, events);
                Ok(())
            }
        }
    }
}

/// Keeps its own position, and wants one kind only.
struct Keep(Seen, Arc<AtomicU64>);

impl Consumer for Keep {
    const NAME: &'static str = "keep";
    const KINDS: &'static [&'static str] = &["repository.created"];

    fn position(&self) -> Position {
        Position::Own(self.1.load(Ordering::SeqCst))
    }

    async fn handle(&self, events: &[Event]) -> JobResult {
        note(&self.0, events);
        self.1
            .store(events.last().map_or(0, |event| event.sequence), Ordering::SeqCst);
        Ok(())
    }
}

/// Gathers events before it takes them.
struct Gather(Seen);

impl Consumer for Gather {
    const NAME: &'static str = "gather";

    fn gather(&self) -> Duration {
        Duration::from_millis(300)
    }

    async fn handle(&self, events: &[Event]) -> JobResult {
        note(&self.0, events);
        Ok(())
    }
}

struct Led {
    events: Events,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

fn lead(store: &Store, consumer: impl Consumer) -> Led {
    let events = open(store);
    events.register(consumer);
    let stop = CancellationToken::new();
    let (leader, token) = (events.clone(), stop.clone());
    let task = tokio::spawn(async move { leader.run(token, Duration::from_secs(1)).await });
    Led { events, stop, task }
}

impl Led {
    async fn end(self) {
        self.stop.cancel();
        self.task.await.expect("no panic");
    }
}

async fn record_some(store: &Store, events: &Events, count: usize) {
    for _ in 0..count {
        record(store, events, created(RepositoryId::new(&clock()))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_sees_every_event_in_order_also_those_before_it_began() {
    let store = memory();
    record_some(&store, &open(&store), 300).await;
    let seen = Seen::default();
    let led = lead(&store, Follow(Arc::clone(&seen)));
    record_some(&store, &led.events, 20).await;
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), (1..=320).collect::<Vec<u64>>());
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_position_outlives_a_restart() {
    let store = memory();
    let seen = Seen::default();
    let led = lead(&store, Follow(Arc::clone(&seen)));
    record_some(&store, &led.events, 3).await;
    until(|| led.events.caught_up()).await;
    led.end().await;

    let led = lead(&store, Follow(Arc::clone(&seen)));
    record_some(&store, &led.events, 2).await;
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), [1, 2, 3, 4, 5]);
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_consumer_gets_the_same_events_again_and_its_trouble_is_visible() {
    let store = memory();
    let seen = Seen::default();
    let led = lead(&store, Stumble(Arc::clone(&seen), AtomicU64::new(0)));
    record_some(&store, &led.events, 1).await;
    until(|| led.events.consumers()[0].failures == 1).await;
    assert_eq!(led.events.consumers()[0].last_error.as_deref(), Some("not yet"));
    assert!(!led.events.caught_up());
    until(|| led.events.consumers()[0].failures == 2).await;
    assert!(
        led.events.consumers()[0]
            .last_error
            .as_deref()
            .is_some_and(|text| text.contains("not at all"))
    );
    until(|| led.events.caught_up()).await;
    assert_eq!((all(&seen), led.events.consumers()[0].failures), (vec![1], 0));
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_keeps_its_own_position_begins_there_and_can_go_back() {
    let store = memory();
    record_some(&store, &open(&store), 5).await;
    let (seen, position) = (Seen::default(), Arc::new(AtomicU64::new(3)));
    let led = lead(&store, Keep(Arc::clone(&seen), Arc::clone(&position)));
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), [4, 5]);

    position.store(1, Ordering::SeqCst);
    led.events.restart("keep");
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), [4, 5, 2, 3, 4, 5]);
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_ahead_of_a_restored_record_begins_anew() {
    let store = memory();
    record_some(&store, &open(&store), 2).await;
    let seen = Seen::default();
    let led = lead(&store, Keep(Arc::clone(&seen), Arc::new(AtomicU64::new(900))));
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), [1, 2]);
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_other_kinds_are_passed_over() {
    let store = memory();
    let seen = Seen::default();
    let led = lead(&store, Keep(Arc::clone(&seen), Arc::default()));
    let mut other = created(RepositoryId::new(&clock()));
    other.kind = "repository.starred";
    record(&store, &led.events, other).await;
    record_some(&store, &led.events, 1).await;
    until(|| led.events.caught_up()).await;
    assert_eq!(all(&seen), [2]);
    led.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_gathered_into_one_batch() {
    let store = memory();
    let seen = Seen::default();
    let led = lead(&store, Gather(Arc::clone(&seen)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    record_some(&store, &led.events, 10).await;
    until(|| led.events.caught_up()).await;
    assert_eq!(*seen.lock().expect("not poisoned"), [(1..=10).collect::<Vec<u64>>()]);
    led.end().await;
}
