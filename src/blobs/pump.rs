use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::BlobError;

/// Bytes that are handed over at once. With [`PARCELS`] of them under way, memory stays bounded whatever the sizes of
/// source and sink; measured best together with one task that hashes and writes.
const PARCEL_BYTES: usize = 512 * 1024;
const PARCELS: usize = 4;

enum Parcel {
    Data(Vec<Bytes>),
    /// The sender has said everything. A channel that closes without it was abandoned.
    End,
}

/// Hands chunks from an async source to one blocking task, which waits for them.
///
/// The task is the one kind of task that this engine starts by itself. It ends when the pump is finished or dropped;
/// when dropped, the task sees [`BlobError::Abandoned`] and cleans up.
pub(in crate::blobs) struct Pump<T> {
    sender: mpsc::Sender<Parcel>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    task: Option<JoinHandle<Result<T, BlobError>>>,
}

/// The blocking side of a [`Pump`].
pub(in crate::blobs) struct Parcels(mpsc::Receiver<Parcel>);

impl Parcels {
    /// Waits for further bytes; `None` after the last.
    pub(in crate::blobs) fn next(&mut self) -> Result<Option<Vec<Bytes>>, BlobError> {
        match self.0.blocking_recv() {
            Some(Parcel::Data(chunks)) => Ok(Some(chunks)),
            Some(Parcel::End) => Ok(None),
            None => Err(BlobError::Abandoned),
        }
    }
}

impl<T: Send + 'static> Pump<T> {
    /// Starts the blocking task.
    pub(in crate::blobs) fn start(work: impl FnOnce(Parcels) -> Result<T, BlobError> + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(PARCELS);
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || span.in_scope(|| work(Parcels(receiver))));
        Self {
            sender,
            waiting: Vec::new(),
            waiting_bytes: 0,
            task: Some(task),
        }
    }

    /// Hands over a chunk of any size; waits while the task is behind. Gives the task's error when it has stopped. A
    /// caller that stops waiting may lose the rest of this chunk; the task must compare what arrived with what was sent.
    pub(in crate::blobs) async fn push(&mut self, mut chunk: Bytes) -> Result<(), BlobError> {
        while !chunk.is_empty() {
            if self.waiting_bytes == PARCEL_BYTES {
                self.send_waiting().await?;
            }
            let room = PARCEL_BYTES - self.waiting_bytes;
            let piece = chunk.split_to(room.min(chunk.len()));
            self.waiting_bytes += piece.len();
            self.waiting.push(piece);
        }
        Ok(())
    }

    /// Says that everything has been pushed, and waits for the task's result.
    pub(in crate::blobs) async fn finish(mut self) -> Result<T, BlobError> {
        self.send_waiting().await?;
        // A task that has stopped gives its own reason below.
        let _stopped = self.sender.send(Parcel::End).await;
        self.result().await
    }

    async fn send_waiting(&mut self) -> Result<(), BlobError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // The place first, then the chunks: nothing is lost when the caller gives up waiting.
        if let Ok(place) = self.sender.reserve().await {
            self.waiting_bytes = 0;
            place.send(Parcel::Data(std::mem::take(&mut self.waiting)));
            return Ok(());
        }
        match self.result().await {
            Err(error) => Err(error),
            Ok(_) => Err(BlobError::Abandoned),
        }
    }

    async fn result(&mut self) -> Result<T, BlobError> {
        match self.task.take() {
            None => Err(BlobError::Abandoned),
            Some(task) => match task.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(BlobError::Abandoned),
            },
        }
    }
}
