use super::{repository, upload};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::time::Duration;

async fn sign(client: &Client, repository: &str, wish: Value) -> String {
    let answer = client.post(&format!("/api/{repository}/sign"), &wish).await.ok();
    answer["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_signed_address_reads_a_private_file_without_a_token() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "private").await;
    upload(&ana, "ana/net", "图/a b#1.png", "picture").await.expect(201);
    let url = sign(&ana, "ana/net", json!({ "path": "图/a b#1.png", "inline": true })).await;
    let anonymous = app.anonymous();
    let shown = anonymous.get(&url).await.expect(200);
    assert_eq!(shown.text(), "picture");
    assert!(shown.header("content-disposition").starts_with("inline;"));
    assert_eq!(shown.header("content-type"), "image/png");
    anonymous.head(&url).await.expect(200);
    anonymous.get(&url).header("range", "bytes=0-1").await.expect(206);
    // All of it, or a folder, in every form of archive that there is.
    for path in ["", "图"] {
        for (format, begins) in [("zip", &b"PK"[..]), ("tar.gz", &[0x1f, 0x8b])] {
            let archive = sign(&ana, "ana/net", json!({ "path": path, "format": format })).await;
            let sent = anonymous.get(&archive).await.expect(200);
            assert!(sent.body.starts_with(begins), "{archive}");
            assert!(sent.header("content-disposition").contains(&format!(".{format}")));
            let other = if format == "zip" { "tar.gz" } else { "zip" };
            let changed = archive.replace(&format!("format={format}"), &format!("format={other}"));
            anonymous.get(&changed).await.refused(403, "forbidden");
        }
    }
    ana.post("/api/ana/net/sign", &json!({ "path": "", "format": "rar" }))
        .await
        .refused(422, "invalid");
    // What the signature does not cover is refused, whoever asks.
    for changed in [
        url.replace("inline=true", "inline=false"),
        url.replace("%20b", "%20c"),
        format!("{url}&revision=main"),
        url[..url.len() - 1].to_owned(),
    ] {
        anonymous.get(&changed).await.refused(403, "forbidden");
    }
    ana.get(&format!("{url}x")).await.refused(403, "forbidden");
    app.finish().await;
}

#[tokio::test]
async fn a_signed_address_ends_with_the_right_of_its_account_and_with_its_time() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__LINK_LIFETIME", "10s")])
        .start()
        .await;
    let admin = app.admin().await;
    let ana = app.user("ana").await;
    let stranger = app.user("stranger").await;
    repository(&ana, "net", "private").await;
    upload(&ana, "ana/net", "a.txt", "text").await.expect(201);
    let wish = json!({ "path": "a.txt" });
    stranger
        .post("/api/ana/net/sign", &wish)
        .await
        .refused(404, "not_found");
    app.anonymous()
        .post("/api/ana/net/sign", &wish)
        .await
        .refused(404, "not_found");
    ana.post("/api/ana/net/sign", &json!({ "path": "../a.txt" }))
        .await
        .refused(422, "invalid");
    let of_admin = sign(&admin, "ana/net", wish.clone()).await;
    app.anonymous().get(&of_admin).await.expect(200);
    let of_ana = sign(&ana, "ana/net", wish.clone()).await;
    let deactivate = json!({ "is_active": false });
    admin.put("/api/users/ana", &deactivate).await.ok();
    app.anonymous().get(&of_ana).await.refused(401, "unauthorized");
    admin.put("/api/users/ana", &json!({ "is_active": true })).await.ok();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let late = app.anonymous().get(&of_admin).await.refused(403, "forbidden");
    assert!(late.contains("expired"), "{late}");
    app.finish().await;
}

#[tokio::test]
async fn images_of_private_texts_come_by_signed_addresses_and_others_by_plain_ones() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for visibility in ["public", "private"] {
        repository(&ana, visibility, visibility).await;
        let name = format!("ana/{visibility}");
        let text = "---\ntitle: x\n---\n# Rain\n\n![map](../maps/雨.png) [data](a.csv)\n";
        upload(&ana, &name, "maps/雨.png", "picture").await.expect(201);
        upload(&ana, &name, "docs/rain.md", text).await.expect(201);
        upload(&ana, &name, "README.md", text.replace("../", ""))
            .await
            .expect(201);
        let plain = ana.get(&format!("/api/{name}/blob/docs/rain.md")).await.ok();
        assert!(plain.get("html").is_none());
        let blob = ana
            .get(&format!("/api/{name}/blob/docs/rain.md?render=true"))
            .await
            .ok();
        let card = ana.get(&format!("/api/{name}/model-card")).await.ok();
        let link = format!("href=\"/{name}/blob/main/docs/a.csv\"");
        assert!(blob["html"].as_str().unwrap().contains(&link), "{blob}");
        for html in [&blob["html"], &card["html"]] {
            let html = html.as_str().unwrap();
            assert!(!html.contains("title: x"), "{html}");
            let image = html.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(image.contains("signature="), visibility == "private", "{image}");
            let shown = app.anonymous().get(&image.replace("&amp;", "&")).await.expect(200);
            assert_eq!(shown.text(), "picture");
        }
    }
    let preview = json!({ "text": "---\na: 1\n---\n**rain** <script>alert(1)</script>" });
    app.anonymous()
        .post("/api/markdown", &preview)
        .await
        .refused(401, "unauthorized");
    let html = ana.post("/api/markdown", &preview).await.ok()["html"].clone();
    assert_eq!(html.as_str().unwrap().trim(), "<p><strong>rain</strong> </p>");
    app.finish().await;
}

#[tokio::test]
async fn what_a_browser_shows_as_it_is_runs_nothing_and_only_the_hub_may_frame_it() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    // The browser's own viewer of PDF would run the scripts of a document, so it is saved in place of shown.
    for (path, disposition) in [("a.pdf", "attachment"), ("a.svg", "inline"), ("a.html", "inline")] {
        upload(&ana, "ana/net", path, "content").await.expect(201);
        let address = format!("/api/ana/net/download/{path}?inline=true");
        let shown = app.anonymous().get(&address).await;
        let again = app
            .anonymous()
            .get(&address)
            .header("if-none-match", shown.header("etag"))
            .await;
        assert_eq!(again.status, 304, "{path}");
        for given in [&shown, &again].map(|reply| reply.header("content-security-policy")) {
            assert!(given.contains("; sandbox"), "{path}: {given}");
            assert!(given.contains("frame-ancestors 'self'"), "{path}: {given}");
        }
        assert!(shown.header("content-disposition").starts_with(disposition), "{path}");
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
    }
    app.finish().await;
}
