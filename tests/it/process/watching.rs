use crate::support::{PATIENCE, hub_command};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// Ends the hub with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Fails only when the process is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        // Nobody listens any more when the test is over.
        lines.for_each(|line| drop(sender.send(line)));
    });
    receiver
}

/// The next line that contains the text.
fn line_with(lines: &Receiver<String>, text: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines
            .recv_timeout(left)
            .unwrap_or_else(|_| panic!("no line says {text:?}"));
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn a_running_hub_takes_over_saved_settings_and_tells_what_waits_for_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hub.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("writable");
    write("[log]\nlevel = \"warn\"\nformat = \"json\"\n");
    let mut command = hub_command(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .arg("--data")
        .arg(folder.path().join("data"))
        .arg("--config")
        .arg(&file);
    let mut hub = Ended(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs"),
    );
    let output = lines(hub.0.stdout.take().expect("piped"));
    let log = lines(hub.0.stderr.take().expect("piped"));
    line_with(&output, "listens on");

    write("[log]\nlevel = \"info\"\nformat = \"json\"\n[jobs]\nworkers = 7\n");
    let told = line_with(&log, "wait for a restart");
    assert!(told.contains("jobs.workers"), "{told}");

    write("[log]\nlevel = \"loud\"\nformat = \"json\"\n");
    let told = line_with(&log, "is not used; the settings stay as they were");
    assert!(told.contains("`log.level` is \\\"loud\\\""), "{told}");

    write("[log]\nlevel = \"info\"\nformat = \"json\"\n[storage]\nquota = \"7 GiB\"\n");
    let told = line_with(&log, "changed settings are in effect");
    assert!(
        told.contains("storage.quota") && told.contains("\"level\":\"INFO\""),
        "{told}"
    );
}
