//! The catalogue of the fields that a card may have: names, other names, shapes and meaning.
//!
//! One list drives reading, validation and the JSON Schema, so they cannot disagree. Names of the Hugging Face Hub are
//! accepted for the same thing. A field outside the list is kept as it is.

/// How a field's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One text.
    Text,
    /// A text or a list of texts.
    Texts,
    /// `[west, south, east, north]` in degrees.
    BoundingBox,
    /// Start and end, each a date or open.
    TemporalExtent,
    /// A coordinate reference system.
    ReferenceSystem,
    /// Spectral bands: names, or mappings with `name`.
    Bands,
    /// A length on the ground, in metres.
    GroundSampleDistance,
    /// Any value, kept as it is.
    Any,
}

/// One field of the catalogue.
#[derive(Debug)]
pub struct Field {
    /// Its name here.
    pub name: &'static str,
    /// Other names accepted for it, in order of preference.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub shape: Shape,
    /// A card without it is incomplete.
    pub required: bool,
    /// Meaning, in English.
    pub english: &'static str,
    /// Meaning, in Chinese.
    pub chinese: &'static str,
}

const fn field(
    name: &'static str,
    aliases: &'static [&'static str],
    shape: Shape,
    english: &'static str,
    chinese: &'static str,
) -> Field {
    Field {
        name,
        aliases,
        shape,
        required: false,
        english,
        chinese,
    }
}

const fn required(field: Field) -> Field {
    Field {
        required: true,
        ..field
    }
}

/// The catalogue, in the order in which a card is shown.
pub const FIELDS: &[Field] = &[
    required(field(
        "title",
        &["pretty_name", "model_name"],
        Shape::Text,
        "Title for people",
        "标题",
    )),
    required(field("tags", &[], Shape::Texts, "Keywords", "标签")),
    required(field(
        "license",
        &["licence", "license_name"],
        Shape::Texts,
        "Licence: an SPDX identifier such as `apache-2.0` or `cc-by-4.0`, or a name",
        "许可证：SPDX 标识（如 apache-2.0、cc-by-4.0）或名称",
    )),
    field(
        "framework",
        &["frameworks", "library_name", "library"],
        Shape::Texts,
        "Machine-learning framework",
        "机器学习框架",
    ),
    field(
        "task",
        &["tasks", "pipeline_tag", "task_categories"],
        Shape::Texts,
        "What it does, such as `image-segmentation` or `time-series-forecasting`",
        "任务，如图像分割、时间序列预测",
    ),
    field(
        "base_model",
        &["base_models"],
        Shape::Texts,
        "Models it was made from",
        "基础模型",
    ),
    field(
        "datasets",
        &["dataset"],
        Shape::Texts,
        "Datasets it was trained or evaluated on",
        "所用数据集",
    ),
    field(
        "language",
        &["languages"],
        Shape::Texts,
        "Languages, as ISO 639 codes",
        "语言（ISO 639 代码）",
    ),
    field(
        "metrics",
        &["metric"],
        Shape::Texts,
        "Metrics used in its evaluation",
        "评价指标",
    ),
    field(
        "classification_1",
        &[],
        Shape::Texts,
        "Classification, first level: slug or name",
        "一级分类：标识或名称",
    ),
    field(
        "classification_2",
        &[],
        Shape::Texts,
        "Classification, second level: slug or name",
        "二级分类：标识或名称",
    ),
    field(
        "classification_3",
        &[],
        Shape::Texts,
        "Classification, third level: slug or name",
        "三级分类：标识或名称",
    ),
    field(
        "pipeline_tag",
        &["task"],
        Shape::Text,
        "Task by its Hugging Face name",
        "Hugging Face 任务名",
    ),
    field(
        "library_name",
        &["library", "framework"],
        Shape::Text,
        "Library that loads it",
        "加载所用的库",
    ),
    field(
        "model-index",
        &["model_index"],
        Shape::Any,
        "Evaluation results in the Hugging Face form",
        "评测结果（Hugging Face 格式）",
    ),
    field(
        "bbox",
        &["bounding_box"],
        Shape::BoundingBox,
        "Extent in degrees: [west, south, east, north]; west > east crosses the antimeridian",
        "空间范围（度）：[西, 南, 东, 北]；西大于东表示跨越 180° 经线",
    ),
    field(
        "temporal_extent",
        &["time_range"],
        Shape::TemporalExtent,
        "Time covered: start and end as ISO 8601 dates, either may be open",
        "时间范围：起止日期（ISO 8601），可为开放区间",
    ),
    field(
        "crs",
        &["projection"],
        Shape::ReferenceSystem,
        "Coordinate reference system: `EPSG:n`, or its name or WKT",
        "坐标参考系：EPSG:n，或名称、WKT",
    ),
    field(
        "sensors",
        &["sensor", "instruments"],
        Shape::Texts,
        "Sensors, instruments or platforms",
        "传感器、仪器或平台",
    ),
    field(
        "bands",
        &[],
        Shape::Bands,
        "Spectral bands: names, or mappings with name and wavelength",
        "波段：名称，或含名称与波长",
    ),
    field(
        "gsd",
        &["resolution", "spatial_resolution"],
        Shape::GroundSampleDistance,
        "Ground sample distance in metres; of several, the finest",
        "地面分辨率（米）；多个时取最细",
    ),
];

/// True when `key` is a field of the catalogue or another name of one.
pub fn is_known(key: &str) -> bool {
    FIELDS
        .iter()
        .any(|field| field.name == key || field.aliases.contains(&key))
}

/// The catalogue's own name of a field; another field keeps the name that it has.
pub fn canonical(key: &str) -> &str {
    let own = FIELDS.iter().find(|field| field.name == key);
    own.or_else(|| FIELDS.iter().find(|field| field.aliases.contains(&key)))
        .map_or(key, |field| field.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len());
    }

    #[test]
    fn title_tags_and_license_are_required() {
        let required: Vec<_> = FIELDS
            .iter()
            .filter(|field| field.required)
            .map(|field| field.name)
            .collect();
        assert_eq!(required, ["title", "tags", "license"]);
    }
}
