use super::key::{EncodeKey, Key};
use std::marker::PhantomData;
use std::ops::Bound;

/// A range of keys, a direction and a limit.
///
/// `K` is the full key of the table that is scanned, for the bounds inside the range.
#[derive(Debug, Clone)]
pub struct Scan<K = ()> {
    pub(super) lower: Bound<Vec<u8>>,
    pub(super) upper: Bound<Vec<u8>>,
    pub(super) reverse: bool,
    pub(super) limit: usize,
    key: PhantomData<fn(K)>,
}

impl<K: Key> Scan<K> {
    /// Every row.
    pub fn all() -> Self {
        Self {
            lower: Bound::Unbounded,
            upper: Bound::Unbounded,
            reverse: false,
            limit: usize::MAX,
            key: PhantomData,
        }
    }

    /// Rows whose key begins with `prefix`, for example the first parts of a tuple.
    pub fn prefix(prefix: &impl EncodeKey) -> Self {
        let lower = prefix.to_bytes();
        let upper = successor(&lower).map_or(Bound::Unbounded, Bound::Excluded);
        Self {
            lower: Bound::Included(lower),
            upper,
            ..Self::all()
        }
    }

    /// Goes from the largest key to the smallest.
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Stops after this many rows.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Leaves out keys smaller than `key`, whichever the direction.
    pub fn at_least(mut self, key: &impl EncodeKey) -> Self {
        self.lower = Bound::Included(key.to_bytes());
        self
    }

    /// Leaves out `key` and all larger ones, whichever the direction.
    pub fn below(mut self, key: &impl EncodeKey) -> Self {
        self.upper = Bound::Excluded(key.to_bytes());
        self
    }

    /// Continues behind `key`, the last one of the page before, in the scan's direction (call [`Self::reverse`] first).
    pub fn after(mut self, key: &K) -> Self {
        if self.reverse {
            self.upper = Bound::Excluded(key.to_bytes());
        } else {
            self.lower = Bound::Excluded(key.to_bytes());
        }
        self
    }
}

/// The smallest bytes that are larger than everything that begins with `prefix`; `None` when there are none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut bytes = prefix[..=last].to_vec();
    bytes[last] += 1;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn the_end_of_a_prefix_skips_full_bytes() {
        assert_eq!(successor(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(successor(&[1, 255]), Some(vec![2]));
        assert_eq!(successor(&[255, 255]), None);
        assert_eq!(successor(&[]), None);
    }
}
