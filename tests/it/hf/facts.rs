use super::{create, refused};
use crate::support::{Client, TestApp};
use geoml_hub::base::Sha256;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A safetensors file with one tensor of such a type and shape.
fn weights(kind: &str, shape: &[u64]) -> Vec<u8> {
    let header = json!({ "weight": { "dtype": kind, "shape": shape, "data_offsets": [0, 4] } }).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat()
}

/// A GGUF file that names its architecture and has one tensor.
fn gguf() -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut file = [
        &b"GGUF"[..],
        &3_u32.to_le_bytes(),
        &1_u64.to_le_bytes(),
        &1_u64.to_le_bytes(),
    ]
    .concat();
    file.extend(
        [
            text("general.architecture"),
            8_u32.to_le_bytes().to_vec(),
            text("llama"),
        ]
        .concat(),
    );
    file.extend(
        [
            text("weight"),
            1_u32.to_le_bytes().to_vec(),
            640_u64.to_le_bytes().to_vec(),
        ]
        .concat(),
    );
    file.extend([0; 12]);
    file
}

/// Asks until the answer is so: rows follow commits within moments.
async fn until(client: &Client, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut told = Value::Null;
    for _ in 0..200 {
        told = client.get(path).await.ok();
        if is_so(&told) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path}: {told}");
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|found| found["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_model_tells_parameters_architecture_library_and_task_by_its_files() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "vit").await;
    let config = json!({ "model_type": "vit", "architectures": ["ViTForImageClassification"], "secret": 1 });
    ana.upload("ana/vit", "config.json", config.to_string()).await;
    ana.upload("ana/vit", "model-00001-of-00002.safetensors", weights("F32", &[2, 3]))
        .await;
    ana.upload("ana/vit", "model-00002-of-00002.safetensors", weights("BF16", &[5]))
        .await;
    let index =
        json!({ "weight_map": { "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors" } });
    ana.upload("ana/vit", "model.safetensors.index.json", index.to_string())
        .await;
    let told = until(&ana, "/api/models/ana/vit", |told| told["safetensors"]["total"] == 11).await;
    assert_eq!(told["safetensors"]["parameters"], json!({ "BF16": 5, "F32": 6 }));
    assert_eq!(told["library_name"], "transformers");
    assert_eq!(told["pipeline_tag"], "image-classification");
    assert_eq!(
        told["config"],
        json!({ "architectures": ["ViTForImageClassification"], "model_type": "vit" })
    );
    assert_eq!(
        told["transformersInfo"]["auto_model"],
        "AutoModelForImageClassification"
    );
    let only = ana
        .get("/api/models/ana/vit?expand=safetensors&expand=config&expand=usedStorage")
        .await
        .ok();
    assert_eq!(only["safetensors"]["total"], 11);
    assert!(only["usedStorage"].as_u64().unwrap() > 0 && only.get("tags").is_none());
    let header = ana
        .get("/api/models/ana/vit/safetensors-metadata/model-00001-of-00002.safetensors")
        .await
        .ok();
    assert_eq!(header["weight"]["shape"], json!([2, 3]));

    // What the card says goes before what the files tell.
    ana.upload("ana/vit", "README.md", "---\npipeline_tag: image-segmentation\n---\n")
        .await;
    until(&ana, "/api/models/ana/vit", |told| {
        told["pipeline_tag"] == "image-segmentation"
    })
    .await;
    app.finish().await;
}

#[tokio::test]
async fn models_are_listed_by_what_their_files_tell() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "small").await;
    ana.upload("ana/small", "model.safetensors", weights("F32", &[1_500]))
        .await;
    create(&ana, "llm").await;
    ana.upload("ana/llm", "q4.gguf", gguf()).await;
    create(&ana, "empty").await;

    let told = until(&ana, "/api/models/ana/llm", |told| told["gguf"]["total"] == 640).await;
    assert_eq!(told["gguf"]["architecture"], "llama");
    assert_eq!(told["library_name"], "gguf");
    let found = |path: &'static str, expected: &'static [&'static str]| {
        let ana = &ana;
        async move { until(ana, path, |list| ids(list) == expected).await }
    };
    found("/api/models?num_parameters=min:1K", &["ana/small"]).await;
    found("/api/models?num_parameters=max:1K", &["ana/llm"]).await;
    found("/api/models?filter=safetensors", &["ana/small"]).await;
    found("/api/models?library=gguf", &["ana/llm"]).await;
    let list = found("/api/models?sort=createdAt", &["ana/empty", "ana/llm", "ana/small"]).await;
    assert_eq!(list[2]["safetensors"]["total"], 1_500);
    assert_eq!(list[2]["sha"].as_str().unwrap().len(), 40);
    assert!(list[2].get("cardData").is_none() && list[2].get("config").is_none());
    let full = ana.get("/api/models?full=true&cardData=true").await.ok();
    assert!(full[0]["cardData"].is_object() && full[0]["siblings"].is_array());
    refused(&ana.get("/api/models?num_parameters=many").await, 400, "");
    let wrong = refused(&ana.get("/api/models?expand=colour").await, 400, "");
    assert!(wrong.contains("expected one of \"author\"|\"cardData\""), "{wrong}");
    let house = ana.get("/api/search/repositories?parameters_min=1000").await;
    assert_eq!(house.json()["total"], 1, "{}", house.text());
    app.finish().await;
}

#[tokio::test]
async fn headers_that_are_damaged_or_claim_too_much_cost_nothing_and_hold_up_nobody() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "bomb").await;
    let bomb = [&100_000_000_u64.to_le_bytes()[..], &[b' '; 64]].concat();
    ana.upload("ana/bomb", "model.safetensors", bomb).await;
    ana.upload("ana/bomb", "q4.gguf", b"GGUF".to_vec()).await;
    ana.upload("ana/bomb", "config.json", "{").await;
    let told = ana
        .get("/api/models/ana/bomb/safetensors-metadata/model.safetensors")
        .await;
    assert!(
        refused(&told, 422, "").contains("claims 100000000 bytes"),
        "{}",
        told.text()
    );
    let missing = ana.get("/api/models/ana/bomb/safetensors-metadata/none").await;
    refused(&missing, 404, "EntryNotFound");
    create(&ana, "next").await;
    ana.upload("ana/next", "model.safetensors", weights("I8", &[7])).await;
    until(&ana, "/api/models/ana/next", |told| told["safetensors"]["total"] == 7).await;
    let told = ana.get("/api/models/ana/bomb").await.ok();
    assert!(
        told.get("safetensors").is_none() && told.get("gguf").is_none(),
        "{told}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_pointer_to_content_of_another_repository_tells_nothing_of_it() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("secret", "private").await;
    let content = weights("F32", &[9]);
    ana.upload("ana/secret", "model.safetensors", content.clone()).await;
    let (sha256, size) = (Sha256::of(content.as_slice()), content.len());
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n");
    create(&ben, "curious").await;
    for name in ["notes.txt", "config.json"] {
        ben.upload("ben/curious", name, pointer.clone()).await;
        let header = ben
            .get(&format!("/api/models/ben/curious/safetensors-metadata/{name}"))
            .await;
        assert_eq!(header.status, 422, "{header:?}");
    }
    let told = ben.get("/api/models/ben/curious").await.ok();
    assert!(told.get("safetensors").is_none(), "{told}");
    app.finish().await;
}

#[tokio::test]
async fn what_files_tell_is_made_anew_by_reindex_and_goes_with_the_repository() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "small").await;
    ana.upload("ana/small", "model.safetensors", weights("F32", &[9])).await;
    until(&ana, "/api/models/ana/small", |told| told["safetensors"]["total"] == 9).await;
    app.stop().await;
    app.command(&["reindex"]).await;
    app.start_again().await;
    let ana = app.log_in("ana").await;
    let told = ana.get("/api/models/ana/small").await.ok();
    assert_eq!(told["safetensors"]["total"], 9);
    app.finish().await;
}

#[tokio::test]
async fn a_page_of_a_hundred_is_answered_from_rows() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for number in 0..100 {
        create(&ana, &format!("model-{number}")).await;
    }
    until(&ana, "/api/models", |list| list.as_array().unwrap().len() == 100).await;
    // A list needs no repository of git: one whose folder is away is listed all the same.
    let folder = app.folder().join("git");
    let away = app.folder().join("away");
    std::fs::rename(&folder, &away).unwrap();
    let began = Instant::now();
    let list = ana.get("/api/models?limit=100&cardData=true&config=true").await.ok();
    let took = began.elapsed();
    std::fs::rename(&away, &folder).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 100);
    println!("a page of 100 took {took:?}");
    app.finish().await;
}
