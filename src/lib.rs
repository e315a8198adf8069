//! GeoML-Hub: the hub a research group runs itself for its geoscience machine-learning models and datasets.
//!
//! The modules stand in reading order, which is also the import order: a module uses only modules below it.
//! `tests/it/architecture.rs` holds that.

// Maintenance as an administrator sees it: tasks and what they last did.
pub mod admin;
// Composition root: builds the hub, registers routes and background work, shuts it down.
pub mod app;
// Identifiers, clock, names, sizes.
pub mod base;
// Content-addressed blobs on local disk or S3; the only home of object_store.
pub mod blobs;
// Cards: README front matter parsed, validated, edited and rendered.
pub mod cards;
// Commands of the `geoml-hub` binary; the only home of clap.
pub mod cli;
// Layered configuration.
pub mod config;
// Commit history and single commits as an editor shows them.
pub mod editor;
// Append-only record of what happened, by whom and from where.
pub mod events;
// Files of repositories: listing, download, upload, move, copy, delete.
pub mod files;
// Git engine: object database, packs, history; the only home of gix.
pub mod git;
// Front door for the clients of the Hugging Face Hub.
pub mod hf;
// HTTP toolkit: extractors, error envelope, pages, ranges. No routes.
pub mod http;
// Webhooks: who is told of what happens, and how it went.
pub mod hooks;
// Durable queue and periodic tasks with visible status.
pub mod jobs;
// Signing keys and signatures of URLs and tokens.
pub mod keys;
// What the files of models say of them.
pub mod models;
// Discussions and pull requests.
pub mod pulls;
// Repositories: names, visibility, settings, and the one way to commit to them.
pub mod repos;
// Full-text search over repositories, users and files; the only home of tantivy.
pub mod search;
// Stars, follows, views, downloads and what trends.
pub mod social;
// Typed tables over redb with group commit; the only home of redb.
pub mod store;
// The classification tree and the links of repositories to it.
pub mod taxonomy;
// Structured logs.
pub mod telemetry;
// Front door for stock git and git LFS.
pub mod transport;
// Accounts, sessions, access tokens and who may do what.
pub mod users;
// Front door for people and probes: the web UI, health, API documentation.
pub mod web;
