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
    app.finish().await;
}
