use super::LargeFile;
use crate::base::size::human;
use crate::git::GitError;
use crate::http::{Code, Problem};
use std::io;

/// Why a push cannot be received. The texts are for the person who pushed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The request does not follow git's protocol.
    #[error("the request does not follow the git protocol: {0}")]
    Protocol(String),
    /// The client asks for something that this hub does not do.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The connection ended before the push did.
    #[error("the connection ended before everything had arrived")]
    Cut,
    /// The pack is damaged, or breaks a rule of its format.
    #[error("the pack cannot be read: {0}")]
    BadPack(String),
    /// An object breaks a rule that `git fsck --strict` holds.
    #[error("object {id} breaks a rule of git: {reason}")]
    BadObject {
        /// The object.
        id: String,
        /// Which rule, in words.
        reason: String,
    },
    /// Something that the push needs is neither in it nor in the repository.
    #[error("the push is not complete: {0}")]
    Incomplete(String),
    /// Files above the limit for content that is kept in git.
    #[error("{}", large_files(.files, *.limit))]
    LargeFiles {
        /// The files that are known by name, or by their size alone.
        files: Vec<LargeFile>,
        /// The limit in bytes.
        limit: u64,
    },
    /// More than the account may store.
    #[error("the push does not fit: it has more than the {} that the owner's quota has left. Delete repositories that are no longer needed, or ask an administrator for more", human(*.room))]
    TooMuch {
        /// Bytes that were left.
        room: u64,
    },
    /// More objects, or more work, than one push may bring.
    #[error("the push is too large for one piece: {0}. Push the history in several steps")]
    TooManyObjects(String),
    /// The hub itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl ReceiveError {
    pub(super) fn pack(reason: impl Into<String>) -> Self {
        Self::BadPack(reason.into())
    }

    /// What went wrong in a file of ours, which is no fault of the client.
    pub(super) fn own(error: io::Error) -> Self {
        Self::Git(error.into())
    }

    /// Whether the hub is at fault, so that the reason belongs into its log.
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Git(_))
    }
}

impl Problem for ReceiveError {
    fn code(&self) -> Code {
        match self {
            Self::Protocol(_) | Self::Cut => Code::BadRequest,
            Self::Unsupported(_) | Self::BadPack(_) | Self::BadObject { .. } | Self::Incomplete(_) => Code::Invalid,
            Self::LargeFiles { .. } | Self::TooManyObjects(_) => Code::TooLarge,
            Self::TooMuch { .. } => Code::QuotaExceeded,
            Self::Git(error) => error.code(),
        }
    }
}

fn large_files(files: &[LargeFile], limit: u64) -> String {
    use std::fmt::Write;
    let limit = human(limit);
    let mut text = String::new();
    for file in files {
        let size = file.size.map_or_else(|| format!("more than {limit}"), human);
        let line = match &file.path {
            Some(path) => format!("{path} has {size}, more than the {limit} that a file in git may have. "),
            None => format!("A file has {size}, more than the {limit} that a file in git may have. "),
        };
        text.push_str(&line);
    }
    let example = files.iter().find_map(|file| file.path.as_deref()).unwrap_or("<file>");
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        "Keep large files with git-lfs: git lfs track \"{example}\", then git lfs migrate import --include=\"{example}\" \
         for commits that are made already, and push again"
    );
    text
}
