use crate::Nginx;
use crate::peer::run;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What most people run when they serve git themselves: `git http-backend` behind fcgiwrap behind nginx. Stops when dropped.
pub struct GitServer {
    nginx: Nginx,
    fcgiwrap: Child,
    repositories: PathBuf,
}

impl GitServer {
    /// Serves bare repositories below a folder of its own in `folder`; everybody may push.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let repositories = folder.join("repositories");
        std::fs::create_dir_all(&repositories)?;
        let backend = run(Command::new("git").arg("--exec-path"))?;
        let backend = Path::new(backend.trim()).join("git-http-backend");
        let socket = folder.join("fcgiwrap");
        let fcgiwrap = Command::new("fcgiwrap")
            .args(["-f", "-c", "2", "-s"])
            .arg(format!("unix:{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("fcgiwrap cannot be run: install it")?;
        let start = Instant::now();
        while !socket.exists() {
            anyhow::ensure!(start.elapsed() < Duration::from_secs(10), "fcgiwrap does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        println!("peer: {}", run(Command::new("git").arg("--version"))?.trim());
        Ok(Self {
            nginx: Nginx::start_git(folder, &repositories, &backend, &socket)?,
            fcgiwrap,
            repositories,
        })
    }

    /// Makes an empty repository to which one may push, and answers its address.
    pub fn create_repository(&self, name: &str) -> anyhow::Result<String> {
        let folder = self.repositories.join(format!("{name}.git"));
        run(Command::new("git")
            .args(["init", "-q", "--bare", "-b", "main"])
            .arg(&folder))?;
        for setting in ["http.receivepack", "uploadpack.allowFilter"] {
            run(Command::new("git")
                .arg("-C")
                .arg(&folder)
                .args(["config", setting, "true"]))?;
        }
        Ok(format!("http://127.0.0.1:{}/{name}.git", self.port()))
    }

    /// The port of its web server on the loopback interface.
    pub fn port(&self) -> u16 {
        self.nginx.port()
    }

    /// The process that starts git for every request.
    pub fn process(&self) -> u32 {
        self.fcgiwrap.id()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        // Both fail only when the process is gone already, which is what is wanted.
        let _ = self.fcgiwrap.kill();
        let _ = self.fcgiwrap.wait();
    }
}
