//! One integration crate against the real engines and the real server.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells its story in one piece, and may look at the machine it runs on"
)]

mod admin;
mod architecture;
mod blobs;
mod cards;
mod config;
mod contract;
mod editor;
mod events;
mod files;
mod git;
mod hf;
mod http;
mod jobs;
mod lfs;
mod process;
mod repos;
mod rest;
mod search;
mod social;
mod store;
#[allow(
    dead_code,
    unused_imports,
    reason = "a toolbox, whose last tools wait for the routes that they are for"
)]
mod support;
mod taxonomy;
mod telemetry;
mod transport;
mod users;
mod web;
mod xet;
