use crate::support::Random;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A made-up history, told to `git fast-import` in one or several parts.
pub(super) struct History {
    random: Random,
    /// Files of every commit: path to mode and content.
    commits: Vec<BTreeMap<String, (&'static str, String)>>,
    branches: Vec<usize>,
    time: u64,
    tags: usize,
    /// Whether clocks go wrong now and then.
    pub is_skewed: bool,
}

const PATHS: &[&str] = &[
    "README.md",
    "src/main.py",
    "src/model.py",
    "src/data/load.py",
    "src-old",
    "src.txt",
    "data/a b/c.csv",
    "data/été.csv",
    "data/数据.csv",
    "data/\"quoted\".txt",
    "deep/er/and/deep/er/file",
    "-dash",
    "link",
];

impl History {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            commits: Vec::new(),
            branches: Vec::new(),
            time: 1_700_000_000,
            tags: 0,
            is_skewed: seed.is_multiple_of(4),
        }
    }

    /// So many further commits, as the input of `git fast-import`.
    pub(super) fn grow(&mut self, count: usize) -> String {
        let mut story = String::new();
        for _ in 0..count {
            self.commit(&mut story);
            if self.random.percent(15) {
                self.tag(&mut story);
            }
        }
        story
    }

    fn commit(&mut self, story: &mut String) {
        let number = self.commits.len();
        let branch = if self.branches.is_empty() || (self.branches.len() < 4 && self.random.percent(15)) {
            self.branches.push(usize::MAX);
            self.branches.len() - 1
        } else {
            self.random.index(self.branches.len())
        };
        let mut parents = Vec::new();
        if self.branches[branch] != usize::MAX {
            parents.push(self.branches[branch]);
        } else if number > 0 && self.random.percent(80) {
            parents.push(self.random.index(number));
        }
        // Merges of two, and of many.
        let others = if self.random.percent(20) {
            1 + self.random.index(3)
        } else {
            0
        };
        for _ in 0..others.min(number) {
            let other = self.random.index(number);
            if !parents.contains(&other) && !parents.is_empty() {
                parents.push(other);
            }
        }
        // Several commits in a second, and clocks that go wrong.
        self.time = match self.random.below(10) {
            0..4 => self.time,
            4 if self.is_skewed => self.time - self.random.below(500),
            _ => self.time + self.random.below(1_000),
        };
        let mut files = BTreeMap::new();
        for parent in &parents {
            for (path, file) in self.commits[*parent].clone() {
                put(&mut files, &path, file);
            }
        }
        for _ in 0..=self.random.index(4) {
            self.change(&mut files);
        }
        let name = if branch == 0 {
            "main".to_owned()
        } else {
            format!("topic/{branch}")
        };
        let mark = number + 1;
        writeln!(story, "commit refs/heads/{name}\nmark :{mark}").unwrap();
        writeln!(story, "committer Ana <ana@example.org> {} +0100", self.time).unwrap();
        text(story, &format!("commit {number}\n"));
        for (place, parent) in parents.iter().enumerate() {
            let word = if place == 0 { "from" } else { "merge" };
            writeln!(story, "{word} :{}", parent + 1).unwrap();
        }
        story.push_str("deleteall\n");
        for (path, (mode, content)) in &files {
            let quoted = path.replace('\\', "\\\\").replace('"', "\\\"");
            if *mode == "160000" {
                writeln!(story, "M 160000 {content} \"{quoted}\"").unwrap();
            } else {
                writeln!(story, "M {mode} inline \"{quoted}\"").unwrap();
                text(story, content);
            }
        }
        story.push('\n');
        self.commits.push(files);
        self.branches[branch] = number;
    }

    fn change(&mut self, files: &mut BTreeMap<String, (&'static str, String)>) {
        let mut path = PATHS[self.random.index(PATHS.len())].to_owned();
        if self.random.percent(30) {
            path = format!("data/part-{}/{}.csv", self.random.below(5), self.random.below(20));
        }
        match self.random.below(10) {
            0 => {
                files.remove(&path);
            }
            1 => {
                let from = files.keys().nth(self.random.index(files.len().max(1))).cloned();
                if let Some(file) = from.and_then(|from| files.remove(&from)) {
                    put(files, &path, file);
                }
            }
            2 => put(files, &path, ("120000", format!("target-{}", self.random.below(5)))),
            3 => put(
                files,
                &path,
                ("160000", format!("{:040x}", 1 + self.random.below(1_000))),
            ),
            kind => {
                let mode = if kind == 4 { "100755" } else { "100644" };
                let mut content = files
                    .get(&path)
                    .filter(|file| file.0.starts_with("100"))
                    .map_or_else(String::new, |file| file.1.clone());
                for _ in 0..self.random.below(30) {
                    writeln!(content, "{},{}", self.random.below(100), self.random.below(1_000_000)).unwrap();
                }
                put(files, &path, (mode, content));
            }
        }
    }

    fn tag(&mut self, story: &mut String) {
        let target = 1 + self.random.index(self.commits.len());
        self.tags += 1;
        let number = self.tags;
        let mark = 1_000_000 + number;
        writeln!(story, "tag v{number}\nmark :{mark}\nfrom :{target}").unwrap();
        writeln!(story, "tagger Ana <ana@example.org> {} +0000", self.time).unwrap();
        text(story, &format!("version {number}\n"));
        let more = self.random.below(10);
        if more < 3 {
            writeln!(story, "tag again-{number}\nfrom :{mark}").unwrap();
            writeln!(story, "tagger Ana <ana@example.org> {} +0000", self.time).unwrap();
            text(story, "a tag of a tag\n");
        } else if more < 5 {
            writeln!(story, "reset refs/tags/light-{number}\nfrom :{target}\n").unwrap();
        }
    }
}

/// Puts a file, and takes away what stands in its way.
fn put(files: &mut BTreeMap<String, (&'static str, String)>, path: &str, file: (&'static str, String)) {
    files.retain(|other, _| !other.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{other}/")));
    files.insert(path.to_owned(), file);
}

fn text(story: &mut String, content: &str) {
    writeln!(story, "data {}\n{content}", content.len()).unwrap();
}

/// Writes a part of a history into a bare folder. Marks are kept beside it for the next part.
pub(super) fn import(bare: &Path, marks: &Path, story: &str) {
    let mut child = Command::new("git")
        .arg("--git-dir")
        .arg(bare)
        .args(["fast-import", "--quiet", "--force"])
        .arg(format!("--import-marks-if-exists={}", marks.display()))
        .arg(format!("--export-marks={}", marks.display()))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .current_dir(bare)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(story.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
