use crate::support::{Call, PASSWORD};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

/// What is sent with a question, so that whoever may ask it succeeds.
pub(super) enum Content {
    /// Nothing.
    Empty,
    /// Nothing but a query.
    Query(&'static str),
    /// A JSON document; the texts `OWNER` and `REPOSITORY` in it become the names of both.
    Json(Value),
    /// A form with one file in this field.
    File(&'static str),
    /// These bytes.
    Bytes(&'static str),
    /// Bytes of a media type.
    Typed(&'static str, &'static str),
}

impl Content {
    /// What follows the path.
    pub(super) fn query(&self) -> &'static str {
        if let Self::Query(query) = self { query } else { "" }
    }

    /// Puts the content on the call.
    pub(super) fn attach(&self, call: Call, owner: &str, repository: &str) -> Call {
        match self {
            Self::Empty | Self::Query(_) => call,
            Self::Json(document) => {
                let text = document
                    .to_string()
                    .replace("OWNER", owner)
                    .replace("REPOSITORY", repository);
                call.json(&serde_json::from_str(&text).unwrap())
            }
            Self::File(field) => {
                let part = Part::bytes(b"content".to_vec()).file_name("notes.txt");
                call.form(Form::new().text("path", "notes.txt").part(*field, part))
            }
            Self::Bytes(bytes) => call.body(*bytes),
            Self::Typed(media_type, bytes) => call.header("content-type", media_type).body(*bytes),
        }
    }
}

/// What an operation is asked with; none when nobody has thought about it yet.
pub(super) fn recipe(method: &str, path: &str) -> Option<Content> {
    use Content::{Empty, Query};
    let content = match (method, path) {
        ("GET", "/api/search/repositories" | "/api/search/users" | "/api/search/suggestions" | "/api/files/search") => {
            Query("?q=model")
        }
        ("GET", "/api/v1/git/{owner}/{repo}/info/refs") => Query("?service=git-upload-pack"),
        ("GET", "/api/auth/device") => Query("?user_code=BCDF-GHJK"),
        ("GET", "/api/metadata/search") => Query("?field=license"),
        ("DELETE", "/api/repos/delete") => Content::Json(json!({ "name": "elsewhere", "organization": "OWNER" })),
        ("GET" | "DELETE", _) => Empty,
        _ => return change(method, path),
    };
    Some(content)
}

fn change(method: &str, path: &str) -> Option<Content> {
    use Content::{Bytes, Empty, File, Json};
    let account = json!({ "username": "OWNER-2", "email": "OWNER-2@example.org", "password": PASSWORD });
    Some(match (method, path) {
        ("POST", "/api/auth/register" | "/api/users") => Json(account),
        ("POST", "/api/auth/login") => Json(json!({ "username": "OWNER", "password": PASSWORD })),
        ("POST", "/api/auth/refresh") => Json(json!({ "refresh_token": "not one" })),
        ("POST", "/api/auth/verify") => Json(json!({ "token": "not one" })),
        ("POST", "/api/auth/device") => Json(json!({ "user_code": "BCDF-GHJK", "approve": true })),
        ("POST", "/oauth/device") => Content::Typed("application/x-www-form-urlencoded", "client_id=x"),
        ("POST", "/oauth/token") => Content::Typed(
            "application/x-www-form-urlencoded",
            "grant_type=refresh_token&refresh_token=x",
        ),
        ("POST", "/api/auth/tokens") => Json(json!({ "name": "new", "scope": "read" })),
        ("PUT", "/api/users/{username}") => Json(json!({ "bio": "A person." })),
        ("PUT", "/api/users/{username}/password") => {
            Json(json!({ "current_password": PASSWORD, "new_password": "another battery" }))
        }
        ("PUT", "/api/users/{username}/avatar") => Bytes("not a picture"),
        ("POST", "/api/v1/organizations") => Json(json!({ "name": "OWNER-lab" })),
        ("PUT", "/api/v1/organizations/{organization}/members/{member}") => Json(json!({ "role": "read" })),
        ("POST", "/api/repositories") => Json(json!({ "name": "another", "repo_type": "model" })),
        ("POST", "/api/repos/create") => Json(json!({ "name": "another", "organization": "OWNER" })),
        ("POST", "/api/repos/move") => Json(json!({ "fromRepo": "OWNER/elsewhere", "toRepo": "OWNER/moved" })),
        ("POST", "/api/validate-yaml") => Json(json!({ "content": "# Rain", "repoType": "model" })),
        ("POST", "/api/{family}/{owner}/{repo}/preupload/{revision}") => {
            Json(json!({ "files": [{ "path": "a.txt", "size": 1, "sample": "YQ==" }] }))
        }
        ("POST", "/api/{family}/{owner}/{repo}/commit/{revision}") => Content::Typed(
            "application/x-ndjson",
            concat!(
                r#"{"key":"header","value":{"summary":"Add"}}"#,
                "\n",
                r#"{"key":"file","value":{"content":"YQ==","path":"a.txt"}}"#,
            ),
        ),
        ("POST", "/api/{family}/{owner}/{repo}/branch/{branch}") => Json(json!({ "startingPoint": "main" })),
        ("POST", "/api/{family}/{owner}/{repo}/super-squash/{branch}") => Json(json!({ "message": "All of it" })),
        ("POST", "/api/{family}/{owner}/{repo}/lfs-files/batch") => {
            Json(json!({ "deletions": { "sha": ["0".repeat(64)], "rewriteHistory": true } }))
        }
        ("POST", "/api/{family}/{owner}/{repo}/lfs-files/duplicate") => {
            Json(json!({ "target": { "type": "model", "name": "OWNER/elsewhere" }, "files": [] }))
        }
        ("POST", "/api/{family}/{owner}/{repo}/duplicate") => Json(json!({ "repository": "OWNER/REPOSITORY-copy" })),
        ("POST", "/api/{family}/{owner}/{repo}/tag/{revision}") => Json(json!({ "tag": "new" })),
        ("POST", "/api/{family}/{owner}/{repo}/paths-info/{revision}") => Json(json!({ "paths": ["README.md"] })),
        ("POST", "/api/{family}/{owner}/{repo}/discussions") => Json(json!({ "title": "Rain", "description": "" })),
        ("POST", "/api/{family}/{owner}/{repo}/discussions/{number}/comment") => {
            Json(json!({ "comment": "So be it." }))
        }
        ("POST", "/api/{family}/{owner}/{repo}/discussions/{number}/status") => Json(json!({ "status": "closed" })),
        ("POST", "/api/{family}/{owner}/{repo}/discussions/{number}/title")
        | ("PATCH", "/api/collections/{owner}/{slug}") => Json(json!({ "title": "Snow" })),
        ("POST", "/api/{family}/{owner}/{repo}/discussions/{number}/comment/{comment}/edit") => {
            Json(json!({ "content": "Or not." }))
        }
        ("POST", "/api/settings/webhooks" | "/api/settings/webhooks/{webhook_id}") => {
            let watched = json!([{ "type": "user", "name": "OWNER" }]);
            Json(json!({ "url": "http://localhost:1/", "watched": watched }))
        }
        ("POST", "/api/collections") => Json(json!({ "title": "Rain", "namespace": "OWNER" })),
        ("POST", "/api/collections/{owner}/{slug}/items") => {
            Json(json!({ "item": { "type": "model", "id": "OWNER/elsewhere" } }))
        }
        ("PATCH", "/api/collections/{owner}/{slug}/items/{item}") => Json(json!({ "note": "Look." })),
        ("POST", "/api/{family}/{owner}/{repo}/user-access-request/grant") => Json(json!({ "user": "OWNER" })),
        ("POST", "/api/{family}/{owner}/{repo}/user-access-request/handle") => {
            Json(json!({ "user": "guest", "status": "rejected" }))
        }
        ("PUT", "/api/v1/repos/{owner}/{repo}/access-requests/{username}") => Json(json!({ "status": "accepted" })),
        ("PUT", "/api/{family}/{owner}/{repo}/settings") => Json(json!({ "visibility": "private" })),
        ("POST", "/api/v1/repos") => Json(json!({ "name": "empty", "init_readme": false })),
        ("POST", "/api/v1/repos/{owner}/{repo}/fork") => Json(json!({ "name": "REPOSITORY-fork" })),
        ("POST", "/api/v1/repos/{owner}/{repo}/branches" | "/api/v1/repos/{owner}/{repo}/tags")
        | ("PATCH", "/api/v1/repos/{owner}/{repo}/branches/{branch}") => Json(json!({ "name": "new" })),
        ("PATCH", "/api/v1/repos/{owner}/{repo}")
        | ("PUT", "/api/{username}/{repo_name}/settings" | "/api/{username}/{repo_name}" | "/api/files/{file_id}") => {
            Json(json!({ "description": "Changed." }))
        }
        ("POST", "/api/v1/repos/{owner}/{repo}/info/lfs/objects/batch") => {
            Json(json!({ "operation": "upload", "objects": [{ "oid": "0".repeat(64), "size": 3 }] }))
        }
        ("POST", "/api/v1/lfs/{repository_id}/{sha256}") => Json(json!({ "oid": "0".repeat(64), "size": 3 })),
        ("POST", "/api/v1/lfs/{repository_id}/{sha256}/parts") => Json(json!({ "oid": "0".repeat(64), "parts": [] })),
        ("POST", "/api/v1/repos/{owner}/{repo}/collaborators") => {
            Json(json!({ "username": "guest", "permission": "read" }))
        }
        ("POST", "/api/v1/git/{owner}/{repo}/git-receive-pack") => {
            Content::Typed("application/x-git-receive-pack-request", "0000")
        }
        ("PUT", "/api/v1/repos/{owner}/{repo}/protections") => Json(json!({ "protections": [{ "pattern": "main" }] })),
        ("PUT", "/api/admin/repositories/{repository_id}/status") => Json(json!({ "is_featured": true })),
        ("POST", "/api/{username}/{repo_name}/upload") => File("file"),
        ("POST", "/api/{username}/{repo_name}/upload/batch") => File("files"),
        ("POST", "/api/{username}/{repo_name}/upload/init") => Json(json!({ "path": "large.bin", "size": 3 })),
        (
            "POST",
            "/api/{username}/{repo_name}/upload/{session_id}/chunk/{chunk_number}"
            | "/xet/{place}/v1/xorbs/default/{xorb}"
            | "/xet/{place}/v2/shards"
            | "/xet/{place}/v1/shards",
        )
        | ("PUT", "/api/v1/lfs/{repository_id}/{sha256}") => Bytes("abc"),
        (
            "POST",
            "/api/auth/logout"
            | "/api/admin/repositories/{repository_id}/restore"
            | "/api/v1/repos/{owner}/{repo}/info/lfs/locks/verify"
            | "/api/v1/repos/{owner}/{repo}/info/lfs/locks/{id}/unlock"
            | "/api/{username}/{repo_name}/upload/{session_id}/complete",
        ) => Json(json!({})),
        ("POST", "/api/files/{file_id}/move" | "/api/files/{file_id}/copy") => Json(json!({ "path": "elsewhere.md" })),
        ("PUT", "/api/{username}/{repo_name}/metadata") => Json(json!({ "metadata": { "license": "mit" } })),
        ("POST", "/api/{username}/{repo_name}/sign" | "/api/v1/repos/{owner}/{repo}/info/lfs/locks") => {
            Json(json!({ "path": "README.md" }))
        }
        ("POST", "/api/markdown") => Json(json!({ "text": "# Rain" })),
        ("POST", "/api/metadata/validate") => Json(json!({ "readme": "---\ntitle: x\n---\n" })),
        ("POST", "/api/metadata/templates") => Json(json!({
            "name": "new", "repo_type": "model", "language": "en", "content": "---\ntitle: x\n---\n",
        })),
        ("POST", "/api/v1/git/{owner}/{repo}/git-upload-pack") => Bytes("0000"),
        ("POST", "/api/classifications") => Json(json!({ "id": "new-OWNER", "name_en": "New", "name_zh": "新" })),
        ("PUT", "/api/classifications/{id}") => Json(json!({ "name_en": "Renamed" })),
        ("POST", "/api/{username}/{repo_name}/classifications") => Json(json!({ "classification_id": "atmosphere" })),
        (
            "POST",
            "/api/{username}/{repo_name}/star"
            | "/api/{username}/{repo_name}/view"
            | "/api/{family}/{owner}/{repo}/like"
            | "/api/v1/repos/{owner}/{repo}/access-requests"
            | "/api/{username}/{repo_name}/parse-readme"
            | "/api/users/{username}/follow"
            | "/api/admin/tasks/{name}/run"
            | "/api/admin/jobs/{job_id}/cancel"
            | "/api/admin/jobs/{job_id}/retry"
            | "/api/{family}/{owner}/{repo}/discussions/{number}/merge"
            | "/api/{family}/{owner}/{repo}/discussions/{number}/comment/{comment}/hide"
            | "/api/settings/webhooks/{webhook_id}/enable"
            | "/api/settings/webhooks/{webhook_id}/disable"
            | "/api/v1/webhooks/{webhook_id}/ping"
            | "/api/v1/webhooks/{webhook_id}/deliveries/{number}/redeliver",
        ) => Empty,
        _ => return None,
    })
}
