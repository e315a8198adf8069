use super::support::{Bench, Dice};
use geoml_hub::git::{Count, Divergence, ObjectId};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn import(bench: &Bench, stream: &str) {
    let mut program = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(bench.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(program.wait().unwrap().success());
}

/// Puts a made-up history into the repository: lines, merges, several roots, many commits in one second, some before their
/// parents. Answers its commits.
fn grow(bench: &Bench, dice: &mut Dice, commits: usize) -> Vec<ObjectId> {
    let mut stream = String::new();
    for number in 1..=commits {
        let time = 1_700_000_000 + number / 4 - dice.roll(3);
        let _ = write!(
            stream,
            "commit refs/heads/c{number}\nmark :{number}\ncommitter Ada <ada@example.org> {time} +0000\ndata 0\n"
        );
        if number > 1 && dice.roll(100) > 0 {
            // Mostly from what is new, so that there are long lines.
            let near = |dice: &mut Dice| {
                let reach = if dice.roll(10) == 0 { 200 } else { 6 };
                number - 1 - dice.roll(number.min(reach))
            };
            let (first, second) = (near(dice).max(1), near(dice).max(1));
            let _ = writeln!(stream, "from :{first}");
            if first != second && dice.roll(4) == 0 {
                let _ = writeln!(stream, "merge :{second}");
            }
        } else {
            let _ = writeln!(stream, "deleteall");
        }
    }
    import(bench, &stream);
    let tips: Vec<String> = (1..=commits).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = tips.iter().map(String::as_str).collect();
    let ids = bench.stock(&[&["rev-parse"], names.as_slice()].concat());
    ids.lines().map(|id| id.parse().unwrap()).collect()
}

fn exactly(ahead: usize, behind: usize) -> Divergence {
    let count = |commits| Count { commits, more: false };
    Divergence {
        ahead: count(ahead),
        behind: count(behind),
    }
}

#[test]
fn one_walk_tells_of_many_branches_what_git_tells_of_each() {
    for seed in 0..6 {
        let (bench, mut dice) = (Bench::new(), Dice(seed));
        let commits = grow(&bench, &mut dice, 400);
        // More than one walk takes.
        let heads: Vec<ObjectId> = (0..150).map(|_| commits[dice.roll(commits.len())]).collect();
        let base = commits[commits.len() - 1 - dice.roll(40)];
        let found = bench.open().divergences(base, &heads, usize::MAX).unwrap();
        for (head, found) in heads.iter().zip(found) {
            let range = format!("{base}...{head}");
            let told = bench.stock(&["rev-list", "--count", "--left-right", &range]);
            let told: Vec<usize> = told.split_whitespace().map(|count| count.parse().unwrap()).collect();
            assert_eq!(found, exactly(told[1], told[0]), "seed {seed}, {range}");
        }
    }
}

#[test]
fn a_walk_that_is_cut_counts_what_it_saw_and_says_where_there_is_more() {
    let (bench, mut lines) = (Bench::new(), String::new());
    for (branch, from, commits) in [
        ("old", "", 10),
        ("main", "from refs/heads/old\n", 500),
        ("new", "from refs/heads/main\n", 3),
    ] {
        for number in 0..commits {
            let from = if number == 0 { from } else { "" };
            let _ = write!(
                lines,
                "commit refs/heads/{branch}\ncommitter Ada <ada@example.org> {} +0000\ndata 0\n{from}",
                1_700_000_000 + lines.len()
            );
        }
    }
    import(&bench, &lines);
    let repository = bench.open();
    let tip = |name| repository.branch(name).unwrap().unwrap();
    let heads = [tip("old"), tip("new"), tip("main")];
    let all = repository.divergences(tip("main"), &heads, 1_000).unwrap();
    assert_eq!(all, [exactly(0, 500), exactly(3, 0), exactly(0, 0)]);
    let cut = repository.divergences(tip("main"), &heads, 100).unwrap();
    assert_eq!(cut[1..], [exactly(3, 0), exactly(0, 0)]);
    let Divergence { ahead, behind } = cut[0];
    assert!(
        ahead.commits == 0 && behind.more && (50..=100).contains(&behind.commits),
        "{cut:?}"
    );
}
