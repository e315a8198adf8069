use super::corpus::{TestIndex, document, names, put, query, with_facets};
use geoml_hub::base::{Clock, UserId};
use geoml_hub::search::{Audience, Facet, RepositoryDocument};

fn hidden(reader: UserId) -> RepositoryDocument {
    RepositoryDocument {
        public: false,
        readers: vec![reader],
        owner: "secretive".to_owned(),
        tags: vec!["restricted".to_owned()],
        ..document("hidden", "Hidden landslide inventory")
    }
}

#[tokio::test]
async fn a_private_repository_shows_in_hits_totals_facets_and_suggestions_only_to_its_readers() {
    let reader = UserId::new(&Clock::system());
    let stranger = UserId::new(&Clock::system());
    let mut documents = super::corpus::geoscience();
    documents.push(hidden(reader));
    let index = TestIndex::with(documents).await;
    for audience in [Audience::Everyone, Audience::Accounts([stranger].into())] {
        let results = index.index.search(&with_facets("landslide -det"), &audience).unwrap();
        assert_eq!((names(&results), results.total), (vec!["landslide-en".to_owned()], 1));
        let values: Vec<_> = results
            .facets
            .iter()
            .flat_map(|facet| facet.values.iter().map(|(value, _)| value.as_str()))
            .collect();
        assert!(!values.contains(&"secretive") && !values.contains(&"restricted"));
        assert!(index.index.search(&query(""), &audience).unwrap().total == 36);
        for typed in ["hidden", "restri", "secret"] {
            assert!(
                index.index.suggest(typed, &audience, 10, |_| true).unwrap().is_empty(),
                "{typed}"
            );
        }
    }
    for audience in [Audience::Accounts([reader].into()), Audience::All] {
        let results = index.index.search(&with_facets("landslide -det"), &audience).unwrap();
        assert_eq!(results.total, 2);
        let owners = results.facets.iter().find(|facet| facet.facet == Facet::Owner).unwrap();
        assert!(owners.values.contains(&("secretive".to_owned(), 1)));
        assert!(
            !index
                .index
                .suggest("hidden", &audience, 10, |_| true)
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn hiding_and_showing_a_repository_takes_effect_with_the_change() {
    let reader = UserId::new(&Clock::system());
    let index = TestIndex::with(vec![hidden(reader)]).await;
    let private = index
        .index
        .search(&query(""), &Audience::All)
        .unwrap()
        .hits
        .remove(0)
        .document;
    assert!(!index.index.is_readable(private.id, &Audience::Everyone));
    let public = RepositoryDocument {
        public: true,
        ..private.clone()
    };
    put(&index.index, vec![public]).await;
    assert_eq!(index.names("inventory"), ["hidden"]);
    assert!(index.index.is_readable(private.id, &Audience::Everyone));
    put(&index.index, vec![private.clone()]).await;
    assert_eq!(index.results("inventory").total, 0);
    assert!(
        index
            .index
            .is_readable(private.id, &Audience::Accounts([reader].into()))
    );
}

#[tokio::test]
async fn suggestions_tell_nothing_of_what_the_index_does_not_know_to_be_hidden_yet() {
    let index = TestIndex::with(vec![document("secret-net", "Secret title")]).await;
    for typed in ["secret", "sec"] {
        let suggest = |readable: bool| {
            index
                .index
                .suggest(typed, &Audience::Everyone, 10, |_| readable)
                .unwrap()
        };
        assert!(!suggest(true).is_empty(), "{typed}");
        assert!(suggest(false).is_empty(), "{typed}");
    }
}
