//! Describing one content by another: as copies from it and as bytes that it lacks (gitformat-pack, "Deltified
//! representation").

/// Bytes of a block, which is the shortest piece that is found again.
const BLOCK: usize = 16;
/// Blocks with the same digest that are compared; a file of zeros has nothing else.
const PROBES_MAX: usize = 24;
/// A match of this length is not outdone by looking further.
const LONG_ENOUGH: usize = 4_096;
/// Bytes that one instruction copies or inserts.
const COPY_MAX: usize = 0xffff;
const INSERT_MAX: usize = 0x7f;
const NONE: u32 = u32::MAX;

/// A content whose blocks can be looked up.
pub(super) struct DeltaIndex {
    /// The first block of each digest.
    heads: Vec<u32>,
    /// The next block with the same digest.
    next: Vec<u32>,
    shift: u32,
}

impl DeltaIndex {
    /// Takes about half as much memory as the content.
    pub(super) fn new(source: &[u8]) -> Self {
        let blocks = source.len() / BLOCK;
        let bits = (blocks.max(2) as u64).next_power_of_two().trailing_zeros();
        let shift = 64 - bits;
        let mut heads = vec![NONE; 1 << bits];
        let mut next = vec![NONE; blocks];
        // From the end, so that earlier blocks are found first.
        for block in (0..blocks).rev() {
            let place = digest(&source[block * BLOCK..], shift);
            next[block] = heads[place];
            heads[place] = u32::try_from(block).unwrap_or(NONE);
        }
        Self { heads, next, shift }
    }

    /// A delta that makes `target` of `source`, which is what the index was made of; none when it would be longer than
    /// `limit` bytes.
    pub(super) fn delta(&self, source: &[u8], target: &[u8], limit: usize) -> Option<Vec<u8>> {
        let mut delta = Vec::with_capacity(limit.min(target.len()) / 2 + 16);
        put_size(&mut delta, source.len());
        put_size(&mut delta, target.len());
        let (mut place, mut inserted) = (0, 0);
        while place + BLOCK <= target.len() {
            let (mut from, mut length) = self.longest(source, &target[place..]);
            if length < BLOCK {
                place += 1;
                if delta.len() + place - inserted > limit {
                    return None;
                }
                continue;
            }
            while from > 0 && place > inserted && source[from - 1] == target[place - 1] {
                (from, place, length) = (from - 1, place - 1, length + 1);
            }
            put_bytes(&mut delta, &target[inserted..place]);
            put_copies(&mut delta, from, length);
            place += length;
            inserted = place;
            if delta.len() > limit {
                return None;
            }
        }
        put_bytes(&mut delta, &target[inserted..]);
        (delta.len() <= limit).then_some(delta)
    }

    /// Where the longest beginning of `wanted` stands in the source, and how long it is.
    fn longest(&self, source: &[u8], wanted: &[u8]) -> (usize, usize) {
        let mut best = (0, 0);
        let mut block = self.heads[digest(wanted, self.shift)];
        for _ in 0..PROBES_MAX {
            if block == NONE || best.1 >= LONG_ENOUGH {
                break;
            }
            let from = block as usize * BLOCK;
            if source[from..from + BLOCK] == wanted[..BLOCK] {
                let pairs = source[from..].iter().zip(wanted);
                let length = pairs.take_while(|(left, right)| left == right).count();
                if length > best.1 {
                    best = (from, length);
                }
            }
            block = self.next[block as usize];
        }
        best
    }
}

/// Where a block is listed.
fn digest(bytes: &[u8], shift: u32) -> usize {
    let word = |from: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[from..from + 8]);
        u64::from_le_bytes(word)
    };
    let mixed = word(0).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word(8).rotate_left(32);
    let mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) >> shift;
    usize::try_from(mixed).unwrap_or(0)
}

fn low_byte(number: usize) -> u8 {
    u8::try_from(number & 0xff).unwrap_or(0)
}

fn put_size(delta: &mut Vec<u8>, mut size: usize) {
    while size >= 0x80 {
        delta.push(low_byte(size) | 0x80);
        size >>= 7;
    }
    delta.push(low_byte(size));
}

fn put_bytes(delta: &mut Vec<u8>, bytes: &[u8]) {
    for piece in bytes.chunks(INSERT_MAX) {
        delta.push(low_byte(piece.len()));
        delta.extend_from_slice(piece);
    }
}

fn put_copies(delta: &mut Vec<u8>, mut from: usize, mut length: usize) {
    while length > 0 {
        let count = length.min(COPY_MAX);
        let instruction = delta.len();
        delta.push(0x80);
        for (bit, byte) in [from, from >> 8, from >> 16, from >> 24, count, count >> 8]
            .into_iter()
            .map(low_byte)
            .enumerate()
        {
            if byte != 0 {
                delta[instruction] |= 1 << bit;
                delta.push(byte);
            }
        }
        from += count;
        length -= count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::receive::delta::apply;
    use proptest::prelude::*;

    fn made_again(source: &[u8], target: &[u8]) -> Option<usize> {
        let delta = DeltaIndex::new(source).delta(source, target, target.len())?;
        assert_eq!(apply(source, &delta).unwrap(), target);
        Some(delta.len())
    }

    #[test]
    fn what_is_alike_takes_little() {
        let text: Vec<u8> = (0..4_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let mut changed = text.clone();
        changed.splice(20_000..20_010, *b"something else");
        assert!(made_again(&text, &changed).unwrap() < 60);
        assert!(made_again(&changed, &text[300..]).unwrap() < 60);
        let zeros = vec![0; 300_000];
        assert!(made_again(&zeros, &zeros[5..]).unwrap() < 60);
        assert!(made_again(&[], &text).is_none());
        assert!(made_again(b"short", b"shorter").is_none());
    }

    proptest! {
        #[test]
        fn a_delta_makes_exactly_its_target(
            pieces in prop::collection::vec((0_usize..2_000, 0_usize..400, prop::collection::vec(any::<u8>(), 0..40)), 0..20),
            noise in prop::collection::vec(0_u8..4, 0..2_400),
        ) {
            let mut target = Vec::new();
            for (from, length, new) in pieces {
                let from = from.min(noise.len());
                target.extend_from_slice(&noise[from..(from + length).min(noise.len())]);
                target.extend_from_slice(&new);
            }
            let delta = DeltaIndex::new(&noise).delta(&noise, &target, usize::MAX).unwrap();
            prop_assert_eq!(apply(&noise, &delta).unwrap(), target);
        }
    }
}
