use crate::support::{Call, Client, TestApp};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/ui")
}

/// The page as it was built; nothing before the web UI is built for the first time.
fn page() -> Option<String> {
    std::fs::read_to_string(folder().join("index.html")).ok()
}

/// Addresses of files that the page names.
fn files_named_by(page: &str) -> Vec<String> {
    let mut files: Vec<String> = page
        .split(['"', '\''])
        .filter(|text| text.contains("_app/immutable/"))
        .map(|text| format!("/{}", text.trim_start_matches(['.', '/'])))
        .collect();
    files.sort();
    files.dedup();
    files
}

fn browse(client: &Client, path: &str) -> Call {
    client.get(path).header("accept", BROWSER)
}

#[tokio::test]
async fn a_browser_gets_the_page_at_every_address_for_people() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    for path in [
        "/",
        "/ana",
        "/ana/landslides",
        "/search?q=x",
        "/datasets/ana/x/blob/main/a.csv",
        "/登录",
    ] {
        let reply = browse(&anonymous, path).await;
        let Some(page) = page() else {
            assert_eq!(reply.status, 503, "{path}");
            assert!(reply.text().contains("without its web pages"), "{}", reply.text());
            continue;
        };
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.text(), page, "{path}");
        assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(reply.header("cache-control"), "no-cache");
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe-eval"),
            "{policy}"
        );
        assert_eq!(
            policy.matches("'sha256-").count(),
            page.matches("<script>").count(),
            "{policy}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_program_gets_errors_for_programs() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    for path in [
        "/api/nothing/at/all/here",
        "/api",
        "/_app/immutable/chunks/missing.js",
        "/health/of/nobody",
        "/blobs",
        "/v2/_catalog",
        "/ana/landslides/git-upload-pack",
    ] {
        let reply = browse(&anonymous, path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.json()["code"].as_str()),
            (404, Some("not_found")),
            "{path}"
        );
    }
    // git shows its user the text itself, and asks for a name and a password.
    let probe = browse(&anonymous, "/ana/landslides.git/info/refs?service=git-upload-pack").await;
    assert_eq!(probe.status.as_u16(), 401);
    assert!(probe.text().starts_with("This needs a login"), "{}", probe.text());
    for accept in ["*/*", "application/json", "text/html;q=0, */*"] {
        let reply = anonymous.get("/ana/landslides").header("accept", accept).await;
        assert_eq!(reply.status, 404, "{accept}");
    }
    let posted = anonymous.call(Method::POST, "/ana").header("accept", BROWSER).await;
    assert_eq!(posted.status, 404);
    app.finish().await;
}

#[tokio::test]
async fn files_of_the_page_are_cached_for_ever_and_come_compressed() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    for path in files_named_by(&page().unwrap_or_default()) {
        let file = folder().join(&path[1..]);
        for (accepted, ending, coding) in [
            ("identity", "", ""),
            ("gzip, deflate, br", ".br", "br"),
            ("gzip", ".gz", "gzip"),
            ("br;q=0, gzip;q=0.5", ".gz", "gzip"),
        ] {
            let mut stored = file.clone().into_os_string();
            stored.push(ending);
            // What does not shrink, such as fonts, has no twin.
            let (stored, coding) = match std::fs::read(&stored) {
                Ok(content) => (content, coding),
                Err(_) => (std::fs::read(&file).unwrap(), ""),
            };
            let reply = anonymous.get(&path).header("accept-encoding", accepted).await;
            assert_eq!(reply.status, 200, "{path}");
            assert!(reply.body == stored, "{path} as {accepted}");
            assert_eq!(reply.header("content-encoding"), coding, "{path} as {accepted}");
            assert_eq!(reply.header("vary"), "accept-encoding");
            assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
            let tag = reply.header("etag").to_owned();
            let known = anonymous
                .get(&path)
                .header("accept-encoding", accepted)
                .header("if-none-match", &tag)
                .await;
            assert_eq!(known.status, 304, "{path}");
            let head = anonymous.head(&path).header("accept-encoding", accepted).await;
            assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
            assert_eq!(head.header("etag"), tag);
            assert_eq!(head.header("content-length"), stored.len().to_string());
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_news_that_the_page_is_unchanged_keeps_its_policy() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let first = anonymous.get("/").header("accept", "text/html").await;
    let again = anonymous
        .get("/")
        .header("accept", "text/html")
        .header("if-none-match", first.header("etag"))
        .await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (200, 304));
    // A browser replaces the headers that it has kept by those of a 304; the page would be dead after a reload.
    let policy = "content-security-policy";
    assert_eq!(first.header(policy), again.header(policy));
    app.finish().await;
}

#[tokio::test]
async fn compressed_twins_and_files_beside_the_build_are_not_served() {
    let app = TestApp::start().await;
    for path in ["/.gitkeep", "/index.html.br", "/../Cargo.toml", "/..%2f..%2fCargo.toml"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(reply.status, 404, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn head_tells_of_whatever_get_answers_and_of_nothing_else() {
    let app = TestApp::start().await;
    let (ana, anonymous) = (app.user("ana").await, app.anonymous());
    ana.post("/api/repositories", &json!({ "name": "rain", "visibility": "private" }))
        .await
        .ok();
    for (path, status) in [
        ("/health", 200),
        ("/docs", 200),
        ("/api/auth/me", 200),
        ("/api/ana/absent", 404),
    ] {
        let (get, head) = (ana.get(path).await, ana.head(path).await);
        assert_eq!((get.status.as_u16(), head.status.as_u16()), (status, status), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        let length = get.body.len();
        // The id of the request stands in errors.
        assert!(
            status == 404 || head.header("content-length") == length.to_string(),
            "{path}"
        );
    }
    for (path, status) in [
        ("/api/ana/rain", 404),
        ("/api/auth/me", 401),
        ("/api/users/ana/follow", 405),
        ("/api/nothing/of/this", 404),
    ] {
        assert_eq!(anonymous.head(path).await.status, status, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_with_the_field() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let reply = anonymous.get("/api/metadata/templates?limit=ten").await;
    assert_eq!(reply.json()["details"]["field"], "limit");
    reply.refused(400, "bad_request");
    let twice = r#"{"username": "ana", "password": "x"}{"username": "ben", "password": "x"}"#;
    let login = anonymous.call(Method::POST, "/api/auth/login");
    let refused = login.body(twice).await.refused(400, "bad_request");
    assert!(refused.contains("trailing characters"), "{refused}");
    app.finish().await;
}
