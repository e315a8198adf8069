//! Typed tables over redb.
//!
//! Guarantees: a write is answered after its commit is on disk; a closure that fails or panics changes nothing, and
//! does not disturb those that share its commit; a read is one snapshot and never waits for writers.
//! Absent on purpose: tables and types of the domain. Each slice declares its own, and `app` lists them.

/// Copying a live store.
mod copy;
/// What can go wrong.
mod error;
/// The one writer and its group commit.
mod funnel;
/// Keys whose byte order is their logical order.
mod key;
/// Numbered, frozen changes of the stored form.
mod migration;
/// Tables whose rows are found through indexes as well.
mod record;
/// Ranges of keys.
mod scan;
/// Plain tables.
mod table;
/// Read and write transactions.
mod transaction;

pub use error::StoreError;
pub use key::{Descending, EncodeKey, Key, TextPrefix};
pub use migration::Migration;
pub use record::{Entry, Index, Records, Unique};
pub use scan::Scan;
pub use table::Table;
pub use transaction::{ReadRows, ReadTx, WriteTx};

use redb::{Database, ReadableDatabase};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// A table as the schema catalogue lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSpec {
    /// The table's name in the file.
    pub name: &'static str,
    /// `key -> value`, in words of the domain.
    pub about: &'static str,
}

/// All tables of the hub and the ordered changes that led to them.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Every table; those that are missing are created when the store opens.
    pub tables: Vec<TableSpec>,
    /// The schema's version is the number of its migrations.
    pub migrations: &'static [Migration],
}

/// Where the database lives, to open it again after a failed disk.
enum Place {
    File { path: PathBuf, cache_bytes: usize },
    Memory,
}

/// The database and how to get it back.
struct Shared {
    /// Empty only while it is being reopened, or after the store was closed.
    database: RwLock<Option<Database>>,
    /// What readers see; none from a commit until the first read after it. Locked before `database`.
    snapshot: RwLock<Option<Arc<ReadTx>>>,
    place: Place,
}

impl Shared {
    fn with_database<T>(&self, f: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let guard = self.database.read().map_err(|_| StoreError::Closed)?;
        f(guard.as_ref().ok_or(StoreError::Closed)?)
    }

    /// The newest committed state.
    fn snapshot(&self) -> Result<Arc<ReadTx>, StoreError> {
        if let Some(snapshot) = &*self.snapshot.read().map_err(|_| StoreError::Closed)? {
            return Ok(Arc::clone(snapshot));
        }
        let mut newest = self.snapshot.write().map_err(|_| StoreError::Closed)?;
        if let Some(snapshot) = &*newest {
            return Ok(Arc::clone(snapshot));
        }
        // Begun under the lock: a commit that ends meanwhile takes it away again before it is answered.
        let transaction = self.with_database(|database| Ok(database.begin_read()?))?;
        let snapshot = Arc::new(ReadTx::new(transaction));
        *newest = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// Lets the next reader see what was committed. To be called before a commit is answered.
    fn renew_snapshot(&self) -> Result<(), StoreError> {
        self.snapshot.write().map_err(|_| StoreError::Closed)?.take();
        Ok(())
    }

    /// Works with the database alone: nobody reads or writes, and no snapshot is kept.
    fn alone<T>(&self, f: impl FnOnce(&mut Option<Database>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut snapshot = self.snapshot.write().map_err(|_| StoreError::Closed)?;
        snapshot.take();
        f(&mut *self.database.write().map_err(|_| StoreError::Closed)?)
    }

    /// Opens the file again after an I/O error, since redb refuses everything, reads too, until then.
    fn reopen(&self) -> Result<(), StoreError> {
        let Place::File { path, cache_bytes } = &self.place else {
            return Ok(());
        };
        self.alone(|database| {
            drop(database.take());
            *database = Some(open_file(path, *cache_bytes)?);
            Ok(())
        })
    }
}

/// A handle to the store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    funnel: Arc<funnel::Funnel>,
}

impl Store {
    /// Opens or creates the file, creates missing tables and applies what `schema` adds to an older file.
    ///
    /// `cache_bytes` bounds the page cache. Fails when another process has the file open, or when a newer program
    /// wrote it.
    pub fn open(path: &Path, schema: &Schema, cache_bytes: usize) -> Result<Self, StoreError> {
        let database = open_file(path, cache_bytes)?;
        Self::start(
            database,
            Place::File {
                path: path.to_owned(),
                cache_bytes,
            },
            schema,
        )
    }

    /// A store that lives in memory, for tests.
    pub fn in_memory(schema: &Schema) -> Result<Self, StoreError> {
        let database = Database::builder().create_with_backend(redb::backends::InMemoryBackend::new())?;
        Self::start(database, Place::Memory, schema)
    }

    fn start(database: Database, place: Place, schema: &Schema) -> Result<Self, StoreError> {
        migration::prepare(&database, schema)?;
        let shared = Arc::new(Shared {
            database: RwLock::new(Some(database)),
            snapshot: RwLock::default(),
            place,
        });
        let funnel = Arc::new(funnel::Funnel::start(Arc::clone(&shared))?);
        Ok(Self { shared, funnel })
    }

    /// Runs `f` in a write transaction and answers once its changes are durable.
    ///
    /// Many callers' closures are committed together. When `f` fails or panics, only its own changes are undone.
    /// `f` runs on the writer's thread and holds up every other writer: no I/O and no long work in it.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.funnel.write(f).await
    }

    /// Runs `f` on a snapshot. For point reads and short ranges, which cost microseconds; longer scans belong in
    /// [`crate::base::blocking`].
    pub fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        E: From<StoreError>,
        F: FnOnce(&ReadTx) -> Result<T, E>,
    {
        f(&*self.shared.snapshot()?)
    }

    /// Writes a compact copy of the present state to a new file while the store stays in use.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let transaction = self.shared.with_database(|database| Ok(database.begin_read()?))?;
        copy::copy(&transaction, path)
    }

    /// Verifies the checksums of every page; `false` means that damage was found.
    pub fn is_intact(&self) -> Result<bool, StoreError> {
        self.shared.alone(|database| {
            let database = database.as_mut().ok_or(StoreError::Closed)?;
            Ok(database.check_integrity()?)
        })
    }

    /// Waits for the writes in progress and closes the file, so that it opens without repair.
    pub fn close(&self) {
        self.funnel.close();
    }
}

fn open_file(path: &Path, cache_bytes: usize) -> Result<Database, StoreError> {
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    Ok(builder.create(path)?)
}
