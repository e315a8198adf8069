//! Clients behind a proxy that gives up a connection on which it hears nothing.

use super::push_wire::{pack, request, send};
use super::work::{Hosted, Work};
use crate::support::{Client, TestApp, assert_git_agrees};
use reqwest::Method;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long the proxy waits for a byte: longer than anything takes on a busy machine.
const SILENCE: Duration = Duration::from_secs(5);
/// Branches whose writing is held up, together for longer than that.
const HELD: [&str; 4] = ["main", "a", "b", "c"];
/// What the hub shows when it is at work.
const ALIVE: &[u8] = b"0005\x02";

async fn app(keep_alive: &str) -> (TestApp, Client, Hosted, Work) {
    let app = TestApp::with(&[("GEOML_HUB__GIT__KEEP_ALIVE", keep_alive)])
        .start()
        .await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "wire").await;
    let work = Work::of(&hosted.bare);
    (app, ana, hosted, work)
}

/// Lets the next push to a branch take two seconds: so long the hub waits for somebody else who is about to write it.
fn hold(hosted: &Hosted, branch: &str) {
    std::fs::write(hosted.bare.join(format!("refs/heads/{branch}.lock")), "").unwrap();
}

/// Stands before the hub; answers the address to go to.
async fn proxy(app: &TestApp) -> String {
    let hub = app.address().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let hub = TcpStream::connect(&hub).await.unwrap();
            tokio::spawn(pass_on(client, hub));
        }
    });
    address
}

/// Passes on what either side says, until one of them goes or neither says anything.
async fn pass_on(mut client: TcpStream, mut hub: TcpStream) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let (to, bytes) = tokio::select! {
            Ok(count) = client.read(&mut asked) => (&mut hub, &asked[..count]),
            Ok(count) = hub.read(&mut answered) => (&mut client, &answered[..count]),
            () = tokio::time::sleep(SILENCE) => return,
            else => return,
        };
        if bytes.is_empty() || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_takes_long_is_not_given_up_by_a_proxy() {
    for (keep_alive, goes_through) in [("200ms", true), ("1m", false)] {
        let (app, ana, hosted, work) = app(keep_alive).await;
        let url = format!("{}/ana/wire.git", proxy(&app).await);
        let tip = work.commit("Long");
        for branch in HELD {
            hold(&hosted, branch);
        }
        let (pushed, said) = work.try_push(&ana, &url, &["main", "main:a", "main:b", "main:c"]);
        assert_eq!(pushed, goes_through, "{keep_alive}: {said}");
        // It is done, whether its sender hears of it or not.
        let start = Instant::now();
        while HELD
            .iter()
            .any(|branch| hosted.tip(&format!("refs/heads/{branch}")) != tip)
        {
            assert!(start.elapsed() < Duration::from_mins(1), "the push was lost");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        hosted.assert_sound();
        assert_git_agrees(&app).await;
        app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_takes_bands_is_kept_awake() {
    let (app, ana, hosted, work) = app("100ms").await;
    let mut old = work.tip("HEAD");
    for capabilities in ["report-status side-band-64k", "report-status", ""] {
        let new = work.commit("Next");
        let pack = pack(&work, &format!("{new}\n^{old}\n"));
        hold(&hosted, "main");
        let body = request(&[(&old, &new, "refs/heads/main")], capabilities, &pack);
        let mut said = send(&ana, body).await.expect(200).body;
        let mut heard = 0;
        while said.starts_with(ALIVE) {
            said.drain(..ALIVE.len());
            heard += 1;
        }
        let report = "000eunpack ok\n0017ok refs/heads/main\n0000";
        let (expected, awake) = match capabilities {
            "" => (String::new(), false),
            "report-status" => (report.to_owned(), false),
            _ => (format!("{:04x}\x01{report}0000", report.len() + 5), true),
        };
        assert_eq!(String::from_utf8_lossy(&said), expected, "{capabilities}");
        assert_eq!(heard > 1, awake, "{heard} times with '{capabilities}'");
        assert_eq!(hosted.tip("refs/heads/main"), new);
        old = new;
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_wants_no_progress_hears_of_long_counting_in_the_band_of_the_pack() {
    let (app, ana, hosted, _) = app("10ms").await;
    let mut story = String::new();
    for number in 0..20_000 {
        let from = if number == 0 { "from refs/heads/main^0\n" } else { "" };
        let _ = write!(
            story,
            "commit refs/heads/long\ncommitter Ada <ada@example.org> {} +0000\ndata 0\n{from}",
            1_700_000_000 + number
        );
    }
    let mut import = Command::new("git")
        .args(["-c", "safe.directory=*", "fast-import", "--quiet"])
        .current_dir(&hosted.bare)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(story.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    let tip = hosted.tip("refs/heads/long");
    let packet = |text: String| format!("{:04x}{text}", text.len() + 4);
    let want = packet(format!("want {tip} side-band-64k no-progress ofs-delta\n"));
    let body = want + "0000" + &packet("done\n".to_owned());
    let call = ana.call(Method::POST, "/ana/wire.git/git-upload-pack").body(body);
    let reply = call.await.expect(200);
    let mut rest = reply.body.strip_prefix(b"0008NAK\n").unwrap();
    let (mut awake, mut sent) = (0, Vec::new());
    loop {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..4]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        let (line, after) = rest.split_at(length);
        assert_eq!(line[4], 1, "not the band of the pack");
        awake += usize::from(length == 5 && sent.is_empty());
        sent.extend_from_slice(&line[5..]);
        rest = after;
    }
    assert!(awake > 0, "nothing was heard while objects were counted");
    let work = Work::new();
    work.write("sent.pack", &sent);
    work.git(&["index-pack", "--strict", "sent.pack"]);
    app.finish().await;
}
