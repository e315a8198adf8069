//! Large content as the Xet protocol sends and reads it: chunks that clients have packed into xorbs, and files that are
//! made of them.
//!
//! What a repository was sent is that repository's alone: whether another has the same xorb or the same file shows nowhere,
//! and shortens no work. A file that was taken is linked like one that git LFS sent, and waits for its commit like that.
//!
//! Whoever may not write but proposes content in a pull request names what they sent themselves, and hears of nothing else.

use super::Files;
use super::error::FilesError;
use super::large::Room;
use crate::base::{Sha256, blocking};
use crate::blobs::xet::hash::XetHash;
use crate::blobs::xet::shard::{ShardItem, ShardReader};
use crate::blobs::{
    AnnouncedRecipe, BlobError, BlobReader, Contributor, FetchPlan, LARGEST_XORB, Recipe, Spool, Spooled, XorbSender,
    XorbWriter,
};
use crate::http::{Requested, requested};
use crate::repos::{ReadContent, ReadRepo, ReposError, WriteRepo};
use bytes::Bytes;
use std::collections::HashMap;
use std::io::BufReader;
use std::sync::Arc;

/// The most bytes of a shard (§0.12 of the contract, with room to spare).
const LARGEST_SHARD: u64 = 66 * 1024 * 1024;

/// A xorb as it arrives. Dropped before [`XorbIntake::finish`], it leaves nothing behind.
pub struct XorbIntake {
    sender: XorbSender,
    writer: XorbWriter,
    _room: Room,
}

/// A stretch of a file that a client puts together itself.
#[derive(Debug)]
pub enum Reconstruction {
    /// What to fetch.
    Plan(FetchPlan),
    /// The file has so many bytes, and the stretch lies behind them.
    Outside(u64),
}

/// Hears how many bytes of how many have been verified.
pub type ShardProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

impl XorbIntake {
    /// Takes the next bytes; an error as soon as there are too many.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        Ok(self.writer.write(chunk).await?)
    }

    /// Answers when the xorb is durable and verified, and may be named in shards; whether it might not be before.
    pub async fn finish(self) -> Result<bool, FilesError> {
        match self.writer.finish(self.sender).await {
            Err(BlobError::ContributionsFull) => Err(ReposError::ContributionsFull.into()),
            other => Ok(other?),
        }
    }
}

impl Files {
    /// Begins to take a xorb. What waits to be named in a shard has to fit into the quota of the owner.
    pub fn receive_xorb(&self, proof: WriteRepo, xorb: XetHash, size: Option<u64>) -> Result<XorbIntake, FilesError> {
        let size = size.unwrap_or(LARGEST_XORB);
        if size > LARGEST_XORB {
            return Err(BlobError::TooLarge { limit: LARGEST_XORB }.into());
        }
        let id = proof.repository().id;
        let sender = self.sender(&proof);
        // A xorb that was sent before takes no more room by being sent again.
        let is_known = self.0.blobs.may_name_xorb(sender, xorb)?;
        let new = if is_known { 0 } else { size };
        if let Some(contributor) = sender.contributor {
            let taken = self.0.blobs.contributed_xorb_bytes(id)?.saturating_add(new);
            if taken > contributor.limit {
                return Err(ReposError::ContributionsFull.into());
            }
        }
        let room = self.keep_room(&proof, None, new)?;
        drop(self.keep_room(&proof, None, self.0.blobs.waiting_xorb_bytes(id)?)?);
        Ok(XorbIntake {
            _room: room,
            writer: self.0.blobs.xorb_writer(xorb),
            sender,
        })
    }

    /// What of the repository the proof lets its account name.
    fn sender(&self, proof: &WriteRepo) -> XorbSender {
        let limit = self.0.users.contribution_bytes();
        let account = proof.actor().id;
        XorbSender {
            holder: proof.repository().id,
            contributor: proof.only_contributes().then_some(Contributor { account, limit }),
        }
    }

    /// A shard by which a client learns what of a file this repository was sent before, if it was sent this chunk. What other
    /// repositories were sent neither shows in it nor changes the work. Who only contributes is told nothing.
    pub async fn shard_with_chunk(&self, proof: &WriteRepo, chunk: XetHash) -> Result<Bytes, FilesError> {
        if proof.only_contributes() {
            return Err(FilesError::UnknownChunk);
        }
        let found = self.0.blobs.shard_with_chunk(proof.repository().id, chunk).await?;
        found.map(Bytes::from).ok_or(FilesError::UnknownChunk)
    }

    /// Starts to take a shard.
    pub fn receive_shard(&self) -> Spool {
        self.0.blobs.spool(LARGEST_SHARD)
    }

    /// Verifies every file of a shard and links it to the repository; answers whether any is new there. One file after the
    /// other: what was taken before an error stays taken, and sending the shard again goes on behind it.
    pub async fn take_shard(
        &self,
        proof: &WriteRepo,
        shard: Spooled,
        progress: ShardProgress,
    ) -> Result<bool, FilesError> {
        let mut any_is_new = false;
        let shard = Arc::new(shard);
        let opened = Arc::clone(&shard);
        let mut reader = blocking(move || {
            let reader = ShardReader::new(BufReader::new(opened.open()?))?;
            Ok::<_, BlobError>(reader)
        })
        .await?;
        loop {
            let (item, rest) = blocking(move || {
                let item = reader.next_item();
                (item, reader)
            })
            .await;
            reader = rest;
            match item.map_err(BlobError::from)? {
                Some(ShardItem::File { file, terms, sha256 }) => {
                    let announced = AnnouncedRecipe { file, terms, sha256 };
                    any_is_new |= self.take_file(proof, announced, &progress).await?;
                }
                // What it says of xorbs was learned from these themselves.
                Some(ShardItem::Xorb { .. }) => {}
                None => break,
            }
        }
        blocking(move || drop(shard)).await;
        Ok(any_is_new)
    }

    async fn take_file(
        &self,
        proof: &WriteRepo,
        announced: AnnouncedRecipe,
        progress: &ShardProgress,
    ) -> Result<bool, FilesError> {
        let size = announced.size();
        let limit = self.0.config.current().uploads.file_size.bytes();
        if size > limit {
            let path = announced.file.to_string();
            return Err(FilesError::TooLarge { path, limit });
        }
        let (told, contributes) = (announced.sha256, proof.only_contributes());
        if contributes && told.is_none() {
            let (file, reason) = (announced.file, "come without the SHA-256 of their content");
            return Err(BlobError::BadRecipe { file, reason }.into());
        }
        let known = match told {
            Some(sha256) => self.large_size(proof.as_read(), sha256)?,
            None => None,
        };
        let sent = self.file_of(proof.as_read(), announced.file)?;
        let sent = sent.filter(|sha256| told.is_none_or(|told| told == *sha256));
        // To content that counts as the owner's a contributor adds no chunks: they would count as nobody's.
        if let Some(sha256) = sent.or(told.filter(|_| contributes && known.is_some())) {
            self.0.blobs.adopt(sha256).await?;
            self.0.repos.keep_pending(proof, vec![sha256]).await?;
            return Ok(false);
        }
        let room = if known.is_some() {
            None
        } else {
            self.require_share(proof, size)?;
            Some(self.keep_room(proof, told, size)?)
        };
        let (heard, mut verified) = (Arc::clone(progress), 0);
        let tell = move |bytes| {
            verified += bytes;
            heard(verified, size);
        };
        let blob = self.0.blobs.take_recipe(self.sender(proof), announced, tell).await?;
        drop(room);
        self.0.repos.link_ahead(proof, blob).await?;
        Ok(true)
    }

    /// The blob that this repository names and was sent under this hash.
    fn file_of(&self, proof: &ReadRepo, file: XetHash) -> Result<Option<Sha256>, FilesError> {
        let Some(sha256) = self.0.blobs.blob_of_file(proof.id(), file)? else {
            return Ok(None);
        };
        Ok(self.large_size(proof, sha256)?.map(|_| sha256))
    }

    /// Says what to fetch of which xorbs for a file of this repository, or for the stretch that a header `Range` names.
    pub async fn reconstruction(
        &self,
        proof: &ReadContent,
        file: XetHash,
        range: Option<&str>,
    ) -> Result<Reconstruction, FilesError> {
        let recipe = self.recipe_of(proof, file)?;
        let range = match requested(range, recipe.size) {
            Requested::Whole if recipe.size == 0 => return Ok(Reconstruction::Outside(0)),
            Requested::Whole => 0..recipe.size,
            Requested::Unsatisfiable => return Ok(Reconstruction::Outside(recipe.size)),
            // Clients ask for one stretch; of several, all between the first and the last is told.
            Requested::Parts(parts) => {
                let start = parts.iter().map(|part| part.start).min().unwrap_or(0);
                start..parts.iter().map(|part| part.end).max().unwrap_or(recipe.size)
            }
        };
        Ok(Reconstruction::Plan(self.0.blobs.fetch_plan(&recipe, range).await?))
    }

    fn recipe_of(&self, proof: &ReadContent, file: XetHash) -> Result<Recipe, FilesError> {
        let sha256 = self.file_of(proof, file)?.ok_or(FilesError::UnknownFile)?;
        let recipe = self.0.blobs.recipe_of(proof.id(), sha256)?;
        recipe.ok_or(FilesError::UnknownFile)
    }

    /// Opens the chunks of a xorb that was sent to this repository. Which of them may be read is the caller's to check.
    pub async fn open_xorb(&self, proof: &ReadContent, xorb: XetHash) -> Result<BlobReader, FilesError> {
        if !self.0.blobs.holds_xorb(proof.id(), xorb)? {
            return Err(FilesError::UnknownFile);
        }
        Ok(self.0.blobs.xorb_reader(xorb).await?)
    }

    /// The hashes of those blobs that this repository was sent by the Xet protocol.
    pub fn xet_hashes(
        &self,
        proof: &ReadRepo,
        blobs: impl IntoIterator<Item = Sha256>,
    ) -> Result<HashMap<Sha256, XetHash>, FilesError> {
        Ok(self.0.blobs.files_of_blobs(proof.id(), blobs)?)
    }

    /// The epoch under which clients may remember what this repository was sent.
    pub fn xet_epoch(&self, proof: &ReadRepo) -> Result<u64, FilesError> {
        Ok(self.0.blobs.xorb_epoch(proof.id())?)
    }
}
