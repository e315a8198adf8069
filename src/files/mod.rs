//! Files of repositories: listing, reading, downloading, uploading, moving, copying, deleting.
//!
//! Owns what people say about a file, locks on paths, chunked uploads, and the space that files of each kind take. Content and history
//! are git's and the blob store's; every change is a commit of repos. Guarantees: a file answers exactly the bytes that
//! were committed; an upload is one commit or none; a chunk that was acknowledged survives a crash; large content is read
//! only through a repository that names it. Deliberately absent: counters of views and downloads (social drains
//! [`Traffic`]), versions and edits of a file (editor), searching (search).

/// What is to become of files before they are sent.
mod advice;
/// Every file of the hub, for administrators.
mod all;
/// Routes.
pub mod api;
/// A folder as an archive.
mod archive;
/// Files that were read lately.
mod cache;
/// Large content that came whole, in chunks.
mod chunking;
/// The content of a file.
mod content;
/// Large content that goes to the object store without passing the hub first.
mod direct;
/// Finding a file.
mod entry;
/// Why something cannot be done with a file.
mod error;
/// What people say about a file.
mod facts;
/// The name of a file in addresses.
mod file_id;
/// What a name says about the content.
mod formats;
/// Large content by its digest.
mod large;
/// Folders and flat lists.
mod listing;
/// Locks on paths.
mod locks;
/// Into git or into the blob store.
mod placement;
/// Moving, copying, deleting.
mod relocate;
/// Uploads in chunks.
mod sessions;
/// Space by kind of file.
mod space;
/// Rows.
mod store;
/// Views and downloads on their way to the counters.
mod traffic;
/// What a revision holds, place by place.
mod tree;
/// Uploads in one request.
mod upload;
/// Large content as the Xet protocol sends and reads it.
mod xet;

pub use advice::{AnnouncedFile, PresentContent, UploadAdvice};
pub use all::AllFiles;
pub use archive::{ArchiveFormat, ArchiveStream, WantedArchive};
pub use chunking::ChunkedFiles;
pub use content::{FileFacts, OpenFile, SHOWN_TEXT_BYTES, ShownText};
pub use direct::{DirectUpload, PartsPlan};
pub use entry::{FileEntry, Revision};
pub use error::FilesError;
pub use facts::FactsChange;
pub use file_id::FileId;
pub use formats::FileKind;
pub use large::{LargeIntake, SendAdvice};
pub use listing::{ListedEntry, Listing, Window};
pub use locks::{LockFilter, PathLock};
pub use relocate::Saying;
pub use sessions::{ArrivingChunk, NewSession, SessionState, SessionStatus, UploadSession};
pub use space::{AccountSpace, RepositorySpace, Space, SpaceConsumer};
pub use store::TABLES;
pub use traffic::{Traffic, TrafficEvent, TrafficKind, TrafficMethod};
pub use tree::{TreePage, TreeQuery};
pub use upload::{Arrived, Arriving, Changed, ChangedFile, UploadDraft, checked_path};
pub use xet::{Reconstruction, ShardProgress, XorbIntake};

use crate::base::{Clock, UploadId, UserId};
use crate::blobs::Blobs;
use crate::config::LiveConfig;
use crate::events::Events;
use crate::repos::Repos;
use crate::store::{ReadRows, Store, StoreError};
use crate::users::Users;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// Kinds of events that this slice records.
pub mod event {
    /// What people say about a file of the repository that is the subject changed; the details name its path.
    pub const DESCRIBED: &str = "file.described";
    /// A path of the repository that is the subject was locked.
    pub const LOCKED: &str = "file.locked";
    /// The lock on a path was removed.
    pub const UNLOCKED: &str = "file.unlocked";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Files(Arc<Inner>);

struct Inner {
    store: Store,
    blobs: Blobs,
    users: Users,
    repos: Repos,
    config: LiveConfig,
    clock: Clock,
    traffic: Traffic,
    events: Events,
    cache: cache::EntryCache,
    /// Chunked uploads that a request is completing or cancelling.
    ending: Mutex<HashSet<UploadId>>,
    /// Bytes of large content on their way, by the account whose quota they take.
    arriving: Mutex<HashMap<UserId, u64>>,
    /// Large content that could not be cut into chunks since the hub started. To try it again and again would tell nothing
    /// new, and renew the chunks that were stored for it, which are to go.
    uncut: Mutex<HashSet<chunking::Held>>,
}

impl Files {
    /// Puts the slice over its engines and the slices below it.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts it stands over, each a handle; a struct would only name them again"
    )]
    pub fn new(
        store: Store,
        events: Events,
        blobs: Blobs,
        users: Users,
        repos: Repos,
        config: LiveConfig,
        clock: Clock,
        traffic: Traffic,
    ) -> Self {
        repos.on_file_moved(store::move_what_follows);
        let (cache, ending) = (cache::EntryCache::default(), Mutex::default());
        let (arriving, uncut) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner {
            store,
            blobs,
            users,
            repos,
            config,
            clock,
            traffic,
            events,
            cache,
            ending,
            arriving,
            uncut,
        }))
    }

    /// Repositories, for the proofs that files need.
    pub fn repos(&self) -> &Repos {
        &self.0.repos
    }

    /// Large content, for signed addresses.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Contradictions within the rows of this slice, as sentences.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        Ok([sessions::check(tx)?, store::check(tx)?].concat())
    }
}
