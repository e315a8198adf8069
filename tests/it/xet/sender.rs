use super::{Made, Packed, Xet, fetched, made, noise, pack, shard};
use crate::support::{Call, Client, Random, Reply, TestApp};
use geoml_hub::base::Sha256;
use geoml_hub::blobs::xet::hash::XetHash;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Different files of a case in which the same ones come and go.
const POOL: u64 = 8;

/// What senders do.
#[derive(Clone)]
pub(super) enum Case {
    /// They only send, mostly something new.
    Uploads,
    /// They send the same files again and again, leave some without a commit, and delete repositories, which the
    /// administrator removes for good.
    Collecting(Client),
}

/// What was acknowledged to everybody.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) xet: AtomicU64,
    pub(super) lfs: AtomicU64,
    removed: AtomicU64,
    refused: AtomicU64,
    /// Commits whose answer did not come and that turned out to be there.
    unheard: AtomicU64,
}

impl Tally {
    /// Commits that were acknowledged.
    pub(super) fn commits(&self) -> u64 {
        self.xet.load(Ordering::Relaxed) + self.lfs.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [xet, lfs, removed, refused, unheard] = [&self.xet, &self.lfs, &self.removed, &self.refused, &self.unheard]
            .map(|count| count.load(Ordering::Relaxed));
        write!(
            formatter,
            "{xet} commits by Xet and {lfs} by LFS acknowledged, {unheard} done without an answer, {removed} repositories \
             removed, {refused} uploads refused"
        )
    }
}

/// A file that has to be there.
#[derive(Clone)]
struct Kept {
    sha256: String,
    /// Its hash in the Xet protocol, if it came by that.
    file: Option<XetHash>,
}

/// One client, which sends one large file after the other and writes down what was acknowledged.
pub(super) struct Sender {
    client: Client,
    anonymous: Client,
    random: Random,
    case: Case,
    tally: Arc<Tally>,
    counter: u64,
    /// The repository at hand and its id, once it was made.
    repository: Option<(String, String)>,
    /// Xorbs that this repository was sent.
    sent: Vec<Packed>,
    /// What was acknowledged, by repository and path.
    kept: BTreeMap<(String, String), Kept>,
    /// What was acknowledged since it was last verified.
    fresh: Vec<(String, String)>,
    /// A commit whose answer did not come.
    doubt: Option<((String, String), Kept)>,
}

/// Why a sender could not go on.
enum Stopped {
    /// The connection broke: the hub is gone.
    Gone,
    /// The hub has removed what the client counted on before a commit named it.
    Refused,
}

impl Sender {
    pub(super) fn new(app: &TestApp, client: Client, random: Random, case: Case, tally: Arc<Tally>) -> Self {
        Self {
            client,
            anonymous: app.anonymous(),
            random,
            case,
            tally,
            counter: 0,
            repository: None,
            sent: Vec::new(),
            kept: BTreeMap::new(),
            fresh: Vec::new(),
            doubt: None,
        }
    }

    /// Sends one file after the other, until the hub is killed.
    pub(super) async fn work_until_the_hub_is_gone(&mut self) {
        loop {
            match self.work_once().await {
                Ok(()) => {}
                Err(Stopped::Refused) if matches!(self.case, Case::Collecting(_)) => {
                    self.tally.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(Stopped::Refused) => panic!("an upload was refused"),
                Err(Stopped::Gone) => return,
            }
        }
    }

    async fn work_once(&mut self) -> Result<(), Stopped> {
        let Some((repository, id)) = self.repository.clone() else {
            return self.create().await;
        };
        if let Case::Collecting(admin) = self.case.clone()
            && self.random.percent(15)
        {
            return self.remove(repository, &id, &admin).await;
        }
        let (xorbs, file) = self.some_file();
        let by_xet = self.random.percent(60);
        if by_xet {
            self.send_by_xet(&repository, &xorbs, &file).await?;
        } else {
            self.send_by_lfs(&repository, &file).await?;
        }
        if matches!(self.case, Case::Collecting(_)) && self.random.percent(15) {
            // Nobody ever commits it.
            return Ok(());
        }
        let kept = Kept {
            sha256: file.sha256(),
            file: by_xet.then_some(file.file),
        };
        self.commit(repository, kept, file.content.len()).await
    }

    /// Sends a request of the one who works here, which the hub has to answer well unless it is gone.
    async fn ask(&self, call: Call) -> Result<Reply, Stopped> {
        let reply = call.attempt().await.map_err(|_| Stopped::Gone)?;
        if reply.status.is_client_error() {
            return Err(Stopped::Refused);
        }
        assert!(
            reply.status.is_success(),
            "{}: {} {}",
            reply.request,
            reply.status,
            reply.text()
        );
        Ok(reply)
    }

    async fn create(&mut self) -> Result<(), Stopped> {
        self.counter += 1;
        let name = format!("large-{}", self.counter);
        let made = self
            .ask(self.client.create_repository_call(&name, "public"))
            .await?
            .json();
        let id = made["id"].as_str().unwrap().to_owned();
        self.repository = Some((format!("{}/{name}", self.client.name), id));
        self.sent = Vec::new();
        Ok(())
    }

    /// From the first request on, nothing of the repository has to be there any more.
    async fn remove(&mut self, repository: String, id: &str, admin: &Client) -> Result<(), Stopped> {
        self.repository = None;
        self.kept.retain(|(owner, _), _| *owner != repository);
        self.fresh.retain(|(owner, _)| *owner != repository);
        self.ask(self.client.delete(&format!("/api/{repository}"))).await?;
        self.ask(admin.delete(&format!("/api/admin/repositories/{id}/hard-delete")))
            .await?;
        self.tally.removed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A file of one to three xorbs, of which some were sent before.
    fn some_file(&mut self) -> (Vec<Packed>, Made) {
        let pooled = matches!(self.case, Case::Collecting(_));
        let seed = if pooled {
            self.random.below(POOL)
        } else {
            self.random.next()
        };
        let mut story = Random::new(seed);
        let mut xorbs = Vec::new();
        for _ in 0..=story.below(3) {
            let chunks: Vec<_> = (0..=story.below(4))
                .map(|_| noise(4_096 + story.index(30_000), story.next()))
                .collect();
            xorbs.push(pack(&chunks));
        }
        if !pooled && !self.sent.is_empty() && self.random.percent(30) {
            xorbs.push(self.sent[self.random.index(self.sent.len())].clone());
        }
        let terms: Vec<_> = xorbs.iter().map(|xorb| (xorb, 0..xorb.chunks.len())).collect();
        let file = made(&terms);
        (xorbs, file)
    }

    async fn send_by_xet(&mut self, repository: &str, xorbs: &[Packed], file: &Made) -> Result<(), Stopped> {
        let path = format!("/api/models/{repository}/xet-write-token/main");
        let answer = self.ask(self.client.get(&path)).await?.json();
        let url = answer["casUrl"].as_str().unwrap();
        let place = url[url.find("/xet/").unwrap()..].to_owned();
        let client = self.anonymous.with_token(answer["accessToken"].as_str().unwrap());
        for xorb in xorbs {
            let path = format!("{place}/v1/xorbs/default/{}", xorb.hash);
            self.ask(client.call(Method::POST, &path).body(xorb.bytes.clone()))
                .await?;
        }
        let call = client.call(Method::POST, &format!("{place}/v2/shards"));
        let told = self.ask(call.body(shard(&[file]))).await?;
        if !told.text().ends_with("{\"type\":\"result\"}\n") {
            return Err(Stopped::Refused);
        }
        self.sent = xorbs.to_vec();
        Ok(())
    }

    async fn send_by_lfs(&mut self, repository: &str, file: &Made) -> Result<(), Stopped> {
        let object = json!({ "oid": file.sha256(), "size": file.content.len() });
        let body = json!({ "operation": "upload", "transfers": ["basic"], "objects": [object], "hash_algo": "sha256" });
        let path = format!("/{repository}.git/info/lfs/objects/batch");
        let call = self.client.post(&path, &body);
        let answer = self.ask(call.header("accept", "application/vnd.git-lfs+json")).await?;
        let answer = answer.json();
        let href = |action: &str| {
            let href = answer["objects"][0]["actions"][action]["href"].as_str()?;
            let path = href.splitn(4, '/').nth(3)?;
            Some(format!("/{path}"))
        };
        if let Some(upload) = href("upload") {
            let call = self.anonymous.call(Method::PUT, &upload);
            self.ask(call.body(file.content.clone())).await?;
        }
        if let Some(verify) = href("verify") {
            self.ask(self.anonymous.post(&verify, &object)).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, repository: String, kept: Kept, size: usize) -> Result<(), Stopped> {
        self.counter += 1;
        let path = format!("files/{}.bin", self.counter);
        let lines = [
            json!({ "key": "header", "value": { "summary": "Add", "description": "" } }),
            json!({ "key": "lfsFile", "value": { "path": path, "algo": "sha256", "oid": kept.sha256, "size": size } }),
        ];
        let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let url = format!("/api/models/{repository}/commit/main");
        let call = self.client.call(Method::POST, &url);
        let key = (repository, path);
        self.doubt = Some((key.clone(), kept.clone()));
        let answer = self
            .ask(call.header("content-type", "application/x-ndjson").body(body))
            .await;
        if !matches!(answer, Err(Stopped::Gone)) {
            self.doubt = None;
        }
        answer?;
        let count = if kept.file.is_some() {
            &self.tally.xet
        } else {
            &self.tally.lfs
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.fresh.push(key.clone());
        self.kept.insert(key, kept);
        Ok(())
    }

    /// Reads what was acknowledged, all of it or what is new.
    pub(super) async fn verify(&mut self, app: &TestApp, everything: bool) {
        if let Some((key, kept)) = self.doubt.take() {
            let reply = self.read(&key).await;
            if reply.status != 404 {
                self.tally.unheard.fetch_add(1, Ordering::Relaxed);
                self.fresh.push(key.clone());
                self.kept.insert(key, kept);
            }
        }
        let fresh = std::mem::take(&mut self.fresh);
        let keys = if everything {
            self.kept.keys().cloned().collect()
        } else {
            fresh
        };
        for key in keys {
            let kept = &self.kept[&key];
            let content = self.read(&key).await.expect(200).body;
            assert_eq!(Sha256::of(&content).to_string(), kept.sha256, "{key:?}");
            if let Some(file) = kept.file {
                let xet = Xet::open(app, &self.client, &key.0, "read").await;
                let plan = xet.reconstruction(file, None).await.ok();
                assert!(fetched(app, &plan).await == content, "{key:?} by Xet");
            }
        }
    }

    async fn read(&self, (repository, path): &(String, String)) -> Reply {
        self.client.get(&format!("/{repository}/resolve/main/{path}")).await
    }
}
