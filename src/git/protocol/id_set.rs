//! Sets and maps of object ids that are quick, because ids are random already, and that nobody can slow down by choosing
//! ids, because the place of an id depends on a secret.

use crate::git::ObjectId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

/// A set of objects.
pub(in crate::git) type IdSet = HashSet<ObjectId, Seeded>;
/// A map from objects.
pub(in crate::git) type IdMap<T> = HashMap<ObjectId, T, Seeded>;

/// Makes the hashers of one set.
#[derive(Clone)]
pub(in crate::git) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

pub(in crate::git) struct Folded(u64);

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            let product = u128::from(self.0 ^ u64::from_le_bytes(word)) * 0x9e37_79b9_7f4a_7c15;
            self.0 = low_half(product) ^ low_half(product >> 64);
        }
    }

    // The length of an id, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low_half(number: u128) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_differ_anywhere_are_told_apart() {
        let seed = Seeded::default();
        let mut found = HashSet::new();
        for place in 0..20 {
            for value in 0..=255 {
                let mut bytes = [7; 20];
                bytes[place] = value;
                found.insert(seed.hash_one(ObjectId::from_bytes(bytes)));
            }
        }
        assert!(found.len() > 20 * 255 - 10, "{}", found.len());
        assert_ne!(
            Seeded::default().hash_one(ObjectId::EMPTY_TREE),
            Seeded::default().hash_one(ObjectId::EMPTY_TREE)
        );
    }
}
