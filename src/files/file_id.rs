use super::error::FilesError;
use crate::base::RepositoryId;
use crate::base::path::PATH_MAX_BYTES;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::str::FromStr;

/// Told apart from ids of a later form; a letter, so that no id looks like a number.
const PREFIX: &str = "f1";

/// The name of a file in addresses: its repository and its path, opaque and reversible, without a table.
///
/// Says nothing about whether the file exists, and gives no right: access goes through the repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The repository.
    pub repository: RepositoryId,
    /// The path as it stands in git.
    pub path: String,
}

impl FileId {
    /// The id of the file at a path.
    pub fn new(repository: RepositoryId, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { repository, path }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.repository.as_bytes().to_vec();
        bytes.extend_from_slice(self.path.as_bytes());
        write!(formatter, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for FileId {
    type Err = FilesError;

    fn from_str(text: &str) -> Result<Self, FilesError> {
        let decode = || {
            let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
            let (repository, path) = bytes.split_first_chunk::<16>()?;
            let path = std::str::from_utf8(path).ok()?;
            let usable = !path.is_empty() && path.len() <= PATH_MAX_BYTES;
            usable.then(|| Self::new(RepositoryId::from_bytes(*repository), path))
        };
        decode().ok_or(FilesError::UnknownFile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_repository_and_path() {
        let id = FileId::new(RepositoryId::from_bytes([7; 16]), "数据/降水 2020.nc");
        let text = id.to_string();
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
            "{text}"
        );
        assert_eq!(text.parse::<FileId>().unwrap(), id);
        let longest = FileId::new(id.repository, "a".repeat(PATH_MAX_BYTES)).to_string();
        assert!(longest.len() < 1_400 && longest.parse::<FileId>().is_ok());
    }

    #[test]
    fn other_texts_name_no_file() {
        let id = FileId::new(RepositoryId::from_bytes([7; 16]), "a").to_string();
        for text in ["", "f1", "f2AAAA", "f1!!!!", &id[..20], &id.replacen("f1", "f9", 1)] {
            assert!(text.parse::<FileId>().is_err(), "{text}");
        }
    }
}
