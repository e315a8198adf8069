use super::corpus::{TestIndex, document, names, query};
use geoml_hub::base::Timestamp;
use geoml_hub::search::{Counters, DEEPEST_HIT, RepositoryDocument, RepositoryQuery, RepositorySort};

fn numbered(count: usize) -> Vec<RepositoryDocument> {
    (0..count)
        .map(|number| {
            let figure = (u32::try_from(number).unwrap() * 7) % 10;
            RepositoryDocument {
                counters: Counters {
                    stars: figure.into(),
                    downloads: (9 - figure).into(),
                    views: 1,
                    trending: f64::from(figure) / 4.0,
                },
                created_at: Timestamp::from_seconds(figure.into()),
                updated_at: Timestamp::from_seconds(9 - i64::from(figure)),
                ..document(&format!("r{figure}"), "glacier")
            }
        })
        .collect()
}

#[tokio::test]
async fn every_order_holds() {
    let index = TestIndex::with(numbered(10)).await;
    let sorted = |sort| {
        names(&index.run(&RepositoryQuery {
            sort,
            ..query("glacier")
        }))
    };
    let rising: Vec<String> = (0..10).map(|number| format!("r{number}")).collect();
    let falling: Vec<String> = rising.iter().rev().cloned().collect();
    assert_eq!(sorted(RepositorySort::Stars), falling);
    assert_eq!(sorted(RepositorySort::Trending), falling);
    assert_eq!(sorted(RepositorySort::Created), falling);
    assert_eq!(sorted(RepositorySort::Downloads), rising);
    assert_eq!(sorted(RepositorySort::Updated), rising);
    assert_eq!(sorted(RepositorySort::Name), rising);
}

#[tokio::test]
async fn a_star_reorders_at_once_without_writing_the_index() {
    let index = TestIndex::with(numbered(10)).await;
    let lowest = index
        .run(&RepositoryQuery {
            sort: RepositorySort::Stars,
            ..query("")
        })
        .hits
        .pop()
        .unwrap()
        .document;
    let counters = Counters {
        stars: 1_000,
        ..lowest.counters
    };
    index.index.set_counters([(lowest.id, counters)]);
    let first = index
        .run(&RepositoryQuery {
            sort: RepositorySort::Stars,
            ..query("")
        })
        .hits
        .remove(0)
        .document;
    assert_eq!((first.id, first.counters.stars), (lowest.id, 1_000));
}

#[tokio::test]
async fn pages_join_without_gap_or_repetition_even_among_equals() {
    let documents: Vec<_> = (0..57)
        .map(|number| document(&format!("n{number}"), "equal titles"))
        .collect();
    let index = TestIndex::with(documents).await;
    for sort in [
        RepositorySort::Relevance,
        RepositorySort::Stars,
        RepositorySort::Updated,
    ] {
        let mut ids = Vec::new();
        for offset in (0..60).step_by(10) {
            let results = index.run(&RepositoryQuery {
                sort,
                offset,
                limit: 10,
                ..query("equal")
            });
            assert_eq!(results.total, 57);
            ids.extend(results.hits.into_iter().map(|hit| hit.document.id));
        }
        assert_eq!(ids.len(), 57);
        assert!(ids.is_sorted(), "equal hits are ordered by id");
    }
}

#[tokio::test]
async fn pages_beyond_the_deepest_hit_are_empty_but_counted() {
    let index = TestIndex::with(numbered(10)).await;
    let results = index.run(&RepositoryQuery {
        offset: DEEPEST_HIT,
        ..query("glacier")
    });
    assert_eq!((results.hits.len(), results.total), (0, 10));
}
