use super::support::{Bench, Dice, delete, put, stock_in};
use geoml_hub::base::{Sha256, Timestamp};
use geoml_hub::git::{LfsPointer, ObjectId, Pruned, RepackOptions, Repacked};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
const GRACE: Duration = Duration::from_hours(14 * 24);

fn start() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn repack(bench: &Bench, grace: Option<Duration>, now: Timestamp) -> Repacked {
    let options = RepackOptions {
        roots: Vec::new(),
        grace,
        now,
        stop: &|| false,
    };
    bench.git.repack(bench.id, &options).unwrap()
}

fn prune(bench: &Bench, done: Repacked) -> Pruned {
    let pruning = done.pruning.expect("something to let go of");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let guard = runtime.block_on(bench.git.lock(bench.id));
    pruning.finish(&guard, &[]).unwrap()
}

fn all_objects(bench: &Bench) -> BTreeSet<String> {
    let listed = bench.stock(&["cat-file", "--batch-all-objects", "--batch-check"]);
    listed.lines().map(str::to_owned).collect()
}

fn packs(folder: &Path) -> (usize, u64) {
    let files = std::fs::read_dir(folder.join("objects/pack")).unwrap();
    let files = files.map(|file| file.unwrap());
    let packs = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "pack"));
    packs.fold((0, 0), |(count, bytes), file| {
        (count + 1, bytes + file.metadata().unwrap().len())
    })
}

/// The longest chain of deltas in any pack, and how many deltas there are.
fn chains(bench: &Bench) -> (usize, usize) {
    let (mut longest, mut deltas) = (0, 0);
    for file in std::fs::read_dir(bench.path().join("objects/pack")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let shown = bench.stock(&["verify-pack", "-v", path.to_str().unwrap()]);
        for line in shown.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            // Id, kind, size, stored size, offset, and of deltas the depth and the base.
            if let [_, _, _, _, _, depth, _] = words[..] {
                longest = longest.max(depth.parse().unwrap());
                deltas += 1;
            }
        }
    }
    (longest, deltas)
}

fn text(dice: &mut Dice, lines: usize) -> String {
    let line = |_| format!("{} of {}\n", dice.roll(100_000), dice.roll(1_000));
    (0..lines).map(line).collect()
}

/// A history of many kinds of change: commits of our own, pushes of stock git with deltas, branches that go.
fn random_history(seed: u64) -> Bench {
    let bench = Bench::new();
    bench.stock(&["config", "receive.autogc", "false"]);
    let mut dice = Dice(seed);
    let mut files: Vec<(String, String)> = (0..12)
        .map(|n| (format!("d{}/f{n}.txt", n % 3), text(&mut dice, 200)))
        .collect();
    bench.commit(files.iter().map(|(path, text)| put(path, text)).collect());
    for round in 0..60 {
        let place = dice.roll(files.len());
        let (path, content) = &mut files[place];
        let at = dice.roll(content.len());
        content.insert_str(at, &format!("inserted {round}\n"));
        let branch = ["main", "main", "main", "side"][dice.roll(4)];
        if branch == "side" && bench.open().branch("side").unwrap().is_none() {
            let tip = bench.open().resolve("main").unwrap();
            bench.open().create_branch("side", tip).unwrap();
        }
        let content = content.clone();
        bench.commit_to(branch, vec![put(path, content)]);
        if dice.roll(10) == 0 {
            bench
                .open()
                .create_tag(&format!("t{round}"), bench.open().resolve("main").unwrap())
                .unwrap();
        }
    }
    bench.stock(&["tag", "-a", "-m", "annotated", "v1", "main"]);
    bench.stock(&["tag", "-a", "-m", "of a tag", "v2", "v1"]);
    bench.stock(&["tag", "of-a-tree", "main^{tree}"]);
    bench.stock(&["update-ref", "refs/hub/kept", "main~3"]);
    let noise: Vec<u8> = (0..60_000).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
    bench.commit(vec![
        put("noise.bin", noise),
        put("empty", ""),
        put("zeros", vec![0; 100_000]),
    ]);
    let work = bench.folder.path().join("work");
    stock_in(
        bench.folder.path(),
        &["clone", "-q", bench.path().to_str().unwrap(), work.to_str().unwrap()],
    );
    for round in 0..8 {
        let path = work.join("d0/f0.txt");
        let content = std::fs::read_to_string(&path).unwrap() + &format!("pushed {round}\n");
        std::fs::write(&path, content).unwrap();
        stock_in(&work, &["commit", "-q", "-a", "-m", "pushed"]);
        if round % 4 == 3 {
            stock_in(&work, &["push", "-q", "origin", "main"]);
        }
    }
    bench
}

#[test]
fn random_histories_become_one_pack_that_stock_git_likes_as_much_as_its_own() {
    for seed in 1..=3 {
        let bench = random_history(seed);
        let references = bench.stock(&["for-each-ref"]);
        let objects = all_objects(&bench);
        let (count, bytes) = packs(&bench.path());
        assert!(count > 50, "{count}");
        // What stock git makes of it.
        let other = bench.folder.path().join("other.git");
        stock_in(
            bench.folder.path(),
            &[
                "clone",
                "-q",
                "--mirror",
                "--no-local",
                bench.path().to_str().unwrap(),
                other.to_str().unwrap(),
            ],
        );
        stock_in(&other, &["repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=10"]);
        let theirs = packs(&other).1;
        let long_lived = bench.open();
        let tip = long_lived.resolve("main").unwrap();
        long_lived.list_files(tip, "", None, 100).unwrap();
        let done = repack(&bench, None, start());
        let (count, ours) = packs(&bench.path());
        println!(
            "seed {seed}: {bytes} bytes before, {ours} after, {theirs} by stock git, {} deltas",
            done.deltas
        );
        assert_eq!((count, done.aside), (1, 0));
        assert_eq!(done.bytes, (bytes, ours));
        assert!(
            ours < bytes * 2 / 3 && ours < theirs * 6 / 5,
            "{ours} of {bytes}, stock git {theirs}"
        );
        assert_eq!(bench.stock(&["for-each-ref"]), references);
        assert_eq!(all_objects(&bench), objects);
        bench.assert_sound();
        bench.stock(&["rev-list", "--objects", "--all", "--quiet"]);
        let (longest, deltas) = chains(&bench);
        assert!(
            longest <= 50 && deltas == done.deltas && deltas > 100,
            "{longest} {deltas}"
        );
        assert_eq!(
            long_lived.list_files(tip, "", None, 100).unwrap().len(),
            15,
            "an old handle reads on"
        );
        assert!(bench.open().check().unwrap().problems.is_empty());
        assert_eq!(repack(&bench, None, start()).objects, 0, "nothing left to do");
        bench.stock(&["gc", "-q"]);
        bench.assert_sound();
    }
}

#[test]
fn chains_of_deltas_stay_short_however_often_a_history_grows() {
    let bench = Bench::new();
    let mut dice = Dice(5);
    let mut content = text(&mut dice, 300);
    for round in 0..130 {
        content.insert_str(dice.roll(content.len()), "one more line\n");
        bench.commit(vec![put("grows.txt", &content)]);
        if round % 20 == 19 {
            repack(&bench, None, start());
            assert!(chains(&bench).0 <= 50, "{:?}", chains(&bench));
        }
    }
    // Longer chains, which other programs make, are cut.
    let other = bench.folder.path().join("other.git");
    stock_in(bench.folder.path(), &["init", "-q", "--bare", "other.git"]);
    let copy = format!(
        "git fast-export --all | git -C {} fast-import --quiet --depth=400",
        other.display()
    );
    let copied = std::process::Command::new("sh")
        .args(["-c", &copy])
        .current_dir(bench.path())
        .status();
    assert!(copied.unwrap().success());
    std::fs::remove_dir_all(bench.path().join("objects/pack")).unwrap();
    std::fs::rename(other.join("objects/pack"), bench.path().join("objects/pack")).unwrap();
    bench.assert_sound();
    assert!(chains(&bench).0 > 100, "{:?}", chains(&bench));
    let done = repack(&bench, None, start());
    let (longest, deltas) = chains(&bench);
    assert!(
        longest <= 50 && deltas == done.deltas && deltas > 100,
        "{longest} {deltas}"
    );
    bench.assert_sound();
}

#[test]
fn what_nothing_leads_to_is_set_aside_and_goes_when_its_time_is_over() {
    let bench = Bench::new();
    let large = LfsPointer {
        sha256: Sha256::of(b"only on the branch that goes"),
        size: 9,
    };
    let shared = LfsPointer {
        sha256: Sha256::of(b"on both"),
        size: 9,
    };
    bench.commit(vec![put("a", "1"), put("shared", shared.to_string())]);
    let gone = bench.commit_to_new(
        "gone",
        vec![
            put("b", "2"),
            put("l", large.to_string()),
            put("s2", shared.to_string()),
        ],
    );
    let hidden = bench.commit_to_new("hidden", vec![put("c", "3")]);
    bench.stock(&["update-ref", "refs/pr/7", &hidden.to_string()]);
    let before = all_objects(&bench);
    repack(&bench, Some(GRACE), start());
    for branch in ["gone", "hidden"] {
        bench.open().delete_branch(branch, None).unwrap();
    }
    let exists = |id: ObjectId| bench.open().commit(id).is_ok();
    // The grace counts from here, where nothing leads to them for the first time.
    let later = start().plus(100 * DAY);
    let done = repack(&bench, Some(GRACE), later);
    assert!(done.pruning.is_none() && done.aside == 4, "{}", done.aside);
    assert_eq!(all_objects(&bench), before);
    assert_eq!(packs(&bench.path()).0, 2);
    bench.assert_sound();
    assert!(bench.stock(&["count-objects", "-v"]).contains("garbage: 0"));
    // More commits, and nothing is forgotten of the time.
    bench.commit(vec![put("a", "4")]);
    let done = repack(&bench, Some(GRACE), later.plus(13 * DAY));
    assert!(done.pruning.is_none() && exists(gone));
    assert!(
        !bench
            .git
            .is_repack_due(bench.id, &options(later.plus(13 * DAY)))
            .unwrap()
    );
    assert!(
        bench
            .git
            .is_repack_due(bench.id, &options(later.plus(14 * DAY)))
            .unwrap()
    );
    // Without a grace nothing goes, ever.
    assert!(repack(&bench, None, later.plus(900 * DAY)).pruning.is_none());
    let pruned = prune(&bench, repack(&bench, Some(GRACE), later.plus(14 * DAY)));
    assert_eq!(pruned.objects, 4);
    assert_eq!(pruned.unnamed, BTreeSet::from([large.sha256]));
    assert!(!exists(gone) && exists(hidden));
    assert_eq!(packs(&bench.path()).0, 1);
    bench.assert_sound();
    assert!(bench.open().check().unwrap().problems.is_empty());
}

fn options(now: Timestamp) -> RepackOptions<'static> {
    RepackOptions {
        roots: Vec::new(),
        grace: Some(GRACE),
        now,
        stop: &|| false,
    }
}

#[test]
fn what_is_needed_again_before_it_goes_stays() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1")]);
    let back = bench.commit_to_new("back", vec![put("b", "2")]);
    let lost = bench.commit_to_new("lost", vec![put("c", "3")]);
    let rooted = bench.commit_to_new("rooted", vec![put("d", "4")]);
    for branch in ["back", "lost", "rooted"] {
        bench.open().delete_branch(branch, None).unwrap();
    }
    let mut none = options(start());
    none.grace = Some(Duration::ZERO);
    none.roots = vec![rooted, ObjectId::from_bytes([7; 20])];
    let done = bench.git.repack(bench.id, &none).unwrap();
    // Between the judgement and the end somebody makes the branch again, and others commit.
    bench.open().create_branch("back", back).unwrap();
    let newest = bench.commit(vec![put("a", "5")]);
    let pruned = prune(&bench, done);
    assert_eq!(pruned.objects, 3);
    let repository = bench.open();
    assert!(repository.commit(lost).is_err());
    for kept in [back, rooted, newest] {
        repository.commit(kept).unwrap();
    }
    assert!(repository.check().unwrap().problems.is_empty());
    bench.assert_sound();
    // The old contents can be committed again, whatever stood there before.
    let again = bench.commit_to("back", vec![put("c", "3"), delete("b")]);
    assert!(bench.open().file(again, "c").is_ok());
    bench.assert_sound();
}

#[test]
fn a_run_that_is_given_up_or_meets_damage_changes_nothing() {
    let bench = random_history(9);
    let listed = |bench: &Bench| -> BTreeSet<_> {
        let files = std::fs::read_dir(bench.path().join("objects/pack")).unwrap();
        files.map(|file| file.unwrap().file_name()).collect()
    };
    let before = listed(&bench);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 400;
    let mut given_up = options(start());
    given_up.stop = &stop;
    assert!(bench.git.repack(bench.id, &given_up).is_err());
    assert_eq!(listed(&bench), before);
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("git/tmp")).unwrap().count(),
        0
    );
    // One byte of one pack.
    let pack = before
        .iter()
        .find(|name| {
            std::path::Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "pack")
        })
        .unwrap();
    let path = bench.path().join("objects/pack").join(pack);
    let mut content = std::fs::read(&path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 0x55;
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a file of the test's own")]
    permissions.set_readonly(false);
    std::fs::set_permissions(&path, permissions).unwrap();
    std::fs::write(&path, content).unwrap();
    assert!(bench.git.repack(bench.id, &options(start())).is_err());
    assert_eq!(listed(&bench), before);
}

#[test]
fn a_repository_that_borrows_keeps_what_is_its_own_and_does_not_copy_the_rest() {
    let bench = Bench::new();
    bench.commit(vec![put("a", "1")]);
    let other = geoml_hub::base::RepositoryId::new(&geoml_hub::base::Clock::system());
    bench.git.fork(bench.id, other, "main").unwrap();
    let borrower = bench.git.repository(other).unwrap();
    let own = borrower.prepare(bench.request("main", vec![put("b", "2")])).unwrap();
    borrower.publish(&own).unwrap();
    let done = bench.git.repack(other, &options(start())).unwrap();
    assert_eq!(done.objects, 3);
    assert_eq!(bench.git.own_bytes(other).unwrap(), None);
    bench.commit(vec![put("a", "2")]);
    repack(&bench, None, start());
    assert!(
        bench
            .git
            .repository(other)
            .unwrap()
            .check()
            .unwrap()
            .problems
            .is_empty()
    );
}

impl Bench {
    /// Commits to a new branch that begins at `main`.
    fn commit_to_new(&self, branch: &str, operations: Vec<geoml_hub::git::Operation>) -> ObjectId {
        let tip = self.open().resolve("main").unwrap();
        self.open().create_branch(branch, tip).unwrap();
        self.commit_to(branch, operations)
    }
}
