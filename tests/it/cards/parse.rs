//! What a README says, and what is wrong with it.

use geoml_hub::cards::{CardMetadata, ParsedCard, Severity, TemporalExtent, parse};
use serde_json::json;

fn front(yaml: &str) -> ParsedCard {
    parse(&format!("---\n{yaml}---\nbody\n"))
}

/// The card with the required fields and `yaml`.
fn complete(yaml: &str) -> ParsedCard {
    front(&format!("title: T\ntags: [a]\nlicense: mit\n{yaml}"))
}

fn only_problem(card: &ParsedCard) -> (Severity, Option<&str>, &str, u32, u32) {
    let [problem] = card.problems.as_slice() else {
        panic!("{:?}", card.problems)
    };
    (
        problem.severity,
        problem.field.as_deref(),
        &problem.message,
        problem.line,
        problem.column,
    )
}

#[test]
fn a_full_card_is_read() {
    let card = front(
        r"title: Rain nowcasting 降水临近预报
tags: [nowcasting, radar, radar, '']
license: apache-2.0
framework: pytorch
task:
- time-series-forecasting
base_model: ana/base
datasets: [ana/radar]
language: [zh, no]
metrics: csi
classification_1: atmosphere
classification_2: 降水
bbox: [73.5, 18, 135.1, 53.6]
temporal_extent: {start: 1979-01-01, end: null}
crs: 4326
sensors: FY-4A AGRI
bands: [B01, {name: B02, wavelength: 490 nm, gsd: 10}]
gsd: 10 m
model-index: [{name: x}]
version: 1.10
",
    );
    assert_eq!(card.problems, vec![]);
    let read = &card.metadata;
    assert_eq!(read.title.as_deref(), Some("Rain nowcasting 降水临近预报"));
    assert_eq!(read.tags, ["nowcasting", "radar"]);
    assert_eq!(read.license, ["apache-2.0"]);
    assert_eq!(read.framework, ["pytorch"]);
    assert_eq!(read.library_name.as_deref(), Some("pytorch"));
    assert_eq!(read.task, ["time-series-forecasting"]);
    assert_eq!(read.pipeline_tag.as_deref(), Some("time-series-forecasting"));
    assert_eq!(read.language, ["zh", "no"]);
    assert_eq!(read.classification_2, ["降水"]);
    assert_eq!(
        json!(read.bbox),
        json!({"west": 73.5, "south": 18.0, "east": 135.1, "north": 53.6})
    );
    assert_eq!(
        read.temporal_extent,
        Some(TemporalExtent {
            start: Some("1979-01-01".to_owned()),
            end: None
        })
    );
    assert_eq!(read.crs.as_deref(), Some("EPSG:4326"));
    assert_eq!(read.sensors, ["FY-4A AGRI"]);
    assert_eq!(
        json!(read.bands[1]),
        json!({"name": "B02", "wavelength_um": 0.49, "details": {"gsd": 10}})
    );
    assert_eq!(read.gsd, Some(10.0));
    assert_eq!(read.model_index, Some(json!([{"name": "x"}])));
    assert_eq!(json!(read.extra), json!({"version": 1.1}));
    let order: Vec<&str> = card.document.keys().map(String::as_str).collect();
    assert_eq!(order[..3], ["title", "tags", "license"]);
}

#[test]
fn hugging_face_names_mean_the_same() {
    let card = front(
        "pretty_name: T\ntags: a\nlicense: other\nlicense_name: tongyi\nlibrary_name: timm\npipeline_tag: image-segmentation\n",
    );
    assert_eq!(card.problems, vec![]);
    assert_eq!(card.metadata.title.as_deref(), Some("T"));
    assert_eq!(card.metadata.license, ["tongyi"]);
    assert_eq!(card.metadata.framework, ["timm"]);
    assert_eq!(card.metadata.task, ["image-segmentation"]);
    assert!(card.metadata.extra.is_empty());
}

#[test]
fn a_readme_without_front_matter_lacks_the_required_fields() {
    let card = parse("# Title\n");
    assert!(!card.has_front_matter && !card.is_valid());
    let fields: Vec<_> = card
        .problems
        .iter()
        .filter_map(|problem| problem.field.as_deref())
        .collect();
    assert_eq!(fields, ["title", "tags", "license"]);
    assert_eq!(card.metadata, CardMetadata::default());
}

#[test]
fn a_required_field_without_a_value_is_missing() {
    let card = front("title:\ntags: [a]\nlicense: mit\n");
    assert_eq!(
        only_problem(&card),
        (Severity::Error, Some("title"), "`title` is required and missing", 2, 1)
    );
}

#[test]
fn broken_yaml_is_reported_with_line_and_column_of_the_readme() {
    let card = parse("\n---\r\ntitle: T\r\ntags: [a\r\n---\r\nbody");
    let (severity, field, message, line, _) = only_problem(&card);
    assert_eq!((severity, field), (Severity::Error, None));
    assert!(message.starts_with("not valid YAML"), "{message}");
    assert!((4..=5).contains(&line), "{line}");
    for (yaml, line, column) in [
        ("title: T\ntitle: U\n", 3, 1),
        ("title: T\n\ttags: a\n", 2, 8),
        ("a: 1\nb: {c: 1, c: 2}\n", 3, 11),
        ("- a\n- b\n", 2, 1),
        ("just text\n", 2, 1),
        ("? [a]\n: b\n", 2, 3),
        ("a: *nowhere\n", 2, 4),
        ("a: 1\n...\nb: 2\n", 4, 1),
    ] {
        let card = front(yaml);
        let (_, _, message, at_line, at_column) = only_problem(&card);
        assert_eq!((at_line, at_column), (line, column), "{yaml:?}: {message}");
        assert!(card.has_front_matter && card.document.is_empty());
    }
}

#[test]
fn an_open_fence_is_reported() {
    let card = parse("---\ntitle: T\n# T\n");
    assert_eq!(
        card.problems[0].message,
        "front matter is opened by `---` but never closed"
    );
    assert_eq!(card.problems[0].line, 1);
}

#[test]
fn wrong_types_are_warnings_at_the_value() {
    let card = complete("metrics: {a: 1}\n");
    let expected = (
        Severity::Warning,
        Some("metrics"),
        "`metrics` must be a text or a list of texts",
        5,
        10,
    );
    assert_eq!(only_problem(&card), expected);
    assert!(card.is_valid());
    let card = front("title: [a]\ntags: [a]\nlicense: mit\n");
    assert_eq!(only_problem(&card).0, Severity::Error);
}

#[test]
fn a_bounding_box_is_checked() {
    for (yaml, west) in [
        ("bbox: [170, -10, -170, 10]", 170.0),
        ("bbox: [-180, -90, 180, 90]", -180.0),
        ("bbox: [1, 2, 0, 3, 4, 100]", 1.0),
        ("bbox: ['1', 2, 3, 4]", 1.0),
        ("bbox: {west: 1, south: 2, east: 3, north: 4}", 1.0),
    ] {
        let card = complete(&format!("{yaml}\n"));
        assert_eq!(
            card.metadata.bbox.map(|bbox| bbox.west),
            Some(west),
            "{yaml}: {:?}",
            card.problems
        );
    }
    for (yaml, words) in [
        ("[181, 0, 0, 0]", "longitude"),
        ("[0, -91, 0, 0]", "latitude"),
        ("[0, 10, 0, -10]", "southern edge"),
        ("[0, 0, 0]", "must be [west"),
        ("[0, 0, 0, .nan]", "must be [west"),
        ("everywhere", "must be [west"),
    ] {
        let card = complete(&format!("bbox: {yaml}\n"));
        assert!(only_problem(&card).2.contains(words), "{yaml}: {:?}", card.problems);
        assert_eq!(card.metadata.bbox, None);
    }
}

#[test]
fn a_temporal_extent_takes_its_usual_forms() {
    for (yaml, start, end) in [
        ("[1979, 2020-06]", Some("1979"), Some("2020-06")),
        ("1979-01-01/..", Some("1979-01-01"), None),
        ("[[2020-01-01T00:00:00Z, null]]", Some("2020-01-01T00:00:00Z"), None),
        ("{end: 2020-02-29}", None, Some("2020-02-29")),
        ("[2020-05-31, 2020-05]", Some("2020-05-31"), Some("2020-05")),
    ] {
        let card = complete(&format!("temporal_extent: {yaml}\n"));
        let extent = card
            .metadata
            .temporal_extent
            .unwrap_or_else(|| panic!("{yaml}: {:?}", card.problems));
        assert_eq!((extent.start.as_deref(), extent.end.as_deref()), (start, end), "{yaml}");
    }
    for (yaml, words) in [
        ("[2021, 2020]", "ends before"),
        ("{}", "neither"),
        ("../..", "neither"),
        ("[2021-02-30, null]", "not ISO 8601"),
        ("yesterday", "must be {start, end}"),
    ] {
        let card = complete(&format!("temporal_extent: {yaml}\n"));
        assert!(only_problem(&card).2.contains(words), "{yaml}: {:?}", card.problems);
    }
}

#[test]
fn reference_systems_and_lengths_are_normalised() {
    for (yaml, crs) in [
        ("epsg:4490", Some("EPSG:4490")),
        ("urn:ogc:def:crs:EPSG::32650", Some("EPSG:32650")),
        ("OGC:CRS84", Some("OGC:CRS84")),
        ("EPSG:0", None),
    ] {
        assert_eq!(
            complete(&format!("crs: {yaml}\n")).metadata.crs.as_deref(),
            crs,
            "{yaml}"
        );
    }
    for (yaml, gsd) in [
        ("0.5", Some(0.5)),
        ("30m", Some(30.0)),
        ("1 km", Some(1000.0)),
        ("50 厘米", Some(0.5)),
        ("[60, 10, 20]", Some(10.0)),
        ("1e3", Some(1000.0)),
        ("0", None),
        ("-1 m", None),
        ("0.25°", None),
        ("[]", None),
    ] {
        assert_eq!(complete(&format!("gsd: {yaml}\n")).metadata.gsd, gsd, "{yaml}");
    }
}

#[test]
fn aliases_are_expanded() {
    let card = complete("x: &x [1, 2]\ny: *x\n");
    assert_eq!(json!(card.metadata.extra), json!({"x": [1, 2], "y": [1, 2]}));
}

/// Our reading agrees with serde_yaml's wherever both have one; see `scalar.rs` for where ours keeps more.
#[test]
fn values_are_read_as_serde_yaml_reads_them() {
    for yaml in [
        "a: 1\nb: 'x'\nc: \"\\u6c34\\n\"\nd: [1, 2.5, true, null, x]\n",
        "a: |\n  line\n   more\n\n  end\nb: >-\n  folded\n  text\n\nc: |+\n  keep\n\n",
        "a:\n- b\n- c: 1\n  d: 2\n- - e\n  - f\n",
        "a: {b: {c: [d, {e: f}]}}\n",
        "a: plain text\n  over lines\nb: http://x.y/z#a\nc: a # comment\n",
        "a: !!str 12\nb: \"12\"\n",
        "# comment\n\na: # nothing\n  b: 1\n\n\n# end\n",
        "1: a\ntrue: b\n",
        "a: -0.5\nb: 1e-3\nc: -7\nd: 0\n",
        "a: 2020-01-01\nb: 12:30:45\nc: 1_000\n",
        "'quoted key': 1\n\"another\": 2\n",
        "\"a\\\"b\": 'it''s'\n",
    ] {
        let theirs: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
        let ours = serde_json::Value::Object(front(yaml).document);
        let theirs: serde_json::Map<_, _> = theirs
            .as_mapping()
            .unwrap()
            .iter()
            .map(|(key, value)| {
                let key = key
                    .as_str()
                    .map_or_else(|| serde_yaml::to_string(key).unwrap().trim().to_owned(), str::to_owned);
                (key, serde_json::to_value(value).unwrap())
            })
            .collect();
        assert_eq!(ours, serde_json::Value::Object(theirs), "{yaml}");
    }
}

#[test]
fn values_beyond_any_use_are_left_out_and_reported() {
    let tags: Vec<String> = (0..5_000).map(|number| format!("t{number}")).collect();
    let long = "长".repeat(201);
    let card = front(&format!("title: T\ntags: [{}]\nlicense: mit\n", tags.join(",")));
    assert_eq!(card.metadata.tags, tags[..200]);
    let (severity, field, message, ..) = only_problem(&card);
    assert_eq!((severity, field), (Severity::Warning, Some("tags")));
    assert!(message.contains("at most 200"), "{message}");

    let card = front(&format!("title: T\ntags: [a, {long}, b]\nlicense: mit\n"));
    assert_eq!(card.metadata.tags, ["a", "b"]);
    assert_eq!(only_problem(&card).1, Some("tags"));

    let card = front(&format!("title: {long}\ntags: [a]\nlicense: mit\n"));
    assert_eq!(card.metadata.title, None);
    let (severity, field, ..) = only_problem(&card);
    assert_eq!((severity, field), (Severity::Error, Some("title")));
    assert_eq!(complete(&format!("bands: [{long}]\n")).metadata.bands, []);
    assert_eq!(complete(&format!("task: {}\n", "长".repeat(200))).problems, vec![]);
}
