use super::bare_folder;
use super::git::{Git, gits};
use super::histories::{History, import};
use crate::support::{Random, TestApp};

/// Random histories, each fetched in a random way from the hub and from git itself, then once more after it has grown.
const HISTORIES: u64 = 14;

#[tokio::test]
async fn random_histories_fetched_in_random_ways_equal_what_git_sends() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let programs = gits();
    let mut compared = 0;
    for seed in 0..HISTORIES {
        let mut random = Random::new(1_000 + seed);
        let name = format!("history-{seed}");
        ana.create_repository(&name, "public").await;
        let bare = bare_folder(&app, &ana, &format!("ana/{name}")).await;
        let folder = bare.to_str().unwrap().to_owned();
        Git::new().offer_everything(&folder);
        let marks = bare.join("marks");
        let mut history = History::new(seed);
        let first = 5 + random.index(60);
        import(&bare, &marks, &history.grow(first));
        let git = Git::of(programs[random.index(programs.len())]);
        if random.percent(50) {
            git.run(&folder, &["gc", "-q", "--prune=now"]);
        }
        let sources = [
            ("ours", format!("{}/ana/{name}.git", app.address())),
            ("theirs", format!("file://{folder}")),
        ];
        let version = format!("protocol.version={}", random.below(3));
        let cloning = cloning(&mut random, &git, &folder, &history);
        let clone = |(clone, url): &(&str, String)| {
            let mut arguments = vec!["-c", &version, "clone", "-q", "--mirror"];
            arguments.extend(cloning.iter().map(String::as_str));
            arguments.extend([url.as_str(), clone]);
            git.attempt("", &arguments)
        };
        let [ours, theirs] = sources.each_ref().map(clone);
        let complaint = String::from_utf8_lossy(&theirs.stderr);
        assert_eq!(
            ours.status.success(),
            theirs.status.success(),
            "seed {seed} {version} clone {cloning:?}: {} {complaint}",
            String::from_utf8_lossy(&ours.stderr)
        );
        if !theirs.status.success() {
            assert!(
                complaint.contains("no commits selected for shallow requests"),
                "{complaint}"
            );
            continue;
        }
        assert_same(&git, &format!("seed {seed} {version} clone {cloning:?}"));
        for round in 0..3 {
            import(&bare, &marks, &history.grow(1 + random.index(20)));
            if random.percent(20) {
                git.run(&folder, &["gc", "-q", "--prune=now"]);
            }
            let fetching = fetching(&mut random, &git, &folder, &history);
            let story = format!("seed {seed} {version} clone {cloning:?} fetch {round} {fetching:?}");
            let mut arguments = vec!["-c", &version, "fetch", "-q"];
            arguments.extend(fetching.iter().map(String::as_str));
            let theirs = git.attempt("theirs", &arguments);
            let complaint = String::from_utf8_lossy(&theirs.stderr);
            if complaint.contains("no commits selected for shallow requests") {
                let refusal = git.refused("ours", &arguments);
                assert!(refusal.contains("no commits are selected"), "{story}: {refusal}");
                continue;
            }
            git.run("ours", &arguments);
            // An end that git's server never sent confuses its own client.
            if complaint.contains("error in object: unshallow") {
                git.assert_sound("ours");
                break;
            }
            assert!(theirs.status.success(), "{story}: {complaint}");
            compared += 1;
            assert_same(&git, &story);
        }
    }
    assert!(compared > HISTORIES, "only {compared} fetches could be compared");
    app.finish_without_check().await;
}

#[track_caller]
fn assert_same(git: &Git, story: &str) {
    git.assert_sound("ours");
    assert_eq!(git.shallow("ours"), git.shallow("theirs"), "{story}");
    let references = |clone: &str| git.run(clone, &["for-each-ref"]);
    assert_eq!(references("ours"), references("theirs"), "{story}");
    assert_eq!(git.objects("ours"), git.objects("theirs"), "{story}");
}

fn cloning(random: &mut Random, git: &Git, bare: &str, history: &History) -> Vec<String> {
    match random.below(8) {
        0 | 1 => deepening(random, git, bare, history),
        2 => vec!["--filter=blob:none".to_owned()],
        3 => vec![format!("--filter=blob:limit={}", random.below(600))],
        4 => vec![format!("--filter=tree:{}", random.below(4))],
        5 => {
            let mut both = deepening(random, git, bare, history);
            both.push("--filter=blob:none".to_owned());
            both
        }
        _ => Vec::new(),
    }
}

fn fetching(random: &mut Random, git: &Git, bare: &str, history: &History) -> Vec<String> {
    match random.below(6) {
        0 => deepening(random, git, bare, history),
        1 => vec![format!("--deepen={}", 1 + random.below(5))],
        _ => Vec::new(),
    }
}

fn deepening(random: &mut Random, git: &Git, bare: &str, history: &History) -> Vec<String> {
    match random.below(3) {
        // What lies before a moment has no answer where clocks go wrong.
        1 if !history.is_skewed => {
            let times = git.run(bare, &["log", "--all", "--format=%ct"]);
            let mut times: Vec<u64> = times.lines().map(|time| time.parse().unwrap()).collect();
            times.sort_unstable();
            vec![format!("--shallow-since={}", times[random.index(times.len())])]
        }
        2 => {
            let tags = git.run(bare, &["tag"]);
            match tags.lines().nth(random.index(tags.lines().count().max(1))) {
                Some(tag) => vec![format!("--shallow-exclude={tag}")],
                None => vec!["--depth=4".to_owned()],
            }
        }
        _ => vec![format!("--depth={}", 1 + random.below(8))],
    }
}
