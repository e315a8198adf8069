use super::{content, repository, upload, upload_batch};
use crate::support::TestApp;
use serde_json::{Value, json};

fn names(listing: &Value) -> Vec<&str> {
    listing["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_folder_shows_sizes_and_the_last_commit_of_every_entry() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let first = upload(&ana, "ana/net", "data/a.txt", "one").await.expect(201).json();
    let second = upload(&ana, "ana/net", "data/deep/b.nc", content(70_000, 1))
        .await
        .expect(201)
        .json();
    let third = upload(&ana, "ana/net", "z.txt", "last").await.expect(201).json();
    let root = app.anonymous().get("/api/ana/net/tree/main").await.ok();
    assert_eq!(names(&root), ["data", ".gitattributes", "README.md", "z.txt"]);
    assert_eq!(
        (&root["total"], &root["page"], &root["commit_id"]),
        (&json!(4), &json!(1), &third["commit_id"])
    );
    let entry = |listing: &Value, name: &str| {
        let items = listing["items"].as_array().unwrap();
        items.iter().find(|item| item["name"] == name).unwrap().clone()
    };
    assert_eq!(entry(&root, "data")["last_commit"]["id"], second["commit_id"]);
    assert_eq!(entry(&root, "z.txt")["last_commit"]["id"], third["commit_id"]);
    assert_eq!(
        (&entry(&root, "data")["type"], &entry(&root, "data")["size"]),
        (&json!("folder"), &json!(null))
    );
    let folder = app.anonymous().get("/api/ana/net/tree/main/data").await.ok();
    assert_eq!(names(&folder), ["deep", "a.txt"]);
    assert_eq!(entry(&folder, "a.txt")["last_commit"]["id"], first["commit_id"]);
    let deep = app.anonymous().get("/api/ana/net/tree/main/data/deep").await.ok();
    assert_eq!(
        (&entry(&deep, "b.nc")["size"], &entry(&deep, "b.nc")["is_lfs"]),
        (&json!(70_000), &json!(true))
    );
    // Another revision has no rows, so the history is walked, with the same answer.
    let old = format!(
        "/api/ana/net/tree/main?revision={}",
        second["commit_id"].as_str().unwrap()
    );
    let old = app.anonymous().get(&old).await.ok();
    assert_eq!(names(&old), ["data", ".gitattributes", "README.md"]);
    assert_eq!(entry(&old, "data")["last_commit"]["id"], second["commit_id"]);
    ana.get("/api/ana/net/tree/main/data/a.txt")
        .await
        .refused(422, "invalid");
    ana.get("/api/ana/net/tree/main/nowhere")
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let files = (0..250)
        .map(|number| (format!("many/{number:03}.txt"), vec![b'x'; number]))
        .collect();
    upload_batch(&ana, "ana/net", files).await.expect(201);
    let mut seen = Vec::new();
    for page in 1..=3 {
        let listing = ana
            .get(&format!("/api/ana/net/tree/main/many?page={page}&limit=100"))
            .await
            .ok();
        assert_eq!(listing["total"], 250);
        seen.extend(names(&listing).into_iter().map(str::to_owned));
    }
    let expected: Vec<_> = (0..250).map(|number| format!("{number:03}.txt")).collect();
    assert_eq!(seen, expected);
    let flat = ana.get("/api/ana/net/files?page=3&limit=100").await.ok();
    assert_eq!((flat["total"].as_u64(), names(&flat).len()), (Some(252), 52));
    let below = ana.get("/api/ana/net/files?path=many&limit=1").await.ok();
    assert_eq!(
        (below["total"].as_u64(), &below["items"][0]["path"]),
        (Some(250), &json!("many/000.txt"))
    );
    ana.get("/api/ana/net/files?limit=101")
        .await
        .refused(400, "bad_request");
    ana.get("/api/ana/net/files?page=0").await.refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_sees_all_files_and_everybody_the_own_space() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let admin = app.admin().await;
    repository(&ana, "one", "private").await;
    repository(&admin, "two", "public").await;
    upload(&ana, "ana/one", "w.safetensors", content(10_000, 1))
        .await
        .expect(201);
    upload(&ana, "ana/one", "d.nc", content(20_000, 2)).await.expect(201);
    upload(&ana, "ana/one", "d.nc", content(25_000, 3)).await.expect(201);
    upload(&admin, "root-admin/two", "map.png", content(500, 4))
        .await
        .expect(201);
    let mut paths = Vec::new();
    for page in 1..=3 {
        let all = admin.get(&format!("/api/files?page={page}&limit=3")).await.ok();
        assert_eq!(all["total"], 7);
        paths.extend(
            all["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file["path"].as_str().unwrap().to_owned()),
        );
    }
    paths.sort();
    assert_eq!(
        paths,
        [
            ".gitattributes",
            ".gitattributes",
            "README.md",
            "README.md",
            "d.nc",
            "map.png",
            "w.safetensors"
        ]
    );
    // The aggregates follow the commits, a moment later.
    let of = |storage: &Value, kind: &str| {
        let kinds = storage["by_kind"].as_array().unwrap();
        let found = kinds.iter().find(|entry| entry["kind"] == kind).unwrap();
        (found["files"].as_u64().unwrap(), found["bytes"].as_u64().unwrap())
    };
    let mut storage = Value::Null;
    for _ in 0..100 {
        storage = ana.get("/api/users/ana/storage").await.ok();
        if of(&storage, "dataset") == (1, 25_000) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        (of(&storage, "model"), of(&storage, "dataset")),
        ((1, 10_000), (1, 25_000)),
        "{storage}"
    );
    assert_eq!((of(&storage, "image"), of(&storage, "document").0), ((0, 0), 1));
    assert!(storage["used"].as_u64().unwrap() >= 55_000);
    assert_eq!(
        storage["used"].as_u64().unwrap() + storage["available"].as_u64().unwrap(),
        storage["quota"]
    );
    app.finish().await;
}
