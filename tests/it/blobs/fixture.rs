use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use geoml_hub::base::{Clock, Sha256};
use geoml_hub::blobs::{BlobReader, Blobs, RECIPE_TABLES, XORB_TABLES};
use geoml_hub::config::{BlobsConfig, Config};
use geoml_hub::keys::Keys;
use geoml_hub::store::{Schema, Store};

use crate::support::S3Server;

/// A blob store in a folder of its own.
pub struct Fixture {
    pub blobs: Blobs,
    pub clock: Clock,
    pub store: Store,
    pub data: tempfile::TempDir,
    pub server: Option<S3Server>,
}

impl Fixture {
    pub fn local() -> Self {
        Self::with(None)
    }

    pub fn s3() -> Self {
        Self::with(Some(S3Server::start()))
    }

    fn with(server: Option<S3Server>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Clock::system().now());
        let store = store();
        let blobs = open(data.path(), &config_of(server.as_ref()), clock.clone(), store.clone());
        Self {
            blobs,
            clock,
            store,
            data,
            server,
        }
    }

    /// What a restart does: everything in memory is gone.
    pub fn restart(&mut self) {
        self.blobs = open(
            self.data.path(),
            &config_of(self.server.as_ref()),
            self.clock.clone(),
            self.store.clone(),
        );
    }

    /// The file that holds a blob, in the data folder or at the S3 server.
    pub fn file_of(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        let path = format!("blobs/{}/{}/{name}", &name[..2], &name[2..4]);
        match &self.server {
            Some(server) => server.object(&path),
            None => self.data.path().join(path),
        }
    }
}

fn config_of(server: Option<&S3Server>) -> BlobsConfig {
    server.map_or_else(|| Config::default().blobs, S3Server::config)
}

/// Rows of content in memory.
pub fn store() -> Store {
    let schema = Schema {
        tables: [XORB_TABLES, RECIPE_TABLES].concat(),
        migrations: &[],
    };
    Store::in_memory(&schema).unwrap()
}

/// Opens a store over a folder.
pub fn open(data: &Path, config: &BlobsConfig, clock: Clock, store: Store) -> Blobs {
    let keys = Keys::open(&data.join("keys")).unwrap();
    Blobs::open(data, config, keys, clock, store).unwrap()
}

/// Bytes that repeat nowhere near: a counter, hashed by multiplication.
pub fn bytes_of(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut content = Vec::with_capacity(length + 8);
    while content.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        content.extend(state.to_le_bytes());
    }
    content.truncate(length);
    content.into()
}

/// Everything that a reader streams.
pub async fn read_all(reader: &BlobReader) -> Vec<u8> {
    let mut stream = reader.stream(0..reader.size());
    let mut content = Vec::new();
    while let Some(piece) = stream.next().await {
        content.extend_from_slice(&piece.unwrap());
    }
    content
}

/// Files that wait in staging.
pub fn staged_files(data: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![data.join("uploads")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}
