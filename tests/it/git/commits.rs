use super::support::{Bench, Dice, copy, delete, put, rename};
use geoml_hub::git::{ChangeKind, Content, EntryKind, GitError, Operation, Parent, Published};
use std::collections::BTreeMap;
use std::time::Instant;

#[test]
fn an_empty_repository_is_sound_and_can_be_cloned() {
    let bench = Bench::new();
    bench.assert_sound();
    assert_eq!(bench.stock(&["symbolic-ref", "HEAD"]).trim(), "refs/heads/main");
    assert!(matches!(bench.open().resolve("HEAD"), Err(GitError::Empty)));
    assert!(matches!(
        bench.open().resolve("main"),
        Err(GitError::RevisionNotFound(_))
    ));
    let clone = bench.folder.path().join("clone");
    super::support::stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), clone.to_str().unwrap()],
    );
}

#[test]
fn creating_twice_is_refused_and_removing_leaves_nothing() {
    let bench = Bench::new();
    assert!(matches!(
        bench.git.create(bench.id, "main"),
        Err(GitError::RepositoryExists)
    ));
    assert_eq!(bench.git.list().unwrap(), [bench.id]);
    bench.commit(vec![put("a", "1")]);
    bench.git.remove(bench.id).unwrap();
    bench.git.remove(bench.id).unwrap();
    assert!(!bench.git.exists(bench.id));
    assert!(matches!(bench.git.repository(bench.id), Err(GitError::NoRepository)));
}

#[test]
fn files_of_all_kinds_of_names_come_back_byte_for_byte() {
    let bench = Bench::new();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("README.md", b"# Rain\n".to_vec()),
        ("数据/降水 2020.nc", vec![0, 1, 2, 255]),
        ("a/b/c/d.txt", b"deep".to_vec()),
        ("a.b", b"sorts beside a/".to_vec()),
        ("a-b", b"sorts before a/".to_vec()),
        ("empty", Vec::new()),
        ("2020-01-01T00:00:00.nc", b"colons".to_vec()),
        ("big", (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect()),
    ];
    let commit = bench.commit(files.iter().map(|(path, content)| put(path, content)).collect());
    bench.assert_sound();
    let repository = bench.open();
    for (path, content) in &files {
        let entry = repository.file(commit, path).unwrap();
        assert_eq!(entry.size, Some(content.len() as u64));
        let mut copied = Vec::new();
        assert_eq!(
            repository.copy_blob(entry.id, &mut copied).unwrap(),
            content.len() as u64
        );
        assert!(copied == *content, "{path}");
    }
    assert!(matches!(
        repository.blob(repository.file(commit, "big").unwrap().id, 100),
        Err(GitError::TooLarge {
            size: 12_000_000,
            limit: 100
        })
    ));
    assert_eq!(bench.stock(&["cat-file", "blob", "main:a/b/c/d.txt"]), "deep");
}

#[test]
fn random_operations_give_the_tree_that_a_plain_map_predicts() {
    let bench = Bench::new();
    let mut dice = Dice(7);
    let mut expected: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for round in 0..60 {
        let mut operations = Vec::new();
        let mut next = expected.clone();
        for step in 0..=dice.roll(6) {
            let path = format!("f{}/g{}/h{}", dice.roll(3), dice.roll(3), dice.roll(4));
            let existing = next.keys().nth(dice.roll(next.len().max(1))).cloned();
            match (dice.roll(5), existing) {
                (0, Some(old)) => {
                    next.remove(&old);
                    operations.push(delete(&old));
                }
                (1, Some(old)) if !next.contains_key(&path) => {
                    let content = next.remove(&old).unwrap();
                    next.insert(path.clone(), content);
                    operations.push(rename(&old, &path));
                }
                (2, Some(old)) if !next.contains_key(&path) => {
                    next.insert(path.clone(), next[&old].clone());
                    operations.push(copy(&old, &path));
                }
                _ => {
                    let content = format!("{round} {step}").into_bytes();
                    next.insert(path.clone(), content.clone());
                    operations.push(put(&path, &content));
                }
            }
        }
        if next == expected {
            continue;
        }
        bench.commit(operations);
        expected = next;
        let listed = bench.stock(&["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(listed.lines().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    }
    for (path, content) in &expected {
        assert_eq!(
            bench.stock(&["cat-file", "blob", &format!("main:{path}")]).as_bytes(),
            content
        );
    }
    bench.assert_sound();
}

#[test]
fn a_prepared_commit_lists_what_it_changes_and_moves_nothing() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("keep", "1"), put("change", "1"), put("d/gone", "1")]);
    let operations = vec![put("change", "2"), delete("d/gone"), put("e/new", "3")];
    let prepared = bench.prepare(operations).unwrap();
    assert_eq!(bench.open().resolve("main").unwrap(), first);
    assert_eq!(prepared.parent, Some(first));
    let changes: Vec<_> = prepared
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.kind))
        .collect();
    let expected = [
        ("change", ChangeKind::Modified),
        ("d/gone", ChangeKind::Deleted),
        ("e/new", ChangeKind::Added),
    ];
    assert_eq!(changes, expected);
    assert_eq!(bench.open().publish(&prepared).unwrap(), Published::Published);
    assert_eq!(
        bench.open().publish(&prepared).unwrap(),
        Published::Published,
        "repeatable after a crash"
    );
    assert_eq!(
        bench.open().changes(Some(first), prepared.id).unwrap(),
        prepared.changes
    );
}

#[test]
fn a_commit_that_changes_nothing_is_refused_and_leaves_no_pack() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1")]);
    let before = std::fs::read_dir(bench.path().join("objects/pack")).unwrap().count();
    assert!(matches!(bench.prepare(vec![put("a", "1")]), Err(GitError::NoChange)));
    assert!(matches!(bench.prepare(vec![]), Err(GitError::NoChange)));
    assert!(matches!(
        bench.prepare(vec![put("b", "1"), delete("b")]),
        Err(GitError::NoChange)
    ));
    assert_eq!(
        std::fs::read_dir(bench.path().join("objects/pack")).unwrap().count(),
        before
    );
}

#[test]
fn a_repository_can_be_emptied_and_filled_again() {
    let bench = Bench::new();
    bench.commit(vec![put("d/a", "1"), put("d/b", "1")]);
    bench.commit(vec![Operation::Remove { path: "d".to_owned() }]);
    assert_eq!(bench.stock(&["ls-tree", "-r", "main"]), "");
    assert_eq!(
        bench.open().list(bench.open().resolve("main").unwrap(), "").unwrap(),
        []
    );
    bench.commit(vec![put("d", "now a file")]);
    bench.assert_sound();
}

#[test]
fn clashes_of_case_and_of_files_with_folders_are_refused() {
    let bench = Bench::new();
    bench.commit(vec![put("README.md", "1"), put("docs/a", "1"), put("Größe/x", "1")]);
    let refused = |operations| bench.prepare(operations).unwrap_err();
    assert!(
        matches!(refused(vec![put("readme.md", "2")]), GitError::CaseClash(a, b) if a == "README.md" && b == "readme.md")
    );
    assert!(matches!(refused(vec![put("Docs/b", "2")]), GitError::CaseClash(..)));
    assert!(matches!(refused(vec![put("docs/A", "2")]), GitError::CaseClash(a, _) if a == "docs/a"));
    assert!(matches!(refused(vec![put("GRÖßE/y", "2")]), GitError::CaseClash(..)));
    assert!(matches!(
        refused(vec![put("new/x", "2"), put("new/X", "2")]),
        GitError::CaseClash(..)
    ));
    assert!(matches!(refused(vec![put("docs", "2")]), GitError::IsFolder(path) if path == "docs"));
    assert!(matches!(refused(vec![put("docs/a/b/c", "2")]), GitError::IsFile(path) if path == "docs/a"));
    // Renaming to other capitals is not a clash.
    bench.commit(vec![rename("README.md", "readme.md"), rename("docs", "Docs")]);
    assert!(
        bench
            .stock(&["ls-tree", "-r", "--name-only", "main"])
            .contains("Docs/a\n")
    );
    bench.assert_sound();
}

#[test]
fn operations_on_absent_paths_and_taken_targets_are_refused() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1"), put("d/b", "1")]);
    let refused = |operation| bench.prepare(vec![operation]).unwrap_err();
    assert!(matches!(refused(delete("x")), GitError::PathNotFound(_)));
    assert!(matches!(refused(delete("a/x")), GitError::PathNotFound(_)));
    assert!(matches!(refused(delete("d")), GitError::IsFolder(_)));
    assert!(matches!(
        refused(Operation::Remove { path: "x".to_owned() }),
        GitError::PathNotFound(_)
    ));
    assert!(matches!(refused(rename("x", "y")), GitError::PathNotFound(_)));
    assert!(matches!(refused(rename("a", "d/b")), GitError::PathExists(_)));
    assert!(matches!(refused(copy("d", "a")), GitError::PathExists(_)));
    let deep = "x/".repeat(511) + "y";
    assert!(matches!(refused(rename("d", &deep)), GitError::BadPath { .. }));
}

#[test]
fn disguises_of_dot_git_are_refused_wherever_a_name_is_written() {
    let bench = Bench::new();
    for path in [".g\u{200c}it/x", "a/.git", "git~1/x", ".GIT/config", "..", "a//b"] {
        assert!(path.parse::<geoml_hub::base::RepoPath>().is_err(), "{path}");
    }
    // What the shared path type lets pass is held by the rules of git itself.
    if let Ok(path) = ".\u{2065}git/x".parse() {
        let content = Content::Bytes(bytes::Bytes::from_static(b"x"));
        let operation = Operation::Put {
            path,
            content,
            executable: None,
        };
        assert!(matches!(bench.prepare(vec![operation]), Err(GitError::BadPath { .. })));
    }
}

#[test]
fn the_executable_bit_is_set_kept_and_cleared() {
    let bench = Bench::new();
    let with = |content: &str, executable| Operation::Put {
        path: "run.sh".parse().unwrap(),
        content: Content::Bytes(bytes::Bytes::copy_from_slice(content.as_bytes())),
        executable,
    };
    let kind = |commit| bench.open().file(commit, "run.sh").unwrap().kind;
    assert_eq!(kind(bench.commit(vec![with("1", Some(true))])), EntryKind::Executable);
    assert_eq!(kind(bench.commit(vec![with("2", None)])), EntryKind::Executable);
    assert_eq!(kind(bench.commit(vec![with("2", Some(false))])), EntryKind::File);
}

#[test]
fn names_that_a_commit_cannot_hold_are_cleaned() {
    let bench = Bench::new();
    let mut request = bench.request("main", vec![put("a", "1")]);
    request.author.name = "Ada <script>\n\"".to_owned();
    request.author.email = "a@b>\n".to_owned();
    request.committer.name = "<>".to_owned();
    request.message = "Title\n\nBody with 中文\n\n\n".to_owned();
    let repository = bench.open();
    let prepared = repository.prepare(request).unwrap();
    repository.publish(&prepared).unwrap();
    let commit = repository.commit(prepared.id).unwrap();
    assert_eq!(
        (commit.author.name.as_str(), commit.author.email.as_str()),
        ("Ada script", "a@b")
    );
    assert_eq!(commit.committer.name, "unknown");
    assert_eq!(
        (commit.title(), commit.message.as_str()),
        ("Title", "Title\n\nBody with 中文\n")
    );
    bench.assert_sound();
    let mut request = bench.request("main", vec![put("a", "2")]);
    request.message = "nul\0".to_owned();
    assert!(matches!(repository.prepare(request), Err(GitError::BadMessage)));
}

#[test]
fn a_commit_prepared_on_an_old_tip_is_stale() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let late = bench.prepare(vec![put("b", "1")]).unwrap();
    let second = bench.commit(vec![put("c", "1")]);
    assert_eq!(
        bench.open().publish(&late).unwrap(),
        Published::Stale { current: Some(second) }
    );
    let mut request = bench.request("main", vec![put("b", "1")]);
    request.parent = Parent::At(first);
    assert!(matches!(bench.open().prepare(request), Err(GitError::Stale { current }) if current == Some(second)));
    let mut request = bench.request("main", vec![put("b", "1")]);
    request.parent = Parent::None;
    assert!(matches!(bench.open().prepare(request), Err(GitError::Stale { .. })));
    assert!(matches!(
        bench.open().prepare(bench.request("absent", vec![put("b", "1")])),
        Err(GitError::RevisionNotFound(_))
    ));
    assert_eq!(bench.open().resolve("main").unwrap(), second);
}

#[test]
fn sixteen_threads_that_retry_on_one_branch_lose_no_commit() {
    let bench = Bench::new();
    bench.commit(vec![put("start", "1")]);
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let bench = &bench;
            scope.spawn(move || {
                for number in 0..5 {
                    let repository = bench.open();
                    loop {
                        let path = format!("t{thread}/{number}");
                        let prepared = repository
                            .prepare(bench.request("main", vec![put(&path, "x")]))
                            .unwrap();
                        if repository.publish(&prepared).unwrap() == Published::Published {
                            break;
                        }
                    }
                }
            });
        }
    });
    assert_eq!(bench.stock(&["rev-list", "--count", "main"]).trim(), "81");
    assert_eq!(
        bench.stock(&["ls-tree", "-r", "--name-only", "main"]).lines().count(),
        81
    );
    bench.assert_sound();
}

#[test]
fn sixteen_writers_in_the_queue_are_never_stale() {
    let bench = std::sync::Arc::new(Bench::new());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for writer in 0..16 {
            let bench = std::sync::Arc::clone(&bench);
            tasks.push(tokio::spawn(async move {
                let guard = bench.git.lock(bench.id).await;
                let committer = std::sync::Arc::clone(&bench);
                geoml_hub::base::blocking(move || committer.commit(vec![put(&format!("w{writer}"), "x")])).await;
                drop(guard);
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(bench.stock(&["rev-list", "--count", "main"]).trim(), "16");
    assert_eq!(bench.git.locked_count(), 0, "idle repositories hold no lock");
}

#[test]
fn a_caller_who_gives_up_waiting_leaves_the_queue() {
    let bench = Bench::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let guard = bench.git.lock(bench.id).await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), bench.git.lock(bench.id));
        assert!(waiting.await.is_err());
        drop(guard);
        assert_eq!(bench.git.locked_count(), 0);
        drop(bench.git.lock(bench.id).await);
    });
}

#[test]
fn ten_thousand_files_in_one_commit_are_one_pack() {
    let bench = Bench::new();
    let files = (0..10_000)
        .map(|n| put(&format!("data/{}/{n}.txt", n % 100), format!("content {n}")))
        .collect();
    let start = Instant::now();
    bench.commit(files);
    println!("10,000 files in one commit: {:?}", start.elapsed());
    let packs = std::fs::read_dir(bench.path().join("objects/pack")).unwrap().count();
    assert_eq!(packs, 2, "one pack and its index");
    assert_eq!(
        bench.stock(&["ls-tree", "-r", "--name-only", "main"]).lines().count(),
        10_000
    );
    bench.assert_sound();
    let start = Instant::now();
    bench.commit(vec![put("data/7/7.txt", "changed")]);
    println!("one file more: {:?}", start.elapsed());
}

#[test]
fn staged_blobs_stand_in_the_pack_of_their_commit() {
    let bench = Bench::new();
    let repository = bench.open();
    let mut stage = repository.stage().unwrap();
    let noise: Vec<u8> = (0..500_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let large = stage.add_from(noise.len() as u64, &mut noise.as_slice()).unwrap();
    let again = stage.add_from(noise.len() as u64, &mut noise.as_slice()).unwrap();
    assert_eq!(
        (large, stage.len()),
        (again, 1),
        "a blob that comes twice is stored once"
    );
    let small = stage.add(b"small").unwrap();
    let file = |path: &str, blob| Operation::Put {
        path: path.parse().unwrap(),
        content: Content::Blob(blob),
        executable: None,
    };
    let request = bench.request("main", vec![file("large", large), file("small", small)]);
    let prepared = repository.prepare_staged(stage, request).unwrap();
    repository.publish(&prepared).unwrap();
    bench.assert_sound();
    let id = bench.open().file(prepared.id, "large").unwrap().id;
    assert!(bench.open().blob(id, u64::MAX).unwrap() == noise);
    // A blob of the repository serves too; one that nobody knows does not.
    bench.commit(vec![file("again", large)]);
    let unknown = geoml_hub::git::PreparedBlob {
        id: geoml_hub::git::ObjectId::from_bytes([7; 20]),
        size: 1,
    };
    assert!(matches!(
        bench.prepare(vec![file("x", unknown)]),
        Err(GitError::Damaged(_))
    ));
    let mut short = bench.open().stage().unwrap();
    assert!(short.add_from(10, &mut b"short".as_slice()).is_err());
    drop(short);
    let left = std::fs::read_dir(bench.path().join("objects/pack")).unwrap();
    assert!(
        left.into_iter()
            .all(|file| !file.unwrap().file_name().to_str().unwrap().starts_with("tmp"))
    );
}
