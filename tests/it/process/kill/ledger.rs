use std::collections::{BTreeMap, BTreeSet};

/// What one client was told is done. Whatever stands here has to be there after any crash.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Accounts that were registered.
    pub accounts: Vec<String>,
    /// Repositories by the name they were made under.
    pub repositories: BTreeMap<String, Repository>,
    /// A chunked upload that is under way.
    pub upload: Option<ChunkedUpload>,
    /// The one request whose answer did not come: it was done or not, as a whole.
    pub doubt: Option<Doubt>,
}

/// One repository as its owner knows it.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// Its present name.
    pub name: String,
    /// Files by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Paths that were deleted.
    pub deleted_files: BTreeSet<String>,
    /// Its description.
    pub description: String,
    /// Whether the client gave it a star.
    pub starred: bool,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// A chunked upload that is under way.
#[derive(Debug)]
pub(super) struct ChunkedUpload {
    /// The first name of the repository.
    pub repository: String,
    /// Where the file goes.
    pub path: String,
    /// The whole file.
    pub content: Vec<u8>,
    /// As the hub named it.
    pub session: String,
    /// Bytes of a chunk.
    pub chunk_size: usize,
    /// Chunks that were acknowledged.
    pub acknowledged: BTreeSet<usize>,
}

impl ChunkedUpload {
    /// The chunks, numbered from 1.
    pub fn chunk(&self, number: usize) -> &[u8] {
        self.content.chunks(self.chunk_size).nth(number - 1).unwrap()
    }

    /// How many chunks there are.
    pub fn total(&self) -> usize {
        self.content.len().div_ceil(self.chunk_size)
    }
}

/// A request whose answer did not come.
#[derive(Debug, Clone)]
pub(super) enum Doubt {
    /// Nothing that another request could meet again: a new account, a new repository, a chunk, a new upload.
    Harmless,
    /// These files were to be written in one commit.
    Files(String, Vec<(String, Vec<u8>)>),
    /// This file was to be deleted.
    FileDeletion(String, String),
    /// The description was to become this.
    Description(String, String),
    /// The name was to become this.
    Name(String, String),
    /// The star was to be set or taken away.
    Star(String, bool),
    /// The repository was to be deleted.
    Deletion(String),
    /// The chunked upload was to be completed.
    Completion,
}
