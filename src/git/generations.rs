use foldhash::HashMap;
use std::hash::Hash;

/// Values that are likely to be used again, within a number of bytes. There are two generations: when the young one is full it
/// becomes the old one, and what is used again becomes young again.
pub(in crate::git) struct Generations<Key, Value> {
    young: HashMap<Key, Value>,
    old: HashMap<Key, Value>,
    young_bytes: usize,
    generation_bytes: usize,
    weigh: fn(&Value) -> usize,
}

impl<Key: Hash + Eq + Copy, Value> Generations<Key, Value> {
    /// Keeps at most about so many bytes, as `weigh` tells them.
    pub(in crate::git) fn new(bytes: usize, weigh: fn(&Value) -> usize) -> Self {
        Self {
            young: HashMap::default(),
            old: HashMap::default(),
            young_bytes: 0,
            generation_bytes: bytes / 2,
            weigh,
        }
    }

    /// Keeps a value.
    pub(in crate::git) fn keep(&mut self, key: Key, value: Value) {
        self.young_bytes += (self.weigh)(&value);
        self.young.insert(key, value);
        if self.young_bytes > self.generation_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    /// A value that is still kept.
    pub(in crate::git) fn get(&mut self, key: Key) -> Option<&Value> {
        if let Some(value) = self.old.remove(&key) {
            self.keep(key, value);
        }
        self.young.get(&key).or_else(|| self.old.get(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut kept = Generations::new(1_000, Vec::len);
        kept.keep(0, vec![1; 100]);
        for key in 1..100 {
            kept.keep(key, vec![2; 100]);
            assert_eq!(kept.get(0), Some(&vec![1; 100]), "{key}");
        }
        assert!(kept.get(1).is_none());
        assert!(kept.young.len() + kept.old.len() < 16);
    }
}
