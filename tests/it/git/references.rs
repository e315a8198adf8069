use super::support::{Bench, put};
use geoml_hub::git::GitError;

#[test]
fn revisions_are_found_by_every_name_that_git_knows() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let second = bench.commit(vec![put("a", "2")]);
    let repository = bench.open();
    repository.create_tag("v1", first).unwrap();
    repository.create_branch("feature/rain", first).unwrap();
    bench.stock(&["tag", "-a", "-m", "annotated", "v2", &second.to_string()]);
    bench.stock(&["tag", "-a", "-m", "of a tag", "v3", "v2"]);
    let names = [
        ("main", second),
        ("HEAD", second),
        ("refs/heads/main", second),
        ("v1", first),
        ("v2", second),
        ("v3", second),
        ("refs/tags/v2", second),
        ("feature/rain", first),
    ];
    for (name, commit) in names {
        assert_eq!(bench.open().resolve(name).unwrap(), commit, "{name}");
    }
    assert_eq!(bench.open().resolve(&first.to_string()).unwrap(), first);
    assert_eq!(bench.open().resolve(&first.to_string()[..9]).unwrap(), first);
    let tree = bench.open().commit(first).unwrap().tree.to_string();
    for absent in [
        "nothing",
        "",
        "main~1",
        "main:a",
        "@{0}",
        "../main",
        "refs/heads",
        "abc",
        &tree,
        &tree[..10],
    ] {
        assert!(
            matches!(bench.open().resolve(absent), Err(GitError::RevisionNotFound(_))),
            "{absent}"
        );
    }
}

#[test]
fn branches_and_tags_are_listed_as_git_lists_them() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    let repository = bench.open();
    for name in ["b", "a/b", "a-b", "发布"] {
        repository.create_branch(name, commit).unwrap();
        repository.create_tag(name, commit).unwrap();
    }
    bench.stock(&["pack-refs", "--all"]);
    repository.create_branch("z", commit).unwrap();
    let shown = |references: Vec<geoml_hub::git::Reference>| -> Vec<String> {
        references.into_iter().map(|reference| reference.name).collect()
    };
    let stock = |kind: &str| -> Vec<String> {
        let text = bench.stock(&["for-each-ref", "--format=%(refname:lstrip=2)", kind]);
        text.lines().map(str::to_owned).collect()
    };
    assert_eq!(shown(bench.open().branches().unwrap()), stock("refs/heads"));
    assert_eq!(shown(bench.open().tags().unwrap()), stock("refs/tags"));
}

#[test]
fn a_name_cannot_be_a_branch_and_a_folder_of_branches() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    let repository = bench.open();
    repository.create_branch("x/y", commit).unwrap();
    assert!(matches!(
        repository.create_branch("x", commit),
        Err(GitError::ReferenceClash(..))
    ));
    assert!(matches!(
        repository.create_branch("x/y/z", commit),
        Err(GitError::ReferenceClash(..))
    ));
    bench.stock(&["pack-refs", "--all"]);
    assert!(matches!(
        bench.open().create_branch("x", commit),
        Err(GitError::ReferenceClash(..))
    ));
    assert!(matches!(
        bench.open().create_branch("x/y/z", commit),
        Err(GitError::ReferenceClash(..))
    ));
    repository.create_branch("x/yy", commit).unwrap();
    // Deleted branches leave no folder in the way.
    repository.delete_branch("x/y", None).unwrap();
    repository.delete_branch("x/yy", Some(commit)).unwrap();
    bench.open().create_branch("x", commit).unwrap();
    bench.assert_sound();
    assert_eq!(bench.stock(&["rev-parse", "x"]).trim(), commit.to_string());
}

#[test]
fn an_empty_folder_in_the_place_of_a_branch_does_no_harm() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    std::fs::create_dir_all(bench.path().join("refs/heads/x/y/z")).unwrap();
    bench.open().create_branch("x", commit).unwrap();
    assert_eq!(bench.stock(&["rev-parse", "x"]).trim(), commit.to_string());
}

#[test]
fn packed_branches_and_annotated_tags_can_be_deleted() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    let repository = bench.open();
    repository.create_branch("b", commit).unwrap();
    repository.create_branch("c", commit).unwrap();
    bench.stock(&["tag", "-a", "-m", "x", "v1", "main"]);
    bench.stock(&["tag", "-a", "-m", "x", "v2", "main"]);
    bench.stock(&["pack-refs", "--all"]);
    bench.open().delete_branch("b", None).unwrap();
    bench.open().delete_tag("v1", None).unwrap();
    assert!(matches!(
        bench.open().delete_branch("b", None),
        Err(GitError::ReferenceNotFound(_))
    ));
    assert_eq!(
        bench.stock(&["for-each-ref", "--format=%(refname)"]),
        "refs/heads/c\nrefs/heads/main\nrefs/tags/v2\n"
    );
    assert_eq!(bench.stock(&["rev-parse", "v2^{commit}"]).trim(), commit.to_string());
    bench.assert_sound();
}

#[test]
fn references_move_only_from_where_they_are_expected() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let second = bench.commit(vec![put("a", "2")]);
    let repository = bench.open();
    assert!(matches!(
        repository.create_branch("main", first),
        Err(GitError::ReferenceExists(_))
    ));
    repository.create_branch("b", first).unwrap();
    assert!(matches!(
        repository.delete_branch("b", Some(second)),
        Err(GitError::Stale { .. })
    ));
    assert!(
        matches!(repository.move_branch("b", Some(second), first), Err(GitError::Stale { current }) if current == Some(first))
    );
    repository.move_branch("b", Some(first), second).unwrap();
    assert_eq!(repository.branch("b").unwrap(), Some(second));
    let absent = geoml_hub::git::ObjectId::from_bytes([9; 20]);
    assert!(matches!(
        repository.move_branch("b", Some(second), absent),
        Err(GitError::RevisionNotFound(_))
    ));
}

#[test]
fn the_default_branch_can_change_but_not_be_deleted() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    let repository = bench.open();
    repository.create_branch("next", commit).unwrap();
    assert!(matches!(
        repository.delete_branch("main", None),
        Err(GitError::DefaultBranch(_))
    ));
    repository.set_default_branch("next").unwrap();
    assert_eq!(bench.open().default_branch().unwrap(), "next");
    bench.open().delete_branch("main", None).unwrap();
    assert_eq!(bench.stock(&["symbolic-ref", "HEAD"]).trim(), "refs/heads/next");
    bench.assert_sound();
}

#[test]
fn bad_names_of_branches_are_refused() {
    let bench = Bench::new();
    let commit = bench.commit(vec![put("a", "1")]);
    let long = "a".repeat(300);
    for name in [
        "",
        "a..b",
        "a b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a~1",
        "a^",
        "a:b",
        "a\\b",
        "@{",
        "-a",
        "HEAD",
        "a\u{1}",
        "refs/heads/x",
        "*",
        &long,
    ] {
        assert!(
            matches!(
                bench.open().create_branch(name, commit),
                Err(GitError::BadReferenceName(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn a_lock_file_left_by_a_crash_does_not_block_a_branch_for_good() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1")]);
    std::fs::write(bench.path().join("refs/heads/main.lock"), "").unwrap();
    let second = bench.commit(vec![put("a", "2")]);
    assert_eq!(bench.stock(&["rev-parse", "main"]).trim(), second.to_string());
    assert!(!bench.path().join("refs/heads/main.lock").exists());
}
