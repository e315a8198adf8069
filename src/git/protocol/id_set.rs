//! Sets and maps of object ids. Ids are spread evenly already, so a quick hash with a secret is enough.

use crate::git::ObjectId;

/// A set of objects.
pub(in crate::git) type IdSet = foldhash::HashSet<ObjectId>;
/// A map from objects.
pub(in crate::git) type IdMap<T> = foldhash::HashMap<ObjectId, T>;
