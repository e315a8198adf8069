use crate::git::{Diff, DiffContent, EntryKind, FileDiff, LineKind, ObjectId};
use std::fmt::Write as _;

/// Where a text is cut: it is answered as a whole.
const TEXT_MAX_BYTES: usize = 4 << 20;
const NOTHING: &str = "/dev/null";

/// A comparison as `git diff` writes it.
pub(super) fn unified(diff: &Diff) -> String {
    let mut text = String::new();
    for file in &diff.files {
        if text.len() > TEXT_MAX_BYTES {
            break;
        }
        // Writing to a text does not fail.
        let _ = write_file(&mut text, file);
    }
    text
}

fn write_file(text: &mut String, file: &FileDiff) -> std::fmt::Result {
    let (old, new) = (file.old.as_ref(), file.new.as_ref());
    let old_path = old.or(new).map_or("", |side| side.path.as_str());
    let new_path = new.or(old).map_or("", |side| side.path.as_str());
    writeln!(text, "diff --git a/{old_path} b/{new_path}")?;
    match (old, new) {
        (None, Some(new)) => writeln!(text, "new file mode {}", mode(new.kind))?,
        (Some(old), None) => writeln!(text, "deleted file mode {}", mode(old.kind))?,
        (Some(old), Some(new)) if old.kind != new.kind => {
            writeln!(text, "old mode {}\nnew mode {}", mode(old.kind), mode(new.kind))?;
        }
        _ => {}
    }
    if let Some(similarity) = file.similarity {
        writeln!(
            text,
            "similarity index {similarity}%\nrename from {old_path}\nrename to {new_path}"
        )?;
    }
    let id =
        |side: Option<&crate::git::DiffSide>| side.map_or_else(|| "0".repeat(12), |side| ObjectId::short(&side.id));
    if old.map(|side| side.id) != new.map(|side| side.id) {
        writeln!(text, "index {}..{}", id(old), id(new))?;
    }
    let before = old.map_or_else(|| NOTHING.to_owned(), |_| format!("a/{old_path}"));
    let after = new.map_or_else(|| NOTHING.to_owned(), |_| format!("b/{new_path}"));
    match &file.content {
        DiffContent::Text { hunks, .. } if !hunks.is_empty() => {
            writeln!(text, "--- {before}\n+++ {after}")?;
            for hunk in hunks {
                let (old_at, new_at) = (hunk.old_start, hunk.new_start);
                writeln!(text, "@@ -{old_at},{} +{new_at},{} @@", hunk.old_lines, hunk.new_lines)?;
                for line in &hunk.lines {
                    let sign = match line.kind {
                        LineKind::Context => ' ',
                        LineKind::Added => '+',
                        LineKind::Deleted => '-',
                    };
                    writeln!(text, "{sign}{}", line.text)?;
                    if line.no_newline {
                        writeln!(text, "\\ No newline at end of file")?;
                    }
                }
            }
        }
        DiffContent::Text { .. } | DiffContent::Same | DiffContent::Submodule => {}
        DiffContent::Binary | DiffContent::Large | DiffContent::NotCompared => {
            writeln!(text, "Binary files {before} and {after} differ")?;
        }
    }
    Ok(())
}

fn mode(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "100644",
        EntryKind::Executable => "100755",
        EntryKind::Symlink => "120000",
        EntryKind::Folder => "040000",
        EntryKind::Submodule => "160000",
    }
}
