use super::support::{Bench, put};
use geoml_hub::base::Sha256;
use geoml_hub::git::LfsPointer;
use std::sync::atomic::{AtomicBool, Ordering};

fn packs(bench: &Bench) -> usize {
    std::fs::read_dir(bench.path().join("objects/pack"))
        .unwrap()
        .filter(|file| {
            file.as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|extension| extension == "pack")
        })
        .count()
}

fn all_objects(bench: &Bench) -> String {
    let mut lines: Vec<_> = bench
        .stock(&["cat-file", "--batch-all-objects", "--batch-check"])
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
#[ignore = "slow; part of the whole test command"]
fn three_hundred_packs_are_read_and_merged_without_losing_an_object() {
    let bench = Bench::new();
    for number in 0..300 {
        bench.commit(vec![put(&format!("f{number}"), format!("{number}"))]);
    }
    assert_eq!(packs(&bench), 300);
    let long_lived = bench.open();
    let tip = long_lived.resolve("main").unwrap();
    for number in 0..300 {
        assert!(long_lived.file(tip, &format!("f{number}")).is_ok());
    }
    // An object that no reference names yet must survive.
    let prepared = bench.prepare(vec![put("late", "1")]).unwrap();
    let before = all_objects(&bench);
    let done = bench.git.maintain(bench.id).unwrap();
    assert_eq!((done.packs_merged, packs(&bench)), (301, 1));
    assert_eq!(all_objects(&bench), before);
    bench.open().publish(&prepared).unwrap();
    bench.assert_sound();
    assert_eq!(
        long_lived.list_files(tip, "", None, 1_000).unwrap().len(),
        300,
        "an old handle finds the new pack"
    );
    assert_eq!(bench.git.maintain(bench.id).unwrap().objects, 0, "nothing left to do");
}

#[test]
fn loose_objects_and_deltas_of_stock_git_are_kept() {
    let bench = Bench::new();
    let work = bench.folder.path().join("work");
    super::support::stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    let run = |arguments: &[&str]| super::support::stock_in(&work, arguments);
    run(&["checkout", "-q", "-b", "main"]);
    bench.stock(&["config", "transfer.unpackLimit", "100000"]);
    for round in 0..30 {
        let text = (0..400)
            .map(|n| format!("line {n} of {}\n", if n % 30 == round { round } else { 0 }))
            .collect::<Vec<_>>()
            .concat();
        std::fs::write(work.join("big.txt"), text).unwrap();
        std::fs::write(work.join(format!("f{round}")), format!("{round}")).unwrap();
        run(&["add", "."]);
        run(&["commit", "-q", "-m", "x"]);
        run(&["push", "-q", "origin", "main"]);
    }
    // Once as loose objects, once as packs with deltas that overlap.
    for repack in [false, true] {
        if repack {
            bench.stock(&["repack", "-q", "-a", "-d", "-f", "--depth=20"]);
            // Random content, so that the small packs together outweigh the one with the deltas and all are merged.
            let mut dice = super::support::Dice(1);
            for number in 0..25 {
                let noise: Vec<u8> = (0..4_000).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
                bench.commit(vec![put(&format!("more{number}"), noise)]);
            }
        } else {
            for number in 0..400 {
                std::fs::write(work.join(format!("loose{number}")), number.to_string()).unwrap();
            }
            run(&["add", "."]);
            run(&["commit", "-q", "-m", "many"]);
            run(&["push", "-q", "origin", "main"]);
        }
        let before = all_objects(&bench);
        let done = bench.git.maintain(bench.id).unwrap();
        assert!(done.objects > 0);
        assert_eq!(packs(&bench), 1);
        assert_eq!(all_objects(&bench), before);
        bench.assert_sound();
    }
    let tip = bench.open().resolve("main").unwrap();
    let mut content = Vec::new();
    bench
        .open()
        .copy_blob(bench.open().file(tip, "big.txt").unwrap().id, &mut content)
        .unwrap();
    assert_eq!(String::from_utf8(content).unwrap().lines().count(), 400);
}

#[test]
fn readers_and_writers_go_on_while_packs_are_merged() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1")]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (bench, stop) = (&bench, &stop);
        for _ in 0..2 {
            scope.spawn(move || {
                let kept = bench.open();
                while !stop.load(Ordering::Relaxed) {
                    for repository in [&kept, &bench.open()] {
                        let tip = repository.resolve("main").unwrap();
                        let files = repository.list_files(tip, "", None, 1_000).unwrap();
                        repository.blob(files.last().unwrap().id, 100).unwrap();
                    }
                }
            });
        }
        scope.spawn(move || {
            for _ in 0..20 {
                bench.git.maintain(bench.id).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        for number in 0..150 {
            bench.commit(vec![put(&format!("n{number}"), "x")]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    bench.git.maintain(bench.id).unwrap();
    assert!(packs(&bench) <= 21, "{}", packs(&bench));
    bench.assert_sound();
    assert_eq!(bench.stock(&["rev-list", "--count", "main"]).trim(), "151");
}

#[test]
fn checking_finds_missing_and_damaged_objects_and_lists_large_files() {
    let bench = Bench::new();
    let pointer = LfsPointer {
        sha256: Sha256::of(b"x"),
        size: 9,
    };
    bench.commit(vec![put("m.bin", pointer.to_string()), put("a", "1")]);
    bench.commit(vec![put("m.bin", "replaced")]);
    let report = bench.open().check().unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.pointers.iter().collect::<Vec<_>>(), [&pointer]);
    assert_eq!(report.objects, 7);
    assert_eq!(bench.open().reachable_pointers().unwrap(), report.pointers);

    // A loose object whose content is another's.
    let blob = bench.stock(&["rev-parse", "main:a"]).trim().to_owned();
    for file in std::fs::read_dir(bench.path().join("objects/pack")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pack") {
            std::fs::rename(&path, bench.folder.path().join(path.file_name().unwrap())).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pack") {
            let input = std::fs::File::open(&path).unwrap();
            let unpack = std::process::Command::new("git")
                .args(["unpack-objects", "-q"])
                .current_dir(bench.path())
                .stdin(input)
                .status();
            assert!(unpack.unwrap().success());
        }
    }
    bench
        .git
        .remove(geoml_hub::base::RepositoryId::new(&geoml_hub::base::Clock::system()))
        .unwrap();
    let fresh = geoml_hub::git::Git::open(bench.folder.path().join("git")).unwrap();
    assert_eq!(
        fresh.repository(bench.id).unwrap().check().unwrap().problems,
        Vec::<String>::new()
    );
    let loose = bench.path().join("objects").join(&blob[..2]).join(&blob[2..]);
    std::fs::remove_file(&loose).unwrap();
    let problems = fresh.repository(bench.id).unwrap().check().unwrap().problems;
    assert_eq!(problems, [format!("object {blob} is missing")]);
    let other = bench.stock(&["rev-parse", "main:m.bin"]).trim().to_owned();
    std::fs::copy(bench.path().join("objects").join(&other[..2]).join(&other[2..]), &loose).unwrap();
    let problems = fresh.repository(bench.id).unwrap().check().unwrap().problems;
    assert_eq!(
        problems,
        [format!("object {blob} has other content than its name says")]
    );
    std::fs::write(bench.path().join("refs/heads/broken"), "1".repeat(40) + "\n").unwrap();
    let problems = fresh.repository(bench.id).unwrap().check().unwrap().problems;
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("'refs/heads/broken' does not lead to a commit"))
    );
}
