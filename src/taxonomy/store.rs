use super::model::{Classification, LinkOrigin, RepositoryClassification, name_key};
use crate::base::{RepositoryId, Timestamp, UserId};
use crate::store::{Entry, Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, Unique, WriteTx};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "classifications",
        about: "slug -> node of the classification tree",
    },
    TableSpec {
        name: "classifications_by_parent",
        about: "slug of the parent (empty on the first level), place, slug -> nothing",
    },
    TableSpec {
        name: "classifications_by_name",
        about: "lower-case Chinese or English name -> slug",
    },
    TableSpec {
        name: "classification_loaded",
        about: "slug -> nothing, for every built-in node that was ever loaded",
    },
    TableSpec {
        name: "classification_links",
        about: "repository id, origin, slug -> by whom and when the repository was linked",
    },
    TableSpec {
        name: "classification_members",
        about: "slug, repository id -> nothing, for linked nodes and all above them",
    },
    TableSpec {
        name: "classification_states",
        about: "repository id -> the nodes it is a member of, and whether it is counted",
    },
    TableSpec {
        name: "classification_counts",
        about: "slug -> number of public repositories",
    },
];

const BY_PARENT: Index<(String, u32), String> = Index::new("classifications_by_parent");
const BY_NAME: Unique<String, String> = Unique::new("classifications_by_name");
const NODES: Records<String, Classification> = Records::new(
    "classifications",
    filed_under,
    &["classifications_by_parent", "classifications_by_name"],
);
const LOADED: Table<String, ()> = Table::new("classification_loaded");
const LINKS: Table<(RepositoryId, u8, String), Link> = Table::new("classification_links");
const MEMBERS: Table<(String, RepositoryId), ()> = Table::new("classification_members");
const STATES: Table<RepositoryId, State> = Table::new("classification_states");
const COUNTS: Table<String, u64> = Table::new("classification_counts");

/// By whom and when a repository was linked to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub by: Option<UserId>,
    pub at: Timestamp,
}

/// What is derived from the links of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// Linked nodes and all above them.
    nodes: BTreeSet<String>,
    /// It is public, and every one of the nodes counts it.
    counted: bool,
}

impl State {
    fn counted_nodes(&self) -> BTreeSet<String> {
        if self.counted {
            self.nodes.clone()
        } else {
            BTreeSet::new()
        }
    }
}

fn filed_under(id: &String, node: &Classification) -> Vec<Entry> {
    let parent = node.parent.clone().unwrap_or_default();
    let mut entries = vec![BY_PARENT.entry(&(parent, node.position), id)];
    let names = BTreeSet::from([name_key(&node.name_zh), name_key(&node.name_en)]);
    entries.extend(names.iter().map(|name| BY_NAME.entry(name, id)));
    entries
}

/// The node with this slug.
pub fn classification(tx: &impl ReadRows, id: &str) -> Result<Option<Classification>, StoreError> {
    NODES.get(tx, &id.to_owned())
}

/// The node with this slug, else the one with this Chinese or English name.
pub fn find(tx: &impl ReadRows, text: &str) -> Result<Option<Classification>, StoreError> {
    let key = name_key(text);
    if let Some(node) = NODES.get(tx, &key)? {
        return Ok(Some(node));
    }
    match BY_NAME.get(tx, &key)? {
        Some(id) => NODES.get(tx, &id),
        None => Ok(None),
    }
}

/// Which node has this name.
pub(super) fn named(tx: &impl ReadRows, name: &str) -> Result<Option<String>, StoreError> {
    BY_NAME.get(tx, &name_key(name))
}

/// The nodes below a node, or those of the first level, in their order.
pub(super) fn children(tx: &impl ReadRows, parent: Option<&str>) -> Result<Vec<Classification>, StoreError> {
    let ids = BY_PARENT.ids(tx, &Scan::prefix(&(parent.unwrap_or_default(),)))?;
    ids.iter().filter_map(|id| NODES.get(tx, id).transpose()).collect()
}

/// The node and all above it, the first level first.
pub fn path(tx: &impl ReadRows, id: &str) -> Result<Vec<Classification>, StoreError> {
    let mut path = Vec::new();
    let mut next = NODES.get(tx, &id.to_owned())?;
    while let Some(node) = next {
        next = node.parent.as_ref().map(|id| NODES.get(tx, id)).transpose()?.flatten();
        path.push(node);
    }
    path.reverse();
    Ok(path)
}

pub(super) fn put(tx: &WriteTx<'_>, node: &Classification) -> Result<(), StoreError> {
    NODES.put(tx, &node.id, node)
}

/// Removes a node and every link to it; answers the repositories that had one. Their states follow by [`refresh`].
pub(super) fn remove(tx: &WriteTx<'_>, id: &str) -> Result<Vec<RepositoryId>, StoreError> {
    let repositories = members(tx, id)?;
    for repository in &repositories {
        for origin in LinkOrigin::ALL {
            LINKS.delete(tx, &(*repository, origin.number(), id.to_owned()))?;
        }
    }
    NODES.delete(tx, &id.to_owned())?;
    Ok(repositories)
}

/// The repositories that belong to a node or to one below it, private and deleted ones too.
pub fn members(tx: &impl ReadRows, id: &str) -> Result<Vec<RepositoryId>, StoreError> {
    let members = MEMBERS.keys(tx, &Scan::prefix(&(id,)))?;
    Ok(members.into_iter().map(|(_, repository)| repository).collect())
}

/// How many repositories are members of a node, private and deleted ones too.
pub(super) fn member_count(tx: &impl ReadRows, id: &str) -> Result<u64, StoreError> {
    MEMBERS.count(tx, &Scan::prefix(&(id,)))
}

/// How many public repositories belong to a node or to one below it.
pub fn repository_count(tx: &impl ReadRows, id: &str) -> Result<u64, StoreError> {
    Ok(COUNTS.get(tx, &id.to_owned())?.unwrap_or(0))
}

/// Whether a built-in node was loaded before, even if it was deleted since.
pub(super) fn was_loaded(tx: &impl ReadRows, id: &str) -> Result<bool, StoreError> {
    LOADED.contains(tx, &id.to_owned())
}

pub(super) fn note_loaded(tx: &WriteTx<'_>, id: &str) -> Result<(), StoreError> {
    LOADED.put(tx, &id.to_owned(), &())
}

pub(super) fn link(
    tx: &WriteTx<'_>,
    id: RepositoryId,
    origin: LinkOrigin,
    node: &str,
    link: &Link,
) -> Result<(), StoreError> {
    LINKS.put(tx, &(id, origin.number(), node.to_owned()), link)
}

pub(super) fn unlink(tx: &WriteTx<'_>, id: RepositoryId, origin: LinkOrigin, node: &str) -> Result<bool, StoreError> {
    LINKS.delete(tx, &(id, origin.number(), node.to_owned()))
}

/// The nodes that a repository was linked to from one side.
pub(super) fn linked(tx: &impl ReadRows, id: RepositoryId, origin: LinkOrigin) -> Result<BTreeSet<String>, StoreError> {
    let keys = LINKS.keys(tx, &Scan::prefix(&(id, origin.number())))?;
    Ok(keys.into_iter().map(|(_, _, node)| node).collect())
}

/// Removes every link of a repository.
pub(super) fn forget(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    LINKS.delete_range(tx, &Scan::prefix(&(id,)))?;
    Ok(())
}

/// What a repository belongs to: linked nodes and all above them, by level, then place.
pub fn of_repository(tx: &impl ReadRows, id: RepositoryId) -> Result<Vec<RepositoryClassification>, StoreError> {
    let mut origins: HashMap<String, Vec<LinkOrigin>> = HashMap::new();
    for origin in LinkOrigin::ALL {
        for node in linked(tx, id, origin)? {
            origins.entry(node).or_default().push(origin);
        }
    }
    let mut found = Vec::new();
    for node in STATES.get(tx, &id)?.unwrap_or_default().nodes {
        if let Some(node) = NODES.get(tx, &node)? {
            let origins = origins.remove(&node.id).unwrap_or_default();
            found.push(RepositoryClassification { node, origins });
        }
    }
    found.sort_by(|left, right| {
        let order = |entry: &RepositoryClassification| (entry.node.level, entry.node.position);
        order(left)
            .cmp(&order(right))
            .then_with(|| left.node.id.cmp(&right.node.id))
    });
    Ok(found)
}

/// Derives anew what follows from the links of a repository; answers whether it belongs to other nodes than before.
pub(super) fn refresh(tx: &WriteTx<'_>, id: RepositoryId, public: bool) -> Result<bool, StoreError> {
    let old = STATES.get(tx, &id)?.unwrap_or_default();
    let new = State {
        nodes: closure(tx, id)?,
        counted: public,
    };
    for node in old.nodes.difference(&new.nodes) {
        MEMBERS.delete(tx, &(node.clone(), id))?;
    }
    for node in new.nodes.difference(&old.nodes) {
        MEMBERS.put(tx, &(node.clone(), id), &())?;
    }
    let (before, after) = (old.counted_nodes(), new.counted_nodes());
    for node in before.difference(&after) {
        match COUNTS.get(tx, node)?.unwrap_or(0) {
            0 | 1 => COUNTS.delete(tx, node).map(|_| ())?,
            count => COUNTS.put(tx, node, &(count - 1))?,
        }
    }
    for node in after.difference(&before) {
        COUNTS.put(tx, node, &(COUNTS.get(tx, node)?.unwrap_or(0) + 1))?;
    }
    if new.nodes.is_empty() {
        STATES.delete(tx, &id)?;
    } else if new != old {
        STATES.put(tx, &id, &new)?;
    }
    Ok(new.nodes != old.nodes)
}

/// Linked nodes and all above them.
fn closure(tx: &impl ReadRows, id: RepositoryId) -> Result<BTreeSet<String>, StoreError> {
    let mut nodes = BTreeSet::new();
    for (_, _, node) in LINKS.keys(tx, &Scan::prefix(&(id,)))? {
        nodes.extend(path(tx, &node)?.into_iter().map(|node| node.id));
    }
    Ok(nodes)
}

/// Contradictions within the rows of this slice. Whether a repository still is as public as its state says is not
/// compared: that follows the record of events.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = NODES.check(tx)?;
    NODES.scan(tx, &Scan::all(), |id, node| {
        let parent = node
            .parent
            .as_deref()
            .map(|parent| classification(tx, parent))
            .transpose()?;
        let expected = match &parent {
            None => Some(1),
            Some(parent) => parent.as_ref().map(|parent| parent.level + 1),
        };
        if expected != Some(node.level) {
            problems.push(format!("the classification '{id}' does not stand below its parent"));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut members = 0;
    STATES.scan(tx, &Scan::all(), |id, state| {
        if closure(tx, id)? != state.nodes {
            problems.push(format!(
                "repository {id} belongs to other classifications than its links say"
            ));
        }
        for node in &state.nodes {
            members += 1;
            *counts.entry(node.clone()).or_default() += u64::from(state.counted);
            if !MEMBERS.contains(tx, &(node.clone(), id))? {
                problems.push(format!(
                    "repository {id} is missing among those of classification '{node}'"
                ));
            }
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    if MEMBERS.count(tx, &Scan::all())? != members {
        problems.push("classifications name repositories that do not belong to them".to_owned());
    }
    LINKS.scan(tx, &Scan::all(), |(id, _, node), _| {
        if !NODES.contains(tx, &node)? || !STATES.contains(tx, &id)? {
            problems.push(format!(
                "the link of repository {id} to classification '{node}' leads nowhere"
            ));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    for (node, count) in COUNTS.list(tx, &Scan::all())? {
        let expected = counts.remove(&node).unwrap_or(0);
        if count != expected {
            problems.push(format!(
                "classification '{node}' counts {count} repositories, but has {expected}"
            ));
        }
    }
    let uncounted = counts.into_iter().filter(|(_, count)| *count > 0);
    problems.extend(
        uncounted.map(|(node, count)| format!("classification '{node}' counts no repositories, but has {count}")),
    );
    Ok(problems)
}
