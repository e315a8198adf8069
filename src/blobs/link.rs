use std::collections::BTreeMap;
use std::time::Duration;

use super::key::Collection;
use super::{Backend, BlobError, Blobs};
use crate::base::{Sha256, Timestamp};
use crate::keys::{SignedUrl, UrlRefused};

const PATH: &str = "/blobs/";
const DISPOSITION: &str = "response-content-disposition";
const CONTENT_TYPE: &str = "response-content-type";
/// S3 refuses longer ones.
pub(in crate::blobs) const LONGEST: Duration = Duration::from_hours(7 * 24);

/// How content that is read through a signed address presents itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// Value of the header `Content-Type`.
    pub content_type: Option<String>,
    /// Value of the header `Content-Disposition`.
    pub disposition: Option<String>,
}

/// A request for a blob that its signature allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBlob {
    /// The blob.
    pub sha256: Sha256,
    /// How to present it.
    pub presentation: Presentation,
    /// When the address ends to be valid.
    pub expires_at: Timestamp,
}

impl Blobs {
    /// An address under which anybody can read the blob for a while (at most seven days): of the S3 store itself, or, on
    /// local disk and for what is kept as a recipe, a path of the hub, `/blobs/{sha256}?…`, that [`Blobs::verify_link`] checks.
    pub async fn signed_url(
        &self,
        sha256: Sha256,
        valid: Duration,
        presentation: &Presentation,
    ) -> Result<String, BlobError> {
        let valid = valid.min(LONGEST);
        let mut parameters = BTreeMap::new();
        let mut add = |name: &str, value: &Option<String>| {
            parameters.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
        };
        add(CONTENT_TYPE, &presentation.content_type);
        add(DISPOSITION, &presentation.disposition);
        match &self.0.backend {
            Backend::S3(bucket) if self.is_kept_whole(sha256).await? => {
                bucket
                    .signed_url(&sha256, valid, parameters.into_iter().collect())
                    .await
            }
            Backend::S3(_) | Backend::Local(_) => {
                let expires_at = self.0.clock.now().plus(valid);
                let path = format!("{PATH}{sha256}");
                Ok(SignedUrl {
                    method: "GET".to_owned(),
                    path,
                    expires_at,
                    parameters,
                }
                .issue(&self.0.keys))
            }
        }
    }

    /// An address of the S3 store itself, where the configuration lets clients go there and the blob lies there whole.
    pub async fn direct_url(&self, sha256: Sha256, valid: Duration) -> Result<Option<String>, BlobError> {
        if !self.0.direct_download || matches!(self.0.backend, Backend::Local(_)) || !self.is_kept_whole(sha256).await?
        {
            return Ok(None);
        }
        let url = self.signed_url(sha256, valid, &Presentation::default()).await?;
        Ok(Some(url))
    }

    /// Asks the object store only where a recipe would do as well.
    async fn is_kept_whole(&self, sha256: Sha256) -> Result<bool, BlobError> {
        Ok(!self.has_recipe(sha256)? || self.kept(Collection::Blobs, sha256, false).await?.is_some())
    }

    /// Checks a request for an address that [`Blobs::signed_url`] gave; path and query as they came in.
    pub fn verify_link(&self, method: &str, path: &str, query: &str) -> Result<SignedBlob, UrlRefused> {
        let mut url = SignedUrl::verify(&self.0.keys, method, path, query, self.0.clock.now())?;
        let sha256 = url
            .path
            .strip_prefix(PATH)
            .and_then(|name| name.parse().ok())
            .ok_or(UrlRefused::Invalid)?;
        let presentation = Presentation {
            content_type: url.parameters.remove(CONTENT_TYPE),
            disposition: url.parameters.remove(DISPOSITION),
        };
        Ok(SignedBlob {
            sha256,
            presentation,
            expires_at: url.expires_at,
        })
    }
}
