//! Git engine: bare repositories that stock git reads, written and read through gix. The only home of gix.
//!
//! It knows repositories by id and nothing of users, permissions or HTTP. Every method blocks (file reads, inflating,
//! fsync), so async callers go through [`crate::base::blocking`]; only [`Git::lock`] is async.
//!
//! Guarantees:
//! - What a call has written is on the disk when it returns: packs, indexes, references and the folders that name them.
//! - A reference moves by compare-and-swap under a mutex of its repository; `a` and `a/b` never exist together.
//! - Objects come before the reference that needs them. A crash leaves at most unreferenced objects and temporary files.
//! - `git fsck --strict` accepts every repository that this module wrote.
//! - Objects that nothing leads to disappear only as `repack` says.
//!
//! Deliberately absent: HTTP.

mod attributes;
mod blob_stage;
mod branch_walk;
mod changes;
mod check;
mod checksum;
mod commit;
mod diff;
mod divergence;
mod durable;
mod error;
mod fork;
mod generations;
mod ignore;
mod lfs_pointer;
mod lock_file;
mod locks;
mod log;
mod lookup;
mod maintenance;
mod merge;
mod model;
mod objects;
mod pack;
mod pack_index;
mod places;
mod pull_references;
mod reference_pack;
mod reference_write;
mod references;
mod repack;
mod repository;
mod rewrite;
mod special_files;
mod statistics;
mod tag;
mod tree;
mod tree_edit;
mod tree_layout;
mod tree_page;

/// The wire protocol of git, as its server speaks it.
pub mod protocol;

/// Which commits changed a path, as rows.
pub mod path_history;
/// Taking pushes.
pub mod receive;

pub use attributes::{Attributes, LARGE_EXTENSIONS, default_gitattributes};
pub use blob_stage::{BlobStage, PreparedBlob};
pub use branch_walk::WalkedVersion;
pub use check::CheckReport;
pub use commit::{CommitRequest, Content, Operation, Parent, PreparedCommit, Published};
pub use diff::{Diff, DiffContent, DiffLimits, DiffLine, DiffSide, FileDiff, FileStatus, Hunk, LineKind, is_binary};
pub use divergence::{Beyond, Count, Divergence};
pub use error::GitError;
pub use ignore::IgnoreRules;
pub use lfs_pointer::{LfsPointer, POINTER_MAX_BYTES};
pub use locks::RepositoryGuard;
pub use log::LogPage;
pub use maintenance::Maintained;
pub use merge::{Merge, MergeRequest};
pub use model::{
    ChangeKind, CommitInfo, EntryKind, FileChange, InvalidObjectId, ObjectId, Reference, Signature, TreeEntry,
};
pub use places::Place;
pub use pull_references::{pull_number, pull_reference};
pub use references::branch_matches;
pub use repack::{Pruned, Pruning, RepackOptions, Repacked};
pub use repository::{Git, Repository};
pub use rewrite::RewrittenBranch;
pub use statistics::Statistics;
pub use tag::Annotation;
