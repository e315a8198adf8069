use std::ops::Range;

/// A request for more parts than this gets the whole content: such requests are attacks or mistakes (RFC 9110,
/// section 17.15).
const MOST_RANGES: usize = 64;

/// What a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// Everything: there is no header, or one that must be ignored.
    Whole,
    /// These parts, each inside the content and not empty, none overlapping another.
    Parts(Vec<Range<u64>>),
    /// Nothing that the content has.
    Unsatisfiable,
}

/// Reads a `Range` header for content of `size` bytes (RFC 9110, section 14.2).
///
/// A header of another unit or a broken one is ignored, as the standard allows. Ranges that overlap or touch are joined
/// and then answered in the order of the content; others in the order of the request.
pub fn requested(header: Option<&str>, size: u64) -> Requested {
    let Some(set) = header.and_then(byte_ranges) else {
        return Requested::Whole;
    };
    let mut parts = Vec::new();
    for (count, spec) in set
        .split(',')
        .map(str::trim)
        .filter(|spec| !spec.is_empty())
        .enumerate()
    {
        match one(spec, size) {
            Err(Broken) => return Requested::Whole,
            Ok(_) if count >= MOST_RANGES => return Requested::Whole,
            Ok(part) => parts.extend(part),
        }
    }
    if parts.is_empty() {
        Requested::Unsatisfiable
    } else {
        Requested::Parts(joined(parts))
    }
}

/// Range units are compared without regard to case (RFC 9110, section 14.1).
fn byte_ranges(header: &str) -> Option<&str> {
    let (unit, set) = header.split_once('=')?;
    let any = set.split(',').any(|spec| !spec.trim().is_empty());
    (any && unit.trim().eq_ignore_ascii_case("bytes")).then_some(set)
}

struct Broken;

/// One `first-last`, `first-` or `-length`; `None` when it lies outside the content.
fn one(spec: &str, size: u64) -> Result<Option<Range<u64>>, Broken> {
    let (first, last) = spec.split_once('-').ok_or(Broken)?;
    if first.is_empty() {
        let length = number(last)?.min(size);
        return Ok((length > 0).then(|| size - length..size));
    }
    let first = number(first)?;
    let end = if last.is_empty() {
        size
    } else {
        number(last)?.saturating_add(1)
    };
    if !last.is_empty() && end <= first {
        return Err(Broken);
    }
    Ok((first < size).then(|| first..end.min(size)))
}

/// Digits only; more than fit into 64 bits are as good as the largest number.
fn number(text: &str) -> Result<u64, Broken> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Broken);
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

fn joined(parts: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted = parts.clone();
    sorted.sort_by_key(|part| part.start);
    if sorted.windows(2).all(|pair| pair[0].end < pair[1].start) {
        return parts;
    }
    let mut joined: Vec<Range<u64>> = Vec::new();
    for part in sorted {
        match joined.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(ranges: &[(u64, u64)]) -> Requested {
        Requested::Parts(ranges.iter().map(|(start, end)| *start..*end).collect())
    }

    #[test]
    fn each_form_of_a_range_is_understood() {
        assert_eq!(requested(Some("bytes=0-0"), 10), parts(&[(0, 1)]));
        assert_eq!(requested(Some("bytes=2-"), 10), parts(&[(2, 10)]));
        assert_eq!(requested(Some("bytes=-3"), 10), parts(&[(7, 10)]));
        assert_eq!(requested(Some("bytes=-30"), 10), parts(&[(0, 10)]));
        assert_eq!(
            requested(Some("bytes=5-99999999999999999999999"), 10),
            parts(&[(5, 10)])
        );
        assert_eq!(requested(Some("Bytes = 1-2"), 10), parts(&[(1, 3)]));
    }

    #[test]
    fn several_ranges_keep_their_order_unless_they_touch() {
        assert_eq!(requested(Some("bytes=8-9, 0-1"), 10), parts(&[(8, 10), (0, 2)]));
        assert_eq!(requested(Some("bytes=4-6,0-1,2-5"), 10), parts(&[(0, 7)]));
        assert_eq!(requested(Some("bytes=20-30,1-1"), 10), parts(&[(1, 2)]));
    }

    #[test]
    fn ranges_outside_are_refused_and_broken_or_excessive_ones_ignored() {
        assert_eq!(requested(Some("bytes=10-"), 10), Requested::Unsatisfiable);
        assert_eq!(requested(Some("bytes=-0"), 10), Requested::Unsatisfiable);
        assert_eq!(requested(Some("bytes=0-"), 0), Requested::Unsatisfiable);
        let broken = [
            "bytes=",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=+1-2",
            "bytes=--1",
            "lines=0-1",
            "bytes 0-1",
            ",",
        ];
        for header in broken {
            assert_eq!(requested(Some(header), 10), Requested::Whole, "{header}");
        }
        let many = (0..100)
            .map(|index| format!("{}-{}", 3 * index, 3 * index))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(requested(Some(&format!("bytes={many}")), 1_000), Requested::Whole);
        assert_eq!(requested(None, 10), Requested::Whole);
    }
}
