use super::{Made, Packed, Xet, commit, create, made, noise, pack};
use crate::support::{Reply, TestApp};
use bytes::Bytes;
use geoml_hub::blobs::xet::hash::{XetHash, chunk_hash};
use geoml_hub::blobs::xet::shard::{ShardItem, ShardReader};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a shard with a footer says: its xorbs, the key of the hashes, and when it was made and ends.
struct Told {
    xorbs: Vec<(XetHash, Vec<XetHash>)>,
    key: [u8; 32],
    since: u64,
    until: u64,
}

fn told(reply: &Reply) -> Told {
    let mut reader = ShardReader::new(&reply.body[..]).unwrap();
    let mut xorbs = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        let ShardItem::Xorb { xorb, chunks, .. } = item else {
            panic!("files are nobody's to hear of")
        };
        xorbs.push((xorb, chunks.iter().map(|chunk| chunk.hash).collect()));
    }
    let footer = &reply.body[reply.body.len() - 200..];
    let number = |at: usize| u64::from_le_bytes(footer[at..at + 8].try_into().unwrap());
    assert_eq!((number(0), number(8), number(16)), (1, 48, 96));
    assert_eq!(number(192), reply.body.len() as u64 - 200);
    Told {
        xorbs,
        key: footer[72..104].try_into().unwrap(),
        since: number(104),
        until: number(112),
    }
}

impl Told {
    fn assert_describes(&self, expected: &[&Packed]) {
        let protected =
            |xorb: &Packed| -> Vec<XetHash> { xorb.chunks.iter().map(|(hash, _)| hash.protected(&self.key)).collect() };
        let expected: Vec<_> = expected.iter().map(|xorb| (xorb.hash, protected(xorb))).collect();
        assert!(self.xorbs == expected, "{:?}", self.xorbs);
    }
}

/// A chunk for which clients search wherever it is in a file.
fn searched() -> Bytes {
    let mut chunks = (0..).map(|seed| noise(2_000, seed));
    chunks.find(|chunk| chunk_hash(chunk).is_searched()).unwrap()
}

fn prepared() -> ([Packed; 2], Made) {
    let first = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let second = pack(&[noise(40_000, 4), searched()]);
    // The file begins in the middle of a xorb.
    let file = made(&[(&first, 1..3), (&second, 0..2)]);
    ([first, second], file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_leads_to_the_xorbs_that_the_repository_was_sent() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let ([first, second], file) = prepared();
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    let (beginning, inside) = (first.chunks[1].0, second.chunks[1].0);
    for xorb in [&first, &second] {
        xet.send_xorb(xorb).await.ok();
    }
    // What no file names yet may go at any time.
    for chunk in [beginning, inside] {
        xet.chunk(chunk).await.expect(404);
    }
    xet.send(&[], &file).await;
    let answer = xet.chunk(beginning).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    let answer = told(&answer);
    answer.assert_describes(&[&first, &second]);
    assert_ne!(answer.key, [0; 32]);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(answer.since <= now && now < answer.until);
    told(&xet.chunk(inside).await.expect(200)).assert_describes(&[&second, &first]);
    // Clients search for no others, and nobody sent these.
    for chunk in [first.chunks[0].0, first.chunks[2].0, chunk_hash(b"nobody sent it")] {
        xet.chunk(chunk).await.expect(404);
    }
    xet.client
        .get(&format!("{}/v1/chunks/default/12", xet.place))
        .await
        .expect(400);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_were_sent_is_not_found_by_chunks() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "private").await;
    create(&ana, "hail", "private").await;
    create(&ben, "snow", "public").await;
    let ([first, second], file) = prepared();
    let hers = Xet::open(&app, &ana, "ana/rain", "write").await;
    hers.send(&[&first, &second], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    let (chunk, unknown) = (first.chunks[1].0, chunk_hash(b"nobody sent it"));
    let key = told(&hers.chunk(chunk).await.expect(200)).key;

    let his = Xet::open(&app, &ben, "ben/snow", "write").await;
    let other = Xet::open(&app, &ana, "ana/hail", "write").await;
    for xet in [&his, &other] {
        let (there, nothing) = (xet.chunk(chunk).await.expect(404), xet.chunk(unknown).await.expect(404));
        assert_eq!(there.json()["error"], nothing.json()["error"]);
    }
    let elsewhere = Xet {
        client: his.client.clone(),
        place: hers.place.clone(),
    };
    elsewhere.chunk(chunk).await.expect(401);
    let reader = Xet::open(&app, &ana, "ana/rain", "read").await;
    reader.chunk(chunk).await.expect(403);
    let nobody = Xet {
        client: app.anonymous(),
        place: hers.place.clone(),
    };
    nobody.chunk(chunk).await.expect(401);

    // The same chunk of another file leads him to that, under a key of his own.
    let small = made(&[(&first, 1..2)]);
    his.send(&[&first], &small).await;
    let answer = told(&his.chunk(chunk).await.expect(200));
    answer.assert_describes(&[&first]);
    assert_ne!(answer.key, key);
    app.finish().await;
}
