use crate::blobs::BlobError;
use crate::http::{Code, Problem};
use crate::keys::UrlRefused;

impl Problem for BlobError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } | Self::UnknownUpload { .. } => Code::NotFound,
            Self::HashMismatch { .. } | Self::SizeMismatch { .. } | Self::OutsideUpload { .. } | Self::Misfit
            // Not 404: to a client of the Xet protocol that says that there is no such route.
            | Self::UnknownXorb { .. } => {
                Code::Invalid
            }
            Self::TooLarge { .. } => Code::TooLarge,
            Self::DiskFull => Code::StorageFull,
            Self::ContributionsFull => Code::QuotaExceeded,
            Self::Unavailable { .. } | Self::Refused { .. } => Code::Unavailable,
            Self::BusyUpload { .. } => Code::Conflict,
            Self::Abandoned | Self::BadRecipe { .. } | Self::Xorb(_) | Self::Shard(_) => Code::BadRequest,
            Self::Store(error) => error.code(),
            Self::Damaged { .. }
            | Self::SplitFolders { .. }
            | Self::Configuration { .. }
            | Self::Folder { .. }
            | Self::Names { .. } => Code::Internal,
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::HashMismatch { expected, actual } => {
                Some(serde_json::json!({"field": "sha256", "expected": expected, "actual": actual}))
            }
            Self::SizeMismatch { expected, actual } => {
                Some(serde_json::json!({"field": "size", "expected": expected, "actual": actual}))
            }
            Self::TooLarge { limit } => Some(serde_json::json!({ "limit": limit })),
            _ => None,
        }
    }
}

impl Problem for UrlRefused {
    fn code(&self) -> Code {
        match self {
            Self::Expired | Self::Invalid => Code::Forbidden,
        }
    }
}
