//! The path history against `git log`: the last commit of every entry of a folder with 5,000 files, and the history of its
//! oldest file, in a repository of 70,000 commits. The index is filled once, which is timed too. Medians over the rounds.
//!
//! Run: `tests/bench/run history`

use geoml_hub::base::{Clock, RepositoryId};
use geoml_hub::git::{Git, path_history};
use geoml_hub::store::{Schema, Store};
use std::process::Command;
use std::time::Instant;
use support::{HISTORIES, ROUNDS, kept_histories, median, print_machine, print_ratio_of_times, run, work_folder};

const FOLDER: &str = "data";
const FILE: &str = "data/tile-0.npy";
const AIM_SECONDS: f64 = 0.020;
const STORE_CACHE_BYTES: usize = 64 << 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let history = HISTORIES.iter().max_by_key(|history| history.commits);
    let origin = history.expect("there are histories").make(&kept_histories()?)?;
    let git = Git::open(folder.path().join("git"))?;
    let id = RepositoryId::new(&Clock::system());
    git.create(id, "main")?;
    let bare = git.folder(id);
    run(Command::new("git")
        .arg("-C")
        .arg(&bare)
        .args(["fetch", "-q"])
        .arg(&origin)
        .arg("+refs/heads/*:refs/heads/*"))?;
    let schema = Schema {
        tables: path_history::TABLES.to_vec(),
        migrations: &[],
    };
    let store = Store::open(&folder.path().join("store"), &schema, STORE_CACHE_BYTES)?;
    let start = Instant::now();
    path_history::refresh(&git, &store, id, "main").await?;
    println!("filled the index in {:.1} s", start.elapsed().as_secs_f64());
    let [mut entries, mut versions, mut entries_of_git, mut versions_of_git] = [(); 4].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let found = store.read(|tx| path_history::last_commits(tx, id, "main", FOLDER))?;
        entries.push(start.elapsed().as_secs_f64());
        anyhow::ensure!(found.len() == 5_000, "{} entries", found.len());
        let start = Instant::now();
        let found = store.read(|tx| path_history::versions(tx, id, "main", FILE, 0, usize::MAX))?;
        versions.push(start.elapsed().as_secs_f64());
        // git has no command for all entries of a folder; this one goes through the history until it has seen each.
        let log = |arguments: &[&str]| run(Command::new("git").arg("-C").arg(&bare).args(arguments));
        let start = Instant::now();
        log(&[
            "log",
            "--first-parent",
            "--format=%H",
            "--name-only",
            "-5000",
            "main",
            "--",
            FOLDER,
        ])?;
        entries_of_git.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let lines = log(&["log", "--first-parent", "--format=%H", "main", "--", FILE])?;
        versions_of_git.push(start.elapsed().as_secs_f64());
        anyhow::ensure!(lines.lines().count() == found.len(), "{} versions", found.len());
    }
    report("last_commits_of_5000_entries", &entries, &entries_of_git);
    report("history_of_a_file", &versions, &versions_of_git);
    Ok(())
}

fn report(what: &str, hub: &[f64], git: &[f64]) {
    let (hub, git) = (median(hub), median(git));
    println!(
        "{what}: hub {:.2} ms, git log {:.1} ms (aim below {:.0} ms)",
        hub * 1e3,
        git * 1e3,
        AIM_SECONDS * 1e3
    );
    print_ratio_of_times(what, "git-log", hub, git, git / AIM_SECONDS);
}
