//! Downloads: the hub against nginx, which serves the same bytes from the same disk with sendfile and a cache of open files.
//!
//! One file of 1 GiB is read by one blocking client in reads of 256 KiB, with the page cache warm; 1,000 distinct files of
//! 4 KiB are read by wrk over 64 connections, once as text, which the hub keeps in git, and once as arrays, which it keeps as
//! blobs. Everything came in through the hub's own API and everybody may read it. Every file's SHA-256 is checked once before
//! anything is timed. Hub and peer take turns; ratios are medians over the rounds.
//!
//! Run: `tests/bench/run download`

use anyhow::Context;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use support::{
    Hub, HubAccount, Nginx, ROUNDS, Random, cpu_seconds, download_once, median, multipart, print_machine, print_ratio,
    work_folder,
};

const LARGE_BYTES: usize = 1 << 30;
const SMALL_BYTES: usize = 4 << 10;
const SMALL_FILES: usize = 1_000;
const SMALL_SECONDS: u32 = 4;
const AIM: f64 = 0.95;
const OWNER: &str = "owner";
const REPOSITORY: &str = "measured";

/// A server as the rounds see it.
struct Side {
    name: &'static str,
    port: u16,
    processes: Vec<u32>,
    /// What stands before a file's path.
    prefix: String,
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let hub = Hub::start(&folder.path().join("data"), &[])?;
    let mut account = hub.account(OWNER)?;
    account.create_repository(REPOSITORY)?;
    let root = folder.path().join("root");
    std::fs::create_dir_all(&root)?;
    let mut random = Random::new(0x5eed_0002);
    put_large(&mut account, &root, &mut random)?;
    for extension in ["txt", "npy"] {
        put_small(&mut account, &root, &mut random, extension)?;
    }
    let nginx = Nginx::start(folder.path(), &root)?;
    let prefix = format!("/api/{OWNER}/{REPOSITORY}/download");
    let sides = [
        Side {
            name: "hub",
            port: hub.port(),
            processes: vec![hub.process()],
            prefix,
        },
        Side {
            name: "nginx",
            port: nginx.port(),
            processes: nginx.processes(),
            prefix: String::new(),
        },
    ];
    verify(&root, &sides)?;
    compare_large(&sides)?;
    compare_small(folder.path(), &sides, "txt", "text_4kib")?;
    compare_small(folder.path(), &sides, "npy", "blob_4kib")
}

fn put_large(account: &mut HubAccount, root: &Path, random: &mut Random) -> anyhow::Result<()> {
    let mut content = vec![0; LARGE_BYTES];
    random.fill(&mut content);
    std::fs::write(root.join("large.bin"), &content)?;
    let form = multipart(&[("path", None, b"large.bin"), ("file", Some("large.bin"), &content)]);
    let path = format!("/api/{OWNER}/{REPOSITORY}/upload");
    account
        .client
        .request_in_parts("POST", &path, &form.kind, &form.parts())?
        .json()?;
    Ok(())
}

fn small_name(number: usize, extension: &str) -> String {
    format!("{extension}-{number}.{extension}")
}

fn put_small(account: &mut HubAccount, root: &Path, random: &mut Random, extension: &str) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for number in 0..SMALL_FILES {
        let mut content = vec![0; SMALL_BYTES];
        random.fill(&mut content);
        let name = small_name(number, extension);
        std::fs::write(root.join(&name), &content)?;
        files.push((name, content));
    }
    let fields: Vec<_> = files
        .iter()
        .map(|(name, content)| ("files", Some(name.as_str()), content.as_slice()))
        .collect();
    let form = multipart(&fields);
    let path = format!("/api/{OWNER}/{REPOSITORY}/upload/batch");
    account
        .client
        .request_in_parts("POST", &path, &form.kind, &form.parts())?
        .json()?;
    Ok(())
}

/// Compares what both servers answer with the files on disk.
fn verify(root: &Path, sides: &[Side]) -> anyhow::Result<()> {
    let small = ["txt", "npy"]
        .iter()
        .flat_map(|extension| (0..SMALL_FILES).map(|number| small_name(number, extension)));
    for name in std::iter::once("large.bin".to_owned()).chain(small) {
        let expected: [u8; 32] = Sha256::digest(std::fs::read(root.join(&name))?).into();
        for side in sides {
            let path = format!("{}/{name}", side.prefix);
            let download = download_once(side.port, &path, true)?;
            anyhow::ensure!(
                download.sha256 == Some(expected),
                "{} answers other bytes for {path}",
                side.name
            );
        }
    }
    println!("verified: every file of both servers has the SHA-256 of what was uploaded");
    Ok(())
}

fn compare_large(sides: &[Side; 2]) -> anyhow::Result<()> {
    let mut speeds = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS + 2 {
        for (index, side) in sides.iter().enumerate() {
            let before = cpu_seconds(&side.processes);
            let download = download_once(side.port, &format!("{}/large.bin", side.prefix), false)?;
            #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
            let gib = download.bytes as f64 / f64::from(1 << 30);
            speeds[index].push(gib / download.seconds);
            costs[index].push((cpu_seconds(&side.processes) - before) / gib);
        }
    }
    for (index, side) in sides.iter().enumerate() {
        let (speed, cost) = (median(&speeds[index]), median(&costs[index]));
        println!("download_1gib {}: {speed:.2} GiB/s, {cost:.2} cpu-s/GiB", side.name);
    }
    print_ratio("download_1gib", "nginx", median_ratio(&speeds), 1.0, AIM);
    Ok(())
}

fn compare_small(folder: &Path, sides: &[Side; 2], extension: &str, what: &str) -> anyhow::Result<()> {
    let mut speeds = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    let mut slowest = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (index, side) in sides.iter().enumerate() {
            let before = cpu_seconds(&side.processes);
            let load = wrk(folder, side, extension)?;
            speeds[index].push(load.per_second);
            slowest[index].push(load.slowest_hundredth);
            costs[index].push((cpu_seconds(&side.processes) - before) / load.requests * 1e6);
        }
    }
    for (index, side) in sides.iter().enumerate() {
        println!(
            "download_{what} {}: {:.0} requests/s, 99th percentile {:.2} ms, {:.1} cpu-µs/request",
            side.name,
            median(&speeds[index]),
            median(&slowest[index]),
            median(&costs[index])
        );
    }
    print_ratio(&format!("download_{what}"), "nginx", median_ratio(&speeds), 1.0, AIM);
    Ok(())
}

/// The median of what each round's turn of the hub was to the peer's.
fn median_ratio([hub, peer]: &[Vec<f64>; 2]) -> f64 {
    let ratios: Vec<f64> = hub.iter().zip(peer).map(|(hub, peer)| hub / peer).collect();
    median(&ratios)
}

struct Load {
    requests: f64,
    per_second: f64,
    /// Milliseconds.
    slowest_hundredth: f64,
}

fn wrk(folder: &Path, side: &Side, extension: &str) -> anyhow::Result<Load> {
    let script = folder.join("paths.lua");
    let mut text = String::from("local requests = {}\nlocal turn = 0\nfunction init(args)\n");
    writeln!(text, "  for number = 0, {} do", SMALL_FILES - 1)?;
    let path = format!("{}/{extension}-\" .. number .. \".{extension}", side.prefix);
    writeln!(
        text,
        "    requests[number] = wrk.format(\"GET\", \"{path}\")\n  end\nend"
    )?;
    writeln!(
        text,
        "function request()\n  turn = (turn + 1) % {SMALL_FILES}\n  return requests[turn]\nend"
    )?;
    writeln!(
        text,
        "function done(summary, latency, times)\n  io.write(string.format(\"result %d %d %d %d\\n\", summary.requests, \
         summary.duration, latency:percentile(99), summary.errors.status + summary.errors.connect + \
         summary.errors.read + summary.errors.write + summary.errors.timeout))\nend"
    )?;
    std::fs::write(&script, text)?;
    let output = Command::new("wrk")
        .args([
            "--threads=1",
            "--connections=64",
            &format!("--duration={SMALL_SECONDS}s"),
        ])
        .arg(format!("--script={}", script.display()))
        .arg(format!("http://127.0.0.1:{}", side.port))
        .output()
        .context("wrk cannot be run: install it")?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = output.lines().find_map(|line| line.strip_prefix("result "));
    let figures: Vec<f64> = result
        .with_context(|| format!("wrk printed no result: {output}"))?
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [requests, microseconds, slowest, errors] = figures[..] else {
        anyhow::bail!("wrk printed another result: {output}");
    };
    anyhow::ensure!(errors == 0.0, "{} answered {errors} requests with errors", side.name);
    Ok(Load {
        requests,
        per_second: requests / microseconds * 1e6,
        slowest_hundredth: slowest / 1e3,
    })
}
