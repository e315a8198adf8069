use super::create;
use crate::support::TestApp;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_account_sees_what_each_of_its_repositories_stores() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ben.create_repository("other", "public").await;
    create(&ana, "rain").await;
    let dataset = json!({ "name": "gauges", "type": "dataset", "visibility": "private" });
    ana.post("/api/repos/create", &dataset).await.ok();
    ana.upload("ana/rain", "big.bin", vec![7_u8; 300_000]).await;
    let address = "/api/settings/repositories";
    let told = ana.get(address).await.ok();
    assert_eq!(ids(&told), ["ana/rain", "ana/gauges"]);
    assert_eq!(
        (&told[0]["type"], &told[0]["visibility"]),
        (&json!("model"), &json!("public"))
    );
    assert_eq!(
        (&told[1]["type"], &told[1]["visibility"]),
        (&json!("dataset"), &json!("private"))
    );
    assert!(told[0]["storage"].as_u64().unwrap() >= 300_000);
    assert!(told[0]["storagePercent"].as_f64().unwrap() > 90.0);
    assert!(told[0]["updatedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(ids(&ana.get(&format!("{address}?skip=1")).await.ok()), ["ana/gauges"]);
    let wish = json!({ "name": "one", "scope": "read", "repositories": ["ana/rain"] });
    let token = ana.post("/api/auth/tokens", &wish).await.ok();
    let limited = ana.with_token(token["token"].as_str().unwrap());
    assert_eq!(ids(&limited.get(address).await.ok()), ["ana/rain"]);
    app.anonymous().get(address).await.expect(401);
    app.finish().await;
}
