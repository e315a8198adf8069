//! A file of 2 GiB through git LFS, up and down, against plain HTTP: curl and nginx (PUT by ngx_http_dav_module, GET by
//! sendfile) with the same bytes on the same disk.
//!
//! git-lfs sums what it sends and receives in its own program, which takes longer than the transfer; so there are two
//! comparisons. In one stock git-lfs (`git lfs push`, `git lfs fetch`) works with the hub, and with nginx behind the answers of
//! a batch API that are files. In the other curl itself follows the actions of the hub's batch answer. The hub verifies and
//! syncs what comes before it answers, so a PUT is followed by a sync of the file. Every turn sends other bytes. Before it the
//! disk is left to settle and the page cache is emptied, where one may: a virtual machine hands out pages that were just freed
//! several times faster than others, so whoever comes after a deletion would win. Hub and peer take turns; ratios are medians
//! over the rounds. Memory is what the hub holds of its own (`RssAnon`) at the most. At the end the hub is killed in the middle
//! of a fetch.
//!
//! Run: `tests/bench/run lfs`

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{
    Hub, HubAccount, Nginx, PeakMemory, Random, median, print_machine, print_ratio, renew_pages, run, work_folder,
};

const GIB: usize = 2;
const PIECE: usize = 16 << 20;
const ROUNDS: usize = 3;
/// Within 10 percent of plain HTTP.
const AIM: f64 = 0.9;
const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";
const FILE: &str = "large.bin";
/// What has come of a download before the hub is killed.
const CUT_AFTER_BYTES: u64 = 512 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// GiB per second, and KiB of the hub's memory, for each round.
#[derive(Default)]
struct Figures {
    speeds: Vec<f64>,
    memory: Vec<f64>,
}

impl Figures {
    fn measure(
        &mut self,
        folder: &Path,
        process: u32,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        renew_pages(folder)?;
        let memory = PeakMemory::watch(process);
        let start = Instant::now();
        let outcome = work();
        self.speeds
            .push(f64::from(u32::try_from(GIB)?) / start.elapsed().as_secs_f64());
        self.memory.push(f64::from(u32::try_from(memory.stop())?));
        outcome
    }

    fn compare(&self, what: &str, peer: &Self) {
        let (hub, other) = (median(&self.speeds), median(&peer.speeds));
        let memory = median(&self.memory) / 1024.0;
        println!("{what}: hub {hub:.2} GiB/s, nginx {other:.2} GiB/s; the hub holds at the most {memory:.0} MiB");
        print_ratio(what, "nginx", hub, other, AIM);
    }
}

/// What git-lfs sends and receives.
#[derive(Default)]
struct Both {
    push: Figures,
    fetch: Figures,
}

struct Bench {
    hub: Hub,
    account: HubAccount,
    nginx: Nginx,
    folder: PathBuf,
    oid: String,
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    println!("client: {}", run(Command::new("git").args(["lfs", "version"]))?.trim());
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("put"))?;
    let hub = Hub::start(&folder.path().join("data"), &[("GEOML_HUB__STORAGE__QUOTA", "100 GiB")])?;
    let mut bench = Bench {
        account: hub.account("owner")?,
        hub,
        nginx: Nginx::start(folder.path(), &root)?,
        folder: folder.path().to_owned(),
        oid: String::new(),
    };
    fill(&folder.path().join(FILE))?;
    let [mut stock, mut peer] = [(); 2].map(|()| Both::default());
    let [mut up, mut down, mut put, mut get] = [(); 4].map(|()| Figures::default());
    for round in 0..ROUNDS {
        bench.renew(2 * round)?;
        bench.through_git_lfs(round, &mut stock, &mut peer)?;
        bench.plain(&mut put, &mut get)?;
        bench.renew(2 * round + 1)?;
        bench.through_curl(round, &mut up, &mut down)?;
    }
    stock.push.compare("lfs_push_2gib", &peer.push);
    stock.fetch.compare("lfs_fetch_2gib", &peer.fetch);
    up.compare("lfs_upload_by_curl_2gib", &put);
    down.compare("lfs_download_by_curl_2gib", &get);
    bench.interrupted()
}

fn fill(path: &Path) -> anyhow::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    let mut random = Random::new(0x5eed_0021);
    let mut piece = vec![0; PIECE];
    for _ in 0..(GIB << 30) / PIECE {
        random.fill(&mut piece);
        file.write_all(&piece)?;
    }
    Ok(())
}

impl Bench {
    /// Makes the file another one, and gives back the space of earlier ones.
    fn renew(&mut self, turn: usize) -> anyhow::Result<()> {
        let path = self.folder.join(FILE);
        let mut file = std::fs::File::options().read(true).write(true).open(&path)?;
        file.write_all(&turn.to_le_bytes())?;
        file.seek(SeekFrom::Start(0))?;
        let mut hasher = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
        }
        self.oid = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        run(Command::new("find")
            .arg(self.folder.join("data/blobs"))
            .args(["-type", "f", "-size", "+512M", "-delete"]))?;
        Ok(())
    }

    fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/owner/{name}.git", self.hub.port())
    }

    fn through_git_lfs(&mut self, round: usize, stock: &mut Both, peer: &mut Both) -> anyhow::Result<()> {
        let name = format!("stock-{round}");
        self.account.reconnect(&self.hub)?;
        self.account.create_repository(&name)?;
        let work = self.folder.join("work");
        let (path, url) = (work.display().to_string(), self.url(&name));
        self.git(&self.folder, &["init", "-q", "-b", "main", &path])?;
        self.git(&work, &["lfs", "install", "--local"])?;
        std::fs::write(
            work.join(".gitattributes"),
            "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        )?;
        std::fs::copy(self.folder.join(FILE), work.join(FILE))?;
        self.git(&work, &["add", "."])?;
        self.git(&work, &["commit", "-q", "-m", "Add a large file"])?;
        self.git(&work, &["remote", "add", "origin", &url])?;
        let (folder, hub) = (&self.folder, self.hub.process());
        let send = ["lfs", "push", "--object-id", "origin", &self.oid];
        stock.push.measure(folder, hub, || self.git(&work, &send))?;
        let stored = self.answer_for_nginx()?;
        peer.push.measure(folder, hub, || {
            self.git(&work, &[&["-c", &self.nginx_batch("push")], &send[..]].concat())?;
            Ok(std::fs::File::open(&stored)?.sync_all()?)
        })?;
        self.git(&work, &["push", "-q", "origin", "main:large"])?;
        std::fs::remove_dir_all(&work)?;
        let clone = self.clone(&name)?;
        let receive = ["lfs", "fetch", "origin", "origin/large"];
        stock.fetch.measure(folder, hub, || self.git(&clone, &receive))?;
        self.verify(&self.object(&clone))?;
        std::fs::remove_file(self.object(&clone))?;
        let batch = self.nginx_batch("fetch");
        let from_nginx = [&["-c", &batch], &receive[..]].concat();
        peer.fetch.measure(folder, hub, || self.git(&clone, &from_nginx))?;
        self.verify(&self.object(&clone))?;
        std::fs::remove_file(stored)?;
        Ok(std::fs::remove_dir_all(clone)?)
    }

    /// The setting by which git-lfs asks the answers that [`Self::answer_for_nginx`] wrote.
    fn nginx_batch(&self, deed: &str) -> String {
        format!("lfs.url=http://127.0.0.1:{}/lfs/{deed}", self.nginx.port())
    }

    /// Writes what a batch API would answer whose content is on nginx; returns where a push puts it.
    fn answer_for_nginx(&self) -> anyhow::Result<PathBuf> {
        let href = format!("http://127.0.0.1:{}/put/{}", self.nginx.port(), self.oid);
        for (deed, operation) in [("push", "upload"), ("fetch", "download")] {
            let folder = self.folder.join("root/lfs").join(deed).join("objects");
            std::fs::create_dir_all(&folder)?;
            let object = json!({
                "oid": self.oid, "size": GIB << 30, "authenticated": true,
                "actions": { operation: { "href": href } },
            });
            let answer = json!({ "transfer": "basic", "objects": [object] });
            std::fs::write(folder.join("batch"), answer.to_string())?;
        }
        Ok(self.folder.join("root/put").join(&self.oid))
    }

    /// A clone without the content of its large file.
    fn clone(&self, name: &str) -> anyhow::Result<PathBuf> {
        let clone = self.folder.join("clone");
        self.git(&self.folder, &["clone", "-q", &self.url(name), "clone"])?;
        self.git(&clone, &["lfs", "install", "--local", "--skip-smudge"])?;
        Ok(clone)
    }

    fn object(&self, clone: &Path) -> PathBuf {
        let oid = &self.oid;
        clone
            .join(".git/lfs/objects")
            .join(&oid[..2])
            .join(&oid[2..4])
            .join(oid)
    }

    fn verify(&self, path: &Path) -> anyhow::Result<()> {
        let sum = run(Command::new("sha256sum").arg(path))?;
        anyhow::ensure!(sum.starts_with(&self.oid), "{} holds other bytes", path.display());
        Ok(())
    }

    fn plain(&self, put: &mut Figures, get: &mut Figures) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}/put/{FILE}", self.nginx.port());
        let stored = self.folder.join("root/put").join(FILE);
        put.measure(&self.folder, self.hub.process(), || {
            curl(Command::new("curl").arg("-T").arg(self.folder.join(FILE)).arg(&url))?;
            Ok(std::fs::File::open(&stored)?.sync_all()?)
        })?;
        let target = self.folder.join("got");
        get.measure(&self.folder, self.hub.process(), || {
            curl(Command::new("curl").arg("-o").arg(&target).arg(&url))
        })?;
        std::fs::remove_file(target)?;
        Ok(std::fs::remove_file(stored)?)
    }

    fn through_curl(&mut self, round: usize, up: &mut Figures, down: &mut Figures) -> anyhow::Result<()> {
        let name = format!("plain-{round}");
        self.account.reconnect(&self.hub)?;
        self.account.create_repository(&name)?;
        let hub = self.hub.process();
        let action = self.action(&name, "upload")?;
        up.measure(&self.folder, hub, || {
            follow(&action, Command::new("curl").arg("-T").arg(self.folder.join(FILE)))
        })?;
        let action = self.action(&name, "download")?;
        let target = self.folder.join("got");
        down.measure(&self.folder, hub, || {
            follow(&action, Command::new("curl").arg("-o").arg(&target))
        })?;
        self.verify(&target)?;
        Ok(std::fs::remove_file(target)?)
    }

    /// What the batch answer tells to do with the object.
    fn action(&self, name: &str, operation: &str) -> anyhow::Result<Value> {
        let asked = json!({
            "operation": operation, "transfers": ["basic"], "objects": [{ "oid": self.oid, "size": GIB << 30 }],
        });
        let answer = run(Command::new("curl")
            .args(["-sS", "--fail", "-H", &format!("Content-Type: {MEDIA_TYPE}")])
            .args(["-H", &format!("Authorization: Bearer {}", self.account.token())])
            .args(["-d", &asked.to_string()])
            .arg(format!("{}/info/lfs/objects/batch", self.url(name))))?;
        let answer: Value = serde_json::from_str(&answer)?;
        Ok(answer["objects"][0]["actions"][operation].clone())
    }

    /// Kills the hub in the middle of a fetch and starts it again; git-lfs tries again by itself and goes on where it was.
    fn interrupted(&mut self) -> anyhow::Result<()> {
        self.renew(2 * ROUNDS)?;
        self.through_git_lfs(ROUNDS, &mut Both::default(), &mut Both::default())?;
        let clone = self.clone(&format!("stock-{ROUNDS}"))?;
        let start = Instant::now();
        let mut child = self
            .command(&clone, &["lfs", "fetch", "origin", "origin/large"])
            .env("GIT_TRACE", self.folder.join("trace"))
            .spawn()?;
        while incomplete(&clone) < CUT_AFTER_BYTES {
            anyhow::ensure!(start.elapsed() < PATIENCE, "nothing comes");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.hub.kill_and_restart()?;
        anyhow::ensure!(child.wait()?.success(), "the fetch was given up");
        let seconds = start.elapsed().as_secs_f64();
        self.verify(&self.object(&clone))?;
        let trace = std::fs::read_to_string(self.folder.join("trace"))?;
        let resumed = trace
            .lines()
            .find(|line| line.contains("resume download"))
            .unwrap_or("from the start");
        println!("the hub killed in the middle of a fetch: whole and right after {seconds:.1} s; {resumed}");
        Ok(())
    }

    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let header = format!("Authorization: Bearer {}", self.account.token());
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(folder)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args([
                "-c",
                &format!("http.extraHeader={header}"),
                "-c",
                "lfs.locksverify=false",
            ])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("GIT_TERMINAL_PROMPT", "0");
        command
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
        run(&mut self.command(folder, arguments))?;
        Ok(())
    }
}

/// Bytes of downloads that are not complete.
fn incomplete(clone: &Path) -> u64 {
    let files = std::fs::read_dir(clone.join(".git/lfs/incomplete"));
    let sizes = files.into_iter().flatten().flatten();
    sizes.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

fn curl(command: &mut Command) -> anyhow::Result<()> {
    run(command.args(["-sS", "--fail"]))?;
    Ok(())
}

fn follow(action: &Value, command: &mut Command) -> anyhow::Result<()> {
    let href = action["href"].as_str().context("the batch answer has no action")?;
    for (name, value) in action["header"].as_object().into_iter().flatten() {
        command.args(["-H", &format!("{name}: {}", value.as_str().unwrap_or_default())]);
    }
    curl(command.arg(href))
}
