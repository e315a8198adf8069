use crate::base::blocking;
use crate::cards::read::{README, Readme, ReadmeContent};
use crate::cards::{Cards, CardsError, edit, metadata};
use crate::events::Origin;
use crate::git::{GitError, Parent};
use crate::repos::{CommitOptions, Committed, ReposError, WriteRepo};
use bytes::Bytes;
use serde_json::{Map, Value};

/// How often an edit is made anew when others commit to the branch meanwhile.
const ATTEMPTS: usize = 8;

/// A change of a card's metadata.
#[derive(Debug, Clone, Default)]
pub struct MetadataChange {
    /// Fields to set; null removes one.
    pub fields: Map<String, Value>,
    /// Removes every field that is not named.
    pub replace: bool,
    /// The branch; the default branch when absent.
    pub branch: Option<String>,
    /// The message of the commit.
    pub message: Option<String>,
}

impl Cards {
    /// Changes fields of the front matter of README.md as a commit that leaves the rest of the file as it is. Answers none
    /// when nothing would change.
    pub async fn update(
        &self,
        proof: &WriteRepo,
        change: MetadataChange,
        origin: Origin,
    ) -> Result<Option<Committed>, CardsError> {
        let id = proof.repository().id;
        let branch = change
            .branch
            .clone()
            .unwrap_or_else(|| proof.repository().default_branch.clone());
        let message = change
            .message
            .clone()
            .unwrap_or_else(|| "Change the metadata of the card".to_owned());
        for _ in 0..ATTEMPTS {
            let (git, name, change) = (self.repos.git().clone(), branch.clone(), change.clone());
            let edited = blocking(move || {
                let repository = git.repository(id)?;
                let tip = repository.branch(&name)?;
                if tip.is_none() && repository.resolve("HEAD").is_ok() {
                    return Err(GitError::RevisionNotFound(name).into());
                }
                let readme = tip.map(|tip| Readme::at(&repository, tip)).transpose()?.flatten();
                Ok::<_, CardsError>(edited(readme, &change)?.map(|text| (tip, text)))
            });
            let Some((tip, text)) = edited.await? else {
                return Ok(None);
            };
            let options = CommitOptions {
                branch: Some(branch.clone()),
                parent: tip.map_or(Parent::Tip, Parent::At),
                message: message.clone(),
                origin: origin.clone(),
                moved: None,
            };
            match self.commit(proof, text, options).await {
                Err(CardsError::Repos(ReposError::Stale | ReposError::Git(GitError::Stale { .. }))) => {}
                committed => return committed.map(Some),
            }
        }
        Err(CardsError::Busy(id))
    }

    async fn commit(&self, proof: &WriteRepo, text: String, options: CommitOptions) -> Result<Committed, CardsError> {
        let mut draft = self.repos.draft(proof.clone()).await?;
        let draft = blocking(move || {
            let path = README.parse().expect("a constant that is a path");
            draft.put_bytes(path, Bytes::from(text))?;
            Ok::<_, ReposError>(draft)
        })
        .await?;
        Ok(self.repos.commit(draft, options).await?)
    }
}

/// The new text of README.md; none when nothing changes.
fn edited(readme: Option<Readme>, change: &MetadataChange) -> Result<Option<String>, CardsError> {
    let old = match readme {
        None => String::new(),
        Some(Readme {
            content: ReadmeContent::Text(text),
            ..
        }) => text,
        Some(Readme {
            content: ReadmeContent::Other(reason),
            ..
        }) => return Err(CardsError::NotEditable(reason)),
    };
    let mut fields = change.fields.clone();
    if change.replace {
        for key in metadata::parse(&old).document.into_iter().map(|(key, _)| key) {
            fields.entry(key).or_insert(Value::Null);
        }
    }
    let new = edit::apply(&old, &fields)?;
    Ok((new != old).then_some(new))
}
