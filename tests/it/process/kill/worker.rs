use super::ledger::{ChunkedUpload, Doubt, Ledger, Repository};
use crate::support::{Call, Client, PASSWORD, Random, Reply};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One client, which does one thing after the other and writes down what was acknowledged.
pub(super) struct Worker {
    pub client: Client,
    pub anonymous: Client,
    pub ledger: Ledger,
    random: Random,
    /// Makes every name new.
    counter: u64,
    /// Counts what was acknowledged to anybody.
    acknowledged: Arc<AtomicU64>,
}

/// The connection broke: the hub is gone.
struct Gone;

impl Worker {
    pub(super) fn new(client: Client, anonymous: Client, seed: u64, acknowledged: Arc<AtomicU64>) -> Self {
        Self {
            client,
            anonymous,
            ledger: Ledger::default(),
            random: Random::new(seed),
            counter: 0,
            acknowledged,
        }
    }

    /// The address part `owner/name` of a repository known by its first name.
    pub(super) fn address(&self, repository: &str) -> String {
        format!("{}/{}", self.client.name, self.ledger.repositories[repository].name)
    }

    /// Works until a connection breaks.
    pub(super) async fn work_until_the_hub_is_gone(&mut self) {
        while self.work_once().await.is_ok() {}
    }

    async fn work_once(&mut self) -> Result<(), Gone> {
        let Some(repository) = self.some_repository() else {
            return self.create_repository().await;
        };
        match self.random.below(100) {
            0..5 => self.register().await,
            5..12 => self.create_repository().await,
            12..42 => self.upload(&repository).await,
            42..57 => self.upload_batch(&repository).await,
            57..75 => self.continue_chunked_upload(repository).await,
            75..82 => self.star(&repository).await,
            82..89 => self.describe(&repository).await,
            89..94 => self.rename(&repository).await,
            94..98 => self.delete_file(&repository).await,
            _ => self.delete_repository(&repository).await,
        }
    }

    fn some_repository(&mut self) -> Option<String> {
        let all = self.ledger.repositories.iter();
        let living: Vec<_> = all.filter(|(_, repository)| !repository.deleted).collect();
        let (name, _) = *living.get(self.random.index(living.len().max(1)))?;
        Some(name.clone())
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}-{}", self.counter)
    }

    fn repository(&mut self, name: &str) -> &mut Repository {
        self.ledger.repositories.get_mut(name).unwrap()
    }

    /// Sends a write. While its answer is out, the ledger holds the doubt.
    async fn write(&mut self, doubt: Doubt, call: Call) -> Result<Reply, Gone> {
        self.ledger.doubt = Some(doubt);
        let Ok(reply) = call.attempt().await else {
            return Err(Gone);
        };
        self.ledger.doubt = None;
        assert!(
            reply.status.is_success(),
            "{}: {} {}",
            reply.request,
            reply.status,
            reply.text()
        );
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        Ok(reply)
    }

    async fn register(&mut self) -> Result<(), Gone> {
        let name = self.fresh(&format!("{}-friend", self.client.name));
        let account = json!({ "username": name, "email": format!("{name}@example.org"), "password": PASSWORD });
        let call = self.anonymous.post("/api/auth/register", &account);
        self.write(Doubt::Harmless, call).await?;
        self.ledger.accounts.push(name);
        Ok(())
    }

    async fn create_repository(&mut self) -> Result<(), Gone> {
        let name = self.fresh("model");
        let visibility = if self.random.percent(30) { "private" } else { "public" };
        let call = self.client.create_repository_call(&name, visibility);
        self.write(Doubt::Harmless, call).await?;
        let repository = Repository {
            name: name.clone(),
            ..Repository::default()
        };
        self.ledger.repositories.insert(name, repository);
        Ok(())
    }

    /// A new path, or now and then one that exists.
    fn some_path(&mut self, repository: &str) -> String {
        let known: Vec<_> = self.ledger.repositories[repository].files.keys().cloned().collect();
        if !known.is_empty() && self.random.percent(25) {
            return known[self.random.index(known.len())].clone();
        }
        let folder = self.random.below(4);
        let file = self.fresh("file");
        format!("folder-{folder}/{file}.bin")
    }

    /// Small, so that it stays in git, or large, so that it becomes a blob.
    fn some_content(&mut self) -> Vec<u8> {
        let length = if self.random.percent(20) {
            (1 << 20) + self.random.index(1 << 19)
        } else {
            1 + self.random.index(5000)
        };
        self.random.bytes(length)
    }

    fn files_are_there(&mut self, repository: &str, files: Vec<(String, Vec<u8>)>) {
        let repository = self.repository(repository);
        for (path, content) in files {
            repository.deleted_files.remove(&path);
            repository.files.insert(path, content);
        }
    }

    async fn upload(&mut self, repository: &str) -> Result<(), Gone> {
        let path = self.some_path(repository);
        let files = vec![(path.clone(), self.some_content())];
        let call = self
            .client
            .upload_call(&self.address(repository), &path, files[0].1.clone());
        self.write(Doubt::Files(repository.to_owned(), files.clone()), call)
            .await?;
        self.files_are_there(repository, files);
        Ok(())
    }

    async fn upload_batch(&mut self, repository: &str) -> Result<(), Gone> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for _ in 0..=self.random.below(8) {
            let path = self.some_path(repository);
            if files.iter().all(|(taken, _)| *taken != path) {
                files.push((path, self.some_content()));
            }
        }
        let call = self.client.batch_call(&self.address(repository), files.clone());
        self.write(Doubt::Files(repository.to_owned(), files.clone()), call)
            .await?;
        self.files_are_there(repository, files);
        Ok(())
    }

    async fn continue_chunked_upload(&mut self, repository: String) -> Result<(), Gone> {
        if self.ledger.upload.is_none() {
            return self.begin_chunked_upload(repository).await;
        }
        for _ in 0..=self.random.below(4) {
            let upload = self.ledger.upload.as_ref().unwrap();
            let missing: Vec<_> = (1..=upload.total())
                .filter(|number| !upload.acknowledged.contains(number))
                .collect();
            if missing.is_empty() {
                return self.complete_chunked_upload().await;
            }
            let number = missing[self.random.index(missing.len())];
            let path = self.upload_path(&format!("chunk/{number}"));
            let chunk = self.ledger.upload.as_ref().unwrap().chunk(number).to_vec();
            let call = self.client.call(Method::POST, &path).body(chunk);
            self.write(Doubt::Harmless, call).await?;
            self.ledger.upload.as_mut().unwrap().acknowledged.insert(number);
        }
        Ok(())
    }

    async fn begin_chunked_upload(&mut self, repository: String) -> Result<(), Gone> {
        let path = self.some_path(&repository);
        let length = (1 << 20) + self.random.index(4 << 20);
        let content = self.random.bytes(length);
        let wish = json!({ "path": path, "size": length, "chunk_size": 1 << 20, "message": "Add in chunks" });
        let call = self
            .client
            .post(&format!("/api/{}/upload/init", self.address(&repository)), &wish);
        let answer = self.write(Doubt::Harmless, call).await?.json();
        self.ledger.upload = Some(ChunkedUpload {
            repository,
            path,
            content,
            session: answer["session_id"].as_str().unwrap().to_owned(),
            chunk_size: usize::try_from(answer["chunk_size"].as_u64().unwrap()).unwrap(),
            acknowledged: [].into(),
        });
        Ok(())
    }

    /// The address of the upload under way, with what follows.
    pub(super) fn upload_path(&self, rest: &str) -> String {
        let upload = self.ledger.upload.as_ref().unwrap();
        format!(
            "/api/{}/upload/{}/{rest}",
            self.address(&upload.repository),
            upload.session
        )
    }

    async fn complete_chunked_upload(&mut self) -> Result<(), Gone> {
        let call = self.client.post(&self.upload_path("complete"), &json!({}));
        self.write(Doubt::Completion, call).await?;
        let upload = self.ledger.upload.take().unwrap();
        self.files_are_there(&upload.repository, vec![(upload.path, upload.content)]);
        Ok(())
    }

    async fn star(&mut self, repository: &str) -> Result<(), Gone> {
        let starred = !self.ledger.repositories[repository].starred;
        let path = format!("/api/{}/star", self.address(repository));
        let method = if starred { Method::POST } else { Method::DELETE };
        let call = self.client.call(method, &path);
        self.write(Doubt::Star(repository.to_owned(), starred), call).await?;
        self.repository(repository).starred = starred;
        Ok(())
    }

    async fn describe(&mut self, repository: &str) -> Result<(), Gone> {
        let description = self.fresh("Description");
        let path = format!("/api/{}/settings", self.address(repository));
        let call = self.client.put(&path, &json!({ "description": description }));
        self.write(Doubt::Description(repository.to_owned(), description.clone()), call)
            .await?;
        self.repository(repository).description = description;
        Ok(())
    }

    async fn rename(&mut self, repository: &str) -> Result<(), Gone> {
        let name = self.fresh("renamed");
        let path = format!("/api/{}/settings", self.address(repository));
        let call = self.client.put(&path, &json!({ "name": name }));
        self.write(Doubt::Name(repository.to_owned(), name.clone()), call)
            .await?;
        self.repository(repository).name = name;
        Ok(())
    }

    async fn delete_file(&mut self, repository: &str) -> Result<(), Gone> {
        let known: Vec<_> = self.ledger.repositories[repository].files.keys().cloned().collect();
        if known.is_empty() {
            return Ok(());
        }
        let path = known[self.random.index(known.len())].clone();
        let facts = format!("/api/{}/blob/{path}", self.address(repository));
        let Ok(facts) = self.client.get(&facts).attempt().await else {
            return Err(Gone);
        };
        let id = facts.ok()["file_id"].as_str().unwrap().to_owned();
        let call = self.client.delete(&format!("/api/files/{id}"));
        self.write(Doubt::FileDeletion(repository.to_owned(), path.clone()), call)
            .await?;
        let repository = self.repository(repository);
        repository.files.remove(&path);
        repository.deleted_files.insert(path);
        Ok(())
    }

    async fn delete_repository(&mut self, repository: &str) -> Result<(), Gone> {
        let call = self.client.delete(&format!("/api/{}", self.address(repository)));
        self.write(Doubt::Deletion(repository.to_owned()), call).await?;
        self.repository(repository).deleted = true;
        if self
            .ledger
            .upload
            .as_ref()
            .is_some_and(|upload| upload.repository == repository)
        {
            self.ledger.upload = None;
        }
        Ok(())
    }
}
