use super::writing::{commit, file, header, step};
use super::{create, refused};
use crate::support::{Client, TestApp};
use crate::transport::work::Work;
use reqwest::Method;
use serde_json::{Value, json};

const BASE: &str = "/api/models/ana/rain";
const DISCUSSIONS: &str = "/api/models/ana/rain/discussions";

/// A public model of ana's, and ben, who may read it.
async fn with_two() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    commit(&ana, "main", &[header("One"), file("a.txt", "one\ntwo\nthree\n")])
        .await
        .ok();
    (app, ana, ben)
}

async fn open(client: &Client, title: &str, pull_request: bool) -> u64 {
    let wish = json!({ "title": title, "description": "Why.", "pullRequest": pull_request });
    client.post(DISCUSSIONS, &wish).await.ok()["num"].as_u64().unwrap()
}

async fn propose(client: &Client, path: &str, content: &str) -> (u64, String) {
    let made = commit(client, "main?create_pr=1", &[header("Propose"), file(path, content)])
        .await
        .ok();
    let url = made["pullRequestUrl"].as_str().unwrap();
    let number = url.rsplit('/').next().unwrap().parse().unwrap();
    (number, made["commitOid"].as_str().unwrap().to_owned())
}

async fn details(client: &Client, number: u64) -> Value {
    client.get(&format!("{DISCUSSIONS}/{number}?diff=1")).await.ok()
}

fn kinds(details: &Value) -> Vec<&str> {
    let events = details["events"].as_array().unwrap().iter();
    events.map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_discussion_holds_what_was_said_edited_hidden_renamed_and_closed() {
    let (app, ana, ben) = with_two().await;
    let number = open(&ben, "Which gauges?", false).await;
    assert_eq!(number, 1);
    let one = format!("{DISCUSSIONS}/1");
    let said = ana
        .post(&format!("{one}/comment"), &json!({ "comment": "All <b>." }))
        .await
        .ok();
    let said = &said["newMessage"];
    assert_eq!(said["data"]["latest"]["raw"], "All <b>.");
    let unsafe_text = json!({ "comment": "**Most** <script>alert(1)</script> [here](javascript:alert(1))" });
    let rendered = ben.post(&format!("{one}/comment"), &unsafe_text).await.ok();
    let html = rendered["newMessage"]["data"]["latest"]["html"].as_str().unwrap();
    assert!(html.contains("<strong>Most</strong>"), "{html}");
    assert!(!html.contains("<script") && !html.contains("javascript:"), "{html}");
    let comment = format!("{one}/comment/{}", said["id"].as_str().unwrap());
    let edit = json!({ "content": "Most." });
    assert_eq!(
        ben.post(&format!("{comment}/edit"), &edit).await.status.as_u16(),
        403,
        "only the author edits"
    );
    let edited = ana.post(&format!("{comment}/edit"), &edit).await.ok();
    assert_eq!(edited["updatedComment"]["data"]["edited"], true);
    assert_eq!(edited["updatedComment"]["data"]["history"][0]["raw"], "All <b>.");
    ben.post(&format!("{one}/title"), &json!({ "title": "Gauges" }))
        .await
        .ok();
    ana.post(
        &format!("{one}/status"),
        &json!({ "status": "closed", "comment": "Done." }),
    )
    .await
    .ok();
    let again = ana.post(&format!("{one}/status"), &json!({ "status": "closed" })).await;
    assert_eq!(again.status.as_u16(), 409);
    assert_eq!(
        ben.post(&format!("{comment}/hide"), &json!({})).await.status.as_u16(),
        403
    );
    let hidden = ana.post(&format!("{comment}/hide"), &json!({})).await.ok();
    assert_eq!(hidden["updatedComment"]["data"]["latest"]["raw"], "");
    assert_eq!(ana.post(&format!("{comment}/edit"), &edit).await.status.as_u16(), 404);
    let whole = details(&ben, 1).await;
    assert_eq!(
        kinds(&whole),
        [
            "comment",
            "comment",
            "comment",
            "title-change",
            "comment",
            "status-change"
        ]
    );
    assert_eq!(
        (&whole["title"], &whole["status"]),
        (&json!("Gauges"), &json!("closed"))
    );
    assert!(whole.get("changes").is_none());
    app.finish().await;
}

#[tokio::test]
async fn discussions_are_listed_by_type_status_and_author_the_newest_first() {
    let (app, ana, ben) = with_two().await;
    open(&ana, "One", false).await;
    open(&ben, "Two", true).await;
    open(&ben, "Three", false).await;
    ana.post(&format!("{DISCUSSIONS}/1/status"), &json!({ "status": "closed" }))
        .await
        .ok();
    for (query, expected) in [
        ("", vec![3, 2, 1]),
        ("?type=pull_request", vec![2]),
        ("?type=discussion", vec![3, 1]),
        ("?status=open", vec![3, 2]),
        ("?status=closed", vec![1]),
        ("?author=BEN&status=open&type=discussion", vec![3]),
        ("?author=nobody", vec![]),
        ("?p=1", vec![]),
    ] {
        let list = ana.get(&format!("{DISCUSSIONS}{query}")).await.ok();
        let numbers: Vec<u64> = list["discussions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["num"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, expected, "{query}");
    }
    let list = ana.get(&format!("{DISCUSSIONS}?p=0&type=all")).await.ok();
    assert_eq!((&list["count"], &list["start"]), (&json!(3), &json!(0)));
    assert_eq!(
        list["discussions"][1]["repo"],
        json!({ "name": "ana/rain", "type": "model" })
    );
    assert_eq!(ana.get(&format!("{DISCUSSIONS}?type=wish")).await.status.as_u16(), 400);
    app.finish().await;
}

#[tokio::test]
async fn a_reader_proposes_a_commit_goes_on_with_it_and_a_writer_merges_it() {
    let (app, ana, ben) = with_two().await;
    let advice = json!({ "files": [{ "path": "b.txt", "size": 1, "sample": "YQ==" }] });
    ben.post(&format!("{BASE}/preupload/main?create_pr=1"), &advice)
        .await
        .ok();
    assert_eq!(
        ben.post(&format!("{BASE}/preupload/main"), &advice)
            .await
            .status
            .as_u16(),
        403
    );
    let (number, first) = propose(&ben, "b.txt", "b").await;
    let reference = format!("refs%2Fpr%2F{number}");
    ben.post(&format!("{BASE}/preupload/{reference}"), &advice).await.ok();
    let second = commit(&ben, &reference, &[header("Go on"), file("c/d.txt", "d")])
        .await
        .ok();
    let second = second["commitOid"].as_str().unwrap();
    let refs = ana.get(&format!("{BASE}/refs?include_prs=1")).await.ok();
    let named = json!([{ "name": "1", "ref": "refs/pr/1", "targetCommit": second }]);
    assert_eq!(refs["pullRequests"], named);
    assert!(
        ana.get(&format!("{BASE}/refs"))
            .await
            .ok()
            .get("pullRequests")
            .is_none()
    );
    assert_eq!(
        ana.get(&format!("/ana/rain/resolve/{reference}/c/d.txt")).await.text(),
        "d"
    );
    assert_eq!(
        ana.get(&format!("{BASE}/revision/{reference}")).await.ok()["sha"],
        second
    );
    assert_eq!(
        ana.get(&format!("{BASE}/commits/{reference}")).await.ok()[1]["id"],
        first.as_str()
    );
    assert_eq!(ana.get("/ana/rain/resolve/main/b.txt").await.status.as_u16(), 404);
    let whole = details(&ana, number).await;
    assert_eq!(kinds(&whole), ["comment", "commit", "commit"]);
    assert_eq!(whole["changes"]["base"], "refs/heads/main");
    assert_eq!(whole["filesWithConflicts"], json!([]));
    let diff = whole["diff"].as_str().unwrap();
    assert!(diff.contains("+++ b/c/d.txt") && diff.contains("+d"), "{diff}");

    let merge = format!("{DISCUSSIONS}/{number}/merge");
    assert_eq!(ben.post(&merge, &json!({})).await.status.as_u16(), 403);
    commit(&ana, "main", &[header("Meanwhile"), file("a.txt", "one\ntwo\n3\n")])
        .await
        .ok();
    ana.post(&merge, &json!({ "comment": "Thanks." })).await.ok();
    assert_eq!(ana.get("/ana/rain/resolve/main/c/d.txt").await.text(), "d");
    assert_eq!(ana.get("/ana/rain/resolve/main/a.txt").await.text(), "one\ntwo\n3\n");
    let whole = details(&ana, number).await;
    assert_eq!(whole["status"], "merged");
    assert_eq!(
        kinds(&whole),
        ["comment", "commit", "commit", "status-change", "comment"]
    );
    assert_eq!(whole["changes"]["mergeCommitId"], ana.get(BASE).await.ok()["sha"]);
    let onto = whole["changes"]["mergedOntoId"].as_str().unwrap();
    let compared = format!("/api/v1/repos/ana/rain/compare?base={onto}&head={reference}");
    let compared = ana.get(&compared).await.ok();
    assert_eq!(
        compared["diff"]["files"].as_array().unwrap().len(),
        2,
        "what was merged is told from before the merge"
    );
    assert!(whole["diff"].as_str().unwrap().contains("+++ b/b.txt"));
    assert_eq!(ana.post(&merge, &json!({})).await.status.as_u16(), 409);
    assert_eq!(
        commit(&ben, &reference, &[header("Late"), file("e.txt", "e")])
            .await
            .status
            .as_u16(),
        409
    );
    app.finish().await;
}

#[tokio::test]
async fn nobody_commits_to_a_pull_request_but_its_author_and_writers_and_it_to_nothing_else() {
    let (app, ana, ben) = with_two().await;
    let cleo = app.user("cleo").await;
    let number = open(&ben, "Mine", true).await;
    let reference = format!("refs%2Fpr%2F{number}");
    let lines = [header("One"), file("b.txt", "b")];
    refused(&commit(&cleo, &reference, &lines).await, 403, "");
    refused(&commit(&ben, "main", &lines).await, 403, "");
    commit(&ana, &reference, &lines).await.ok();
    commit(&ben, &reference, &[header("Two"), file("c.txt", "c")])
        .await
        .ok();
    refused(&commit(&ana, "refs%2Fpr%2F9", &lines).await, 404, "RevisionNotFound");
    refused(&commit(&ana, "none?create_pr=1", &lines).await, 404, "RevisionNotFound");
    refused(&commit(&app.anonymous(), "main?create_pr=1", &lines).await, 401, "");
    let missing = [header("No"), step("deletedFile", json!({ "path": "none" }))];
    let failed = commit(&ben, "main?create_pr=1", &missing).await;
    refused(&failed, 404, "EntryNotFound");
    let refs = ana.get(&format!("{BASE}/refs?include_prs=true")).await.ok();
    assert_eq!(
        refs["pullRequests"].as_array().unwrap().len(),
        1,
        "what failed leaves nothing"
    );
    // Other doors do not lead there.
    let upload = ana.upload_call("ana/rain?branch=refs/pr/1", "d.txt", "d").await;
    assert!(!upload.status.is_success() || ana.get(&format!("{BASE}/refs?include_prs=1")).await.ok() == refs);
    let draft = ana.post(&format!("{DISCUSSIONS}/{number}/merge"), &json!({})).await;
    assert_eq!(draft.status.as_u16(), 409, "a draft is not merged");
    app.finish().await;
}

#[tokio::test]
async fn a_pull_request_that_cannot_be_merged_names_the_files_and_changes_nothing() {
    let (app, ana, ben) = with_two().await;
    let (number, _) = propose(&ben, "a.txt", "one\n2\nthree\n").await;
    commit(&ana, "main", &[header("Other"), file("a.txt", "one\nII\nthree\n")])
        .await
        .ok();
    let tip = ana.get(BASE).await.ok()["sha"].clone();
    assert_eq!(details(&ben, number).await["filesWithConflicts"], json!(["a.txt"]));
    let merge = ana
        .post(&format!("{DISCUSSIONS}/{number}/merge"), &json!({ "comment": "Now" }))
        .await;
    assert_eq!(merge.status.as_u16(), 409);
    assert!(merge.text().contains("a.txt"), "{}", merge.text());
    assert_eq!(ana.get(BASE).await.ok()["sha"], tip);
    assert_eq!(kinds(&details(&ben, number).await), ["comment", "commit"]);
    // Its author settles it by taking the text of the branch.
    let reference = format!("refs%2Fpr%2F{number}");
    commit(&ben, &reference, &[header("Agree"), file("a.txt", "one\nII\nthree\n")])
        .await
        .ok();
    ana.post(&format!("{DISCUSSIONS}/{number}/merge"), &json!({}))
        .await
        .ok();
    assert_eq!(ana.get("/ana/rain/resolve/main/a.txt").await.text(), "one\nII\nthree\n");
    app.finish().await;
}

#[tokio::test]
async fn discussions_survive_a_kill_follow_a_rename_and_go_with_their_repository() {
    let (mut app, ana, ben) = with_two().await;
    let (number, oid) = propose(&ben, "b.txt", "b").await;
    app.kill().await;
    app.start_again().await;
    let (ana, ben) = (app.log_in(&ana.name).await, app.log_in(&ben.name).await);
    assert_eq!(details(&ben, number).await["events"][1]["data"]["oid"], oid.as_str());
    let moved = json!({ "fromRepo": "ana/rain", "toRepo": "ana/snow", "type": "model" });
    ana.post("/api/repos/move", &moved).await.ok();
    let list = ben.get("/api/models/ana/snow/discussions").await.ok();
    assert_eq!(
        (&list["count"], &list["discussions"][0]["num"]),
        (&json!(1), &json!(number))
    );
    ana.call(Method::DELETE, "/api/ana/snow").await.ok();
    assert_eq!(ben.get("/api/models/ana/snow/discussions").await.status.as_u16(), 404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_git_fetches_a_pull_request_by_its_reference_and_cannot_push_it() {
    let (app, ana, ben) = with_two().await;
    let (number, oid) = propose(&ben, "b.txt", "b").await;
    let url = format!("{}/ana/rain", app.address());
    let work = Work::new();
    let reference = format!("refs/pr/{number}");
    assert!(work.git(&["ls-remote", &url]).contains(&reference));
    work.git(&["fetch", &url, &reference]);
    assert_eq!(work.tip("FETCH_HEAD"), oid);
    work.git(&["reset", "--hard", "FETCH_HEAD"]);
    work.commit("More");
    let said = work.refused(&ana, &url, &[&format!("HEAD:{reference}")]);
    assert!(said.contains("only branches"), "{said}");
    let said = work.refused(&ana, &url, &[&format!(":{reference}")]);
    assert!(said.contains("only branches"), "{said}");
    app.finish().await;
}
