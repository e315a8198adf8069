use crate::support::{Client, TestApp, until_answered};
use geoml_hub::base::{RepositoryId, UserId};
use geoml_hub::store::{Scan, Store, Table};
use serde_json::{Value, json};

const PARTS: &str = "/api/v1/repos/ana/hidden/collaborators";

async fn add(ana: &Client, name: &str, permission: &str) -> Value {
    let part = json!({ "username": name, "permission": permission });
    ana.post(PARTS, &part).await.expect(201).json()
}

/// A hub with a private repository `ana/hidden`.
async fn with_hidden() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("hidden", "private").await;
    (app, ana, ben)
}

#[tokio::test]
async fn a_collaborator_does_what_it_was_given_and_no_more() {
    let (app, ana, ben) = with_hidden().await;
    ben.get("/api/ana/hidden").await.refused(404, "not_found");
    let row = add(&ana, "ben", "read").await;
    assert_eq!((&row["username"], &row["permission"]), (&json!("ben"), &json!("read")));
    assert_eq!(ben.get("/api/ana/hidden").await.ok()["permission"], "read");
    assert_eq!(ben.get("/api/users/ana/repositories").await.ok()["total"], 1);
    ben.upload_call("ana/hidden", "a.txt", "a")
        .await
        .refused(403, "forbidden");

    let write = json!({ "username": "ben", "permission": "write" });
    let changed = ana.post(PARTS, &write).await.expect(200).json();
    assert_eq!(changed["since"], row["since"]);
    assert_eq!(ben.get("/api/ana/hidden").await.ok()["permission"], "write");
    ben.upload("ana/hidden", "a.txt", "a").await;
    ben.get("/api/ana/hidden/settings").await.refused(403, "forbidden");
    ben.get(PARTS).await.refused(403, "forbidden");
    ben.post(PARTS, &json!({ "username": "ben", "permission": "admin" }))
        .await
        .refused(403, "forbidden");

    let admin = json!({ "username": "ben", "permission": "admin" });
    ana.post(PARTS, &admin).await.expect(200);
    ben.put("/api/ana/hidden/settings", &json!({ "description": "by ben" }))
        .await
        .ok();
    app.user("eva").await;
    ben.post(PARTS, &json!({ "username": "eva", "permission": "read" }))
        .await
        .expect(201);
    ben.delete("/api/ana/hidden").await.refused(403, "forbidden");
    let listed = ana.get(PARTS).await.ok();
    let names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["username"])
        .collect();
    assert_eq!(names, ["ben", "eva"]);
    let events = app.admin().await.get("/api/ana/hidden").await.ok();
    assert_eq!(events["permission"], "admin");
    app.finish().await;
}

#[tokio::test]
async fn a_token_gives_a_collaborator_no_more_than_its_scope_and_its_repositories() {
    let (app, ana, ben) = with_hidden().await;
    add(&ana, "ben", "admin").await;
    ben.create_repository("own", "private").await;
    let mut tokens = Vec::new();
    for wish in [
        json!({ "name": "read", "scope": "read" }),
        json!({ "name": "write", "scope": "write", "repositories": ["ana/hidden"] }),
        json!({ "name": "own", "scope": "admin", "repositories": ["ben/own"] }),
    ] {
        let token = ben.post("/api/auth/tokens", &wish).await.ok()["token"].clone();
        tokens.push(ben.with_token(token.as_str().unwrap()));
    }
    let [read, write, own] = &tokens[..] else {
        unreachable!()
    };
    assert_eq!(read.get("/api/ana/hidden").await.ok()["permission"], "read");
    read.upload_call("ana/hidden", "a", "a").await.refused(403, "forbidden");
    assert_eq!(write.get("/api/ana/hidden").await.ok()["permission"], "write");
    write.upload("ana/hidden", "a", "a").await;
    write.get("/api/ana/hidden/settings").await.refused(403, "forbidden");
    own.get("/api/ana/hidden").await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_ended_part_holds_from_the_next_request_on_and_everybody_may_end_their_own() {
    let (app, ana, ben) = with_hidden().await;
    let eva = app.user("eva").await;
    let ben_id = add(&ana, "ben", "write").await["user_id"].as_str().unwrap().to_owned();
    let eva_id = add(&ana, "eva", "read").await["user_id"].as_str().unwrap().to_owned();
    let signed = ben
        .post("/api/ana/hidden/sign", &json!({ "path": "README.md" }))
        .await
        .ok()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    app.anonymous().get(&signed).await.expect(200);
    ben.delete(&format!("{PARTS}/{eva_id}")).await.refused(403, "forbidden");
    ana.delete(&format!("{PARTS}/{ben_id}")).await.expect(204);
    ben.get("/api/ana/hidden").await.refused(404, "not_found");
    app.anonymous().get(&signed).await.refused(404, "not_found");
    ana.delete(&format!("{PARTS}/{ben_id}")).await.refused(404, "not_found");
    eva.delete(&format!("{PARTS}/{eva_id}")).await.expect(204);
    eva.get("/api/ana/hidden").await.refused(404, "not_found");
    assert_eq!(ana.get(PARTS).await.ok()["total"], 0);
    app.finish().await;
}

#[tokio::test]
async fn whoever_cannot_be_a_collaborator_is_refused_with_the_field_named() {
    let (app, ana, ben) = with_hidden().await;
    let ben_id = ben.get("/api/users/ben").await.ok()["id"].clone();
    for (body, field) in [
        (json!({ "username": "ana", "permission": "read" }), "username"),
        (json!({ "username": "nobody", "permission": "read" }), "username"),
        (json!({ "username": "no/name", "permission": "read" }), "username"),
        (json!({ "permission": "read" }), "username"),
        (
            json!({ "username": "ben", "user_id": ben_id, "permission": "read" }),
            "username",
        ),
    ] {
        let reply = ana.post(PARTS, &body).await.expect(422).json();
        assert_eq!(reply["details"]["field"], field, "{body}: {reply}");
    }
    for body in [
        json!({ "username": "ben" }),
        json!({ "username": "ben", "permission": "owner" }),
    ] {
        let reply = ana.post(PARTS, &body).await;
        assert!(reply.status.is_client_error(), "{}", reply.text());
    }
    app.admin()
        .await
        .put("/api/users/ben", &json!({ "is_active": false }))
        .await
        .ok();
    ana.post(PARTS, &json!({ "user_id": ben_id, "permission": "read" }))
        .await
        .refused(422, "invalid");
    assert_eq!(ana.get(PARTS).await.ok()["total"], 0);
    app.finish().await;
}

pub(super) async fn soon(client: &Client, path: &str, total: u64) {
    until_answered(client, path, |found| found["total"] == total).await;
}

#[tokio::test]
async fn search_and_lists_show_a_private_repository_to_its_collaborators_while_they_are() {
    let (app, ana, ben) = with_hidden().await;
    let eva = app.user("eva").await;
    ana.upload("ana/hidden", "moraine.txt", "till").await;
    let id = add(&ana, "ben", "read").await["user_id"].as_str().unwrap().to_owned();
    let paths = [
        "/api/search/repositories?q=hidden",
        "/api/repositories",
        "/api/files/search?q=moraine",
    ];
    for path in paths {
        soon(&ben, path, 1).await;
        soon(&eva, path, 0).await;
    }
    ben.post("/api/ana/hidden/star", &json!({})).await.ok();
    assert_eq!(ben.get("/api/users/ben/starred").await.ok()["total"], 1);
    assert_eq!(eva.get("/api/users/ben/starred").await.ok()["total"], 0);
    ana.delete(&format!("{PARTS}/{id}")).await.expect(204);
    for path in paths {
        soon(&ben, path, 0).await;
    }
    assert_eq!(ben.get("/api/users/ben/starred").await.ok()["total"], 0);
    app.finish().await;
}

#[tokio::test]
async fn purging_a_repository_ends_its_parts_and_check_finds_those_that_lead_nowhere() {
    let (mut app, ana, ben) = with_hidden().await;
    add(&ana, "ben", "write").await;
    let id = ana.get("/api/ana/hidden").await.ok()["id"].as_str().unwrap().to_owned();
    ana.delete("/api/ana/hidden").await.expect(204);
    ben.get("/api/ana/hidden").await.refused(404, "not_found");
    let admin = app.admin().await;
    admin
        .post(&format!("/api/admin/repositories/{id}/restore"), &json!({}))
        .await
        .ok();
    ben.upload("ana/hidden", "a", "a").await;
    ana.delete("/api/ana/hidden").await.expect(204);
    admin
        .delete(&format!("/api/admin/repositories/{id}/hard-delete"))
        .await
        .expect(204);
    ana.create_repository("kept", "private").await;
    let part = json!({ "username": "ben", "permission": "read" });
    ana.post("/api/v1/repos/ana/kept/collaborators", &part)
        .await
        .expect(201);
    app.stop().await;
    app.assert_check_is_clean().await;

    let back: Table<(UserId, RepositoryId), ()> = Table::new("collaborators_by_account");
    let store = Store::open(&app.folder().join("hub.redb"), &geoml_hub::app::schema(), 1 << 20).unwrap();
    let keys = store.read(|tx| back.keys(tx, &Scan::all())).unwrap();
    assert_eq!(keys.len(), 1, "the rows of the purged repository are gone");
    let key = keys[0];
    store.write(move |tx| back.delete(tx, &key)).await.unwrap();
    store.close();
    let check = app.command(&["check"]).await;
    assert!(
        check.output.contains("has no way back"),
        "{}{}",
        check.output,
        check.errors
    );
    app.finish_without_check().await;
}
