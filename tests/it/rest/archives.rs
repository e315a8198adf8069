use super::make;
use crate::files::content;
use crate::support::TestApp;
use crate::transport::work::{Hosted, Work, run};
use serde_json::json;
use std::path::Path;
use std::process::Command;

fn said(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    said
}

/// Everything below a folder, links with what they point at, ordered.
fn listed(folder: &Path) -> Vec<String> {
    let found = said(
        "find",
        &[
            ".",
            "-type",
            "l",
            "-printf",
            "%P -> %l\n",
            "-o",
            "-type",
            "f",
            "-printf",
            "%P %s %m\n",
        ],
        folder,
    );
    let mut lines: Vec<String> = found.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_programs_unpack_what_git_archives() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "net").await;
    let work = Work::of(&hosted.bare);
    let deep = format!("{}/{}/文件.txt", "long-".repeat(18), "er-".repeat(40));
    work.write(&deep, "deep");
    work.write("run.sh", "#!/bin/sh\n");
    work.write("empty", "");
    work.write("block", "x".repeat(512));
    work.git(&["update-index", "--add", "--chmod=+x", "run.sh"]);
    work.write("data/table.txt", "words ".repeat(50_000));
    std::os::unix::fs::symlink("../data/table.txt", work.path().join("data/link")).unwrap();
    std::os::unix::fs::symlink("x/".repeat(80), work.path().join("long-link")).unwrap();
    work.git(&["config", "core.fileMode", "false"]);
    work.commit("Everything");
    work.git(&["tag", "v1.0"]);
    work.git(&["branch", "side/way"]);
    work.push(&ana, &hosted.url, &["main", "side/way", "v1.0"]);
    let tip = work.tip("HEAD");
    let anonymous = app.anonymous();
    for (revision, name) in [
        ("v1.0", "v1.0"),
        ("side%2Fway", "side-way"),
        ("side/way", "side-way"),
        (&tip, &tip),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let prefix = format!("net-{name}");
        let address = |end: &str| format!("/api/v1/repos/ana/net/archive/{revision}.{end}");
        let tar = anonymous.get(&address("tar.gz")).await.expect(200);
        assert_eq!(tar.header("content-type"), "application/gzip");
        assert!(tar.header("content-disposition").contains(&format!("{prefix}.tar.gz")));
        let zip = anonymous.get(&address("zip")).await.expect(200);
        for (form, body) in [("tar", &tar.body), ("zip", &zip.body), ("git", &Vec::new())] {
            std::fs::create_dir(folder.path().join(form)).unwrap();
            std::fs::write(folder.path().join(form).join("archive"), body).unwrap();
        }
        let at = |form: &str| folder.path().join(form);
        said("tar", &["-xzpf", "archive"], &at("tar"));
        said("unzip", &["-q", "archive"], &at("zip"));
        // git itself as the oracle.
        hosted.git(&[
            "archive",
            "-o",
            at("git").join("archive").to_str().unwrap(),
            "--format=tar",
            &format!("--prefix={prefix}/"),
            &tip,
        ]);
        said("tar", &["-xf", "archive"], &at("git"));
        let modes = |lines: Vec<String>| -> Vec<String> {
            lines
                .into_iter()
                .map(|line| line.replace(" 664", " 644").replace(" 775", " 755"))
                .collect()
        };
        let expected = modes(listed(&at("git").join(&prefix)));
        assert!(expected.len() >= 9, "{expected:?}");
        assert_eq!(modes(listed(&at("tar").join(&prefix))), expected);
        assert_eq!(modes(listed(&at("zip").join(&prefix))), expected);
        for form in ["tar", "zip"] {
            let (ours, theirs) = (at(form).join(&prefix), at("git").join(&prefix));
            said(
                "diff",
                &[
                    "-r",
                    "--no-dereference",
                    ours.to_str().unwrap(),
                    theirs.to_str().unwrap(),
                ],
                folder.path(),
            );
        }
        // The time is that of the commit, and its name is at the beginning.
        let time: u64 = work.git(&["log", "-1", "--format=%ct"]).trim().parse().unwrap();
        let modified = std::fs::metadata(at("tar").join(&prefix).join("run.sh"))
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), time);
        let inner = Command::new("gunzip")
            .arg("-c")
            .stdin(std::fs::File::open(at("tar").join("archive")).unwrap())
            .output()
            .unwrap();
        std::fs::write(at("tar").join("inner.tar"), inner.stdout).unwrap();
        let id = Command::new("git")
            .arg("get-tar-commit-id")
            .stdin(std::fs::File::open(at("tar").join("inner.tar")).unwrap())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&id.stdout).trim(), tip);
    }
    for missing in ["main", "main.rar", "nowhere.zip", ".zip", "main.tar"] {
        let address = format!("/api/v1/repos/ana/net/archive/{missing}");
        anonymous.get(&address).await.refused(404, "not_found");
    }
    assert!(run(work.path(), &["status"], &[]).status.success());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_files_are_in_archives_with_their_content() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    make(&ana, "net", json!({ "kind": "model", "visibility": "private" })).await;
    let large = content(5_000_001, 4);
    ana.upload("ana/net", "weights.onnx", large.clone()).await;
    for (address, place) in [
        ("/api/v1/repos/ana/net/archive/main.tar.gz", "net-main/weights.onnx"),
        ("/api/ana/net/download/?format=tar.gz", "weights.onnx"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let body = ana.get(address).await.expect(200).body;
        std::fs::write(folder.path().join("archive"), body).unwrap();
        said("tar", &["-xzf", "archive"], folder.path());
        assert!(std::fs::read(folder.path().join(place)).unwrap() == large);
    }
    ana.head("/api/v1/repos/ana/net/archive/main.zip").await.expect(200);
    app.anonymous()
        .get("/api/v1/repos/ana/net/archive/main.zip")
        .await
        .refused(404, "not_found");
    // Whoever goes away in the middle does not hold anything up.
    for _ in 0..3 {
        let url = format!("{}/api/v1/repos/ana/net/archive/main.tar.gz", app.address());
        let request = reqwest::Client::new().get(url).bearer_auth(ana.token.as_ref().unwrap());
        request.send().await.unwrap().chunk().await.unwrap().unwrap();
    }
    ana.get("/api/v1/repos/ana/net").await.expect(200);
    app.finish().await;
}
