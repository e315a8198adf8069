use super::corpus::{TestIndex, document, query};
use geoml_hub::search::Audience;
use geoml_hub::search::{RepositoryQuery, SuggestionKind};
use proptest::prelude::*;

fn typing(text: &str) -> RepositoryQuery {
    RepositoryQuery {
        prefix: true,
        ..query(text)
    }
}

#[tokio::test]
async fn forms_of_an_english_word_find_each_other() {
    let index = TestIndex::geoscience().await;
    for text in ["segmentation", "segmenting", "segmented", "SEGMENTS"] {
        assert!(index.names(text).contains(&"landcover-unet".to_owned()), "{text}");
    }
    assert!(index.names("downscale climates").contains(&"climate-ds".to_owned()));
}

#[tokio::test]
async fn the_last_word_may_go_on_while_typing() {
    let index = TestIndex::geoscience().await;
    for text in ["h", "hy", "hyp", "hypersp", "image hypersp"] {
        let names: Vec<_> = index
            .run(&typing(text))
            .hits
            .into_iter()
            .map(|hit| hit.document.name)
            .collect();
        assert!(names.contains(&"hyperspec-en".to_owned()), "{text}: {names:?}");
    }
    let finished = RepositoryQuery {
        prefix: false,
        ..query("hypersp")
    };
    assert_eq!(index.run(&finished).total, 0);
}

#[tokio::test]
async fn a_mistyped_word_is_found_and_said_to_be_corrected() {
    let index = TestIndex::geoscience().await;
    for (text, name) in [
        ("segmentatoin", "landcover-unet"),
        ("landslde", "landslide-en"),
        ("glacer", "glacier"),
        ("earthquke", "eqtransformer"),
    ] {
        let results = index.results(text);
        assert!(
            results.corrected && results.hits.iter().any(|hit| hit.document.name == name),
            "{text}"
        );
    }
    assert!(!index.results("glacier").corrected);
    assert_eq!(
        index.results("era6").total,
        0,
        "words with digits are taken as they are"
    );
}

#[tokio::test]
async fn compounds_find_each_other_however_they_are_written() {
    let index = TestIndex::with(vec![
        document("a", "ERA5 reanalysis"),
        document("b", "ERA 5 reanalysis"),
        document("c", "era-5 reanalysis"),
        document("d", "something else"),
    ])
    .await;
    for text in ["ERA5", "era 5", "era-5", "Era_5", "ＥＲＡ５"] {
        assert_eq!(index.results(text).total, 3, "{text}");
    }
}

#[tokio::test]
async fn file_names_are_found_by_their_parts() {
    let mut with_files = document("a", "weights");
    with_files.file_names = vec!["checkpoints/resnetUnet_best-model_v2.safetensors".to_owned()];
    let index = TestIndex::with(vec![with_files, document("b", "other")]).await;
    for text in [
        "checkpoints",
        "resnet",
        "resnetunet",
        "best model",
        "safetensors",
        "resnetUnet_best-model_v2.safetensors",
    ] {
        assert_eq!(index.names(text), ["a"], "{text}");
    }
}

#[tokio::test]
async fn quotes_demand_a_phrase_and_a_minus_excludes() {
    let index = TestIndex::geoscience().await;
    assert!(index.names("\"surface temperature\"").contains(&"sst-en".to_owned()));
    assert_eq!(index.results("\"temperature surface\"").total, 0);
    assert_eq!(index.names("\"温度预测\""), ["sst-forecast"]);
    assert!(!index.names("segmentation -遥感").contains(&"rs-seg".to_owned()));
    assert!(index.names("segmentation -遥感").contains(&"landcover-unet".to_owned()));
    assert!(
        index.names("sentinel-2").contains(&"cloudmask".to_owned()),
        "a hyphen inside a word excludes nothing"
    );
    let all = index.results("").total;
    assert_eq!(index.results("-segmentation").total, all - 2);
}

#[tokio::test]
async fn highlights_mark_the_match_and_let_no_markup_through() {
    let mut hostile = document("x", "<script>alert(1)</script> glacier & <b>冰川</b>");
    hostile.description = format!(
        "{}<img src=x onerror=y> the glaciers melt \"fast\" {}",
        "前文。".repeat(100),
        "后文".repeat(100)
    );
    let index = TestIndex::with(vec![hostile]).await;
    let hit = index.results("glacier 冰川").hits.remove(0);
    let title = hit.highlights.title.unwrap();
    assert_eq!(
        title,
        "&lt;script&gt;alert(1)&lt;/script&gt; <mark>glacier</mark> &amp; &lt;b&gt;<mark>冰川</mark>&lt;/b&gt;"
    );
    let description = hit.highlights.description.unwrap();
    assert!(description.starts_with('…') && description.ends_with('…'));
    assert!(description.contains("<mark>glaciers</mark> melt &quot;fast&quot;") && !description.contains("<img"));
}

#[tokio::test]
async fn suggestions_continue_names_titles_tags_and_owners() {
    let mut documents = super::corpus::geoscience();
    documents[0].tags = vec!["降水".to_owned(), "nowcasting".to_owned()];
    documents[1].tags = vec!["降水".to_owned()];
    let index = TestIndex::with(documents).await;
    let suggest = |text: &str| index.index.suggest(text, &Audience::Everyone, 10, |_| true).unwrap();
    let english = suggest("landsl");
    assert!(
        english
            .iter()
            .any(|found| found.kind == SuggestionKind::Title && found.text == "Landslide susceptibility mapping")
    );
    assert!(english.iter().any(|found| found.text == "geolab/landslide-en"));
    let chinese = suggest("降水");
    assert_eq!(
        (chinese[0].kind, chinese[0].text.as_str()),
        (SuggestionKind::Tag, "降水")
    );
    assert!(suggest("台风路").iter().any(|found| found.text == "台风路径预测"));
    assert!(suggest("n").iter().any(|found| found.text == "nowcasting"));
    assert!(
        suggest("geol")
            .iter()
            .any(|found| found.kind == SuggestionKind::Owner && found.text == "geolab")
    );
    assert!(suggest("").is_empty() && suggest("?!").is_empty());
}

#[test]
fn no_text_is_an_error() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let index = runtime.block_on(TestIndex::geoscience());
    let texts = prop_oneof![
        any::<String>(),
        "[-\"a-zA-Z0-9 _.*?:()\\[\\]+^~/\\\\降水预测遥感ー한국]{0,80}",
        "\\PC{400,700}"
    ];
    proptest!(ProptestConfig { cases: 300, ..ProptestConfig::default() }, |(text in texts, prefix in any::<bool>(), offset in 0usize..20_000)| {
        let request = RepositoryQuery { prefix, offset, ..query(&text) };
        let results = index.index.search(&request, &Audience::Everyone);
        prop_assert!(results.is_ok());
        for hit in results.unwrap().hits {
            for html in [hit.highlights.title, hit.highlights.description].into_iter().flatten() {
                let bare = html.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!bare.contains(['<', '>']));
            }
        }
        prop_assert!(index.index.suggest(&text, &Audience::Everyone, 10, |_| true).is_ok());
    });
    assert_eq!(
        index.index.status().needs_rebuild,
        None,
        "no search was taken for damage"
    );
}
