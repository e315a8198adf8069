use sha2::Digest;

use futures_util::StreamExt;

use super::{BlobError, Blobs};
use crate::base::Sha256;

/// Blobs looked at in parallel: enough to hide the delay of an S3 store.
const AT_ONCE: usize = 16;

/// What is wrong with a blob that should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobProblem {
    /// There is none.
    #[error("content {sha256} ({size} bytes) is missing")]
    Missing {
        /// Its name.
        sha256: Sha256,
        /// Bytes that it should have.
        size: u64,
    },
    /// It has another size.
    #[error("content {sha256} has {actual} bytes instead of {size}")]
    WrongSize {
        /// Its name.
        sha256: Sha256,
        /// Bytes that it should have.
        size: u64,
        /// Bytes that it has.
        actual: u64,
    },
    /// Its bytes are not those that its name says.
    #[error("content {sha256} is damaged: its bytes have the SHA-256 {actual}")]
    WrongContent {
        /// Its name.
        sha256: Sha256,
        /// What its bytes give.
        actual: Sha256,
    },
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Blobs looked at.
    pub checked: u64,
    /// Bytes read and hashed.
    pub hashed_bytes: u64,
    /// What is wrong.
    pub problems: Vec<BlobProblem>,
}

impl Blobs {
    /// Looks at every expected blob (name and size): is it there and of that size? When `deep`, reads and hashes it too.
    /// An unreachable store is an error, not a problem of a blob.
    pub async fn check(
        &self,
        expected: impl IntoIterator<Item = (Sha256, u64)>,
        deep: bool,
    ) -> Result<CheckReport, BlobError> {
        let looks = expected
            .into_iter()
            .map(|(sha256, size)| self.check_one(sha256, size, deep));
        let mut results = futures_util::stream::iter(looks).buffer_unordered(if deep { 1 } else { AT_ONCE });
        let mut report = CheckReport::default();
        while let Some(result) = results.next().await {
            let (hashed, problem) = result?;
            report.checked += 1;
            report.hashed_bytes += hashed;
            report.problems.extend(problem);
        }
        Ok(report)
    }

    async fn check_one(&self, sha256: Sha256, size: u64, deep: bool) -> Result<(u64, Option<BlobProblem>), BlobError> {
        let reader = match self.reader(sha256).await {
            Ok(reader) => reader,
            Err(BlobError::NotFound { .. }) => return Ok((0, Some(BlobProblem::Missing { sha256, size }))),
            Err(error) => return Err(error),
        };
        if reader.size() != size {
            return Ok((
                0,
                Some(BlobProblem::WrongSize {
                    sha256,
                    size,
                    actual: reader.size(),
                }),
            ));
        }
        if let Some(recipe) = reader.recipe() {
            for xorb in recipe.recipe().xorbs() {
                match self.open_xorb(xorb).await {
                    Ok(_) => {}
                    Err(BlobError::UnknownXorb { .. } | BlobError::Damaged { .. }) => {
                        return Ok((0, Some(BlobProblem::Missing { sha256, size })));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if !deep {
            return Ok((0, None));
        }
        let mut cursor = reader.cursor();
        let hashed = crate::base::blocking(move || {
            let mut hasher = sha2::Sha256::new();
            std::io::copy(&mut cursor, &mut HashInto(&mut hasher)).map(|_| Sha256::from_bytes(hasher.finalize().into()))
        });
        let actual = hashed.await.map_err(BlobError::at(sha256.to_string().as_ref()))?;
        let problem = (actual != sha256).then_some(BlobProblem::WrongContent { sha256, actual });
        Ok((size, problem))
    }
}

struct HashInto<'a>(&'a mut sha2::Sha256);

impl std::io::Write for HashInto<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
