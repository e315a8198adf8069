use super::corpus::{TestIndex, document};

/// Query, what must be first, and everything that must be found.
const JUDGED: &[(&str, &str, &[&str])] = &[
    ("降水预测", "nowcast-cn", &["nowcast-cn", "rain-lstm"]),
    ("遥感 segmentation", "rs-seg", &["rs-seg"]),
    ("ERA5 LSTM", "era5-lstm-runoff", &["era5-lstm-runoff", "rain-lstm"]),
    ("遥感影像分割", "rs-seg", &["rs-seg"]),
    ("滑坡", "landslide-det", &["landslide-det"]),
    ("landslides", "landslide-en", &["landslide-en"]),
    ("地震", "quake-phase", &["quake-phase", "seismic-inv-cn"]),
    ("seismic inversion", "seismic-inv", &["seismic-inv"]),
    ("海温预测", "sst-forecast", &["sst-forecast"]),
    ("sea surface temperatures", "sst-en", &["sst-en"]),
    ("unet", "landcover-unet", &["landcover-unet"]),
    ("u-net sentinel2", "landcover-unet", &["landcover-unet"]),
    ("sentinel 2", "cloudmask", &["cloudmask", "landcover-unet"]),
    ("云检测", "cloudmask", &["cloudmask"]),
    ("高光谱分类", "hyperspec", &["hyperspec"]),
    ("classifying hyperspectral images", "hyperspec-en", &["hyperspec-en"]),
    ("土壤湿度", "soil-moisture", &["soil-moisture"]),
    ("SMAP soil", "soil-en", &["soil-en"]),
    ("超分辨率", "dem-sr-cn", &["dem-sr-cn"]),
    ("super resolution", "dem-sr", &["dem-sr"]),
    ("台风预测", "typhoon-track", &["typhoon-track"]),
    ("well log lithology", "lithology", &["lithology"]),
    ("岩性", "well-log", &["well-log"]),
    ("era 5", "era5-lstm-runoff", &["era5-lstm-runoff", "rain-lstm"]),
    ("land-cover", "landcover-unet", &["landcover-unet"]),
    ("pm2.5", "pm25", &["pm25"]),
];

#[tokio::test]
async fn judged_queries_in_both_languages_find_what_they_should_and_rank_the_best_first() {
    let index = TestIndex::geoscience().await;
    let mut wrong = Vec::new();
    let (mut precise, mut found) = (0, 0);
    for (query, first, expected) in JUDGED {
        let names = index.names(query);
        if names.first().map(String::as_str) != Some(first)
            || expected.iter().any(|name| !names.contains(&(*name).to_owned()))
        {
            wrong.push(format!("{query}: {names:?}"));
        }
        found += names.len();
        precise += names.iter().filter(|name| expected.contains(&name.as_str())).count();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(precise * 100 / found >= 60, "{precise} of {found} hits are wanted");
}

#[tokio::test]
async fn a_word_in_the_name_counts_more_than_in_the_title_and_so_on_down_to_file_names() {
    let mut documents = vec![
        document("moraine", "one"),
        document("b", "moraine two"),
        document("c", "three"),
        document("d", "four"),
        document("e", "five"),
        document("f", "six"),
        document("g", "seven"),
    ];
    documents[2].tags = vec!["moraine".to_owned()];
    documents[3].description = "moraine".to_owned();
    documents[4].card = "moraine".to_owned();
    documents[5].readme = "moraine".to_owned();
    documents[6].file_names = vec!["moraine.tif".to_owned()];
    let index = TestIndex::with(documents).await;
    assert_eq!(index.names("moraine"), ["moraine", "b", "c", "d", "e", "f", "g"]);
}

#[tokio::test]
async fn among_equal_matches_the_popular_one_comes_first() {
    let mut documents = vec![
        document("x1", "glacier"),
        document("x2", "glacier"),
        document("x3", "glacier"),
    ];
    documents[1].counters.stars = 500;
    let index = TestIndex::with(documents).await;
    assert_eq!(index.names("glacier")[0], "x2");
}
