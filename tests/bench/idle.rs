//! What the hub costs when nobody uses it: time to start and resident memory of the released binary.
//!
//! The start is measured from starting the process to the first 200 of `/health`, on an empty folder, on the folder of a hub
//! that has run, and on one with 200 repositories. Memory is read after the hub has been left alone for 15 seconds: on an
//! empty folder, after the repositories were made over HTTP, and after a restart with them. The last figure is how far an
//! upload of 512 MiB to a hub that has just started rises above its rest, the password check and the index writer of
//! its first account included. An argument sets another number of repositories. There is no peer, only aims.
//!
//! Run: `tests/bench/run idle`

use std::path::Path;
use std::time::{Duration, Instant};
use support::{Hub, Random, median, memory_kib, multipart, percentile, print_machine, work_folder};

const STARTS: usize = 15;
const REST: Duration = Duration::from_secs(15);
const AIM_START_SECONDS: f64 = 0.2;
const AIM_MEMORY_MIB: u64 = 60;
const UPLOAD_BYTES: usize = 512 << 20;
const AIM_RISE_MIB: u64 = 64;

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let mut first = Vec::new();
    for number in 0..STARTS {
        first.push(Hub::start(&folder.path().join(format!("first-{number}")), &[])?.start_seconds);
    }
    report_start("start_first", &first);
    let data = folder.path().join("data");
    report_memory("idle_empty", &Hub::start(&data, &[])?);
    report_start("start_again", &starts(&data)?);
    let repositories = repositories();
    let hub = Hub::start(&data, &[])?;
    let began = Instant::now();
    let mut account = hub.account("owner")?;
    for number in 0..repositories {
        account.create_repository(&format!("repository-{number}"))?;
    }
    let took = began.elapsed().as_secs_f64();
    println!("made {repositories} repositories in {took:.1} s");
    report_memory(&format!("idle_after_making_{repositories}"), &hub);
    drop(hub);
    report_start(&format!("start_with_{repositories}"), &starts(&data)?);
    report_memory(&format!("idle_with_{repositories}"), &Hub::start(&data, &[])?);
    report_upload(&Hub::start(&folder.path().join("upload"), &[])?)
}

/// The peak is the kernel's own record, so that nothing is missed between two looks.
fn report_upload(hub: &Hub) -> anyhow::Result<()> {
    let mut content = vec![0; UPLOAD_BYTES];
    Random::new(0x5eed_0007).fill(&mut content);
    std::thread::sleep(REST);
    let rest = memory_kib(hub.process(), "VmRSS") >> 10;
    let mut account = hub.account("owner")?;
    account.create_repository("large")?;
    let form = multipart(&[("path", None, b"large.bin"), ("file", Some("large.bin"), &content)]);
    let answer = account
        .client
        .request_in_parts("POST", "/api/owner/large/upload", &form.kind, &form.parts())?;
    answer.json()?;
    let peak = memory_kib(hub.process(), "VmHWM") >> 10;
    println!(
        "upload_512mib_cold: resident {rest} MiB at rest, at most {peak} MiB, a rise of {} MiB (aim below {AIM_RISE_MIB} MiB)",
        peak.saturating_sub(rest)
    );
    Ok(())
}

fn repositories() -> usize {
    let number = std::env::args().nth(1);
    number.and_then(|number| number.parse().ok()).unwrap_or(200)
}

fn starts(folder: &Path) -> anyhow::Result<Vec<f64>> {
    (0..STARTS)
        .map(|_| Ok(Hub::start(folder, &[])?.start_seconds))
        .collect()
}

fn report_start(what: &str, seconds: &[f64]) {
    println!(
        "{what}: median {:.1} ms, slowest {:.1} ms (aim below {} ms)",
        median(seconds) * 1e3,
        percentile(seconds, 100.0) * 1e3,
        AIM_START_SECONDS * 1e3
    );
}

fn report_memory(what: &str, hub: &Hub) {
    std::thread::sleep(REST);
    let mib = |line| memory_kib(hub.process(), line) >> 10;
    println!(
        "{what}: resident {} MiB, of them {} MiB its own (aim below {AIM_MEMORY_MIB} MiB)",
        mib("VmRSS"),
        mib("RssAnon")
    );
}
