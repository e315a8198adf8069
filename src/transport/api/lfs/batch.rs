use super::refusal::LfsRefusal;
use super::{LfsRequest, answer, transfer};
use crate::base::Sha256;
use crate::files::{DirectUpload, Files, PartsPlan, SendAdvice};
use crate::git::pull_number;
use crate::http::{ApiError, Code, Json, Problem};
use crate::repos::api::KindQuery;
use crate::repos::{ReadContent, ReposError, WriteRepo};
use crate::users::Users;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use utoipa::ToSchema;

/// The most objects of one batch; git-lfs asks for 100 at once.
const MOST_OBJECTS: usize = 1_000;
/// The most addresses of parts in one answer: objects of about 1 TiB together.
const MOST_PARTS: u32 = 20_000;
/// How many objects the object store is asked about at once.
const BEGUN_AT_ONCE: usize = 8;
/// Whole objects over HTTP.
const BASIC: &str = "basic";
/// Parts that go to the object store, as the Hugging Face clients and their agent for git-lfs send them.
const MULTIPART: &str = "multipart";
/// The one digest that names objects.
const HASH: &str = "sha256";

/// What is to be done with objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BatchOperation {
    /// Fetch them.
    Download,
    /// Send them.
    Upload,
}

/// The branch or pull request that objects are fetched or sent for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BatchReference {
    /// Such as `refs/heads/main`.
    name: Option<String>,
}

/// An object.
#[derive(Debug, Deserialize, ToSchema)]
struct BatchObject {
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    oid: String,
    /// Bytes.
    size: i64,
}

impl BatchObject {
    /// The object, if it can be one.
    fn parsed(&self) -> Option<(Sha256, u64)> {
        let sha256: Sha256 = self.oid.parse().ok()?;
        // One object has one name.
        let canonical = sha256.to_string() == self.oid;
        Some((sha256, u64::try_from(self.size).ok()?)).filter(|_| canonical)
    }
}

/// Objects that somebody wants to fetch or send.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BatchRequest {
    /// `download` or `upload`.
    operation: BatchOperation,
    /// Ways of transfer that the client knows; `basic` when absent.
    transfers: Option<Vec<String>>,
    /// What they are for. Objects belong to the repository as a whole here, but who sends for a branch must be one who may
    /// write: so git hears of it before it sends them.
    #[serde(rename = "ref")]
    reference: Option<BatchReference>,
    /// The objects, at most 1,000.
    objects: Vec<BatchObject>,
    /// The digest that names them; `sha256` when absent.
    hash_algo: Option<String>,
}

/// Where to fetch or send objects.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchAnswer {
    /// The way of transfer: `basic`, or `multipart`, where the client knows it and large content goes to the object store.
    transfer: &'static str,
    /// The objects in the order of the request.
    objects: Vec<ObjectAnswer>,
    /// The digest that names them.
    hash_algo: &'static str,
}

/// What to do with an object: `actions`, or an `error`; neither when it need not be sent.
#[derive(Debug, Serialize, ToSchema)]
struct ObjectAnswer {
    /// SHA-256 of the content.
    oid: String,
    /// Bytes.
    size: i64,
    /// The addresses need no credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<bool>,
    /// What to request.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<ObjectActions>,
    /// Why the object cannot be fetched or sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ObjectError>,
}

/// Requests to make for an object.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ObjectActions {
    /// GET, also of ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    download: Option<ObjectAction>,
    /// PUT. With a header `chunk_size`, PUT each part of so many bytes at the address in the header of its number instead,
    /// then POST the `ETag`s of the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<ObjectAction>,
    /// POST with `oid` and `size` after the upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    verify: Option<ObjectAction>,
}

/// A request to make.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ObjectAction {
    /// Its address, which is signed.
    pub(super) href: String,
    /// Seconds for which the address works.
    pub(super) expires_in: u64,
    /// What belongs to it: for `multipart`, the size of a part and the address of each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) header: BTreeMap<String, String>,
}

impl ObjectAction {
    /// A request to an address that works for a while.
    pub(super) fn new(href: String, valid: Duration) -> Self {
        Self {
            href,
            expires_in: valid.as_secs(),
            header: BTreeMap::new(),
        }
    }
}

/// Why an object cannot be fetched or sent.
#[derive(Debug, Serialize, ToSchema)]
struct ObjectError {
    /// As an HTTP status.
    code: u16,
    /// A sentence.
    message: String,
}

impl ObjectAnswer {
    fn nothing_to_do(object: &BatchObject) -> Self {
        Self {
            oid: object.oid.clone(),
            size: object.size,
            authenticated: None,
            actions: None,
            error: None,
        }
    }

    fn act(object: &BatchObject, actions: ObjectActions) -> Self {
        Self {
            authenticated: Some(true),
            actions: Some(actions),
            ..Self::nothing_to_do(object)
        }
    }

    fn refuse(object: &BatchObject, code: Code, message: String) -> Self {
        let error = ObjectError {
            code: code.status(),
            message,
        };
        Self {
            error: Some(error),
            ..Self::nothing_to_do(object)
        }
    }

    fn malformed(object: &BatchObject) -> Self {
        let message = "An object has an 'oid' of 64 lower-case hexadecimal digits and a 'size' of 0 or more.";
        Self::refuse(object, Code::Invalid, message.to_owned())
    }
}

/// Says where objects of git LFS are to be fetched or sent. The addresses are signed and end after a while; what the
/// caller cannot read in this repository does not exist for it.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")),
    request_body = BatchRequest, security((), ("bearer" = [])),
    responses((status = 200, body = BatchAnswer), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 413), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/info/lfs/objects/batch")]
pub(super) async fn lfs_batch(
    request: LfsRequest,
    body: Result<Json<BatchRequest>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    batch(request, body, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn batch(
    request: LfsRequest,
    body: Result<Json<BatchRequest>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let repos = files.repos();
    let read = request.address.readable(repos, &request.caller)?;
    if !read.repository().lfs_enabled {
        return Err(ReposError::LargeFilesOff.into());
    }
    let Json(body) = body?;
    check(&body)?;
    let links = transfer::Links::new(&request, &users, &files, read.id());
    let (transfer, objects) = match body.operation {
        BatchOperation::Download => {
            let content = request.address.content_readable(repos, &request.caller)?;
            (BASIC, downloads(&files, &content, &body.objects, &links).await?)
        }
        BatchOperation::Upload => uploads(&request, &files, &links, &body).await?,
    };
    let body = BatchAnswer {
        transfer,
        objects,
        hash_algo: HASH,
    };
    Ok(answer(HttpResponse::Ok(), &body))
}

fn check(body: &BatchRequest) -> Result<(), LfsRefusal> {
    if body.objects.len() > MOST_OBJECTS {
        let message = format!("One batch has at most {MOST_OBJECTS} objects. Ask for the rest in another one.");
        return Err(LfsRefusal::new(Code::TooLarge, message));
    }
    if body.hash_algo.as_ref().is_some_and(|name| name != HASH) {
        let message = "Objects are named by 'sha256' here, by no other digest.";
        return Err(LfsRefusal::new(Code::Conflict, message));
    }
    let knows_basic = |transfers: &Vec<String>| transfers.is_empty() || transfers.iter().any(|name| name == BASIC);
    if !body.transfers.as_ref().is_none_or(knows_basic) {
        let message = "Objects are transferred the way 'basic' here.";
        return Err(LfsRefusal::new(Code::Invalid, message));
    }
    Ok(())
}

async fn downloads(
    files: &Files,
    proof: &ReadContent,
    objects: &[BatchObject],
    links: &transfer::Links<'_>,
) -> Result<Vec<ObjectAnswer>, LfsRefusal> {
    let mut answers = Vec::with_capacity(objects.len());
    for object in objects {
        let Some((sha256, size)) = object.parsed() else {
            answers.push(ObjectAnswer::malformed(object));
            continue;
        };
        answers.push(match files.large_size(proof, sha256)? {
            Some(known) if known == size => {
                let actions = ObjectActions {
                    download: Some(links.download(sha256).await?),
                    ..ObjectActions::default()
                };
                ObjectAnswer::act(object, actions)
            }
            Some(known) => {
                let message = format!("This object has {known} bytes, not {size}.");
                ObjectAnswer::refuse(object, Code::Invalid, message)
            }
            None => {
                let message = "There is no such object in this repository.";
                ObjectAnswer::refuse(object, Code::NotFound, message.to_owned())
            }
        });
    }
    Ok(answers)
}

async fn uploads(
    request: &LfsRequest,
    files: &Files,
    links: &transfer::Links<'_>,
    body: &BatchRequest,
) -> Result<(&'static str, Vec<ObjectAnswer>), LfsRefusal> {
    let name = body.reference.as_ref().and_then(|reference| reference.name.as_deref());
    let is_for_branch = name.is_some_and(|name| pull_number(name).is_none());
    let (address, repos) = (&request.address, files.repos());
    let proof = if is_for_branch {
        address.writable(repos, &request.caller)?
    } else {
        address.sendable(repos, &request.caller)?
    };
    let contents: Vec<_> = body.objects.iter().filter_map(BatchObject::parsed).collect();
    let advice = files.send_advice(&request.caller, &proof, &contents).await?;
    // What is sent in parts keeps room in the quota before it is there: not for those who may not write.
    let may_send_parts = !proof.only_contributes();
    let knows_parts = may_send_parts && body.transfers.iter().flatten().any(|name| name == MULTIPART);
    let wanted = contents.iter().zip(&advice);
    let wanted = wanted.filter(|(_, advice)| matches!(advice, SendAdvice::Wanted));
    let wanted: BTreeMap<Sha256, u64> = wanted.map(|(content, _)| *content).collect();
    let in_parts = knows_parts && files.takes_parts() && wanted.values().any(|size| PartsPlan::of(*size).count > 1);
    let mut begun = if in_parts {
        begin(files, &proof, wanted).await?
    } else {
        HashMap::new()
    };
    let mut advice = advice.into_iter();
    let mut answers = Vec::with_capacity(body.objects.len());
    for object in &body.objects {
        let Some((sha256, size)) = object.parsed() else {
            answers.push(ObjectAnswer::malformed(object));
            continue;
        };
        answers.push(match advice.next() {
            Some(SendAdvice::Refused(error)) => {
                let code = error.code();
                ObjectAnswer::refuse(object, code, ApiError::from(error).to_string())
            }
            Some(SendAdvice::Wanted) => {
                let upload = match begun.remove(&sha256) {
                    Some(parts) => links.parts(sha256, parts),
                    None => links.upload(sha256, size),
                };
                let actions = ObjectActions {
                    upload: Some(upload),
                    verify: Some(links.verify(sha256)),
                    ..ObjectActions::default()
                };
                ObjectAnswer::act(object, actions)
            }
            Some(SendAdvice::Present) | None => ObjectAnswer::nothing_to_do(object),
        });
    }
    Ok((if in_parts { MULTIPART } else { BASIC }, answers))
}

/// Begins uploads of parts, a few at once. What is empty has no parts.
async fn begin(
    files: &Files,
    proof: &WriteRepo,
    wanted: BTreeMap<Sha256, u64>,
) -> Result<HashMap<Sha256, DirectUpload>, LfsRefusal> {
    let counts = wanted.values().map(|size| PartsPlan::of(*size).count);
    if counts.fold(0, u32::saturating_add) > MOST_PARTS {
        let message = "These objects have too many parts for one answer. Ask for fewer of them at once.";
        return Err(LfsRefusal::new(Code::TooLarge, message));
    }
    let uploads = wanted.into_iter().filter(|(_, size)| *size > 0);
    let uploads = uploads.map(|(sha256, size)| async move {
        let upload = files.begin_direct(proof, sha256, size).await?;
        Ok::<_, LfsRefusal>((sha256, upload))
    });
    stream::iter(uploads)
        .buffer_unordered(BEGUN_AT_ONCE)
        .try_collect()
        .await
}
