use super::error::StoreError;
use super::table::{decode_value, encode_value};
use super::transaction::{Batch, ReadRows, WriteTx, definition};
use super::{Schema, TableSpec};
use redb::Database;

/// Where the schema's version is kept.
const SCHEMA: &str = "schema";
const VERSION_KEY: &[u8] = b"version";

/// A frozen step from one stored form to the next. It declares the old types itself and never calls today's code.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it changes, for the log.
    pub name: &'static str,
    /// Makes the change; committed together with its number, so that a crash resumes at the right step.
    pub run: fn(&WriteTx<'_>) -> Result<(), StoreError>,
}

/// Creates missing tables and applies the migrations that the file has not seen. A new file starts at the newest.
pub(super) fn prepare(database: &Database, schema: &Schema) -> Result<(), StoreError> {
    let newest = u32::try_from(schema.migrations.len()).unwrap_or(u32::MAX);
    let found = in_transaction(database, |tx| {
        tx.get(SCHEMA, VERSION_KEY, |bytes| decode_value::<u32>(SCHEMA, bytes))
    })?;
    let version = found.unwrap_or(newest);
    if version > newest {
        return Err(StoreError::Newer {
            file: version,
            program: newest,
        });
    }
    create_tables(database, &schema.tables)?;
    for number in version..newest {
        let migration = schema.migrations[number as usize];
        tracing::info!(number, name = migration.name, "changing the stored form");
        in_transaction(database, |tx| {
            (migration.run)(tx)?;
            set_version(tx, number + 1)
        })?;
    }
    if found.is_none() {
        in_transaction(database, |tx| set_version(tx, newest))
    } else {
        Ok(())
    }
}

fn set_version(tx: &WriteTx<'_>, version: u32) -> Result<(), StoreError> {
    tx.put(SCHEMA, VERSION_KEY.to_vec(), encode_value(SCHEMA, &version)?)?;
    Ok(())
}

fn create_tables(database: &Database, tables: &[TableSpec]) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    for table in tables {
        transaction.open_table(definition(table.name))?;
    }
    Ok(transaction.commit()?)
}

fn in_transaction<T>(
    database: &Database,
    f: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = database.begin_write()?;
    let batch = Batch::new(&transaction);
    let value = f(&WriteTx::new(&batch))?;
    drop(batch);
    transaction.commit()?;
    Ok(value)
}
