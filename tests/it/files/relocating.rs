use super::{content, git, git_folder, repository, upload};
use crate::support::TestApp;
use serde_json::json;

#[tokio::test]
async fn a_moved_file_keeps_its_content_and_what_is_said_about_it() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    for (from, to, bytes) in [
        ("a.txt", "docs/a.md", b"text".to_vec()),
        ("w.nc", "data/w.custom", content(9_000, 1)),
    ] {
        let id = upload(&ana, "ana/net", from, bytes.clone()).await.expect(201).json()["files"][0]["file_id"].clone();
        let file = format!("/api/files/{}", id.as_str().unwrap());
        let facts = json!({ "description": "Monthly means", "content_type": "application/x-own" });
        let changed = ana.put(&file, &facts).await.ok();
        assert_eq!(
            (&changed["description"], &changed["mime_type"]),
            (&facts["description"], &facts["content_type"])
        );
        let download = ana.get(&format!("{file}/download")).await.expect(200);
        assert_eq!(download.header("content-type"), "application/x-own");
        let moved = ana.post(&format!("{file}/move"), &json!({ "path": to })).await.ok();
        let new_id = moved["files"][0]["file_id"].as_str().unwrap();
        ana.get(&file).await.refused(404, "not_found");
        let shown = ana.get(&format!("/api/files/{new_id}")).await.ok();
        assert_eq!(
            (&shown["path"], &shown["description"]),
            (&json!(to), &facts["description"])
        );
        assert!(ana.get(&format!("/api/ana/net/download/{to}")).await.expect(200).body == bytes);
    }
    let folder = git_folder(&app, &made);
    let attribute = git(&folder, &["check-attr", "--source=main", "filter", "data/w.custom"]);
    assert!(attribute.trim_end().ends_with("lfs"), "{attribute}");
    assert_eq!(git(&folder, &["rev-list", "--count", "main"]).trim(), "5");
    git(&folder, &["fsck", "--strict"]);
    ana.put("/api/files/f1AAAA", &json!({})).await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_move_that_is_refused_or_leads_nowhere_leaves_what_is_said_about_files() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let mut files = Vec::new();
    for (path, said) in [("a.txt", "First"), ("b.txt", "Second")] {
        let made = upload(&ana, "ana/net", path, path).await.expect(201).json();
        let file = format!("/api/files/{}", made["files"][0]["file_id"].as_str().unwrap());
        ana.put(&file, &json!({ "description": said })).await.ok();
        files.push(file);
    }
    let moved = |to: &str| ana.post(&format!("{}/move", files[0]), &json!({ "path": to }));
    moved("b.txt").await.refused(409, "conflict");
    moved("a.txt").await.refused(409, "conflict");
    for (file, said) in files.iter().zip(["First", "Second"]) {
        assert_eq!(ana.get(file).await.ok()["description"], said);
    }
    let copy = ana.post(&format!("{}/copy", files[0]), &json!({ "path": "b.txt" }));
    copy.await.refused(409, "conflict");
    assert_eq!(ana.get(&files[1]).await.ok()["description"], "Second");
    app.finish().await;
}

#[tokio::test]
async fn a_copy_in_another_repository_names_the_same_large_content() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let bo = app.user("bo").await;
    repository(&ana, "net", "public").await;
    repository(&bo, "fork", "public").await;
    let weights = content(200_000, 1);
    let ids: Vec<String> = {
        let large = upload(&ana, "ana/net", "w.nc", weights.clone())
            .await
            .expect(201)
            .json();
        let small = upload(&ana, "ana/net", "a.txt", "text").await.expect(201).json();
        [large, small]
            .iter()
            .map(|answer| answer["files"][0]["file_id"].as_str().unwrap().to_owned())
            .collect()
    };
    for (id, path) in ids.iter().zip(["in/w.nc", "in/a.txt"]) {
        let to = json!({ "path": path, "repository": "bo/fork" });
        bo.post(&format!("/api/files/{id}/copy"), &to).await.expect(201);
        bo.post(&format!("/api/files/{id}/copy"), &to)
            .await
            .refused(409, "conflict");
        bo.post(&format!("/api/files/{id}/move"), &to)
            .await
            .refused(403, "forbidden");
        ana.post(
            &format!("/api/files/{id}/copy"),
            &json!({ "path": "x", "repository": "bo/fork" }),
        )
        .await
        .refused(403, "forbidden");
    }
    assert!(bo.get("/api/bo/fork/download/in/w.nc").await.expect(200).body == weights);
    assert_eq!(
        bo.get("/api/bo/fork/download/in/a.txt").await.expect(200).text(),
        "text"
    );
    let within = json!({ "path": "copy.txt" });
    ana.post(&format!("/api/files/{}/copy", ids[1]), &within)
        .await
        .expect(201);
    assert_eq!(
        ana.get("/api/ana/net/download/copy.txt").await.expect(200).text(),
        "text"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_file_moves_to_another_repository_of_the_same_owner_and_is_deleted_by_a_commit() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "one", "public").await;
    let two = repository(&ana, "two", "private").await;
    let bytes = content(70_000, 2);
    let answer = upload(&ana, "ana/one", "w.nc", bytes.clone()).await.expect(201).json();
    let id = answer["files"][0]["file_id"].as_str().unwrap();
    let to = json!({ "path": "w.nc", "repository": "ana/two", "message": "Keep it private" });
    let moved = ana.post(&format!("/api/files/{id}/move"), &to).await.ok();
    ana.get("/api/ana/one/download/w.nc").await.refused(404, "not_found");
    // History stays readable.
    let old = format!(
        "/api/ana/one/download/w.nc?revision={}",
        answer["commit_id"].as_str().unwrap()
    );
    assert!(ana.get(&old).await.expect(200).body == bytes);
    let new_id = moved["files"][0]["file_id"].as_str().unwrap();
    assert!(ana.get(&format!("/api/files/{new_id}/download")).await.expect(200).body == bytes);
    ana.delete(&format!("/api/files/{new_id}")).await.ok();
    ana.get(&format!("/api/files/{new_id}")).await.refused(404, "not_found");
    let titles = git(&git_folder(&app, &two), &["log", "--format=%s", "main"]);
    assert_eq!(
        titles.lines().take(2).collect::<Vec<_>>(),
        ["Delete w.nc", "Keep it private"]
    );
    app.finish().await;
}
