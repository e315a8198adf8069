use anyhow::Context;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Ticks of a second in /proc: 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Processor seconds, of programs and kernel, that processes have used.
pub fn cpu_seconds(processes: &[u32]) -> f64 {
    processes
        .iter()
        .filter_map(|process| {
            let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
            // The second field is a name in brackets that may hold spaces; user and system time are the 14th and 15th.
            let (_, rest) = text.rsplit_once(") ")?;
            let times = rest.split(' ').skip(11).take(2);
            Some(times.filter_map(|time| time.parse::<f64>().ok()).sum::<f64>() / TICKS)
        })
        .sum()
}

/// A line of /proc/PID/status that counts KiB, such as `VmRSS`.
pub fn memory_kib(process: u32, line: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    text.lines()
        .filter_map(|text| text.strip_prefix(line)?.strip_prefix(':'))
        .find_map(|value| value.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Looks again and again at how much memory of their own (`RssAnon`) a process and all that it started hold together, and
/// keeps the most.
pub struct PeakMemory {
    stop: Arc<AtomicBool>,
    watching: std::thread::JoinHandle<u64>,
}

impl PeakMemory {
    /// Begins to look.
    pub fn watch(process: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watching = std::thread::spawn(move || {
            let mut peak = 0;
            while !stopped.load(Ordering::Relaxed) {
                peak = peak.max(family(process).into_iter().map(|one| memory_kib(one, "RssAnon")).sum());
                std::thread::sleep(Duration::from_millis(10));
            }
            peak
        });
        Self { stop, watching }
    }

    /// The most that was seen, in KiB.
    pub fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.watching.join().unwrap_or(0)
    }
}

/// A process and everything that descends from it.
fn family(process: u32) -> Vec<u32> {
    let mut family = vec![process];
    let mut next = 0;
    while let Some(one) = family.get(next) {
        let children = std::fs::read_to_string(format!("/proc/{one}/task/{one}/children")).unwrap_or_default();
        family.extend(
            children
                .split_whitespace()
                .filter_map(|child| child.parse::<u32>().ok()),
        );
        next += 1;
    }
    family
}

/// Runs a program to its end and answers its standard output; its error output when it fails.
pub fn run(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} cannot be run"))?;
    anyhow::ensure!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether this program runs as root, whom PostgreSQL refuses.
pub(crate) fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}
