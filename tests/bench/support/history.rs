use crate::Random;
use crate::peer::run;
use anyhow::Context;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A repository that is made from a seed.
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// What it is called.
    pub name: &'static str,
    /// Commits on its one branch.
    pub commits: usize,
    /// Files in its newest commit, about.
    files: usize,
    /// Lines of a file.
    lines: usize,
    /// Bytes that do not compress and come with every commit.
    binary_bytes: usize,
    /// A file that comes with the last commit, in bytes; 0 for none.
    large_bytes: usize,
}

/// Small, middle (25 MB), large (200 MB), and one with a file of 200 MiB.
pub const HISTORIES: [History; 4] = [
    History {
        name: "small",
        commits: 100,
        files: 40,
        lines: 60,
        binary_bytes: 0,
        large_bytes: 0,
    },
    History {
        name: "middle",
        commits: 1_700,
        files: 600,
        lines: 300,
        binary_bytes: 9_000,
        large_bytes: 0,
    },
    History {
        name: "large",
        commits: 70_000,
        files: 5_000,
        lines: 120,
        binary_bytes: 1_400,
        large_bytes: 0,
    },
    History {
        name: "blob",
        commits: 20,
        files: 40,
        lines: 60,
        binary_bytes: 0,
        large_bytes: 200 << 20,
    },
];

const WORDS: [&str; 24] = [
    "snow",
    "depth",
    "basin",
    "river",
    "discharge",
    "station",
    "kriging",
    "seismic",
    "velocity",
    "layer",
    "porosity",
    "strata",
    "raster",
    "band",
    "reflectance",
    "training",
    "epoch",
    "loss",
    "gradient",
    "tensor",
    "forecast",
    "precipitation",
    "humidity",
    "wind",
];

/// Where repositories that were made once are kept for the next run: beside the build.
pub fn kept_histories() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let build = program
        .parent()
        .and_then(Path::parent)
        .context("no folder of the build")?;
    let kept = build.join("bench-histories");
    std::fs::create_dir_all(&kept)?;
    Ok(kept)
}

impl History {
    /// Makes it as a bare, packed repository below a folder, or takes the one that an earlier run made there.
    pub fn make(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let made = folder.join(format!("{}-{}.git", self.name, self.commits));
        if made.exists() {
            return Ok(made);
        }
        let bare = folder.join(format!("{}.unfinished", self.name));
        let _ = std::fs::remove_dir_all(&bare);
        run(Command::new("git")
            .args(["init", "-q", "--bare", "-b", "main"])
            .arg(&bare))?;
        let mut child = Command::new("git")
            .arg("-C")
            .arg(&bare)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()
            .context("git cannot be run")?;
        let input = child.stdin.take().context("git takes no input")?;
        self.tell(BufWriter::with_capacity(1 << 20, input))?;
        anyhow::ensure!(child.wait()?.success(), "git fast-import failed");
        run(Command::new("git").arg("-C").arg(&bare).args(["repack", "-adfq"]))?;
        std::fs::rename(&bare, &made)?;
        Ok(made)
    }

    fn tell(&self, mut out: impl Write) -> anyhow::Result<()> {
        let mut random = Random::new(0x5eed_0011);
        let mut files: Vec<Vec<String>> = Vec::new();
        for number in 0..self.commits {
            writeln!(out, "commit refs/heads/main\nmark :{}", number + 1)?;
            writeln!(
                out,
                "committer Ada <ada@example.org> {} +0000",
                1_500_000_000 + number * 600
            )?;
            text(
                &mut out,
                format!("{}\n\nCommit {number} of many.\n", line(&mut random)).as_bytes(),
            )?;
            if number > 0 {
                writeln!(out, "from :{number}")?;
            }
            self.change(&mut out, &mut random, &mut files)?;
            if self.binary_bytes > 0 {
                self.binary(&mut out, &mut random, number, self.binary_bytes)?;
            }
            if number + 1 == self.commits && self.large_bytes > 0 {
                self.binary(&mut out, &mut random, number, self.large_bytes)?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// A file more until all are there, and a few lines of up to three others.
    fn change(&self, out: &mut impl Write, random: &mut Random, files: &mut Vec<Vec<String>>) -> anyhow::Result<()> {
        if files.len() < self.files {
            files.push((0..self.lines).map(|_| line(random)).collect());
            Self::write(out, files, files.len() - 1)?;
        }
        for _ in 0..=random.below(3) {
            // Some files change much more often than others.
            let place = random.zipf(files.len());
            for _ in 0..=random.below(4) {
                let row = random.below(files[place].len());
                files[place][row] = line(random);
            }
            Self::write(out, files, place)?;
        }
        Ok(())
    }

    fn write(out: &mut impl Write, files: &[Vec<String>], place: usize) -> anyhow::Result<()> {
        writeln!(
            out,
            "M 100644 inline src/part-{}/section-{}/file-{place}.py",
            place % 7,
            place % 31
        )?;
        text(out, (files[place].join("\n") + "\n").as_bytes())
    }

    fn binary(&self, out: &mut impl Write, random: &mut Random, number: usize, bytes: usize) -> anyhow::Result<()> {
        let mut content = vec![0; bytes];
        random.fill(&mut content);
        writeln!(out, "M 100644 inline data/tile-{}.npy", number % self.files)?;
        text(out, &content)
    }
}

fn line(random: &mut Random) -> String {
    let mut line = String::new();
    for _ in 0..=random.below(8) {
        let word = WORDS[random.below(WORDS.len())];
        write!(line, "{word}_{} = ", random.below(1_000)).expect("memory does not fail");
    }
    line
}

fn text(out: &mut impl Write, content: &[u8]) -> anyhow::Result<()> {
    writeln!(out, "data {}", content.len())?;
    out.write_all(content)?;
    writeln!(out)?;
    Ok(())
}
