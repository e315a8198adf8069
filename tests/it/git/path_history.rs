use super::support::{Bench, Dice, delete, put, rename, stock_in};
use geoml_hub::git::{GitError, ObjectId, Operation, path_history};
use geoml_hub::store::{Schema, Store};
use std::collections::BTreeSet;

fn store() -> Store {
    let schema = Schema {
        tables: path_history::TABLES.to_vec(),
        migrations: &[],
    };
    Store::in_memory(&schema).unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn refresh(bench: &Bench, store: &Store) {
    wait(path_history::refresh(&bench.git, store, bench.id, "main")).unwrap();
}

/// Index, walk and stock git agree on the commits of the branch, of every path and of every folder entry.
fn assert_agreement(bench: &Bench, store: &Store, paths: &[String]) {
    let (id, repository) = (bench.id, bench.open());
    let tip = repository.resolve("main").unwrap();
    let state = store.read(|tx| path_history::indexed(tx, id, "main")).unwrap().unwrap();
    assert_eq!(state.tip, tip);
    let listed = store
        .read(|tx| path_history::commits(tx, id, "main", 0, usize::MAX))
        .unwrap();
    let text = |ids: &[ObjectId]| ids.iter().map(ObjectId::to_string).collect::<Vec<_>>();
    let log = |arguments: &[&str]| -> Vec<String> {
        let all = [&["log", "--first-parent", "--format=%H", "main"], arguments].concat();
        bench.stock(&all).lines().map(str::to_owned).collect()
    };
    assert_eq!(text(&listed), log(&[]));
    let middle = store.read(|tx| path_history::commits(tx, id, "main", 2, 3)).unwrap();
    assert_eq!(middle, listed.iter().skip(2).take(3).copied().collect::<Vec<_>>());
    for path in paths {
        let versions = store
            .read(|tx| path_history::versions(tx, id, "main", path, 0, usize::MAX))
            .unwrap();
        let commits: Vec<_> = versions.iter().map(|version| version.commit).collect();
        assert_eq!(text(&commits), log(&["--", &format!(":(literal){path}")]), "{path}");
        let numbers: Vec<_> = versions.iter().map(|version| version.number).collect();
        assert_eq!(numbers, (1..=versions.len() as u64).rev().collect::<Vec<_>>(), "{path}");
        let walked = repository.walk_versions(tip, path).unwrap();
        let seen: Vec<_> = walked
            .iter()
            .map(|version| (version.commit, version.kind, version.object))
            .collect();
        let kept: Vec<_> = versions
            .iter()
            .map(|version| (version.commit, version.kind, version.object))
            .collect();
        assert_eq!(seen, kept, "{path}");
        for version in &versions {
            let by_commit = store
                .read(|tx| path_history::version_of_commit(tx, id, "main", path, version.commit))
                .unwrap();
            let by_number = store
                .read(|tx| path_history::version(tx, id, "main", path, Some(version.number)))
                .unwrap();
            assert_eq!((by_commit.as_ref(), by_number.as_ref()), (Some(version), Some(version)));
        }
        let last = store
            .read(|tx| path_history::last_commit(tx, id, "main", path))
            .unwrap();
        let exists = repository.entry(tip, path).unwrap().is_some();
        assert_eq!(
            last.map(|last| (last.commit, last.versions)),
            exists.then(|| (commits[0], commits.len() as u64)),
            "{path}"
        );
    }
    assert_eq!(
        path_history::check(store, &repository, "main").unwrap(),
        Vec::<String>::new()
    );
}

fn random_commit(bench: &Bench, dice: &mut Dice, files: &mut BTreeSet<String>, branch: &str) {
    let mut operations = Vec::new();
    for _ in 0..=dice.roll(3) {
        let path = format!("d{}/e{}/f{}", dice.roll(2), dice.roll(2), dice.roll(3));
        let existing = files.iter().nth(dice.roll(files.len().max(1))).cloned();
        match (dice.roll(4), existing) {
            (0, Some(old)) => {
                files.remove(&old);
                operations.push(delete(&old));
            }
            (1, Some(old)) if !files.contains(&path) => {
                files.remove(&old);
                files.insert(path.clone());
                operations.push(rename(&old, &path));
            }
            _ => {
                files.insert(path.clone());
                operations.push(put(&path, dice.roll(1_000_000).to_string()));
            }
        }
    }
    let repository = bench.open();
    match repository.prepare(bench.request(branch, operations)) {
        Ok(prepared) => drop(repository.publish(&prepared).unwrap()),
        Err(GitError::NoChange) => {}
        Err(error) => panic!("{error}"),
    }
}

fn all_paths() -> Vec<String> {
    let mut paths = Vec::new();
    for d in 0..2 {
        paths.push(format!("d{d}"));
        for e in 0..2 {
            paths.push(format!("d{d}/e{e}"));
            paths.extend((0..3).map(|f| format!("d{d}/e{e}/f{f}")));
        }
    }
    paths
}

#[test]
fn the_index_agrees_with_git_over_random_histories() {
    for seed in [1, 2, 3] {
        let (bench, store, mut dice) = (Bench::new(), store(), Dice(seed));
        let mut files = BTreeSet::new();
        for round in 0..25 {
            random_commit(&bench, &mut dice, &mut files, "main");
            if round % 6 == 0 {
                refresh(&bench, &store);
            }
        }
        refresh(&bench, &store);
        assert_agreement(&bench, &store, &all_paths());
    }
}

#[test]
fn a_branch_that_is_set_back_or_replaced_is_followed() {
    let (bench, store, mut dice) = (Bench::new(), store(), Dice(5));
    let mut files = BTreeSet::new();
    let mut tips = Vec::new();
    for _ in 0..12 {
        random_commit(&bench, &mut dice, &mut files, "main");
        tips.push(bench.open().resolve("main").unwrap());
    }
    refresh(&bench, &store);
    let repository = bench.open();
    // Set back.
    repository.move_branch("main", Some(tips[11]), tips[5]).unwrap();
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &all_paths());
    // Another line from an older commit.
    repository.move_branch("main", Some(tips[5]), tips[2]).unwrap();
    bench.commit(vec![put("d0/e0/f0", "another line"), put("d1/e1/f2", "another line")]);
    bench.commit(vec![put("d0", "a file now")].into_iter().fold(
        vec![Operation::Remove { path: "d0".to_owned() }],
        |mut all, one| {
            all.push(one);
            all
        },
    ));
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &all_paths());
    // Forward again to where it was.
    let now = repository.resolve("main").unwrap();
    repository.move_branch("main", Some(now), tips[11]).unwrap();
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &all_paths());
    // A history that has nothing in common with the old one.
    let work = bench.folder.path().join("orphan");
    stock_in(bench.folder.path(), &["init", "-q", work.to_str().unwrap()]);
    std::fs::create_dir_all(work.join("d0")).unwrap();
    std::fs::write(work.join("d0/e0"), "orphan").unwrap();
    stock_in(&work, &["add", "."]);
    stock_in(&work, &["commit", "-q", "-m", "orphan"]);
    stock_in(
        &work,
        &["push", "-q", "-f", bench.path().to_str().unwrap(), "HEAD:main"],
    );
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &all_paths());
}

#[test]
fn merges_count_by_what_they_bring_to_the_first_parent() {
    let (bench, store) = (Bench::new(), store());
    bench.commit(vec![put("a", "1"), put("d/b", "1")]);
    refresh(&bench, &store);
    let work = bench.folder.path().join("work");
    stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    let run = |arguments: &[&str]| stock_in(&work, arguments);
    for round in 0..3 {
        run(&["checkout", "-q", "-b", &format!("side{round}")]);
        std::fs::write(work.join("d/b"), format!("side {round}")).unwrap();
        run(&["commit", "-q", "-a", "-m", "side"]);
        run(&["checkout", "-q", "main"]);
        std::fs::write(work.join("a"), format!("main {round}")).unwrap();
        run(&["commit", "-q", "-a", "-m", "main"]);
        run(&["merge", "-q", "--no-ff", "-m", "merge", &format!("side{round}")]);
    }
    run(&["push", "-q", "origin", "main"]);
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &["a".to_owned(), "d".to_owned(), "d/b".to_owned()]);
    // The old tip becomes a second parent: the first-parent line is another one.
    run(&["checkout", "-q", "-b", "other", "main~1"]);
    std::fs::write(work.join("a"), "other").unwrap();
    run(&["commit", "-q", "-a", "-m", "other"]);
    run(&["merge", "-q", "-s", "ours", "-m", "swallow", "main"]);
    run(&["push", "-q", "origin", "other:main"]);
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &["a".to_owned(), "d".to_owned(), "d/b".to_owned()]);
}

#[test]
fn one_commit_is_one_small_update_in_the_transaction_of_its_writer() {
    let (bench, store) = (Bench::new(), store());
    bench.commit(vec![put("a/b", "1")]);
    refresh(&bench, &store);
    let tip = bench.commit(vec![put("a/b", "2"), put("c", "1")]);
    let repository = bench.open();
    let mut plan = repository.plan_history(&store, "main", tip).unwrap();
    assert!(plan.is_small() && !plan.is_finished());
    let update = plan.next_update(&repository).unwrap().unwrap();
    assert_eq!(plan.next_update(&repository).unwrap(), None);
    let paths: Vec<_> = update.commits[0]
        .changes
        .iter()
        .map(|change| change.path.clone())
        .collect();
    assert_eq!(paths, ["a", "a/b", "c"]);
    let again = update.clone();
    let applied = wait(store.write(move |tx| path_history::apply(tx, &update))).unwrap();
    assert_eq!(applied, path_history::Progress::Done);
    let repeated = wait(store.write(move |tx| path_history::apply(tx, &again))).unwrap();
    assert_eq!(repeated, path_history::Progress::Outdated, "an update is written once");
    assert!(repository.plan_history(&store, "main", tip).unwrap().is_finished());
    assert_agreement(&bench, &store, &["a".to_owned(), "a/b".to_owned(), "c".to_owned()]);
}

#[test]
fn a_commit_of_very_many_files_is_written_part_by_part_and_goes_on_after_a_crash() {
    let (bench, store) = (Bench::new(), store());
    bench.commit(vec![put("a", "1"), put("d/0001", "0")]);
    refresh(&bench, &store);
    let files = |text: &str| (0..5_000).map(|n| put(&format!("d/{n:04}"), text)).collect::<Vec<_>>();
    let before = bench.open().resolve("main").unwrap();
    bench.commit(files("1"));
    let tip = bench.open().resolve("main").unwrap();
    // Two parts, and the hub dies.
    let repository = bench.open();
    let mut plan = repository.plan_history(&store, "main", tip).unwrap();
    for _ in 0..2 {
        let update = plan.next_update(&repository).unwrap().unwrap();
        assert!(update.commits[0].changes.len() <= 2_000);
        let progress = wait(store.write(move |tx| path_history::apply(tx, &update))).unwrap();
        assert_eq!(progress, path_history::Progress::Done);
    }
    let indexed = |store: &Store| store.read(|tx| path_history::indexed(tx, bench.id, "main")).unwrap();
    assert_eq!(indexed(&store), None, "half of a commit is no answer for anybody");
    // Another caller that was at the same parts finds its plan outdated, and does the rest once.
    let stale = plan.next_update(&repository).unwrap().unwrap();
    refresh(&bench, &store);
    let progress = wait(store.write(move |tx| path_history::apply(tx, &stale))).unwrap();
    assert_eq!(progress, path_history::Progress::Outdated);
    let paths = ["a", "d", "d/0000", "d/0001", "d/1999", "d/2000", "d/4999"].map(str::to_owned);
    assert_agreement(&bench, &store, &paths);

    // Begun again, and the branch goes elsewhere.
    bench.commit(files("2"));
    let tip = bench.open().resolve("main").unwrap();
    let mut plan = bench.open().plan_history(&store, "main", tip).unwrap();
    let update = plan.next_update(&bench.open()).unwrap().unwrap();
    wait(store.write(move |tx| path_history::apply(tx, &update))).unwrap();
    bench.stock(&["update-ref", "refs/heads/main", &before.to_string()]);
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &paths[..2]);
    bench.commit(vec![delete("d/0001"), put("b", "1")]);
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &paths[..4]);
}

#[test]
fn long_histories_take_several_updates_and_deleted_branches_are_forgotten() {
    let (bench, store) = (Bench::new(), store());
    for round in 0..5 {
        bench.commit(
            (0..900)
                .map(|n| put(&format!("d{}/f{n}", n % 7), format!("{round} {n}")))
                .collect(),
        );
    }
    let repository = bench.open();
    let tip = repository.resolve("main").unwrap();
    let mut plan = repository.plan_history(&store, "main", tip).unwrap();
    let mut updates = 0;
    while let Some(update) = plan.next_update(&repository).unwrap() {
        updates += 1;
        assert_eq!(
            wait(store.write(move |tx| path_history::apply(tx, &update))).unwrap(),
            path_history::Progress::Done
        );
    }
    assert_eq!(updates, 2);
    assert_agreement(&bench, &store, &["d1/f1".to_owned(), "d1".to_owned()]);
    let entries = store
        .read(|tx| path_history::last_commits(tx, bench.id, "main", "d3"))
        .unwrap();
    assert_eq!(entries.len(), 129);
    assert!(entries.iter().all(|(_, last)| last.commit == tip && last.versions == 5));

    // A clearing that is broken off, then a new start.
    let id = bench.id;
    wait(store.write(move |tx| path_history::forget_branch(tx, id, "main"))).unwrap();
    assert_eq!(store.read(|tx| path_history::indexed(tx, id, "main")).unwrap(), None);
    refresh(&bench, &store);
    assert_agreement(&bench, &store, &["d1/f1".to_owned()]);
    repository.create_branch("other", tip).unwrap();
    repository.set_default_branch("other").unwrap();
    repository.delete_branch("main", None).unwrap();
    refresh(&bench, &store);
    assert_eq!(
        store
            .read(|tx| path_history::versions(tx, id, "main", "d1/f1", 0, 9))
            .unwrap(),
        []
    );
    assert!(wait(store.write(move |tx| path_history::forget_repository(tx, id))).unwrap());
}
