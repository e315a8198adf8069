use super::support::{Bench, delete, put};
use crate::support::Random;
use geoml_hub::git::{Merge, MergeRequest, ObjectId, Operation, Published};
use std::process::Command;

const FILES: [&str; 5] = ["a.txt", "b.txt", "deep/c.txt", "deep/er/d.txt", "e.bin"];

fn request(bench: &Bench, theirs: ObjectId) -> MergeRequest {
    MergeRequest {
        branch: "main".to_owned(),
        theirs,
        author: bench.signature(),
        message: "Merge".to_owned(),
    }
}

/// What stock git says: the tree, or none when there are conflicts.
fn oracle(bench: &Bench, ours: ObjectId, theirs: ObjectId) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "merge-tree", "--write-tree", "--no-messages"])
        .args([ours.to_string(), theirs.to_string()])
        .current_dir(bench.path())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| tree.trim().to_owned())
}

fn lines(random: &mut Random) -> Vec<String> {
    (0..24)
        .map(|line| format!("line {line} {}\n", random.below(4)))
        .collect()
}

/// Changes far from each other or near, new files, deletions.
fn edits(random: &mut Random, base: &[Vec<String>], side: &str) -> Vec<Operation> {
    let mut operations = vec![put(&format!("{side}.txt"), side)];
    for (path, text) in FILES.iter().zip(base) {
        match random.below(6) {
            0 => operations.push(delete(path)),
            1..4 => {
                let mut text = text.clone();
                let place = random.index(text.len());
                text[place] = format!("{side} {}\n", random.below(3));
                operations.push(put(path, text.concat()));
            }
            _ => {}
        }
    }
    operations
}

#[test]
fn merges_are_those_of_stock_git_and_conflicts_write_nothing() {
    let mut random = Random::new(7);
    let (mut clean, mut conflicts) = (0, 0);
    for _ in 0..30 {
        let bench = Bench::new();
        let base: Vec<Vec<String>> = FILES.iter().map(|_| lines(&mut random)).collect();
        let all = FILES.iter().zip(&base).map(|(path, text)| put(path, text.concat()));
        let first = bench.commit(all.collect());
        bench.open().create_branch("side", first).unwrap();
        let theirs = bench.commit_to("side", edits(&mut random, &base, "theirs"));
        let ours = bench.commit(edits(&mut random, &base, "ours"));
        let expected = oracle(&bench, ours, theirs);
        let repository = bench.open();
        let named = repository.merge_conflicts(ours, theirs).unwrap();
        assert_eq!(named.is_empty(), expected.is_some(), "{named:?}");
        match (repository.prepare_merge(request(&bench, theirs)).unwrap(), expected) {
            (Merge::Prepared(prepared), Some(tree)) => {
                assert_eq!(repository.publish(&prepared).unwrap(), Published::Published);
                let commit = bench.open().commit(prepared.id).unwrap();
                assert_eq!((commit.tree.to_string(), commit.parents), (tree, vec![ours, theirs]));
                let again = bench.open().prepare_merge(request(&bench, theirs)).unwrap();
                assert_eq!(again, Merge::Contained(prepared.id));
                clean += 1;
            }
            (Merge::Conflicts(files), None) => {
                assert_eq!(files, named);
                assert_eq!(bench.open().branch("main").unwrap(), Some(ours));
                conflicts += 1;
            }
            (merge, expected) => panic!("{merge:?}, and stock git: {expected:?}"),
        }
        bench.assert_sound();
    }
    assert!(clean > 3 && conflicts > 3, "{clean} clean, {conflicts} in conflict");
}
