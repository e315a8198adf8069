//! Verified upload of 1 GiB: the hub against nginx's PUT (ngx_http_dav_module).
//!
//! The hub receives the file through its API, hashes it, syncs it to disk and commits it to the repository before it answers;
//! nginx writes a file and answers, whether or not the disk has it. So there are three comparisons:
//! - both in memory (`/dev/shm`), which leaves the disk out and shows what verifying costs;
//! - on the disk, against a PUT that is followed by a sync of the file: the same promise on both sides;
//! - on the disk, against the bare PUT, which on a slow disk compares the disk with the memory.
//!
//! The hub's ways are one multipart form, and a chunked upload over one and over two connections. The client sends from
//! memory, every turn sends other bytes, and the disk is left to settle (`sync`) before every turn. Hub and peer take turns;
//! ratios are medians over the rounds.
//!
//! Run: `tests/bench/run upload`

use anyhow::Context;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use support::{
    Client, Hub, HubAccount, Nginx, ROUNDS, Random, cpu_seconds, download_once, median, multipart, print_machine,
    print_ratio, work_folder,
};

const BYTES: usize = 1 << 30;
const DISK_ROUNDS: usize = 3;
const CHUNK_BYTES: usize = 32 << 20;
const AIM: f64 = 0.95;
const OWNER: &str = "owner";
const REPOSITORY: &str = "measured";

/// GiB per second and processor seconds of the server for each round.
#[derive(Default)]
struct Figures {
    speeds: Vec<f64>,
    costs: Vec<f64>,
}

impl Figures {
    /// Times the sending of [`BYTES`], which are one GiB, by a server's clients.
    fn measure(&mut self, processes: &[u32], send: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let before = cpu_seconds(processes);
        let start = Instant::now();
        send()?;
        self.speeds.push(1.0 / start.elapsed().as_secs_f64());
        self.costs.push(cpu_seconds(processes) - before);
        Ok(())
    }

    fn print(&self, what: &str) {
        let (speed, cost) = (median(&self.speeds), median(&self.costs));
        println!("upload_1gib {what}: {speed:.2} GiB/s, {cost:.2} cpu-s/GiB");
    }

    fn compare(&self, what: &str, peer: &str, other: &Self) {
        let ratios: Vec<f64> = self
            .speeds
            .iter()
            .zip(&other.speeds)
            .map(|(hub, peer)| hub / peer)
            .collect();
        print_ratio(&format!("upload_1gib_{what}"), peer, median(&ratios), 1.0, AIM);
    }
}

/// The servers of one comparison and what the client sends to them.
struct Bench<'a> {
    hub: Hub,
    account: HubAccount,
    nginx: Nginx,
    folder: PathBuf,
    content: &'a mut Vec<u8>,
    turns: u64,
}

fn main() -> anyhow::Result<()> {
    let disk = work_folder()?;
    print_machine(disk.path());
    let mut content = vec![0; BYTES];
    Random::new(0x5eed_0003).fill(&mut content);
    let memory = tempfile::tempdir_in("/dev/shm")?;
    in_memory(&mut Bench::start(memory.path(), &mut content)?)?;
    drop(memory);
    on_disk(&mut Bench::start(disk.path(), &mut content)?)
}

fn in_memory(bench: &mut Bench) -> anyhow::Result<()> {
    let [mut form, mut chunks, mut parallel, mut put] = [(); 4].map(|()| Figures::default());
    for _ in 0..ROUNDS {
        bench.form(&mut form)?;
        bench.put(&mut put, false)?;
        bench.chunks(&mut chunks, 1)?;
        bench.chunks(&mut parallel, 2)?;
    }
    bench.verify()?;
    form.print("memory, hub, form");
    chunks.print("memory, hub, chunks over 1 connection");
    parallel.print("memory, hub, chunks over 2 connections");
    put.print("memory, nginx PUT");
    form.compare("memory_form", "nginx", &put);
    chunks.compare("memory_chunks", "nginx", &put);
    parallel.compare("memory_chunks_parallel", "nginx", &put);
    Ok(())
}

fn on_disk(bench: &mut Bench) -> anyhow::Result<()> {
    let [mut form, mut put, mut synced] = [(); 3].map(|()| Figures::default());
    for _ in 0..DISK_ROUNDS {
        bench.form(&mut form)?;
        bench.put(&mut put, false)?;
        bench.put(&mut synced, true)?;
    }
    bench.verify()?;
    form.print("disk, hub, form");
    put.print("disk, nginx PUT");
    synced.print("disk, nginx PUT and sync of the file");
    form.compare("disk_form", "nginx-synced", &synced);
    form.compare("disk_form", "nginx", &put);
    Ok(())
}

impl<'a> Bench<'a> {
    fn start(folder: &Path, content: &'a mut Vec<u8>) -> anyhow::Result<Self> {
        let hub = Hub::start(&folder.join("data"), &[("GEOML_HUB__STORAGE__QUOTA", "100 GiB")])?;
        let mut account = hub.account(OWNER)?;
        account.create_repository(REPOSITORY)?;
        let root = folder.join("root");
        std::fs::create_dir_all(root.join("put"))?;
        let nginx = Nginx::start(folder, &root)?;
        let folder = folder.to_owned();
        Ok(Self {
            hub,
            account,
            nginx,
            folder,
            content,
            turns: 0,
        })
    }

    /// Makes the content another one, so that it is not found to be there already, and gives back earlier ones' space.
    fn prepare(&mut self) -> anyhow::Result<()> {
        self.turns += 1;
        self.content[..8].copy_from_slice(&self.turns.to_le_bytes());
        free_space(&self.folder)?;
        settle()
    }

    fn form(&mut self, figures: &mut Figures) -> anyhow::Result<()> {
        self.prepare()?;
        let processes = [self.hub.process()];
        figures.measure(&processes, || send_form(&mut self.account, self.content))
    }

    fn chunks(&mut self, figures: &mut Figures, connections: usize) -> anyhow::Result<()> {
        self.prepare()?;
        let processes = [self.hub.process()];
        figures.measure(&processes, || {
            send_chunks(&mut self.account, &self.hub, self.content, connections)
        })
    }

    fn put(&mut self, figures: &mut Figures, synced: bool) -> anyhow::Result<()> {
        settle()?;
        let file = self.folder.join("root/put/large.bin");
        figures.measure(&self.nginx.processes(), || {
            send_put(&self.nginx, self.content)?;
            if synced {
                std::fs::File::open(&file)?.sync_all()?;
            }
            Ok(())
        })?;
        Ok(std::fs::remove_file(file)?)
    }

    fn verify(&self) -> anyhow::Result<()> {
        let path = format!("/api/{OWNER}/{REPOSITORY}/download/large.bin");
        let expected: [u8; 32] = Sha256::digest(&self.content).into();
        let download = download_once(self.hub.port(), &path, true)?;
        anyhow::ensure!(
            download.sha256 == Some(expected),
            "the hub answers other bytes than were sent last"
        );
        println!("verified: the hub answers what was sent last");
        Ok(())
    }
}

/// Lets earlier writes reach the disk.
fn settle() -> anyhow::Result<()> {
    anyhow::ensure!(Command::new("sync").status()?.success(), "sync failed");
    Ok(())
}

/// Empties the blobs of earlier rounds, whose names stay in git: only the last upload is read again.
fn free_space(folder: &Path) -> anyhow::Result<()> {
    let output = Command::new("find")
        .arg(folder.join("data/blobs"))
        .args(["-type", "f", "-size", "+512M", "-printf", "%T@ %p\\n"])
        .output()?;
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut blobs: Vec<_> = output.lines().filter_map(|line| line.split_once(' ')).collect();
    blobs.sort_by(|left, right| right.0.cmp(left.0));
    for (_, path) in blobs.iter().skip(1) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn send_form(account: &mut HubAccount, content: &[u8]) -> anyhow::Result<()> {
    let form = multipart(&[("path", None, b"large.bin"), ("file", Some("large.bin"), content)]);
    let path = format!("/api/{OWNER}/{REPOSITORY}/upload");
    account
        .client
        .request_in_parts("POST", &path, &form.kind, &form.parts())?
        .json()?;
    Ok(())
}

fn send_put(nginx: &Nginx, content: &[u8]) -> anyhow::Result<()> {
    let answer =
        Client::connect(nginx.port())?.request("PUT", "/put/large.bin", "application/octet-stream", content)?;
    anyhow::ensure!(matches!(answer.status, 201 | 204), "nginx answered {}", answer.status);
    Ok(())
}

fn send_chunks(account: &mut HubAccount, hub: &Hub, content: &[u8], connections: usize) -> anyhow::Result<()> {
    let base = format!("/api/{OWNER}/{REPOSITORY}/upload");
    let wanted = json!({"path": "large.bin", "size": BYTES, "chunk_size": CHUNK_BYTES});
    let session = account.client.post(&format!("{base}/init"), &wanted)?;
    let id = session["session_id"].as_str().context("no session_id")?.to_owned();
    let token = account.token().to_owned();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|first| {
                let (base, id, token) = (&base, &id, &token);
                scope.spawn(move || -> anyhow::Result<()> {
                    let mut client = Client::connect(hub.port())?;
                    client.authorize(token);
                    for (number, chunk) in (1..).zip(content.chunks(CHUNK_BYTES)).skip(first).step_by(connections) {
                        let path = format!("{base}/{id}/chunk/{number}");
                        client
                            .request("POST", &path, "application/octet-stream", chunk)?
                            .json()?;
                    }
                    Ok(())
                })
            })
            .collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().ok().context("a sender panicked")?)
    })?;
    account.client.post(&format!("{base}/{id}/complete"), &json!({}))?;
    Ok(())
}
