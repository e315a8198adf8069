use super::super::openapi::{Operation, parameters_of};
use super::recipe::{Content, recipe};
use crate::support::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persona {
    /// Nobody in particular.
    Anonymous,
    /// An account without any part in the repository.
    Stranger,
    /// Who owns the repository.
    Owner,
    /// The owner's token of scope read.
    Read,
    /// The owner's token of scope admin, limited to another repository.
    Other,
    /// An administrator of the hub.
    Admin,
    /// A collaborator who may read.
    Reader,
    /// A collaborator who may write.
    Writer,
    /// A collaborator who may administer the repository.
    Manager,
}

/// In the order of the table's columns.
pub(super) const PERSONAS: [Persona; 9] = [
    Persona::Anonymous,
    Persona::Stranger,
    Persona::Owner,
    Persona::Read,
    Persona::Other,
    Persona::Admin,
    Persona::Reader,
    Persona::Writer,
    Persona::Manager,
];

impl Persona {
    /// What a collaborator is given.
    fn permission(self) -> Option<&'static str> {
        match self {
            Self::Reader => Some("read"),
            Self::Writer => Some("write"),
            Self::Manager => Some("admin"),
            _ => None,
        }
    }

    /// Characters of its column.
    pub(super) fn column_width(self) -> usize {
        match self {
            Self::Anonymous => 9,
            Self::Stranger => 8,
            _ => 7,
        }
    }
}

/// A hub and the people who last for the whole test.
pub(super) struct Stage {
    pub app: TestApp,
    admin: Client,
    stranger: Client,
    /// Collaborators on the repository of every question that they ask: reader, writer, manager.
    collaborators: [Client; 3],
    /// The id of an account that is named in questions and never asks.
    guest_id: String,
    /// For questions that change nothing of the account.
    lasting: Cast,
    /// Makes every name new.
    counter: AtomicU64,
}

/// An account that owns repositories, and its tokens.
struct Cast {
    owner: Client,
    read: Client,
    other: Client,
}

/// What the parameters of one question stand for.
struct Scene {
    owner: String,
    repository: String,
    repository_id: String,
    /// Values of the other parameters of the address.
    values: Vec<(&'static str, String)>,
}

impl Stage {
    /// Starts the hub and makes the people.
    pub(super) async fn set() -> Self {
        // Thousands of repositories in a few minutes keep the consumers of events busy for a while.
        let app = TestApp::with(&[("GEOML_HUB__SERVER__SHUTDOWN_TIMEOUT", "2m")])
            .start()
            .await;
        let admin = app.admin().await;
        let stranger = app.user("stranger").await;
        let collaborators = [
            app.user("reader").await,
            app.user("writer").await,
            app.user("manager").await,
        ];
        let guest = app.user("guest").await.get("/api/users/guest").await.ok();
        let lasting = Cast::make(&app, "lasting").await;
        Self {
            app,
            admin,
            stranger,
            collaborators,
            guest_id: guest["id"].as_str().unwrap().to_owned(),
            lasting,
            counter: AtomicU64::new(0),
        }
    }

    fn fresh(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.counter.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks once, with everything that the question needs made anew. None when there is no recipe.
    pub(super) async fn ask(&self, operation: &Operation, persona: Persona, visibility: &str) -> Option<Reply> {
        let content = recipe(&operation.0, &operation.1)?;
        // What changes an account must not change it for the next question.
        let own = operation.0 != "GET" && !super::names_a_repository(&operation.1);
        let cast = if own {
            Some(Cast::make(&self.app, &self.fresh("cast")).await)
        } else {
            None
        };
        let cast = cast.as_ref().unwrap_or(&self.lasting);
        let scene = self.scene(cast, operation, visibility, persona).await;
        Some(self.send(cast, &scene, operation, persona, &content).await)
    }

    /// Asks about a private repository, deletes it, and asks again.
    pub(super) async fn ask_before_and_after_deletion(
        &self,
        operation: &Operation,
        persona: Persona,
    ) -> Option<(Reply, Reply)> {
        let content = recipe(&operation.0, &operation.1)?;
        let cast = &self.lasting;
        let scene = self.scene(cast, operation, "private", persona).await;
        let there = self.send(cast, &scene, operation, persona, &content).await;
        let address = format!("/api/{}/{}", scene.owner, scene.repository);
        // It is deleted already when the question is about deleted repositories.
        cast.owner.delete(&address).await;
        let gone = self.send(cast, &scene, operation, persona, &content).await;
        Some((there, gone))
    }

    /// Somebody who is there for the whole test and owns no repository of a question.
    fn lasting_client(&self, persona: Persona) -> &Client {
        match persona {
            Persona::Admin => &self.admin,
            Persona::Reader => &self.collaborators[0],
            Persona::Writer => &self.collaborators[1],
            Persona::Manager => &self.collaborators[2],
            _ => &self.stranger,
        }
    }

    async fn send(
        &self,
        cast: &Cast,
        scene: &Scene,
        (method, path): &Operation,
        persona: Persona,
        content: &Content,
    ) -> Reply {
        let client = match persona {
            Persona::Anonymous => self.app.anonymous(),
            Persona::Owner => cast.owner.clone(),
            Persona::Read => cast.read.clone(),
            Persona::Other => cast.other.clone(),
            // Whoever logs out must not be logged out for the next question.
            lasting if path == "/api/auth/logout" => self.app.log_in(&self.lasting_client(lasting).name).await,
            lasting => self.lasting_client(lasting).clone(),
        };
        let method: Method = method.parse().unwrap();
        content
            .attach(
                client.call(method, &(scene.address(path) + content.query())),
                &scene.owner,
                &scene.repository,
            )
            .await
    }

    async fn scene(&self, cast: &Cast, (_, path): &Operation, visibility: &str, persona: Persona) -> Scene {
        let owner = cast.owner.name.clone();
        let name = self.fresh("repository");
        let repository = cast.owner.create_repository(&name, visibility).await;
        let full_name = format!("{owner}/{name}");
        if let Some(permission) = persona.permission() {
            let part = json!({ "username": self.lasting_client(persona).name, "permission": permission });
            let address = format!("/api/v1/repos/{full_name}/collaborators");
            cast.owner.post(&address, &part).await.expect(201);
        }
        if path.contains("/user-access-request/") || path.ends_with("/access-requests") {
            let gated = json!({ "gated": "manual" });
            let address = format!("/api/models/{full_name}");
            cast.owner.put(&format!("{address}/settings"), &gated).await.ok();
            let grant = json!({ "user": "guest" });
            let address = format!("{address}/user-access-request/grant");
            cast.owner.post(&address, &grant).await.ok();
        }
        let mut values = Vec::new();
        for parameter in parameters_of(path) {
            let value = self.value(cast, parameter, path, &full_name).await;
            values.extend(value);
        }
        if path.ends_with("/restore") || path.ends_with("/hard-delete") {
            cast.owner.delete(&format!("/api/{full_name}")).await.ok();
        }
        let repository_id = repository["id"].as_str().unwrap().to_owned();
        values.push(("place", format!("{repository_id}-0")));
        Scene {
            owner,
            repository: name,
            repository_id,
            values,
        }
    }

    /// Makes what a parameter stands for, when it is neither the account nor the repository.
    async fn value(&self, cast: &Cast, parameter: &str, path: &str, full_name: &str) -> Option<(&'static str, String)> {
        let owner = &cast.owner;
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("not text: {value}")).to_owned();
        Some(match parameter {
            // No signature comes with it, so nobody gets it.
            "sha256" => ("sha256", "0".repeat(64)),
            // Tokens of the Xet protocol are of a repository and not of an account.
            "xorb" => ("xorb", "0".repeat(64)),
            "chunk" => ("chunk", "0".repeat(64)),
            "file" => ("file", "0".repeat(64)),
            "file_id" => {
                let files = owner.get(&format!("/api/{full_name}/files")).await.ok();
                ("file_id", text(&files["items"][0]["file_id"]))
            }
            "commit_id" => {
                let commits = owner.get(&format!("/api/{full_name}/commits")).await.ok();
                ("commit_id", text(&commits["items"][0]["id"]))
            }
            "user_id" => {
                let part = json!({ "user_id": self.guest_id, "permission": "read" });
                let address = format!("/api/v1/repos/{full_name}/collaborators");
                owner.post(&address, &part).await.expect(201);
                ("user_id", self.guest_id.clone())
            }
            "session_id" => {
                let wish = json!({ "path": "large.bin", "size": 3, "message": "Add" });
                let upload = owner.post(&format!("/api/{full_name}/upload/init"), &wish).await.ok();
                let session = text(&upload["session_id"]);
                if path.ends_with("/complete") {
                    let chunk = format!("/api/{full_name}/upload/{session}/chunk/1");
                    owner.call(Method::POST, &chunk).body("abc").await.ok();
                }
                ("session_id", session)
            }
            "slug" => {
                let wish = json!({ "title": self.fresh("collection") });
                let made = owner.post("/api/collections", &wish).await.ok();
                let slug = text(&made["slug"]);
                if path.contains("{item}") {
                    let item = json!({ "item": { "type": "model", "id": full_name } });
                    let address = format!("/api/collections/{slug}/items");
                    owner.post(&address, &item).await.ok();
                }
                ("slug", slug.split_once('/').unwrap().1.to_owned())
            }
            "webhook_id" => {
                let watched = json!([{ "type": "model", "name": full_name }]);
                let wish = json!({ "url": "http://localhost:1/", "watched": watched });
                let made = owner.post("/api/settings/webhooks", &wish).await.ok();
                let id = text(&made["webhook"]["id"]);
                if path.contains("{number}") {
                    let opening = json!({ "title": "Rain", "description": "It rains." });
                    let discussions = format!("/api/models/{full_name}/discussions");
                    owner.post(&discussions, &opening).await.ok();
                    let deliveries = format!("/api/v1/webhooks/{id}/deliveries");
                    while owner.get(&deliveries).await.ok()["total"] == 0 {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                ("webhook_id", id)
            }
            "number" if path.starts_with("/api/v1/webhooks/") => ("number", "1".to_owned()),
            "organization" => {
                let name = self.fresh("lab");
                owner
                    .post("/api/v1/organizations", &json!({ "name": name }))
                    .await
                    .expect(201);
                let address = format!("/api/v1/organizations/{name}/members/guest");
                owner.put(&address, &json!({ "role": "write" })).await.expect(201);
                ("organization", name)
            }
            "member" => ("member", "guest".to_owned()),
            "item" => ("item", format!("{:024x}", 0)),
            "status" => ("status", "pending".to_owned()),
            "id" if path.starts_with("/api/auth/tokens") => {
                let wish = json!({ "name": "to be deleted", "scope": "read" });
                ("id", text(&owner.post("/api/auth/tokens", &wish).await.ok()["id"]))
            }
            "id" if path.contains("/info/lfs/locks/") => {
                let address = format!("/api/v1/repos/{full_name}/info/lfs/locks");
                let lock = owner.post(&address, &json!({ "path": "locked.bin" })).await.ok();
                ("id", text(&lock["lock"]["id"]))
            }
            "id" if path.starts_with("/api/classifications") => {
                let all = owner.get("/api/classifications").await.ok();
                ("id", text(&all["items"][0]["id"]))
            }
            "number" => {
                let merges = path.ends_with("/merge");
                let address = format!("/api/models/{full_name}/discussions");
                let wish = json!({ "title": "Rain", "description": "It rains.", "pullRequest": merges });
                let opened = owner.post(&address, &wish).await.ok();
                if merges {
                    let address = format!("{address}/{}/status", opened["num"]);
                    owner.post(&address, &json!({ "status": "open" })).await.ok();
                }
                ("number", opened["num"].to_string())
            }
            "comment" => ("comment", format!("{:024x}", 1)),
            "chunk_number" => ("chunk_number", "1".to_owned()),
            "branch" | "tag" => {
                let many = if parameter == "branch" { "branches" } else { "tags" };
                let address = format!("/api/v1/repos/{full_name}/{many}");
                owner.post(&address, &json!({ "name": "side/way" })).await.expect(201);
                let parameter = if parameter == "branch" { "branch" } else { "tag" };
                (parameter, "side%2Fway".to_owned())
            }
            "archive" => ("archive", "main.zip".to_owned()),
            "revision" if path.ends_with("/tag/{revision}") => {
                let address = format!("/api/v1/repos/{full_name}/tags");
                owner.post(&address, &json!({ "name": "main" })).await.expect(201);
                ("revision", "main".to_owned())
            }
            "revision" => ("revision", "main".to_owned()),
            "path" if path.contains("/tree/{revision}/") => {
                owner.upload(full_name, "folder/file.txt", "x").await;
                ("path", "folder".to_owned())
            }
            "family" => ("family", "models".to_owned()),
            "path" => ("path", "README.md".to_owned()),
            "file_path" => ("file_path", "README.md".to_owned()),
            "name" if path.starts_with("/api/metadata/templates") => {
                let wish = json!({ "name": "ours", "repo_type": "model", "language": "en", "content": "x" });
                owner.post("/api/metadata/templates", &wish).await.ok();
                ("name", "ours".to_owned())
            }
            "name" => ("name", "check".to_owned()),
            // Nothing queues jobs here; an administrator learns that there is none.
            "job_id" => ("job_id", "0198c9a2-0000-7000-8000-000000000000".to_owned()),
            _ => return None,
        })
    }
}

impl Scene {
    /// The template with its parameters filled in.
    fn address(&self, template: &str) -> String {
        let mut address = template.to_owned();
        for parameter in parameters_of(template) {
            let value = match parameter {
                "username" | "owner" => &self.owner,
                "repo_name" | "repo" => &self.repository,
                "repository_id" => &self.repository_id,
                other => {
                    let known = self.values.iter().find(|(name, _)| *name == other);
                    &known
                        .unwrap_or_else(|| panic!("{template}: nothing stands for {other}"))
                        .1
                }
            };
            let begin = address.find('{').unwrap();
            let end = address.find('}').unwrap();
            address.replace_range(begin..=end, value);
        }
        address
    }
}

impl Cast {
    async fn make(app: &TestApp, name: &str) -> Self {
        let owner = app.user(name).await;
        owner.create_repository("elsewhere", "private").await;
        let read = json!({ "name": "read", "scope": "read" });
        let elsewhere = json!({ "name": "other", "scope": "admin", "repositories": [format!("{name}/elsewhere")] });
        Self {
            read: token(&owner, &read).await,
            other: token(&owner, &elsewhere).await,
            owner,
        }
    }
}

async fn token(owner: &Client, wish: &Value) -> Client {
    let answer = owner.post("/api/auth/tokens", wish).await.ok();
    owner.with_token(answer["token"].as_str().unwrap())
}
