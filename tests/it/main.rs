//! One integration crate against the real engines and the real server.

mod admin;
mod blobs;
mod cards;
mod config;
mod contract;
mod editor;
mod files;
mod git;
mod http;
mod jobs;
mod process;
mod repos;
mod search;
mod social;
mod store;
mod taxonomy;
mod users;
