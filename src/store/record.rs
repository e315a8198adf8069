use super::error::StoreError;
use super::key::{EncodeKey, Key};
use super::scan::Scan;
use super::table::{Table, decode_key};
use super::transaction::{ReadRows, WriteTx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::ops::ControlFlow;

/// One line of an index that a record is filed under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    index: &'static str,
    key: Vec<u8>,
    value: Vec<u8>,
    unique: bool,
}

/// An index in which many records share a value: `(By, Id)`, sorted by both.
pub struct Index<By, Id> {
    name: &'static str,
    types: PhantomData<fn() -> (By, Id)>,
}

impl<By: Key, Id: Key> Index<By, Id> {
    /// Declares the index; its name must stand in the schema catalogue.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            types: PhantomData,
        }
    }

    /// The line under which record `id` is found by `by`.
    pub fn entry(&self, by: &By, id: &Id) -> Entry {
        Entry {
            index: self.name,
            key: (by, id).to_bytes(),
            value: Vec::new(),
            unique: false,
        }
    }

    /// The values and records of a range, in order; give the scan a limit unless the range is known to be small.
    pub fn list(&self, tx: &impl ReadRows, scan: &Scan<(By, Id)>) -> Result<Vec<(By, Id)>, StoreError> {
        let mut found = Vec::new();
        self.scan(tx, scan, |by, id| {
            found.push((by, id));
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The records of a range, in order.
    pub fn ids(&self, tx: &impl ReadRows, scan: &Scan<(By, Id)>) -> Result<Vec<Id>, StoreError> {
        Ok(self.list(tx, scan)?.into_iter().map(|(_, id)| id).collect())
    }

    /// The number of lines in a range; visits each of them.
    pub fn count(&self, tx: &impl ReadRows, scan: &Scan<(By, Id)>) -> Result<u64, StoreError> {
        let mut lines = 0;
        tx.visit(self.name, scan, &mut |_, _| {
            lines += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(lines)
    }

    /// Visits the lines of a range until `visit` breaks off.
    pub fn scan<E: From<StoreError>>(
        &self,
        tx: &impl ReadRows,
        scan: &Scan<(By, Id)>,
        mut visit: impl FnMut(By, Id) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut failure = None;
        tx.visit(self.name, scan, &mut |key, _| {
            let (by, id) = decode_key(self.name, key)?;
            Ok(visit(by, id).unwrap_or_else(|error| {
                failure = Some(error);
                ControlFlow::Break(())
            }))
        })?;
        failure.map_or(Ok(()), Err)
    }
}

/// An index in which a value belongs to at most one record.
pub struct Unique<By, Id> {
    name: &'static str,
    types: PhantomData<fn() -> (By, Id)>,
}

impl<By: Key, Id: Key> Unique<By, Id> {
    /// Declares the index; its name must stand in the schema catalogue.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            types: PhantomData,
        }
    }

    /// The line under which record `id` is found by `by`.
    pub fn entry(&self, by: &By, id: &Id) -> Entry {
        Entry {
            index: self.name,
            key: by.to_bytes(),
            value: id.to_bytes(),
            unique: true,
        }
    }

    /// The record of a value.
    pub fn get(&self, tx: &impl ReadRows, by: &By) -> Result<Option<Id>, StoreError> {
        tx.get(self.name, &by.to_bytes(), |bytes| decode_key(self.name, bytes))
    }

    /// The values and records of a range, in order; give the scan a limit unless the range is known to be small.
    pub fn list(&self, tx: &impl ReadRows, scan: &Scan<By>) -> Result<Vec<(By, Id)>, StoreError> {
        let mut found = Vec::new();
        tx.visit(self.name, scan, &mut |key, value| {
            found.push((decode_key(self.name, key)?, decode_key(self.name, value)?));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }
}

/// A table whose records are also found through indexes. `put` and `delete` move the index lines along.
pub struct Records<K, V> {
    table: Table<K, V>,
    filed_under: fn(&K, &V) -> Vec<Entry>,
    indexes: &'static [&'static str],
}

impl<K: Key, V: Serialize + DeserializeOwned> Records<K, V> {
    /// Declares the table, what a record is filed under, and the names of all indexes that `filed_under` uses.
    /// An index belongs to one table.
    pub const fn new(
        name: &'static str,
        filed_under: fn(&K, &V) -> Vec<Entry>,
        indexes: &'static [&'static str],
    ) -> Self {
        Self {
            table: Table::new(name),
            filed_under,
            indexes,
        }
    }

    /// The table without its indexes, for reading.
    pub fn get(&self, tx: &impl ReadRows, key: &K) -> Result<Option<V>, StoreError> {
        self.table.get(tx, key)
    }

    /// Whether there is such a record; does not decode it.
    pub fn contains(&self, tx: &impl ReadRows, key: &K) -> Result<bool, StoreError> {
        self.table.contains(tx, key)
    }

    /// The records of a range; give the scan a limit unless the range is known to be small.
    pub fn list(&self, tx: &impl ReadRows, scan: &Scan<K>) -> Result<Vec<(K, V)>, StoreError> {
        self.table.list(tx, scan)
    }

    /// Visits the records of a range until `visit` breaks off.
    pub fn scan<E: From<StoreError>>(
        &self,
        tx: &impl ReadRows,
        scan: &Scan<K>,
        visit: impl FnMut(K, V) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.table.scan(tx, scan, visit)
    }

    /// The number of records in a range; visits each of them.
    pub fn count(&self, tx: &impl ReadRows, scan: &Scan<K>) -> Result<u64, StoreError> {
        self.table.count(tx, scan)
    }

    /// Writes a record and moves its index lines. [`StoreError::Duplicate`] when a unique value belongs to another.
    pub fn put(&self, tx: &WriteTx<'_>, key: &K, value: &V) -> Result<(), StoreError> {
        let old = match self.table.get(tx, key)? {
            Some(old) => (self.filed_under)(key, &old),
            None => Vec::new(),
        };
        let new = (self.filed_under)(key, value);
        for entry in old.iter().filter(|entry| !new.contains(entry)) {
            tx.delete(entry.index, entry.key.clone())?;
        }
        for entry in new.iter().filter(|entry| !old.contains(entry)) {
            if tx.put(entry.index, entry.key.clone(), entry.value.clone())?.is_some() && entry.unique {
                return Err(StoreError::Duplicate { index: entry.index });
            }
        }
        self.table.put(tx, key, value)
    }

    /// Removes a record and its index lines; answers what it was.
    pub fn delete(&self, tx: &WriteTx<'_>, key: &K) -> Result<Option<V>, StoreError> {
        let Some(old) = self.table.get(tx, key)? else {
            return Ok(None);
        };
        for entry in (self.filed_under)(key, &old) {
            tx.delete(entry.index, entry.key)?;
        }
        self.table.delete(tx, key)?;
        Ok(Some(old))
    }

    /// Compares records and index lines in both directions; a sentence for each difference.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        let mut expected = BTreeSet::new();
        self.table.scan(tx, &Scan::all(), |key, value| {
            expected.extend((self.filed_under)(&key, &value));
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
        let mut problems = Vec::new();
        for index in self.indexes {
            tx.visit(index, &Scan::<()>::all(), &mut |key, value| {
                let found = |unique| Entry {
                    index,
                    key: key.to_vec(),
                    value: value.to_vec(),
                    unique,
                };
                if !expected.remove(&found(true)) && !expected.remove(&found(false)) {
                    problems.push(format!(
                        "index '{index}' has a line without a record in '{}'",
                        self.table.name()
                    ));
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        for entry in expected {
            problems.push(format!(
                "a record of '{}' is missing in index '{}'",
                self.table.name(),
                entry.index
            ));
        }
        Ok(problems)
    }
}
