use super::{Xet, commit, create, made, noise, pack};
use crate::support::TestApp;
use geoml_hub::base::{Clock, RepositoryId, Sha256};
use geoml_hub::blobs::{self, ChunkedSpace};
use geoml_hub::store::{Schema, Store, StoreError, Table};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_sees_what_its_files_count_and_what_is_stored_for_them() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "private").await;
    create(&ana, "snow", "public").await;
    let (one, two) = (
        pack(&[noise(100_000, 1), noise(100_000, 4), noise(90_000, 2)]),
        pack(&[noise(50_000, 3)]),
    );
    let first = made(&[(&one, 0..3)]);
    let second = made(&[(&one, 0..3), (&two, 0..1)]);
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    for file in [&first, &second] {
        xet.send(&[&one, &two], file).await;
        commit(&ana, "ana/rain", "model.bin", file).await.ok();
    }
    ana.upload("ana/snow", "whole.bin", noise(300_000, 9)).await;

    let address = "/api/v1/users/ana/storage/repositories";
    let found = ana.get(address).await.ok();
    assert_eq!(found["total"], 2);
    let names: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["rain", "snow"]);
    let rain = &found["items"][0];
    let (used, stored) = (rain["used"].as_u64().unwrap(), rain["stored"].as_u64().unwrap());
    // Both versions count; their common chunks lie on the disk once.
    assert!(used >= 630_000, "{rain}");
    assert!((340_000..400_000).contains(&stored), "{rain}");
    let snow = &found["items"][1];
    assert_eq!(snow["used"], snow["stored"]);
    let all = ana.get("/api/users/ana/storage").await.ok();
    assert_eq!(all["saved"].as_u64().unwrap(), used - stored);
    let page = ana.get(&format!("{address}?limit=1&page=2")).await.ok();
    assert_eq!(page["items"][0]["name"], "snow");
    ana.get(&format!("{address}?limit=0")).await.expect(400);
    ben.get(address).await.expect(403);
    app.anonymous().get(address).await.expect(401);
    ana.get("/api/v1/users/nobody/storage/repositories").await.expect(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_shows_what_it_stores_to_those_who_administer_it() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.post("/api/v1/organizations", &json!({ "name": "lab" }))
        .await
        .expect(201);
    ana.put("/api/v1/organizations/lab/members/ben", &json!({ "role": "write" }))
        .await
        .ok();
    let address = "/api/v1/users/lab/storage/repositories";
    assert_eq!(ana.get(address).await.ok()["total"], 0);
    ben.get(address).await.expect(403);
    app.finish().await;
}

#[derive(Serialize, Deserialize)]
struct RecipeBefore {
    size: u64,
}

#[derive(Serialize, Deserialize)]
struct XorbBefore {
    stored_len: u64,
}

#[derive(Serialize, Deserialize)]
struct EpochBefore {
    epoch: u64,
    waiting_bytes: u64,
}

#[tokio::test]
async fn what_a_folder_of_an_earlier_version_holds_by_chunk_is_counted_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.redb");
    let today = geoml_hub::app::schema();
    let before = Schema {
        tables: today.tables.clone(),
        migrations: &[],
    };
    let [known, gone] = [(); 2].map(|()| RepositoryId::new(&Clock::system()));
    let store = Store::open(&path, &before, 1 << 20).unwrap();
    let written = store.write(move |tx| {
        let recipes = Table::<(Sha256, RepositoryId), RecipeBefore>::new("recipes");
        let uses = Table::<([u8; 32], RepositoryId, Sha256), ()>::new("recipe_uses");
        let (one, two) = (Sha256::of(b"one"), Sha256::of(b"two"));
        for (blob, size) in [(one, 500), (two, 700)] {
            recipes.put(tx, &(blob, known), &RecipeBefore { size })?;
            recipes.put(tx, &(blob, gone), &RecipeBefore { size })?;
            uses.put(tx, &([1; 32], known, blob), &())?;
        }
        uses.put(tx, &([2; 32], known, two), &())?;
        for (xorb, stored_len) in [([1; 32], 400), ([2; 32], 150)] {
            Table::new("xorbs").put(tx, &xorb, &XorbBefore { stored_len })?;
        }
        let row = EpochBefore {
            epoch: 3,
            waiting_bytes: 9,
        };
        Table::new("xorb_epochs").put(tx, &known, &row)
    });
    written.await.unwrap();
    store.close();
    let store = Store::open(&path, &today, 1 << 20).unwrap();
    let spaces =
        store.read(|tx| Ok::<_, StoreError>([blobs::chunked_space(tx, known)?, blobs::chunked_space(tx, gone)?]));
    let counted = ChunkedSpace {
        content_bytes: 1_200,
        stored_bytes: 550,
    };
    assert_eq!(spaces.unwrap(), [counted, ChunkedSpace::default()]);
}
