use super::model::{NewSession, SessionState, SessionStatus, UploadSession};
use super::store;
use crate::base::{RepositoryId, Sha256, UploadId, UserId};
use crate::files::store::direct_bytes;
use crate::files::upload::message;
use crate::files::{Files, FilesError};
use crate::repos::{ReadRepo, ReposError, WriteRepo};
use crate::store::{ReadRows, StoreError};
use crate::users::Caller;

/// Chunk sizes that are honoured, in bytes.
const CHUNK_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=64 << 20;

impl Files {
    /// Begins a chunked upload: room on the disk and in the quota is looked at before its first byte.
    pub async fn start_session(&self, proof: &WriteRepo, new: NewSession) -> Result<SessionStatus, FilesError> {
        let session = self.new_session(proof, new)?;
        let (id, size) = (session.id, session.size);
        self.0.blobs.staging().create(id, size).await?;
        let owner = proof.as_read().owner();
        let quota = self.0.users.quota_bytes(owner);
        let used = self.0.repos.usage(owner.id)?.saturating_add(self.arriving(owner.id));
        let most = self.0.config.current().uploads.sessions_per_account;
        let row = session.clone();
        let written = self.0.store.write(move |tx| {
            if store::open_count(tx, row.account)? >= u64::from(most) {
                return Err(FilesError::TooManySessions(most));
            }
            let needed = used
                .saturating_add(open_bytes(tx, row.owner, |_, _| false)?)
                .saturating_add(size);
            if needed > quota {
                return Err(FilesError::Repos(ReposError::QuotaExceeded { needed, quota }));
            }
            Ok(store::put(tx, &row)?)
        });
        if let Err(error) = written.await {
            self.0.blobs.staging().discard(id).await?;
            return Err(error);
        }
        Ok(SessionStatus {
            session,
            uploaded: Vec::new(),
        })
    }

    fn new_session(&self, proof: &WriteRepo, new: NewSession) -> Result<UploadSession, FilesError> {
        let uploads = &self.0.config.current().uploads;
        let chunk_size = new.chunk_size.unwrap_or(uploads.chunk_size.bytes());
        if !CHUNK_BYTES.contains(&chunk_size) {
            return Err(FilesError::invalid(
                "chunk_size",
                "A chunk has between 1 MiB and 64 MiB.",
            ));
        }
        let limit = uploads.file_size.bytes();
        if new.size > limit {
            return Err(FilesError::TooLarge {
                path: new.path.to_string(),
                limit,
            });
        }
        let limit = self.limits().plain(b"");
        if !proof.repository().lfs_enabled && new.size > limit {
            return Err(FilesError::NoLargeFiles {
                path: new.path.to_string(),
                limit,
            });
        }
        let default = format!("Upload {}", new.path);
        let message = message(new.message, default)?;
        let now = self.0.clock.now();
        let repository = proof.repository();
        Ok(UploadSession {
            id: UploadId::new(&self.0.clock),
            repository: repository.id,
            account: proof.actor().id,
            owner: repository.owner,
            path: new.path,
            size: new.size,
            sha256: new.sha256,
            chunk_size,
            message: Some(message),
            branch: new.branch.filter(|branch| !branch.trim().is_empty()),
            created_at: now,
            expires_at: now.plus(uploads.session_lifetime),
            sealed: None,
            state: SessionState::Open,
        })
    }

    /// An upload of this account in this repository.
    pub fn session(&self, proof: &WriteRepo, id: UploadId) -> Result<UploadSession, FilesError> {
        self.session_of(proof.as_read(), Some(proof.actor().id), id)
    }

    /// An upload and what has arrived of it.
    pub fn session_status(&self, caller: &Caller, proof: &ReadRepo, id: UploadId) -> Result<SessionStatus, FilesError> {
        let account = caller.user_id().filter(|_| caller.allows_repository(proof.id()));
        let session = self.session_of(proof, account, id)?;
        let uploaded = if session.is_open() {
            self.0.store.read(|tx| store::chunks(tx, id))?
        } else {
            (1..=session.total_chunks()).collect()
        };
        Ok(SessionStatus { session, uploaded })
    }

    /// The unfinished uploads of the caller in this repository, the oldest first.
    pub fn open_sessions(&self, caller: &Caller, proof: &ReadRepo) -> Result<Vec<SessionStatus>, FilesError> {
        let account = caller.require_account()?.id;
        if !caller.allows_repository(proof.id()) {
            return Ok(Vec::new());
        }
        let now = self.0.clock.now();
        self.0.store.read(|tx| {
            let mut open = store::open_sessions(tx, account)?;
            open.retain(|session| session.repository == proof.id() && session.expires_at > now);
            let status = |session: UploadSession| {
                let uploaded = store::chunks(tx, session.id)?;
                Ok(SessionStatus { session, uploaded })
            };
            open.into_iter().map(status).collect()
        })
    }

    fn session_of(&self, proof: &ReadRepo, account: Option<UserId>, id: UploadId) -> Result<UploadSession, FilesError> {
        let now = self.0.clock.now();
        let found = self.0.store.read(|tx| store::session(tx, id))?.filter(|session| {
            let theirs = session.repository == proof.id() && Some(session.account) == account;
            theirs && session.expires_at > now
        });
        found.ok_or(FilesError::UnknownSession)
    }

    /// Bytes that unfinished uploads will store in the repositories of an account.
    pub(in crate::files) fn reserved(&self, owner: UserId) -> Result<u64, StoreError> {
        self.reserved_beside(owner, |_, _| false)
    }

    /// The same, content that goes straight to the object store and is `left_out` not counted.
    pub(in crate::files) fn reserved_beside(
        &self,
        owner: UserId,
        left_out: impl Fn(RepositoryId, Sha256) -> bool,
    ) -> Result<u64, StoreError> {
        let open = self.0.store.read(|tx| open_bytes(tx, owner, left_out))?;
        Ok(open.saturating_add(self.arriving(owner)))
    }
}

/// Bytes for which unfinished uploads have reserved room in the quota of an account, those `left_out` not counted.
pub(in crate::files) fn open_bytes(
    tx: &impl ReadRows,
    owner: UserId,
    left_out: impl Fn(RepositoryId, Sha256) -> bool,
) -> Result<u64, StoreError> {
    let sessions = store::open_bytes(tx, owner)?;
    Ok(sessions.saturating_add(direct_bytes(tx, owner, left_out)?))
}
