use crate::peer::{is_root, run};
use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian keeps the programs of a version, which are not all in the search path.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A PostgreSQL server of its own in a folder, as its package configures it: fsync and synchronous commit on. Reached through
/// a Unix socket. Stops when dropped.
pub struct Postgres {
    folder: PathBuf,
}

impl Postgres {
    /// Makes a cluster below `folder` and starts it; `settings` are added to its configuration.
    pub fn start(folder: &Path, settings: &str) -> anyhow::Result<Self> {
        let folder = folder.join("postgres");
        std::fs::create_dir(&folder)?;
        let server = Self { folder };
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(&server.folder))?;
        }
        let data = server.data();
        run(server
            .command("initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "-D",
            ])
            .arg(&data))?;
        let mut file = std::fs::File::options()
            .append(true)
            .open(data.join("postgresql.conf"))?;
        let socket = server.folder.display();
        writeln!(
            file,
            "listen_addresses = ''\nunix_socket_directories = '{socket}'\nmax_connections = 200\n{settings}"
        )?;
        run(server
            .command("pg_ctl")
            .args(["start", "--wait", "--silent", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(server.folder.join("log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null()))?;
        println!("peer: {}", server.sql("SELECT version()")?.trim());
        println!(
            "peer: fsync {}, synchronous_commit {}, shared_buffers {}",
            server.sql("SHOW fsync")?.trim(),
            server.sql("SHOW synchronous_commit")?.trim(),
            server.sql("SHOW shared_buffers")?.trim()
        );
        Ok(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of PostgreSQL's programs, run as the user that owns the cluster, set up to reach the server.
    pub fn command(&self, program: &str) -> Command {
        let path = Path::new(PROGRAMS).join(program);
        let path = if path.exists() { path } else { PathBuf::from(program) };
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]);
            command.arg(path);
            command
        } else {
            Command::new(path)
        };
        command
            .current_dir(&self.folder)
            .env("PGHOST", &self.folder)
            .env("PGUSER", "postgres")
            .env("PGDATABASE", "postgres")
            .stdin(Stdio::null());
        command
    }

    /// Runs statements and answers what psql prints, bare.
    pub fn sql(&self, statements: &str) -> anyhow::Result<String> {
        self.script(statements.as_bytes())
    }

    /// Feeds psql a script, which may be long.
    pub fn script(&self, script: &[u8]) -> anyhow::Result<String> {
        let mut child = self
            .command("psql")
            .args([
                "--no-psqlrc",
                "--quiet",
                "--no-align",
                "--tuples-only",
                "-v",
                "ON_ERROR_STOP=1",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("psql cannot be run")?;
        let mut input = child.stdin.take().context("psql has no input")?;
        let script = script.to_vec();
        let feeder = std::thread::spawn(move || input.write_all(&script));
        let output = child.wait_with_output()?;
        anyhow::ensure!(output.status.success(), "psql failed");
        feeder.join().ok().context("psql did not take its input")??;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A folder that PostgreSQL's own user may write to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let stopped = run(self
            .command("pg_ctl")
            .args(["stop", "--wait", "--mode=fast", "-D"])
            .arg(data));
        if let Err(error) = stopped {
            eprintln!("{error:#}");
        }
    }
}
