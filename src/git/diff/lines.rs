//! Lines of two texts compared, with the algorithm and the sliding of hunks that git uses.

use super::{DiffContent, DiffLimits};
use gix::diff::blob::{Algorithm, InternedInput, diff_with_slider_heuristics, sources::byte_lines};
use serde::Serialize;
use std::ops::Range;

/// A line longer than this is cut when it is shown.
const LINE_MAX_BYTES: usize = 4_096;

/// Changes that stand together, with unchanged lines around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// First line in the old text, from 1; the line before the hunk when `old_lines` is 0.
    pub old_start: usize,
    /// Number of lines in the old text.
    pub old_lines: usize,
    /// First line in the new text, from 1; the line before the hunk when `new_lines` is 0.
    pub new_start: usize,
    /// Number of lines in the new text.
    pub new_lines: usize,
    /// The lines.
    pub lines: Vec<DiffLine>,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// In both texts.
    Context,
    /// In the new text only.
    Added,
    /// In the old text only.
    Deleted,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// Where it stands.
    pub kind: LineKind,
    /// Its text without the line end; bytes that are not UTF-8 are replaced, very long lines cut.
    pub text: String,
    /// Whether the text ends here without a line end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_newline: bool,
}

pub(super) fn compare(old: &[u8], new: &[u8], limits: &DiffLimits, lines_left: &mut usize) -> DiffContent {
    let input = InternedInput::new(byte_lines(old), byte_lines(new));
    let diff = diff_with_slider_heuristics(Algorithm::Myers, &input);
    let old_lines: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let new_lines: Vec<&[u8]> = new.split_inclusive(|byte| *byte == b'\n').collect();
    let changes: Vec<_> = diff
        .hunks()
        .map(|hunk| (range(hunk.before), range(hunk.after)))
        .collect();
    let mut room = limits.file_lines.min(*lines_left);
    let (mut hunks, mut truncated) = (Vec::new(), false);
    for group in grouped(&changes, limits.context) {
        let hunk = render(group, &old_lines, &new_lines, limits.context);
        if hunk.lines.len() > room {
            truncated = true;
            break;
        }
        room -= hunk.lines.len();
        *lines_left -= hunk.lines.len();
        hunks.push(hunk);
    }
    DiffContent::Text {
        added: diff.count_additions() as usize,
        deleted: diff.count_removals() as usize,
        hunks,
        truncated,
    }
}

type Change = (Range<usize>, Range<usize>);

fn range(range: Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Changes whose surroundings touch belong to one hunk.
fn grouped(changes: &[Change], context: usize) -> impl Iterator<Item = &[Change]> {
    changes.chunk_by(move |earlier, later| later.0.start - earlier.0.end <= 2 * context)
}

fn render(group: &[Change], old: &[&[u8]], new: &[&[u8]], context: usize) -> Hunk {
    let (first, last) = (&group[0], &group[group.len() - 1]);
    let before = first.0.start.min(context);
    let after = (old.len() - last.0.end).min(context);
    let (old_range, new_range) = (
        first.0.start - before..last.0.end + after,
        first.1.start - before..last.1.end + after,
    );
    let mut lines = Vec::new();
    let mut position = old_range.start;
    for (removed, added) in group {
        lines.extend(
            old[position..removed.start]
                .iter()
                .map(|text| line(LineKind::Context, text)),
        );
        lines.extend(old[removed.clone()].iter().map(|text| line(LineKind::Deleted, text)));
        lines.extend(new[added.clone()].iter().map(|text| line(LineKind::Added, text)));
        position = removed.end;
    }
    lines.extend(
        old[position..old_range.end]
            .iter()
            .map(|text| line(LineKind::Context, text)),
    );
    let start = |range: &Range<usize>| if range.is_empty() { range.start } else { range.start + 1 };
    Hunk {
        old_start: start(&old_range),
        old_lines: old_range.len(),
        new_start: start(&new_range),
        new_lines: new_range.len(),
        lines,
    }
}

fn line(kind: LineKind, text: &[u8]) -> DiffLine {
    let (text, no_newline) = match text.strip_suffix(b"\n") {
        Some(text) => (text, false),
        None => (text, true),
    };
    let shown = &text[..text.len().min(LINE_MAX_BYTES)];
    DiffLine {
        kind,
        text: String::from_utf8_lossy(shown).into_owned(),
        no_newline,
    }
}
