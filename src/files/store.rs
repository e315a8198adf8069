use super::facts::FactsRow;
use super::space::SpaceRow;
use crate::base::RepositoryId;
use crate::repos::MovedFile;
use crate::store::{ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "file_facts",
        about: "repository id, path -> what people say about the file",
    },
    TableSpec {
        name: "file_space",
        about: "repository id -> files and bytes by kind at a commit of the default branch",
    },
    TableSpec {
        name: "upload_sessions",
        about: "upload id -> chunked upload",
    },
    TableSpec {
        name: "upload_sessions_by_account",
        about: "account id, id of an open upload -> nothing",
    },
    TableSpec {
        name: "upload_sessions_by_owner",
        about: "owner of the repository, bytes, id of an open upload -> nothing",
    },
    TableSpec {
        name: "upload_sessions_by_expiry",
        about: "time of expiry, upload id -> nothing",
    },
    TableSpec {
        name: "upload_chunks",
        about: "upload id, number of a chunk that is durable -> nothing",
    },
];

const FACTS: Table<(RepositoryId, String), FactsRow> = Table::new("file_facts");
const SPACE: Table<RepositoryId, SpaceRow> = Table::new("file_space");

pub(super) fn facts(tx: &impl ReadRows, id: RepositoryId, path: &str) -> Result<Option<FactsRow>, StoreError> {
    FACTS.get(tx, &(id, path.to_owned()))
}

/// Writes what is known of a file; nothing known is no row.
pub(super) fn put_facts(tx: &WriteTx<'_>, id: RepositoryId, path: &str, row: &FactsRow) -> Result<(), StoreError> {
    if *row == FactsRow::default() {
        return delete_facts(tx, id, path);
    }
    FACTS.put(tx, &(id, path.to_owned()), row)
}

pub(super) fn delete_facts(tx: &WriteTx<'_>, id: RepositoryId, path: &str) -> Result<(), StoreError> {
    FACTS.delete(tx, &(id, path.to_owned()))?;
    Ok(())
}

/// Lets what people say about a file go with it.
pub(super) fn move_facts(tx: &WriteTx<'_>, id: RepositoryId, moved: &MovedFile) -> Result<(), StoreError> {
    let row = facts(tx, id, &moved.from)?.unwrap_or_default();
    delete_facts(tx, id, &moved.from)?;
    put_facts(tx, moved.to_repository, &moved.to, &row)
}

pub(super) fn space(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<SpaceRow>, StoreError> {
    SPACE.get(tx, &id)
}

pub(super) fn put_space(tx: &WriteTx<'_>, id: RepositoryId, row: &SpaceRow) -> Result<(), StoreError> {
    SPACE.put(tx, &id, row)
}

/// Removes what is known of the files of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    FACTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    SPACE.delete(tx, &id)?;
    Ok(())
}
