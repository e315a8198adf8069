//! Small types that the whole hub shares: identifiers, times, names, paths, hashes. No I/O but [`blocking`].

/// UUIDv7 identifiers, one type per thing.
pub mod id;
/// Names of accounts and repositories, kinds and families.
pub mod names;
/// Paths inside a repository.
pub mod path;
/// Names that nobody can have, because addresses begin with them.
pub mod reserved;
/// SHA-256 digests.
pub mod sha256;
/// Sizes for people.
pub mod size;
/// Times, days and the clock.
pub mod time;

pub use id::{CollectionId, JobId, LockId, RepositoryId, SessionId, TokenId, UploadId, UserId, WebhookId};
pub use names::{AccountName, Family, RepositoryKind, RepositoryName};
pub use path::RepoPath;
pub use reserved::is_reserved;
pub use sha256::Sha256;
pub use time::{Clock, Day, Timestamp};

/// Runs blocking work (files, hashing, git, compression) off the async threads and waits for it.
///
/// Dropping the returned future does not stop the work. A panic inside is resumed in the caller.
pub async fn blocking<T, F>(work: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
