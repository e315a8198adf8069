//! Every route, asked by everybody: what each person gets is written down in `matrix.txt`, so that a change of anybody's
//! rights shows in review. A route without a recipe fails the test.

/// What each operation needs to be asked sensibly.
mod recipe;
/// Repositories, uploads, tokens for one question.
mod stage;

use super::openapi::{Operation, document, operations, parameters_of};
use crate::support::{Reply, assert_snapshot};
use futures_util::future::join_all;
use serde_json::Value;
use stage::{PERSONAS, Persona, Stage};
use std::fmt::Write as _;

/// Whether the address names one repository, directly or by something in it.
fn names_a_repository(path: &str) -> bool {
    parameters_of(path).any(|name| matches!(name, "repo_name" | "repo" | "repository_id" | "file_id"))
}

fn visibilities(path: &str) -> &'static [&'static str] {
    if names_a_repository(path) {
        &["public", "private"]
    } else {
        &["public"]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_from_every_route_what_the_matrix_says() {
    let document = document();
    let stage = Stage::set().await;
    let mut table = HEAD.to_owned();
    let mut problems = Vec::new();
    for (operation, _) in operations(&document) {
        let Some(row) = row(&stage, &operation, &mut problems).await else {
            problems.push(format!("{} {} has no recipe", operation.0, operation.1));
            continue;
        };
        table.push_str(&row);
    }
    stage.app.finish().await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_snapshot("tests/it/contract/matrix.txt", &table);
}

const HEAD: &str = "\
# What everybody gets from every route. A cell of two is of a public and of a private repository.
# stranger: an account without any part in the repository. read: the owner's token of scope read. other: the owner's
# token of scope admin that is limited to another repository. admin: an administrator of the hub. reader, writer, manager:
# collaborators who may read, write, administer the repository.
# operation                                                                  anonymous stranger owner   read    other   admin   reader  writer  manager
";

async fn row(stage: &Stage, operation: &Operation, problems: &mut Vec<String>) -> Option<String> {
    let (method, path) = operation;
    let mut row = format!("{:<76}", format!("{method} {path}"));
    // At once, because each question has a repository of its own.
    let cells = join_all(PERSONAS.map(|persona| {
        let questions = visibilities(path)
            .iter()
            .map(move |visibility| stage.ask(operation, persona, visibility));
        join_all(questions)
    }));
    for (persona, replies) in PERSONAS.into_iter().zip(cells.await) {
        let mut cell = Vec::new();
        for reply in replies {
            let reply = reply?;
            problems.extend(complaint(operation, persona, &reply));
            cell.push(reply.status.as_u16().to_string());
        }
        cell.dedup();
        write!(row, " {:<width$}", cell.join("/"), width = persona.column_width()).unwrap();
    }
    Some(format!("{}\n", row.trim_end()))
}

/// Questions whose sensible answer is that there is nothing yet.
const NOTHING_YET: &[&str] = &["/api/users/{username}/avatar", "/api/auth/device"];

/// What no route may answer to anybody, whatever the table says.
fn complaint((method, path): &Operation, persona: Persona, reply: &Reply) -> Option<String> {
    let status = reply.status.as_u16();
    let rule = if status >= 500 {
        "a question is never a fault of the hub"
    } else if persona == Persona::Owner && matches!(status, 404 | 405) && !NOTHING_YET.contains(&path.as_str()) {
        "the recipe asks for something that is not there"
    } else {
        return None;
    };
    Some(format!("{method} {path}: {rule}: {status} {}", reply.text()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_repository_answers_strangers_exactly_like_a_missing_one() {
    let document = document();
    let stage = Stage::set().await;
    let mut differences = Vec::new();
    for (operation, _) in operations(&document) {
        if !names_a_repository(&operation.1) {
            continue;
        }
        let personas = [Persona::Anonymous, Persona::Stranger, Persona::Other];
        let answers = join_all(personas.map(|persona| stage.ask_before_and_after_deletion(&operation, persona)));
        for (persona, answers) in personas.into_iter().zip(answers.await) {
            let Some((there, gone)) = answers else { continue };
            let (there, gone) = (essence(&there), essence(&gone));
            if there != gone {
                let (method, path) = &operation;
                differences.push(format!("{method} {path} as {persona:?}:\n  {there}\n  {gone}"));
            }
        }
    }
    stage.app.finish().await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// All that a client sees but the request id and the date.
fn essence(reply: &Reply) -> String {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    let body = match serde_json::from_slice::<Value>(&reply.body) {
        Ok(mut body) => {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("request_id");
            }
            body.to_string()
        }
        Err(_) => reply.text(),
    };
    format!("{} {} {body}", reply.status, headers.join(", "))
}
