//! The Xet protocol at the routes of the hub: content that comes as xorbs and shards, and is read in every way.

/// What people send who may not write.
mod contributing;
/// What need not be sent again.
mod dedup;
/// What is sent and asked in bad faith.
mod hostile;
/// What belongs to whom.
mod isolation;
/// Kills in the middle of uploads and of sweeping.
mod kill;
/// Stops at bad moments, and sweeping.
mod lasting;
/// Round trips.
mod round_trip;
/// Clients that send until the hub is gone.
mod sender;
/// What it takes.
mod storage;
/// Files that came whole.
mod whole_files;

use crate::support::{Client, Reply, TestApp};
use bytes::Bytes;
use geoml_hub::base::Sha256;
use geoml_hub::blobs::xet::hash::{XetHash, file_hash, range_verification_hash};
use geoml_hub::blobs::xet::xorb::XorbBuilder;
use reqwest::Method;
use serde_json::{Value, json};

/// Bytes that repeat nowhere near.
fn noise(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut content = Vec::with_capacity(length + 8);
    while content.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend(state.to_le_bytes());
    }
    content.truncate(length);
    content.into()
}

/// A xorb as a client packs it.
#[derive(Clone)]
struct Packed {
    hash: XetHash,
    bytes: Vec<u8>,
    chunks: Vec<(XetHash, Bytes)>,
}

fn pack(chunks: &[Bytes]) -> Packed {
    let mut builder = XorbBuilder::default();
    let chunks = chunks
        .iter()
        .map(|chunk| (builder.add(chunk).unwrap(), chunk.clone()))
        .collect();
    let (hash, bytes) = builder.finish();
    Packed { hash, bytes, chunks }
}

/// A file of terms: xorbs and chunks of them.
#[derive(Clone)]
struct Made {
    file: XetHash,
    content: Vec<u8>,
    terms: Vec<(XetHash, std::ops::Range<usize>, usize, XetHash)>,
}

fn made(terms: &[(&Packed, std::ops::Range<usize>)]) -> Made {
    let (mut content, mut chunks, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for (xorb, range) in terms {
        let run = &xorb.chunks[range.clone()];
        let before = content.len();
        for (hash, bytes) in run {
            content.extend_from_slice(bytes);
            chunks.push((*hash, bytes.len() as u64));
        }
        let proof = range_verification_hash(run.iter().map(|(hash, _)| *hash));
        listed.push((xorb.hash, range.clone(), content.len() - before, proof));
    }
    Made {
        file: file_hash(&chunks),
        content,
        terms: listed,
    }
}

impl Made {
    fn sha256(&self) -> String {
        Sha256::of(&self.content).to_string()
    }
}

/// A shard with these files, as clients send it.
fn shard(files: &[&Made]) -> Vec<u8> {
    let mut bytes = b"HFRepoMetaData\0".to_vec();
    bytes.extend([
        85, 105, 103, 69, 106, 123, 129, 87, 131, 165, 189, 217, 92, 205, 209, 74, 169,
    ]);
    bytes.extend(2_u64.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    let record = |bytes: &mut Vec<u8>, hash: &[u8; 32], words: [u32; 4]| {
        bytes.extend(hash);
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    let number = |count: usize| u32::try_from(count).unwrap();
    for made in files {
        record(
            &mut bytes,
            made.file.as_bytes(),
            [0xC000_0000, number(made.terms.len()), 0, 0],
        );
        for (xorb, range, length, _) in &made.terms {
            let words = [0, number(*length), number(range.start), number(range.end)];
            record(&mut bytes, xorb.as_bytes(), words);
        }
        for (.., proof) in &made.terms {
            record(&mut bytes, proof.as_bytes(), [0; 4]);
        }
        let mut digest = *Sha256::of(&made.content).as_bytes();
        digest.as_chunks_mut::<8>().0.iter_mut().for_each(|word| word.reverse());
        record(&mut bytes, &digest, [0; 4]);
    }
    record(&mut bytes, &[0xFF; 32], [0; 4]);
    record(&mut bytes, &[0xFF; 32], [0; 4]);
    bytes
}

/// A client with a token of one repository.
struct Xet {
    client: Client,
    place: String,
}

impl Xet {
    async fn open(app: &TestApp, who: &Client, repository: &str, scope: &str) -> Self {
        Self::at(app, who, &format!("/api/models/{repository}/xet-{scope}-token/main")).await
    }

    /// With the token of this route.
    async fn at(app: &TestApp, who: &Client, route: &str) -> Self {
        let answer = who.get(route).await.ok();
        let place = answer["casUrl"]
            .as_str()
            .unwrap()
            .strip_prefix(&app.address())
            .unwrap()
            .to_owned();
        let client = app.anonymous().with_token(answer["accessToken"].as_str().unwrap());
        Self { client, place }
    }

    async fn send_xorb(&self, xorb: &Packed) -> Reply {
        let path = format!("{}/v1/xorbs/default/{}", self.place, xorb.hash);
        self.client.call(Method::POST, &path).body(xorb.bytes.clone()).await
    }

    async fn send_shard(&self, files: &[&Made]) -> Reply {
        let path = format!("{}/v2/shards", self.place);
        self.client.call(Method::POST, &path).body(shard(files)).await
    }

    /// Sends everything of a file.
    async fn send(&self, xorbs: &[&Packed], file: &Made) {
        for xorb in xorbs {
            self.send_xorb(xorb).await.ok();
        }
        let reply = self.send_shard(&[file]).await.expect(200);
        assert!(reply.text().ends_with("{\"type\":\"result\"}\n"), "{}", reply.text());
    }

    /// Asks what the repository was sent in which a chunk is.
    async fn chunk(&self, chunk: XetHash) -> Reply {
        self.client
            .get(&format!("{}/v1/chunks/default/{chunk}", self.place))
            .await
    }

    async fn reconstruction(&self, file: XetHash, range: Option<&str>) -> Reply {
        let call = self.client.get(&format!("{}/v2/reconstructions/{file}", self.place));
        match range {
            Some(range) => call.header("range", range).await,
            None => call.await,
        }
    }
}

/// Names a large file at a path, as the clients do.
async fn commit(who: &Client, repository: &str, path: &str, file: &Made) -> Reply {
    commit_to(who, repository, "main", path, file).await
}

/// The same to another branch, or to a pull request.
async fn commit_to(who: &Client, repository: &str, target: &str, path: &str, file: &Made) -> Reply {
    let lines = [
        json!({ "key": "header", "value": { "summary": "Add", "description": "" } }),
        json!({ "key": "lfsFile", "value": { "path": path, "algo": "sha256", "oid": file.sha256(),
            "size": file.content.len() } }),
    ];
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let call = who.call(Method::POST, &format!("/api/models/{repository}/commit/{target}"));
    call.header("content-type", "application/x-ndjson").body(body).await
}

async fn create(who: &Client, name: &str, visibility: &str) {
    let body = json!({ "name": name, "visibility": visibility });
    who.post("/api/repos/create", &body).await.ok();
}

/// What a client puts together from a reconstruction.
async fn fetched(app: &TestApp, answer: &Value) -> Vec<u8> {
    let mut content = Vec::new();
    for term in answer["terms"].as_array().unwrap() {
        let (start, end) = (
            term["range"]["start"].as_u64().unwrap(),
            term["range"]["end"].as_u64().unwrap(),
        );
        let fetches = answer["xorbs"][term["hash"].as_str().unwrap()].as_array().unwrap();
        let mut found = Vec::new();
        for fetch in fetches {
            for range in fetch["ranges"].as_array().unwrap() {
                let chunks = &range["chunks"];
                if chunks["start"].as_u64().unwrap() <= start && end <= chunks["end"].as_u64().unwrap() {
                    found.push((fetch["url"].as_str().unwrap(), range));
                }
            }
        }
        let [(url, range)] = found[..] else {
            panic!("a term lies in {} ranges: {answer}", found.len())
        };
        let path = url.strip_prefix(&app.address()).unwrap();
        let bytes = &range["bytes"];
        let header = format!("bytes={}-{}", bytes["start"], bytes["end"]);
        let reply = app.anonymous().get(path).header("range", &header).await.expect(206);
        let first = range["chunks"]["start"].as_u64().unwrap();
        content.extend(unpacked(
            &reply.body,
            usize::try_from(start - first).unwrap(),
            usize::try_from(end - start).unwrap(),
        ));
    }
    let skip = usize::try_from(answer["offset_into_first_range"].as_u64().unwrap()).unwrap();
    content.split_off(skip)
}

/// Some chunks of a stretch of a xorb.
fn unpacked(mut stored: &[u8], skip: usize, count: usize) -> Vec<u8> {
    let mut content = Vec::new();
    for index in 0..skip + count {
        let length = 8 + u32::from_le_bytes([stored[1], stored[2], stored[3], 0]) as usize;
        let (chunk, rest) = stored.split_at(length);
        if index >= skip {
            content.extend(geoml_hub::blobs::xet::xorb::decode_chunk(chunk).unwrap());
        }
        stored = rest;
    }
    content
}
