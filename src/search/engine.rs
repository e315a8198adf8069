//! One index on disk: opening, what searches see, and the way to its writer. Knows no domain.

use crate::search::error::SearchError;
use crate::search::live::{LiveRows, NO_ROW};
use crate::search::schema::{Fields, ID_COLUMNS, Indexed, tokenizers};
use crate::search::writer::{Command, Writer};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher, SegmentReader};
use tokio::sync::{oneshot, watch};

const VERSION_FILE: &str = "hub-index-version";
/// Blocks of stored documents kept unpacked; each is 16 KiB.
const CACHED_BLOCKS: usize = 32;

/// Why an index has to be filled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildReason {
    /// There was none.
    Missing,
    /// It was written by another version of the program.
    OtherVersion,
    /// A file was damaged.
    Damaged,
    /// The last rebuild did not end.
    Unfinished,
}

/// State of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexStatus {
    /// Why the index must be rebuilt, if it must; until then it answers with what it has.
    pub needs_rebuild: Option<RebuildReason>,
    /// The last event whose effect is durable in the index.
    pub cursor: Option<u64>,
}

/// A change of one index.
#[derive(Debug)]
pub enum Change<D> {
    /// Adds a thing, replacing its older version.
    Put(Box<D>),
    /// Removes everything that has this key.
    Delete(String),
}

/// Columns of one segment, opened once.
pub struct Columns {
    id_high: Column<u64>,
    id_low: Column<u64>,
    pub(crate) keywords: Vec<Option<StrColumn>>,
    pub(crate) numbers: Vec<Column<i64>>,
    /// Row of every document in [`LiveRows`]; empty for indexes without.
    pub(crate) rows: Vec<u32>,
}

impl Columns {
    fn open<D: Indexed>(reader: &SegmentReader, live: Option<&LiveRows>) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let keywords = D::KEYWORDS
            .iter()
            .map(|(name, counted)| if *counted { fast.str(name) } else { Ok(None) });
        let mut columns = Self {
            id_high: fast.u64(ID_COLUMNS[0])?,
            id_low: fast.u64(ID_COLUMNS[1])?,
            keywords: keywords.collect::<tantivy::Result<_>>()?,
            numbers: D::NUMBERS
                .iter()
                .map(|name| fast.i64(name))
                .collect::<tantivy::Result<_>>()?,
            rows: Vec::new(),
        };
        if let Some(live) = live {
            columns.rows = columns.assign_rows::<D>(reader, live);
        }
        Ok(columns)
    }

    fn assign_rows<D: Indexed>(&self, reader: &SegmentReader, live: &LiveRows) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..reader.max_doc())
            .map(|document| live.number(self.id(document)))
            .collect();
        let unknown = (0..reader.max_doc())
            .filter(|document| rows[*document as usize] == NO_ROW && !reader.is_deleted(*document));
        let unknown: Vec<u32> = unknown.collect();
        live.update(
            unknown
                .iter()
                .map(|document| (self.id(*document), D::live_row_of(self, *document))),
        );
        for document in unknown {
            rows[document as usize] = live.number(self.id(document));
        }
        rows
    }

    /// The id of a document, which breaks ties.
    pub(crate) fn id(&self, document: u32) -> u128 {
        let half = |column: &Column<u64>| u128::from(column.first(document).unwrap_or(0));
        (half(&self.id_high) << 64) | half(&self.id_low)
    }

    /// The values of a keyword of a document.
    pub(crate) fn keyword_values(&self, index: usize, document: u32) -> Vec<String> {
        let Some(column) = &self.keywords[index] else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for ordinal in column.term_ords(document) {
            let mut value = String::new();
            if column.ord_to_str(ordinal, &mut value).unwrap_or(false) {
                values.push(value);
            }
        }
        values
    }
}

/// What a search sees; does not change while it runs.
pub(crate) struct Snapshot {
    pub(crate) searcher: Searcher,
    /// By segment, in the searcher's order.
    pub(crate) columns: Vec<Arc<Columns>>,
    by_segment: HashMap<SegmentId, Arc<Columns>>,
}

/// What the handle and the writer share.
pub(crate) struct Shared<D: Indexed> {
    pub(crate) folder: PathBuf,
    pub(crate) fields: Fields,
    pub(crate) live: Option<LiveRows>,
    pub(crate) status: watch::Sender<IndexStatus>,
    snapshot: RwLock<Arc<Snapshot>>,
    kind: std::marker::PhantomData<fn() -> D>,
}

impl<D: Indexed> Shared<D> {
    /// The newest snapshot.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes what is committed visible to searches.
    pub(crate) fn publish(&self, opened: &Opened) -> tantivy::Result<()> {
        opened.reader.reload()?;
        let snapshot = take_snapshot::<D>(&opened.reader, Some(&self.snapshot()), self.live.as_ref())?;
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }
}

/// An open index.
pub(crate) struct Opened {
    pub(crate) index: Index,
    pub(crate) reader: IndexReader,
}

/// An index and the thread that writes it. Cheap to clone; the thread ends with the last clone, after a last commit.
///
/// The indexes of repositories, users and files all deref to it.
pub struct Engine<D: Indexed> {
    pub(crate) shared: Arc<Shared<D>>,
    hold: Arc<WriterThread<D>>,
}

impl<D: Indexed> Clone for Engine<D> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            hold: Arc::clone(&self.hold),
        }
    }
}

struct WriterThread<D> {
    commands: Mutex<Option<mpsc::Sender<Command<D>>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl<D> WriterThread<D> {
    fn stop(&self) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes a search index ended with a panic");
        }
    }
}

impl<D> Drop for WriterThread<D> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<D: Indexed> Engine<D> {
    /// Opens the index in `folder`, or starts an empty one when there is none that can be used; [`IndexStatus`] says why.
    ///
    /// Fails only when the folder cannot be written.
    pub(crate) fn open(folder: &Path, live: Option<LiveRows>) -> Result<Self, SearchError> {
        let folder = folder.join(D::NAME);
        let fields = Fields::of::<D>();
        let existing = catch_unwind(AssertUnwindSafe(|| open_existing::<D>(&folder, &fields, live.as_ref())));
        let (opened, snapshot, status) = match existing.unwrap_or(Err(RebuildReason::Damaged)) {
            Ok(existing) => existing,
            Err(reason) => {
                if let Some(live) = &live {
                    live.clear();
                }
                let opened = create::<D>(&folder, &fields)?;
                let snapshot = take_snapshot::<D>(&opened.reader, None, live.as_ref())?;
                (
                    opened,
                    snapshot,
                    IndexStatus {
                        needs_rebuild: Some(reason),
                        cursor: None,
                    },
                )
            }
        };
        let shared = Arc::new(Shared {
            folder,
            fields,
            live,
            status: watch::Sender::new(status),
            snapshot: RwLock::new(Arc::new(snapshot)),
            kind: std::marker::PhantomData,
        });
        let (commands, receiver) = mpsc::channel();
        let writer = Writer::new(Arc::clone(&shared), opened);
        let thread = std::thread::Builder::new()
            .name(format!("index-{}", D::NAME))
            .spawn(move || writer.run(&receiver));
        let thread = thread.map_err(|source| SearchError::Folder {
            folder: shared.folder.display().to_string(),
            source,
        })?;
        let hold = WriterThread {
            commands: Mutex::new(Some(commands)),
            thread: Mutex::new(Some(thread)),
        };
        Ok(Self {
            shared,
            hold: Arc::new(hold),
        })
    }

    /// Whether the index must be rebuilt, and the last event that it contains.
    pub fn status(&self) -> IndexStatus {
        *self.shared.status.borrow()
    }

    /// Tells of changes of the status.
    pub fn watch(&self) -> watch::Receiver<IndexStatus> {
        self.shared.status.subscribe()
    }

    /// Hands changes to the writer; returns when it has taken them, which holds back callers that are faster than the disk.
    ///
    /// They become searchable within 50 ms. A cursor given with them is durable with them.
    pub(crate) async fn change(&self, changes: Vec<Change<D>>, cursor: Option<u64>) -> Result<(), SearchError> {
        self.ask(|reply| Command::Apply { changes, cursor, reply }).await
    }

    /// Waits until everything applied before is durable and searchable.
    pub async fn flush(&self) -> Result<(), SearchError> {
        self.ask(|reply| Command::Flush { reply }).await
    }

    /// Empties the index. Until [`Self::finish_rebuild`], a start reports it as unfinished.
    pub async fn begin_rebuild(&self) -> Result<(), SearchError> {
        self.ask(|reply| Command::BeginRebuild { reply }).await
    }

    /// Declares the index complete up to an event.
    pub async fn finish_rebuild(&self, cursor: u64) -> Result<(), SearchError> {
        self.ask(|reply| Command::FinishRebuild { cursor, reply }).await
    }

    /// Commits, ends the writer's thread and releases the folder's lock; later writes answer [`SearchError::Closed`].
    pub async fn close(&self) {
        let hold = Arc::clone(&self.hold);
        crate::base::blocking(move || hold.stop()).await;
    }

    /// Runs a search, and takes a failure of it as a sign of damage: no text that somebody types causes one.
    pub(crate) fn search<T>(&self, search: impl FnOnce(&Snapshot) -> Result<T, SearchError>) -> Result<T, SearchError> {
        let snapshot = self.shared.snapshot();
        let answer = catch_unwind(AssertUnwindSafe(|| search(&snapshot))).unwrap_or(Err(SearchError::Damaged));
        if let Err(error) = &answer {
            tracing::error!(
                index = D::NAME,
                error = error as &dyn std::error::Error,
                "a search failed: the index will be rebuilt"
            );
            self.shared
                .status
                .send_modify(|status| status.needs_rebuild = Some(RebuildReason::Damaged));
        }
        answer
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), SearchError>>) -> Command<D>,
    ) -> Result<(), SearchError> {
        let (reply, answer) = oneshot::channel();
        {
            let commands = self.hold.commands.lock().unwrap_or_else(PoisonError::into_inner);
            let commands = commands.as_ref().ok_or(SearchError::Closed)?;
            commands.send(command(reply)).map_err(|_| SearchError::Closed)?;
        }
        answer.await.map_err(|_| SearchError::Closed)?
    }
}

type Existing = (Opened, Snapshot, IndexStatus);

fn open_existing<D: Indexed>(
    folder: &Path,
    fields: &Fields,
    live: Option<&LiveRows>,
) -> Result<Existing, RebuildReason> {
    let version = std::fs::read_to_string(folder.join(VERSION_FILE)).map_err(|_| RebuildReason::Missing)?;
    if version != version_text::<D>() {
        return Err(RebuildReason::OtherVersion);
    }
    let damaged = |error: tantivy::TantivyError| {
        tracing::warn!(
            index = D::NAME,
            error = &error as &dyn std::error::Error,
            "the search index is damaged: it will be rebuilt"
        );
        RebuildReason::Damaged
    };
    let mut index = Index::open_in_dir(folder).map_err(damaged)?;
    if index.schema() != fields.schema {
        return Err(RebuildReason::OtherVersion);
    }
    index.set_tokenizers(tokenizers());
    let status = read_status(&index).map_err(damaged)?;
    let opened = with_reader(index).map_err(damaged)?;
    let snapshot = take_snapshot::<D>(&opened.reader, None, live).map_err(damaged)?;
    Ok((opened, snapshot, status))
}

/// Wipes the folder and starts an empty index in it.
pub(crate) fn create<D: Indexed>(folder: &Path, fields: &Fields) -> Result<Opened, SearchError> {
    let failed = |source| SearchError::Folder {
        folder: folder.display().to_string(),
        source,
    };
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => std::fs::create_dir_all(folder).map_err(failed)?,
    }
    let mut index = Index::create_in_dir(folder, fields.schema.clone())?;
    index.set_tokenizers(tokenizers());
    std::fs::write(folder.join(VERSION_FILE), version_text::<D>()).map_err(failed)?;
    Ok(with_reader(index)?)
}

fn version_text<D: Indexed>() -> String {
    format!("{} {} tantivy {}\n", D::NAME, D::VERSION, tantivy::version_string())
}

fn with_reader(index: Index) -> tantivy::Result<Opened> {
    let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    let reader = builder.doc_store_cache_num_blocks(CACHED_BLOCKS).try_into()?;
    Ok(Opened { index, reader })
}

fn take_snapshot<D: Indexed>(
    reader: &IndexReader,
    previous: Option<&Snapshot>,
    live: Option<&LiveRows>,
) -> tantivy::Result<Snapshot> {
    let searcher = reader.searcher();
    let mut columns = Vec::new();
    let mut by_segment = HashMap::new();
    for segment in searcher.segment_readers() {
        let known = previous.and_then(|previous| previous.by_segment.get(&segment.segment_id()));
        let opened = match known {
            Some(known) => Arc::clone(known),
            None => Arc::new(Columns::open::<D>(segment, live)?),
        };
        by_segment.insert(segment.segment_id(), Arc::clone(&opened));
        columns.push(opened);
    }
    Ok(Snapshot {
        searcher,
        columns,
        by_segment,
    })
}

/// What a commit says about the events it contains: the cursor, and `+` once a rebuild has ended.
pub(crate) fn payload(cursor: Option<u64>, complete: bool) -> String {
    format!("{}{}", cursor.unwrap_or(0), if complete { "+" } else { "" })
}

fn read_status(index: &Index) -> tantivy::Result<IndexStatus> {
    let payload = index.load_metas()?.payload.unwrap_or_default();
    let cursor = payload.strip_suffix('+').and_then(|cursor| cursor.parse().ok());
    let needs_rebuild = if cursor.is_none() {
        Some(RebuildReason::Unfinished)
    } else {
        None
    };
    Ok(IndexStatus { needs_rebuild, cursor })
}
