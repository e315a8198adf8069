use super::ObjectId;
use gix::bstr::ByteSlice;
use std::sync::{Arc, OnceLock};

const ID_BYTES: usize = 20;
/// Bytes of two folders that are compared at once.
const COMPARED_BYTES: usize = 1_024;

/// Where the entries of a folder stand. A commit changes a few files of a folder that may have thousands, so its next version
/// is looked at beside the one before.
pub(in crate::git) struct Layout {
    starts: Vec<u32>,
    has_folders: bool,
}

impl Layout {
    /// Of a folder that is sound; none when it is larger than any that is kept.
    pub(in crate::git) fn of(content: &[u8]) -> Option<Self> {
        let mut layout = Self {
            starts: Vec::new(),
            has_folders: false,
        };
        let mut rest = content;
        while !rest.is_empty() {
            layout.starts.push(u32::try_from(content.len() - rest.len()).ok()?);
            layout.has_folders |= is_folder(rest);
            let name = rest.find_byte(0)?;
            rest = rest.get(name + 1 + ID_BYTES..)?;
        }
        Some(layout)
    }

    /// The places of the entries of a folder that differ from those of the folder of this layout, when they do so in their ids
    /// alone.
    pub(in crate::git) fn differing(&self, old: &[u8], new: &[u8]) -> Option<Vec<usize>> {
        if old.len() != new.len() {
            return None;
        }
        let (mut at, mut changed) = (0, Vec::new());
        while at < new.len() {
            let end = new.len().min(at + COMPARED_BYTES);
            if old[at..end] == new[at..end] {
                at = end;
                continue;
            }
            let same = old[at..end]
                .iter()
                .zip(&new[at..end])
                .take_while(|(old, new)| old == new);
            let first = at + same.count();
            let place = self
                .starts
                .partition_point(|start| *start as usize <= first)
                .checked_sub(1)?;
            at = self.end(place, new.len());
            if first + ID_BYTES < at {
                return None;
            }
            changed.push(place);
        }
        Some(changed)
    }

    /// How many entries there are.
    pub(in crate::git) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of an entry.
    pub(in crate::git) fn entry<'a>(&self, content: &'a [u8], place: usize) -> &'a [u8] {
        &content[self.starts[place] as usize..self.end(place, content.len())]
    }

    /// The object that an entry names.
    pub(in crate::git) fn id(&self, content: &[u8], place: usize) -> Option<ObjectId> {
        let id = self.entry(content, place).last_chunk().copied();
        id.map(ObjectId::from_bytes)
    }

    fn end(&self, place: usize, length: usize) -> usize {
        self.starts.get(place + 1).map_or(length, |start| *start as usize)
    }

    /// Whether there are folders among the entries.
    pub(in crate::git) fn has_folders(&self) -> bool {
        self.has_folders
    }
}

fn is_folder(entry: &[u8]) -> bool {
    entry.starts_with(b"4")
}

/// Where the entries of an object stand if it is a folder, once somebody asked.
#[derive(Clone, Default)]
pub(in crate::git) struct KeptLayout(OnceLock<Option<Arc<Layout>>>);

impl KeptLayout {
    /// The layout of this content, which is always the same; none when it is no folder.
    pub(in crate::git) fn of(&self, content: &[u8]) -> Option<Arc<Layout>> {
        self.0.get_or_init(|| Layout::of(content).map(Arc::new)).clone()
    }

    /// Takes the layout of another version that has the same one.
    pub(in crate::git) fn share(&self, layout: Arc<Layout>) {
        // Somebody who asked before got an equal one.
        let _ = self.0.set(Some(layout));
    }
}
