use super::collaborators::soon;
use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};

/// A hub with the organization `lab`, which ana founded, and ben, who is no member yet.
async fn with_lab(private_by_default: bool) -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let wish = json!({ "name": "lab", "full_name": "冰川实验室", "private_by_default": private_by_default });
    ana.post("/api/v1/organizations", &wish).await.expect(201);
    (app, ana, ben)
}

async fn set_role(ana: &Client, name: &str, role: &str) -> u16 {
    let address = format!("/api/v1/organizations/lab/members/{name}");
    ana.put(&address, &json!({ "role": role })).await.status.as_u16()
}

async fn make(client: &Client, name: &str) -> Reply {
    let wish = json!({ "name": name, "repo_type": "model", "owner": "lab" });
    client.post("/api/repositories", &wish).await
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["account"]["username"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_founder_administers_an_organization_and_chooses_its_members() {
    let (app, ana, ben) = with_lab(false).await;
    let lab = ana.get("/api/v1/organizations/LAB").await.ok();
    assert_eq!(
        (&lab["kind"], &lab["your_role"], &lab["member_count"]),
        (&json!("organization"), &json!("admin"), &json!(1))
    );
    ben.put("/api/v1/organizations/lab/members/ben", &json!({ "role": "admin" }))
        .await
        .refused(403, "forbidden");
    assert_eq!(set_role(&ana, "ben", "read").await, 201);
    assert_eq!(set_role(&ana, "ben", "write").await, 200);
    assert_eq!(
        names(&app.anonymous().get("/api/v1/organizations/lab/members").await.ok()),
        ["ana", "ben"]
    );
    let of_ben = ben.get("/api/v1/users/ben/organizations").await.ok();
    assert_eq!(
        (names(&of_ben), &of_ben["items"][0]["role"]),
        (vec!["lab"], &json!("write"))
    );
    // Only with the highest role.
    assert_eq!(set_role(&ben, "ben", "admin").await, 403);
    ben.delete("/api/v1/organizations/lab/members/ana")
        .await
        .refused(403, "forbidden");
    ben.put("/api/users/lab", &json!({ "bio": "Ours now." }))
        .await
        .refused(403, "forbidden");
    ana.put("/api/users/lab", &json!({ "bio": "Ice.", "private_by_default": true }))
        .await
        .ok();
    let lab = ana.get("/api/v1/organizations/lab").await.ok();
    assert_eq!(
        (&lab["bio"], &lab["private_by_default"]),
        (&json!("Ice."), &json!(true))
    );
    assert!(ben.get("/api/v1/organizations/lab").await.ok()["private_by_default"].is_null());
    // Everybody may leave, but for the last who administers.
    ana.delete("/api/v1/organizations/lab/members/ana")
        .await
        .refused(409, "conflict");
    assert_eq!(set_role(&ana, "ana", "write").await, 409);
    ben.delete("/api/v1/organizations/lab/members/ben").await.expect(204);
    ben.delete("/api/v1/organizations/lab/members/ben")
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn nobody_signs_in_as_an_organization() {
    let (app, ana, _) = with_lab(false).await;
    let admin = app.admin().await;
    for (client, body) in [
        (&ana, json!({ "email": "lab@example.org" })),
        (&admin, json!({ "is_admin": true })),
    ] {
        client.put("/api/users/lab", &body).await.refused(422, "invalid");
    }
    for client in [&ana, &admin] {
        let wish = json!({ "new_password": "correct horse battery" });
        client
            .put("/api/users/lab/password", &wish)
            .await
            .refused(422, "invalid");
    }
    let login = json!({ "username": "lab", "password": "correct horse battery" });
    app.anonymous()
        .post("/api/auth/login", &login)
        .await
        .refused(401, "unauthorized");
    // One namespace for all accounts, and members are people.
    let taken = json!({ "name": "BEN" });
    ana.post("/api/v1/organizations", &taken).await.refused(409, "conflict");
    ana.post("/api/v1/organizations", &json!({ "name": "snow" }))
        .await
        .expect(201);
    assert_eq!(set_role(&ana, "snow", "read").await, 422);
    assert_eq!(set_role(&ana, "nobody", "read").await, 422);
    app.anonymous()
        .get("/api/v1/organizations/ben")
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn members_do_what_their_role_says_in_repositories_of_the_organization() {
    let (app, ana, ben) = with_lab(true).await;
    let made = make(&ana, "ice").await.expect(201).json();
    assert_eq!(
        (&made["visibility"], &made["full_name"]),
        (&json!("private"), &json!("lab/ice"))
    );
    make(&ben, "mine").await.refused(403, "forbidden");
    ben.get("/api/lab/ice").await.refused(404, "not_found");

    assert_eq!(set_role(&ana, "ben", "read").await, 201);
    assert_eq!(ben.get("/api/lab/ice").await.ok()["permission"], "read");
    assert_eq!(ben.get("/api/users/lab/repositories").await.ok()["total"], 1);
    make(&ben, "mine").await.refused(403, "forbidden");
    ben.upload_call("lab/ice", "a.txt", "a").await.refused(403, "forbidden");

    assert_eq!(set_role(&ana, "ben", "contributor").await, 200);
    make(&ben, "mine").await.expect(201);
    assert_eq!(ben.get("/api/lab/mine").await.ok()["permission"], "admin");
    ben.upload("lab/mine", "a.txt", "a").await;
    ben.upload_call("lab/ice", "a.txt", "a").await.refused(403, "forbidden");
    ben.delete("/api/lab/ice").await.refused(403, "forbidden");

    assert_eq!(set_role(&ana, "ben", "write").await, 200);
    ben.upload("lab/ice", "a.txt", "a").await;
    ben.put("/api/lab/ice/settings", &json!({ "description": "by ben" }))
        .await
        .ok();

    ben.delete("/api/v1/organizations/lab/members/ben").await.expect(204);
    for name in ["ice", "mine"] {
        ben.get(&format!("/api/lab/{name}")).await.refused(404, "not_found");
    }
    // A role says nothing of other namespaces.
    let wish = json!({ "name": "elsewhere", "owner": "ana" });
    assert_eq!(set_role(&ana, "ben", "admin").await, 201);
    ben.post("/api/repositories", &wish).await.refused(403, "forbidden");
    ben.delete("/api/lab/ice").await.ok();
    app.finish().await;
}

#[tokio::test]
async fn a_members_token_gives_no_more_than_its_scope_and_its_repositories() {
    let (app, ana, ben) = with_lab(true).await;
    make(&ana, "ice").await.expect(201);
    make(&ana, "snow").await.expect(201);
    assert_eq!(set_role(&ana, "ben", "admin").await, 201);
    let mut tokens = Vec::new();
    for wish in [
        json!({ "name": "read", "scope": "read" }),
        json!({ "name": "snow", "scope": "admin", "repositories": ["lab/snow"] }),
    ] {
        let token = ben.post("/api/auth/tokens", &wish).await.ok()["token"].clone();
        tokens.push(ben.with_token(token.as_str().unwrap()));
    }
    let [read, snow] = &tokens[..] else { unreachable!() };
    assert_eq!(read.get("/api/lab/ice").await.ok()["permission"], "read");
    make(read, "more").await.refused(403, "forbidden");
    snow.upload("lab/snow", "a", "a").await;
    snow.get("/api/lab/ice").await.refused(404, "not_found");
    make(snow, "more").await.refused(403, "forbidden");
    for token in [read, snow] {
        assert_eq!(set_role(token, "ana", "read").await, 403);
        token
            .delete("/api/v1/organizations/lab/members/ben")
            .await
            .refused(403, "forbidden");
        token
            .put("/api/users/lab", &json!({ "bio": "x" }))
            .await
            .refused(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test]
async fn members_find_what_is_private_in_their_organization_and_nobody_else_does() {
    let (app, ana, ben) = with_lab(true).await;
    make(&ana, "glacier-mask").await.expect(201);
    let path = "/api/search/repositories?q=glacier";
    soon(&ana, path, 1).await;
    let found = async |client: &Client| client.get(path).await.ok()["total"].clone();
    assert_eq!(found(&ben).await, 0);
    // A new member finds it at once: what it may read is no part of the index.
    set_role(&ana, "ben", "read").await;
    assert_eq!(found(&ben).await, 1);
    let suggested = ben.get("/api/search/suggestions?q=glac").await.ok();
    assert!(suggested.to_string().contains("glacier-mask"), "{suggested}");
    ben.delete("/api/v1/organizations/lab/members/ben").await.expect(204);
    assert_eq!(found(&ben).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_repository_moves_to_another_namespace_and_its_old_address_leads_there() {
    let (app, ana, ben) = with_lab(true).await;
    ben.create_repository("rain", "private").await;
    ben.upload("ben/rain", "data.bin", "0123456789").await;
    let mv = json!({ "fromRepo": "ben/rain", "toRepo": "lab/rainfall" });
    // No right to make repositories there.
    ben.post("/api/repos/move", &mv).await.refused(403, "forbidden");
    assert_eq!(set_role(&ana, "ben", "contributor").await, 201);
    // Only who does everything with it may give it away.
    let part = json!({ "username": "ana", "permission": "admin" });
    ben.post("/api/v1/repos/ben/rain/collaborators", &part)
        .await
        .expect(201);
    ana.post("/api/repos/move", &mv).await.refused(403, "forbidden");
    ben.post("/api/repos/move", &mv).await.ok();
    let moved = ana.get("/api/lab/rainfall").await.ok();
    assert_eq!(moved["full_name"], "lab/rainfall");
    assert_eq!(ana.get("/api/ben/rain").await.ok()["full_name"], "lab/rainfall");
    app.anonymous().get("/api/ben/rain").await.refused(404, "not_found");
    // Who made it does everything with it, as before.
    assert_eq!(ben.get("/api/lab/rainfall").await.ok()["permission"], "admin");
    assert_eq!(ben.get("/api/users/ben/repositories").await.ok()["total"], 0);
    soon(&ana, "/api/search/repositories?q=rainfall", 1).await;
    assert_eq!(
        ana.get("/api/search/repositories?q=rainfall").await.ok()["items"][0]["full_name"],
        "lab/rainfall"
    );
    // The old name is free, and then leads nowhere else.
    ben.create_repository("rain", "private").await;
    assert_eq!(ben.get("/api/ben/rain").await.ok()["full_name"], "ben/rain");
    let back = json!({ "fromRepo": "lab/rainfall", "toRepo": "ben/rain" });
    ben.post("/api/repos/move", &back).await.refused(409, "conflict");
    let back = json!({ "fromRepo": "lab/rainfall", "toRepo": "ben/rain-2" });
    ben.post("/api/repos/move", &back).await.ok();
    ana.get("/api/lab/rainfall").await.ok();
    app.finish().await;
}
