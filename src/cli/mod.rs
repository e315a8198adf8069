//! Commands of the `geoml-hub` binary. The only home of clap.

/// Arguments that many commands take.
mod arguments;
/// `geoml-hub check`.
mod check;
/// `geoml-hub config`.
mod config;
/// `geoml-hub serve --demo`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of pictures and series, small and made here"
)]
mod demo;
/// `geoml-hub gc`.
mod gc;
/// Work on the data folder of a stopped hub.
mod offline;
/// Asking for a password.
mod password;
/// `geoml-hub reindex`.
mod reindex;
/// `geoml-hub serve`.
mod serve;
/// `geoml-hub user`.
mod user;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  the command did what it should
  1  it could not; a sentence on standard error says why
  2  the arguments are wrong
  3  `check` found something wrong
  130  a second signal ended the server at once";

/// How a command that could do its work ended.
enum Outcome {
    Done,
    ProblemsFound,
}

/// The hub of a research group for its geoscience machine-learning models and datasets.
#[derive(Debug, Parser)]
#[command(name = "geoml-hub", version, about, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hub until it is told to stop.
    Serve(serve::Serve),
    /// Make and list accounts, set passwords, make access tokens.
    User(user::User),
    /// Look for contradictions in the data folder of a stopped hub.
    Check(check::Check),
    /// Pack the git folders of a stopped hub anew and remove what no branch or tag has led to for long enough.
    Gc(gc::Gc),
    /// Make anew what is derived from git and metadata: path history, cards, search indexes.
    Reindex(reindex::Reindex),
    /// Show, check or begin a configuration.
    Config(config::Config),
}

/// Parses the command line, runs one command and says how it went.
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(serve) => serve.run().map(|()| Outcome::Done),
        Command::User(user) => user.run().map(|()| Outcome::Done),
        Command::Check(check) => check.run(),
        Command::Gc(gc) => gc.run().map(|()| Outcome::Done),
        Command::Reindex(reindex) => reindex.run().map(|()| Outcome::Done),
        Command::Config(config) => config.run().map(|()| Outcome::Done),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::ProblemsFound) => ExitCode::from(3),
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Says why a command failed.
fn say_error(error: &anyhow::Error) {
    // Whoever closed standard error does not want to know.
    let _ = writeln!(std::io::stderr(), "geoml-hub: {error:#}");
}

/// Writes a line of a command's answer.
fn say(line: &str) {
    // A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a question without a line break. It goes to standard error, because standard output may be redirected.
fn ask(question: &str) {
    let mut errors = std::io::stderr();
    let _ = errors.write_all(question.as_bytes()).and_then(|()| errors.flush());
}
