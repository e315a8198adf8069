use super::Client;
use super::client::PASSWORD;
use super::process::{HubProcess, LogLines, Outcome, hub_command};
use super::waiting::eventually;
use geoml_hub::base::Clock;
use geoml_hub::jobs::{JobFilter, JobState, Jobs, JobsOptions};
use geoml_hub::store::Store;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Settings under which tests are quick: cheap passwords, generous limits, counters written soon.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GEOML_HUB__AUTH__PASSWORD_MEMORY", "8 MiB"),
    ("GEOML_HUB__AUTH__PASSWORD_PASSES", "1"),
    ("GEOML_HUB__AUTH__LOGIN_FAILURES_PER_MINUTE", "100000"),
    ("GEOML_HUB__AUTH__LOGIN_ATTEMPTS_PER_MINUTE", "100000"),
    ("GEOML_HUB__AUTH__REGISTRATIONS_PER_HOUR", "0"),
    ("GEOML_HUB__LOG__FORMAT", "json"),
    ("GEOML_HUB__STATISTICS__FLUSH_PERIOD", "50ms"),
    ("GEOML_HUB__SERVER__SHUTDOWN_TIMEOUT", "10s"),
];

/// The name of the first account, which is an administrator's.
const ADMIN: &str = "root-admin";

/// The real server on a port and a data folder of its own. Every test ends with [`TestApp::finish`], which looks for
/// what a single assertion would miss: warnings in the log, and contradictions in the data folder.
pub struct TestApp {
    folder: PathBuf,
    /// Removed with the app; none when the folder is the test's own.
    _temporary: Option<tempfile::TempDir>,
    environment: Vec<(String, String)>,
    process: Option<HubProcess>,
    address: Arc<RwLock<String>>,
    http: reqwest::Client,
    admin: OnceCell<Client>,
    log: LogLines,
    expected: Mutex<Vec<String>>,
    allowed: Mutex<Vec<String>>,
    finished: bool,
}

/// A hub with settings of its own, not yet started.
pub struct TestAppBuilder {
    folder: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl TestAppBuilder {
    /// Works on this folder, which stays when the app goes.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Starts the hub.
    pub async fn start(self) -> TestApp {
        self.try_start()
            .await
            .unwrap_or_else(|outcome| panic!("the hub did not start: {outcome:?}"))
    }

    /// Starts the hub, or says how it refused.
    pub async fn try_start(self) -> Result<TestApp, Outcome> {
        let (folder, temporary) = if let Some(folder) = self.folder {
            (folder, None)
        } else {
            let temporary = tempfile::tempdir().unwrap();
            (temporary.path().join("data"), Some(temporary))
        };
        let log = LogLines::default();
        let process = start_process(&folder, &self.environment, &log).await?;
        Ok(TestApp {
            folder,
            _temporary: temporary,
            environment: self.environment,
            address: Arc::new(RwLock::new(process.address().to_owned())),
            process: Some(process),
            http: reqwest::Client::new(),
            admin: OnceCell::new(),
            log,
            expected: Mutex::default(),
            allowed: Mutex::default(),
            finished: false,
        })
    }
}

impl TestApp {
    /// Starts a hub on a new folder.
    pub async fn start() -> Self {
        Self::with(&[]).start().await
    }

    /// Prepares a hub with more environment variables, such as `("GEOML_HUB__STORAGE__QUOTA", "1 MiB")`.
    pub fn with(environment: &[(&str, &str)]) -> TestAppBuilder {
        let all = ENVIRONMENT.iter().chain(environment);
        TestAppBuilder {
            folder: None,
            environment: all
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    /// Somebody without an account.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(Arc::clone(&self.address), self.http.clone())
    }

    /// The first account of the hub, an administrator's.
    pub async fn admin(&self) -> Client {
        self.admin.get_or_init(|| self.sign_up(ADMIN)).await.clone()
    }

    /// An ordinary account, made when there is none of the name.
    pub async fn user(&self, name: &str) -> Client {
        self.admin().await;
        self.sign_up(name).await
    }

    /// Logs an existing account in again.
    pub async fn log_in(&self, name: &str) -> Client {
        let login = json!({ "username": name, "password": PASSWORD });
        let answer = self.anonymous().post("/api/auth/login", &login).await.ok();
        self.anonymous()
            .named(name)
            .with_token(answer["access_token"].as_str().unwrap())
    }

    async fn sign_up(&self, name: &str) -> Client {
        let account = json!({
            "username": name,
            "email": format!("{name}@example.org"),
            "password": PASSWORD,
        });
        let reply = self.anonymous().post("/api/auth/register", &account).await;
        assert!(
            reply.status.is_success() || reply.status == 409,
            "{name} cannot register: {} {}",
            reply.status,
            reply.text()
        );
        self.log_in(name).await
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `http://127.0.0.1:PORT`, new after every start.
    pub fn address(&self) -> String {
        self.address.read().unwrap().clone()
    }

    /// The running process.
    pub fn process(&self) -> &HubProcess {
        self.process.as_ref().expect("the hub runs")
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Stops the hub in order.
    pub async fn stop(&mut self) {
        self.process().signal(Signal::TERM);
        self.wait_for_end().await;
    }

    /// Waits until the hub, told to stop, has stopped in order.
    pub async fn wait_for_end(&mut self) {
        let process = self.process.take().expect("the hub runs");
        let status = blocking(move || process.wait()).await;
        assert!(status.success(), "the hub stopped with {status}:\n{}", self.log_text());
    }

    /// Stops the hub in order and starts it again.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Kills the hub as a power cut would, except that the operating system lives on.
    pub async fn kill(&mut self) {
        let process = self.process.take().expect("the hub runs");
        process.signal(Signal::KILL);
        blocking(move || process.wait()).await;
    }

    /// Starts the hub again after [`Self::stop`] or [`Self::kill`].
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the hub runs already");
        let process = start_process(&self.folder, &self.environment, &self.log)
            .await
            .unwrap_or_else(|outcome| panic!("the hub did not start again: {outcome:?}"));
        process.address().clone_into(&mut self.address.write().unwrap());
        self.process = Some(process);
    }

    /// Starts the hub and kills it a moment later, most likely before it listens: recovery has to survive that too.
    pub async fn start_and_kill_after(&mut self, delay: Duration) {
        assert!(self.process.is_none(), "the hub runs already");
        let mut command = hub_command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&self.folder).envs(self.environment.iter().cloned());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(delay).await;
        child.kill().unwrap();
        blocking(move || child.wait().unwrap()).await;
    }

    /// Allows warnings and errors that contain this text; one has to occur.
    pub fn expect_log(&self, text: &str) {
        self.expected.lock().unwrap().push(text.to_owned());
    }

    /// Allows warnings and errors that contain this text, which need not occur.
    pub fn allow_log(&self, text: &str) {
        self.allowed.lock().unwrap().push(text.to_owned());
    }

    /// Waits for a line of the log.
    pub async fn wait_for_log(&self, text: &str) {
        eventually(async || {
            let said = self.log().iter().any(|line| line.contains(text));
            said.then_some(())
                .ok_or_else(|| format!("the log does not say {text:?}:\n{}", self.log_text()))
        })
        .await;
    }

    /// All that the hub logged since its first start.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn log_text(&self) -> String {
        self.log().join("\n")
    }

    /// Runs a command of the binary on the data folder of the stopped hub, under the same settings.
    pub async fn command(&self, arguments: &[&str]) -> Outcome {
        let mut command = hub_command(arguments);
        command.arg("--data").arg(&self.folder);
        command.envs(self.environment.iter().cloned());
        let output = blocking(move || command.output().unwrap()).await;
        Outcome {
            code: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Ends the test: waits for queued jobs, stops the hub, and fails on an unexpected warning or error in the log, on a
    /// job that did not succeed, and on any contradiction in the data folder.
    pub async fn finish(self) {
        self.wait_for_jobs().await;
        let stopped = self.finish_without_check().await;
        stopped.assert_queue_is_empty();
        stopped.assert_check_is_clean().await;
    }

    /// Gives queued jobs the time to run. A hub that cannot be asked is judged by what it left behind.
    async fn wait_for_jobs(&self) {
        let Some(admin) = self.admin.get().filter(|_| self.process.is_some()) else {
            return;
        };
        for _ in 0..500 {
            let mut open = 0;
            for state in ["waiting", "running"] {
                match admin.get(&format!("/api/admin/jobs?state={state}")).attempt().await {
                    Ok(reply) if reply.status == 200 => open += reply.json()["total"].as_u64().unwrap_or(0),
                    _ => return,
                }
            }
            if open == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Fails when the stopped hub left a job that waits, runs or was given up. Periodic tasks are no jobs.
    fn assert_queue_is_empty(&self) {
        let store = Store::open(&self.folder.join("hub.redb"), &geoml_hub::app::schema(), 1 << 20).unwrap();
        let jobs = Jobs::new(store.clone(), Clock::system(), JobsOptions::default());
        for state in [JobState::Waiting, JobState::Running, JobState::Dead] {
            let filter = JobFilter {
                state: Some(state),
                name: None,
            };
            let (left, _) = jobs.list(&filter, 0, 10).unwrap();
            assert!(left.is_empty(), "jobs are left that are {state:?}: {left:#?}");
        }
        store.close();
    }

    /// Ends the test as [`Self::finish`] does, but for a folder that is meant to be refused or damaged.
    pub async fn finish_without_check(mut self) -> Self {
        self.finished = true;
        if self.process.is_some() {
            self.stop().await;
        }
        self.assert_log_is_as_expected();
        self
    }

    /// Runs `geoml-hub check` on the folder of the stopped hub.
    pub async fn assert_check_is_clean(&self) {
        let check = self.command(&["check"]).await;
        assert_eq!(check.code, Some(0), "check: {}{}", check.output, check.errors);
    }

    fn assert_log_is_as_expected(&self) {
        let log = self.log();
        let trouble: Vec<&String> = log.iter().filter(|line| is_trouble(line)).collect();
        let expected = self.expected.lock().unwrap();
        for text in expected.iter() {
            assert!(
                trouble.iter().any(|line| line.contains(text)),
                "no warning or error in the log says {text:?}:\n{}",
                self.log_text()
            );
        }
        let allowed = self.allowed.lock().unwrap();
        let known: Vec<&String> = expected.iter().chain(allowed.iter()).collect();
        let unexpected: Vec<_> = trouble
            .iter()
            .filter(|line| !known.iter().any(|text| line.contains(*text)))
            .map(|line| line.as_str())
            .collect();
        assert!(
            unexpected.is_empty(),
            "unexpected in the log:\n{}",
            unexpected.join("\n")
        );
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the hub's log:\n{}", self.log_text());
        } else {
            assert!(self.finished, "a test ends with app.finish().await");
        }
    }
}

/// A warning, an error, or a line that is no log line at all.
fn is_trouble(line: &str) -> bool {
    match serde_json::from_str::<Value>(line) {
        Ok(line) => matches!(line["level"].as_str(), Some("WARN" | "ERROR") | None),
        Err(_) => true,
    }
}

async fn start_process(folder: &Path, environment: &[(String, String)], log: &LogLines) -> Result<HubProcess, Outcome> {
    let (folder, environment, log) = (folder.to_owned(), environment.to_vec(), Arc::clone(log));
    blocking(move || HubProcess::start(&folder, &environment, &log)).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
