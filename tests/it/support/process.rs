use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a loaded machine may take to start a debug build.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// How long a hub may take to stop in order: longer than its own `server.shutdown_timeout`, so that it says what it cut off.
const STOP_DEADLINE: Duration = Duration::from_mins(1);

/// How a hub that did not come to listen, or a command, ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
}

/// The binary under test with an environment that holds none of the caller's own settings.
pub fn hub_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_geoml-hub"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GEOML_HUB__") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Standard-error lines, gathered while the process runs.
pub type LogLines = Arc<Mutex<Vec<String>>>;

/// A hub that listens.
pub struct HubProcess {
    child: Child,
    address: String,
    log_reader: Option<JoinHandle<()>>,
}

impl HubProcess {
    /// Starts `serve` on a free port and waits for its first line; the log goes to `log`.
    pub fn start(folder: &Path, environment: &[(String, String)], log: &LogLines) -> Result<Self, Outcome> {
        let mut command = hub_command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(folder);
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let before = log.lock().unwrap().len();
        let log_reader = gather(child.stderr.take().unwrap(), Arc::clone(log));
        match first_line(&mut child) {
            Ok(line) => Ok(Self {
                address: listening_address(&line),
                child,
                log_reader: Some(log_reader),
            }),
            Err(error) => {
                if error == RecvTimeoutError::Timeout {
                    child.kill().unwrap();
                }
                let status = child.wait().unwrap();
                log_reader.join().unwrap();
                Err(Outcome {
                    code: status.code(),
                    output: String::new(),
                    errors: log.lock().unwrap().split_off(before).join("\n"),
                })
            }
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits until the process is gone and its last log line is read.
    pub fn wait(mut self) -> ExitStatus {
        let deadline = Instant::now() + STOP_DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("the hub did not stop within {STOP_DEADLINE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.join_log();
        status
    }

    fn join_log(&mut self) {
        if let Some(reader) = self.log_reader.take() {
            reader.join().unwrap();
        }
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        // Both fail only when the process is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first line of standard output; the rest is read and dropped, so that the hub never blocks on a full pipe.
fn first_line(child: &mut Child) -> Result<String, RecvTimeoutError> {
    let (sender, receiver) = mpsc::channel();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut line = String::new();
        if output.read_line(&mut line).is_ok_and(|length| length > 0) {
            // Nobody listens any more when the deadline has passed.
            let _ = sender.send(line);
        }
        drop(sender);
        let _ = std::io::copy(&mut output, &mut std::io::sink());
    });
    receiver.recv_timeout(START_DEADLINE)
}

fn listening_address(line: &str) -> String {
    let (_, address) = line
        .trim()
        .split_once("http://")
        .unwrap_or_else(|| panic!("the first line names no address: {line}"));
    format!("http://{address}")
}

fn gather(stream: impl Read + Send + 'static, log: LogLines) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { return };
            log.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
        }
    })
}
