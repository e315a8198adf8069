use super::{fetch, oid, one};
use crate::support::{Client, Random, TestApp};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Somebody's machine with stock git and git-lfs.
struct Machine {
    home: tempfile::TempDir,
}

impl Machine {
    fn new(name: &str) -> Self {
        let machine = Self {
            home: tempfile::tempdir().unwrap(),
        };
        let home = machine.home.path().to_owned();
        for arguments in [
            ["config", "--global", "user.name", name],
            ["config", "--global", "user.email", "person@example.org"],
            ["config", "--global", "init.defaultBranch", "main"],
        ] {
            machine.git(&home, &arguments);
        }
        machine.git(&home, &["lfs", "install"]);
        machine
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        Command::new("git")
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "true")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap()
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run(folder, arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {text}{errors}");
        text + &errors
    }

    fn refused(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.run(folder, arguments);
        assert!(!output.status.success(), "git {arguments:?} succeeded");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// An empty repository that pushes to and fetches from an address.
    fn repository(&self, address: &str) -> PathBuf {
        let folder = self.home.path().join("work");
        std::fs::create_dir(&folder).unwrap();
        self.git(&folder, &["init", "--quiet"]);
        self.git(&folder, &["remote", "add", "origin", address]);
        folder
    }
}

/// The address of a repository with a token in it.
async fn address(app: &TestApp, client: &Client, repository: &str) -> String {
    let wish = json!({ "name": "git", "scope": "admin" });
    let token = client.post("/api/auth/tokens", &wish).await.ok()["token"].clone();
    let host = app.address();
    let host = host.strip_prefix("http://").unwrap();
    format!(
        "http://{}:{}@{host}/{repository}.git",
        client.name,
        token.as_str().unwrap()
    )
}

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_git_lfs_sends_objects_and_fetches_them() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let address = address(&app, &ana, "ana/net").await;
    let contents: Vec<Vec<u8>> = (0..20).map(|seed| Random::new(seed).bytes(100_000 + 7)).collect();
    let (sent, remote) = (contents.clone(), address.clone());
    off_the_runtime(move || {
        let machine = Machine::new("Ana");
        let folder = machine.repository(&remote);
        machine.git(&folder, &["lfs", "track", "*.bin"]);
        for (number, content) in sent.iter().enumerate() {
            std::fs::write(folder.join(format!("{number}.bin")), content).unwrap();
        }
        machine.git(&folder, &["add", "."]);
        machine.git(&folder, &["commit", "--quiet", "-m", "Add weights"]);
        let oids: Vec<String> = sent.iter().map(|content| oid(content)).collect();
        let mut push = vec!["lfs", "push", "--object-id", "origin"];
        push.extend(oids.iter().map(String::as_str));
        machine.git(&folder, &push);
        // Nothing needs to be sent twice.
        machine.git(&folder, &push);
        let objects = folder.join(".git/lfs/objects");
        std::fs::remove_dir_all(&objects).unwrap();
        machine.git(&folder, &["lfs", "fetch", "origin", "main"]);
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "bin") {
                std::fs::remove_file(file).unwrap();
            }
        }
        machine.git(&folder, &["checkout", "--", "."]);
        for (number, content) in sent.iter().enumerate() {
            assert_eq!(std::fs::read(folder.join(format!("{number}.bin"))).unwrap(), *content);
        }
    })
    .await;
    let base = "/ana/net.git/info/lfs";
    for content in &contents {
        assert_eq!(fetch(&app, &ana, base, content).await.await.body, *content);
    }
    assert!(
        !app.log()
            .iter()
            .any(|line| line.contains("gml_") || line.contains("signature="))
    );
    app.finish().await;
}

/// A line to a hub that breaks once, when so many bytes have come from there. Answers its address and counts what comes.
async fn breaking_line(hub: &str, breaks_after: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let come = Arc::new(AtomicUsize::new(0));
    let (hub, counted) = (hub.to_owned(), Arc::clone(&come));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let hub = TcpStream::connect(&hub).await.unwrap();
            tokio::spawn(pass_on(client, hub, breaks_after, Arc::clone(&counted)));
        }
    });
    (address, come)
}

async fn pass_on(client: TcpStream, hub: TcpStream, breaks_after: usize, come: Arc<AtomicUsize>) {
    let ((mut asking, mut client), (mut answering, mut hub)) = (client.into_split(), hub.into_split());
    let asked = tokio::spawn(async move { tokio::io::copy(&mut asking, &mut hub).await });
    let mut buffer = vec![0; 65_536];
    while let Ok(count) = answering.read(&mut buffer).await {
        let before = come.fetch_add(count, Ordering::Relaxed);
        let breaks = before < breaks_after && before + count >= breaks_after;
        if count == 0 || breaks || client.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    asked.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_git_lfs_goes_on_where_its_line_broke() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let (own, content) = (address(&app, &ana, "ana/net").await, Random::new(7).bytes(8 << 20));
    let hub = app.address().trim_start_matches("http://").to_owned();
    let (line, come) = breaking_line(&hub, 5 << 20).await;
    let (sent, over) = (content.clone(), own.replace(&hub, &line));
    off_the_runtime(move || {
        let machine = Machine::new("Ana");
        let folder = machine.repository(&own);
        machine.git(&folder, &["lfs", "track", "*.bin"]);
        std::fs::write(folder.join("large.bin"), &sent).unwrap();
        machine.git(&folder, &["add", "."]);
        machine.git(&folder, &["commit", "--quiet", "-m", "Add weights"]);
        machine.git(&folder, &["lfs", "push", "--object-id", "origin", &oid(&sent)]);
        std::fs::remove_dir_all(folder.join(".git/lfs/objects")).unwrap();
        machine.git(&folder, &["remote", "set-url", "origin", &over]);
        machine.git(&folder, &["lfs", "fetch", "origin", "main"]);
        assert_eq!(
            machine.git(&folder, &["lfs", "fsck", "--objects"]).trim(),
            "Git LFS fsck OK"
        );
    })
    .await;
    // What had come before the break was not sent again.
    let come = come.load(Ordering::Relaxed);
    assert!(
        come >= content.len() && come < content.len() + (1 << 20),
        "{come} bytes came"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_git_pushes_and_clones_with_large_files() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let empty = json!({ "name": "net", "kind": "model", "visibility": "private", "init_readme": false });
    ana.post("/api/v1/repos", &empty).await.expect(201);
    let address = address(&app, &ana, "ana/net").await;
    let contents: Vec<Vec<u8>> = (0..5).map(|seed| Random::new(seed).bytes(300_000 + 11)).collect();
    let sent = contents.clone();
    off_the_runtime(move || {
        let machine = Machine::new("Ana");
        let folder = machine.repository(&address);
        machine.git(&folder, &["lfs", "track", "*.bin"]);
        let path = |folder: &Path, number: usize| folder.join(format!("{number}.bin"));
        for (number, content) in sent.iter().enumerate() {
            std::fs::write(path(&folder, number), content).unwrap();
        }
        machine.git(&folder, &["add", "."]);
        machine.git(&folder, &["commit", "--quiet", "-m", "Add weights"]);
        machine.git(&folder, &["push", "--quiet", "origin", "main"]);
        let clone = machine.home.path().join("clone");
        machine.git(
            machine.home.path(),
            &["clone", "--quiet", &address, clone.to_str().unwrap()],
        );
        for (number, content) in sent.iter().enumerate() {
            assert!(std::fs::read(path(&clone, number)).unwrap() == *content);
        }
        // A fetch of what is new is no clone.
        std::fs::write(path(&folder, 0), b"new weights").unwrap();
        machine.git(&folder, &["commit", "--quiet", "-a", "-m", "Train on"]);
        machine.git(&folder, &["push", "--quiet", "origin", "main"]);
        machine.git(&clone, &["pull", "--quiet"]);
        assert_eq!(std::fs::read(path(&clone, 0)).unwrap(), b"new weights");
        assert_eq!(machine.git(&clone, &["lfs", "fsck"]).trim(), "Git LFS fsck OK");
        machine.git(&clone, &["fsck", "--strict"]);
    })
    .await;
    let shown = ana.download_call("ana/net", "3.bin").await.expect(200);
    assert!(shown.body == contents[3]);
    // One clone, six large files, and the one that was just read.
    let mut counted = 0;
    for _ in 0..200 {
        counted = ana.get("/api/v1/repos/ana/net").await.ok()["counters"]["downloads"]
            .as_u64()
            .unwrap();
        if counted == 8 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(counted, 8);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_git_lfs_is_told_why_the_hub_takes_no_more() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "1 MiB")]).start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("net", "public").await;
    let (own, foreign) = (
        address(&app, &ana, "ana/net").await,
        address(&app, &ben, "ana/net").await,
    );
    let content = Random::new(1).bytes(2 << 20);
    let told = content.clone();
    let (over, forbidden) = off_the_runtime(move || {
        let machine = Machine::new("Ana");
        let folder = machine.repository(&own);
        machine.git(&folder, &["lfs", "track", "*.bin"]);
        std::fs::write(folder.join("large.bin"), &told).unwrap();
        machine.git(&folder, &["add", "."]);
        machine.git(&folder, &["commit", "--quiet", "-m", "Add weights"]);
        let push = ["lfs", "push", "--object-id", "origin", &oid(&told)];
        let over = machine.refused(&folder, &push);
        machine.git(&folder, &["remote", "set-url", "origin", &foreign]);
        (over, machine.refused(&folder, &push))
    })
    .await;
    assert!(over.contains("quota of this account is 1 MiB"), "{over}");
    assert!(forbidden.contains("write access"), "{forbidden}");
    let missing = one(&ana, "/ana/net.git/info/lfs", "download", &content).await;
    assert_eq!(super::refused(&missing), 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_git_lfs_locks_lists_verifies_and_unlocks() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("net", "private").await;
    let part = json!({ "username": "ben", "permission": "write" });
    ana.post("/api/v1/repos/ana/net/collaborators", &part).await.expect(201);
    let (of_ana, of_ben) = (
        address(&app, &ana, "ana/net").await,
        address(&app, &ben, "ana/net").await,
    );
    off_the_runtime(move || {
        let (for_ana, for_ben) = (Machine::new("Ana"), Machine::new("Ben"));
        let folders = [(&for_ana, &of_ana), (&for_ben, &of_ben)].map(|(machine, address)| {
            let folder = machine.repository(address);
            machine.git(&folder, &["lfs", "track", "--lockable", "*.bin"]);
            std::fs::write(folder.join("a.bin"), "a").unwrap();
            std::fs::write(folder.join("b.bin"), "b").unwrap();
            machine.git(&folder, &["add", "."]);
            machine.git(&folder, &["commit", "--quiet", "-m", "Add weights"]);
            folder
        });
        let [ana, ben] = [(&for_ana, &folders[0]), (&for_ben, &folders[1])];
        let git = |(machine, folder): (&Machine, &PathBuf), arguments: &[&str]| machine.git(folder, arguments);
        let told = git(ana, &["lfs", "lock", "a.bin"]);
        assert!(told.contains("Locked a.bin"), "{told}");
        let told = ben.0.refused(ben.1, &["lfs", "lock", "a.bin"]);
        assert!(told.contains("locked already"), "{told}");
        git(ben, &["lfs", "lock", "b.bin"]);
        let listed = git(ben, &["lfs", "locks"]);
        assert!(
            listed.contains("a.bin") && listed.contains("ana") && listed.contains("b.bin"),
            "{listed}"
        );
        let one = git(ben, &["lfs", "locks", "--path=a.bin"]);
        assert!(one.contains("a.bin") && !one.contains("b.bin"), "{one}");
        let verified = git(ben, &["lfs", "locks", "--verify", "--json"]);
        let verified: serde_json::Value = serde_json::from_str(&verified).unwrap();
        assert_eq!(verified["ours"][0]["path"], "b.bin");
        assert_eq!(verified["theirs"][0]["path"], "a.bin");
        let told = ben.0.refused(ben.1, &["lfs", "unlock", "a.bin"]);
        assert!(told.contains("somebody else"), "{told}");
        ben.0.refused(ben.1, &["lfs", "unlock", "--force", "a.bin"]);
        git(ana, &["lfs", "unlock", "--force", "b.bin"]);
        git(ana, &["lfs", "unlock", "a.bin"]);
        assert_eq!(git(ana, &["lfs", "locks"]), "");
    })
    .await;
    app.finish().await;
}
