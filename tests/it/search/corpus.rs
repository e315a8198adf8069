//! Geoscience repositories to search in, and shorthand for searching.

use geoml_hub::base::{Clock, RepositoryId, RepositoryKind, Timestamp, UserId};
use geoml_hub::search::{
    Audience, Counters, Facet, RepositoryChange, RepositoryDocument, RepositoryIndex, RepositoryQuery,
    RepositoryResults,
};
use tempfile::TempDir;

/// An index in a folder that goes away with it.
pub struct TestIndex {
    pub index: RepositoryIndex,
    pub folder: TempDir,
}

impl TestIndex {
    pub async fn with(documents: Vec<RepositoryDocument>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = RepositoryIndex::open(folder.path()).unwrap();
        index.begin_rebuild().await.unwrap();
        put(&index, documents).await;
        index.finish_rebuild(0).await.unwrap();
        Self { index, folder }
    }

    pub async fn geoscience() -> Self {
        Self::with(geoscience()).await
    }

    pub fn results(&self, text: &str) -> RepositoryResults {
        self.run(&query(text))
    }

    pub fn run(&self, query: &RepositoryQuery) -> RepositoryResults {
        self.index.search(query, &Audience::Everyone).unwrap()
    }

    pub fn names(&self, text: &str) -> Vec<String> {
        names(&self.results(text))
    }
}

pub async fn put(index: &RepositoryIndex, documents: Vec<RepositoryDocument>) {
    let changes = documents
        .into_iter()
        .map(|document| RepositoryChange::Put(Box::new(document)));
    index.apply(changes.collect(), None).await.unwrap();
    index.flush().await.unwrap();
}

pub fn query(text: &str) -> RepositoryQuery {
    RepositoryQuery {
        text: text.to_owned(),
        limit: 20,
        highlights: true,
        ..RepositoryQuery::default()
    }
}

pub fn with_facets(text: &str) -> RepositoryQuery {
    RepositoryQuery {
        facets: Facet::ALL.to_vec(),
        ..query(text)
    }
}

pub fn names(results: &RepositoryResults) -> Vec<String> {
    results.hits.iter().map(|hit| hit.document.name.clone()).collect()
}

pub fn document(name: &str, title: &str) -> RepositoryDocument {
    let clock = Clock::system();
    RepositoryDocument {
        id: RepositoryId::new(&clock),
        kind: RepositoryKind::Model,
        owner_id: UserId::new(&clock),
        owner: "geolab".to_owned(),
        name: name.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        tags: Vec::new(),
        licenses: Vec::new(),
        frameworks: Vec::new(),
        tasks: Vec::new(),
        library: None,
        labels: Vec::new(),
        pipeline_tag: None,
        parameters: None,
        classifications: Vec::new(),
        card: String::new(),
        readme: String::new(),
        file_names: Vec::new(),
        size_bytes: 0,
        counters: Counters::default(),
        created_at: Timestamp::from_seconds(0),
        updated_at: Timestamp::from_seconds(0),
        featured: false,
        public: true,
        readers: Vec::new(),
    }
}

/// Titles as a lab has them, in both languages, some about the same thing.
const TITLES: &[(&str, &str)] = &[
    ("nowcast-cn", "基于深度学习的短临降水预测模型"),
    ("rain-lstm", "ERA5 驱动的 LSTM 降水预报"),
    ("era5-lstm-runoff", "ERA5 LSTM runoff simulation"),
    ("rs-seg", "遥感影像语义分割 Remote sensing segmentation"),
    ("landcover-unet", "U-Net land cover segmentation of Sentinel-2 imagery"),
    ("cloudmask", "Sentinel-2 云检测数据集"),
    ("s1-flood", "Sentinel-1 flood mapping with SAR"),
    ("landslide-det", "滑坡识别与易发性评价"),
    ("landslide-en", "Landslide susceptibility mapping"),
    ("quake-phase", "地震震相拾取 PhaseNet"),
    ("eqtransformer", "Earthquake detection and phase picking"),
    ("seismic-inv", "Seismic impedance inversion"),
    ("seismic-inv-cn", "地震波阻抗反演"),
    ("sst-forecast", "海表温度预测"),
    ("sst-en", "Sea surface temperature forecasting"),
    ("typhoon-track", "台风路径预测"),
    ("hurricane", "Hurricane intensity estimation from infrared images"),
    ("dem-sr", "Digital elevation model super-resolution"),
    ("dem-sr-cn", "数字高程模型超分辨率重建"),
    ("soil-moisture", "土壤湿度反演 SMAP"),
    ("soil-en", "Soil moisture retrieval from SMAP"),
    ("groundwater", "地下水位时间序列预测"),
    ("mineral-prosp", "矿产资源潜力预测"),
    ("mineral-en", "Mineral prospectivity mapping with random forests"),
    ("hyperspec", "高光谱影像分类"),
    ("hyperspec-en", "Hyperspectral image classification"),
    ("glacier", "Glacier boundary extraction"),
    ("sea-ice", "海冰密集度预测"),
    ("aod", "气溶胶光学厚度估算"),
    ("pm25", "PM2.5 concentration estimation"),
    ("building", "高分辨率遥感建筑物提取"),
    ("crop", "Crop type classification with time series of Landsat"),
    ("well-log", "测井岩性识别"),
    ("lithology", "Lithology identification from well logs"),
    ("climate-ds", "Statistical downscaling of climate models"),
    ("downscale-cn", "气候模式统计降尺度"),
];

pub fn geoscience() -> Vec<RepositoryDocument> {
    TITLES.iter().map(|(name, title)| document(name, title)).collect()
}
