use super::error::StoreError;
use super::scan::Scan;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, PoisonError, RwLock};

/// Rows read at once while a write transaction scans, so that the visitor may write in between.
const WRITE_SCAN_ROWS: usize = 256;

type Bytes = &'static [u8];
/// The key and the value of a row.
type RowBytes = (Vec<u8>, Vec<u8>);
type OpenTable = ReadOnlyTable<Bytes, Bytes>;
type RawTable<'a> = redb::Table<'a, Bytes, Bytes>;
type Visitor<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>;

pub(super) const fn definition(name: &'static str) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(name)
}

/// What both kinds of transactions can do. Tables use it; slices take it as `tx: &impl ReadRows`.
pub trait ReadRows {
    /// Hands the bytes of a row to `decode`.
    fn get<T>(
        &self,
        table: &'static str,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError>;

    /// Hands the rows of a range to `visit` until it breaks off.
    fn visit<K>(&self, table: &'static str, scan: &Scan<K>, visit: Visitor<'_>) -> Result<(), StoreError>;
}

/// A snapshot. Everybody who reads shares it until the next commit, with the tables that somebody opened: finding a
/// table costs more than finding a row in it.
pub struct ReadTx {
    transaction: ReadTransaction,
    tables: RwLock<HashMap<&'static str, Arc<OpenTable>>>,
}

impl ReadTx {
    pub(super) fn new(transaction: ReadTransaction) -> Self {
        Self {
            transaction,
            tables: RwLock::default(),
        }
    }

    fn table(&self, name: &'static str) -> Result<Arc<OpenTable>, StoreError> {
        let known = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = known.get(name) {
            return Ok(Arc::clone(table));
        }
        drop(known);
        let table = Arc::new(self.transaction.open_table(definition(name))?);
        let mut known = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, Arc::clone(&table));
        Ok(table)
    }
}

impl ReadRows for ReadTx {
    fn get<T>(
        &self,
        table: &'static str,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.table(table)?.get(key)?;
        row.map(|bytes| decode(bytes.value())).transpose()
    }

    fn visit<K>(&self, table: &'static str, scan: &Scan<K>, visit: Visitor<'_>) -> Result<(), StoreError> {
        visit_rows(&*self.table(table)?, scan, scan.limit, visit)?;
        Ok(())
    }
}

fn visit_rows<K>(
    table: &impl ReadableTable<Bytes, Bytes>,
    scan: &Scan<K>,
    limit: usize,
    visit: Visitor<'_>,
) -> Result<(), StoreError> {
    if is_empty(&scan.lower, &scan.upper) {
        return Ok(());
    }
    let range = table.range::<&[u8]>((as_slice(&scan.lower), as_slice(&scan.upper)))?;
    let mut step = |row: Result<(redb::AccessGuard<'_, Bytes>, redb::AccessGuard<'_, Bytes>), redb::StorageError>| {
        let (key, value) = row?;
        visit(key.value(), value.value())
    };
    if scan.reverse {
        for row in range.rev().take(limit) {
            if step(row)?.is_break() {
                break;
            }
        }
    } else {
        for row in range.take(limit) {
            if step(row)?.is_break() {
                break;
            }
        }
    }
    Ok(())
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Included(bytes) => Bound::Included(bytes),
        Bound::Excluded(bytes) => Bound::Excluded(bytes),
        Bound::Unbounded => Bound::Unbounded,
    }
}

/// Whether no key can lie between the bounds, which redb would answer with a panic.
fn is_empty(lower: &Bound<Vec<u8>>, upper: &Bound<Vec<u8>>) -> bool {
    match (lower, upper) {
        (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
        (Bound::Included(lower) | Bound::Excluded(lower), Bound::Included(upper) | Bound::Excluded(upper)) => {
            lower >= upper
        }
        _ => false,
    }
}

/// How to take one change back.
struct Undo {
    table: &'static str,
    key: Vec<u8>,
    old: Option<Vec<u8>>,
}

/// The transaction that several closures share, with the tables they opened.
pub(super) struct Batch<'a> {
    transaction: &'a WriteTransaction,
    tables: RefCell<HashMap<&'static str, RawTable<'a>>>,
    failure: RefCell<Option<StoreError>>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(transaction: &'a WriteTransaction) -> Self {
        Self {
            transaction,
            tables: RefCell::default(),
            failure: RefCell::default(),
        }
    }

    /// The error after which nothing of this transaction may be kept.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.failure.borrow().clone()
    }

    fn with_table<T>(
        &self,
        name: &'static str,
        f: impl FnOnce(&mut RawTable<'a>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tables = self.tables.borrow_mut();
        let result = match tables.entry(name) {
            std::collections::hash_map::Entry::Occupied(entry) => f(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => match self.transaction.open_table(definition(name)) {
                Ok(table) => f(entry.insert(table)),
                Err(error) => Err(error.into()),
            },
        };
        if let Err(error) = &result
            && error.is_fatal()
        {
            *self.failure.borrow_mut() = Some(error.clone());
        }
        result
    }
}

/// What a closure's part of the transaction does to the shared one; hides the lifetime of redb's transaction.
pub(super) trait SharedRows {
    /// Writes a row; answers the old value.
    fn insert(&self, table: &'static str, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Removes a row; answers its value.
    fn remove(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Hands the value of a row to `read`, if there is one.
    fn read(&self, table: &'static str, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), StoreError>;
    /// Copies the first rows of a range.
    fn rows(&self, table: &'static str, scan: &Scan<()>) -> Result<Vec<RowBytes>, StoreError>;
}

impl SharedRows for Batch<'_> {
    fn insert(&self, table: &'static str, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with_table(table, |rows| {
            Ok(rows.insert(key, value)?.map(|old| old.value().to_vec()))
        })
    }

    fn remove(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with_table(table, |rows| Ok(rows.remove(key)?.map(|old| old.value().to_vec())))
    }

    fn read(&self, table: &'static str, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        self.with_table(table, |rows| {
            if let Some(value) = rows.get(key)? {
                read(value.value());
            }
            Ok(())
        })
    }

    fn rows(&self, table: &'static str, scan: &Scan<()>) -> Result<Vec<RowBytes>, StoreError> {
        let mut found = Vec::new();
        self.with_table(table, |rows| {
            visit_rows(&*rows, scan, scan.limit, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                Ok(ControlFlow::Continue(()))
            })
        })?;
        Ok(found)
    }
}

/// One closure's part of a write transaction.
pub struct WriteTx<'a> {
    batch: &'a dyn SharedRows,
    undo: RefCell<Vec<Undo>>,
    after_commit: RefCell<Vec<Box<dyn FnOnce() + Send>>>,
    undone: Cell<bool>,
}

impl<'a> WriteTx<'a> {
    pub(super) fn new(batch: &'a dyn SharedRows) -> Self {
        Self {
            batch,
            undo: RefCell::default(),
            after_commit: RefCell::default(),
            undone: Cell::new(false),
        }
    }

    /// Runs `f` once the changes are durable; never when they are not.
    pub fn after_commit(&self, f: impl FnOnce() + Send + 'static) {
        self.after_commit.borrow_mut().push(Box::new(f));
    }

    pub(super) fn put(&self, table: &'static str, key: Vec<u8>, value: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        let old = self.batch.insert(table, &key, &value)?;
        self.undo.borrow_mut().push(Undo {
            table,
            key,
            old: old.clone(),
        });
        Ok(old)
    }

    pub(super) fn delete(&self, table: &'static str, key: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        let old = self.batch.remove(table, &key)?;
        if old.is_some() {
            self.undo.borrow_mut().push(Undo {
                table,
                key,
                old: old.clone(),
            });
        }
        Ok(old)
    }

    /// Takes every change of this closure back, the last first.
    pub(super) fn roll_back(&self) {
        self.undone.set(true);
        for undo in self.undo.take().into_iter().rev() {
            let restored = match &undo.old {
                Some(value) => self.batch.insert(undo.table, &undo.key, value),
                None => self.batch.remove(undo.table, &undo.key),
            };
            if restored.is_err() {
                // The failure is recorded in the batch, whose transaction is then abandoned as a whole.
                return;
            }
        }
    }

    pub(super) fn into_after_commit(self) -> Vec<Box<dyn FnOnce() + Send>> {
        if self.undone.get() {
            Vec::new()
        } else {
            self.after_commit.into_inner()
        }
    }
}

impl ReadRows for WriteTx<'_> {
    fn get<T>(
        &self,
        table: &'static str,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut decode = Some(decode);
        let mut found = None;
        self.batch.read(table, key, &mut |bytes| {
            found = decode.take().map(|decode| decode(bytes));
        })?;
        found.transpose()
    }

    fn visit<K>(&self, table: &'static str, scan: &Scan<K>, visit: Visitor<'_>) -> Result<(), StoreError> {
        let mut part = Scan::<()>::all();
        (part.lower, part.upper, part.reverse) = (scan.lower.clone(), scan.upper.clone(), scan.reverse);
        let mut left = scan.limit;
        while left > 0 {
            part.limit = left.min(WRITE_SCAN_ROWS);
            let mut rows = self.batch.rows(table, &part)?;
            for (key, value) in &rows {
                if visit(key, value)?.is_break() {
                    return Ok(());
                }
            }
            let Some((last, _)) = rows.pop() else { return Ok(()) };
            if rows.len() + 1 < part.limit {
                return Ok(());
            }
            left -= part.limit;
            if scan.reverse {
                part.upper = Bound::Excluded(last);
            } else {
                part.lower = Bound::Excluded(last);
            }
        }
        Ok(())
    }
}
