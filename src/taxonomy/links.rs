use super::model::{LinkOrigin, RepositoryClassification};
use super::{Taxonomy, TaxonomyError, event, store};
use crate::base::{RepositoryId, Timestamp};
use crate::events::{Consumer, Event, NewEvent, Origin, Subject};
use crate::jobs::JobResult;
use crate::repos::{self, ReadRepo, WriteRepo};
use crate::store::{StoreError, WriteTx};
use std::collections::BTreeSet;

/// Most nodes that people can link a repository to.
const MOST_LINKS: usize = 50;

impl Taxonomy {
    /// What a repository belongs to.
    pub fn classifications(&self, proof: &ReadRepo) -> Result<Vec<RepositoryClassification>, TaxonomyError> {
        Ok(self.store.read(|tx| store::of_repository(tx, proof.id()))?)
    }

    /// Links a repository to the node of this id or name, and so to all above it.
    pub async fn add(
        &self,
        proof: &WriteRepo,
        node: &str,
        origin: Origin,
    ) -> Result<Vec<RepositoryClassification>, TaxonomyError> {
        let (id, actor, node) = (proof.repository().id, proof.actor().id, node.to_owned());
        let (events, now) = (self.events.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let node = store::find(tx, &node)?.ok_or(TaxonomyError::NotFound(node))?;
                let linked = store::linked(tx, id, LinkOrigin::Person)?;
                if !linked.contains(&node.id) {
                    if linked.len() >= MOST_LINKS {
                        return Err(TaxonomyError::TooMany(MOST_LINKS));
                    }
                    let link = store::Link {
                        by: Some(actor),
                        at: now,
                    };
                    store::link(tx, id, LinkOrigin::Person, &node.id, &link)?;
                    renew(tx, id)?;
                    events.record(tx, NewEvent::new(event::CLASSIFIED, &origin, Subject::Repository(id)))?;
                }
                Ok(store::of_repository(tx, id)?)
            })
            .await
    }

    /// Takes back what people have linked: one node, or all. What the card says stays until the card changes.
    pub async fn remove(
        &self,
        proof: &WriteRepo,
        node: Option<&str>,
        origin: Origin,
    ) -> Result<Vec<RepositoryClassification>, TaxonomyError> {
        let (id, node) = (proof.repository().id, node.map(str::to_owned));
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let mut linked = store::linked(tx, id, LinkOrigin::Person)?;
                if let Some(node) = node {
                    let node = store::find(tx, &node)?.ok_or(TaxonomyError::NotFound(node))?;
                    linked.retain(|linked| *linked == node.id);
                }
                for node in &linked {
                    store::unlink(tx, id, LinkOrigin::Person, node)?;
                }
                if !linked.is_empty() {
                    renew(tx, id)?;
                    events.record(tx, NewEvent::new(event::CLASSIFIED, &origin, Subject::Repository(id)))?;
                }
                Ok(store::of_repository(tx, id)?)
            })
            .await
    }
}

/// Makes the nodes that a card names the only ones that the card links. Answers whether the repository belongs to other
/// nodes than before; the caller tells of it.
pub fn set_card_links(
    tx: &WriteTx<'_>,
    id: RepositoryId,
    nodes: &BTreeSet<String>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let old = store::linked(tx, id, LinkOrigin::Card)?;
    for node in old.difference(nodes) {
        store::unlink(tx, id, LinkOrigin::Card, node)?;
    }
    for node in nodes.difference(&old) {
        store::link(tx, id, LinkOrigin::Card, node, &store::Link { by: None, at: now })?;
    }
    renew(tx, id)
}

/// Derives anew what follows from the links of a repository and from who may see it.
pub(super) fn renew(tx: &WriteTx<'_>, id: RepositoryId) -> Result<bool, StoreError> {
    let repository = repos::repository(tx, id)?;
    if repository.is_none() {
        store::forget(tx, id)?;
    }
    store::refresh(tx, id, repository.is_some_and(|repository| repository.is_public()))
}

/// Keeps the counts of the tree right when repositories appear and disappear.
pub struct ClassificationCounts(Taxonomy);

impl ClassificationCounts {
    /// Counts for this tree.
    pub fn new(taxonomy: Taxonomy) -> Self {
        Self(taxonomy)
    }
}

impl Consumer for ClassificationCounts {
    const NAME: &'static str = "classification-counts";
    const KINDS: &'static [&'static str] = &[
        repos::event::CHANGED,
        repos::event::DELETED,
        repos::event::RESTORED,
        repos::event::PURGED,
    ];

    async fn handle(&self, events: &[Event]) -> JobResult {
        let repository = |event: &Event| match event.subject {
            Some(Subject::Repository(id)) => Some(id),
            _ => None,
        };
        let ids: BTreeSet<RepositoryId> = events.iter().filter_map(repository).collect();
        self.0
            .store
            .write(move |tx| {
                for id in ids {
                    renew(tx, id)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        Ok(())
    }
}
