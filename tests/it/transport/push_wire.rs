//! Requests that no git program sends.

use super::work::{Hosted, Work};
use crate::support::{Client, Reply, TestApp, assert_git_agrees};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ZERO: &str = "0000000000000000000000000000000000000000";

fn packet(text: &str) -> Vec<u8> {
    format!("{:04x}{text}", text.len() + 4).into_bytes()
}

/// A request with these commands and this pack.
pub(super) fn request(commands: &[(&str, &str, &str)], capabilities: &str, pack: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (place, (old, new, name)) in commands.iter().enumerate() {
        let tail = if place == 0 {
            format!("\0{capabilities}")
        } else {
            String::new()
        };
        body.extend(packet(&format!("{old} {new} {name}{tail}")));
    }
    body.extend_from_slice(b"0000");
    body.extend_from_slice(pack);
    body
}

pub(super) fn pack(work: &Work, revisions: &str) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(["pack-objects", "--revs", "--stdout", "--quiet"])
        .current_dir(work.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(revisions.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

pub(super) async fn send(client: &Client, body: Vec<u8>) -> Reply {
    client
        .call(Method::POST, "/api/v1/git/ana/wire/git-receive-pack")
        .header("content-type", "application/x-git-receive-pack-request")
        .body(body)
        .await
}

struct Scene {
    app: TestApp,
    ana: Client,
    hosted: Hosted,
    work: Work,
    first: String,
    tip: String,
    pack: Vec<u8>,
}

async fn scene() -> Scene {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "wire").await;
    let work = Work::of(&hosted.bare);
    let first = work.tip("HEAD");
    work.write("folder/file", "content ".repeat(1_000));
    let tip = work.commit("One");
    let pack = pack(&work, &format!("{tip}\n^{first}\n"));
    Scene {
        app,
        ana,
        hosted,
        work,
        first,
        tip,
        pack,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_is_answered_by_nothing_and_gzip_is_understood() {
    let scene = scene().await;
    let reply = send(&scene.ana, b"0000".to_vec()).await.expect(200);
    assert!(reply.body.is_empty());
    assert_eq!(reply.header("content-type"), "application/x-git-receive-pack-result");
    let body = request(
        &[(&scene.first, &scene.tip, "refs/heads/main")],
        "report-status",
        &scene.pack,
    );
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&body).unwrap();
    let reply = scene
        .ana
        .call(Method::POST, "/ana/wire.git/git-receive-pack")
        .header("content-type", "application/x-git-receive-pack-request")
        .header("content-encoding", "gzip")
        .body(gzip.finish().unwrap())
        .await
        .expect(200);
    assert_eq!(reply.text(), "000eunpack ok\n0017ok refs/heads/main\n0000");
    assert_eq!(scene.hosted.tip("refs/heads/main"), scene.tip);
    scene.hosted.assert_sound();
    assert_git_agrees(&scene.app).await;
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_requests_change_nothing_and_are_answered_in_words() {
    let scene = scene().await;
    let before = scene.hosted.references();
    let main = [(scene.first.as_str(), scene.tip.as_str(), "refs/heads/main")];
    let mut bad_sum = scene.pack.clone();
    *bad_sum.last_mut().unwrap() ^= 1;
    let mut no_end = scene.pack.clone();
    no_end.truncate(scene.pack.len() / 2);
    let mut huge = b"PACK\0\0\0\x02\0\0\0\x01".to_vec();
    huge.extend_from_slice(&[0xb0, 0x80, 0x80, 0x80, 0xa0, 0x01, 0x78, 0x9c]);
    let lacking = pack(
        &scene.work,
        &format!("{}\n^{}^{{tree}}\n^{}\n", scene.tip, scene.tip, scene.first),
    );
    for (pack, why) in [
        (&bad_sum[..], "checksum"),
        (&no_end, "connection ended"),
        (b"", "connection ended"),
        (b"nonsense, and not a pack at all", "does not begin like a pack"),
        (&huge, "file in git may have"),
        (&lacking, "missing"),
    ] {
        let reply = send(&scene.ana, request(&main, "report-status side-band-64k", pack))
            .await
            .expect(200);
        let said = reply.text();
        assert!(
            said.contains(why) && said.contains("ng refs/heads/main"),
            "{why}: {said}"
        );
        assert_eq!(scene.hosted.references(), before, "{why}");
    }
    for body in [
        &b"hello"[..],
        b"0003",
        b"0032push-cert\0report-status",
        b"zzzz",
        b"0009abc",
    ] {
        let reply = send(&scene.ana, body.to_vec()).await;
        assert!(reply.status.is_client_error(), "{} {}", reply.status, reply.text());
    }
    let stale = [(scene.tip.as_str(), scene.first.as_str(), "refs/heads/main")];
    let said = send(&scene.ana, request(&stale, "report-status", &pack(&scene.work, "")))
        .await
        .expect(200)
        .text();
    assert!(said.contains("ng refs/heads/main it has moved meanwhile"), "{said}");
    for name in [
        "refs/heads/a..b",
        "refs/heads/../x",
        "refs/heads/x.lock",
        "HEAD",
        "refs/heads/",
        "refs/tags/-x",
    ] {
        let commands = [(ZERO, scene.tip.as_str(), name)];
        let said = send(&scene.ana, request(&commands, "report-status", &scene.pack))
            .await
            .expect(200)
            .text();
        assert!(said.contains(&format!("ng {name} ")), "{name}: {said}");
    }
    // A folder is no tip of a branch.
    let tree = scene.work.tip("HEAD^{tree}");
    let commands = [(ZERO, tree.as_str(), "refs/heads/tree")];
    let said = send(&scene.ana, request(&commands, "report-status", &scene.pack))
        .await
        .expect(200)
        .text();
    assert!(said.contains("only a commit"), "{said}");
    assert_eq!(scene.hosted.references(), before);
    scene.hosted.assert_sound();
    assert_git_agrees(&scene.app).await;
    scene.app.finish().await;
}

/// A connection on which a push of so many bytes is announced.
async fn begun(scene: &Scene, length: usize) -> TcpStream {
    let host = scene.app.address().replace("http://", "");
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /ana/wire.git/git-receive-pack HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/x-git-receive-pack-request\r\n\
         Content-Length: {length}\r\n\r\n",
        scene.ana.token.as_ref().unwrap(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_waited_for_and_hold_nobody_up() {
    let scene = scene().await;
    let mut slow = Vec::new();
    for number in 0..8 {
        let name = format!("refs/heads/slow-{number}");
        // What the client claims to understand besides is nobody's business.
        let body = request(&[(ZERO, &scene.tip, &name)], "report-status turbo=9 x", &scene.pack);
        slow.push((begun(&scene, body.len()).await, body));
    }
    for step in 0..3 {
        for (stream, body) in &mut slow {
            let rest = body.split_off(body.len() / 3);
            stream.write_all(&std::mem::replace(body, rest)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        scene.work.commit("Meanwhile");
        scene
            .work
            .push(&scene.ana, &scene.hosted.url, &["HEAD:refs/heads/quick"]);
        scene.ana.upload("ana/wire", &format!("{step}.txt"), "by the web").await;
    }
    for (number, (stream, body)) in slow.iter_mut().enumerate() {
        stream.write_all(body).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let done = format!("ok refs/heads/slow-{number}");
        assert!(answer.contains(&done), "{answer}");
        assert_eq!(scene.hosted.tip(&format!("refs/heads/slow-{number}")), scene.tip);
    }
    scene.hosted.assert_sound();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_changes_nothing_and_leaves_nothing() {
    let scene = scene().await;
    let before = scene.hosted.references();
    let main = [(scene.first.as_str(), scene.tip.as_str(), "refs/heads/main")];
    let body = request(&main, "report-status", &scene.pack);
    for sent in [0, 10, 150, body.len() / 2, body.len() - 1] {
        let mut stream = begun(&scene, body.len()).await;
        stream.write_all(&body[..sent]).await.unwrap();
        stream.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.hosted.references(), before);
    scene.hosted.assert_sound();
    scene.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_pushes_when_enough_others_do_is_told_when_to_come_back() {
    let app = TestApp::with(&[("GEOML_HUB__GIT__PUSHES_AT_ONCE", "1")]).start().await;
    let ana = app.user("ana").await;
    ana.create_repository("wire", "public").await;
    let host = app.address().strip_prefix("http://").unwrap().to_owned();
    let token = ana.token.clone().unwrap();
    // A client that begins to say what it wants, and stops.
    let mut slow = std::net::TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST /ana/wire.git/git-receive-pack HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-git-receive-pack-request\r\ncontent-length: 1000\r\n\r\n00"
    );
    slow.write_all(head.as_bytes()).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let refused = send(&ana, b"0000".to_vec()).await.expect(503);
    assert_eq!(refused.header("retry-after"), "30");
    app.expect_log("Too many pushes");
    assert!(refused.text().contains("Too many pushes"), "{}", refused.text());
    // Fetches go on.
    ana.get("/ana/wire.git/info/refs?service=git-upload-pack")
        .await
        .expect(200);
    drop(slow);
    send(&ana, b"0000".to_vec()).await.expect(200);
    app.finish().await;
}
