use super::{Made, Packed, Xet, commit, create, made, noise, pack, shard};
use crate::support::{Client, TestApp};
use geoml_hub::blobs::xet::hash::{XetHash, chunk_hash};
use reqwest::Method;
use serde_json::json;

/// Ana's repository with one file, and her token to write.
async fn prepared(app: &TestApp) -> (Client, Xet, Packed, Made) {
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let xet = Xet::open(app, &ana, "ana/rain", "write").await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let file = made(&[(&xorb, 0..3), (&xorb, 1..2)]);
    xet.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    (ana, xet, xorb, file)
}

fn chunk(stored: &[u8], scheme: u8, raw: u32) -> Vec<u8> {
    let three = |length: u32| {
        [
            length.to_le_bytes()[0],
            length.to_le_bytes()[1],
            length.to_le_bytes()[2],
        ]
    };
    let stored_len = u32::try_from(stored.len()).unwrap();
    [&[0][..], &three(stored_len), &[scheme], &three(raw), stored].concat()
}

async fn send_xorb_as(xet: &Xet, name: &str, body: Vec<u8>) -> crate::support::Reply {
    let path = format!("{}/v1/xorbs/default/{name}", xet.place);
    xet.client.call(Method::POST, &path).body(body).await
}

async fn send_shard_bytes(xet: &Xet, body: Vec<u8>) -> crate::support::Reply {
    let path = format!("{}/v2/shards", xet.place);
    xet.client.call(Method::POST, &path).body(body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xorbs_that_lie_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let (_, xet, xorb, _) = prepared(&app).await;
    let other = chunk_hash(b"something else").to_string();
    send_xorb_as(&xet, &other, xorb.bytes.clone()).await.expect(400);
    for name in ["12", &xorb.hash.to_string().to_uppercase(), &"g".repeat(64)] {
        send_xorb_as(&xet, name, xorb.bytes.clone()).await.expect(400);
    }
    // 128 MiB of zeros as an LZ4 frame of one chunk, and a chunk that says how long it would be.
    let bomb = {
        let mut block = vec![0x1F, 0, 1, 0];
        block.extend(std::iter::repeat_n(0xFF, 130_000));
        block.extend([0, 0x50, 0, 0, 0, 0, 0]);
        let mut frame = vec![0x04, 0x22, 0x4D, 0x18, 0x60, 0x70, 0x73];
        frame.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        frame.extend(block);
        frame.extend([0; 4]);
        frame
    };
    for (stored, scheme, raw) in [
        (&bomb[..], 1, 128 * 1024),
        (&bomb[..], 2, 128 * 1024),
        (&bomb[..], 1, 0xFF_FFFF),
        (&[0; 100][..], 0, 99),
        (&[0; 100][..], 0, 101),
        (&[0; 100][..], 1, 100),
        (&[0; 100][..], 7, 100),
        (&[][..], 0, 0),
        (&vec![0; 200_000][..], 0, 200_000),
    ] {
        send_xorb_as(&xet, &other, chunk(stored, scheme, raw)).await.expect(400);
    }
    send_xorb_as(&xet, &other, vec![0xFF; 1 << 20]).await.expect(400);
    send_xorb_as(&xet, &other, Vec::new()).await.expect(400);
    send_xorb_as(&xet, &other, b"XETBLOB".to_vec()).await.expect(400);
    // Nothing of a footer is kept, and it has an end too.
    let mut long = xorb.bytes.clone();
    long.extend(b"XETBLOB");
    long.resize(67 << 20, 0);
    send_xorb_as(&xet, &xorb.hash.to_string(), long).await.expect(413);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_that_lie_are_refused_at_every_place() {
    let app = TestApp::start().await;
    let (_, xet, xorb, known) = prepared(&app).await;
    // Of a file that is there already, only its hashes count; so this is another.
    let file = made(&[(&xorb, 0..2), (&xorb, 1..3)]);
    let (known, good) = (shard(&[&known]), shard(&[&file]));
    // What was taken before the end of a shard stays taken.
    for length in (0..known.len()).step_by(13) {
        send_shard_bytes(&xet, known[..length].to_vec()).await.expect(400);
    }
    send_shard_bytes(&xet, [&known[..], b"more"].concat()).await.expect(400);
    // Counts, lengths and chunks as large as they can be said, at every place where a number stands.
    let first_term = 96;
    let places = [80, 84].map(|place| (place, &known)).into_iter();
    for (place, good) in places.chain([36, 40, 44].map(|place| (first_term + place, &good))) {
        for word in [0, 1 << 31, u32::MAX] {
            let mut bytes = good.clone();
            bytes[place..place + 4].copy_from_slice(&u32::to_le_bytes(word));
            // Only the number at which a term begins may be none, as it is.
            if bytes != *good {
                let reply = send_shard_bytes(&xet, bytes).await;
                assert!(reply.status.is_client_error(), "{place} {word}: {}", reply.text());
            }
        }
    }
    // Terms that lie outside of the xorb, run backwards, or lie about their length.
    for (range, difference) in [(2..4, 0), (3..4, 0), (0..8192, 0), (0..3, 1), (0..2, 7)] {
        let mut wrong = file.clone();
        wrong.terms[0].1 = range;
        wrong.terms[0].2 += difference;
        xet.send_shard(&[&wrong]).await.expect(400);
    }
    let mut backwards = good.clone();
    backwards[first_term + 40..first_term + 48].copy_from_slice(&[2, 0, 0, 0, 1, 0, 0, 0]);
    send_shard_bytes(&xet, backwards).await.expect(400);
    // A xorb that nobody sent, and one that only looks like it.
    let mut wrong = file.clone();
    wrong.terms[0].0 = chunk_hash(b"nobody sent it");
    xet.send_shard(&[&wrong]).await.expect(422);
    let mut wrong = file.clone();
    wrong.terms[0].0 = XetHash::from_bytes([0xFF; 32]);
    xet.send_shard(&[&wrong]).await.expect(422);
    // What the refused shards said is not there, and what the good one said still is.
    let wrong = made(&[(&xorb, 2..3)]);
    xet.reconstruction(wrong.file, None).await.expect(404);
    xet.send_shard(&[&file]).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_shard_cannot_announce_more_than_a_file_may_have() {
    let app = TestApp::with(&[("GEOML_HUB__UPLOADS__FILE_SIZE", "1 MiB")])
        .start()
        .await;
    let (_, xet, xorb, _) = prepared(&app).await;
    let terms = vec![(&xorb, 0..3); 20];
    xet.send_shard(&[&made(&terms)]).await.expect(413);
    xet.send_shard(&[&made(&terms[..5])]).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_of_any_kind_are_answered_or_refused() {
    let app = TestApp::start().await;
    let (_, xet, _, file) = prepared(&app).await;
    for range in [
        "bytes=5-2",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=0-18446744073709551616",
        "bytes=-18446744073709551616",
        "bytes=a-b",
        "bytes=",
        "chunks=0-1",
        "bytes=0-0,2-2,4-4",
    ] {
        let reply = xet.reconstruction(file.file, Some(range)).await;
        assert!(
            [200, 206, 400, 416].contains(&reply.status.as_u16()),
            "{range}: {}",
            reply.text()
        );
    }
    for name in ["12", "..%2F..%2Fhub.redb", "%00"] {
        let reply = xet
            .client
            .get(&format!("{}/v2/reconstructions/{name}", xet.place))
            .await;
        assert!([400, 404].contains(&reply.status.as_u16()), "{name}: {}", reply.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_and_addresses_end_with_the_right_to_them() {
    let app = TestApp::start().await;
    let (ana, xet, xorb, file) = prepared(&app).await;
    let plan = xet.reconstruction(file.file, None).await.ok();
    let fetch = &plan["xorbs"][xorb.hash.to_string()][0];
    let url = fetch["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.address())
        .unwrap()
        .to_owned();
    let bytes = &fetch["ranges"][0]["bytes"];
    let range = format!("bytes={}-{}", bytes["start"], bytes["end"]);
    let get = |url: &str| app.anonymous().get(url).header("range", &range);
    get(&url).await.expect(206);
    // Another xorb, another epoch, other stretches, a later end: the signature is for all of it.
    let second = pack(&[noise(9_000, 4)]);
    xet.send_xorb(&second).await.ok();
    get(&url.replace(&xorb.hash.to_string(), &second.hash.to_string()))
        .await
        .expect(403);
    let place = xet.place.rsplit_once('-').unwrap().0;
    get(&url.replace(&xet.place, &format!("{place}-77"))).await.expect(403);
    get(&format!("{url}&ranges=0-999999999")).await.expect(403);
    for (name, value) in url
        .split_once('?')
        .unwrap()
        .1
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
    {
        let changed = format!("{name}=9{value}");
        let reply = get(&url.replace(&format!("{name}={value}"), &changed)).await;
        assert!(reply.status.is_client_error(), "{name}: {}", reply.status);
    }
    // A token of another epoch or of nobody.
    for place in [
        format!("{place}-77"),
        format!("{place}-"),
        format!("{place}-99999999999999999999"),
        "/xet/x".to_owned(),
    ] {
        let elsewhere = Xet {
            client: xet.client.clone(),
            place,
        };
        let reply = elsewhere.send_xorb(&second).await;
        assert!(
            [401, 404].contains(&reply.status.as_u16()),
            "{}: {}",
            elsewhere.place,
            reply.status
        );
    }
    let nobody = Xet {
        client: app.anonymous(),
        place: xet.place.clone(),
    };
    nobody.send_xorb(&second).await.expect(401);
    nobody.reconstruction(file.file, None).await.expect(401);

    // A collaborator who may no longer write has a token that no longer writes.
    let ben = app.user("ben").await;
    let parts = "/api/v1/repos/ana/rain/collaborators";
    ana.post(parts, &json!({ "username": "ben", "permission": "write" }))
        .await
        .expect(201);
    let his = Xet::open(&app, &ben, "ana/rain", "write").await;
    his.send_xorb(&second).await.expect(200);
    ana.post(parts, &json!({ "username": "ben", "permission": "read" }))
        .await
        .expect(200);
    his.send_xorb(&second).await.expect(403);
    his.send_shard(&[&file]).await.expect(403);
    his.reconstruction(file.file, None).await.expect(200);
    ana.delete("/api/ana/rain").await;
    let reply = get(&url).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
    xet.send_xorb(&second).await.expect(404);
    app.finish().await;
}
