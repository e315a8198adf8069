use crate::{Client, built_program, free_port};
use anyhow::Context;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_DEADLINE: Duration = Duration::from_secs(30);

/// The released hub on a data folder of its own, with the configuration that it has by default. Stops when dropped.
pub struct Hub {
    child: Child,
    port: u16,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    /// From starting the process to its first answer of 200.
    pub start_seconds: f64,
}

impl Hub {
    /// Starts the binary and waits until `/health` answers 200. `settings` are environment variables.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let (port, settings) = (free_port()?, settings.collect::<Vec<_>>());
        let start = Instant::now();
        let mut hub = Self {
            child: spawn(folder, port, &settings)?,
            port,
            folder: folder.to_owned(),
            settings,
            start_seconds: 0.0,
        };
        hub.wait(start)?;
        hub.start_seconds = start.elapsed().as_secs_f64();
        Ok(hub)
    }

    /// Kills it and starts it again at the same address.
    pub fn kill_and_restart(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = spawn(&self.folder, self.port, &self.settings)?;
        self.wait(Instant::now())
    }

    fn wait(&mut self, start: Instant) -> anyhow::Result<()> {
        while !self.is_healthy() {
            anyhow::ensure!(start.elapsed() < START_DEADLINE, "the hub does not answer");
            anyhow::ensure!(self.child.try_wait()?.is_none(), "the hub ended at once");
            std::thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    fn is_healthy(&self) -> bool {
        let answer = Client::connect(self.port).and_then(|mut client| client.get("/health"));
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Its port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Registers an account and logs it in.
    pub fn account(&self, username: &str) -> anyhow::Result<HubAccount> {
        let mut client = Client::connect(self.port)?;
        let password = "correct horse battery staple";
        client.post(
            "/api/auth/register",
            &json!({"username": username, "email": format!("{username}@example.org"), "password": password}),
        )?;
        let login = client.post("/api/auth/login", &json!({"username": username, "password": password}))?;
        let token = login["access_token"].as_str().context("the login answered no token")?;
        client.authorize(token);
        Ok(HubAccount {
            token: token.to_owned(),
            client,
        })
    }
}

fn spawn(folder: &Path, port: u16, settings: &[(String, String)]) -> anyhow::Result<Child> {
    Command::new(built_program("geoml-hub")?)
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(folder)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("the hub cannot be started")
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Both fail only when the process is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A person with a connection to the hub.
pub struct HubAccount {
    token: String,
    /// The connection, which sends the access token.
    pub client: Client,
}

impl HubAccount {
    /// The access token, for further connections.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Connects anew: the hub closes a connection that was idle for long.
    pub fn reconnect(&mut self, hub: &Hub) -> anyhow::Result<()> {
        self.client = Client::connect(hub.port())?;
        self.client.authorize(&self.token);
        Ok(())
    }

    /// Makes a public model repository.
    pub fn create_repository(&mut self, name: &str) -> anyhow::Result<()> {
        let body =
            json!({"name": name, "repo_type": "model", "visibility": "public", "description": "For measurements"});
        self.client.post("/api/repositories", &body)?;
        Ok(())
    }
}
