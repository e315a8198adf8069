//! Stock git against the hub and against `git http-backend` (nginx and fcgiwrap): push, clone, fetch, references, memory.
//!
//! Histories are made from a seed by `git fast-import`, packed by git, and kept in `target/bench-histories` for the next run.
//! Each is pushed to an empty repository on both sides, cloned, and fetched into a clone that lacks the last hundredth of its
//! commits; the client is the same git and its own work is part of every figure. Hub and peer take turns, and what the hub does
//! after it has answered is over before the next turn begins; ratios are medians over the rounds. Memory is what the hub, or
//! fcgiwrap with all that it starts, holds of its own (`RssAnon`) at the most.
//!
//! The client's own work is a good part of a push, with thousands of references several seconds of it, so the request is
//! measured alone too: one client, connected already, sends the same bytes to both.
//!
//! Arguments choose histories. Run: `tests/bench/run git`

use anyhow::Context;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{
    Client, GitServer, HISTORIES, History, Hub, HubAccount, PeakMemory, cpu_seconds, kept_histories, median,
    memory_kib, print_machine, print_ratio_of_times, run, work_folder,
};

const ROUNDS: usize = 3;
/// Histories with more commits than this are sent once: a round of the largest takes minutes.
const COMMITS_OF_MANY_ROUNDS: usize = 10_000;
const REFERENCES: usize = 5_000;
const SETTLE_STEP: Duration = Duration::from_millis(100);
/// Memory that was freed goes back to the system in steps, which follow each other sooner than this.
const GIVING_BACK: Duration = Duration::from_secs(3);
/// Processor seconds of a step in which nothing happens: two ticks of the kernel's clock.
const QUIET: f64 = 0.025;
/// At most 1.1 times the peer's time to clone and fetch.
const AIM: f64 = 0.9;
/// At most half of the peer's time to push.
const AIM_PUSH: f64 = 2.0;

/// Seconds and KiB for each round.
#[derive(Default)]
struct Figures {
    seconds: Vec<f64>,
    memory: Vec<f64>,
}

impl Figures {
    fn measure(&mut self, process: u32, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let memory = PeakMemory::watch(process);
        let start = Instant::now();
        let outcome = work();
        self.seconds.push(start.elapsed().as_secs_f64());
        let peak = u32::try_from(memory.stop()).unwrap_or(u32::MAX);
        self.memory.push(f64::from(peak));
        outcome
    }
}

/// One deed on both sides.
#[derive(Default)]
struct Both {
    hub: Figures,
    peer: Figures,
}

impl Both {
    fn print(&self, what: &str, aim: f64) {
        let (hub, peer) = (median(&self.hub.seconds), median(&self.peer.seconds));
        println!("{what}: hub {hub:.3} s, git http-backend {peer:.3} s");
        print_ratio_of_times(what, "git-http-backend", hub, peer, aim);
        let (hub, peer) = (median(&self.hub.memory) / 1024.0, median(&self.peer.memory) / 1024.0);
        println!("{what}: memory at the most: hub {hub:.0} MiB, git http-backend {peer:.0} MiB");
    }
}

struct Bench {
    hub: Hub,
    account: HubAccount,
    peer: GitServer,
    folder: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let kept = kept_histories()?;
    let hub = Hub::start(
        &folder.path().join("hub"),
        &[("GEOML_HUB__GIT__PUSH_FILE_SIZE", "1GiB")],
    )?;
    let mut bench = Bench {
        account: hub.account("owner")?,
        hub,
        peer: GitServer::start(folder.path())?,
        folder: folder.path().to_owned(),
    };
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for history in HISTORIES {
        if wanted.is_empty() || wanted.iter().any(|name| name == history.name) {
            bench.history(history, &history.make(&kept)?)?;
        }
    }
    if wanted.is_empty() || wanted.iter().any(|name| name == "references") {
        bench.references(&HISTORIES[0].make(&kept)?)?;
    }
    Ok(())
}

impl Bench {
    fn history(&mut self, history: History, origin: &Path) -> anyhow::Result<()> {
        let [mut push, mut clone, mut fetch] = [(); 3].map(|()| Both::default());
        let old = self.old_clone(history, origin)?;
        let rounds = if history.commits > COMMITS_OF_MANY_ROUNDS {
            1
        } else {
            ROUNDS
        };
        for round in 0..rounds {
            let (ours, theirs) = self.targets(&format!("{}-{round}", history.name))?;
            let (hub, peer) = (self.hub.process(), self.peer.process());
            let everything = "+refs/heads/*:refs/heads/*";
            self.settle();
            println!("hub at rest: {} MiB", memory_kib(hub, "RssAnon") >> 10);
            push.hub
                .measure(hub, || self.git(origin, &["push", "-q", &ours, everything]))?;
            self.settle();
            push.peer
                .measure(peer, || self.git(origin, &["push", "-q", &theirs, everything]))?;
            for (figures, process, url) in [(&mut clone.hub, hub, &ours), (&mut clone.peer, peer, &theirs)] {
                self.settle();
                let target = self.folder.join("clone");
                let path = target.display().to_string();
                figures.measure(process, || {
                    self.git(&self.folder, &["clone", "-q", "--bare", url, &path])
                })?;
                std::fs::remove_dir_all(target)?;
            }
            for (figures, process, url) in [(&mut fetch.hub, hub, &ours), (&mut fetch.peer, peer, &theirs)] {
                let target = self.folder.join("old");
                run(Command::new("cp").arg("-a").arg(&old).arg(&target))?;
                self.settle();
                figures.measure(process, || self.git(&target, &["fetch", "-q", url, "main"]))?;
                std::fs::remove_dir_all(target)?;
            }
        }
        push.print(&format!("push_{}", history.name), AIM_PUSH);
        self.request_alone(history, origin, rounds)?;
        clone.print(&format!("clone_{}", history.name), AIM);
        fetch.print(&format!("fetch_{}", history.name), AIM);
        Ok(())
    }

    /// A clone that lacks the last hundredth of the commits, at least one.
    fn old_clone(&self, history: History, origin: &Path) -> anyhow::Result<PathBuf> {
        let old = self.folder.join(format!("old-{}", history.name));
        let path = old.display().to_string();
        self.git(&self.folder, &["init", "-q", "--bare", &path])?;
        let behind = format!("main~{}", (history.commits / 100).max(1));
        let commit = run(Command::new("git").arg("-C").arg(origin).args(["rev-parse", &behind]))?;
        let refspec = format!("{}:refs/heads/main", commit.trim());
        self.git(origin, &["push", "-q", &path, &refspec])?;
        Ok(old)
    }

    /// Empty repositories on both sides.
    fn targets(&mut self, name: &str) -> anyhow::Result<(String, String)> {
        self.account.reconnect(&self.hub)?;
        self.account.create_repository(name)?;
        let rules = serde_json::json!({ "protections": [{ "pattern": "main", "force_push": true }] });
        let path = format!("/api/v1/repos/owner/{name}/protections");
        let body = rules.to_string();
        let answer = self
            .account
            .client
            .request("PUT", &path, "application/json", body.as_bytes())?;
        answer.json()?;
        let ours = format!("http://127.0.0.1:{}/owner/{name}.git", self.hub.port());
        Ok((ours, self.peer.create_repository(name)?))
    }

    fn references(&mut self, origin: &Path) -> anyhow::Result<()> {
        let (ours, theirs) = self.targets("references")?;
        // The hub begins a repository with a commit. To one that has any reference, git compares every pair of names.
        for url in [&ours, &theirs] {
            self.git(origin, &["push", "-q", url, "+main:main"])?;
        }
        let many = self.folder.join("many");
        run(Command::new("cp").arg("-a").arg(origin).arg(&many))?;
        let tip = run(Command::new("git").arg("-C").arg(&many).args(["rev-parse", "main"]))?;
        let packed: String = (0..REFERENCES)
            .map(|number| format!("{} refs/heads/topic/{number:05}\n", tip.trim()))
            .collect();
        std::fs::write(
            many.join("packed-refs"),
            format!("# pack-refs with: peeled fully-peeled sorted \n{packed}"),
        )?;
        let everything = "+refs/heads/*:refs/heads/*";
        let [mut push, mut list] = [(); 2].map(|()| Both::default());
        let (hub, peer) = (self.hub.process(), self.peer.process());
        push.hub
            .measure(hub, || self.git(&many, &["push", "-q", &ours, everything]))?;
        self.settle();
        push.peer
            .measure(peer, || self.git(&many, &["push", "-q", &theirs, everything]))?;
        for _ in 0..ROUNDS * 3 {
            list.hub
                .measure(hub, || self.git(&self.folder, &["ls-remote", "-q", &ours]))?;
            list.peer
                .measure(peer, || self.git(&self.folder, &["ls-remote", "-q", &theirs]))?;
        }
        push.print("push_5000_references", AIM_PUSH);
        list.print("list_5000_references", AIM);
        self.references_alone(origin, tip.trim())
    }

    /// The request of a push without the work of the client: the same pack, made once.
    fn request_alone(&mut self, history: History, origin: &Path, rounds: usize) -> anyhow::Result<()> {
        let tip = run(Command::new("git").arg("-C").arg(origin).args(["rev-parse", "main"]))?;
        let command = format!("{:040} {} refs/heads/sent\0report-status", 0, tip.trim());
        let body = self.request(origin, &format!("{:04x}{command}0000", command.len() + 4))?;
        let mut receive = Both::default();
        for round in 0..rounds {
            let name = format!("{}-alone-{round}", history.name);
            self.send_to_both(&mut receive, &name, &body, "refs/heads/sent")?;
        }
        receive.print(&format!("receive_{}", history.name), AIM_PUSH);
        Ok(())
    }

    /// The body of a request: these commands and a pack of everything on the branch `main`.
    fn request(&self, origin: &Path, commands: &str) -> anyhow::Result<Vec<u8>> {
        let body = self.folder.join("request");
        std::fs::write(&body, commands)?;
        run(Command::new("sh")
            .arg("-c")
            .arg("echo main | git -C \"$0\" pack-objects --revs --stdout -q >> \"$1\"")
            .args([origin, &body]))?;
        Ok(std::fs::read(body)?)
    }

    /// The request of a push of many references without the work that git does before it.
    fn references_alone(&mut self, origin: &Path, tip: &str) -> anyhow::Result<()> {
        let mut request = String::new();
        for number in 0..REFERENCES {
            let capabilities = if number == 0 { "\0report-status" } else { "" };
            let command = format!("{:040} {tip} refs/heads/topic/{number:05}{capabilities}", 0);
            write!(request, "{:04x}{command}", command.len() + 4)?;
        }
        request.push_str("0000");
        let body = self.request(origin, &request)?;
        let last = format!("refs/heads/topic/{:05}", REFERENCES - 1);
        let mut push = Both::default();
        for round in 0..ROUNDS {
            self.send_to_both(&mut push, &format!("alone-{round}"), &body, &last)?;
        }
        push.print("receive_5000_references", AIM_PUSH);
        Ok(())
    }

    /// Sends both sides a request by which a reference comes into being, among others.
    fn send_to_both(&mut self, both: &mut Both, name: &str, body: &[u8], reference: &str) -> anyhow::Result<()> {
        let (ours, theirs) = self.targets(name)?;
        let (hub, peer) = (self.hub.process(), self.peer.process());
        self.settle();
        self.account.reconnect(&self.hub)?;
        send(&mut both.hub, hub, (&mut self.account.client, &ours), body, reference)?;
        self.settle();
        let mut client = Client::connect(self.peer.port())?;
        send(&mut both.peer, peer, (&mut client, &theirs), body, reference)
    }

    /// Waits until the hub has done what it does after an answer, and has given back the memory that it took.
    fn settle(&self) {
        let process = [self.hub.process()];
        let mut quiet = 0;
        while quiet < 3 {
            let before = cpu_seconds(&process);
            std::thread::sleep(SETTLE_STEP);
            quiet = if cpu_seconds(&process) - before < QUIET {
                quiet + 1
            } else {
                0
            };
        }
        let held = || memory_kib(self.hub.process(), "RssAnon");
        let mut before = u64::MAX;
        while held() < before {
            before = held();
            std::thread::sleep(GIVING_BACK);
        }
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
        run(Command::new("git")
            .arg("-C")
            .arg(folder)
            .arg("-c")
            .arg(format!(
                "http.extraHeader=Authorization: Bearer {}",
                self.account.token()
            ))
            .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0"))?;
        Ok(())
    }
}

fn send(
    figures: &mut Figures,
    process: u32,
    (client, url): (&mut Client, &str),
    body: &[u8],
    reference: &str,
) -> anyhow::Result<()> {
    let (_, path) = url["http://".len()..]
        .split_once('/')
        .context("an address has a path")?;
    let path = format!("/{path}/git-receive-pack");
    let mut answer = Vec::new();
    figures.measure(process, || {
        let kind = "application/x-git-receive-pack-request";
        answer = client.request("POST", &path, kind, body)?.body;
        Ok(())
    })?;
    let answer = String::from_utf8_lossy(&answer);
    let taken = answer.contains(&format!("ok {reference}"));
    anyhow::ensure!(taken, "{url} did not take {reference}: {answer}");
    Ok(())
}
