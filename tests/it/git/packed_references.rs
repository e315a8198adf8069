use super::support::{Bench, Dice, put};
use geoml_hub::git::ObjectId;
use geoml_hub::git::receive::ReferenceChange;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

fn references(bench: &Bench) -> String {
    bench.stock(&[
        "for-each-ref",
        "--format=%(refname) %(objectname) %(*objectname) %(symref)",
    ])
}

fn loose(bench: &Bench) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![bench.path().join("refs")];
    while let Some(folder) = waiting.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_dir() {
                waiting.push(file.path());
            } else {
                let path = file.path();
                found.push(path.strip_prefix(bench.path()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn packed_references_are_what_stock_git_would_pack() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let second = bench.commit(vec![put("a", "2")]);
    let repository = bench.open();
    for name in ["b", "a/b", "a-b", "a/c/d", "发布"] {
        repository.create_branch(name, first).unwrap();
        repository.create_tag(name, second).unwrap();
    }
    bench.stock(&["tag", "-a", "-m", "annotated", "v2", &second.to_string()]);
    bench.stock(&["tag", "-a", "-m", "of a tag", "v3", "v2"]);
    bench.stock(&["update-ref", "refs/hub/kept", &first.to_string()]);
    bench.stock(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    let before = references(&bench);
    assert_eq!(bench.git.pack_references(bench.id, 100).unwrap(), 0, "too few");
    assert_eq!(bench.git.pack_references(bench.id, 1).unwrap(), 14);
    assert_eq!(references(&bench), before);
    assert_eq!(loose(&bench), ["refs/heads/alias"]);
    assert!(!bench.path().join("refs/heads/a").exists(), "empty folders go");
    let ours = std::fs::read_to_string(bench.path().join("packed-refs")).unwrap();
    bench.stock(&["pack-refs", "--all"]);
    let theirs = std::fs::read_to_string(bench.path().join("packed-refs")).unwrap();
    assert_eq!(ours, theirs);
    assert_eq!(bench.git.pack_references(bench.id, 0).unwrap(), 0, "nothing left to do");
    bench.assert_sound();
}

#[test]
fn packed_references_move_clash_and_go_like_others() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let repository = bench.open();
    for number in 0..200 {
        repository.create_branch(&format!("n/{number}"), first).unwrap();
    }
    assert_eq!(bench.git.pack_references(bench.id, 64).unwrap(), 201);
    let second = bench.commit(vec![put("a", "2")]);
    assert_eq!(repository.resolve("main").unwrap(), second, "the newer file wins");
    assert!(repository.create_branch("n", first).is_err(), "n/1 is packed");
    repository.delete_branch("n/1", Some(first)).unwrap();
    assert_eq!(repository.branch("n/1").unwrap(), None, "deleted in the same moment");
    repository.create_branch("n/1", second).unwrap();
    assert_eq!(repository.branch("n/1").unwrap(), Some(second));
    let mut changes: Vec<ReferenceChange> = (2..200)
        .map(|number| ReferenceChange {
            name: format!("refs/heads/n/{number}"),
            old: Some(first),
            new: None,
        })
        .collect();
    changes.push(ReferenceChange {
        name: "refs/heads/n/1".to_owned(),
        old: Some(second),
        new: None,
    });
    changes.push(ReferenceChange {
        name: "refs/heads/n/0/below".to_owned(),
        old: None,
        new: Some(first),
    });
    changes.push(ReferenceChange {
        name: "refs/heads/n/0".to_owned(),
        old: Some(first),
        new: None,
    });
    for answer in repository.change_references(&changes, true).unwrap() {
        answer.unwrap();
    }
    let left = bench.stock(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(left, "refs/heads/main\nrefs/heads/n/0/below\n");
    bench.assert_sound();
}

#[test]
fn many_references_that_move_together_are_written_as_one_file() {
    let bench = Bench::new();
    let first = bench.commit(vec![put("a", "1")]);
    let second = bench.commit(vec![put("a", "2")]);
    bench.stock(&["tag", "-a", "-m", "annotated", "signed", &first.to_string()]);
    let tag: ObjectId = bench.stock(&["rev-parse", "refs/tags/signed"]).trim().parse().unwrap();
    let change = |name: String, old, new| ReferenceChange { name, old, new };
    let created: Vec<ReferenceChange> = (0..40)
        .map(|number| change(format!("refs/heads/many/{number}"), None, Some(first)))
        .chain((0..3).map(|number| change(format!("refs/tags/v{number}"), None, Some(tag))))
        .collect();
    let repository = bench.open();
    let done = |changes: &[ReferenceChange]| {
        for answer in repository.change_references(changes, true).unwrap() {
            answer.unwrap();
        }
    };
    done(&created);
    assert_eq!(loose(&bench), ["refs/heads/main", "refs/tags/signed"]);
    // What a start after a crash does with the same journal.
    done(&created);
    repository.move_branch("many/0", Some(first), second).unwrap();
    let mut moved: Vec<ReferenceChange> = (1..20)
        .map(|number| change(format!("refs/heads/many/{number}"), Some(first), Some(second)))
        .chain((20..40).map(|number| change(format!("refs/heads/many/{number}"), Some(first), None)))
        .collect();
    // A file of its own gives way to the packed line, or goes with it; names below deleted ones are free.
    moved.push(change("refs/heads/many/0".to_owned(), Some(second), Some(first)));
    moved.push(change("refs/heads/many/20/below".to_owned(), None, Some(second)));
    done(&moved);
    assert_eq!(loose(&bench), ["refs/heads/main", "refs/tags/signed"]);
    let branches = repository.branches().unwrap();
    assert_eq!(branches.len(), 22);
    assert_eq!(repository.branch("many/0").unwrap(), Some(first));
    assert_eq!(repository.branch("many/19").unwrap(), Some(second));
    let ours = std::fs::read_to_string(bench.path().join("packed-refs")).unwrap();
    bench.stock(&["pack-refs", "--all"]);
    bench.stock(&["update-ref", "-d", "refs/heads/main"]);
    bench.stock(&["tag", "-d", "signed"]);
    assert_eq!(std::fs::read_to_string(bench.path().join("packed-refs")).unwrap(), ours);
    // One that moved meanwhile holds back all.
    let stale = change("refs/heads/many/3".to_owned(), Some(first), None);
    let mut changes: Vec<ReferenceChange> = (0..30)
        .map(|number| change(format!("refs/heads/new/{number}"), None, Some(first)))
        .collect();
    changes.push(stale);
    let answers = repository.change_references(&changes, true).unwrap();
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(std::fs::read_to_string(bench.path().join("packed-refs")).unwrap(), ours);
}

/// Moves branches of its own at random and keeps account of them.
fn writer(bench: &Bench, number: usize, commits: &[ObjectId], stop: &AtomicBool) -> BTreeMap<String, ObjectId> {
    let mut dice = Dice(number as u64);
    let mut model: BTreeMap<String, ObjectId> = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let repository = bench.open();
        let name = format!("w{number}/{}", dice.roll(8));
        let target = commits[dice.roll(commits.len())];
        let current = model.get(&name).copied();
        assert_eq!(repository.branch(&name).unwrap(), current, "{name}");
        if current.is_some() && dice.roll(3) == 0 {
            repository.delete_branch(&name, current).unwrap();
            model.remove(&name);
        } else {
            repository.move_branch(&name, current, target).unwrap();
            model.insert(name, target);
        }
    }
    model
}

#[test]
fn references_that_move_while_they_are_packed_are_never_lost_nor_overlooked() {
    let bench = Bench::new();
    let commits: Vec<ObjectId> = (0..6).map(|n| bench.commit(vec![put("a", n.to_string())])).collect();
    for number in 0..20 {
        bench.open().create_tag(&format!("fixed{number}"), commits[0]).unwrap();
    }
    let stop = AtomicBool::new(false);
    let models = std::thread::scope(|scope| {
        let (bench, stop, commits) = (&bench, &stop, &commits);
        let writers: Vec<_> = (0..3)
            .map(|number| scope.spawn(move || writer(bench, number, commits, stop)))
            .collect();
        let reader = scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let repository = bench.open();
                assert_eq!(repository.tags().unwrap().len(), 20);
                assert_eq!(repository.resolve("fixed7").unwrap(), commits[0]);
                assert_eq!(repository.branch("main").unwrap(), Some(commits[5]));
            }
        });
        let until = std::time::Instant::now() + std::time::Duration::from_secs(3);
        let mut rounds = 0;
        // A disk that is busy elsewhere takes a second for a round.
        while std::time::Instant::now() < until || rounds < 6 {
            let packed = bench.git.pack_references(bench.id, 0);
            stop.store(packed.is_err(), Ordering::Relaxed);
            packed.unwrap();
            rounds += 1;
            if rounds % 10 == 0 {
                // Makes files of fixed references again, to be packed again under the eyes of the reader.
                for number in 0..20 {
                    let path = bench.path().join(format!("refs/tags/fixed{number}"));
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path.with_extension("new.lock"), format!("{}\n", commits[0])).unwrap();
                    std::fs::rename(path.with_extension("new.lock"), path).unwrap();
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        reader.join().unwrap();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect::<Vec<_>>()
    });
    for (number, model) in models.into_iter().enumerate() {
        let found = bench.stock(&[
            "for-each-ref",
            "--format=%(refname:lstrip=2) %(objectname)",
            &format!("refs/heads/w{number}"),
        ]);
        let mut expected: Vec<String> = model.iter().map(|(name, id)| format!("{name} {id}")).collect();
        expected.sort();
        assert_eq!(found.lines().collect::<Vec<_>>(), expected);
    }
    bench.assert_sound();
}
