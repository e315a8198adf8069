use super::bare_folder;
use super::git::{Git, gits};
use super::histories::{History, import};
use crate::support::{Client, TestApp};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A hub with one repository of a made-up history, and the address of that.
async fn hub_with_history(seed: u64, commits: usize) -> (TestApp, Client, PathBuf, String) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    let bare = bare_folder(&app, &ana, "ana/rain").await;
    let marks = bare.join("marks");
    import(&bare, &marks, &History::new(seed).grow(commits));
    Git::new().offer_everything(bare.to_str().unwrap());
    let url = format!("{}/ana/rain.git", app.address());
    (app, ana, bare, url)
}

fn version(number: u8) -> String {
    format!("protocol.version={number}")
}

fn bare_objects(git: &Git, bare: &Path) -> Vec<String> {
    let listed = git.run(
        bare.to_str().unwrap(),
        &["rev-list", "--objects", "--all", "--no-object-names"],
    );
    let mut objects: Vec<String> = listed.lines().map(str::to_owned).collect();
    objects.sort();
    objects
}

#[tokio::test]
async fn every_version_of_the_protocol_clones_everything() {
    let (app, _, bare, url) = hub_with_history(1, 60).await;
    for program in gits() {
        let git = Git::of(program);
        let expected = bare_objects(&git, &bare);
        for number in 0..3 {
            let clone = format!("v{number}");
            git.run("", &["-c", &version(number), "clone", "-q", "--mirror", &url, &clone]);
            git.assert_sound(&clone);
            assert_eq!(git.objects(&clone), expected);
            let head = git.run(&clone, &["symbolic-ref", "HEAD"]);
            assert_eq!(head, "refs/heads/main\n");
        }
        // Packed well, as maintenance leaves it.
        git.run(bare.to_str().unwrap(), &["gc", "-q", "--prune=now"]);
        git.run("", &["clone", "-q", "--mirror", &url, "packed"]);
        git.assert_sound("packed");
        assert_eq!(git.objects("packed"), expected);
    }
    app.finish_without_check().await;
}

#[tokio::test]
async fn an_empty_repository_is_cloned_with_the_name_of_its_branch() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("empty", "public").await;
    let bare = bare_folder(&app, &ana, "ana/empty").await;
    let url = format!("{}/ana/empty", app.address());
    let git = Git::new();
    let folder = bare.to_str().unwrap();
    git.run(folder, &["update-ref", "-d", "refs/heads/main"]);
    git.run(folder, &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    for number in 0..3 {
        let clone = format!("v{number}");
        git.run("", &["-c", &version(number), "clone", "-q", &url, &clone]);
        git.run(&clone, &["-c", &version(number), "fetch", "-q"]);
    }
    assert_eq!(git.run("v2", &["symbolic-ref", "HEAD"]), "refs/heads/trunk\n");
    app.finish_without_check().await;
}

#[tokio::test]
async fn commits_made_through_the_api_are_fetched_one_after_the_other() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    let url = format!("{}/ana/rain", app.address());
    let git = Git::new();
    for number in 0..3 {
        git.run(
            "",
            &["-c", &version(number), "clone", "-q", &url, &format!("v{number}")],
        );
    }
    let mut content = String::new();
    for round in 0..4 {
        for line in 0..200 {
            writeln!(content, "{round},{line}").unwrap();
        }
        ana.upload("ana/rain", "data/rain.csv", content.clone()).await;
        ana.upload("ana/rain", &format!("data/{round}.txt"), format!("{round}"))
            .await;
        for number in 0..3 {
            let clone = format!("v{number}");
            git.run(&clone, &["-c", &version(number), "pull", "-q", "--ff-only"]);
            git.assert_sound(&clone);
            let there = std::fs::read_to_string(git.path(&clone).join("data/rain.csv")).unwrap();
            assert_eq!(there, content);
        }
    }
    // Local work does not disturb, and what is there is not sent again.
    std::fs::write(git.path("v2").join("mine.txt"), "mine").unwrap();
    git.run("v2", &["add", "mine.txt"]);
    git.run("v2", &["commit", "-q", "-m", "Mine"]);
    ana.upload("ana/rain", "more.txt", "more").await;
    let progress = git.attempt("v2", &["fetch", "--progress"]);
    let progress = String::from_utf8_lossy(&progress.stderr).into_owned();
    assert!(progress.contains("Enumerating objects: 3, done."), "{progress}");
    git.assert_sound("v2");
    app.finish().await;
}

#[tokio::test]
async fn tags_come_with_what_they_name() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    let bare = bare_folder(&app, &ana, "ana/rain").await;
    let folder = bare.to_str().unwrap();
    let url = format!("{}/ana/rain", app.address());
    let git = Git::new();
    for number in 0..3 {
        git.run(
            "",
            &["-c", &version(number), "clone", "-q", &url, &format!("v{number}")],
        );
    }
    ana.upload("ana/rain", "a.txt", "a").await;
    git.run(folder, &["tag", "-a", "-m", "first", "first", "main"]);
    git.run(folder, &["tag", "-a", "-m", "again", "again", "first"]);
    git.run(folder, &["update-ref", "refs/hub/secret", "first"]);
    git.run(folder, &["tag", "-a", "-m", "of a file", "file", "main:a.txt"]);
    ana.upload("ana/rain", "b.txt", "b").await;
    for number in 0..3 {
        let clone = format!("v{number}");
        let fetched = git.attempt(&clone, &["-c", &version(number), "fetch", "--progress"]);
        // One conversation brought them: three objects of each commit, two tags, and the tag of a file.
        let said = String::from_utf8_lossy(&fetched.stderr).into_owned();
        assert!(said.contains("Enumerating objects: 9, done."), "{said}");
        git.assert_sound(&clone);
        assert_eq!(git.run(&clone, &["tag"]), "again\nfile\nfirst\n");
        git.run(&clone, &["cat-file", "-e", "file^{blob}"]);
        assert!(
            !git.run(&clone, &["-c", &version(number), "ls-remote"])
                .contains("refs/hub")
        );
    }
    app.finish_without_check().await;
}

#[tokio::test]
async fn shallow_histories_grow_and_shrink_as_asked() {
    let (app, _, bare, url) = hub_with_history(2, 60).await;
    let git = Git::new();
    let oracle = format!("file://{}", bare.display());
    let tip = git.run(bare.to_str().unwrap(), &["log", "--format=%ct", "main"]);
    let middle = tip.lines().nth(10).unwrap();
    let since = format!("--shallow-since={middle}");
    let steps: &[&[&str]] = &[
        &["--depth=3"],
        &["--deepen=2"],
        // The other branches are deepened too, although nothing of them is wanted.
        &["--deepen=1", "origin", "+refs/heads/main:refs/heads/main"],
        &["--depth=1"],
        &[&since],
        &["--shallow-exclude=v1"],
        &["--depth=5", "--no-tags"],
        &["--unshallow"],
    ];
    for number in 0..3 {
        for (name, from) in [("ours", &url), ("theirs", &oracle)] {
            let clone = format!("{name}-{number}");
            git.run(
                "",
                &[
                    "-c",
                    &version(number),
                    "clone",
                    "-q",
                    "--mirror",
                    "--depth=2",
                    from,
                    &clone,
                ],
            );
        }
        for step in steps {
            let (ours, theirs) = (format!("ours-{number}"), format!("theirs-{number}"));
            let version = version(number);
            let mut arguments = vec!["-c", &version, "fetch", "-q"];
            arguments.extend(*step);
            git.run(&ours, &arguments);
            git.assert_sound(&ours);
            let oracle = git.attempt(&theirs, &arguments);
            // An end that it never sent confuses its own client.
            if String::from_utf8_lossy(&oracle.stderr).contains("error in object: unshallow") {
                break;
            }
            assert!(oracle.status.success(), "{}", String::from_utf8_lossy(&oracle.stderr));
            assert_eq!(git.shallow(&ours), git.shallow(&theirs), "v{number} {step:?}");
            assert_eq!(git.objects(&ours), git.objects(&theirs), "v{number} {step:?}");
        }
        git.run(
            &format!("ours-{number}"),
            &["-c", &version(number), "fetch", "-q", "--depth=2147483647"],
        );
        assert_eq!(git.objects(&format!("ours-{number}")), bare_objects(&git, &bare));
    }
    app.finish_without_check().await;
}

#[tokio::test]
async fn partial_clones_lack_what_they_asked_to_and_get_it_when_they_need_it() {
    let (app, _, bare, url) = hub_with_history(3, 50).await;
    let git = Git::new();
    let oracle = format!("file://{}", bare.display());
    let everything = bare_objects(&git, &bare);
    for number in [0, 2] {
        for filter in [
            "blob:none",
            "blob:limit=200",
            "blob:limit=60",
            "tree:0",
            "tree:1",
            "tree:2",
            "tree:3",
        ] {
            let option = format!("--filter={filter}");
            let name = filter.replace([':', '='], "-");
            let (ours, theirs) = (format!("ours-{number}-{name}"), format!("theirs-{number}-{name}"));
            for (clone, from) in [(&ours, &url), (&theirs, &oracle)] {
                let version = version(number);
                git.run("", &["-c", &version, "clone", "-q", "--bare", &option, from, clone]);
            }
            git.assert_sound(&ours);
            assert_eq!(git.objects(&ours), git.objects(&theirs), "v{number} {filter}");
            assert!(
                git.objects(&ours).iter().any(|object| object.starts_with('?')),
                "{filter}"
            );
            // Reading everything brings everything, piece by piece.
            git.run(&ours, &["-c", &version(number), "log", "--stat", "-p", "main"]);
            let files = git.run(&ours, &["-c", &version(number), "archive", "--format=tar", "main"]);
            assert!(!files.is_empty());
            git.assert_sound(&ours);
        }
    }
    // A work tree takes what it shows and nothing more, in one further fetch.
    git.run("", &["clone", "-q", "--filter=blob:none", &url, "tree"]);
    let lacks = git
        .objects("tree")
        .iter()
        .filter(|object| object.starts_with('?'))
        .count();
    assert!(lacks > 0 && lacks < everything.len());
    git.assert_sound("tree");
    git.run(
        "tree",
        &[
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "-q",
            "--refetch",
            "--no-filter",
        ],
    );
    app.finish_without_check().await;
}

#[tokio::test]
async fn a_partial_clone_follows_further_commits() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    let url = format!("{}/ana/rain", app.address());
    let git = Git::new();
    for filter in ["blob:none", "tree:0", "blob:limit=10"] {
        let name = filter.replace([':', '='], "-");
        git.run("", &["clone", "-q", &format!("--filter={filter}"), &url, &name]);
    }
    for round in 0..3 {
        let content = format!("{round}\n").repeat(500);
        ana.upload("ana/rain", "data/rain.csv", content.clone()).await;
        for name in ["blob-none", "tree-0", "blob-limit-10"] {
            git.run(name, &["pull", "-q", "--ff-only"]);
            git.assert_sound(name);
            let there = std::fs::read_to_string(git.path(name).join("data/rain.csv")).unwrap();
            assert_eq!(there, content);
        }
    }
    app.finish().await;
}

#[tokio::test]
#[ignore = "slow; part of the whole test command"]
async fn a_large_file_is_fetched_whole_and_so_are_large_requests() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    let bare = bare_folder(&app, &ana, "ana/rain").await;
    let content = crate::support::Random::new(7).bytes(30 << 20);
    let mut story = b"blob\nmark :1\ndata 31457280\n".to_vec();
    story.extend(&content);
    story.extend(b"\ncommit refs/heads/main\ncommitter Ana <ana@example.org> 1700000000 +0000\ndata 1\nx\nM 100644 :1 large.bin\n");
    // Files that a partial clone wants one by one: a request that git compresses and cuts into chunks.
    for number in 0..12_000 {
        story.extend(format!("M 100644 inline many/{}/{number}\ndata 5\n{number:05}\n", number % 100).into_bytes());
    }
    let path = bare.join("story");
    std::fs::write(&path, story).unwrap();
    let git = Git::new();
    let imported = std::process::Command::new("git")
        .arg("--git-dir")
        .arg(&bare)
        .args(["-c", "core.bigFileThreshold=1m", "fast-import", "--quiet", "--force"])
        .stdin(std::fs::File::open(&path).unwrap())
        .status()
        .unwrap();
    assert!(imported.success());
    let url = format!("{}/ana/rain", app.address());
    git.run(
        "",
        &[
            "-c",
            "http.postBuffer=65536",
            "clone",
            "-q",
            "--filter=blob:none",
            &url,
            "partial",
        ],
    );
    assert!(std::fs::read(git.path("partial/large.bin")).unwrap() == content);
    assert_eq!(
        std::fs::read_to_string(git.path("partial/many/77/11977")).unwrap(),
        "11977"
    );
    git.run("", &["-c", "protocol.version=0", "clone", "-q", &url, "whole"]);
    git.assert_sound("whole");
    assert!(std::fs::read(git.path("whole/large.bin")).unwrap() == content);
    app.finish_without_check().await;
}
