use crate::support::{TestApp, assert_snapshot};
use geoml_hub::http::Code;
use std::fmt::Write as _;

#[test]
fn the_codes_of_errors_and_their_statuses_are_public_contract() {
    let mut text = String::new();
    for code in Code::ALL {
        writeln!(text, "{} {}", code.status(), code.as_str()).unwrap();
    }
    assert_snapshot("tests/it/contract/codes.txt", &text);
}

#[tokio::test]
async fn every_error_has_a_sentence_a_code_and_the_request_id() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let missing = anonymous.get("/no/such/address").await;
    assert_eq!(missing.header("content-type"), "application/json");
    assert_eq!(missing.json()["request_id"], missing.header("x-request-id"));
    let sentence = missing.refused(404, "not_found");
    assert!(sentence.contains("/no/such/address"), "{sentence}");
    let malformed = anonymous
        .call(reqwest::Method::POST, "/api/auth/login")
        .header("content-type", "application/json")
        .body("{\"username\": ")
        .await;
    malformed.refused(400, "bad_request");
    let wrong_type = anonymous
        .post(
            "/api/auth/login",
            &serde_json::json!({ "username": 7, "password": "x" }),
        )
        .await;
    assert_eq!(wrong_type.json()["details"]["field"], "username");
    wrong_type.refused(400, "bad_request");
    app.finish().await;
}
