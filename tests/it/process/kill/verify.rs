use super::ledger::{Doubt, Repository};
use super::worker::Worker;
use crate::support::{Client, PASSWORD};
use serde_json::{Value, json};

/// Fails unless everything in the worker's ledger is there. What was in doubt may be done or not; from here on it counts
/// as what it turned out to be.
pub(super) async fn verify(worker: &mut Worker, every_account: bool) {
    resolve_doubt(worker).await;
    let accounts = &worker.ledger.accounts;
    // Logging in costs a password check, so in the middle of a story only the newest account does.
    let newest = if every_account {
        0
    } else {
        accounts.len().saturating_sub(1)
    };
    for name in &accounts[newest..] {
        let login = json!({ "username": name, "password": PASSWORD });
        worker.anonymous.post("/api/auth/login", &login).await.expect(200);
    }
    for (first_name, repository) in &worker.ledger.repositories {
        verify_repository(&worker.client, &worker.address(first_name), repository).await;
    }
    verify_upload(worker).await;
}

async fn verify_repository(client: &Client, address: &str, repository: &Repository) {
    if repository.deleted {
        client.get(&format!("/api/{address}/settings")).await.expect(404);
        return;
    }
    let settings = client.get(&format!("/api/{address}/settings")).await.ok();
    assert_eq!(settings["description"], json!(repository.description), "{address}");
    assert_eq!(
        is_starred(client, address).await,
        repository.starred,
        "the star of {address}"
    );
    for (path, content) in &repository.files {
        assert!(
            read(client, address, path).await.as_ref() == Some(content),
            "{address}: {path} is not what was acknowledged"
        );
    }
    for path in &repository.deleted_files {
        assert!(read(client, address, path).await.is_none(), "{address}: {path} is back");
    }
}

async fn verify_upload(worker: &Worker) {
    let Some(upload) = &worker.ledger.upload else { return };
    let status = worker.client.get(&worker.upload_path("status")).await.ok();
    let arrived = status["uploaded_chunks"].as_array().unwrap();
    for number in &upload.acknowledged {
        assert!(
            arrived.contains(&json!(number)),
            "chunk {number} was acknowledged and is gone: {status}"
        );
    }
}

async fn is_starred(client: &Client, address: &str) -> bool {
    let stars = client.get(&format!("/api/{address}/stars")).await.ok();
    let items = stars["items"].as_array().unwrap();
    items.iter().any(|item: &Value| item["username"] == client.name)
}

/// A file's content; none when there is no such file.
async fn read(client: &Client, address: &str, path: &str) -> Option<Vec<u8>> {
    let reply = client.download_call(address, path).await;
    if reply.status == 404 {
        return None;
    }
    Some(reply.expect(200).body)
}

async fn resolve_doubt(worker: &mut Worker) {
    let Some(doubt) = worker.ledger.doubt.take() else {
        return;
    };
    let client = worker.client.clone();
    match doubt {
        Doubt::Harmless => {}
        Doubt::Files(name, files) => {
            let address = worker.address(&name);
            let repository = worker.ledger.repositories.get_mut(&name).unwrap();
            let mut changed = 0;
            for (path, content) in &files {
                if read(&client, &address, path).await.as_ref() == Some(content) {
                    repository.deleted_files.remove(path);
                    repository.files.insert(path.clone(), content.clone());
                    changed += 1;
                }
            }
            assert!(
                changed == 0 || changed == files.len(),
                "{address}: {changed} of the {} files of one commit are there",
                files.len()
            );
        }
        Doubt::FileDeletion(name, path) => {
            let address = worker.address(&name);
            if read(&client, &address, &path).await.is_none() {
                let repository = worker.ledger.repositories.get_mut(&name).unwrap();
                repository.files.remove(&path);
                repository.deleted_files.insert(path);
            }
        }
        Doubt::Description(name, description) => {
            let settings = client
                .get(&format!("/api/{}/settings", worker.address(&name)))
                .await
                .ok();
            if settings["description"] == json!(description) {
                worker.ledger.repositories.get_mut(&name).unwrap().description = description;
            }
        }
        Doubt::Name(name, new) => {
            let renamed = client.get(&format!("/api/{}/{new}/settings", client.name)).await;
            if renamed.status == 200 {
                worker.ledger.repositories.get_mut(&name).unwrap().name = new;
            }
        }
        Doubt::Star(name, starred) => {
            if is_starred(&client, &worker.address(&name)).await == starred {
                worker.ledger.repositories.get_mut(&name).unwrap().starred = starred;
            }
        }
        Doubt::Deletion(name) => {
            let settings = client.get(&format!("/api/{}/settings", worker.address(&name))).await;
            if settings.status == 404 {
                worker.ledger.repositories.get_mut(&name).unwrap().deleted = true;
                worker.ledger.upload.take_if(|upload| upload.repository == name);
            }
        }
        Doubt::Completion => {
            let upload = worker.ledger.upload.as_ref().unwrap();
            let (name, path) = (upload.repository.clone(), upload.path.clone());
            let here = read(&client, &worker.address(&name), &path).await;
            if here.as_ref() == Some(&upload.content) {
                let upload = worker.ledger.upload.take().unwrap();
                let repository = worker.ledger.repositories.get_mut(&name).unwrap();
                repository.deleted_files.remove(&path);
                repository.files.insert(path, upload.content);
            }
        }
    }
}
