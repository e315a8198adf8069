//! The record of events and what follows it, over a real store.

mod following;
mod recording;

use std::time::Duration;

use crate::support::PATIENCE;
use geoml_hub::base::{Clock, RepositoryId, Timestamp, UserId};
use geoml_hub::events::{self, Events, NewEvent, Origin, Subject};
use geoml_hub::store::{Schema, Store};

fn memory() -> Store {
    Store::in_memory(&Schema {
        tables: events::TABLES.to_vec(),
        migrations: &[],
    })
    .expect("a store")
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_800_000_000))
}

fn open(store: &Store) -> Events {
    Events::open(store.clone(), clock()).expect("readable")
}

fn by(actor: UserId) -> Origin {
    Origin {
        actor: Some(actor),
        address: Some([10, 0, 0, 7].into()),
        request_id: "r-1".to_owned(),
    }
}

fn created(repository: RepositoryId) -> NewEvent {
    NewEvent::new("repository.created", &Origin::system(), Subject::Repository(repository))
}

async fn record(store: &Store, events: &Events, event: NewEvent) -> u64 {
    let events = events.clone();
    store.write(move |tx| events.record(tx, event)).await.expect("recorded")
}

fn assert_consistent(store: &Store) {
    assert_eq!(store.read(events::check).expect("readable"), Vec::<String>::new());
}

async fn until(mut wanted: impl FnMut() -> bool) {
    let wait = async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it comes to that");
}
