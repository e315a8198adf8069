use crate::peer::run;
use std::path::Path;
use std::process::Command;

/// Prints what the figures depend on: processor, memory, kernel, disk, and how busy the machine is.
pub fn print_machine(folder: &Path) {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown processor")
        .to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let memory = memory
        .lines()
        .find(|line| line.starts_with("MemTotal"))
        .and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    println!(
        "machine: {cores} cores of {model}, {} GiB, Linux {}",
        memory >> 20,
        kernel.trim()
    );
    println!("disk: {} holds {}", file_system(folder), folder.display());
    println!("load average at start: {}", read("/proc/loadavg").trim());
}

/// Device and type of the file system that a folder lies on: the longest mount point that begins its path.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    mounts
        .filter(|(_, point, _)| folder.starts_with(point))
        .max_by_key(|(_, point, _)| point.len())
        .map_or_else(
            || "an unknown disk".to_owned(),
            |(device, _, kind)| format!("{device} ({kind})"),
        )
}

/// Empties the page cache, if one may, and reads the large files of a folder again: a virtual machine hands out pages that were
/// just freed several times faster than others, so whoever comes after a deletion would win.
pub fn renew_pages(folder: &Path) -> anyhow::Result<()> {
    run(&mut Command::new("sync"))?;
    if std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok() {
        let large = ["-type", "f", "-size", "+8M", "-exec", "sha256sum", "{}", "+"];
        run(Command::new("find").arg(folder).args(large))?;
    }
    Ok(())
}
