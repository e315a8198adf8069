use super::support::{Bench, Dice, delete, put, rename};
use geoml_hub::base::Sha256;
use geoml_hub::git::{DiffContent, DiffLimits, FileStatus, LfsPointer, LineKind, Statistics};

fn lines(dice: &mut Dice, count: usize) -> String {
    let lines: Vec<_> = (0..count).map(|_| format!("line {}\n", dice.roll(40))).collect();
    lines.concat()
}

#[test]
fn line_counts_agree_with_numstat_over_a_random_history() {
    let bench = Bench::new();
    let mut dice = Dice(11);
    let mut before = bench.commit(vec![put("a", lines(&mut dice, 30)), put("b/c", "1\n2\n3")]);
    for round in 0..40 {
        let mut text: Vec<String> = String::from_utf8(
            bench
                .open()
                .blob(bench.open().file(before, "a").unwrap().id, 1 << 20)
                .unwrap(),
        )
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
        for _ in 0..=dice.roll(4) {
            let place = dice.roll(text.len().max(1)).min(text.len());
            if dice.roll(2) == 0 || text.is_empty() {
                text.insert(place, format!("new {round} {}", dice.roll(9)));
            } else {
                text.remove(place.min(text.len() - 1));
            }
        }
        let ending = if dice.roll(3) == 0 { "" } else { "\n" };
        let after = bench.commit(vec![
            put("a", text.join("\n") + ending),
            put("b/c", format!("1\n{round}\n3")),
        ]);
        let diff = bench.open().diff(Some(before), after, DiffLimits::default()).unwrap();
        let ours: Vec<String> = diff
            .files
            .iter()
            .map(|file| match &file.content {
                DiffContent::Text { added, deleted, .. } => format!("{added}\t{deleted}\t{}", file.path()),
                other => panic!("{other:?}"),
            })
            .collect();
        let stock = bench.stock(&[
            "diff",
            "--numstat",
            "--minimal",
            &before.to_string(),
            &after.to_string(),
        ]);
        assert_eq!(ours, stock.lines().collect::<Vec<_>>(), "round {round}");
        before = after;
    }
}

#[test]
fn hunks_read_like_the_unified_diff_of_git() {
    let bench = Bench::new();
    let old = (1..=40).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    let new = old
        .replace("\n5\n", "\nfive\n")
        .replace("\n9\n", "\n")
        .replace("30\n", "30\n30.5\n")
        .trim_end()
        .to_owned();
    let first = bench.commit(vec![put("f", &old), put("new-later", "")]);
    let second = bench.commit(vec![put("f", &new), put("added", "x\n"), delete("new-later")]);
    let diff = bench.open().diff(Some(first), second, DiffLimits::default()).unwrap();
    let stock = bench.stock(&[
        "diff",
        "--no-renames",
        &first.to_string(),
        &second.to_string(),
        "--",
        "f",
        "added",
    ]);
    let expected: Vec<&str> = stock
        .lines()
        .filter(|line| {
            !["diff ", "index ", "--- ", "+++ ", "new file"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .map(|line| {
            if line.starts_with("@@") {
                line.split(" @@").next().unwrap()
            } else {
                line
            }
        })
        .collect();
    let mut shown = Vec::new();
    for file in diff.files.iter().filter(|file| file.path() != "new-later") {
        let DiffContent::Text { hunks, .. } = &file.content else {
            panic!("{file:?}")
        };
        for hunk in hunks {
            let side = |start: usize, count: usize| {
                if count == 1 {
                    start.to_string()
                } else {
                    format!("{start},{count}")
                }
            };
            shown.push(format!(
                "@@ -{} +{}",
                side(hunk.old_start, hunk.old_lines),
                side(hunk.new_start, hunk.new_lines)
            ));
            for line in &hunk.lines {
                let sign = match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Added => '+',
                    LineKind::Deleted => '-',
                };
                shown.push(format!("{sign}{}", line.text));
                if line.no_newline {
                    shown.push("\\ No newline at end of file".to_owned());
                }
            }
        }
    }
    assert_eq!(shown, expected);
}

#[test]
fn renames_large_files_binaries_and_modes_are_told_apart() {
    let bench = Bench::new();
    let text = (0..100).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
    let pointer = |size: u64| {
        LfsPointer {
            sha256: Sha256::of(&size.to_le_bytes()),
            size,
        }
        .to_string()
    };
    let first = bench.commit(vec![
        put("moved", &text),
        put("same-name/x", "identical"),
        put("model.bin", pointer(5_000_000_000)),
        put("image.png", [0, 1, 2]),
        put("small", "plain\n"),
        put("gone", "unlike\nanything\n"),
    ]);
    let second = bench.commit(vec![
        delete("moved"),
        put("elsewhere/moved", text.replace("line 7\n", "line seven\n")),
        rename("same-name/x", "other/x"),
        put("model.bin", pointer(6_000_000_000)),
        put("image.png", [0, 1, 3]),
        put("small", pointer(7)),
        delete("gone"),
    ]);
    let diff = bench.open().diff(Some(first), second, DiffLimits::default()).unwrap();
    let file = |path: &str| diff.files.iter().find(|file| file.path() == path).unwrap();
    assert_eq!(file("elsewhere/moved").status, FileStatus::Renamed);
    assert_eq!(
        file("elsewhere/moved").similarity,
        Some(98),
        "of all bytes, those in unchanged lines"
    );
    assert_eq!(file("elsewhere/moved").old.as_ref().unwrap().path, "moved");
    assert!(matches!(
        file("elsewhere/moved").content,
        DiffContent::Text {
            added: 1,
            deleted: 1,
            ..
        }
    ));
    assert_eq!(
        (file("other/x").similarity, &file("other/x").content),
        (Some(100), &DiffContent::Same)
    );
    let model = file("model.bin");
    assert_eq!(model.content, DiffContent::Large);
    assert_eq!(model.old.as_ref().unwrap().size, 5_000_000_000);
    assert_eq!(model.new.as_ref().unwrap().size, 6_000_000_000);
    assert_eq!(file("image.png").content, DiffContent::Binary);
    assert_eq!(file("small").content, DiffContent::Large);
    assert_eq!(file("gone").status, FileStatus::Deleted);
    assert_eq!(diff.files.len(), 6);
}

#[test]
fn limits_are_marked_and_never_silent() {
    let bench = Bench::new();
    let many = (0..5_000).map(|n| format!("{n}\n")).collect::<Vec<_>>().concat();
    let commit = bench.commit(vec![
        put("a", "x\n"),
        put("b", &many),
        put("c", "y\n"),
        put("d", "z".repeat(3_000)),
    ]);
    let limits = DiffLimits {
        files: 3,
        file_bytes: 100_000,
        file_lines: 100,
        ..DiffLimits::default()
    };
    let diff = bench.open().diff(None, commit, limits).unwrap();
    assert!(diff.truncated);
    assert!(
        matches!(&diff.files[1].content, DiffContent::Text { truncated: true, added: 5_000, hunks, .. } if hunks.is_empty())
    );
    assert!(matches!(
        &diff.files[2].content,
        DiffContent::Text { truncated: false, .. }
    ));
    assert_eq!(diff.files[3].content, DiffContent::NotCompared);
    let limits = DiffLimits {
        file_bytes: 1_000,
        ..DiffLimits::default()
    };
    assert_eq!(
        bench.open().diff(None, commit, limits).unwrap().files[3].content,
        DiffContent::NotCompared
    );
}

#[test]
fn statistics_count_large_files_by_their_real_size_and_follow_commits() {
    let bench = Bench::new();
    let mut dice = Dice(3);
    let pointer = |size: u64| {
        LfsPointer {
            sha256: Sha256::of(&size.to_le_bytes()),
            size,
        }
        .to_string()
    };
    let mut commit = bench.commit(vec![put("m.bin", pointer(1_000_000)), put("a", "12345")]);
    let repository = bench.open();
    let mut followed = repository.statistics(commit).unwrap();
    assert_eq!(
        followed,
        Statistics {
            files: 2,
            bytes: 1_000_005
        }
    );
    for round in 0..20 {
        let path = format!("d{}/f{}", dice.roll(3), dice.roll(4));
        let content = if dice.roll(2) == 0 {
            pointer(dice.roll(10_000) as u64)
        } else {
            "x".repeat(dice.roll(300))
        };
        let prepared = bench
            .open()
            .prepare(bench.request("main", vec![put(&path, content), put("round", round.to_string())]))
            .unwrap();
        bench.open().publish(&prepared).unwrap();
        followed = bench.open().statistics_after(followed, &prepared.changes).unwrap();
        commit = prepared.id;
        assert_eq!(followed, bench.open().statistics(commit).unwrap());
    }
    let pointers = bench.open().reachable_pointers().unwrap();
    assert!(pointers.iter().any(|pointer| pointer.size == 1_000_000));
    let changes = bench
        .open()
        .changes(Some(commit), bench.commit(vec![put("m.bin", pointer(2))]))
        .unwrap();
    let (old, new) = bench.open().changed_pointers(&changes).unwrap();
    assert_eq!((old.first().unwrap().size, new.first().unwrap().size), (1_000_000, 2));
}
