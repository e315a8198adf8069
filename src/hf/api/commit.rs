use super::asked::{Asked, RepositoryPath};
use super::info::bare;
use super::refusal::HfError;
use super::tree::is_set;
use crate::base::Sha256;
use crate::events::Origin;
use crate::files::{AnnouncedFile, Changed, PresentContent, UploadAdvice};
use crate::git::{ObjectId, pull_number};
use crate::hf::HfParts;
use crate::hf::commit::ArrivingCommit;
use crate::http::{Code, Json, Path, Query, to_the_end};
use crate::pulls::{NewPull, Participant, PullsError};
use crate::repos::{ContributeRepo, ReadRepo, WriteRepo};
use crate::users::Caller;
use actix_web::web::{Data, Payload};
use actix_web::{HttpResponse, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Files of one question.
const MOST_ANNOUNCED: usize = 1_000;
/// What is still read of a commit that is refused, so that its sender gets to read why.
const DRAINED_BYTES: usize = 16 << 20;

/// Where a commit goes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CommitQuery {
    /// `1`: to a pull request that is opened for it. Whoever may read may do so.
    create_pr: Option<String>,
}

impl CommitQuery {
    pub(super) fn opens_request(&self) -> bool {
        self.create_pr.as_deref().is_some_and(is_set)
    }
}

/// What a commit goes to, and the right to commit there.
enum Target {
    Branch(WriteRepo),
    Request(ContributeRepo),
    /// A pull request that the commit opens.
    NewRequest(ContributeRepo, Box<Participant>),
}

impl Target {
    fn of(asked: &Asked, parts: &HfParts, revision: &str, query: &CommitQuery) -> Result<Self, HfError> {
        let caller = &asked.client.caller;
        if query.opens_request() {
            let read = asked.readable(&parts.repos)?;
            let proof = parts.repos.contributable(caller, read.clone(), None)?;
            let who = parts.pulls.participant(caller, read)?;
            return Ok(Self::NewRequest(proof, Box::new(who)));
        }
        if let Some(number) = pull_number(revision) {
            let read = asked.readable(&parts.repos)?;
            let proof = parts.pulls.contributable(caller, read, number);
            return Ok(Self::Request(proof.map_err(|error| match error {
                PullsError::NotFound(_) | PullsError::NoPullRequest(_) => {
                    HfError::RevisionNotFound(revision.to_owned())
                }
                other => other.into(),
            })?));
        }
        Ok(Self::Branch(asked.writable(&parts.repos)?))
    }

    fn for_content(&self) -> &WriteRepo {
        match self {
            Self::Branch(proof) => proof,
            Self::Request(proof) | Self::NewRequest(proof, _) => proof.for_content(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct RevisionPath {
    revision: String,
}

/// Files that are about to be sent (§3.1 of the contract).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfPreupload {
    /// The files.
    files: Vec<HfPreuploadFile>,
    /// What stands for the `.gitignore` of the repository.
    git_ignore: Option<String>,
}

/// A file that is about to be sent.
#[derive(Debug, Deserialize, ToSchema)]
struct HfPreuploadFile {
    /// Where it will stand.
    path: String,
    /// Bytes of its content.
    size: u64,
    /// The first 512 bytes of its content in base64.
    #[serde(default)]
    sample: String,
}

/// What is to become of the files.
#[derive(Debug, Serialize, ToSchema)]
struct HfPreuploadView {
    /// In the order of the question.
    files: Vec<HfAdviceView>,
}

/// What is to become of a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfAdviceView {
    /// Where it will stand.
    path: String,
    /// `lfs`: its content is to be sent before the commit; `regular`: with it.
    upload_mode: &'static str,
    /// Whether `.gitignore` says that it is not wanted.
    should_ignore: bool,
    /// What stands there now: the object in git, or the digest of a large file.
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<String>,
}

impl HfAdviceView {
    fn new(file: AnnouncedFile, advice: UploadAdvice) -> Self {
        let oid = |present| match present {
            PresentContent::Plain(object) => ObjectId::to_string(&object),
            PresentContent::Large(sha256) => Sha256::to_string(&sha256),
        };
        Self {
            path: file.path,
            upload_mode: if advice.large { "lfs" } else { "regular" },
            should_ignore: advice.ignored,
            oid: advice.present.map(oid),
        }
    }
}

/// Tells which files go to the large ones, which are ignored, and what stands at their paths.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/preupload/{revision}",
    params(RepositoryPath, CommitQuery, ("revision" = String, Path, description = "a branch")),
    request_body = HfPreupload, security(("bearer" = [])),
    responses((status = 200, body = HfPreuploadView), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 413), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/preupload/{revision}")]
pub(super) async fn hf_preupload(
    asked: Asked,
    path: Path<RevisionPath>,
    query: Query<CommitQuery>,
    body: Json<HfPreupload>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let target = Target::of(&asked, &parts, bare(&path.0.revision), &query.0)?;
    let proof = target.for_content();
    let revision = parts.revision(proof.as_read(), Some(&path.0.revision)).await?;
    let announced = announced(body.0.files)?;
    let place = (bare(&path.0.revision), revision.as_ref());
    let advice = parts
        .files
        .upload_advice(proof, place, &announced, body.0.git_ignore)
        .await?;
    let files = announced
        .into_iter()
        .zip(advice)
        .map(|(file, advice)| HfAdviceView::new(file, advice));
    Ok(HttpResponse::Ok().json(HfPreuploadView { files: files.collect() }))
}

fn announced(files: Vec<HfPreuploadFile>) -> Result<Vec<AnnouncedFile>, HfError> {
    if files.len() > MOST_ANNOUNCED {
        let message = format!("One question has at most {MOST_ANNOUNCED} files.");
        return Err(HfError::new(Code::TooLarge, message));
    }
    let read = |file: HfPreuploadFile| {
        let beginning = STANDARD.decode(&file.sample);
        Ok(AnnouncedFile {
            beginning: beginning.map_err(|_| HfError::new(Code::BadRequest, "'sample' is no base64."))?,
            path: file.path,
            size: file.size,
        })
    };
    files.into_iter().map(read).collect()
}

/// A commit that was made (§3.2 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfCommittedView {
    /// Always true.
    success: bool,
    /// The commit; where the branch stands when nothing changed.
    #[schema(value_type = String)]
    commit_oid: ObjectId,
    /// The page of the commit.
    commit_url: String,
    /// What programs said about it: nothing.
    hook_output: &'static str,
    /// The page of the pull request that it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request_url: Option<String>,
}

/// Makes one commit of lines of JSON: a `header`, then `file`, `lfsFile`, `deletedFile` and `deletedFolder`, 250,000 of
/// them if the hub's configuration says nothing else, and of any size.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/commit/{revision}",
    params(RepositoryPath, CommitQuery, ("revision" = String, Path, description = "a branch")),
    request_body(content = String, content_type = "application/x-ndjson"), security(("bearer" = [])),
    responses((status = 200, body = HfCommittedView), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 412), (status = 413), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/commit/{revision}")]
pub(super) async fn hf_commit(
    asked: Asked,
    path: Path<RevisionPath>,
    query: Query<CommitQuery>,
    mut body: Payload,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let made = Box::pin(make(&asked, bare(&path.0.revision), &query.0, &mut body, &parts)).await;
    if made.is_err() {
        drain(body).await;
    }
    let (changed, proof, number) = made?;
    let id = format!("{}/{}", proof.owner().name, proof.repository().name);
    let page = asked.client.page(asked.kind.kind(), &id);
    Ok(HttpResponse::Ok().json(HfCommittedView {
        success: true,
        commit_oid: changed.commit,
        commit_url: format!("{page}/commit/{}", changed.commit),
        hook_output: "",
        pull_request_url: number.map(|number| asked.discussion_page(&proof, number)),
    }))
}

async fn make(
    asked: &Asked,
    revision: &str,
    query: &CommitQuery,
    body: &mut Payload,
    parts: &HfParts,
) -> Result<(Changed, ReadRepo, Option<u64>), HfError> {
    let target = Target::of(asked, parts, revision, query)?;
    let proof = target.for_content().as_read().clone().into_read();
    let (files, origin) = (&parts.files, asked.client.origin.clone());
    let draft = match &target {
        Target::Branch(proof) => files.upload(proof.clone(), None).await?,
        Target::Request(proof) | Target::NewRequest(proof, _) => files.contribution(proof).await?,
    };
    let mut commit = ArrivingCommit::begin(draft.as_stream(), revision).await?;
    while let Some(chunk) = body.next().await {
        let broken = |_| HfError::new(Code::BadRequest, "The body could not be read to its end.");
        commit.take(chunk.map_err(broken)?).await?;
    }
    match target {
        Target::NewRequest(_, who) => {
            let (parts, caller, base) = (parts.clone(), asked.client.caller.clone(), revision.to_owned());
            let opened = async move { Box::pin(open_request(&parts, &caller, (&who, &base), commit, origin)).await };
            let (changed, number) = to_the_end(Box::pin(opened)).await?;
            Ok((changed, proof, Some(number)))
        }
        Target::Branch(_) | Target::Request(_) => Ok((commit.finish(origin).await?, proof, None)),
    }
}

/// Opens a pull request with a commit that has arrived; when there is no commit, there is no pull request.
async fn open_request(
    parts: &HfParts,
    caller: &Caller,
    (who, base): (&Participant, &str),
    mut commit: ArrivingCommit,
    origin: Origin,
) -> Result<(Changed, u64), HfError> {
    commit.end().await?;
    let (title, description) = commit.said();
    let opening = parts.pulls.reserve(who, base).await?;
    let number = opening.number;
    let aimed = (number, who.account().id);
    let proof = parts.repos.contributable(caller, who.as_read().clone(), Some(aimed));
    let made = match proof {
        Ok(proof) => {
            commit.aim(&proof);
            commit.finish(origin.clone()).await
        }
        Err(error) => Err(error.into()),
    };
    let changed = match made {
        Ok(changed) => changed,
        Err(error) => {
            parts.pulls.abandon(opening).await?;
            return Err(error);
        }
    };
    let first = changed.changed.then(|| (changed.commit, title.clone()));
    let new = NewPull {
        title,
        description,
        origin,
    };
    parts.pulls.open(who, opening, first, new).await?;
    Ok((changed, number))
}

/// Reads on for a while: many clients look for an answer only when they have sent everything.
pub(super) async fn drain(mut body: Payload) {
    let mut left = DRAINED_BYTES;
    while let Some(Ok(chunk)) = body.next().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            return;
        }
    }
}
