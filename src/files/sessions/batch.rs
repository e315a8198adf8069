use super::model::UploadSession;
use super::{Ending, completed};
use crate::base::{Sha256, UploadId};
use crate::files::upload::{Changed, ChangedFile};
use crate::files::{Files, FilesError, Revision};
use crate::git::ObjectId;
use crate::http::{Code, Problem};
use crate::repos::WriteRepo;

/// The assembled uploads that a batch takes into its commit.
#[derive(Default)]
pub struct BatchSessions {
    /// Uploads that the commit is going to hold.
    pub(in crate::files) waiting: Vec<UploadSession>,
    /// What earlier commits made of uploads: the batch is asked for again.
    used: Vec<Changed>,
    /// No other request ends any of them.
    held: Vec<Ending>,
}

impl BatchSessions {
    /// Takes an upload for this batch alone; answers it when its content is still to be committed.
    pub(in crate::files) fn take(
        &mut self,
        files: &Files,
        proof: &WriteRepo,
        id: UploadId,
    ) -> Result<Option<(UploadSession, Sha256)>, FilesError> {
        self.held.push(files.alone(id)?);
        let session = files.session(proof, id)?;
        if let Some(done) = completed(&session) {
            self.used.push(done);
            return Ok(None);
        }
        let sha256 = session.sealed.ok_or(FilesError::NotAssembled(id))?;
        self.waiting.push(session.clone());
        Ok(Some((session, sha256)))
    }

    /// What an earlier request made of this very batch, if its answer was lost. An upload is used once: uploads of
    /// different commits, or used ones among unused ones, are refused, and so are other files than those of that commit.
    pub(in crate::files) async fn earlier(
        &self,
        files: &Files,
        proof: &WriteRepo,
        others: &[ChangedFile],
    ) -> Result<Option<Changed>, FilesError> {
        let Some(first) = self.used.first() else {
            return Ok(None);
        };
        let same = self.used.iter().all(|used| used.commit == first.commit);
        if !same || !self.waiting.is_empty() {
            return Err(FilesError::SessionUsed);
        }
        for file in others {
            if content_at(files, proof, first.commit, &file.id.path).await? != Some(file.sha256) {
                return Err(FilesError::SessionUsed);
            }
        }
        let mut changed = first.clone();
        changed.files = others.to_vec();
        changed
            .files
            .extend(self.used.iter().flat_map(|used| used.files.clone()));
        Ok(Some(changed))
    }
}

/// Digest of the content of a file at a commit; none when it is not there.
async fn content_at(
    files: &Files,
    proof: &WriteRepo,
    commit: ObjectId,
    path: &str,
) -> Result<Option<Sha256>, FilesError> {
    let revision = Revision {
        commit,
        name: commit.to_string(),
        is_default: false,
    };
    match files.entry(proof.as_read(), &revision, path).await {
        Ok(entry) => files.digest(&entry).await.map(Some),
        Err(error) if matches!(error.code(), Code::NotFound | Code::Invalid) => Ok(None),
        Err(error) => Err(error),
    }
}
