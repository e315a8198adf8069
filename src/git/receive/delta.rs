//! Applying deltas (gitformat-pack, "Deltified representation").

use super::ReceiveError;

/// A size at the beginning of a delta, and what follows it.
pub(super) fn size(delta: &[u8]) -> Result<(u64, &[u8]), ReceiveError> {
    let mut size = 0_u64;
    for (place, byte) in delta.iter().enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * place;
        if shift > 56 || (part << shift) >> shift != part {
            return Err(broken());
        }
        size |= part << shift;
        if byte & 0x80 == 0 {
            return Ok((size, &delta[place + 1..]));
        }
    }
    Err(broken())
}

/// Makes the object of a delta, whose size the caller has compared with its limits.
pub(in crate::git) fn apply(base: &[u8], delta: &[u8]) -> Result<Vec<u8>, ReceiveError> {
    let (base_size, rest) = size(delta)?;
    let (result_size, mut rest) = size(rest)?;
    let result_size = usize::try_from(result_size).map_err(|_| broken())?;
    if base_size != base.len() as u64 {
        return Err(broken());
    }
    let mut result = Vec::with_capacity(result_size);
    while let Some((instruction, behind)) = rest.split_first() {
        rest = behind;
        let piece = if instruction & 0x80 != 0 {
            let (from, count) = copied_range(*instruction, &mut rest)?;
            base.get(from..from + count).ok_or_else(broken)?
        } else {
            let count = usize::from(*instruction);
            // Zero is reserved.
            if count == 0 || count > rest.len() {
                return Err(broken());
            }
            let (piece, behind) = rest.split_at(count);
            rest = behind;
            piece
        };
        if result.len() + piece.len() > result_size {
            return Err(broken());
        }
        result.extend_from_slice(piece);
    }
    if result.len() == result_size {
        Ok(result)
    } else {
        Err(broken())
    }
}

fn copied_range(instruction: u8, rest: &mut &[u8]) -> Result<(usize, usize), ReceiveError> {
    let mut parts = [0_usize; 7];
    for (bit, part) in parts.iter_mut().enumerate() {
        if instruction & (1 << bit) != 0 {
            let (byte, behind) = rest.split_first().ok_or_else(broken)?;
            *part = usize::from(*byte);
            *rest = behind;
        }
    }
    let from = parts[0] | parts[1] << 8 | parts[2] << 16 | parts[3] << 24;
    let count = parts[4] | parts[5] << 8 | parts[6] << 16;
    Ok((from, if count == 0 { 0x1_0000 } else { count }))
}

fn broken() -> ReceiveError {
    ReceiveError::pack("a delta is broken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_copies_from_its_base_and_inserts() {
        // Base of 5 bytes, result of 7: copy 3 from 1, insert "XYZW".
        let delta = [5, 7, 0x80 | 0x01 | 0x10, 1, 3, 4, b'X', b'Y', b'Z', b'W'];
        assert_eq!(apply(b"abcde", &delta).unwrap(), b"bcdXYZW");
    }

    #[test]
    fn broken_deltas_are_refused() {
        let cases: &[&[u8]] = &[
            &[],
            &[0x80],
            &[4, 1, 1, b'x'],
            &[5, 1, 0],
            &[5, 1, 2, b'x'],
            &[5, 1, 2, b'x', b'y'],
            &[5, 3, 1, b'x'],
            &[5, 3, 0x91, 3, 3],
            &[5, 3, 0x91],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1],
        ];
        for delta in cases {
            assert!(apply(b"abcde", delta).is_err(), "{delta:?}");
        }
    }

    #[test]
    fn sizes_end_where_a_number_ends() {
        assert_eq!(size(&[0x80, 0x01, 9]).unwrap(), (128, &[9][..]));
        assert!(size(&[0xff; 20]).is_err());
    }
}
