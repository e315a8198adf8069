use crate::base::blocking;
use crate::cards::metadata::{self, ParsedCard};
use crate::cards::problem::{CardProblem, Position, Severity};
use crate::cards::store::{self, Card};
use crate::cards::{Cards, CardsError, front_matter};
use crate::git::{self, GitError, ObjectId};
use crate::repos::ReadRepo;
use crate::store::{ReadRows, StoreError};
use crate::taxonomy::{self, Classification};
use std::collections::BTreeSet;

/// Where the card stands.
pub const README: &str = "README.md";
/// A README of more bytes is a document, not a card.
const README_MAX_BYTES: u64 = 2 * 1024 * 1024;

/// README.md of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Readme {
    pub blob: ObjectId,
    pub content: ReadmeContent,
}

/// What README.md holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ReadmeContent {
    /// A text that can be read and changed.
    Text(String),
    /// Not that, and why in words that follow "README.md".
    Other(&'static str),
}

/// The card of a revision with the text that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadCard {
    /// The commit; none in an empty repository.
    pub commit: Option<ObjectId>,
    /// README.md as it is; none when there is none that is a text.
    pub text: Option<String>,
    /// The card.
    pub card: Card,
}

impl ReadCard {
    /// The Markdown below the front matter.
    pub fn body(&self) -> &str {
        let text = self.text.as_deref().unwrap_or_default();
        &text[front_matter::split(text).body]
    }
}

impl Readme {
    /// README.md at a commit. Blocking.
    pub(super) fn at(repository: &git::Repository, commit: ObjectId) -> Result<Option<Self>, GitError> {
        let entry = repository.entry(commit, README)?;
        let Some(entry) = entry.filter(|entry| entry.kind.is_blob()) else {
            return Ok(None);
        };
        let content = if entry.size.is_some_and(|size| size > README_MAX_BYTES) {
            ReadmeContent::Other("is larger than 2 MiB")
        } else {
            match String::from_utf8(repository.blob(entry.id, README_MAX_BYTES)?) {
                Ok(text) if text.starts_with("version https://git-lfs.github.com/spec/") => {
                    ReadmeContent::Other("is kept as a large file")
                }
                Ok(text) => ReadmeContent::Text(text),
                Err(_) => ReadmeContent::Other("is not UTF-8 text"),
            }
        };
        Ok(Some(Self {
            blob: entry.id,
            content,
        }))
    }
}

impl Cards {
    /// The card at a revision; of the default branch when none is named.
    pub async fn read(&self, proof: &ReadRepo, revision: Option<&str>) -> Result<ReadCard, CardsError> {
        let (git, id) = (self.repos.git().clone(), proof.id());
        let (revision, branch) = (revision.map(str::to_owned), proof.repository().default_branch.clone());
        let cards = self.clone();
        blocking(move || {
            let repository = git.repository(id)?;
            let commit = match &revision {
                Some(revision) => Some(repository.resolve(revision)?),
                None => repository.branch(&branch)?,
            };
            let readme = commit
                .map(|commit| Readme::at(&repository, commit))
                .transpose()?
                .flatten();
            let (parsed, blob, text) = parse_readme(readme);
            let (card, _) = cards.store.read(|tx| card_of(tx, parsed, blob))?;
            Ok(ReadCard { commit, text, card })
        })
        .await
    }

    /// The cards of the default branches of several repositories, in their order, as their rows have them.
    pub fn rows(&self, proofs: &[ReadRepo]) -> Result<Vec<Card>, StoreError> {
        self.store.read(|tx| {
            let cards = proofs.iter().map(|proof| store::card(tx, proof.id()));
            cards.map(|card| Ok(card?.unwrap_or_default())).collect()
        })
    }

    /// Reads a text as if it were README.md of a repository.
    pub async fn examine(&self, readme: String) -> Result<Card, CardsError> {
        let cards = self.clone();
        blocking(move || {
            let parsed = metadata::parse(&readme);
            Ok(cards.store.read(|tx| card_of(tx, parsed, None))?.0)
        })
        .await
    }
}

/// What a README says, its blob, and its text.
pub(super) fn parse_readme(readme: Option<Readme>) -> (ParsedCard, Option<ObjectId>, Option<String>) {
    match readme {
        None => (metadata::parse(""), None, None),
        Some(Readme {
            blob,
            content: ReadmeContent::Text(text),
        }) => (metadata::parse(&text), Some(blob), Some(text)),
        Some(Readme {
            blob,
            content: ReadmeContent::Other(reason),
        }) => {
            let mut parsed = metadata::parse("");
            let problem = CardProblem::whole(format!("README.md {reason}"), Position { line: 1, column: 1 });
            parsed.problems.insert(0, problem);
            (parsed, Some(blob), None)
        }
    }
}

/// The card with the classifications that it names, which are looked up in the tree as it is now.
pub(super) fn card_of(
    tx: &impl ReadRows,
    parsed: ParsedCard,
    readme: Option<ObjectId>,
) -> Result<(Card, BTreeSet<String>), StoreError> {
    let ParsedCard {
        has_front_matter,
        document,
        metadata,
        mut problems,
        places,
    } = parsed;
    let mut nodes = BTreeSet::new();
    let fields = [
        ("classification_1", &metadata.classification_1),
        ("classification_2", &metadata.classification_2),
        ("classification_3", &metadata.classification_3),
    ];
    for (field, names) in fields {
        for name in names {
            let found: Option<Classification> = taxonomy::find(tx, name)?;
            if let Some(node) = found {
                nodes.insert(node.id);
            } else {
                let at = places.get(field).copied().unwrap_or(Position { line: 1, column: 1 });
                let message = format!("`{field}` names no classification of this hub: {name}");
                problems.push(CardProblem::of_field(Severity::Warning, field, message, at));
            }
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let card = Card {
        readme,
        has_front_matter,
        document,
        metadata,
        problems,
    };
    Ok((card, nodes))
}
