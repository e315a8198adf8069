use geoml_hub::base::{RepositoryId, UserId};
use geoml_hub::events::{EventFilter, NewEvent, Origin, Subject};
use geoml_hub::store::StoreError;
use serde_json::json;

use super::{assert_consistent, by, clock, created, memory, open, record};

#[tokio::test]
async fn an_event_keeps_who_did_what_to_what_and_from_where() {
    let store = memory();
    let events = open(&store);
    let (actor, repository) = (UserId::new(&clock()), RepositoryId::new(&clock()));
    let event = NewEvent::new("repository.renamed", &by(actor), Subject::Repository(repository));
    record(&store, &events, event.with(json!({"from": "a", "to": "b"}))).await;

    let (list, total) = events.list(&EventFilter::default(), 0, 10).expect("listed");
    let event = &list[0];
    assert_eq!(
        (total, event.sequence, event.kind.as_str()),
        (1, 1, "repository.renamed")
    );
    assert_eq!(
        (event.actor, event.subject.clone()),
        (Some(actor), Some(Subject::Repository(repository)))
    );
    assert_eq!(
        (event.address, event.request_id.as_str()),
        (Some([10, 0, 0, 7].into()), "r-1")
    );
    assert_eq!((event.time, &event.details["to"]), (clock().now(), &json!("b")));
    assert_consistent(&store);
}

#[tokio::test]
async fn sequence_numbers_have_no_gaps_also_when_a_transaction_fails() {
    let store = memory();
    let events = open(&store);
    let mut writes = Vec::new();
    for number in 0..60 {
        let (store, events) = (store.clone(), events.clone());
        writes.push(tokio::spawn(async move {
            let write = store.write(move |tx| {
                let sequence = events.record(tx, created(RepositoryId::new(&clock())))?;
                if number % 3 == 0 {
                    Err(StoreError::Full)
                } else {
                    Ok(sequence)
                }
            });
            write.await.ok()
        }));
    }
    let mut numbers = Vec::new();
    for write in writes {
        numbers.extend(write.await.expect("no panic"));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    assert_eq!(events.last_sequence(), 40);
    assert_eq!(open(&store).last_sequence(), 40);
    assert_consistent(&store);
}

#[tokio::test]
async fn events_are_listed_newest_first_by_actor_kind_and_subject() {
    let store = memory();
    let events = open(&store);
    let (ana, bo) = (UserId::new(&clock()), UserId::new(&clock()));
    let (one, two) = (RepositoryId::new(&clock()), RepositoryId::new(&clock()));
    let rows = [
        (ana, "made", one),
        (bo, "made", two),
        (ana, "seen", two),
        (ana, "made", two),
        (bo, "seen", one),
    ];
    for (actor, kind, repository) in rows {
        record(
            &store,
            &events,
            NewEvent::new(kind, &by(actor), Subject::Repository(repository)),
        )
        .await;
    }
    let list = |actor, kind: Option<&str>, repository: Option<RepositoryId>, offset, limit| {
        let filter = EventFilter {
            actor,
            kind: kind.map(str::to_owned),
            subject: repository.map(Subject::Repository),
        };
        let (page, total) = events.list(&filter, offset, limit).expect("listed");
        (page.iter().map(|event| event.sequence).collect::<Vec<_>>(), total)
    };
    assert_eq!(list(None, None, None, 0, 2), (vec![5, 4], 5));
    assert_eq!(list(None, None, None, 4, 2), (vec![1], 5));
    assert_eq!(list(None, None, None, 9, 2), (vec![], 5));
    assert_eq!(list(Some(ana), None, None, 0, 9), (vec![4, 3, 1], 3));
    assert_eq!(list(None, Some("made"), None, 1, 9), (vec![2, 1], 3));
    assert_eq!(list(None, None, Some(two), 0, 9), (vec![4, 3, 2], 3));
    assert_eq!(list(Some(ana), Some("made"), Some(two), 0, 9), (vec![4], 1));
    assert_eq!(list(Some(bo), Some("made"), Some(one), 0, 9), (vec![], 0));
}

#[tokio::test]
async fn the_hub_itself_is_an_origin() {
    let store = memory();
    let events = open(&store);
    let subject = Subject::Other("task:sweep".to_owned());
    record(
        &store,
        &events,
        NewEvent::new("task.ended", &Origin::system(), subject.clone()),
    )
    .await;
    let filter = EventFilter {
        subject: Some(subject),
        ..EventFilter::default()
    };
    let (list, _) = events.list(&filter, 0, 1).expect("listed");
    assert_eq!(
        (list[0].actor, list[0].address, list[0].request_id.as_str()),
        (None, None, "")
    );
    assert_consistent(&store);
}
