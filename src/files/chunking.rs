//! Large content that came whole is given a hash of the Xet protocol in the background: see [`crate::blobs::Chunking`].

use super::Files;
use super::error::FilesError;
use crate::base::{RepositoryId, Sha256, blocking};
use crate::blobs::{BlobError, Chunking};
use crate::repos::SettledLinks;
use std::collections::HashMap;
use std::sync::PoisonError;
use tokio_util::sync::CancellationToken;

/// Large content by the repository that names it.
pub(super) type Held = (RepositoryId, Sha256);

/// Some of what repositories name.
struct Batch {
    /// What no recipe gives yet, with its bytes.
    whole: Vec<(Held, u64)>,
    /// From where the next batch goes on; none behind the last.
    next: Option<Held>,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChunkedFiles {
    /// Contents that have a hash of the Xet protocol now, counted once for every repository.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents that are missing or damaged.
    pub failed: u64,
}

impl Files {
    /// Cuts what commits name and no recipe gives into chunks, one content after the other, as long as
    /// `storage.chunk_whole_files` says so. What a repository has then depends on its own content alone.
    pub async fn chunk_whole_files(&self, stop: &CancellationToken) -> Result<ChunkedFiles, FilesError> {
        let (mut done, mut after) = (ChunkedFiles::default(), None);
        let mut at_hand: Option<(RepositoryId, Chunking)> = None;
        while self.is_to_chunk(stop) {
            let Batch { whole, next } = self.whole_files(after).await?;
            for ((id, sha256), size) in whole {
                if !self.is_to_chunk(stop) {
                    return Ok(done);
                }
                let chunking = at_hand.take().filter(|(of, _)| *of == id).map(|(_, chunking)| chunking);
                let chunked = tokio::select! {
                    chunked = self.cut_into_chunks(id, sha256, chunking) => chunked,
                    () = stop.cancelled() => return Ok(done),
                };
                match chunked {
                    Ok(chunking) => {
                        at_hand = Some((id, chunking));
                        done.files += 1;
                        done.bytes += size;
                    }
                    Err(error) if is_of_the_hub(&error) => return Err(error.into()),
                    Err(error) => {
                        tracing::error!(%id, %sha256, %error, "large content could not be cut into chunks");
                        let mut uncut = self.0.uncut.lock().unwrap_or_else(PoisonError::into_inner);
                        uncut.insert((id, sha256));
                        done.failed += 1;
                    }
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        Ok(done)
    }

    fn is_to_chunk(&self, stop: &CancellationToken) -> bool {
        self.0.config.current().storage.chunk_whole_files && !stop.is_cancelled()
    }

    async fn whole_files(&self, after: Option<Held>) -> Result<Batch, FilesError> {
        let files = self.clone();
        blocking(move || {
            let SettledLinks { settled, next } = files.0.repos.settled_links(after)?;
            let uncut = files.0.uncut.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let links = settled.into_iter().map(|(id, sha256, size)| ((id, sha256), size));
            let sizes: HashMap<Held, u64> = links.filter(|(key, size)| *size > 0 && !uncut.contains(key)).collect();
            let mut keys: Vec<Held> = sizes.keys().copied().collect();
            // Those of a repository together, as they stand in the rows.
            keys.sort_unstable();
            let whole = files.0.blobs.without_recipe(keys)?;
            let whole = whole
                .into_iter()
                .map(|key| (key, sizes.get(&key).copied().unwrap_or(0)));
            Ok(Batch {
                whole: whole.collect(),
                next,
            })
        })
        .await
    }

    async fn cut_into_chunks(
        &self,
        id: RepositoryId,
        sha256: Sha256,
        chunking: Option<Chunking>,
    ) -> Result<Chunking, BlobError> {
        let chunking = match chunking {
            Some(chunking) => chunking,
            None => self.0.blobs.chunking(id).await?,
        };
        chunking.take(sha256).await
    }
}

/// Whether no other content can be cut now either.
fn is_of_the_hub(error: &BlobError) -> bool {
    matches!(
        error,
        BlobError::DiskFull | BlobError::Unavailable { .. } | BlobError::Refused { .. } | BlobError::Store(_)
    )
}
