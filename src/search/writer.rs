//! The one writer of an index, on a thread of its own.
//!
//! Changes gather for [`DEBOUNCE`] after the first, then one commit makes them durable and visible; a commit costs about
//! 8 ms of processor time, however few they are. The payload of the commit names the last event it contains, so that after
//! a crash replay begins there. When nothing comes for a while, tantivy's writer is dropped with its arena and threads.

use crate::search::engine::{Change, IndexStatus, Opened, RebuildReason, Shared, create, payload};
use crate::search::error::SearchError;
use crate::search::schema::Indexed;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tantivy::IndexWriter;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tokio::sync::oneshot;

/// How long changes wait for company.
const DEBOUNCE: Duration = Duration::from_millis(30);
/// After this long without changes the writer's memory is given back.
const IDLE: Duration = Duration::from_secs(5);
/// Arena of the writer; it grows as used, and a full one is written out as a segment.
const ARENA_BYTES: usize = 24 << 20;

pub(crate) type Reply = oneshot::Sender<Result<(), SearchError>>;

/// What the writer is asked to do.
pub(crate) enum Command<D> {
    /// Takes changes; replies when they are taken, not when they are durable.
    Apply {
        /// The changes, in order.
        changes: Vec<Change<D>>,
        /// The last event they contain.
        cursor: Option<u64>,
        /// Where to answer.
        reply: Reply,
    },
    /// Makes everything taken durable and visible.
    Flush {
        /// Where to answer.
        reply: Reply,
    },
    /// Empties the index, unless all that it holds came since it was made empty.
    BeginRebuild {
        /// Where to answer.
        reply: Reply,
    },
    /// Declares the index complete.
    FinishRebuild {
        /// The last event it contains.
        cursor: u64,
        /// Where to answer.
        reply: Reply,
    },
}

/// The writer's state; lives on its thread.
pub(crate) struct Writer<D: Indexed> {
    shared: Arc<Shared<D>>,
    opened: Opened,
    /// tantivy's writer, while there is work.
    inner: Option<IndexWriter>,
    /// When the oldest change that is not committed was taken.
    pending_since: Option<Instant>,
    cursor: Option<u64>,
    complete: bool,
    /// A commit nobody waited for has failed; the next flush must say so.
    failed: bool,
    content: Content,
}

/// What an index holds, as far as a rebuild has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Nothing but what came since it was made empty, so that a rebuild has nothing to remove.
    Fresh,
    /// Anything.
    Any,
    /// Less than came during a rebuild, as something was not committed; the rebuild cannot end well.
    Lacking,
}

impl<D: Indexed> Writer<D> {
    /// A writer of an open index.
    pub(crate) fn new(shared: Arc<Shared<D>>, opened: Opened) -> Self {
        let IndexStatus { needs_rebuild, cursor } = *shared.status.borrow();
        let complete = needs_rebuild.is_none();
        Self {
            shared,
            opened,
            inner: None,
            pending_since: None,
            cursor,
            complete,
            failed: false,
            content: match needs_rebuild {
                None | Some(RebuildReason::Unfinished) => Content::Any,
                Some(_) => Content::Fresh,
            },
        }
    }

    /// Works until all senders are gone, then commits what is left.
    pub(crate) fn run(mut self, commands: &Receiver<Command<D>>) {
        self.verify();
        loop {
            let wait = self
                .pending_since
                .map_or(IDLE, |since| DEBOUNCE.saturating_sub(since.elapsed()));
            let received = if self.inner.is_none() && self.pending_since.is_none() {
                commands.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                commands.recv_timeout(wait)
            };
            match received {
                Ok(command) => self.handle(command),
                Err(RecvTimeoutError::Timeout) if self.pending_since.is_some() => self.commit_alone(),
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Err(RecvTimeoutError::Disconnected) => {
                    if self.pending_since.is_some() {
                        self.commit_alone();
                    }
                    return self.put_down();
                }
            }
            if self.pending_since.is_some_and(|since| since.elapsed() >= DEBOUNCE) {
                self.commit_alone();
            }
        }
    }

    /// Compares all files with their checksums, once after the start and beside it.
    fn verify(&mut self) {
        if self.shared.status.borrow().needs_rebuild.is_some() {
            return;
        }
        match self.opened.index.validate_checksum() {
            Ok(damaged) if damaged.is_empty() => {}
            outcome => {
                tracing::warn!(
                    index = D::NAME,
                    ?outcome,
                    "the search index is damaged: it will be rebuilt"
                );
                self.shared
                    .status
                    .send_modify(|status| status.needs_rebuild = Some(RebuildReason::Damaged));
            }
        }
    }

    fn handle(&mut self, command: Command<D>) {
        let (outcome, reply) = match command {
            Command::Apply { changes, cursor, reply } => (self.apply(&changes, cursor), reply),
            Command::Flush { reply } => (self.flush(), reply),
            Command::BeginRebuild { reply } => (self.begin_rebuild(), reply),
            Command::FinishRebuild { cursor, reply } => (self.finish_rebuild(cursor), reply),
        };
        // The asker may have gone away; the work is done all the same.
        let _ = reply.send(outcome);
    }

    fn apply(&mut self, changes: &[Change<D>], cursor: Option<u64>) -> Result<(), SearchError> {
        if let Some(live) = &self.shared.live {
            live.update(changes.iter().filter_map(D::live_change));
        }
        let shared = Arc::clone(&self.shared);
        let writer = self.writer()?;
        for change in changes {
            match change {
                Change::Put(thing) => {
                    if let Some(key) = thing.keys().first() {
                        writer.delete_term(shared.fields.key_term(key));
                    }
                    writer.add_document(shared.fields.document(thing.as_ref()))?;
                }
                Change::Delete(key) => {
                    writer.delete_term(shared.fields.key_term(key));
                }
            }
        }
        self.cursor = self.cursor.max(cursor);
        self.pending_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SearchError> {
        if std::mem::take(&mut self.failed) {
            return Err(SearchError::Damaged);
        }
        if self.pending_since.is_some() {
            self.commit()
        } else {
            Ok(())
        }
    }

    fn begin_rebuild(&mut self) -> Result<(), SearchError> {
        if self.content != Content::Fresh || self.failed {
            self.empty()?;
        }
        self.content = Content::Any;
        self.cursor = None;
        self.complete = false;
        let unfinished = IndexStatus {
            needs_rebuild: Some(RebuildReason::Unfinished),
            cursor: None,
        };
        self.shared.status.send_replace(unfinished);
        Ok(self.shared.publish(&self.opened)?)
    }

    fn empty(&mut self) -> Result<(), SearchError> {
        self.put_down();
        self.pending_since = None;
        self.failed = false;
        if let Some(live) = &self.shared.live {
            live.clear();
        }
        self.opened = create::<D>(&self.shared.folder, &self.shared.fields)?;
        Ok(())
    }

    fn finish_rebuild(&mut self, cursor: u64) -> Result<(), SearchError> {
        if std::mem::take(&mut self.failed) || self.content == Content::Lacking {
            return Err(SearchError::Damaged);
        }
        self.cursor = self.cursor.max(Some(cursor));
        self.complete = true;
        self.commit().inspect_err(|_| self.complete = false)
    }

    fn commit_alone(&mut self) {
        if let Err(error) = self.commit() {
            tracing::error!(
                index = D::NAME,
                error = &error as &dyn std::error::Error,
                "writing the search index failed"
            );
            self.failed = true;
        }
    }

    fn commit(&mut self) -> Result<(), SearchError> {
        self.pending_since = None;
        let payload = payload(self.cursor, self.complete);
        let committed = self.writer().and_then(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            Ok(prepared.commit()?)
        });
        if let Err(error) = committed {
            // What was not committed is lost to the writer; replay begins at the cursor of the last good commit.
            self.put_down();
            self.cursor = self.shared.status.borrow().cursor;
            if !self.complete {
                self.content = Content::Lacking;
            }
            return Err(error);
        }
        self.shared.publish(&self.opened)?;
        let (cursor, complete) = (self.cursor, self.complete);
        self.shared.status.send_modify(|status| {
            status.cursor = if complete { cursor } else { None };
            if complete && status.needs_rebuild == Some(RebuildReason::Unfinished) {
                status.needs_rebuild = None;
            }
        });
        Ok(())
    }

    /// Waits for merges, shows their result and gives the memory back.
    fn rest(&mut self) {
        let Some(writer) = self.inner.take() else { return };
        let outcome = writer
            .wait_merging_threads()
            .and_then(|()| self.shared.publish(&self.opened));
        if let Err(error) = outcome {
            tracing::error!(
                index = D::NAME,
                error = &error as &dyn std::error::Error,
                "merging the search index failed"
            );
        }
    }

    /// Ends the writer without a commit. Its merges go on for a while when it is only dropped, and would write into a folder
    /// that is being emptied or lose their files to the next writer, so they are waited for; how they end does not matter.
    fn put_down(&mut self) {
        if let Some(writer) = self.inner.take()
            && let Err(error) = writer.wait_merging_threads()
        {
            tracing::debug!(
                index = D::NAME,
                error = &error as &dyn std::error::Error,
                "a writer of the search index ended badly"
            );
        }
    }

    fn writer(&mut self) -> Result<&mut IndexWriter, SearchError> {
        if self.inner.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(ARENA_BYTES)
                .build();
            let writer = self.opened.index.writer_with_options(options)?;
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(6);
            policy.set_del_docs_ratio_before_merge(0.3);
            writer.set_merge_policy(Box::new(policy));
            // Files of a commit that a kill cut off have the names that the next commit or merge wants.
            writer.garbage_collect_files().wait()?;
            self.inner = Some(writer);
        }
        self.inner.as_mut().ok_or(SearchError::Closed)
    }
}
