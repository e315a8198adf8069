use super::model::{SessionState, SessionStatus, UploadSession};
use super::store;
use crate::base::UploadId;
use crate::blobs::{BlobError, StoredBlob};
use crate::events::Origin;
use crate::files::placement::{Received, is_large_by_path};
use crate::files::upload::{Changed, ChangedFile, put};
use crate::files::{FileId, Files, FilesError};
use crate::git::Parent;
use crate::repos::{CommitOptions, WriteRepo};
use std::sync::PoisonError;

/// Missing chunks that an error names.
const NAMED_MISSING: usize = 100;
/// Enough to tell text from binary.
const PROBE_BYTES: u64 = 8_192;

impl Files {
    /// Verifies the content and commits it. After a crash at any point it can be asked for again.
    ///
    /// Order: hash and seal → row with the digest → blob → commit → row. What a crash leaves is done again without effect:
    /// a sealed file keeps its digest, a stored blob is found by it, a commit that was made changes nothing the second
    /// time.
    pub async fn complete_session(
        &self,
        proof: WriteRepo,
        id: UploadId,
        origin: Origin,
    ) -> Result<Changed, FilesError> {
        let session = self.session(&proof, id)?;
        if let Some(done) = completed(&session) {
            return Ok(done);
        }
        let _alone = self.alone(id)?;
        // The request before this one may have ended meanwhile.
        let session = self.session(&proof, id)?;
        if let Some(done) = completed(&session) {
            return Ok(done);
        }
        self.require_all_chunks(&session)?;
        let session = self.seal(session).await?;
        let staging = self.0.blobs.staging();
        let sha256 = session.sealed.ok_or(FilesError::UnknownSession)?;
        let blob = staging.store(id, sha256).await?;
        let changed = self.commit_session(proof, &session, blob, origin).await?;
        self.end_sessions(vec![session], &changed).await?;
        Ok(changed)
    }

    /// Verifies the content and keeps it with the upload, for a batch that takes it into its commit. May be repeated.
    pub async fn assemble_session(&self, proof: &WriteRepo, id: UploadId) -> Result<SessionStatus, FilesError> {
        let _alone = self.alone(id)?;
        let mut session = self.session(proof, id)?;
        if session.is_open() {
            self.require_all_chunks(&session)?;
            session = self.seal(session).await?;
        }
        let uploaded = (1..=session.total_chunks()).collect();
        Ok(SessionStatus { session, uploaded })
    }

    /// Verifies the content and writes its digest down, before the content may move to where only the digest finds it.
    async fn seal(&self, mut session: UploadSession) -> Result<UploadSession, FilesError> {
        if session.sealed.is_some() {
            return Ok(session);
        }
        let sha256 = self.0.blobs.staging().hash(session.id, session.sha256).await?;
        session.sealed = Some(sha256);
        let sealed = session.clone();
        let written = self.0.store.write(move |tx| -> Result<(), FilesError> {
            // Cancelled meanwhile.
            store::session(tx, sealed.id)?.ok_or(FilesError::UnknownSession)?;
            Ok(store::put(tx, &sealed)?)
        });
        written.await?;
        Ok(session)
    }

    fn require_all_chunks(&self, session: &UploadSession) -> Result<(), FilesError> {
        let uploaded = self.0.store.read(|tx| store::chunks(tx, session.id))?;
        let mut first = SessionStatus {
            session: session.clone(),
            uploaded,
        }
        .missing();
        let count = first.len();
        if count == 0 {
            return Ok(());
        }
        first.truncate(NAMED_MISSING);
        Err(FilesError::MissingChunks { count, first })
    }

    async fn commit_session(
        &self,
        proof: WriteRepo,
        session: &UploadSession,
        blob: StoredBlob,
        origin: Origin,
    ) -> Result<Changed, FilesError> {
        let mut rules = self.attributes(&proof, session.branch.as_deref()).await?;
        let large = is_large_by_path(&proof, &mut rules, &session.path);
        let content = self.place_stored(large, session, blob).await?;
        let draft = self.0.repos.draft(proof).await?;
        let (draft, file) = put(draft, session.path.clone(), content).await?;
        let message = session
            .message
            .clone()
            .unwrap_or_else(|| format!("Upload {}", session.path));
        let options = CommitOptions {
            branch: session.branch.clone(),
            parent: Parent::Tip,
            message,
            origin,
            moved: None,
        };
        let (commit, branch, changed) = self.finish_commit(draft, options).await?;
        Ok(Changed {
            commit,
            branch,
            changed,
            files: vec![file],
        })
    }

    /// The same rule as for other uploads: what is small and not named like large content belongs into git. The blob that
    /// staging made of it is named by nothing and goes with the next sweep.
    pub(in crate::files) async fn place_stored(
        &self,
        large: bool,
        session: &UploadSession,
        blob: StoredBlob,
    ) -> Result<Received, FilesError> {
        let large = large && blob.size > 0;
        let reader = self.0.blobs.reader(blob.sha256).await?;
        let beginning = reader.bytes(0..PROBE_BYTES.min(blob.size)).await?;
        if !large && self.limits().is_plain(blob.size, &beginning) {
            return Ok(Received::Plain(reader.bytes(0..blob.size).await?));
        }
        self.placed(&session.path, large, Received::Large(blob)).await
    }

    /// Writes down that uploads ended in a commit, and frees their space.
    pub(in crate::files) async fn end_sessions(
        &self,
        mut sessions: Vec<UploadSession>,
        changed: &Changed,
    ) -> Result<(), FilesError> {
        let ids: Vec<UploadId> = sessions.iter().map(|session| session.id).collect();
        for session in &mut sessions {
            let path = session.path.as_str();
            let Some(file) = changed.files.iter().find(|file| file.id.path == path) else {
                continue;
            };
            session.state = SessionState::Completed {
                commit: changed.commit,
                branch: changed.branch.clone(),
                sha256: file.sha256,
                large: file.large,
                changed: changed.changed,
            };
        }
        let written = self.0.store.write(move |tx| -> Result<(), FilesError> {
            for session in &sessions {
                store::forget_chunks(tx, session.id)?;
                // Cancelled meanwhile: the commit stands all the same.
                if store::session(tx, session.id)?.is_some() {
                    store::put(tx, session)?;
                }
            }
            Ok(())
        });
        written.await?;
        for id in ids {
            self.0.blobs.staging().discard(id).await?;
        }
        Ok(())
    }

    /// Cancels an upload and frees its space; forgets one that is complete.
    pub async fn cancel_session(&self, proof: &WriteRepo, id: UploadId) -> Result<(), FilesError> {
        self.session(proof, id)?;
        let _alone = self.alone(id)?;
        self.0.store.write(move |tx| store::remove(tx, id)).await?;
        Ok(self.0.blobs.staging().discard(id).await?)
    }

    /// Only one request at a time ends an upload.
    pub(in crate::files) fn alone(&self, id: UploadId) -> Result<Ending, FilesError> {
        let mut ending = self.0.ending.lock().unwrap_or_else(PoisonError::into_inner);
        if !ending.insert(id) {
            return Err(BlobError::BusyUpload { upload: id }.into());
        }
        Ok(Ending {
            files: self.clone(),
            id,
        })
    }
}

/// Held while an upload is completed or cancelled.
pub struct Ending {
    files: Files,
    id: UploadId,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.files
            .0
            .ending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

/// What a completed session answers.
pub(in crate::files) fn completed(session: &UploadSession) -> Option<Changed> {
    let SessionState::Completed {
        commit,
        branch,
        sha256,
        large,
        changed,
    } = &session.state
    else {
        return None;
    };
    let id = FileId::new(session.repository, session.path.as_str());
    let file = ChangedFile {
        id,
        size: session.size,
        sha256: *sha256,
        large: *large,
    };
    Some(Changed {
        commit: *commit,
        branch: branch.clone(),
        changed: *changed,
        files: vec![file],
    })
}
