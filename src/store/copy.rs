use super::error::StoreError;
use redb::{Database, ReadTransaction, ReadableTable, TableDefinition, TableHandle};
use std::path::Path;

/// Rows written per commit of the copy, which bounds its memory.
const ROWS_PER_COMMIT: usize = 50_000;

/// Copies a snapshot table by table into a new file. The source stays in use meanwhile; a raw copy of the file
/// would be torn now and then.
pub(super) fn copy(source: &ReadTransaction, path: &Path) -> Result<(), StoreError> {
    let target = Database::create(path)?;
    for table in source.list_tables()? {
        copy_table(source, &target, table.name())?;
    }
    Ok(())
}

fn copy_table(source: &ReadTransaction, target: &Database, name: &str) -> Result<(), StoreError> {
    let definition: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(name);
    let rows = source.open_table(definition)?;
    let mut rows = rows.iter()?;
    loop {
        let transaction = target.begin_write()?;
        let mut copied = 0;
        {
            let mut table = transaction.open_table(definition)?;
            for row in rows.by_ref().take(ROWS_PER_COMMIT) {
                let (key, value) = row?;
                table.insert(key.value(), value.value())?;
                copied += 1;
            }
        }
        transaction.commit()?;
        if copied < ROWS_PER_COMMIT {
            return Ok(());
        }
    }
}
