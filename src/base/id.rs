//! Identifiers are UUIDv7 (RFC 9562, section 5.7): unique without coordination and sorted by time of creation.

use super::time::Clock;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::{NoContext, Uuid};

/// A text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an identifier (a UUID is expected)")]
pub struct InvalidId(String);

macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new identifier, which sorts by the time of its creation in milliseconds.
            pub fn new(clock: &Clock) -> Self {
                Self(new_uuid(clock))
            }

            /// The 16 bytes, whose order is the order of creation.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Takes the 16 bytes written by [`Self::as_bytes`].
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId(text.chars().take(64).collect()))
            }
        }
    };
}

define_id!(
    /// A user or an organization.
    UserId
);
define_id!(
    /// A repository; also the name of its folder.
    RepositoryId
);
define_id!(
    /// A personal access token.
    TokenId
);
define_id!(
    /// A login: the family of refresh tokens that descend from it.
    SessionId
);
define_id!(
    /// A chunked upload in progress.
    UploadId
);
define_id!(
    /// A lock on a path.
    LockId
);
define_id!(
    /// A collection of repositories.
    CollectionId
);
define_id!(
    /// A webhook.
    WebhookId
);
define_id!(
    /// A piece of background work.
    JobId
);

fn new_uuid(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
    let nanos = u32::try_from(now.as_micros().rem_euclid(1_000_000) * 1_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_text_and_bytes() {
        let id = UserId::new(&Clock::system());
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        assert_eq!(UserId::from_bytes(*id.as_bytes()), id);
        assert!("nonsense".parse::<UserId>().is_err());
    }
}
