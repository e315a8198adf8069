use super::asked::{Asked, RepositoryPath};
use super::refusal::HfError;
use crate::base::{Sha256, Timestamp};
use crate::files::{ListedEntry, TreeQuery};
use crate::git::{LfsPointer, ObjectId};
use crate::hf::HfParts;
use crate::http::{ApiError, Code, Path, Query};
use crate::repos::{LastCommit, ReadRepo, encoded_path};
use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Entries of a page, and when each is told with its last commit.
const PAGE: usize = 1_000;
const EXPANDED_PAGE: usize = 100;
/// The most paths of one question.
const MOST_PATHS: usize = 1_000;

/// Where the content of a large file is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfLfsView {
    /// Digest of the content, in lists of a tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    oid: Option<Sha256>,
    /// Digest of the content, in descriptions of repositories.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    sha256: Option<Sha256>,
    /// Bytes of the content.
    size: u64,
    /// Bytes of the pointer that git holds.
    pointer_size: usize,
}

impl HfLfsView {
    pub(super) fn named_oid(pointer: LfsPointer) -> Self {
        Self {
            oid: Some(pointer.sha256),
            sha256: None,
            size: pointer.size,
            pointer_size: pointer.to_string().len(),
        }
    }

    pub(super) fn named_sha256(pointer: LfsPointer) -> Self {
        Self {
            oid: None,
            sha256: Some(pointer.sha256),
            ..Self::named_oid(pointer)
        }
    }
}

/// The commit that changed an entry last.
#[derive(Debug, Serialize, ToSchema)]
struct HfLastCommitView {
    /// The commit.
    #[schema(value_type = String)]
    id: ObjectId,
    /// The first line of its message.
    title: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    date: Timestamp,
}

impl From<LastCommit> for HfLastCommitView {
    fn from(commit: LastCommit) -> Self {
        Self {
            id: commit.id,
            title: commit.title,
            date: commit.time,
        }
    }
}

/// A file or a folder (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfEntryView {
    /// `file` or `directory`.
    r#type: &'static str,
    /// Its object in git.
    #[schema(value_type = String)]
    oid: ObjectId,
    /// Bytes of the content; 0 of folders.
    size: u64,
    /// Path from the root.
    path: String,
    /// Where the content of a large file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs: Option<HfLfsView>,
    /// Its hash in the Xet protocol, where it can be read by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    xet_hash: Option<String>,
    /// The commit that changed it last, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_commit: Option<HfLastCommitView>,
}

impl From<ListedEntry> for HfEntryView {
    fn from(entry: ListedEntry) -> Self {
        Self {
            r#type: if entry.kind.is_folder() { "directory" } else { "file" },
            oid: entry.object,
            size: entry.size.unwrap_or(0),
            path: entry.path,
            lfs: entry.large.map(HfLfsView::named_oid),
            xet_hash: None,
            last_commit: entry.last_commit.map(HfLastCommitView::from),
        }
    }
}

/// Entries with the hashes of what the repository was sent by the Xet protocol.
fn views(parts: &HfParts, proof: &ReadRepo, entries: Vec<ListedEntry>) -> Result<Vec<HfEntryView>, HfError> {
    let large = entries.iter().filter_map(|entry| Some(entry.large?.sha256));
    let files = parts.files.xet_hashes(proof, large)?;
    let view = |entry: ListedEntry| {
        let file = entry.large.and_then(|pointer| files.get(&pointer.sha256));
        let xet_hash = file.map(ToString::to_string);
        HfEntryView {
            xet_hash,
            ..HfEntryView::from(entry)
        }
    };
    Ok(entries.into_iter().map(view).collect())
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Whether folders are followed by what is in them.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    recursive: bool,
    /// Whether each is told with the commit that changed it last.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    expand: bool,
    /// The most entries of a page.
    limit: Option<usize>,
    /// Where the page begins, as the header `Link` of the page before says.
    cursor: Option<String>,
}

/// Some clients write the words of JSON, others those of Python.
pub(super) fn is_set(flag: &str) -> bool {
    flag == "1" || flag.eq_ignore_ascii_case("true")
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer).map(|text| is_set(&text))
}

#[derive(Debug, Deserialize)]
struct TreePath {
    revision: String,
    #[serde(default)]
    path: String,
}

/// A page of the root folder of a revision.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/tree/{revision}",
    params(RepositoryPath, ListQuery, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    responses((status = 200, body = Vec<HfEntryView>), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/tree/{revision}")]
pub(super) async fn hf_list_root(
    asked: Asked,
    path: Path<TreePath>,
    query: Query<ListQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    answer(&asked, path.0, query.0, &parts).await
}

/// A page of a folder of a revision.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/tree/{revision}/{path}",
    params(RepositoryPath, ListQuery, ("revision" = String, Path, description = "a branch, a tag or a commit"),
        ("path" = String, Path, description = "the folder")),
    responses((status = 200, body = Vec<HfEntryView>), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/tree/{revision}/{path:.*}")]
pub(super) async fn hf_list_folder(
    asked: Asked,
    path: Path<TreePath>,
    query: Query<ListQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    answer(&asked, path.0, query.0, &parts).await
}

async fn answer(asked: &Asked, path: TreePath, query: ListQuery, parts: &HfParts) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let Some(revision) = parts.revision(&proof, Some(&path.revision)).await? else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let folder = path.path.trim_matches('/').to_owned();
    let most = if query.expand { EXPANDED_PAGE } else { PAGE };
    let limit = query.limit.map_or(most, |limit| limit.clamp(1, most));
    let wanted = TreeQuery {
        folder: folder.clone(),
        recursive: query.recursive,
        after: query.cursor,
        limit,
        with_commits: query.expand,
    };
    let page = parts.files.tree(&proof, &revision, wanted).await;
    let page = page.map_err(|error| HfError::from(error).at(revision.commit))?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        let slash = if folder.is_empty() { "" } else { "/" };
        // The commit stands for the revision, so that the pages belong together however the branch moves.
        let rest = format!("/tree/{}{slash}{}", revision.commit, encoded_path(&folder));
        let pairs = [
            ("recursive".to_owned(), query.recursive.to_string()),
            ("expand".to_owned(), query.expand.to_string()),
            ("limit".to_owned(), limit.to_string()),
            ("cursor".to_owned(), next),
        ];
        response.insert_header((LINK, asked.next_page(&rest, &pairs)));
    }
    Ok(response.json(views(parts, &proof, page.entries)?))
}

/// Paths to be looked up.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct HfPathsInfo {
    /// The paths, at most 1,000.
    paths: HfPaths,
    /// Whether each is told with the commit that changed it last.
    #[serde(default)]
    expand: bool,
}

/// One path, or some.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum HfPaths {
    One(String),
    Some(Vec<String>),
}

impl Default for HfPaths {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl HfPathsInfo {
    /// Reads the form of newer clients and the JSON of older ones.
    fn read(request: &HttpRequest, body: &[u8]) -> Result<Self, HfError> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|content_type| content_type.starts_with("application/json")) {
            return serde_json::from_slice(body).map_err(|reason| {
                let message = format!("The JSON body cannot be understood: {reason}.");
                ApiError::new(Code::BadRequest, message).into()
            });
        }
        let (mut paths, mut expand) = (Vec::new(), false);
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "paths" | "paths[]" => paths.push(value.into_owned()),
                "expand" => expand = is_set(&value),
                _ => {}
            }
        }
        let paths = HfPaths::Some(paths);
        Ok(Self { paths, expand })
    }
}

/// What stands at some paths of a revision; those at which nothing does are left out.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/paths-info/{revision}",
    params(RepositoryPath, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    request_body(content = HfPathsInfo, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Vec<HfEntryView>), (status = 400), (status = 401), (status = 404), (status = 413)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/paths-info/{revision}")]
pub(super) async fn hf_show_paths(
    asked: Asked,
    request: HttpRequest,
    path: Path<TreePath>,
    body: Bytes,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let wanted = HfPathsInfo::read(&request, &body)?;
    let paths = match wanted.paths {
        HfPaths::One(path) => vec![path],
        HfPaths::Some(paths) => paths,
    };
    if paths.len() > MOST_PATHS {
        let message = format!("One question has at most {MOST_PATHS} paths.");
        return Err(HfError::new(Code::TooLarge, message));
    }
    let Some(revision) = parts.revision(&proof, Some(&path.0.revision)).await? else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let paths = paths.iter().map(|path| path.trim_matches('/').to_owned()).collect();
    let found = parts.files.at_paths(&proof, &revision, paths, wanted.expand).await?;
    Ok(HttpResponse::Ok().json(views(&parts, &proof, found)?))
}
