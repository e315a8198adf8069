//! Which library loads a model and what for, when its card does not say: by the names of its files and by what its
//! configuration calls its architecture, as the Hugging Face Hub does.

use super::model::TransformersFacts;
use serde_json::{Map, Value};

/// Files whose presence tells the library, the most telling first. A name that begins with a dot is an ending.
const LIBRARIES: &[(&str, &str)] = &[
    ("model_index.json", "diffusers"),
    ("adapter_config.json", "peft"),
    ("config_sentence_transformers.json", "sentence-transformers"),
    ("open_clip_config.json", "open_clip"),
    (".nemo", "nemo"),
    (".keras", "keras"),
    ("sklearn_model.joblib", "sklearn"),
    ("sklearn_model.pkl", "sklearn"),
    ("model.joblib", "sklearn"),
    ("model.pkl", "sklearn"),
    (".skops", "sklearn"),
    ("saved_model.pb", "tf-keras"),
    (".gguf", "gguf"),
    (".onnx", "onnx"),
];

/// Endings of architectures and their tasks.
const TASKS: &[(&str, &str)] = &[
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ForMaskedLM", "fill-mask"),
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForMultipleChoice", "multiple-choice"),
    ("ForZeroShotImageClassification", "zero-shot-image-classification"),
    ("ForVideoClassification", "video-classification"),
    ("ForAudioClassification", "audio-classification"),
    ("ForImageClassification", "image-classification"),
    ("ForZeroShotObjectDetection", "zero-shot-object-detection"),
    ("ForObjectDetection", "object-detection"),
    ("ForSemanticSegmentation", "image-segmentation"),
    ("ForInstanceSegmentation", "image-segmentation"),
    ("ForUniversalSegmentation", "image-segmentation"),
    ("ForImageSegmentation", "image-segmentation"),
    ("ForDepthEstimation", "depth-estimation"),
    ("ForImageSuperResolution", "image-to-image"),
    ("ForImageToImage", "image-to-image"),
    ("ForMaskGeneration", "mask-generation"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForVisualQuestionAnswering", "visual-question-answering"),
    ("ForTableQuestionAnswering", "table-question-answering"),
    ("ForImageTextToText", "image-text-to-text"),
    ("ForVision2Seq", "image-text-to-text"),
    ("ForTimeSeriesPrediction", "time-series-forecasting"),
    ("ForPrediction", "time-series-forecasting"),
];

/// Kinds of models whose `ForConditionalGeneration` is no text from text.
const CONDITIONAL: &[(&str, &str)] = &[
    ("whisper", "automatic-speech-recognition"),
    ("speech_to_text", "automatic-speech-recognition"),
    ("llava", "image-text-to-text"),
    ("qwen2_vl", "image-text-to-text"),
    ("qwen2_5_vl", "image-text-to-text"),
    ("paligemma", "image-text-to-text"),
    ("gemma3", "image-text-to-text"),
    ("idefics3", "image-text-to-text"),
    ("blip", "image-to-text"),
    ("blip-2", "image-to-text"),
];

/// Tasks of adapters, as peft names them.
const ADAPTED: &[(&str, &str)] = &[
    ("CAUSAL_LM", "text-generation"),
    ("SEQ_CLS", "text-classification"),
    ("TOKEN_CLS", "token-classification"),
    ("SEQ_2_SEQ_LM", "text2text-generation"),
    ("QUESTION_ANS", "question-answering"),
    ("FEATURE_EXTRACTION", "feature-extraction"),
];

/// The library, by the names of the files in the root folder and the configuration.
pub fn library(names: &[&str], config: &Map<String, Value>) -> Option<&'static str> {
    let has = |wanted: &str| {
        let told = |name: &&str| match wanted.strip_prefix('.') {
            Some(_) => name.to_ascii_lowercase().ends_with(wanted),
            None => *name == wanted,
        };
        names.iter().any(told)
    };
    let is_told = |known: &&(&str, &str)| has(known.0);
    let by_file = |known: &'static [(&str, &'static str)]| known.iter().find(is_told).map(|(_, library)| *library);
    let (before, after) = LIBRARIES.split_at(4);
    by_file(before)
        .or_else(|| config.contains_key("pretrained_cfg").then_some("timm"))
        .or_else(|| config.contains_key("sklearn").then_some("sklearn"))
        .or_else(|| {
            (config.contains_key("model_type") || config.contains_key("architectures")).then_some("transformers")
        })
        .or_else(|| by_file(after))
}

/// The task, by the configuration as it is kept.
pub fn task(library: Option<&str>, config: &Map<String, Value>) -> Option<String> {
    let known = match library? {
        "sentence-transformers" => Some("sentence-similarity"),
        "timm" => Some("image-classification"),
        "diffusers" => diffused(told(config, "diffusers", "_class_name")),
        "peft" => named(ADAPTED, told(config, "peft", "task_type")),
        "sklearn" => return config.get("sklearn")?["task"].as_str().map(str::to_owned),
        _ => architecture(config).and_then(|name| architecture_task(name, config)),
    };
    known.map(str::to_owned)
}

/// How transformers loads it, when its configuration names an architecture.
pub fn transformers(config: &Map<String, Value>) -> Option<TransformersFacts> {
    let name = architecture(config)?;
    let auto_model = match name.find("For").filter(|at| *at > 0) {
        Some(at) => format!("AutoModel{}", &name[at..]),
        None if name.ends_with("LMHeadModel") => "AutoModelForCausalLM".to_owned(),
        None => "AutoModel".to_owned(),
    };
    Some(TransformersFacts {
        auto_model,
        pipeline_tag: architecture_task(name, config).map(str::to_owned),
    })
}

/// A text within what is kept of a file.
fn told<'a>(config: &'a Map<String, Value>, file: &str, field: &str) -> &'a str {
    let document = config.get(file).and_then(|document| document.get(field));
    document.and_then(Value::as_str).unwrap_or_default()
}

fn architecture(config: &Map<String, Value>) -> Option<&str> {
    config.get("architectures")?.get(0)?.as_str()
}

fn architecture_task(name: &str, config: &Map<String, Value>) -> Option<&'static str> {
    if name.ends_with("ForConditionalGeneration") {
        let kind = config.get("model_type").and_then(Value::as_str).unwrap_or_default();
        return Some(named(CONDITIONAL, kind).unwrap_or("text2text-generation"));
    }
    if name == "CLIPModel" || name == "SiglipModel" {
        return Some("zero-shot-image-classification");
    }
    let told = TASKS
        .iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, task)| *task);
    told.or_else(|| name.ends_with("Model").then_some("feature-extraction"))
}

fn diffused(pipeline: &str) -> Option<&'static str> {
    let parts = [
        ("Inpaint", "image-to-image"),
        ("Img2Img", "image-to-image"),
        ("ImageToVideo", "image-to-video"),
        ("Video", "text-to-video"),
        ("Audio", "text-to-audio"),
        ("StableDiffusion", "text-to-image"),
        ("Flux", "text-to-image"),
        ("LatentConsistency", "text-to-image"),
        ("DDPM", "unconditional-image-generation"),
    ];
    parts
        .into_iter()
        .find(|(part, _)| pipeline.contains(part))
        .map(|(_, task)| task)
}

fn named(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, task)| *task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(names: &[&str], config: &Value) -> (Option<&'static str>, Option<String>) {
        let config = config.as_object().unwrap();
        let library = library(names, config);
        (library, task(library, config))
    }

    #[test]
    fn files_and_architectures_tell_library_and_task() {
        let transformers = json!({ "model_type": "vit", "architectures": ["ViTForImageClassification"] });
        let cases = [
            (
                vec!["config.json"],
                transformers,
                "transformers",
                "image-classification",
            ),
            (
                vec!["config.json"],
                json!({ "architectures": ["GPT2LMHeadModel"] }),
                "transformers",
                "text-generation",
            ),
            (
                vec!["config.json"],
                json!({ "architectures": ["BertModel"] }),
                "transformers",
                "feature-extraction",
            ),
            (
                vec!["config.json"],
                json!({ "model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"] }),
                "transformers",
                "automatic-speech-recognition",
            ),
            (
                vec!["adapter_config.json", "config.json"],
                json!({ "peft": { "task_type": "CAUSAL_LM" } }),
                "peft",
                "text-generation",
            ),
            (
                vec!["model_index.json"],
                json!({ "diffusers": { "_class_name": "StableDiffusionPipeline" } }),
                "diffusers",
                "text-to-image",
            ),
        ];
        for (names, config, library, task) in cases {
            assert_eq!(
                told(&names, &config),
                (Some(library), Some(task.to_owned())),
                "{names:?}"
            );
        }
        assert_eq!(told(&["q4.GGUF"], &json!({})), (Some("gguf"), None));
        assert_eq!(told(&["unet.keras"], &json!({})), (Some("keras"), None));
        assert_eq!(told(&["sklearn_model.joblib"], &json!({})), (Some("sklearn"), None));
        assert_eq!(told(&["README.md"], &json!({})), (None, None));
    }

    #[test]
    fn transformers_is_told_the_class_that_loads() {
        let config = json!({ "architectures": ["ViTForImageClassification"] });
        assert_eq!(
            transformers(config.as_object().unwrap()).unwrap().auto_model,
            "AutoModelForImageClassification"
        );
    }
}
