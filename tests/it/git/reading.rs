use super::support::{Bench, put};
use geoml_hub::git::{Attributes, EntryKind, GitError, default_gitattributes};
use std::time::Instant;

#[test]
fn listings_agree_with_ls_tree_at_every_page_size() {
    let bench = Bench::new();
    let names = [
        "a",
        "a-b",
        "a.b",
        "a/x",
        "a0",
        "b/c/d",
        "b/c.d",
        "b/c0/e",
        "z",
        "数据/一",
        "数据/二/三",
    ];
    // `a` and `a/x` exclude each other.
    let files = names
        .iter()
        .filter(|name| **name != "a")
        .map(|name| put(name, name))
        .collect();
    let commit = bench.commit(files);
    let repository = bench.open();
    let stock = bench.stock(&["ls-tree", "-r", "-l", "main"]);
    let line = |entry: &geoml_hub::git::TreeEntry| {
        format!("100644 blob {} {:>7}\t{}", entry.id, entry.size.unwrap(), entry.path)
    };
    for page in 1..=12 {
        let (mut listed, mut after) = (Vec::new(), None::<String>);
        loop {
            let files = repository.list_files(commit, "", after.as_deref(), page).unwrap();
            let Some(last) = files.last() else { break };
            after = Some(last.path.clone());
            listed.extend(files.iter().map(line));
        }
        assert_eq!(listed, stock.lines().collect::<Vec<_>>(), "pages of {page}");
    }
    let below: Vec<_> = repository.list_files(commit, "b", Some("b/c.d"), 10).unwrap();
    assert_eq!(
        below.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
        ["b/c/d", "b/c0/e"]
    );
}

#[test]
fn a_folder_lists_its_entries_with_kinds_and_sizes() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("d/file", "12345"), put("d/e/f", "1"), put("top", "")]);
    let repository = bench.open();
    let entries = repository.list(commit, "d").unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| (entry.name(), entry.kind, entry.size))
        .collect();
    assert_eq!(
        shown,
        [("e", EntryKind::Folder, None), ("file", EntryKind::File, Some(5))]
    );
    assert_eq!(entries[1].path, "d/file");
    assert!(matches!(repository.list(commit, "top"), Err(GitError::IsFile(_))));
    assert!(matches!(
        repository.list(commit, "none"),
        Err(GitError::PathNotFound(_))
    ));
    assert!(matches!(repository.file(commit, "d"), Err(GitError::IsFolder(_))));
    assert!(matches!(
        repository.file(commit, "d/file/x"),
        Err(GitError::PathNotFound(_))
    ));
    assert_eq!(repository.entry(commit, "").unwrap().unwrap().kind, EntryKind::Folder);
    assert_eq!(repository.entry(commit, "d//file").unwrap(), None);
}

#[test]
fn logs_agree_with_git_log_on_histories_with_merges() {
    let bench = Bench::new();
    let work = bench.folder.path().join("work");
    super::support::stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    let run = |arguments: &[&str]| super::support::stock_in(&work, arguments);
    run(&["checkout", "-q", "-b", "main"]);
    for round in 0..6 {
        // All within one second: ties of time are the hard case.
        run(&["commit", "-q", "--allow-empty", "-m", &format!("main {round}")]);
        run(&["checkout", "-q", "-b", &format!("side{round}")]);
        run(&["commit", "-q", "--allow-empty", "-m", &format!("side {round}")]);
        run(&["checkout", "-q", "main"]);
        run(&["commit", "-q", "--allow-empty", "-m", &format!("main again {round}")]);
        run(&[
            "merge",
            "-q",
            "--no-ff",
            "-m",
            &format!("merge {round}"),
            &format!("side{round}"),
        ]);
    }
    run(&["push", "-q", "origin", "main"]);
    let repository = bench.open();
    let tip = repository.resolve("main").unwrap();
    let ids = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let all = ids(bench.stock(&["log", "--format=%H", "main"]));
    let first_parent = ids(bench.stock(&["log", "--first-parent", "--format=%H", "main"]));
    let shown = |page: &geoml_hub::git::LogPage| {
        page.commits
            .iter()
            .map(|commit| commit.id.to_string())
            .collect::<Vec<_>>()
    };
    for (skip, limit) in [(0, 100), (0, 5), (3, 7), (20, 50), (100, 1)] {
        let page = repository.log(tip, skip, limit).unwrap();
        let expected: Vec<_> = all.iter().skip(skip).take(limit).cloned().collect();
        assert_eq!(
            (shown(&page), page.more),
            (expected, skip + limit < all.len()),
            "{skip} {limit}"
        );
        let page = repository.first_parent_log(tip, skip, limit).unwrap();
        let expected: Vec<_> = first_parent.iter().skip(skip).take(limit).cloned().collect();
        assert_eq!(
            (shown(&page), page.more),
            (expected, skip + limit < first_parent.len()),
            "{skip} {limit}"
        );
    }
    let side = repository.commit(tip).unwrap().parents[1];
    assert!(repository.is_ancestor(side, tip).unwrap());
    assert!(!repository.is_ancestor(tip, side).unwrap());
    assert_eq!(
        repository
            .merge_base(side, repository.commit(tip).unwrap().parents[0])
            .unwrap()
            .unwrap()
            .to_string(),
        bench.stock(&["merge-base", &side.to_string(), "main^1"]).trim()
    );
}

#[test]
fn large_files_are_told_by_gitattributes_as_git_tells_them() {
    let bench = Bench::new();
    let rules = "*.bin filter=lfs diff=lfs merge=lfs -text\nkeep.bin !filter\nsub/** filter=lfs\n\"with space\" filter=lfs\n*.txt text\n";
    let commit = bench.commit(vec![put(".gitattributes", rules)]);
    let mut attributes = bench.open().attributes(commit).unwrap();
    let work = bench.folder.path().join("work");
    super::support::stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    for path in [
        "a.bin",
        "x/a.bin",
        "keep.bin",
        "x/keep.bin",
        "sub/a/b",
        "sub",
        "with space",
        "a.txt",
        "a.BIN",
        "bin",
    ] {
        let stock = super::support::stock_in(&work, &["check-attr", "filter", "--", path]);
        assert_eq!(attributes.is_large(path), stock.trim_end().ends_with(": lfs"), "{path}");
    }
}

#[test]
fn uncovered_paths_get_the_rule_that_git_understands() {
    let bench = Bench::new();
    let paths = [
        "w/model.safetensors",
        "W.TIF",
        "odd name [1]*?.json",
        "#hash",
        "!bang",
        "数据/大 文件.csv",
        "big.txt",
        "noext",
    ];
    let mut attributes = Attributes::parse(b"*.md text").unwrap();
    let text = attributes.covering(paths).unwrap().unwrap();
    assert!(
        text.starts_with("*.md text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n*.TIF "),
        "{text}"
    );
    assert_eq!(attributes.covering(paths).unwrap(), None, "covered now");
    bench.commit(vec![put(".gitattributes", &text)]);
    let work = bench.folder.path().join("work");
    super::support::stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    for path in paths {
        let stock = super::support::stock_in(&work, &["check-attr", "filter", "--", path]);
        assert!(stock.trim_end().ends_with(": lfs"), "{path}: {stock}");
    }
    for path in ["other.json", "odd name 1xx.json", "small.txt", "sub/noext"] {
        assert!(!attributes.is_large(path), "{path}");
    }
    let mut default = Attributes::parse(default_gitattributes().as_bytes()).unwrap();
    assert!(default.is_large("a/b/era5.nc") && default.is_large("m.onnx") && !default.is_large("README.md"));
}

#[test]
fn many_large_files_of_one_folder_share_a_rule() {
    let paths: Vec<String> = (0..10_000).map(|n| format!("tiles 2024/tile_{n}.dat")).collect();
    let mut attributes = Attributes::parse(b"").unwrap();
    let text = attributes.covering(paths.iter().map(String::as_str)).unwrap().unwrap();
    assert_eq!(
        text,
        "/tiles[[:space:]]2024/*.dat filter=lfs diff=lfs merge=lfs -text\n"
    );
    assert!(attributes.is_large("tiles 2024/new.dat"));
    assert!(!attributes.is_large("other/new.dat") && !attributes.is_large("tiles 2024/notes.txt"));
}

#[test]
fn large_files_of_many_folders_share_rules_or_are_refused() {
    let spread: Vec<String> = (0..30_000).map(|n| format!("tiles/{}/{n}/tile.dat", n % 50)).collect();
    let mut attributes = Attributes::parse(b"").unwrap();
    let text = attributes.covering(spread.iter().map(String::as_str)).unwrap().unwrap();
    assert_eq!(text, "/tiles/**/*.dat filter=lfs diff=lfs merge=lfs -text\n");
    assert!(spread.iter().all(|path| attributes.is_large(path)) && !attributes.is_large("other/1/tile.dat"));

    let odd: Vec<String> = (0..100_000).map(|n| format!("{n}/tile")).collect();
    let mut attributes = Attributes::parse(b"").unwrap();
    let refused = attributes.covering(odd.iter().map(String::as_str)).unwrap_err();
    assert!(refused.to_string().contains("more than 1000 rules"), "{refused}");
}

#[test]
fn a_rule_against_large_files_is_overruled_for_the_path_alone() {
    let mut attributes = Attributes::parse(b"sub/*.bin -filter\n").unwrap();
    let text = attributes.covering(["sub/a.bin"]).unwrap().unwrap();
    assert!(attributes.is_large("sub/a.bin"), "{text}");
}

#[test]
fn looking_up_a_path_is_fast() {
    let bench = Bench::new();
    let files = (0..2_000).map(|n| put(&format!("d{}/{n}.txt", n % 20), "x")).collect();
    bench.commit(files);
    let start = Instant::now();
    for n in 0..1_000 {
        let repository = bench.open();
        let commit = repository.resolve("main").unwrap();
        repository.file(commit, &format!("d{}/{n}.txt", n % 20)).unwrap();
    }
    println!("open, resolve and look up: {:?} each", start.elapsed() / 1_000);
}
