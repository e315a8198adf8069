use super::corpus::{TestIndex, document, names, query, with_facets};
use geoml_hub::base::{Family, RepositoryKind};
use geoml_hub::search::{Facet, RepositoryDocument, RepositoryFilter, RepositoryQuery, RepositoryResults};

fn text(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

async fn index() -> TestIndex {
    let base = |name: &str| document(name, "glacier mapping");
    TestIndex::with(vec![
        RepositoryDocument {
            licenses: vec!["MIT".to_owned()],
            frameworks: text(&["PyTorch"]),
            tasks: text(&["image-segmentation"]),
            tags: text(&["ice", "sar"]),
            classifications: text(&["geoscience", "cryosphere", "glaciers"]),
            size_bytes: 100,
            ..base("a")
        },
        RepositoryDocument {
            licenses: vec!["apache-2.0".to_owned()],
            frameworks: text(&["TensorFlow"]),
            tags: text(&["ice"]),
            classifications: text(&["geoscience", "cryosphere", "sea-ice"]),
            size_bytes: 2_000,
            ..base("b")
        },
        RepositoryDocument {
            kind: RepositoryKind::Dataset,
            owner: "Other".to_owned(),
            tags: text(&["sar"]),
            size_bytes: 30_000,
            ..base("c")
        },
        RepositoryDocument {
            kind: RepositoryKind::Code,
            library: Some("gdal".to_owned()),
            licenses: vec!["mit".to_owned()],
            ..base("d")
        },
    ])
    .await
}

fn counts(results: &RepositoryResults, facet: Facet) -> Vec<(&str, u64)> {
    let counts = results.facets.iter().find(|counts| counts.facet == facet).unwrap();
    counts
        .values
        .iter()
        .map(|(value, count)| (value.as_str(), *count))
        .collect()
}

#[tokio::test]
async fn facets_count_the_matches() {
    let results = index().await.run(&with_facets("glacier"));
    assert_eq!(counts(&results, Facet::License), [("mit", 2), ("apache-2.0", 1)]);
    assert_eq!(
        counts(&results, Facet::Kind),
        [("model", 2), ("code", 1), ("dataset", 1)]
    );
    assert_eq!(counts(&results, Facet::Owner), [("geolab", 3), ("other", 1)]);
    assert_eq!(counts(&results, Facet::Tag), [("ice", 2), ("sar", 2)]);
    assert_eq!(
        counts(&results, Facet::Classification)[..2],
        [("cryosphere", 2), ("geoscience", 2)]
    );
    assert_eq!(counts(&results, Facet::Library), [("gdal", 1)]);
}

#[tokio::test]
async fn filters_narrow_by_any_value_of_a_field_and_by_all_fields() {
    let index = index().await;
    let filtered = |filter: RepositoryFilter| {
        let mut found = names(&index.run(&RepositoryQuery { filter, ..query("") }));
        found.sort();
        found.concat()
    };
    let none = RepositoryFilter::default;
    assert_eq!(
        filtered(RepositoryFilter {
            licenses: text(&["MIT"]),
            ..none()
        }),
        "ad"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            licenses: text(&["mit", "Apache-2.0"]),
            ..none()
        }),
        "abd"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            licenses: text(&["mit"]),
            frameworks: text(&["pytorch"]),
            ..none()
        }),
        "a"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            tags: text(&["ice", "SAR"]),
            ..none()
        }),
        "a"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            classifications: text(&["cryosphere"]),
            ..none()
        }),
        "ab"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            classifications: text(&["sea-ice"]),
            ..none()
        }),
        "b"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            owners: text(&["OTHER"]),
            ..none()
        }),
        "c"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            kinds: vec![RepositoryKind::Code, RepositoryKind::Dataset],
            ..none()
        }),
        "cd"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            families: vec![Family::Models],
            ..none()
        }),
        "abd"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            tasks: text(&["image-segmentation"]),
            ..none()
        }),
        "a"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            libraries: text(&["GDAL"]),
            ..none()
        }),
        "d"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            size_min: Some(1_000),
            ..none()
        }),
        "bc"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            size_min: Some(100),
            size_max: Some(2_000),
            ..none()
        }),
        "ab"
    );
    assert_eq!(
        filtered(RepositoryFilter {
            licenses: text(&["\u{0}'; drop"]),
            ..none()
        }),
        ""
    );
}

#[tokio::test]
async fn a_chosen_facet_keeps_counting_its_other_values_and_tags_narrow_themselves() {
    let index = index().await;
    let filter = RepositoryFilter {
        licenses: text(&["mit"]),
        kinds: vec![RepositoryKind::Model],
        ..RepositoryFilter::default()
    };
    let results = index.run(&RepositoryQuery {
        filter,
        ..with_facets("glacier")
    });
    assert_eq!(names(&results), ["a"]);
    assert_eq!(counts(&results, Facet::License), [("apache-2.0", 1), ("mit", 1)]);
    assert_eq!(counts(&results, Facet::Kind), [("code", 1), ("model", 1)]);
    assert_eq!(counts(&results, Facet::Framework), [("pytorch", 1)]);
    let filter = RepositoryFilter {
        tags: text(&["sar"]),
        ..RepositoryFilter::default()
    };
    let results = index.run(&RepositoryQuery {
        filter,
        ..with_facets("glacier")
    });
    assert_eq!(counts(&results, Facet::Tag), [("sar", 2), ("ice", 1)]);
}
