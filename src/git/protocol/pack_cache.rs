use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;
use std::collections::HashMap;

/// Objects larger than this are not kept: one of them would displace hundreds of folders.
const OBJECT_MAX: usize = 1 << 20;

/// Objects that deltas are made from, kept within a number of bytes. There are two generations: when the young one is
/// full it becomes the old one, and what is used again becomes young again.
pub(in crate::git) struct PackCache {
    young: HashMap<(u32, u64), Kept>,
    old: HashMap<(u32, u64), Kept>,
    young_bytes: usize,
    generation_bytes: usize,
}

struct Kept {
    kind: Kind,
    compressed_size: usize,
    data: Vec<u8>,
}

impl PackCache {
    /// A cache of at most so many bytes.
    pub(in crate::git) fn new(bytes: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            young_bytes: 0,
            generation_bytes: bytes / 2,
        }
    }

    fn keep(&mut self, place: (u32, u64), object: Kept) {
        self.young_bytes += object.data.len();
        self.young.insert(place, object);
        if self.young_bytes > self.generation_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

impl DecodeEntry for PackCache {
    fn put(&mut self, pack_id: u32, offset: u64, data: &[u8], kind: Kind, compressed_size: usize) {
        if data.len() <= OBJECT_MAX {
            let data = data.to_vec();
            self.keep(
                (pack_id, offset),
                Kept {
                    kind,
                    compressed_size,
                    data,
                },
            );
        }
    }

    fn get(&mut self, pack_id: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let place = (pack_id, offset);
        if let Some(object) = self.old.remove(&place) {
            self.keep(place, object);
        }
        let object = self.young.get(&place).or_else(|| self.old.get(&place))?;
        out.clear();
        out.extend_from_slice(&object.data);
        Some((object.kind, object.compressed_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut cache = PackCache::new(1_000);
        cache.put(0, 0, &[1; 100], Kind::Tree, 10);
        let mut out = Vec::new();
        for offset in 1..100 {
            cache.put(0, offset, &[2; 100], Kind::Blob, 10);
            assert!(cache.get(0, 0, &mut out).is_some(), "{offset}");
            assert_eq!(out, [1; 100]);
        }
        assert!(cache.get(0, 1, &mut out).is_none());
        assert!(cache.young.len() + cache.old.len() < 16);
        cache.put(0, 500, &vec![3; OBJECT_MAX + 1], Kind::Blob, 10);
        assert!(cache.get(0, 500, &mut out).is_none());
    }
}
