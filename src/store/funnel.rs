//! The one way to write: callers queue closures, one thread runs up to `BATCH` of them in one transaction, commits
//! it durably, and only then answers each of them.

use super::error::StoreError;
use super::transaction::{Batch, WriteTx};
use super::{Place, Shared};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most closures that share a commit.
const BATCH: usize = 1_024;

/// Room that must be left on the disk before a transaction begins, so that a full disk meets a sentence and not a
/// half-written page. A batch of small rows needs far less.
const RESERVED_BYTES: u64 = 16 * 1024 * 1024;

/// The part of a commit's time that the writer waits for callers who are on their way back.
const PATIENCE: u32 = 6;

/// Tells the caller how the commit that carried its closure went.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// A queued closure: makes its changes, takes them back when it fails, and says how to answer. It is given the reason
/// instead of a transaction when none could begin.
type Work = Box<dyn FnOnce(Result<&WriteTx<'_>, StoreError>) -> Answer + Send>;

enum Outcome<T, E> {
    Done(Result<T, E>),
    Panicked(Box<dyn Any + Send>),
}

pub(super) struct Funnel {
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Funnel {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_until_closed(&shared, &receiver))?;
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let span = tracing::Span::current();
        let work: Work = Box::new(move |tx| span.in_scope(|| perform(tx, f, sender)));
        self.enqueue(work)?;
        match receiver.await {
            Ok(Outcome::Done(result)) => result,
            Ok(Outcome::Panicked(payload)) => resume_unwind(payload),
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    fn enqueue(&self, work: Work) -> Result<(), StoreError> {
        let queue = self.queue.lock().map_err(|_| StoreError::Closed)?;
        queue
            .as_ref()
            .and_then(|sender| sender.send(work).ok())
            .ok_or(StoreError::Closed)
    }

    pub(super) fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the metadata store ended with a panic");
        }
    }
}

impl Drop for Funnel {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs one closure; a failure or a panic takes its changes back at once, before the next closure sees them.
fn perform<T, E, F>(tx: Result<&WriteTx<'_>, StoreError>, f: F, sender: oneshot::Sender<Outcome<T, E>>) -> Answer
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
{
    let outcome = match tx {
        Ok(tx) => run(tx, f),
        Err(error) => Outcome::Done(Err(error.into())),
    };
    Box::new(move |commit| {
        let outcome = match (outcome, commit) {
            (Outcome::Done(Ok(_)), Err(error)) => Outcome::Done(Err(error.into())),
            (outcome, _) => outcome,
        };
        // A caller that no longer waits has dropped its end; the change is made all the same.
        drop(sender.send(outcome));
    })
}

fn run<T, E>(tx: &WriteTx<'_>, f: impl FnOnce(&WriteTx<'_>) -> Result<T, E>) -> Outcome<T, E> {
    let outcome = match catch_unwind(AssertUnwindSafe(|| f(tx))) {
        Ok(result) => Outcome::Done(result),
        Err(payload) => Outcome::Panicked(payload),
    };
    if !matches!(outcome, Outcome::Done(Ok(_))) {
        tx.roll_back();
    }
    outcome
}

fn write_until_closed(shared: &Shared, queue: &mpsc::Receiver<Work>) {
    let mut crowd = Crowd::default();
    let mut batch = Vec::new();
    loop {
        if batch.is_empty() {
            let Ok(first) = queue.recv() else { break };
            batch.push(first);
        }
        crowd.gather(queue, &mut batch);
        let (size, begun) = (batch.len(), Instant::now());
        let (result, answers) = commit(shared, std::mem::take(&mut batch));
        batch.extend(queue.try_iter().take(BATCH));
        crowd = Crowd {
            callers: size + batch.len(),
            patience: begun.elapsed() / PATIENCE,
        };
        for answer in answers {
            answer(result.clone());
        }
    }
    close(shared);
}

/// Who wrote a moment ago. Callers who were answered together mostly come back together; a commit that leaves with the
/// first of them makes the others wait for two, so it waits a little for as many as there were.
#[derive(Default)]
struct Crowd {
    callers: usize,
    patience: Duration,
}

impl Crowd {
    fn gather(&self, queue: &mpsc::Receiver<Work>, batch: &mut Vec<Work>) {
        let begun = Instant::now();
        while batch.len() < BATCH {
            match queue.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) if batch.len() < self.callers && begun.elapsed() < self.patience => std::thread::yield_now(),
                Err(_) => return,
            }
        }
    }
}

/// Runs and commits a batch; answers how it went, and whom to tell.
fn commit(shared: &Shared, works: Vec<Work>) -> (Result<(), StoreError>, Vec<Answer>) {
    let mut answers: Vec<Answer> = Vec::with_capacity(works.len());
    let mut after_commit = Vec::new();
    if let Err(error) = has_room(shared) {
        answers.extend(works.into_iter().map(|work| work(Err(error.clone()))));
        return (Err(error), answers);
    }
    let mut works = works.into_iter();
    let committed = shared.with_database(|database| {
        let transaction = database.begin_write()?;
        let batch = Batch::new(&transaction);
        for work in works.by_ref() {
            let tx = WriteTx::new(&batch);
            answers.push(work(Ok(&tx)));
            after_commit.extend(tx.into_after_commit());
        }
        let failure = batch.failure();
        drop(batch);
        match failure {
            Some(error) => {
                transaction.abort()?;
                Err(error)
            }
            None => Ok(transaction.commit()?),
        }
    });
    let result = committed.and_then(|()| shared.renew_snapshot());
    match result {
        Ok(()) => after_commit.into_iter().for_each(|f| f()),
        Err(ref error) => {
            recover(shared, error);
            answers.extend(works.map(|work| work(Err(error.clone()))));
        }
    }
    (result, answers)
}

/// After an I/O error redb answers nothing but that error until the file is opened again.
fn recover(shared: &Shared, error: &StoreError) {
    tracing::error!(%error, "a metadata transaction failed and was taken back");
    if matches!(error, StoreError::Io(_) | StoreError::Storage(_) | StoreError::Full)
        && let Err(error) = shared.reopen()
    {
        tracing::error!(%error, "the metadata store could not be opened again; restart the hub");
    }
}

fn has_room(shared: &Shared) -> Result<(), StoreError> {
    let Place::File { path, .. } = &shared.place else {
        return Ok(());
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let facts = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
    if facts.f_bavail.saturating_mul(facts.f_frsize) < RESERVED_BYTES {
        Err(StoreError::Full)
    } else {
        Ok(())
    }
}

/// One last empty commit with the allocator's state, so that the next start needs no repair.
fn close(shared: &Shared) {
    let closing = shared.with_database(|database| {
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        Ok(transaction.commit()?)
    });
    if let Err(error) = closing {
        tracing::error!(%error, "the metadata store was not closed cleanly; the next start repairs it");
    }
    // Fails only when a panic left the lock poisoned, and then nobody can use the database either.
    let _ = shared.alone(|database| Ok(database.take()));
}
