use super::{create, refused};
use crate::support::{Client, TestApp};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, redirect};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BASE: &str = "/api/models/ana/rain";
const CARD: &str = "---\ntitle: Rain\nlicense: mit\ntags: [rain]\nlibrary_name: pytorch\npipeline_tag: tabular-regression\nlanguage: en\ndatasets: [ana/gauges]\n---\n# Rain\n";

/// A hub with a model of a card, a large file, folders and a picture of a path in Chinese.
async fn with_model() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    let files = [
        ("README.md", CARD.as_bytes().to_vec()),
        ("data/a.txt", b"a".to_vec()),
        ("data/deep/图 b.txt", b"bb".to_vec()),
        ("model.safetensors", vec![7; 5_000]),
    ];
    let files = files.map(|(path, content)| (path.to_owned(), content));
    ana.batch_call("ana/rain", files.to_vec()).await.ok();
    (app, ana)
}

fn links(link: &str) -> &str {
    let (address, relation) = link.split_once('>').unwrap();
    assert_eq!(relation, "; rel=\"next\"");
    address.trim_start_matches('<')
}

/// Every page of a list, by the header `Link`.
async fn pages(app: &TestApp, client: &Client, path: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut next) = (Vec::new(), path.to_owned());
    loop {
        let reply = client.get(&next).await.expect(200);
        pages.push(reply.json().as_array().unwrap().clone());
        match reply.header("link") {
            "" => return pages,
            link => links(link).strip_prefix(&app.address()).unwrap().clone_into(&mut next),
        }
    }
}

#[tokio::test]
async fn a_model_is_described_with_what_its_card_says_and_with_its_files() {
    let (app, ana) = with_model().await;
    let nobody = app.anonymous();
    let info = nobody.get(BASE).await.ok();
    let commits = ana.get("/api/ana/rain/commits").await.ok();
    assert_eq!(info["sha"], commits["items"][0]["id"]);
    assert_eq!((&info["id"], &info["author"]), (&json!("ana/rain"), &json!("ana")));
    assert_eq!(
        (&info["private"], &info["gated"], &info["disabled"]),
        (&json!(false), &json!(false), &json!(false))
    );
    assert_eq!(
        (&info["pipeline_tag"], &info["library_name"]),
        (&json!("tabular-regression"), &json!("pytorch"))
    );
    assert_eq!(info["cardData"]["license"], "mit");
    let tags: BTreeSet<&str> = info["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag.as_str().unwrap())
        .collect();
    for tag in [
        "rain",
        "pytorch",
        "license:mit",
        "en",
        "dataset:ana/gauges",
        "tabular-regression",
    ] {
        assert!(tags.contains(tag), "{tag}: {tags:?}");
    }
    let names: Vec<_> = info["siblings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["rfilename"])
        .collect();
    assert_eq!(
        names,
        [
            ".gitattributes",
            "README.md",
            "data/a.txt",
            "data/deep/图 b.txt",
            "model.safetensors"
        ]
    );
    assert!(info["siblings"][0].get("size").is_none());

    let with_blobs = nobody.get(&format!("{BASE}/revision/main?blobs=true")).await.ok();
    let large = &with_blobs["siblings"][4];
    assert_eq!((&large["size"], &large["lfs"]["size"]), (&json!(5_000), &json!(5_000)));
    assert_eq!(large["lfs"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(large["lfs"]["pointerSize"], 129);
    assert_eq!(
        with_blobs["siblings"][2]["blobId"],
        "2e65efe2a145dda7ee51d1741299f848e5bf752e"
    );

    let asked = nobody.get(&format!("{BASE}?expand=sha&expand=private")).await.ok();
    let fields: BTreeSet<&String> = asked.as_object().unwrap().keys().collect();
    assert_eq!(
        fields.into_iter().collect::<Vec<_>>(),
        ["_id", "id", "modelId", "private", "sha"]
    );
    let unknown = nobody.get(&format!("{BASE}?expand=colour")).await;
    assert!(refused(&unknown, 400, "").contains("expected one of \"author\"|"));
    refused(
        &nobody.get(&format!("{BASE}/revision/none")).await,
        404,
        "RevisionNotFound",
    );
    app.finish().await;
}

#[tokio::test]
async fn a_repository_without_a_commit_has_no_commit_and_no_files() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wish = json!({ "name": "rain", "kind": "model", "init_readme": false });
    ana.post("/api/v1/repos", &wish).await.expect(201);
    let info = ana.get(BASE).await.ok();
    assert_eq!((&info["sha"], &info["siblings"]), (&Value::Null, &json!([])));
    assert_eq!(ana.get(&format!("{BASE}/tree/main")).await.ok(), json!([]));
    assert_eq!(ana.get(&format!("{BASE}/commits/main")).await.ok(), json!([]));
    assert_eq!(ana.get(&format!("{BASE}/refs")).await.ok()["branches"], json!([]));
    refused(&ana.get(&format!("{BASE}/tree/v1")).await, 404, "RevisionNotFound");
    refused(&ana.get("/ana/rain/resolve/main/a.txt").await, 404, "RevisionNotFound");
    app.finish().await;
}

#[tokio::test]
async fn a_tree_is_listed_level_by_level_or_whole_and_page_by_page() {
    let (app, ana) = with_model().await;
    let root = ana.get(&format!("{BASE}/tree/main")).await.ok();
    let shown = |entries: &[Value]| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        entries
            .iter()
            .map(|entry| (text(&entry["type"]), text(&entry["path"])))
            .collect()
    };
    let entry = |kind: &str, path: &str| (kind.to_owned(), path.to_owned());
    let expected = [
        entry("file", ".gitattributes"),
        entry("file", "README.md"),
        entry("directory", "data"),
        entry("file", "model.safetensors"),
    ];
    assert_eq!(shown(root.as_array().unwrap()), expected);
    assert_eq!((&root[2]["size"], &root[3]["size"]), (&json!(0), &json!(5_000)));
    assert_eq!(root[3]["lfs"]["oid"].as_str().unwrap().len(), 64);
    assert!(root[3].get("lastCommit").is_none());

    let whole = pages(
        &app,
        &ana,
        &format!("{BASE}/tree/main?recursive=True&expand=true&limit=2"),
    )
    .await;
    assert!(
        whole.iter().all(|page| page.len() <= 2) && whole.len() == 4,
        "{whole:?}"
    );
    let whole = whole.concat();
    let expected = [
        entry("file", ".gitattributes"),
        entry("file", "README.md"),
        entry("directory", "data"),
        entry("file", "data/a.txt"),
        entry("directory", "data/deep"),
        entry("file", "data/deep/图 b.txt"),
        entry("file", "model.safetensors"),
    ];
    assert_eq!(shown(&whole), expected);
    assert_eq!(whole[0]["lastCommit"]["title"], "Create the repository");
    assert_eq!(whole[5]["lastCommit"]["title"], "Add 4 files");

    let below = ana.get(&format!("{BASE}/tree/main/data%2Fdeep")).await.ok();
    assert_eq!(shown(below.as_array().unwrap()), [entry("file", "data/deep/图 b.txt")]);
    for missing in ["none", "README.md"] {
        let reply = ana.get(&format!("{BASE}/tree/main/{missing}")).await;
        refused(&reply, 404, "EntryNotFound");
        assert_eq!(reply.header("x-repo-commit").len(), 40);
    }
    refused(&ana.get(&format!("{BASE}/tree/none")).await, 404, "RevisionNotFound");
    app.finish().await;
}

#[tokio::test]
async fn pages_of_a_tree_belong_together_while_the_branch_moves() {
    let (app, ana) = with_model().await;
    let first = ana
        .get(&format!("{BASE}/tree/main?recursive=true&limit=3"))
        .await
        .expect(200);
    let next = links(first.header("link"))
        .strip_prefix(&app.address())
        .unwrap()
        .to_owned();
    ana.upload("ana/rain", "data/new.txt", "new").await;
    let rest = pages(&app, &ana, &next).await.concat();
    assert_eq!(rest.len(), 4, "{rest:?}");
    assert_eq!(rest[0]["path"], "data/a.txt");
    app.finish().await;
}

#[tokio::test]
async fn paths_are_looked_up_by_a_form_and_by_json() {
    let (app, ana) = with_model().await;
    let address = format!("{BASE}/paths-info/main");
    let form = "paths=data&paths=none&paths=model.safetensors&expand=True";
    let call = ana
        .call(Method::POST, &address)
        .header("content-type", "application/x-www-form-urlencoded");
    let found = call.body(form).await.ok();
    let kinds: Vec<_> = found.as_array().unwrap().iter().map(|entry| &entry["type"]).collect();
    assert_eq!(kinds, ["directory", "file"]);
    assert_eq!(found[1]["lastCommit"]["title"], "Add 4 files");
    let found = ana
        .post(&address, &json!({ "paths": ["data/deep/图 b.txt"], "expand": false }))
        .await
        .ok();
    assert_eq!(
        (&found[0]["path"], &found[0]["size"]),
        (&json!("data/deep/图 b.txt"), &json!(2))
    );
    let found = ana.post(&address, &json!({ "paths": "README.md" })).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 1);
    let many: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    refused(&ana.post(&address, &json!({ "paths": many })).await, 413, "");
    refused(&ana.post(&address, &json!({ "colours": [] })).await, 400, "");
    app.finish().await;
}

#[tokio::test]
async fn a_file_is_sent_with_the_headers_by_which_clients_keep_it() {
    let (app, ana) = with_model().await;
    let sha = ana.get(BASE).await.ok()["sha"].as_str().unwrap().to_owned();
    let plain = ana.head("/ana/rain/resolve/main/data%2Fa.txt").await.expect(200);
    assert_eq!(plain.header("x-repo-commit"), sha);
    assert_eq!(plain.header("etag"), "\"2e65efe2a145dda7ee51d1741299f848e5bf752e\"");
    assert_eq!(
        (plain.header("content-length"), plain.header("accept-ranges")),
        ("1", "bytes")
    );
    assert_eq!(plain.header("x-linked-etag"), "");
    let large = "/ana/rain/resolve/main/model.safetensors";
    let head = ana.head(large).await.expect(200);
    assert_eq!(head.header("x-linked-size"), "5000");
    assert_eq!(head.header("x-linked-etag"), head.header("etag"));
    assert_eq!(head.header("etag").len(), 66);
    assert_eq!(
        (head.header("content-length"), head.header("content-encoding")),
        ("5000", "")
    );

    assert_eq!(ana.get(large).await.expect(200).body, vec![7; 5_000]);
    let part = ana.get(large).header("range", "bytes=4990-999999").await.expect(206);
    assert_eq!(
        (part.body.len(), part.header("content-range")),
        (10, "bytes 4990-4999/5000")
    );
    let behind = ana.get(large).header("range", "bytes=5000-").await.expect(416);
    assert_eq!(behind.header("content-range"), "bytes */5000");
    let chinese = ana
        .get(&format!("/ana/rain/resolve/{sha}/data/deep/图 b.txt"))
        .await
        .expect(200);
    assert_eq!(chinese.text(), "bb");

    for missing in ["none.txt", "data"] {
        let reply = ana.head(&format!("/ana/rain/resolve/main/{missing}")).await;
        refused(&reply, 404, "EntryNotFound");
        assert_eq!(reply.header("x-repo-commit"), sha);
    }
    refused(&ana.head("/ana/rain/resolve/none/a.txt").await, 404, "RevisionNotFound");
    refused(&ana.head("/ana/none/resolve/main/a.txt").await, 404, "RepoNotFound");
    refused(&ana.head("/none/resolve/main/a.txt").await, 404, "RepoNotFound");
    refused(
        &app.anonymous().get("/datasets/ana/rain/resolve/main/README.md").await,
        401,
        "RepoNotFound",
    );
    app.finish().await;
}

#[tokio::test]
async fn datasets_have_their_files_below_a_prefix_and_old_names_lead_to_them() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let dataset = json!({ "name": "gauges", "type": "dataset" });
    ana.post("/api/repos/create", &dataset).await.ok();
    let part = Part::bytes(b"1,2".to_vec()).file_name("file");
    let form = Form::new().text("path", "a.csv").part("file", part);
    ana.call(Method::POST, "/api/ana/gauges/upload?repo_type=dataset")
        .form(form)
        .await
        .ok();
    let moved = json!({ "fromRepo": "ana/gauges", "toRepo": "ana/stations", "type": "dataset" });
    ana.post("/api/repos/move", &moved).await.ok();
    let client = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let old = format!(
        "{}/datasets/ana/gauges/resolve/refs%2Fheads%2Fmain/a.csv?download=true",
        app.address()
    );
    let reply = client.get(&old).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 307);
    let location = reply.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(
        location,
        "/datasets/ana/stations/resolve/refs%2Fheads%2Fmain/a.csv?download=true"
    );
    assert_eq!(ana.get(&location).await.expect(200).text(), "1,2");
    let info = ana.get("/api/datasets/ana/stations").await.ok();
    assert_eq!(
        (&info["id"], &info["description"]),
        (&json!("ana/stations"), &json!(""))
    );
    app.finish().await;
}

#[tokio::test]
async fn branches_tags_and_commits_are_told_as_clients_take_them() {
    let (app, ana) = with_model().await;
    ana.post("/api/v1/repos/ana/rain/branches", &json!({ "name": "dev/x" }))
        .await
        .expect(201);
    ana.post("/api/v1/repos/ana/rain/tags", &json!({ "name": "v1" }))
        .await
        .expect(201);
    let refs = ana.get(&format!("{BASE}/refs?include_prs=1")).await.ok();
    let sha = &refs["branches"][0]["targetCommit"];
    assert_eq!(
        refs["branches"][0],
        json!({ "name": "main", "ref": "refs/heads/main", "targetCommit": sha })
    );
    assert_eq!(refs["branches"][1]["ref"], "refs/heads/dev/x");
    assert_eq!(
        (&refs["tags"][0]["ref"], &refs["tags"][0]["targetCommit"]),
        (&json!("refs/tags/v1"), sha)
    );
    assert_eq!((&refs["converts"], &refs["pullRequests"]), (&json!([]), &json!([])));
    assert!(
        ana.get(&format!("{BASE}/refs"))
            .await
            .ok()
            .get("pullRequests")
            .is_none()
    );

    let commits = pages(
        &app,
        &ana,
        &format!("{BASE}/commits/dev%2Fx?limit=1&expand[]=formatted"),
    )
    .await;
    assert_eq!(commits.len(), 2);
    let newest = &commits[0][0];
    assert_eq!(
        (&newest["id"], &newest["title"], &newest["message"]),
        (sha, &json!("Add 4 files"), &json!(""))
    );
    assert_eq!(
        (&newest["authors"][0]["user"], &newest["formatted"]["title"]),
        (&json!("ana"), &json!("Add&#32;4&#32;files"))
    );
    refused(&ana.get(&format!("{BASE}/commits/none")).await, 404, "RevisionNotFound");
    app.finish().await;
}
