//! `GEOML_HISTORIES` sets how many histories are tried (10 by default).

use super::git::{Git, gits};
use super::histories::{History, import};
use super::work::Hosted;
use crate::support::{Client, Random, TestApp};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tokio::runtime::Handle;

/// Histories that are tried when `GEOML_HISTORIES` does not say another number.
const HISTORIES: u64 = 10;

/// A random history in a bare folder of its own, and the repository of the hub to which it is pushed.
struct Subject {
    seed: u64,
    random: Random,
    history: History,
    git: Git,
    url: String,
    bare: PathBuf,
    authorization: String,
    version: String,
}

impl Subject {
    async fn new(app: &TestApp, owner: &Client, seed: u64) -> Self {
        let mut random = Random::new(1_000 + seed);
        let hosted = Hosted::new(app, owner, &format!("history-{seed}")).await;
        // The first push takes the place of the commit with which the hub began the repository.
        let open = json!({ "protections": [{ "pattern": "main", "force_push": true }] });
        owner
            .put(&format!("/api/v1/repos/{}/protections", hosted.name), &open)
            .await
            .ok();
        let programs = gits();
        let git = Git::of(programs[random.index(programs.len())]);
        git.run("", &["init", "-q", "--bare", "-b", "main", ORIGIN]);
        git.offer_everything(ORIGIN);
        let version = format!("protocol.version={}", random.below(3));
        Self {
            seed,
            random,
            history: History::new(seed),
            git,
            url: hosted.url,
            bare: hosted.bare,
            authorization: format!(
                "http.extraHeader=Authorization: Bearer {}",
                owner.token.as_ref().unwrap()
            ),
            version,
        }
    }

    /// Adds commits to the history and pushes them in a random way; afterwards the hub has what the origin has.
    fn grow_and_push(&mut self, count: usize) {
        let origin = self.git.path(ORIGIN);
        import(&origin, &origin.join("marks"), &self.history.grow(count));
        if self.random.percent(30) {
            self.git.run(ORIGIN, &["gc", "-q", "--prune=now"]);
        }
        let push = ["-c", &self.authorization, "push", "-q", "--force"];
        let everything = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"];
        match self.random.below(3) {
            0 => {
                for part in everything {
                    self.git.run(ORIGIN, &[&push[..], &[&self.url, part]].concat());
                }
            }
            1 => {
                self.git
                    .run(ORIGIN, &[&push[..], &["--atomic", &self.url], &everything].concat());
            }
            _ => {
                self.git.run(ORIGIN, &[&push[..], &[&self.url], &everything].concat());
            }
        }
        if self.random.percent(20) {
            self.git.run(self.bare.to_str().unwrap(), &["gc", "-q", "--prune=now"]);
        }
        let hub = self.bare.to_str().unwrap();
        self.git.assert_sound(hub);
        assert_eq!(
            self.git.references(hub),
            self.git.references(ORIGIN),
            "seed {}",
            self.seed
        );
        assert_eq!(self.git.objects(hub), self.git.objects(ORIGIN), "seed {}", self.seed);
    }

    /// Clones from both; answers how, or nothing when git's own server has nothing to send.
    fn clone_both(&mut self) -> Option<Vec<String>> {
        let options = cloning(&mut self.random, &self.git, &self.history);
        let origin = format!("file://{}", self.git.path(ORIGIN).display());
        let clone = |(clone, url): (&str, &str)| {
            let mut arguments = vec!["-c", &self.version, "clone", "-q", "--mirror"];
            arguments.extend(options.iter().map(String::as_str));
            arguments.extend([url, clone]);
            self.git.attempt("", &arguments)
        };
        let [ours, theirs] = [("ours", self.url.as_str()), ("theirs", &origin)].map(clone);
        let complaint = String::from_utf8_lossy(&theirs.stderr);
        assert_eq!(
            ours.status.success(),
            theirs.status.success(),
            "seed {} {} clone {options:?}: {} {complaint}",
            self.seed,
            self.version,
            String::from_utf8_lossy(&ours.stderr)
        );
        if !theirs.status.success() {
            assert!(
                complaint.contains("no commits selected for shallow requests"),
                "{complaint}"
            );
            return None;
        }
        let story = format!("seed {} {} clone {options:?}", self.seed, self.version);
        assert_same(&self.git, &story, true);
        Some(options)
    }

    /// Fetches into both clones; answers whether they can be compared further.
    fn fetch_both(&mut self, cloning: &[String]) -> Fetched {
        let options = fetching(&mut self.random, &self.git, &self.history);
        let story = format!(
            "seed {} {} clone {cloning:?} fetch {options:?}",
            self.seed, self.version
        );
        let mut arguments = vec!["-c", &self.version, "fetch", "-q"];
        arguments.extend(options.iter().map(String::as_str));
        let theirs = self.git.attempt("theirs", &arguments);
        let complaint = String::from_utf8_lossy(&theirs.stderr);
        if complaint.contains("no commits selected for shallow requests") {
            let refusal = self.git.refused("ours", &arguments);
            assert!(refusal.contains("no commits are selected"), "{story}: {refusal}");
            return Fetched::Nothing;
        }
        self.git.run("ours", &arguments);
        // An end that git's server never sent confuses its own client.
        if complaint.contains("error in object: unshallow") {
            self.git.assert_sound("ours");
            return Fetched::Confused;
        }
        assert!(theirs.status.success(), "{story}: {complaint}");
        assert_same(&self.git, &story, false);
        Fetched::Same
    }
}

const ORIGIN: &str = "origin";

/// How a fetch into both clones ended.
#[derive(PartialEq)]
enum Fetched {
    Same,
    Nothing,
    Confused,
}

/// Pushes one history and fetches it; answers how many fetches could be compared.
fn compare_one(runtime: &Handle, app: &TestApp, ana: &Client, seed: u64) -> u64 {
    let mut subject = runtime.block_on(Subject::new(app, ana, seed));
    let first = 5 + subject.random.index(60);
    subject.grow_and_push(first);
    let Some(options) = subject.clone_both() else { return 0 };
    let mut compared = 0;
    for _ in 0..3 {
        let more = 1 + subject.random.index(20);
        subject.grow_and_push(more);
        match subject.fetch_both(&options) {
            Fetched::Same => compared += 1,
            Fetched::Nothing => {}
            Fetched::Confused => break,
        }
    }
    compared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow; part of the whole test command"]
async fn random_histories_pushed_and_fetched_in_random_ways_equal_what_git_itself_sends() {
    let histories = std::env::var("GEOML_HISTORIES").map_or(HISTORIES, |value| value.parse().unwrap());
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let runtime = Handle::current();
    let of = |first: u64| -> u64 {
        let seeds = (first..histories).step_by(2);
        seeds.map(|seed| compare_one(&runtime, &app, &ana, seed)).sum()
    };
    // The hub and git take turns, so two histories at a time keep two processors busy.
    let compared = std::thread::scope(|threads| {
        let halves = [threads.spawn(|| of(0)), threads.spawn(|| of(1))];
        halves.into_iter().map(|half| half.join().unwrap()).sum::<u64>()
    });
    assert!(compared > histories, "only {compared} fetches could be compared");
    app.finish().await;
}

/// What the hub sent is sound, and what git itself sent.
///
/// After a fetch there may be more. git's own server names ends of a shallow history that it does not send, and cuts the
/// history at them when they come later; and of what a filter left out, it takes all that is in a commit of the client's for
/// something that the client has. git's client asks for what a filter left out when it needs the base of a delta.
#[track_caller]
fn assert_same(git: &Git, story: &str, is_clone: bool) {
    git.assert_sound("ours");
    assert_eq!(git.references("ours"), git.references("theirs"), "{story}");
    let ends = |clone: &str| -> BTreeSet<String> { git.shallow(clone).into_iter().collect() };
    let (our_ends, their_ends) = (ends("ours"), ends("theirs"));
    assert!(
        our_ends.is_subset(&their_ends),
        "{story}: {our_ends:?} are not {their_ends:?}"
    );
    assert!(
        !is_clone || our_ends == their_ends,
        "{story}: {our_ends:?} are not {their_ends:?}"
    );
    let objects = |clone: &str| -> BTreeSet<String> { git.objects(clone).into_iter().collect() };
    let (ours, theirs) = (objects("ours"), objects("theirs"));
    let more = ours.difference(&theirs).find(|object| !object.starts_with('?'));
    assert!(!is_clone || more.is_none(), "{story}: the hub sent {more:?}");
    for object in theirs.difference(&ours).filter(|object| !object.starts_with('?')) {
        assert!(
            !is_clone && is_left_out(git, object, story),
            "{story}: the hub did not send {object}"
        );
    }
}

/// Whether the filter that a story tells of leaves an object out.
fn is_left_out(git: &Git, object: &str, story: &str) -> bool {
    let kind = git.run(ORIGIN, &["cat-file", "-t", object]);
    let size: u64 = git.run(ORIGIN, &["cat-file", "-s", object]).trim().parse().unwrap();
    match (kind.trim(), story.split_once("--filter=").map(|(_, filter)| filter)) {
        ("blob", Some(filter)) if filter.starts_with("blob:none") => true,
        ("blob", Some(filter)) if filter.starts_with("blob:limit=") => {
            let digits: String = filter[11..].chars().take_while(char::is_ascii_digit).collect();
            size >= digits.parse().unwrap()
        }
        ("blob" | "tree", Some(filter)) => filter.starts_with("tree:"),
        _ => false,
    }
}

fn cloning(random: &mut Random, git: &Git, history: &History) -> Vec<String> {
    match random.below(8) {
        0 | 1 => deepening(random, git, history),
        2 => vec!["--filter=blob:none".to_owned()],
        3 => vec![format!("--filter=blob:limit={}", random.below(600))],
        4 => vec![format!("--filter=tree:{}", random.below(4))],
        5 => {
            let mut both = deepening(random, git, history);
            both.push("--filter=blob:none".to_owned());
            both
        }
        _ => Vec::new(),
    }
}

fn fetching(random: &mut Random, git: &Git, history: &History) -> Vec<String> {
    match random.below(6) {
        0 => deepening(random, git, history),
        1 => vec![format!("--deepen={}", 1 + random.below(5))],
        _ => Vec::new(),
    }
}

fn deepening(random: &mut Random, git: &Git, history: &History) -> Vec<String> {
    match random.below(3) {
        // What lies before a moment has no answer where clocks go wrong.
        1 if !history.is_skewed => {
            let times = git.run(ORIGIN, &["log", "--all", "--format=%ct"]);
            let mut times: Vec<u64> = times.lines().map(|time| time.parse().unwrap()).collect();
            times.sort_unstable();
            vec![format!("--shallow-since={}", times[random.index(times.len())])]
        }
        2 => {
            let tags = git.run(ORIGIN, &["tag"]);
            match tags.lines().nth(random.index(tags.lines().count().max(1))) {
                Some(tag) => vec![format!("--shallow-exclude={tag}")],
                None => vec!["--depth=4".to_owned()],
            }
        }
        _ => vec![format!("--depth={}", 1 + random.below(8))],
    }
}
