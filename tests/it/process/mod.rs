//! The binary as an operator meets it: starting, stopping, being killed, a folder or a port that is not to be had.

mod commands;
mod demo;
mod full_disk;
mod index;
mod kill;
mod life;
mod reindex;
mod trouble;
mod users;
mod watching;
mod writers;
