use std::collections::VecDeque;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use futures_util::Stream;

use crate::blobs::{BlobReader, BlobStream};

/// Content that can be answered as a file.
pub trait ContentSource: Unpin + 'static {
    /// Bytes of a range, in order.
    type Stream: Stream<Item = Result<Bytes, Self::Error>> + Unpin;
    /// Why reading ended early; it is logged, and the connection is closed before the announced length.
    type Error: Into<Box<dyn std::error::Error>> + std::fmt::Display;

    /// Bytes in the content.
    fn size(&self) -> u64;

    /// A short range, if it takes no waiting.
    fn at_hand(&self, range: Range<u64>) -> Option<Bytes>;

    /// Streams a range inside the content.
    fn stream(&self, range: Range<u64>) -> Self::Stream;
}

impl ContentSource for BlobReader {
    type Stream = BlobStream;
    type Error = crate::blobs::BlobError;

    fn size(&self) -> u64 {
        BlobReader::size(self)
    }

    fn at_hand(&self, range: Range<u64>) -> Option<Bytes> {
        self.bytes_at_hand(range)
    }

    fn stream(&self, range: Range<u64>) -> BlobStream {
        BlobReader::stream(self, range)
    }
}

/// Content in memory, such as a file from a git object database.
impl ContentSource for Bytes {
    type Stream = futures_util::stream::Iter<std::option::IntoIter<Result<Bytes, Self::Error>>>;
    type Error = std::convert::Infallible;

    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn at_hand(&self, range: Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        (start <= end && end <= self.len()).then(|| self.slice(start..end))
    }

    fn stream(&self, range: Range<u64>) -> Self::Stream {
        futures_util::stream::iter(self.at_hand(range).map(Ok))
    }
}

/// A stretch of a body.
pub(in crate::http) enum Piece {
    /// Bytes of the answer itself, such as the heads of parts.
    Text(Bytes),
    /// Bytes of the content.
    Content(Range<u64>),
}

/// A body of known length made from pieces of content.
pub(in crate::http) struct FileBody<S: ContentSource> {
    source: S,
    pieces: VecDeque<Piece>,
    current: Option<S::Stream>,
    length: u64,
}

impl<S: ContentSource> FileBody<S> {
    pub(in crate::http) fn new(source: S, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let pieces: VecDeque<Piece> = pieces.into_iter().collect();
        let length = pieces.iter().map(Piece::length).sum();
        Self {
            source,
            pieces,
            current: None,
            length,
        }
    }
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Content(range) => range.end - range.start,
        }
    }
}

impl<S: ContentSource> MessageBody for FileBody<S> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            if let Some(stream) = self.current.as_mut() {
                match ready!(Pin::new(stream).poll_next(context)) {
                    Some(Ok(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    None => self.current = None,
                }
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Text(text)) => return Poll::Ready(Some(Ok(text))),
                Some(Piece::Content(range)) => self.current = Some(self.source.stream(range)),
            }
        }
    }
}

/// The body of an answer to HEAD: it has a length, but nothing is read or sent.
pub struct HeadBody(pub(in crate::http) BodySize);

impl MessageBody for HeadBody {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
