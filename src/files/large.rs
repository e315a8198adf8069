//! Large content by its digest: sent before the commit that names it, and read through a repository that names it, as
//! git LFS does both.

use super::Files;
use super::error::FilesError;
use crate::base::{Sha256, UserId};
use crate::blobs::{BlobError, BlobReader, BlobWriter, Expected};
use crate::repos::{ReadContent, ReadRepo, ReposError, WriteRepo};
use crate::users::Caller;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

/// What is to be done with content that somebody wants to send.
#[derive(Debug)]
pub enum SendAdvice {
    /// The repository has it.
    Present,
    /// It is wanted.
    Wanted,
    /// It cannot be taken.
    Refused(FilesError),
}

/// Large content as it arrives. Dropped before [`LargeIntake::finish`], it leaves nothing behind.
pub struct LargeIntake {
    files: Files,
    proof: WriteRepo,
    writer: BlobWriter,
    _room: Option<Room>,
}

/// Bytes of a quota that are kept for content on its way, so that several at once cannot exceed it together.
pub(super) struct Room {
    files: Files,
    owner: UserId,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut arriving = self.files.0.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = arriving.get_mut(&self.owner) {
            *bytes -= self.bytes;
            if *bytes == 0 {
                arriving.remove(&self.owner);
            }
        }
    }
}

impl Files {
    /// The size of content that a repository names; `None` when it names no such content, whether the hub has it or not.
    pub fn large_size(&self, proof: &ReadRepo, sha256: Sha256) -> Result<Option<u64>, FilesError> {
        Ok(self.0.repos.linked_size(proof, sha256)?)
    }

    /// Opens content that a repository names.
    pub async fn open_large(&self, proof: &ReadContent, sha256: Sha256) -> Result<BlobReader, FilesError> {
        if self.large_size(proof, sha256)?.is_none() {
            return Err(FilesError::UnknownContent(sha256));
        }
        Ok(self.0.blobs.reader(sha256).await?)
    }

    /// Says of every content, by digest and size, whether it has to be sent. What the caller can read in another
    /// repository is linked here and need not be sent; all others have to be, whether the hub has them or not, because
    /// knowing a digest is no right to the content.
    pub async fn send_advice(
        &self,
        caller: &Caller,
        proof: &WriteRepo,
        contents: &[(Sha256, u64)],
    ) -> Result<Vec<SendAdvice>, FilesError> {
        let mut advice = Vec::with_capacity(contents.len());
        let mut wanted = HashMap::new();
        for (sha256, size) in contents {
            let one = self.advise(caller, proof, *sha256, *size).await?;
            if matches!(one, SendAdvice::Wanted) {
                wanted.insert(*sha256, *size);
            }
            advice.push(one);
        }
        let present = contents.iter().zip(&advice);
        let present = present.filter(|(_, advice)| matches!(advice, SendAdvice::Present));
        let present: HashSet<Sha256> = present.map(|((sha256, _), _)| *sha256).collect();
        self.0.repos.keep_pending(proof, present.into_iter().collect()).await?;
        let bytes = wanted.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
        let room = self.room_for(proof, |sha256| wanted.contains_key(&sha256))?;
        if bytes > room || self.exceeds_contributions(proof, bytes)? {
            for one in advice.iter_mut().filter(|one| matches!(one, SendAdvice::Wanted)) {
                *one = SendAdvice::Refused(self.no_room(proof, bytes));
            }
        }
        Ok(advice)
    }

    async fn advise(
        &self,
        caller: &Caller,
        proof: &WriteRepo,
        sha256: Sha256,
        size: u64,
    ) -> Result<SendAdvice, FilesError> {
        let limit = self.0.config.current().uploads.file_size.bytes();
        if size > limit {
            let path = sha256.to_string();
            return Ok(SendAdvice::Refused(FilesError::TooLarge { path, limit }));
        }
        match self.large_size(proof.as_read(), sha256)? {
            Some(known) if known == size => return Ok(SendAdvice::Present),
            Some(known) => {
                let message = format!("The content {sha256} has {known} bytes, not {size}.");
                return Ok(SendAdvice::Refused(FilesError::invalid("size", message)));
            }
            None => {}
        }
        if self.0.repos.readable_blob(caller, sha256)? != Some(size) {
            return Ok(SendAdvice::Wanted);
        }
        let blob = match self.0.blobs.adopt(sha256).await {
            Ok(blob) => blob,
            Err(BlobError::NotFound { .. }) => return Ok(SendAdvice::Wanted),
            Err(error) => return Err(error.into()),
        };
        match self.0.repos.link_ahead(proof, blob).await {
            Ok(()) => Ok(SendAdvice::Present),
            Err(error @ (ReposError::QuotaExceeded { .. } | ReposError::ContributionsFull)) => {
                Ok(SendAdvice::Refused(error.into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a repository content of another one that the caller can read, so that commits can name it without its being
    /// sent. Answers what the other one does not have; the rest is given whole or not at all.
    pub async fn give_large(
        &self,
        from: &ReadContent,
        to: &WriteRepo,
        contents: &[Sha256],
    ) -> Result<Vec<Sha256>, FilesError> {
        let (mut given, mut missing) = (Vec::new(), Vec::new());
        for sha256 in contents {
            if self.large_size(from, *sha256)?.is_none() {
                missing.push(*sha256);
                continue;
            }
            match self.0.blobs.adopt(*sha256).await {
                Ok(blob) => given.push(blob),
                Err(BlobError::NotFound { .. }) => missing.push(*sha256),
                Err(error) => return Err(error.into()),
            }
        }
        self.0.repos.link_all_ahead(to, given).await?;
        Ok(missing)
    }

    /// Begins to take content of a known digest and size; room in the owner's quota is kept for it until it is here.
    pub fn receive_large(&self, proof: WriteRepo, sha256: Sha256, size: u64) -> Result<LargeIntake, FilesError> {
        self.require_share(&proof, size)?;
        let room = self.keep_room(&proof, Some(sha256), size)?;
        Ok(self.large_intake(proof, sha256, size, Some(room)))
    }

    /// The same for content that has room already.
    pub(super) fn large_intake(&self, proof: WriteRepo, sha256: Sha256, size: u64, room: Option<Room>) -> LargeIntake {
        let expected = Expected {
            sha256: Some(sha256),
            size: Some(size),
            limit: Some(self.0.config.current().uploads.file_size.bytes()),
        };
        LargeIntake {
            files: self.clone(),
            proof,
            writer: self.0.blobs.writer(expected),
            _room: room,
        }
    }

    /// Keeps room in the quota of the owner for bytes that are on their way: of a blob whose digest is known, or others.
    pub(super) fn keep_room(&self, proof: &WriteRepo, sha256: Option<Sha256>, bytes: u64) -> Result<Room, FilesError> {
        let owner = proof.repository().owner;
        {
            let mut arriving = self.0.arriving.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = arriving.entry(owner).or_default();
            *taken = taken.saturating_add(bytes);
        }
        let room = Room {
            files: self.clone(),
            owner,
            bytes,
        };
        // Looked at with the new bytes in it, so that of two who do not fit together at most one goes on.
        let this = |repository, other| (repository, Some(other)) == (proof.repository().id, sha256);
        let reserved = self.reserved_beside(owner, this)?;
        let taken = self.0.repos.usage(owner)?.saturating_add(reserved);
        let quota = self.0.users.quota_bytes(proof.as_read().owner());
        if taken > quota {
            drop(room);
            return Err(self.no_room(proof, bytes));
        }
        Ok(room)
    }

    /// Bytes of large content that are on their way into repositories of an account.
    pub(super) fn arriving(&self, owner: UserId) -> u64 {
        let arriving = self.0.arriving.lock().unwrap_or_else(PoisonError::into_inner);
        arriving.get(&owner).copied().unwrap_or(0)
    }
}

impl LargeIntake {
    /// Takes the next bytes; an error as soon as there are too many.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        Ok(self.writer.write(chunk).await?)
    }

    /// Answers when the content is durable, is what was announced, and is linked to the repository.
    pub async fn finish(self) -> Result<(), FilesError> {
        let blob = self.writer.finish().await?;
        Ok(self.files.0.repos.link_ahead(&self.proof, blob).await?)
    }
}
