//! Answers that blocking code makes while it reads the request: the body of either direction goes through a channel of
//! few pieces, so memory stays bounded whatever the sizes are, and a client that goes away ends the work at its next
//! read or write.

use actix_web::web::Payload;
use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use futures_util::Stream;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, interval_at};
use tokio_util::sync::PollSender;

/// Bytes of the answer that are handed over at once.
const PIECE: usize = 64 * 1024;
/// Pieces under way in either direction.
const PIECES: usize = 4;
/// A client that neither sends nor takes anything for so long is given up, so that it does not keep a thread.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the work hands over.
enum Outgoing {
    Piece(Bytes),
    KeepAlive(KeepAlive),
}

/// What is sent, and how often, as long as the work has nothing to say about a request that it has read.
struct KeepAlive {
    bytes: &'static [u8],
    every: Duration,
    ticks: Option<Interval>,
}

enum Parcel {
    Data(Bytes),
    /// The whole body has arrived. A channel that closes without it was abandoned.
    End,
}

/// The body of a request, for blocking code.
pub struct RequestReader {
    parcels: mpsc::Receiver<Parcel>,
    current: Bytes,
    ended: bool,
    runtime: Handle,
}

impl RequestReader {
    fn next(&mut self) -> io::Result<()> {
        let arrived = match self.parcels.try_recv() {
            Ok(parcel) => Ok(Some(parcel)),
            Err(mpsc::error::TryRecvError::Disconnected) => Ok(None),
            Err(mpsc::error::TryRecvError::Empty) => {
                // Made inside of the future, because a timeout belongs to the runtime.
                self.runtime
                    .block_on(async { tokio::time::timeout(PATIENCE, self.parcels.recv()).await })
            }
        };
        match arrived {
            Ok(Some(Parcel::Data(data))) => self.current = data,
            Ok(Some(Parcel::End)) => self.ended = true,
            Ok(None) => return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the client went away")),
            Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "the client sends nothing")),
        }
        Ok(())
    }

    /// Undoes the `Content-Encoding` of the request and bounds what comes out of it, so that a few compressed bytes do
    /// not become endless work; `None` when the encoding is not known here.
    pub fn decoded(self, encoding: Option<&str>, limit: u64) -> Option<Box<dyn BufRead + Send>> {
        let plain: Box<dyn BufRead + Send> = match encoding.map(str::trim).unwrap_or_default() {
            "" | "identity" => Box::new(self),
            "gzip" | "x-gzip" => Box::new(BufReader::with_capacity(PIECE, MultiGzDecoder::new(self))),
            _ => return None,
        };
        Some(Box::new(Limited {
            inner: plain,
            left: limit,
        }))
    }
}

/// Reads what a buffer holds.
fn read_buffered(from: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let there = from.fill_buf()?;
    let count = there.len().min(buffer.len());
    buffer[..count].copy_from_slice(&there[..count]);
    from.consume(count);
    Ok(count)
}

impl Read for RequestReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}

impl BufRead for RequestReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() && !self.ended {
            self.next()?;
        }
        Ok(&self.current)
    }

    fn consume(&mut self, count: usize) {
        self.current.advance(count);
    }
}

/// A reader that fails, rather than ends, behind its limit.
struct Limited {
    inner: Box<dyn BufRead + Send>,
    left: u64,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_buffered(self, buffer)
    }
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let there = self.inner.fill_buf()?;
        if left == 0 && !there.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the body of the request is larger than the hub accepts",
            ));
        }
        Ok(&there[..there.len().min(left)])
    }

    fn consume(&mut self, count: usize) {
        self.left -= count as u64;
        self.inner.consume(count);
    }
}

/// The body of an answer, for blocking code. What is written is on its way after 64 KiB or a flush.
pub struct AnswerWriter {
    pieces: mpsc::Sender<Outgoing>,
    waiting: Vec<u8>,
    runtime: Handle,
}

impl AnswerWriter {
    fn send(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.hand_over(Outgoing::Piece(Bytes::from(piece)))
    }

    /// From now until the first bytes of the answer, these are sent every so often once the request has arrived, so that
    /// nobody on the way takes the silence of long work for its end. The answer is one of success then.
    pub fn keep_alive(&mut self, bytes: &'static [u8], every: Duration) -> io::Result<()> {
        let ticks = None;
        self.hand_over(Outgoing::KeepAlive(KeepAlive { bytes, every, ticks }))
    }

    fn hand_over(&mut self, outgoing: Outgoing) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client went away");
        match self.pieces.try_send(outgoing) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(outgoing)) => Err(gone(mpsc::error::SendError(outgoing))),
            Err(mpsc::error::TrySendError::Full(outgoing)) => {
                let sent = self
                    .runtime
                    .block_on(async { tokio::time::timeout(PATIENCE, self.pieces.send(outgoing)).await });
                match sent {
                    Ok(sent) => sent.map_err(gone),
                    Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")),
                }
            }
        }
    }
}

impl Write for AnswerWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(PIECE - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..count]);
        if self.waiting.len() == PIECE {
            self.send()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pieces.is_closed() {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client went away"));
        }
        self.send()
    }
}

/// A request that is being answered by blocking code; as a stream it is the body of the answer.
pub struct Exchange<E> {
    payload: Option<Payload>,
    /// Has room for a parcel or is waiting for it; none when the body has been handed over.
    input: Option<PollSender<Parcel>>,
    output: mpsc::Receiver<Outgoing>,
    keep_alive: Option<KeepAlive>,
    first: Option<Bytes>,
    task: Option<JoinHandle<Result<(), E>>>,
}

impl<E: Send + 'static> Exchange<E> {
    /// Starts the work. It reads the body, or part of it, and writes the answer; what it has written is sent when it
    /// ends. When this exchange is dropped, its reads and writes fail.
    pub fn start(
        payload: Payload,
        work: impl FnOnce(RequestReader, &mut AnswerWriter) -> Result<(), E> + Send + 'static,
    ) -> Self {
        let (input, parcels) = mpsc::channel(PIECES);
        let (pieces, output) = mpsc::channel(PIECES);
        let runtime = Handle::current();
        let reader = RequestReader {
            parcels,
            current: Bytes::new(),
            ended: false,
            runtime: runtime.clone(),
        };
        let mut writer = AnswerWriter {
            pieces,
            waiting: Vec::with_capacity(PIECE),
            runtime,
        };
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            span.in_scope(|| {
                work(reader, &mut writer)?;
                // Whoever is gone does not miss the rest.
                let _gone = writer.send();
                Ok(())
            })
        });
        Self {
            payload: Some(payload),
            input: Some(PollSender::new(input)),
            output,
            keep_alive: None,
            first: None,
            task: Some(task),
        }
    }

    /// Waits for the first bytes of the answer. An error before them can still be told by the status of the answer.
    pub async fn begun(mut self) -> Result<Self, E> {
        match std::future::poll_fn(|context| self.poll(context)).await {
            Some(Ok(piece)) => self.first = Some(piece),
            Some(Err(error)) => return Err(error),
            None => {}
        }
        Ok(self)
    }

    /// Moves what can be moved in both directions, because the work may write before it has read everything.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        if self.poll_input(context).is_ready() {
            self.input = None;
            self.payload = None;
        }
        loop {
            match self.output.poll_recv(context) {
                Poll::Ready(Some(Outgoing::Piece(piece))) => {
                    self.keep_alive = None;
                    return Poll::Ready(Some(Ok(piece)));
                }
                Poll::Ready(Some(Outgoing::KeepAlive(wish))) => self.keep_alive = Some(wish),
                Poll::Ready(None) => break,
                Poll::Pending => return self.poll_keep_alive(context).map(|bytes| Some(Ok(bytes))),
            }
        }
        let Some(task) = self.task.as_mut() else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(task).poll(context));
        self.task = None;
        Poll::Ready(match ended {
            Ok(Err(error)) => Some(Err(error)),
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Ok(Ok(())) | Err(_) => None,
        })
    }

    /// Ready when it is time to show that somebody is still at work.
    fn poll_keep_alive(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        // While the request arrives, the connection is not silent, and many a client hears nothing before its end.
        let (None, Some(wish)) = (&self.payload, &mut self.keep_alive) else {
            return Poll::Pending;
        };
        let every = wish.every;
        let ticks = wish
            .ticks
            .get_or_insert_with(|| interval_at(Instant::now() + every, every));
        ready!(ticks.poll_tick(context));
        Poll::Ready(Bytes::from_static(wish.bytes))
    }

    /// Hands the body over; ready when there is nothing more to do.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (Some(payload), Some(input)) = (self.payload.as_mut(), self.input.as_mut()) else {
            return Poll::Ready(());
        };
        loop {
            // Fails when the work has ended or does not want the rest.
            if ready!(input.poll_reserve(context)).is_err() {
                return Poll::Ready(());
            }
            let (parcel, last) = match ready!(Pin::new(&mut *payload).poll_next(context)) {
                Some(Ok(data)) => (Parcel::Data(data), false),
                Some(Err(_)) => return Poll::Ready(()),
                None => (Parcel::End, true),
            };
            if input.send_item(parcel).is_err() || last {
                return Poll::Ready(());
            }
        }
    }
}

impl<E: std::fmt::Display + Send + 'static> Stream for Exchange<E> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let next = ready!(self.poll(context));
        Poll::Ready(next.map(|piece| piece.map_err(|error| io::Error::other(error.to_string()))))
    }
}
