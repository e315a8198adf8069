//! Recipes: blobs put together from terms over xorbs, taken only after everything that they say was verified.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use futures_util::StreamExt;
use sha2::Digest;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::key::Collection;
use super::rebuild::OpenRecipe;
use super::sender::XorbSender;
use super::xet::hash::{FileHasher, XetHash, range_verification_hash};
use super::xet::shard::Term;
use super::xet::xorb::XorbChunk;
use super::{BlobError, Blobs, StoredBlob, chunk_rows, recipe_rows, xorb_rows};
use crate::base::{RepositoryId, Sha256, blocking};
use crate::store::StoreError;

/// Indexes of xorbs that are kept while the terms of a file are verified.
const OPEN_INDEXES: usize = 16;

/// How a blob is put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The hash of the file in the Xet protocol.
    pub file: XetHash,
    /// Bytes of the blob.
    pub size: u64,
    /// In their order.
    pub terms: Vec<RecipeTerm>,
}

/// A run of chunks of a xorb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeTerm {
    /// The xorb.
    pub xorb: XetHash,
    /// Its chunks, the end excluded.
    pub chunks: Range<u32>,
    /// Bytes of content.
    pub raw_len: u32,
}

/// A file as a shard announces it.
#[derive(Clone, Debug)]
pub struct AnnouncedRecipe {
    /// The hash of the file.
    pub file: XetHash,
    /// Its terms, with what proves that the sender knows their chunks.
    pub terms: Vec<Term>,
    /// The digest of the content, where it is told.
    pub sha256: Option<Sha256>,
}

impl AnnouncedRecipe {
    /// Bytes of the content, as the terms announce it.
    pub fn size(&self) -> u64 {
        self.terms.iter().map(|term| u64::from(term.raw_len)).sum()
    }

    /// The xorbs that its terms name, each once.
    fn xorbs(&self) -> Vec<XetHash> {
        let names: BTreeSet<[u8; 32]> = self.terms.iter().map(|term| *term.xorb.as_bytes()).collect();
        names.into_iter().map(XetHash::from_bytes).collect()
    }
}

impl Blobs {
    /// Verifies a file that is announced: that the sender may name every xorb that the terms name, the lengths and the proof of
    /// each term, the hash of the file, and, by rebuilding the content in a stream, its SHA-256. The recipe is durable then,
    /// as a blob whose name nobody has said yet. `progress` hears of bytes that were rebuilt.
    pub async fn take_recipe(
        &self,
        sender: XorbSender,
        announced: AnnouncedRecipe,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<StoredBlob, BlobError> {
        let holder = sender.holder;
        self.count_on_xorbs(sender, &announced).await?;
        let told = announced.sha256;
        let (recipe, first) = self.verified(announced).await?;
        let sha256 = self.hash_of(recipe.clone(), progress).await?;
        if let Some(expected) = told.filter(|told| *told != sha256) {
            return Err(BlobError::HashMismatch {
                expected,
                actual: sha256,
            });
        }
        let _lock = self.locks(Collection::Blobs).lock(sha256).await;
        let (size, now) = (recipe.size, self.now());
        let written = self.0.store.write(move |tx| {
            for xorb in recipe.xorbs() {
                // Swept since, however unlikely: a recipe must not name what is gone.
                if xorb_rows::xorb(tx, xorb)?.is_none() {
                    return Err(BlobError::UnknownXorb { xorb });
                }
            }
            recipe_rows::put(tx, sha256, holder, &recipe, now)?;
            // Clients ask for the first chunk of every file whether they have to send it.
            if let (Some(chunk), Some(term)) = (first, recipe.terms.first())
                && xorb_rows::is_held(tx, holder, term.xorb)?
            {
                chunk_rows::add(tx, holder, term.xorb, chunk)?;
            }
            Ok(())
        });
        written.await?;
        self.note_adoption(sha256);
        Ok(StoredBlob {
            sha256,
            size,
            already_existed: false,
        })
    }

    /// What is named must be the sender's to name; it stays for the time of grace at least.
    async fn count_on_xorbs(&self, sender: XorbSender, announced: &AnnouncedRecipe) -> Result<(), BlobError> {
        let (xorbs, now) = (announced.xorbs(), self.now());
        let renewed = self.0.store.write(move |tx| {
            for xorb in &xorbs {
                if !xorb_rows::may_name(tx, sender, *xorb)? {
                    return Err(BlobError::UnknownXorb { xorb: *xorb });
                }
            }
            Ok(xorb_rows::renew(tx, sender.holder, &xorbs, now)?)
        });
        renewed.await
    }

    /// The recipe, and the first chunk of the file.
    async fn verified(&self, announced: AnnouncedRecipe) -> Result<(Recipe, Option<XetHash>), BlobError> {
        let (file, size) = (announced.file, announced.size());
        let bad = |reason| BlobError::BadRecipe { file, reason };
        let (mut hasher, mut first) = (FileHasher::default(), None);
        let mut terms = Vec::with_capacity(announced.terms.len());
        let mut indexes: HashMap<[u8; 32], Vec<XorbChunk>> = HashMap::new();
        for term in announced.terms {
            if !indexes.contains_key(term.xorb.as_bytes()) {
                if indexes.len() >= OPEN_INDEXES {
                    indexes.clear();
                }
                indexes.insert(*term.xorb.as_bytes(), self.chunks_of(term.xorb).await?);
            }
            let chunks = &indexes[term.xorb.as_bytes()];
            let run = chunks.get(term.chunks.start as usize..term.chunks.end as usize);
            let run = run.filter(|run| !run.is_empty());
            let run = run.ok_or_else(|| bad("name chunks that their xorbs do not have"))?;
            let before = (term.chunks.start as usize)
                .checked_sub(1)
                .map_or(0, |last| chunks[last].raw_end);
            let mut end = before;
            for chunk in run {
                first = first.or(Some(chunk.hash));
                hasher.add(chunk.hash, u64::from(chunk.raw_end - end));
                end = chunk.raw_end;
            }
            if end - before != term.raw_len {
                return Err(bad("have other lengths than their chunks"));
            }
            let proof = range_verification_hash(run.iter().map(|chunk| chunk.hash));
            if term.verification.is_some_and(|told| told != proof) {
                return Err(bad("carry a proof that does not fit their chunks"));
            }
            terms.push(RecipeTerm {
                xorb: term.xorb,
                chunks: term.chunks,
                raw_len: term.raw_len,
            });
        }
        if hasher.finish() != file {
            return Err(bad("make up a file with another hash"));
        }
        Ok((Recipe { file, size, terms }, first))
    }

    /// The digest of what a recipe gives.
    async fn hash_of(
        &self,
        recipe: Recipe,
        mut progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Sha256, BlobError> {
        let size = recipe.size;
        let mut stream = Arc::new(OpenRecipe::new(self.clone(), recipe)).stream(0..size);
        let runtime = Handle::current();
        // Whoever has lost interest does not let the hub wait for this when it stops.
        let abandoned = CancellationToken::new();
        let _waiting = abandoned.clone().drop_guard();
        blocking(move || {
            let mut hasher = sha2::Sha256::new();
            while let Some(piece) = runtime.block_on(stream.next()) {
                let piece = piece?;
                if abandoned.is_cancelled() {
                    return Err(BlobError::Abandoned);
                }
                hasher.update(&piece);
                progress(piece.len() as u64);
            }
            Ok(Sha256::from_bytes(hasher.finalize().into()))
        })
        .await
    }

    /// The recipe that a holder sent for a blob.
    pub fn recipe_of(&self, holder: RepositoryId, sha256: Sha256) -> Result<Option<Recipe>, BlobError> {
        Ok(self.0.store.read(|tx| recipe_rows::recipe(tx, sha256, holder))?)
    }

    /// Those of these blobs of which the holder has no recipe.
    pub fn without_recipe(
        &self,
        blobs: impl IntoIterator<Item = (RepositoryId, Sha256)>,
    ) -> Result<Vec<(RepositoryId, Sha256)>, BlobError> {
        let found = self.0.store.read(|tx| {
            let mut without = Vec::new();
            for (holder, sha256) in blobs {
                if !recipe_rows::is_recipe_of(tx, sha256, holder)? {
                    without.push((holder, sha256));
                }
            }
            Ok::<_, StoreError>(without)
        });
        Ok(found?)
    }

    /// The blob that a holder sent under this hash.
    pub fn blob_of_file(&self, holder: RepositoryId, file: XetHash) -> Result<Option<Sha256>, BlobError> {
        Ok(self.0.store.read(|tx| recipe_rows::blob_of_file(tx, holder, file))?)
    }

    /// The hashes under which a holder sent blobs, of those that it sent as recipes.
    pub fn files_of_blobs(
        &self,
        holder: RepositoryId,
        blobs: impl IntoIterator<Item = Sha256>,
    ) -> Result<HashMap<Sha256, XetHash>, BlobError> {
        let found = self.0.store.read(|tx| {
            let mut files = HashMap::new();
            for sha256 in blobs {
                if let Some(file) = recipe_rows::file_of_blob(tx, holder, sha256)? {
                    files.insert(sha256, file);
                }
            }
            Ok::<_, StoreError>(files)
        });
        Ok(found?)
    }

    pub(in crate::blobs) fn any_recipe(&self, sha256: Sha256) -> Result<Option<Recipe>, BlobError> {
        Ok(self.0.store.read(|tx| recipe_rows::any_recipe(tx, sha256))?)
    }

    pub(in crate::blobs) fn has_recipe(&self, sha256: Sha256) -> Result<bool, BlobError> {
        Ok(self.0.store.read(|tx| recipe_rows::has_recipe(tx, sha256))?)
    }

    /// Counts on the recipe of a blob, if there is one; gives the size of the blob. The caller holds the blob's lock.
    pub(in crate::blobs) fn adopt_recipe(&self, sha256: Sha256) -> Result<Option<u64>, BlobError> {
        let size = self.any_recipe(sha256)?.map(|recipe| recipe.size);
        if size.is_some() {
            self.note_adoption(sha256);
        }
        Ok(size)
    }
}

impl Recipe {
    /// Every xorb that a term names, once.
    pub(in crate::blobs) fn xorbs(&self) -> Vec<XetHash> {
        let xorbs: BTreeSet<[u8; 32]> = self.terms.iter().map(|term| *term.xorb.as_bytes()).collect();
        xorbs.into_iter().map(XetHash::from_bytes).collect()
    }
}
