//! The `geoml-hub` binary: parses the command line and runs one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    geoml_hub::cli::run()
}
