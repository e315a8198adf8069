use super::model::{Classification, LEVELS, is_id, parse_name};
use super::{Taxonomy, TaxonomyError, event, renew, store, tree};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{ReadRows, StoreError, WriteTx};
use crate::users::Admin;
use serde_json::json;

/// A node to be made.
#[derive(Debug, Clone)]
pub struct NewClassification {
    /// Its slug.
    pub id: String,
    /// The slug of the node above it; none makes a node of the first level.
    pub parent: Option<String>,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Its place among its siblings; the last when absent.
    pub position: Option<u32>,
}

/// What to change of a node; absent fields stay. Its slug and its parent never change, because cards, links and addresses
/// name it: make another one and delete this.
#[derive(Debug, Clone, Default)]
pub struct ClassificationChange {
    /// Another Chinese name.
    pub name_zh: Option<String>,
    /// Another English name.
    pub name_en: Option<String>,
    /// Another place among its siblings.
    pub position: Option<u32>,
}

impl Taxonomy {
    /// Loads the nodes of the built-in tree that were never loaded before. What an administrator has deleted or renamed
    /// stays so.
    pub async fn load_built_in(&self) -> Result<usize, StoreError> {
        self.store
            .write(|tx| {
                let mut loaded = 0;
                for (parent, node) in tree::flat() {
                    if store::was_loaded(tx, &node.id)? {
                        continue;
                    }
                    store::note_loaded(tx, &node.id)?;
                    loaded += usize::from(load(tx, parent.as_deref(), &node)?);
                }
                Ok(loaded)
            })
            .await
    }

    /// Makes a node.
    pub async fn create(
        &self,
        _proof: Admin,
        new: NewClassification,
        origin: Origin,
    ) -> Result<Classification, TaxonomyError> {
        if !is_id(&new.id) {
            let message = "An id consists of lower-case letters, digits and hyphens, such as 'sea-ice'.";
            return Err(TaxonomyError::Invalid { field: "id", message });
        }
        let (name_zh, name_en) = (name(&new.name_zh, "name_zh")?, name(&new.name_en, "name_en")?);
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                if store::classification(tx, &new.id)?.is_some() {
                    return Err(TaxonomyError::IdTaken(new.id));
                }
                let level = match &new.parent {
                    None => 1,
                    Some(id) => get(tx, id)?.level + 1,
                };
                if level > LEVELS {
                    let message = "The tree has three levels: choose a parent of the first or second.";
                    return Err(TaxonomyError::Invalid {
                        field: "parent_id",
                        message,
                    });
                }
                let node = Classification {
                    position: new.position.map_or_else(|| next_place(tx, new.parent.as_deref()), Ok)?,
                    id: new.id,
                    parent: new.parent,
                    level,
                    name_zh,
                    name_en,
                    built_in: false,
                };
                require_free_names(tx, &node)?;
                store::put(tx, &node)?;
                events.record(
                    tx,
                    told(event::CREATED, &origin, &node.id, &[&node.name_zh, &node.name_en]),
                )?;
                Ok(node)
            })
            .await
    }

    /// Changes the names or the place of a node.
    pub async fn change(
        &self,
        _proof: Admin,
        id: &str,
        change: ClassificationChange,
        origin: Origin,
    ) -> Result<Classification, TaxonomyError> {
        let name_zh = change.name_zh.map(|text| name(&text, "name_zh")).transpose()?;
        let name_en = change.name_en.map(|text| name(&text, "name_en")).transpose()?;
        let (events, id) = (self.events.clone(), id.to_owned());
        self.store
            .write(move |tx| {
                let old = get(tx, &id)?;
                let node = Classification {
                    name_zh: name_zh.unwrap_or_else(|| old.name_zh.clone()),
                    name_en: name_en.unwrap_or_else(|| old.name_en.clone()),
                    position: change.position.unwrap_or(old.position),
                    ..old.clone()
                };
                if node != old {
                    require_free_names(tx, &node)?;
                    store::put(tx, &node)?;
                    let names = [&node.name_zh, &node.name_en, &old.name_zh, &old.name_en];
                    events.record(tx, told(event::CHANGED, &origin, &id, &names))?;
                }
                Ok(node)
            })
            .await
    }

    /// Deletes a node that has none below it. One that repositories belong to is only deleted with `unlink`, which takes
    /// them out of it; what their cards say stays, and is reported as unknown.
    pub async fn delete(&self, _proof: Admin, id: &str, unlink: bool, origin: Origin) -> Result<(), TaxonomyError> {
        let (events, id) = (self.events.clone(), id.to_owned());
        self.store
            .write(move |tx| {
                let node = get(tx, &id)?;
                if !store::children(tx, Some(&id))?.is_empty() {
                    return Err(TaxonomyError::HasChildren(id));
                }
                let repositories = store::member_count(tx, &id)?;
                if repositories > 0 && !unlink {
                    return Err(TaxonomyError::InUse { id, repositories });
                }
                for repository in store::remove(tx, &id)? {
                    renew(tx, repository)?;
                    let classified = NewEvent::new(event::CLASSIFIED, &origin, Subject::Repository(repository));
                    events.record(tx, classified)?;
                }
                events.record(tx, told(event::DELETED, &origin, &id, &[&node.name_zh, &node.name_en]))?;
                Ok(())
            })
            .await
    }
}

/// Loads one built-in node; answers false when an administrator's tree has no place for it.
fn load(tx: &WriteTx<'_>, parent: Option<&str>, built_in: &tree::BuiltInNode) -> Result<bool, StoreError> {
    let above = parent
        .map(|parent| store::classification(tx, parent))
        .transpose()?
        .flatten();
    let node = Classification {
        id: built_in.id.clone(),
        parent: parent.map(str::to_owned),
        level: above.as_ref().map_or(1, |above| above.level + 1),
        position: next_place(tx, parent)?,
        name_zh: built_in.zh.clone(),
        name_en: built_in.en.clone(),
        built_in: true,
    };
    let taken = store::classification(tx, &node.id)?.is_some()
        || store::named(tx, &node.name_zh)?.is_some()
        || store::named(tx, &node.name_en)?.is_some();
    if taken || parent.is_some() != above.is_some() {
        tracing::info!(
            id = node.id,
            "a built-in classification has no place in this tree and is left out"
        );
        return Ok(false);
    }
    store::put(tx, &node)?;
    Ok(true)
}

fn get(tx: &impl ReadRows, id: &str) -> Result<Classification, TaxonomyError> {
    store::classification(tx, id)?.ok_or_else(|| TaxonomyError::NotFound(id.to_owned()))
}

fn name(text: &str, field: &'static str) -> Result<String, TaxonomyError> {
    let message = "A name is one line of 1 to 120 characters.";
    parse_name(text).ok_or(TaxonomyError::Invalid { field, message })
}

fn next_place(tx: &impl ReadRows, parent: Option<&str>) -> Result<u32, StoreError> {
    let last = store::children(tx, parent)?.last().map(|node| node.position);
    Ok(last.map_or(0, |last| last.saturating_add(1)))
}

fn require_free_names(tx: &impl ReadRows, node: &Classification) -> Result<(), TaxonomyError> {
    for name in [&node.name_zh, &node.name_en] {
        if store::named(tx, name)?.is_some_and(|id| id != node.id) {
            return Err(TaxonomyError::NameTaken(name.clone()));
        }
    }
    Ok(())
}

/// The event of a node, with every name by which cards may have called it.
fn told(kind: &'static str, origin: &Origin, id: &str, names: &[&String]) -> NewEvent {
    let subject = Subject::Other(format!("classification:{id}"));
    NewEvent::new(kind, origin, subject).with(json!({ "id": id, "names": names }))
}
