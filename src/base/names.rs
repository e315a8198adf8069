//! Names of accounts and repositories, and the kinds of repositories.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest name, as on Hugging Face.
pub const NAME_MAX_CHARS: usize = 96;

/// Why a text cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("A name cannot be empty.")]
    Empty,
    /// More than [`NAME_MAX_CHARS`].
    #[error("A name has at most {NAME_MAX_CHARS} characters.")]
    TooLong,
    /// A character outside of letters, digits, `.`, `_`, `-`.
    #[error("A name consists of the letters a-z and A-Z, digits, '.', '_' and '-'; '{0}' is not allowed.")]
    Character(char),
    /// Begins or ends with other punctuation than `_`.
    #[error("A name begins and ends with a letter, a digit or '_'.")]
    Edge,
    /// Two punctuation marks that have a meaning elsewhere.
    #[error("A name cannot contain '..' or '--'.")]
    Doubled,
    /// Ends like a folder of git or a file of the hub.
    #[error("A name cannot end with '.git', '.lock' or '.ipynb'.")]
    Ending,
}

fn validate(text: &str) -> Result<(), InvalidName> {
    if text.is_empty() {
        return Err(InvalidName::Empty);
    }
    if let Some(character) = text
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
    {
        return Err(InvalidName::Character(character));
    }
    if text.len() > NAME_MAX_CHARS {
        return Err(InvalidName::TooLong);
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    if !edge(text.chars().next()) || !edge(text.chars().next_back()) {
        return Err(InvalidName::Edge);
    }
    if text.contains("..") || text.contains("--") {
        return Err(InvalidName::Doubled);
    }
    let lower = text.to_ascii_lowercase();
    if [".git", ".lock", ".ipynb"].iter().any(|ending| lower.ends_with(ending)) {
        return Err(InvalidName::Ending);
    }
    Ok(())
}

macro_rules! define_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The name as its owner wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The form under which names are compared: without regard to case.
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                validate(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

define_name!(
    /// The name of a user or an organization: letters, digits, `.`, `_`, `-`.
    AccountName
);
define_name!(
    /// The name of a repository within its owner's family.
    RepositoryName
);

/// A group of kinds within which a name is unique per owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Models, with code, workflows and projects; addresses without prefix.
    Models,
    /// Datasets; addresses under `/datasets`.
    Datasets,
    /// Spaces; addresses under `/spaces`.
    Spaces,
}

impl Family {
    /// All families, in the order in which an address without prefix tries them.
    pub const ALL: [Self; 3] = [Self::Models, Self::Datasets, Self::Spaces];

    /// The number under which rows are keyed; never changes.
    pub const fn number(self) -> u8 {
        match self {
            Self::Models => 0,
            Self::Datasets => 1,
            Self::Spaces => 2,
        }
    }

    /// What page addresses of the family begin with, before the owner.
    pub const fn url_prefix(self) -> &'static str {
        match self {
            Self::Models => "",
            Self::Datasets => "datasets/",
            Self::Spaces => "spaces/",
        }
    }
}

/// What a repository is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepositoryKind {
    /// A trained model.
    Model,
    /// A dataset.
    Dataset,
    /// A demonstration that runs.
    Space,
    /// Source code.
    Code,
    /// A workflow definition.
    Workflow,
    /// A project that ties others together.
    Project,
}

/// A text that names no kind of repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("A repository is of kind model, dataset, space, code, workflow or project.")]
pub struct InvalidKind;

impl RepositoryKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Model,
        Self::Dataset,
        Self::Space,
        Self::Code,
        Self::Workflow,
        Self::Project,
    ];

    /// The family within which the name is unique.
    pub const fn family(self) -> Family {
        match self {
            Self::Model | Self::Code | Self::Workflow | Self::Project => Family::Models,
            Self::Dataset => Family::Datasets,
            Self::Space => Family::Spaces,
        }
    }

    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::Space => "space",
            Self::Code => "code",
            Self::Workflow => "workflow",
            Self::Project => "project",
        }
    }
}

impl fmt::Display for RepositoryKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for RepositoryKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(InvalidKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_and_three_marks() {
        for good in ["ana", "ERA5-Land_v1.2", "a", "9x", "_private_"] {
            assert!(good.parse::<AccountName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a/b",
            "a b",
            "..",
            ".a",
            "a.",
            "-a",
            "a--b",
            "a..b",
            "x.git",
            "x.LOCK",
            "名",
            &"a".repeat(97),
        ] {
            assert!(bad.parse::<AccountName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_kind_has_a_word_that_names_it() {
        for kind in RepositoryKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
