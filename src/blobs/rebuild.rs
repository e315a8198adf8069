//! Content that is put together from a recipe while it is read.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use super::recipe::Recipe;
use super::stream::BlobStream;
use super::xet::xorb::decode_chunk;
use super::xorb_index::stretch;
use super::{BlobError, Blobs};
use crate::base::blocking;

/// Bytes of content that are unpacked at once: the memory of a reader, together with as much of the xorb.
const BATCH: u64 = 512 * 1024;
/// Bytes of a xorb that are waited for at least.
const STORED_BATCH: usize = 256 * 1024;

/// A recipe that is being read.
pub(in crate::blobs) struct OpenRecipe {
    blobs: Blobs,
    recipe: Recipe,
    /// Where each term ends in the content.
    ends: Vec<u64>,
}

/// A run of chunks of one xorb, as its bytes come.
struct Run {
    stored: BlobStream,
    buffer: BytesMut,
    /// Bytes of the chunks that are still to come: as they are stored, and as they are.
    chunks: VecDeque<(usize, u64)>,
    /// Bytes at the beginning of the next chunk that are not asked for.
    skip: u64,
}

struct Rebuilding {
    open: Arc<OpenRecipe>,
    /// What is still to come.
    range: Range<u64>,
    run: Option<Run>,
}

impl OpenRecipe {
    pub(in crate::blobs) fn new(blobs: Blobs, recipe: Recipe) -> Self {
        let ends = recipe.terms.iter().scan(0_u64, |end, term| {
            *end += u64::from(term.raw_len);
            Some(*end)
        });
        let ends = ends.collect();
        Self { blobs, recipe, ends }
    }

    pub(in crate::blobs) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Streams a range that lies inside the content.
    pub(in crate::blobs) fn stream(
        self: &Arc<Self>,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes, BlobError>> {
        let rebuilding = Rebuilding {
            open: Arc::clone(self),
            range,
            run: None,
        };
        stream::try_unfold(rebuilding, |mut rebuilding| async move {
            let piece = rebuilding.next().await?;
            Ok(piece.map(|piece| (piece, rebuilding)))
        })
        .boxed()
    }

    /// Begins to read the chunks of one term that hold the bytes of a range, from its beginning on.
    async fn run(&self, range: &Range<u64>) -> Result<Run, BlobError> {
        let index = self.ends.partition_point(|end| *end <= range.start);
        let (term, term_end) = (&self.recipe.terms[index], self.ends[index]);
        let term_start = term_end - u64::from(term.raw_len);
        let ends = self.blobs.ends_of(term.xorb).await?;
        let (first, last) = (term.chunks.start as usize, term.chunks.end as usize);
        let chunks = ends
            .get(first..last)
            .ok_or(BlobError::UnknownXorb { xorb: term.xorb })?;
        let base = stretch(&ends, &(first..first), |end| end.1).start;
        // Where the wanted bytes lie among the bytes of the xorb.
        let (from, to) = (
            base + (range.start - term_start),
            base + (range.end.min(term_end) - term_start),
        );
        let begin = first + chunks.partition_point(|(_, raw)| u64::from(*raw) <= from);
        let until = (first + chunks.partition_point(|(_, raw)| u64::from(*raw) < to) + 1).min(last);
        let stored = stretch(&ends, &(begin..until), |end| end.0);
        let lengths = (begin..until).map(|chunk| {
            let (stored, raw) = (chunk..chunk + 1, chunk..chunk + 1);
            let (stored, raw) = (stretch(&ends, &stored, |end| end.0), stretch(&ends, &raw, |end| end.1));
            let stored = usize::try_from(stored.end - stored.start).unwrap_or(usize::MAX);
            (stored, raw.end - raw.start)
        });
        let skip = from - stretch(&ends, &(begin..begin), |end| end.1).start;
        Ok(Run {
            chunks: lengths.collect(),
            skip,
            buffer: BytesMut::new(),
            stored: self.blobs.xorb_reader(term.xorb).await?.stream(stored),
        })
    }
}

impl Rebuilding {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let mut run = match self.run.take() {
            Some(run) => run,
            None => self.open.run(&self.range).await?,
        };
        let mut piece = run.unpack().await?;
        let left = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        piece.truncate(left);
        self.range.start += piece.len() as u64;
        if !run.chunks.is_empty() {
            self.run = Some(run);
        }
        Ok(Some(piece))
    }
}

impl Run {
    /// The next chunks, unpacked, without what is not asked for at their beginning.
    async fn unpack(&mut self) -> Result<Bytes, BlobError> {
        let (mut stored, mut raw, mut lengths) = (0, 0, Vec::new());
        while let Some((packed, length)) = self.chunks.front() {
            if !lengths.is_empty() && (raw + length > BATCH || stored + packed > self.buffer.len().max(STORED_BATCH)) {
                break;
            }
            stored += packed;
            raw += length;
            lengths.push(*packed);
            self.chunks.pop_front();
        }
        while self.buffer.len() < stored {
            let piece = self.stored.next().await.unwrap_or_else(|| {
                Err(BlobError::Unavailable {
                    source: "a xorb ended early".into(),
                })
            })?;
            self.buffer.extend_from_slice(&piece);
        }
        let packed = self.buffer.split_to(stored).freeze();
        let skip = usize::try_from(std::mem::take(&mut self.skip)).unwrap_or(usize::MAX);
        let content = blocking(move || unpacked(&packed, &lengths, raw)).await?;
        Ok(content.slice(skip.min(content.len())..))
    }
}

fn unpacked(mut packed: &[u8], lengths: &[usize], raw: u64) -> Result<Bytes, BlobError> {
    let mut content = Vec::with_capacity(usize::try_from(raw).unwrap_or(0));
    for length in lengths {
        let (chunk, rest) = packed.split_at(*length);
        content.extend_from_slice(&decode_chunk(chunk)?);
        packed = rest;
    }
    if content.len() as u64 == raw {
        Ok(content.into())
    } else {
        Err(BlobError::Unavailable {
            source: "the chunks of a xorb have other lengths than its index".into(),
        })
    }
}
