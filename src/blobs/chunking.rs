//! Blobs that came whole get a recipe too: they are cut into chunks as a client of the Xet protocol would have cut them.
//!
//! What a holder has of its own is not packed again; what others have is never looked at. The xorbs and the recipe are taken
//! as if the holder had sent them, so a crash leaves what an upload that broke off leaves, and the next try goes on with it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use std::sync::PoisonError;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::chunk_search::xorbs_around;
use super::recipe::AnnouncedRecipe;
use super::xet::chunker::Chunker;
use super::xet::hash::{FileHasher, XetHash, chunk_hash};
use super::xet::shard::Term;
use super::xet::xorb::XorbBuilder;
use super::{BlobError, Blobs, xorb_rows};
use crate::base::{RepositoryId, Sha256, blocking};

/// Bytes of content in a xorb that is made here; a quarter of what the protocol allows, because it is packed in memory.
const XORB_CONTENT: u64 = 16 * 1024 * 1024;
/// Bytes of a xorb that are written at once.
const PARCEL: usize = 256 * 1024;
/// Chunks of a holder that are remembered: some 20 MiB of memory for 16 GiB of content.
const REMEMBERED: usize = 256 * 1024;
/// Xorbs of a holder that are looked into before its first blob; later ones are found by chunks that clients ask for, too.
const LOOKED_INTO: usize = 1024;

/// Gives blobs of one holder their recipes, one after the other.
pub struct Chunking {
    blobs: Blobs,
    holder: RepositoryId,
    known: KnownChunks,
}

/// Chunks that a holder has, and where.
#[derive(Default)]
struct KnownChunks {
    /// Number of the xorb, and the place of the chunk in it.
    places: HashMap<[u8; 32], (u32, u32)>,
    /// By their numbers; none while a xorb is being packed.
    xorbs: Vec<Option<XetHash>>,
    loaded: HashSet<[u8; 32]>,
}

/// A blob on its way into chunks.
struct Cutting {
    known: KnownChunks,
    chunker: Chunker,
    /// The beginning of a chunk that has not ended yet.
    open: BytesMut,
    hasher: FileHasher,
    terms: Vec<DraftTerm>,
    packing: Option<(u32, XorbBuilder)>,
    packed_content: u64,
}

struct DraftTerm {
    xorb: u32,
    start: u32,
    end: u32,
    raw_len: u32,
}

struct Chunk {
    hash: XetHash,
    content: Bytes,
}

/// A xorb that is complete.
struct PackedXorb {
    hash: XetHash,
    bytes: Bytes,
}

/// Counts what is packed for a holder, until its recipe is taken or the work ends.
struct Packing(Blobs);

impl Drop for Packing {
    fn drop(&mut self) {
        *self.0.0.packing.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Blobs {
    /// Begins to give blobs of a holder recipes. One at a time in a process.
    pub async fn chunking(&self, holder: RepositoryId) -> Result<Chunking, BlobError> {
        let xorbs = self.0.store.read(|tx| xorb_rows::held_by(tx, holder, LOOKED_INTO))?;
        let mut known = KnownChunks::default();
        for xorb in xorbs {
            if known.is_full() {
                break;
            }
            known.load(self, xorb).await?;
        }
        Ok(Chunking {
            blobs: self.clone(),
            holder,
            known,
        })
    }

    /// Bytes that are packed for a holder at the moment and that no recipe names yet.
    pub(in crate::blobs) fn packing_bytes(&self, holder: RepositoryId) -> u64 {
        let packing = self.0.packing.lock().unwrap_or_else(PoisonError::into_inner);
        packing.filter(|(of, _)| *of == holder).map_or(0, |(_, bytes)| bytes)
    }

    fn note_packed(&self, holder: RepositoryId, bytes: u64) {
        let mut packing = self.0.packing.lock().unwrap_or_else(PoisonError::into_inner);
        *packing = Some((holder, packing.map_or(0, |(_, before)| before) + bytes));
    }
}

impl Chunking {
    /// Gives a blob of the holder a recipe, in bounded memory. After an error a new one has to be begun.
    pub async fn take(mut self, sha256: Sha256) -> Result<Self, BlobError> {
        let _packing = Packing(self.blobs.clone());
        let reader = self.blobs.reader(sha256).await?;
        let mut stream = reader.stream(0..reader.size());
        let mut cutting = Cutting::new(mem::take(&mut self.known));
        let mut is_first = true;
        loop {
            let piece = stream.next().await.transpose()?;
            let is_last = piece.is_none();
            let (cut, chunks) = blocking(move || {
                let chunks = cutting.cut(piece);
                (cutting, chunks)
            })
            .await;
            cutting = cut;
            for chunk in &chunks {
                if mem::take(&mut is_first) || chunk.hash.is_searched() {
                    self.look_for(&mut cutting.known, chunk.hash).await?;
                }
            }
            cutting = self.pack(cutting, chunks).await?;
            if is_last {
                break;
            }
        }
        if let Some(xorb) = cutting.close() {
            self.send(xorb).await?;
        }
        let (announced, known) = cutting.announced(sha256)?;
        self.blobs.take_recipe(self.holder.into(), announced, |_| {}).await?;
        self.known = known;
        Ok(self)
    }

    /// Puts chunks in their places, and sends xorbs that are full.
    async fn pack(&self, mut cutting: Cutting, chunks: Vec<Chunk>) -> Result<Cutting, BlobError> {
        let mut chunks = VecDeque::from(chunks);
        while !chunks.is_empty() {
            let (packed, rest, full) = blocking(move || {
                let full = cutting.place(&mut chunks);
                (cutting, chunks, full)
            })
            .await;
            (cutting, chunks) = (packed, rest);
            if let Some(xorb) = full? {
                self.send(xorb).await?;
            }
        }
        Ok(cutting)
    }

    async fn send(&self, xorb: PackedXorb) -> Result<(), BlobError> {
        let PackedXorb { hash, mut bytes } = xorb;
        self.blobs.note_packed(self.holder, bytes.len() as u64);
        let mut writer = self.blobs.xorb_writer(hash);
        while !bytes.is_empty() {
            let parcel = bytes.split_to(PARCEL.min(bytes.len()));
            writer.write(parcel).await?;
        }
        writer.finish(self.holder.into()).await?;
        Ok(())
    }

    /// Learns the chunks around one by which clients find what the holder has.
    async fn look_for(&self, known: &mut KnownChunks, chunk: XetHash) -> Result<(), BlobError> {
        if known.places.contains_key(chunk.as_bytes()) {
            return Ok(());
        }
        let holder = self.holder;
        let around = self.blobs.0.store.read(|tx| xorbs_around(tx, holder, chunk))?;
        for (xorb, ..) in around {
            if known.is_full() {
                known.places.clear();
                known.loaded.clear();
            }
            known.load(&self.blobs, xorb).await?;
        }
        Ok(())
    }
}

impl KnownChunks {
    fn is_full(&self) -> bool {
        self.places.len() >= REMEMBERED
    }

    async fn load(&mut self, blobs: &Blobs, xorb: XetHash) -> Result<(), BlobError> {
        if !self.loaded.insert(*xorb.as_bytes()) {
            return Ok(());
        }
        let chunks = match blobs.chunks_of(xorb).await {
            Ok(chunks) => chunks,
            // Swept since it was listed, or of no use.
            Err(BlobError::UnknownXorb { .. } | BlobError::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let number = self.begin_xorb();
        self.xorbs[number as usize] = Some(xorb);
        for (chunk, place) in chunks.into_iter().zip(0..) {
            self.places.entry(*chunk.hash.as_bytes()).or_insert((number, place));
        }
        Ok(())
    }

    fn begin_xorb(&mut self) -> u32 {
        let number = u32::try_from(self.xorbs.len()).unwrap_or(u32::MAX);
        self.xorbs.push(None);
        number
    }
}

impl Cutting {
    fn new(known: KnownChunks) -> Self {
        Self {
            known,
            chunker: Chunker::default(),
            open: BytesMut::new(),
            hasher: FileHasher::default(),
            terms: Vec::new(),
            packing: None,
            packed_content: 0,
        }
    }

    /// The chunks that end in the next piece of the content; at its end, where there is no piece, the last one.
    fn cut(&mut self, piece: Option<Bytes>) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let Some(mut piece) = piece else {
            chunks.extend(self.end_chunk());
            return chunks;
        };
        while let Some(end) = self.chunker.next_end(&piece) {
            self.open.extend_from_slice(&piece.split_to(end));
            chunks.extend(self.end_chunk());
        }
        self.open.extend_from_slice(&piece);
        chunks
    }

    fn end_chunk(&mut self) -> Option<Chunk> {
        let content = self.open.split().freeze();
        (!content.is_empty()).then(|| Chunk {
            hash: chunk_hash(&content),
            content,
        })
    }

    /// Puts chunks in their places until a xorb is full, which is given out.
    fn place(&mut self, chunks: &mut VecDeque<Chunk>) -> Result<Option<PackedXorb>, BlobError> {
        while let Some(chunk) = chunks.pop_front() {
            let length = chunk.content.len() as u64;
            self.hasher.add(chunk.hash, length);
            let place = match self.known.places.get(chunk.hash.as_bytes()) {
                Some(place) => *place,
                None => self.add(&chunk)?,
            };
            self.name(place, u32::try_from(length).unwrap_or(u32::MAX));
            if self.packed_content >= XORB_CONTENT {
                return Ok(self.close());
            }
        }
        Ok(None)
    }

    fn add(&mut self, chunk: &Chunk) -> Result<(u32, u32), BlobError> {
        let known = &mut self.known;
        let (number, builder) = self
            .packing
            .get_or_insert_with(|| (known.begin_xorb(), XorbBuilder::default()));
        let place = u32::try_from(builder.chunks().len()).unwrap_or(u32::MAX);
        builder.add(&chunk.content)?;
        self.packed_content += chunk.content.len() as u64;
        if !known.is_full() {
            known.places.insert(*chunk.hash.as_bytes(), (*number, place));
        }
        Ok((*number, place))
    }

    /// Names a chunk as the next of the content.
    fn name(&mut self, (xorb, place): (u32, u32), length: u32) {
        match self.terms.last_mut() {
            Some(term) if term.xorb == xorb && term.end == place => {
                term.end += 1;
                term.raw_len += length;
            }
            _ => self.terms.push(DraftTerm {
                xorb,
                start: place,
                end: place + 1,
                raw_len: length,
            }),
        }
    }

    /// Ends the xorb that is being packed.
    fn close(&mut self) -> Option<PackedXorb> {
        let (number, builder) = self.packing.take()?;
        self.packed_content = 0;
        let (hash, bytes) = builder.finish();
        self.known.xorbs[number as usize] = Some(hash);
        self.known.loaded.insert(*hash.as_bytes());
        let bytes = bytes.into();
        Some(PackedXorb { hash, bytes })
    }

    /// The file, as a client would announce it.
    fn announced(self, sha256: Sha256) -> Result<(AnnouncedRecipe, KnownChunks), BlobError> {
        let Self {
            known, hasher, terms, ..
        } = self;
        let file = hasher.finish();
        let unfinished = BlobError::BadRecipe {
            file,
            reason: "name a xorb that is not complete",
        };
        let named = terms.into_iter().map(|draft| {
            Some(Term {
                xorb: known.xorbs[draft.xorb as usize]?,
                raw_len: draft.raw_len,
                chunks: draft.start..draft.end,
                verification: None,
            })
        });
        let terms = named.collect::<Option<Vec<Term>>>().ok_or(unfinished)?;
        let sha256 = Some(sha256);
        Ok((AnnouncedRecipe { file, terms, sha256 }, known))
    }
}
