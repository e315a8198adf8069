use crate::free_port;
use crate::peer::run;
use anyhow::Context;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// nginx with a configuration of its own that serves one folder and takes PUT, tuned for files: sendfile, a cache of open
/// files, long-lived connections, no access log. Stops when dropped.
pub struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// Serves `root` and keeps its own files in `folder`. Below `/lfs/` a POST gets a file like a GET, so that files there can
    /// stand for a batch API.
    pub fn start(folder: &Path, root: &Path) -> anyhow::Result<Self> {
        let root = root.display();
        Self::start_with(
            folder,
            &format!(
                "root {root};
        location / {{ }}
        location /put/ {{ dav_methods PUT; create_full_put_path on; }}
        location /lfs/ {{ default_type application/vnd.git-lfs+json; error_page 405 =200 $uri; }}"
            ),
        )
    }

    /// Hands every request to `git http-backend` behind a FastCGI socket; bodies pass through unbuffered, as packs are large.
    pub fn start_git(folder: &Path, repositories: &Path, backend: &Path, socket: &Path) -> anyhow::Result<Self> {
        let (repositories, backend, socket) = (repositories.display(), backend.display(), socket.display());
        Self::start_with(
            folder,
            &format!(
                "location / {{
            fastcgi_pass unix:{socket};
            fastcgi_param SCRIPT_FILENAME {backend};
            fastcgi_param GIT_PROJECT_ROOT {repositories};
            fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            fastcgi_param PATH_INFO $uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param REMOTE_USER bench;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_buffering off;
            fastcgi_request_buffering off;
            fastcgi_read_timeout 600s;
        }}"
            ),
        )
    }

    fn start_with(folder: &Path, server: &str) -> anyhow::Result<Self> {
        let port = free_port()?;
        let folder = folder.join("nginx");
        std::fs::create_dir_all(&folder)?;
        let configuration = folder.join("nginx.conf");
        std::fs::write(&configuration, configuration_text(&folder, server, port))?;
        let program = program();
        let version = Command::new(&program)
            .arg("-v")
            .output()
            .context("nginx cannot be run: install it")?;
        println!("peer: {}", String::from_utf8_lossy(&version.stderr).trim());
        run(Command::new(&program).arg("-t").arg("-q").arg("-c").arg(&configuration))?;
        let child = Command::new(program)
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let nginx = Self { child, port };
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            anyhow::ensure!(start.elapsed() < Duration::from_secs(10), "nginx does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(nginx)
    }

    /// Its port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its processes: the master and the workers.
    pub fn processes(&self) -> Vec<u32> {
        let master = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(master).chain(children).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // TERM, so that the master ends its workers too.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Debian keeps it where only root's search path leads.
fn program() -> String {
    let debian = "/usr/sbin/nginx";
    if Path::new(debian).exists() { debian } else { "nginx" }.to_owned()
}

fn configuration_text(folder: &Path, server: &str, port: u16) -> String {
    let folder = folder.display();
    let user = if crate::peer::is_root() { "user root;" } else { "" };
    format!(
        "daemon off;
{user}
worker_processes auto;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 100000000;
    open_file_cache max=4000 inactive=600s;
    open_file_cache_valid 600s;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"
    )
}
