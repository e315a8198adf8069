//! The hub brings its git folders into order while everybody works in them, and while it is killed.
//! `GEOML_GC_SECONDS` sets how long they work (8 by default), `GEOML_KILL_ROUNDS` how often it is killed (4 by default).

use super::work::{Hosted, Work};
use crate::support::{Client, Random, TestApp, assert_git_agrees, hub_command, run_task, start_task};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CLIENTS: u64 = 16;
/// Nothing is kept that nothing leads to, so that whatever is removed too soon is missed.
const SETTINGS: &[(&str, &str)] = &[
    ("GEOML_HUB__GIT__UNREACHABLE_GRACE", "0s"),
    ("GEOML_HUB__STORAGE__QUOTA", "100 GiB"),
];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

/// A client with branches of its own, which grow, are written anew, go and come back.
struct Pusher {
    number: u64,
    client: Client,
    url: String,
    work: Work,
    random: Random,
    /// What was acknowledged, by branch.
    branches: BTreeMap<String, String>,
    pushes: u64,
}

impl Pusher {
    fn push_until(mut self, stop: &AtomicBool) -> Self {
        while !stop.load(Ordering::Relaxed) {
            let branch = format!("client-{}-{}", self.number, self.random.below(3));
            let before = self.branches.get(&branch).cloned();
            match (before, self.random.below(5)) {
                (Some(_), 0) => {
                    self.work
                        .push(&self.client, &self.url, &[&format!(":refs/heads/{branch}")]);
                    self.branches.remove(&branch);
                }
                // What was thrown away elsewhere may be what is pushed here, with objects that the hub may still have.
                (_, turn) => {
                    let tips = self.work.git(&["rev-list", "--all", "-n", "40"]);
                    let tips: Vec<&str> = tips.lines().collect();
                    let place = usize::try_from(self.random.below(tips.len() as u64)).unwrap();
                    self.work.git(&["checkout", "--quiet", "--detach", tips[place]]);
                    if turn > 1 {
                        let file = self.random.below(5);
                        let text = format!("{} {}\n", self.number, self.random.below(50)).repeat(500);
                        self.work.write(&format!("files/{file}"), text);
                        let tip = self.work.commit("One more");
                        // So that it can be found again.
                        let name = format!("refs/kept/{}", self.random.below(1_000_000));
                        self.work.git(&["update-ref", &name, &tip]);
                    }
                    let tip = self.work.tip("HEAD");
                    self.work
                        .push(&self.client, &self.url, &[&format!("+HEAD:refs/heads/{branch}")]);
                    self.branches.insert(branch, tip);
                }
            }
            self.pushes += 1;
        }
        self
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 24)]
#[ignore = "slow; part of the whole test command"]
async fn sixteen_clients_lose_nothing_while_the_hub_collects_all_the_time() {
    let app = TestApp::with(SETTINGS).start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    let hosted = Arc::new(Hosted::new(&app, &ana, "busy").await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut pushers = Vec::new();
    for number in 0..CLIENTS {
        let pusher = Pusher {
            number,
            client: ana.clone(),
            url: hosted.url.clone(),
            work: Work::of(&hosted.bare),
            random: Random::new(number),
            branches: BTreeMap::new(),
            pushes: 0,
        };
        let stop = Arc::clone(&stop);
        pushers.push(tokio::task::spawn_blocking(move || pusher.push_until(&stop)));
    }
    let mut web = Vec::new();
    for number in 0..2 {
        let (ana, stop) = (ana.clone(), Arc::clone(&stop));
        web.push(tokio::spawn(async move {
            let mut files = 0;
            while !stop.load(Ordering::Relaxed) {
                // Now and then the same content comes back after it went.
                let content = format!("{}", files % 7);
                let upload = ana.upload_call("ana/busy", &format!("web-{number}/{}", files % 40), content);
                // Both commit to one branch; who comes too late tries again. What is there already changes nothing.
                let reply = upload.attempt().await.unwrap();
                assert!(
                    [200, 201, 400, 409, 422].contains(&reply.status.as_u16()),
                    "{}",
                    reply.text()
                );
                files += u64::from(reply.status.is_success() || reply.status != 409);
            }
            files
        }));
    }
    let cloner = {
        let (hosted, stop) = (Arc::clone(&hosted), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || {
            let mut clones = 0;
            while !stop.load(Ordering::Relaxed) {
                let copy = Work::new();
                copy.git(&["clone", "--quiet", "--bare", "--single-branch", &hosted.url, "copy.git"]);
                copy.git(&[
                    "--git-dir=copy.git",
                    "fsck",
                    "--strict",
                    "--no-dangling",
                    "--no-progress",
                ]);
                clones += 1;
            }
            clones
        })
    };
    let until = tokio::time::Instant::now() + Duration::from_secs(number("GEOML_GC_SECONDS", 8));
    let mut told = Vec::new();
    while tokio::time::Instant::now() < until {
        told.push(run_task(&admin, "gc").await);
    }
    stop.store(true, Ordering::Relaxed);
    let mut expected = BTreeMap::new();
    let mut pushes = 0;
    for pusher in pushers {
        let pusher = pusher.await.unwrap();
        expected.extend(pusher.branches);
        pushes += pusher.pushes;
    }
    let mut files = 0;
    for task in web {
        files += task.await.unwrap();
    }
    let clones = cloner.await.unwrap();
    let worked = told.iter().filter(|text| !text.starts_with("Brought 0 ")).count();
    println!(
        "{pushes} pushes, {files} commits, {clones} clones, {worked} of {} rounds had work",
        told.len()
    );
    for text in told.iter().filter(|text| !text.starts_with("Brought 0 ")).take(5) {
        println!("{text}");
    }
    assert!(worked > 0 && pushes >= CLIENTS && files > 0 && clones > 0);
    let listed = hosted.git(&[
        "for-each-ref",
        "--format=%(refname:lstrip=2) %(objectname)",
        "refs/heads/client-*",
    ]);
    let found: BTreeMap<String, String> = listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, tip)| (name.to_owned(), tip.to_owned()))
        .collect();
    assert_eq!(found, expected);
    run_task(&admin, "gc").await;
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
#[ignore = "slow; part of the whole test command"]
async fn a_kill_in_the_middle_of_collecting_leaves_a_sound_repository() {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = u64::from(clock.unwrap().subsec_nanos());
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut app = TestApp::with(SETTINGS).start().await;
    let ana = app.user("ana").await;
    let mut hosted = Hosted::new(&app, &ana, "kept").await;
    for round in 0..number("GEOML_KILL_ROUNDS", 4) {
        let work = Work::of(&hosted.bare);
        for commit in 0..12 {
            work.write(
                &format!("file-{}", commit % 5),
                format!("{round} {commit}\n").repeat(3_000),
            );
            work.commit("One more");
            let branch = format!("+HEAD:refs/heads/branch-{}", commit % 4);
            work.push(&ana, &hosted.url, &["main", &branch]);
        }
        // What nothing leads to.
        work.push(
            &ana,
            &hosted.url,
            &[":refs/heads/branch-1", "+main~5:refs/heads/branch-2"],
        );
        let expected = hosted.references();
        // Once the running hub, …
        let admin = app.admin().await;
        start_task(&admin, "gc").await;
        tokio::time::sleep(Duration::from_millis(random.below(250))).await;
        app.kill().await;
        // … and several times the command.
        for _ in 0..4 {
            let mut command = hub_command(&["gc", "--all", "--data"]);
            command.arg(app.folder()).envs(SETTINGS.iter().copied());
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(random.below(400))).await;
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(hosted.references(), expected);
            hosted.git(&["fsck", "--strict", "--full", "--no-dangling", "--no-progress"]);
        }
        let outcome = app.command(&["gc", "--all"]).await;
        assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
        assert!(outcome.output.starts_with("Brought "), "{}", outcome.output);
        assert_eq!(hosted.references(), expected);
        let whole_packs = std::fs::read_dir(hosted.bare.join("objects/pack")).unwrap();
        let indexes = whole_packs.filter(|file| {
            file.as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|name| name == "idx")
        });
        assert_eq!(indexes.count(), 1, "one pack is left");
        app.start_again().await;
        hosted.moved_to(&app);
        hosted.assert_sound();
    }
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn collecting_frees_the_quota_of_what_nothing_leads_to() {
    let app = TestApp::with(SETTINGS).start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    let hosted = Hosted::new(&app, &ana, "shrinks").await;
    let work = Work::of(&hosted.bare);
    let mut random = Random::new(3);
    let stored = async || {
        ana.get("/api/ana/shrinks/settings").await.ok()["stored_bytes"]
            .as_u64()
            .unwrap()
    };
    for branch in 0..12 {
        work.write("noise.bin", random.bytes(40_000));
        work.commit("Noise");
        work.push(&ana, &hosted.url, &[&format!("+HEAD:refs/heads/noise-{branch}")]);
    }
    let full = stored().await;
    for branch in 0..12 {
        work.push(&ana, &hosted.url, &[&format!(":refs/heads/noise-{branch}")]);
    }
    assert!(full > 12 * 40_000, "{full}");
    let said = run_task(&admin, "gc").await;
    assert!(said.contains("removed 36 objects"), "{said}");
    let left = stored().await;
    let packs = std::fs::read_dir(hosted.bare.join("objects/pack")).unwrap();
    let packs = packs.map(|file| file.unwrap());
    let size: u64 = packs
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "pack"))
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert_eq!(left, size);
    assert!(left < 10_000, "{left}");
    hosted.assert_sound();
    app.finish().await;
}
