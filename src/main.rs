//! The `geoml-hub` binary: parses the command line and runs one command.

fn main() {}
