//! Commands of the `geoml-hub` binary. The only home of clap.

/// `geoml-hub serve`.
mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The hub of a research group for its geoscience machine-learning models and datasets.
#[derive(Debug, Parser)]
#[command(name = "geoml-hub", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hub until it is told to stop.
    Serve(serve::Serve),
}

/// Parses the command line, runs one command and says how it went.
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where a command says why it failed")]
fn say_error(error: &anyhow::Error) {
    eprintln!("geoml-hub: {error:#}");
}

/// Writes a line of a command's answer.
#[expect(clippy::print_stdout, reason = "the one place where a command answers")]
fn say(line: &str) {
    println!("{line}");
}
