use crate::support::{Client, TestApp};
use serde_json::{Value, json};

const LOCKS: &str = "/api/v1/repos/ana/net/info/lfs/locks";

async fn with_writer() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("net", "private").await;
    let part = json!({ "username": "ben", "permission": "write" });
    ana.post("/api/v1/repos/ana/net/collaborators", &part).await.expect(201);
    (app, ana, ben)
}

async fn lock(client: &Client, path: &str) -> Value {
    let wish = json!({ "path": path, "ref": { "name": "refs/heads/main" } });
    client.post(LOCKS, &wish).await.expect(201).json()["lock"].clone()
}

fn paths(locks: &Value) -> Vec<&str> {
    locks
        .as_array()
        .unwrap()
        .iter()
        .map(|lock| lock["path"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_path_is_locked_once_and_unlocked_by_its_owner_or_by_force() {
    let (app, ana, ben) = with_writer().await;
    let locked = lock(&ben, "weights/a.bin").await;
    assert_eq!(locked["owner"]["name"], "ben");
    assert_eq!(locked["path"], "weights/a.bin");
    let conflict = ana
        .post(LOCKS, &json!({ "path": "weights/a.bin" }))
        .await
        .expect(409)
        .json();
    assert_eq!(conflict["lock"]["id"], locked["id"]);
    assert!(conflict["message"].as_str().unwrap().contains("locked"));
    let mine = lock(&ana, "weights/b.bin").await;

    let unlock = |lock: &Value| format!("{LOCKS}/{}/unlock", lock["id"].as_str().unwrap());
    ben.post(&unlock(&mine), &json!({})).await.expect(403);
    ben.post(&unlock(&mine), &json!({ "force": true })).await.expect(403);
    ana.post(&unlock(&locked), &json!({})).await.expect(403);
    let gone = ana.post(&unlock(&locked), &json!({ "force": true })).await.ok();
    assert_eq!(gone["lock"]["path"], "weights/a.bin");
    ana.post(&unlock(&locked), &json!({ "force": true })).await.expect(404);
    ana.delete(&format!("{LOCKS}/{}", mine["id"].as_str().unwrap()))
        .await
        .ok();

    let again = lock(&ben, "weights/a.bin").await;
    let address = format!("{LOCKS}/{}", again["id"].as_str().unwrap());
    ana.delete(&address).await.expect(403);
    ana.delete(&format!("{address}?force=true")).await.ok();
    ana.delete(&format!("{LOCKS}/nonsense")).await.expect(404);
    assert_eq!(ana.get(LOCKS).await.ok()["locks"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn locks_are_listed_by_path_id_and_page() {
    let (app, ana, ben) = with_writer().await;
    for path in ["d", "b", "e", "a/x", "c"] {
        lock(if path < "c" { &ana } else { &ben }, path).await;
    }
    let all = ana.get(LOCKS).await.ok();
    assert_eq!(paths(&all["locks"]), ["a/x", "b", "c", "d", "e"]);
    assert!(all.get("next_cursor").is_none());
    let first = ana.get(&format!("{LOCKS}?limit=2&refspec=refs/heads/other")).await.ok();
    assert_eq!(paths(&first["locks"]), ["a/x", "b"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ana.get(&format!("{LOCKS}?limit=3&cursor={cursor}")).await.ok();
    assert_eq!(paths(&second["locks"]), ["c", "d", "e"]);
    assert!(second.get("next_cursor").is_none());
    let one = ana.get(&format!("{LOCKS}?path=a%2Fx")).await.ok();
    assert_eq!(paths(&one["locks"]), ["a/x"]);
    let id = one["locks"][0]["id"].as_str().unwrap();
    assert_eq!(
        paths(&ana.get(&format!("{LOCKS}?id={id}")).await.ok()["locks"]),
        ["a/x"]
    );
    for nothing in ["path=absent", "id=nonsense", &format!("path=b&id={id}")] {
        assert_eq!(
            ana.get(&format!("{LOCKS}?{nothing}")).await.ok()["locks"],
            json!([]),
            "{nothing}"
        );
    }
    ana.get(&format!("{LOCKS}?limit=1001")).await.expect(422);

    let verified = ben.post(&format!("{LOCKS}/verify"), &json!({ "limit": 4 })).await.ok();
    assert_eq!(
        (paths(&verified["ours"]), paths(&verified["theirs"])),
        (vec!["c", "d"], vec!["a/x", "b"])
    );
    let rest = json!({ "cursor": verified["next_cursor"] });
    let rest = ben.post(&format!("{LOCKS}/verify"), &rest).await.ok();
    assert_eq!((paths(&rest["ours"]), paths(&rest["theirs"])), (vec!["e"], vec![]));
    app.finish().await;
}

#[tokio::test]
async fn locking_needs_write_access_and_listing_read_access() {
    let (app, ana, _) = with_writer().await;
    let (eva, anonymous) = (app.user("eva").await, app.anonymous());
    let held = lock(&ana, "a").await;
    let unlock = format!("{LOCKS}/{}/unlock", held["id"].as_str().unwrap());
    let wish = json!({ "path": "b" });
    for (client, reading, writing) in [(&eva, 404, 404), (&anonymous, 401, 401)] {
        client.get(LOCKS).await.expect(reading);
        client.post(LOCKS, &wish).await.expect(writing);
        client
            .post(&format!("{LOCKS}/verify"), &json!({}))
            .await
            .expect(writing);
        client.post(&unlock, &json!({ "force": true })).await.expect(writing);
    }
    ana.put("/api/ana/net/settings", &json!({ "visibility": "public" }))
        .await
        .ok();
    for (client, writing) in [(&eva, 403), (&anonymous, 401)] {
        assert_eq!(paths(&client.get(LOCKS).await.ok()["locks"]), ["a"]);
        client.post(LOCKS, &wish).await.expect(writing);
        client
            .post(&format!("{LOCKS}/verify"), &json!({}))
            .await
            .expect(writing);
        client.post(&unlock, &json!({ "force": true })).await.expect(writing);
    }
    for bad in ["", "../a", "/a", ".git/config", "a\u{0}b"] {
        ana.post(LOCKS, &json!({ "path": bad })).await.expect(422);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_lock_follows_its_file_and_ends_with_its_repository() {
    let (app, ana, ben) = with_writer().await;
    ana.upload("ana/net", "old.txt", "text").await;
    lock(&ben, "old.txt").await;
    let files = ana.get("/api/ana/net/files").await.ok();
    let file = files["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["path"] == "old.txt")
        .unwrap();
    let id = file["file_id"].as_str().unwrap();
    ana.post(&format!("/api/files/{id}/move"), &json!({ "path": "new.txt" }))
        .await
        .ok();
    let locks = ana.get(LOCKS).await.ok();
    assert_eq!(paths(&locks["locks"]), ["new.txt"]);
    assert_eq!(locks["locks"][0]["owner"]["name"], "ben");

    let repository = ana.get("/api/ana/net").await.ok()["id"].as_str().unwrap().to_owned();
    ana.delete("/api/ana/net").await.expect(204);
    let admin = app.admin().await;
    admin
        .delete(&format!("/api/admin/repositories/{repository}/hard-delete"))
        .await
        .expect(204);
    ana.create_repository("net", "public").await;
    assert_eq!(ana.get(LOCKS).await.ok()["locks"], json!([]));
    app.finish().await;
}

#[tokio::test]
async fn of_many_who_lock_one_path_at_once_one_gets_it() {
    let (app, ana, ben) = with_writer().await;
    let attempts = (0..12).map(|number| {
        let client = if number % 2 == 0 { ana.clone() } else { ben.clone() };
        tokio::spawn(async move { client.post(LOCKS, &json!({ "path": "one" })).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    app.finish().await;
}
