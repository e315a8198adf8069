use super::bare_folder;
use super::git::Git;
use crate::support::{Client, Reply, TestApp};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use std::io::Write;

const PATH: &str = "/ana/rain.git/git-upload-pack";

async fn ask(client: &Client, version: &str, body: impl Into<Vec<u8>>) -> Reply {
    let call = client.call(Method::POST, PATH).header("git-protocol", version);
    call.body(body.into()).await
}

fn packet(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

async fn hub() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("rain", "public").await;
    (app, ana)
}

#[tokio::test]
async fn a_probe_of_nothing_but_a_flush_is_answered_by_nothing() {
    let (app, ana) = hub().await;
    for version in ["", "version=1", "version=2"] {
        for body in ["0000", ""] {
            let reply = ask(&ana, version, body).await.expect(200);
            assert_eq!(reply.text(), "");
            assert_eq!(reply.header("content-type"), "application/x-git-upload-pack-result");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let (app, ana) = hub().await;
    let id = "1".repeat(40);
    let bodies = [
        ("", "zzzz".to_owned()),
        ("", "0003".to_owned()),
        ("", "00".to_owned()),
        ("", "fff1".to_owned()),
        ("", "0032want ".to_owned()),
        ("", packet("want me\n")),
        ("", packet(&format!("want {id}\n"))),
        ("", packet(&format!("have {id}\n")) + "0000"),
        ("", packet(&format!("want {id} object-format=sha256\n")) + "0000"),
        ("", packet(&format!("want {id}\n")) + &packet("deepen -1\n") + "0000"),
        ("", packet(&format!("want {id}\n")) + "0000" + &packet("had\n")),
        ("version=2", packet("command=push") + "0000"),
        (
            "version=2",
            packet("command=fetch") + "0001" + &packet("wnat\n") + "0000",
        ),
        (
            "version=2",
            packet("command=fetch") + "0001" + &packet("filter sparse:oid=main\n") + "0000",
        ),
        (
            "version=2",
            packet("command=fetch") + "0001" + &packet("want 12\n") + "0000",
        ),
        (
            "version=2",
            packet("command=fetch") + "0001" + &packet(&format!("want {id}\n")),
        ),
        (
            "version=2",
            packet("command=ls-refs") + "0001" + &packet("all\n") + "0000",
        ),
        (
            "version=2",
            packet("command=fetch") + "0001" + &packet("deepen 1\n") + &packet("deepen-since 1\n") + "0000",
        ),
    ];
    for (version, body) in bodies {
        let reply = ask(&ana, version, body.clone()).await.expect(200);
        assert!(
            reply.text().contains("ERR This is not git's protocol: "),
            "{body}: {}",
            reply.text()
        );
    }
    let bytes = [&b"0009want\xff"[..], b"0000"].concat();
    let reply = ask(&ana, "", bytes).await.expect(200);
    assert!(reply.text().contains("not UTF-8"), "{}", reply.text());
    app.finish().await;
}

#[tokio::test]
async fn only_what_a_reference_leads_to_is_sent() {
    let (app, ana) = hub().await;
    let bare = bare_folder(&app, &ana, "ana/rain").await;
    let folder = bare.to_str().unwrap();
    let git = Git::new();
    ana.upload("ana/rain", "gone.txt", "what was taken back").await;
    let lost: Vec<String> = ["main", "main^{tree}", "main:gone.txt"]
        .map(|name| git.run(folder, &["rev-parse", name]).trim().to_owned())
        .into();
    git.run(folder, &["update-ref", "refs/heads/main", "main~1"]);
    let absent = "1".repeat(40);
    for hidden in [false, true] {
        if hidden {
            git.run(folder, &["update-ref", "refs/hub/kept", &lost[0]]);
        }
        for id in lost.iter().chain([&absent]) {
            let v0 = packet(&format!("want {id} side-band-64k\n")) + "0000" + &packet("done\n");
            let v2 = packet("command=fetch") + "0001" + &packet(&format!("want {id}\n")) + &packet("done\n") + "0000";
            for (version, body) in [("", v0), ("version=2", v2)] {
                let reply = ask(&ana, version, body).await.expect(200);
                let refusal = packet(&format!(
                    "ERR The object {id} is not in this repository, or no branch or tag leads to it.\n"
                ));
                assert_eq!(reply.text(), refusal);
            }
        }
    }
    let there: Vec<String> = ["main", "main^{tree}", "main:README.md"]
        .map(|name| git.run(folder, &["rev-parse", name]).trim().to_owned())
        .into();
    for id in there {
        let body = packet(&format!("want {id}\n")) + "0000" + &packet("done\n");
        let reply = ask(&ana, "", body).await.expect(200);
        assert!(reply.body.starts_with(b"0008NAK\nPACK\0\0\0\x02"), "{}", reply.text());
    }
    app.finish_without_check().await;
}

#[tokio::test]
async fn packed_bodies_are_unpacked_within_a_limit() {
    let (app, ana) = hub().await;
    let gzip = |bytes: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let send = |encoding: &'static str, body: Vec<u8>| {
        let call = ana.call(Method::POST, PATH).header("git-protocol", "version=2");
        call.header("content-encoding", encoding).body(body)
    };
    let list = packet("command=ls-refs") + "0001" + &packet("symrefs\n") + "0000";
    let reply = send("gzip", gzip(list.as_bytes())).await.expect(200);
    assert!(
        reply.text().contains("symref-target:refs/heads/main"),
        "{}",
        reply.text()
    );

    let mut bomb = (packet("command=ls-refs") + "0001").into_bytes();
    let line = packet(&format!("ref-prefix {}", "x".repeat(60_000)));
    for _ in 0..1_500 {
        bomb.extend(line.as_bytes());
    }
    let packed = gzip(&bomb);
    assert!(packed.len() < 1 << 20);
    let reply = send("gzip", packed).await.expect(413);
    assert!(reply.text().contains("64 MiB"), "{}", reply.text());
    send("gzip", b"no gzip at all".to_vec()).await.expect(400);
    send("br", list.clone().into_bytes()).await.expect(415);
    app.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_disturbs_nobody() {
    let (app, ana) = hub().await;
    let content = crate::support::Random::new(3).bytes(9 << 20);
    ana.upload("ana/rain", "notes.xyz", &content[..900_000]).await;
    let git = Git::new();
    let bare = bare_folder(&app, &ana, "ana/rain").await;
    let tip = git.run(bare.to_str().unwrap(), &["rev-parse", "main"]);
    let body = packet(&format!("want {} side-band-64k\n", tip.trim())) + "0000" + &packet("done\n");
    for length in [0, 40, body.len()] {
        let mut stream = std::net::TcpStream::connect(app.address().trim_start_matches("http://")).unwrap();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n\r\n{}",
            body.len(),
            &body[..length]
        );
        stream.write_all(head.as_bytes()).unwrap();
        drop(stream);
    }
    git.run("", &["clone", "-q", &format!("{}/ana/rain", app.address()), "clone"]);
    git.assert_sound("clone");
    app.finish().await;
}
