use super::{Xet, commit, create, fetched, made, noise, pack};
use crate::support::TestApp;
use bytes::Bytes;
use reqwest::Method;

fn chunks(count: usize, seed: u64) -> Vec<Bytes> {
    (0..count)
        .map(|index| noise(20_000 + 3_001 * (index % 7), seed + index as u64))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_as_xorbs_and_shards_is_read_in_every_way() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let (one, two) = (pack(&chunks(40, 1)), pack(&chunks(9, 500)));
    // Terms that repeat, overlap and touch.
    let file = made(&[(&one, 0..10), (&two, 3..9), (&one, 5..40), (&one, 0..10), (&two, 0..1)]);
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    assert_eq!(xet.send_xorb(&one).await.ok()["was_inserted"], true);
    assert_eq!(xet.send_xorb(&one).await.ok()["was_inserted"], false);
    xet.send(&[&two], &file).await;
    commit(&ana, "ana/rain", "w/model.bin", &file).await.ok();

    let address = "/ana/rain/resolve/main/w/model.bin";
    let head = app.anonymous().head(address).await.expect(200);
    assert_eq!(head.header("x-xet-hash"), file.file.to_string());
    assert!(
        head.header("link").ends_with("; rel=\"xet-auth\""),
        "{}",
        head.header("link")
    );
    assert_eq!(head.header("x-linked-size"), file.content.len().to_string());
    let whole = app.anonymous().get(address).await.expect(200);
    assert!(whole.body == file.content, "the whole file came back changed");
    let tree = app.anonymous().get("/api/models/ana/rain/tree/main/w").await.ok();
    assert_eq!(tree[0]["xetHash"], file.file.to_string());

    let reader = Xet::open(&app, &app.anonymous(), "ana/rain", "read").await;
    let size = file.content.len();
    let border = file.terms[0].2;
    for (start, end) in [
        (0, size),
        (0, 1),
        (border - 1, border + 1),
        (border, border + 1),
        (size - 1, size),
        (12_345, size - 77),
    ] {
        let range = format!("bytes={start}-{}", end - 1);
        let part = app.anonymous().get(address).header("range", &range).await.expect(206);
        assert!(part.body == file.content[start..end], "{range}");
        let plan = reader.reconstruction(file.file, Some(&range)).await.ok();
        let content = fetched(&app, &plan).await;
        assert!(content.len() >= end - start, "{range}");
        assert!(content[..end - start] == file.content[start..end], "{range} from xorbs");
    }
    assert!(fetched(&app, &reader.reconstruction(file.file, None).await.ok()).await == file.content);
    reader
        .reconstruction(file.file, Some(&format!("bytes={size}-")))
        .await
        .expect(416);
    let v1 = reader
        .client
        .get(&format!("{}/v1/reconstructions/{}", reader.place, file.file))
        .await
        .ok();
    assert_eq!(v1["terms"].as_array().unwrap().len(), 5);
    // Who only reads has nothing to spare.
    reader.chunk(one.chunks[0].0).await.expect(403);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_blob_may_be_there_whole_and_as_a_recipe() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    create(&ana, "snow", "public").await;
    let xorb = pack(&chunks(20, 7));
    let file = made(&[(&xorb, 0..20)]);
    ana.upload("ana/snow", "whole.bin", file.content.clone()).await;
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    xet.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "recipe.bin", &file).await.ok();
    for (address, has_hash) in [
        ("/ana/rain/resolve/main/recipe.bin", true),
        ("/ana/snow/resolve/main/whole.bin", false),
    ] {
        let reply = ana.get(address).await.expect(200);
        assert!(reply.body == file.content, "{address}");
        assert_eq!(reply.headers.contains_key("x-xet-hash"), has_hash, "{address}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_does_not_fit_together_is_taken() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let xorb = pack(&chunks(6, 9));
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    let file = made(&[(&xorb, 0..6)]);
    // Before its xorb is there.
    xet.send_shard(&[&file]).await.expect(422);
    let mut changed = pack(&chunks(6, 9));
    changed.bytes[1_000] ^= 1;
    xet.send_xorb(&changed).await.expect(400);
    let mut cut = pack(&chunks(6, 9));
    cut.bytes.truncate(30_000);
    xet.send_xorb(&cut).await.expect(400);
    xet.send_xorb(&xorb).await.ok();
    let mut wrong = file.clone();
    wrong.content.push(0);
    xet.send_shard(&[&wrong]).await.expect(422);
    let mut wrong = file.clone();
    wrong.terms[0].3 = wrong.file;
    xet.send_shard(&[&wrong]).await.expect(400);
    let mut wrong = file.clone();
    wrong.terms[0].1 = 0..7;
    xet.send_shard(&[&wrong]).await.expect(400);
    let mut wrong = file.clone();
    wrong.file = xorb.hash;
    xet.send_shard(&[&wrong]).await.expect(400);
    let broken = xet.client.call(Method::POST, &format!("{}/v2/shards", xet.place));
    broken.body(b"no shard at all".to_vec()).await.expect(400);
    commit(&ana, "ana/rain", "model.bin", &file).await.expect(400);
    xet.send(&[], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    app.finish().await;
}
