//! Files that arrive in one request and become one commit.

/// Steps beside files that are sent.
mod steps;

use super::error::FilesError;
use super::placement::{Intake, Received, is_large_by_path};
use super::sessions::BatchSessions;
use super::{FileId, Files};
use crate::base::{RepoPath, Sha256, UploadId, blocking};
use crate::events::Origin;
use crate::git::{Attributes, GitError, ObjectId, Parent, pull_reference};
use crate::repos::{CommitDraft, CommitOptions, ContributeRepo, ReposError, WriteRepo};
use bytes::Bytes;
use std::collections::HashSet;

/// The longest commit message, in bytes.
pub const MESSAGE_MAX_BYTES: usize = 16 * 1024;

/// What a commit of files has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The commit; where the branch stands when nothing changed.
    pub commit: ObjectId,
    /// The branch.
    pub branch: String,
    /// Whether anything changed: files may have had this content already.
    pub changed: bool,
    /// The files that were sent.
    pub files: Vec<ChangedFile>,
}

/// A file that a commit wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its id.
    pub id: FileId,
    /// Bytes of its content.
    pub size: u64,
    /// Digest of its content.
    pub sha256: Sha256,
    /// Whether it is kept as a large file.
    pub large: bool,
}

/// A commit of uploaded files in the making. Small files are staged as they come, large ones go to the blob store, so
/// that the memory is that of one small file. Dropped before [`UploadDraft::commit`], it leaves nothing behind.
pub struct UploadDraft {
    files: Files,
    proof: WriteRepo,
    draft: Option<CommitDraft>,
    rules: Option<Box<Attributes>>,
    branch: Option<String>,
    parent: Option<ObjectId>,
    message: Option<String>,
    done: Vec<ChangedFile>,
    written: usize,
    sessions: BatchSessions,
    paths: HashSet<PathMark>,
    path_bytes: u64,
    deleted: usize,
    is_stream: bool,
    room: u64,
    received: u64,
}

/// One file of an [`UploadDraft`] that is being received.
pub struct Arriving {
    path: Option<RepoPath>,
    intake: Intake,
}

/// One file that was received and has no path yet.
pub struct Arrived {
    path: Option<RepoPath>,
    content: Received,
}

impl Files {
    /// Begins an upload. `announced` bytes that cannot fit the owner's quota are refused before the first of them.
    pub async fn upload(&self, proof: WriteRepo, announced: Option<u64>) -> Result<UploadDraft, FilesError> {
        let room = self.room(&proof)?;
        if announced.is_some_and(|bytes| bytes.saturating_sub(FORM_SLACK_BYTES) > room) {
            return Err(self.no_room(&proof, announced.unwrap_or(0)));
        }
        let draft = Some(self.0.repos.draft(proof.clone()).await?);
        Ok(UploadDraft {
            files: self.clone(),
            proof,
            draft,
            rules: None,
            branch: None,
            parent: None,
            message: None,
            done: Vec::new(),
            written: 0,
            sessions: BatchSessions::default(),
            paths: HashSet::new(),
            path_bytes: 0,
            deleted: 0,
            is_stream: false,
            room,
            received: 0,
        })
    }

    /// Begins an upload to a pull request.
    pub async fn contribution(&self, proof: &ContributeRepo) -> Result<UploadDraft, FilesError> {
        let mut upload = self.upload(proof.for_content().clone(), None).await?;
        upload.draft = Some(self.0.repos.draft_contribution(proof).await?);
        Ok(upload)
    }

    /// Bytes that the owner of a repository may still store, what unfinished uploads will take left out.
    pub(super) fn room(&self, proof: &WriteRepo) -> Result<u64, FilesError> {
        self.room_for(proof, |_| false)
    }

    /// The same for contents of which an earlier attempt to send them may have reserved room already.
    pub(super) fn room_for(&self, proof: &WriteRepo, contents: impl Fn(Sha256) -> bool) -> Result<u64, FilesError> {
        let (owner, id) = (proof.as_read().owner(), proof.repository().id);
        let reserved = self.reserved_beside(owner.id, |repository, sha256| repository == id && contents(sha256))?;
        let taken = self.0.repos.usage(owner.id)?.saturating_add(reserved);
        Ok(self.0.users.quota_bytes(owner).saturating_sub(taken))
    }

    /// Whether so many bytes of large content are more than somebody may propose who may not write.
    pub(super) fn exceeds_contributions(&self, proof: &WriteRepo, bytes: u64) -> Result<bool, FilesError> {
        let left = self.0.repos.room_to_contribute(proof)?;
        Ok(left.is_some_and(|left| bytes > left))
    }

    /// Refuses at once what is more; the transaction that links it judges for good.
    pub(super) fn require_share(&self, proof: &WriteRepo, bytes: u64) -> Result<(), FilesError> {
        if self.exceeds_contributions(proof, bytes)? {
            return Err(self.no_room(proof, bytes));
        }
        Ok(())
    }

    pub(super) fn no_room(&self, proof: &WriteRepo, bytes: u64) -> FilesError {
        // What the owner has stored is none of their business who may not write.
        if proof.only_contributes() {
            return ReposError::ContributionsFull.into();
        }
        let owner = proof.as_read().owner();
        let used = self
            .0
            .repos
            .usage(owner.id)
            .unwrap_or(0)
            .saturating_add(self.reserved(owner.id).unwrap_or(0));
        let quota = self.0.users.quota_bytes(owner);
        FilesError::Repos(ReposError::QuotaExceeded {
            needed: used.saturating_add(bytes),
            quota,
        })
    }

    /// Makes the commit. One that would change nothing answers where the branch stands.
    pub(super) async fn finish_commit(
        &self,
        draft: CommitDraft,
        options: CommitOptions,
    ) -> Result<(ObjectId, String, bool), FilesError> {
        let repository = draft.proof().repository();
        let id = repository.id;
        let branch = options
            .branch
            .clone()
            .unwrap_or_else(|| repository.default_branch.clone());
        match self.0.repos.commit(draft, options).await {
            Ok(committed) => Ok((committed.id, committed.branch, true)),
            Err(ReposError::Git(GitError::NoChange)) => {
                let (git, name) = (self.0.repos.git().clone(), branch.clone());
                let tip = blocking(move || git.repository(id)?.standing(&name)).await?;
                Ok((tip.ok_or(GitError::NoChange)?, branch, false))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a form takes beside its files.
const FORM_SLACK_BYTES: u64 = 64 * 1024;

/// Paths of one commit, together.
const PATHS_MAX_BYTES: u64 = 32 << 20;

/// What is kept of a path to know it again: half of its SHA-256.
type PathMark = [u8; 16];

fn mark(path: &RepoPath) -> PathMark {
    let digest = Sha256::of(path.as_str().as_bytes());
    let mut mark = PathMark::default();
    mark.copy_from_slice(&digest.as_bytes()[..16]);
    mark
}

impl UploadDraft {
    /// Lets it have as many steps as a commit may have that is sent as a stream of them. Its answer names no more than the
    /// first file.
    pub fn as_stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// The branch to commit to.
    pub fn set_branch(&mut self, branch: String) {
        let branch = Some(branch).filter(|branch| !branch.trim().is_empty());
        if branch != self.branch {
            (self.branch, self.rules) = (branch, None);
        }
    }

    /// Sends what was gathered for a pull request to that one, now that it is open.
    pub fn aim(&mut self, proof: &ContributeRepo) {
        self.branch = proof.number().map(pull_reference);
        if let Some(draft) = &mut self.draft {
            draft.aim(proof);
        }
    }

    /// The message of the commit.
    pub fn set_message(&mut self, message: String) {
        self.message = Some(message);
    }

    /// Begins a file. Where its path is known, it goes the right way from its first byte.
    pub async fn begin(&mut self, path: Option<RepoPath>) -> Result<Arriving, FilesError> {
        self.require_step()?;
        if let Some(path) = path.as_ref().filter(|path| self.paths.contains(&mark(path))) {
            return Err(FilesError::DuplicatePath(path.to_string()));
        }
        let large = match &path {
            Some(path) => self.is_large(path).await?,
            None => false,
        };
        let name = path.as_ref().map_or("file", RepoPath::as_str);
        Ok(Arriving {
            intake: self.files.intake(&self.proof, name, large),
            path,
        })
    }

    /// Takes the next bytes of a file.
    pub async fn write(&mut self, file: &mut Arriving, chunk: Bytes) -> Result<(), FilesError> {
        self.received += chunk.len() as u64;
        if self.received > self.room {
            return Err(self.files.no_room(&self.proof, self.received));
        }
        file.intake.write(chunk).await
    }

    /// Ends the content of a file.
    pub async fn end(&mut self, file: Arriving) -> Result<Arrived, FilesError> {
        let content = file.intake.finish().await?;
        Ok(Arrived {
            path: file.path,
            content,
        })
    }

    /// Stages a file; `path` where it was not known at the beginning.
    pub async fn stage(&mut self, file: Arrived, path: Option<RepoPath>) -> Result<(), FilesError> {
        let path = file
            .path
            .or(path)
            .ok_or_else(|| FilesError::invalid("path", "The file needs a path."))?;
        self.take_path(&path)?;
        let large = self.is_large(&path).await?;
        let content = self.files.placed(&path, large, file.content).await?;
        self.put(path, content).await
    }

    /// Refuses a step more than a commit may have.
    fn require_step(&self) -> Result<(), FilesError> {
        let uploads = &self.files.0.config.current().uploads;
        let steps = self.paths.len() + self.deleted;
        if self.is_stream && steps >= uploads.commit_steps {
            return Err(FilesError::TooManySteps(uploads.commit_steps));
        }
        if !self.is_stream && steps >= uploads.batch_files {
            return Err(FilesError::TooManyFiles(uploads.batch_files));
        }
        Ok(())
    }

    /// Refuses paths that take too much memory together.
    fn hold(&mut self, path: &str) -> Result<(), FilesError> {
        self.path_bytes += path.len() as u64;
        if self.path_bytes > PATHS_MAX_BYTES {
            return Err(FilesError::LongPaths(PATHS_MAX_BYTES));
        }
        Ok(())
    }

    /// Keeps a path for one file of the commit.
    fn take_path(&mut self, path: &RepoPath) -> Result<(), FilesError> {
        self.require_step()?;
        if !self.paths.insert(mark(path)) {
            return Err(FilesError::DuplicatePath(path.to_string()));
        }
        self.hold(path.as_str())
    }

    /// Takes the draft for a step, which puts it back when it succeeds.
    fn take_draft(&mut self) -> Result<CommitDraft, FilesError> {
        let draft = self.draft.take();
        draft.ok_or_else(|| FilesError::BrokenForm("an earlier file failed".to_owned()))
    }

    async fn put(&mut self, path: RepoPath, content: Received) -> Result<(), FilesError> {
        let (draft, done) = put(self.take_draft()?, path, content).await?;
        self.draft = Some(draft);
        self.note(done);
        Ok(())
    }

    fn note(&mut self, done: ChangedFile) {
        self.written += 1;
        if !self.is_stream || self.done.is_empty() {
            self.done.push(done);
        }
    }

    /// Takes the file of an assembled upload of the same repository and account.
    pub async fn add_session(&mut self, id: UploadId) -> Result<(), FilesError> {
        let Some((session, sha256)) = self.sessions.take(&self.files, &self.proof, id)? else {
            return Ok(());
        };
        self.take_path(&session.path)?;
        let large = self.is_large(&session.path).await?;
        let blob = self.files.0.blobs.staging().store(id, sha256).await?;
        let content = self.files.place_stored(large, &session, blob).await?;
        self.put(session.path, content).await
    }

    /// Makes one commit of everything that was staged. Asked again for the same batch, it answers the same commit.
    pub async fn commit(mut self, origin: Origin) -> Result<Changed, FilesError> {
        if let Some(earlier) = self.sessions.earlier(&self.files, &self.proof, &self.done).await? {
            return Ok(earlier);
        }
        let draft = self.draft.take().filter(|draft| !draft.is_empty());
        let draft = draft.ok_or_else(|| FilesError::invalid("file", "The form has no file: send at least one."))?;
        let default = match self.done.as_slice() {
            [one] if self.written == 1 => format!("Upload {}", one.id.path),
            _ => format!("Upload {} files", self.written),
        };
        let message = message(self.message.take(), default)?;
        let options = CommitOptions {
            branch: self.branch.take(),
            parent: self.parent.map_or(Parent::Tip, Parent::At),
            message,
            origin,
            moved: None,
        };
        let (commit, branch, changed) = self.files.finish_commit(draft, options).await?;
        let changed = Changed {
            commit,
            branch,
            changed,
            files: self.done,
        };
        self.files.end_sessions(self.sessions.waiting.clone(), &changed).await?;
        Ok(changed)
    }

    async fn is_large(&mut self, path: &RepoPath) -> Result<bool, FilesError> {
        let mut rules = match self.rules.take() {
            Some(rules) => rules,
            None => self.files.attributes(&self.proof, self.branch.as_deref()).await?,
        };
        let large = is_large_by_path(&self.proof, &mut rules, path);
        self.rules = Some(rules);
        Ok(large)
    }
}

/// Stages received content in a draft.
pub(super) async fn put(
    mut draft: CommitDraft,
    path: RepoPath,
    content: Received,
) -> Result<(CommitDraft, ChangedFile), FilesError> {
    let id = FileId::new(draft.proof().repository().id, path.as_str());
    let size = content.size();
    blocking(move || {
        let (sha256, large) = match content {
            Received::Plain(bytes) => {
                let sha256 = Sha256::of(&bytes);
                draft.put_bytes(path, bytes)?;
                (sha256, false)
            }
            Received::Large(blob) => {
                draft.put_blob(path, blob)?;
                (blob.sha256, true)
            }
        };
        Ok((
            draft,
            ChangedFile {
                id,
                size,
                sha256,
                large,
            },
        ))
    })
    .await
}

/// The message that somebody gave, or a default one.
pub(super) fn message(given: Option<String>, default: String) -> Result<String, FilesError> {
    let given = given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let Some(text) = given else { return Ok(default) };
    if text.len() > MESSAGE_MAX_BYTES {
        let message = format!("A commit message has at most {MESSAGE_MAX_BYTES} bytes.");
        return Err(FilesError::invalid("message", message));
    }
    if text.contains('\0') {
        return Err(FilesError::invalid(
            "message",
            "A commit message has no NUL characters.",
        ));
    }
    Ok(text)
}

/// Checks a path of a request, naming the field that held it.
pub fn checked_path(field: &'static str, path: &str) -> Result<RepoPath, FilesError> {
    path.parse().map_err(|reason| FilesError::BadPath { field, reason })
}
