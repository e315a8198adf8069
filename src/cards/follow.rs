//! Keeps the rows of cards, the links of classifications and the counts in step with what is committed.

use crate::base::{RepositoryId, blocking};
use crate::cards::metadata::ParsedCard;
use crate::cards::read::{Readme, card_of, parse_readme};
use crate::cards::values::comparable;
use crate::cards::{Cards, CardsError, event, store};
use crate::events::{Consumer, Event, NewEvent, Origin, Subject};
use crate::git::{GitError, ObjectId};
use crate::jobs::JobResult;
use crate::repos;
use crate::store::StoreError;
use crate::taxonomy;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

impl Cards {
    /// Reads the card of a repository's default branch and renews everything that is derived from it. Answers whether
    /// anything changed.
    pub async fn refresh(&self, id: RepositoryId) -> Result<bool, CardsError> {
        // One at a time, so that an older reading never overwrites a newer one.
        let _turn = self.refreshing.lock().await;
        let Some(repository) = self.repos.get(id)? else {
            return self.forget(id).await;
        };
        let (git, branch) = (self.repos.git().clone(), repository.default_branch);
        let read = blocking(move || -> Result<(ParsedCard, Option<ObjectId>), GitError> {
            let readme = match git.repository(id) {
                Ok(repository) => match repository.branch(&branch)? {
                    Some(tip) => Readme::at(&repository, tip)?,
                    None => None,
                },
                Err(GitError::NoRepository) => None,
                Err(error) => return Err(error),
            };
            let (parsed, blob, _) = parse_readme(readme);
            Ok((parsed, blob))
        });
        let (parsed, blob) = read.await?;
        let (events, now) = (self.events.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let Some(repository) = repos::repository(tx, id)? else {
                    return Ok(false);
                };
                let (card, nodes) = card_of(tx, parsed, blob)?;
                let changed = store::put(tx, id, card, repository.is_public())?;
                let reclassified = taxonomy::set_card_links(tx, id, &nodes, now)?;
                if changed || reclassified {
                    let told = NewEvent::new(event::CHANGED, &Origin::system(), Subject::Repository(id));
                    events.record(tx, told)?;
                }
                Ok(changed || reclassified)
            })
            .await
    }

    /// Like [`Self::refresh`]; a repository that git cannot read keeps the card that it has, and holds up no other.
    async fn refresh_readable(&self, id: RepositoryId) -> Result<bool, CardsError> {
        match self.refresh(id).await {
            Err(CardsError::Git(error)) => {
                self.repos
                    .tell_unreadable(id, "the card of a repository cannot be read", &error)?;
                Ok(false)
            }
            other => other,
        }
    }

    async fn forget(&self, id: RepositoryId) -> Result<bool, CardsError> {
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                store::remove(tx, id)?;
                taxonomy::set_card_links(tx, id, &BTreeSet::new(), now)?;
                Ok(false)
            })
            .await
    }

    /// Reads every card again, as after a restored backup or with a program that reads more. Answers how many changed.
    /// Damaged repositories are passed over and told in the log.
    pub async fn refresh_all(&self) -> Result<usize, CardsError> {
        let slice = self.clone();
        let ids = blocking(move || {
            slice.store.read(|tx| {
                let mut ids = Vec::new();
                repos::all_repositories(tx, |repository| {
                    ids.push(repository.id);
                    Ok::<_, StoreError>(ControlFlow::Continue(()))
                })?;
                Ok::<_, StoreError>(ids)
            })
        })
        .await?;
        let mut changed = 0;
        for id in ids {
            changed += usize::from(self.refresh_readable(id).await?);
        }
        Ok(changed)
    }

    /// The repositories whose cards name a classification by its slug or one of its names.
    async fn naming(&self, names: Vec<String>) -> Result<Vec<RepositoryId>, StoreError> {
        let slice = self.clone();
        blocking(move || {
            slice.store.read(|tx| {
                let mut found = Vec::new();
                for field in ["classification_1", "classification_2", "classification_3"] {
                    for name in &names {
                        for public in [true, false] {
                            found.extend(store::with_value(tx, field, &comparable(name), public, 0, usize::MAX)?);
                        }
                    }
                }
                Ok(found)
            })
        })
        .await
    }
}

/// Follows the record of events and renews the cards that they touch.
pub struct CardFollower(Cards);

impl CardFollower {
    /// Renews these cards.
    pub fn new(cards: Cards) -> Self {
        Self(cards)
    }
}

impl Consumer for CardFollower {
    const NAME: &'static str = "cards";
    const KINDS: &'static [&'static str] = &[
        repos::event::COMMITTED,
        repos::event::CHANGED,
        repos::event::DELETED,
        repos::event::RESTORED,
        repos::event::PURGED,
        taxonomy::event::CREATED,
        taxonomy::event::CHANGED,
        taxonomy::event::DELETED,
    ];

    async fn handle(&self, events: &[Event]) -> JobResult {
        let mut touched = BTreeSet::new();
        for event in events {
            match &event.subject {
                Some(Subject::Repository(id)) => {
                    touched.insert(*id);
                }
                _ => touched.extend(self.0.naming(names_of(event)).await?),
            }
        }
        for id in touched {
            self.0.refresh_readable(id).await?;
        }
        Ok(())
    }
}

/// The slug and the names of the classification that an event is about.
fn names_of(event: &Event) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let names = event.details["names"].as_array().into_iter().flatten();
    names.chain([&event.details["id"]]).filter_map(text).collect()
}
