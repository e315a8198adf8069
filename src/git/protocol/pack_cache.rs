use crate::git::generations::Generations;
use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;

/// Objects larger than this are not kept: one of them would displace hundreds of folders.
const OBJECT_MAX: usize = 1 << 20;

/// Objects that deltas are made from, by pack and offset.
pub(in crate::git) struct PackCache(Generations<(u32, u64), Kept>);

struct Kept {
    kind: Kind,
    compressed_size: usize,
    data: Vec<u8>,
}

impl PackCache {
    /// A cache of at most so many bytes.
    pub(in crate::git) fn new(bytes: usize) -> Self {
        Self(Generations::new(bytes, |object: &Kept| object.data.len()))
    }
}

impl DecodeEntry for PackCache {
    fn put(&mut self, pack_id: u32, offset: u64, data: &[u8], kind: Kind, compressed_size: usize) {
        if data.len() <= OBJECT_MAX {
            let data = data.to_vec();
            self.0.keep(
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
        let object = self.0.get((pack_id, offset))?;
        out.clear();
        out.extend_from_slice(&object.data);
        Some((object.kind, object.compressed_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut cache = PackCache::new(4 << 20);
        let mut out = Vec::new();
        cache.put(0, 0, &[1; 100], Kind::Tree, 10);
        cache.put(0, 500, &vec![3; OBJECT_MAX + 1], Kind::Blob, 10);
        assert_eq!(cache.get(0, 0, &mut out), Some((Kind::Tree, 10)));
        assert_eq!(out, [1; 100]);
        assert!(cache.get(0, 500, &mut out).is_none());
    }
}
