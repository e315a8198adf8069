use crate::base::{RepoPath, RepositoryId, Sha256, Timestamp, UploadId, UserId};
use crate::git::ObjectId;
use serde::{Deserialize, Serialize};

/// An upload to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Where the file will stand.
    pub path: RepoPath,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its content, if the client knows it already.
    pub sha256: Option<Sha256>,
    /// The wished size of a chunk in bytes; the configured one when absent.
    pub chunk_size: Option<u64>,
    /// The message of the commit.
    pub message: Option<String>,
    /// The branch; the default branch when absent.
    pub branch: Option<String>,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// It takes chunks.
    Open,
    /// It is committed.
    Completed {
        /// The commit.
        commit: ObjectId,
        /// The branch that it is on.
        branch: String,
        /// Digest of the content.
        sha256: Sha256,
        /// Whether the file is kept as a large file.
        large: bool,
        /// Whether the commit changed anything.
        changed: bool,
    },
}

/// The row of a chunked upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadSession {
    /// Its id.
    pub id: UploadId,
    /// The repository.
    pub repository: RepositoryId,
    /// Who began it.
    pub account: UserId,
    /// Whose quota it takes.
    pub owner: UserId,
    /// Where the file will stand.
    pub path: RepoPath,
    /// Size of the file in bytes.
    pub size: u64,
    /// The announced digest.
    pub sha256: Option<Sha256>,
    /// Bytes of every chunk but the last.
    pub chunk_size: u64,
    /// The message of the commit, if one was given.
    pub message: Option<String>,
    /// The branch, if one was given.
    pub branch: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// The digest of the whole content, once it is verified and sealed. From then on the content may already have left
    /// the staging folder for the blob store, where only the digest finds it.
    #[serde(default)]
    pub sealed: Option<Sha256>,
    /// How far it is.
    pub state: SessionState,
}

impl UploadSession {
    /// How many chunks there are; an empty file has none.
    pub fn total_chunks(&self) -> u32 {
        u32::try_from(self.size.div_ceil(self.chunk_size)).unwrap_or(u32::MAX)
    }

    /// Whether it still takes chunks.
    pub fn is_open(&self) -> bool {
        self.state == SessionState::Open
    }

    /// Whether its content is verified and waits for a commit.
    pub fn is_assembled(&self) -> bool {
        self.is_open() && self.sealed.is_some()
    }

    /// Offset and length of a chunk, numbered from 1; `None` when there is no such chunk.
    pub fn place(&self, number: u32) -> Option<(u64, u64)> {
        let offset = u64::from(number.checked_sub(1)?) * self.chunk_size;
        (offset < self.size).then(|| (offset, self.chunk_size.min(self.size - offset)))
    }
}

/// An upload and what has arrived of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStatus {
    /// The upload.
    pub session: UploadSession,
    /// The numbers of the chunks that are durable, in order.
    pub uploaded: Vec<u32>,
}

impl SessionStatus {
    /// The numbers of the chunks that have not arrived, in order.
    pub fn missing(&self) -> Vec<u32> {
        if !self.session.is_open() {
            return Vec::new();
        }
        let mut arrived = self.uploaded.iter().copied().peekable();
        let is_missing = |number: &u32| arrived.next_if_eq(number).is_none();
        (1..=self.session.total_chunks()).filter(is_missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;

    #[test]
    fn chunks_cover_the_file_once_and_the_last_one_is_shorter() {
        let clock = Clock::system();
        let session = UploadSession {
            id: UploadId::new(&clock),
            repository: RepositoryId::new(&clock),
            account: UserId::new(&clock),
            owner: UserId::new(&clock),
            path: "a.bin".parse().unwrap(),
            size: 25,
            sha256: None,
            chunk_size: 10,
            message: None,
            branch: None,
            created_at: clock.now(),
            expires_at: clock.now(),
            sealed: None,
            state: SessionState::Open,
        };
        assert_eq!(session.total_chunks(), 3);
        assert_eq!((session.place(1), session.place(3)), (Some((0, 10)), Some((20, 5))));
        assert_eq!((session.place(0), session.place(4)), (None, None));
        let status = SessionStatus {
            session: session.clone(),
            uploaded: vec![1, 3],
        };
        assert_eq!(status.missing(), [2]);
        assert_eq!(UploadSession { size: 0, ..session }.total_chunks(), 0);
    }
}
