//! What others build on, written down: a change of any of it shows in a file under this folder.

/// The command line.
mod command_line;
/// The form of errors and the codes in them.
mod errors;
/// Who gets what from every route.
mod matrix;
/// The description of the API and what has to hold for all of it.
mod openapi;
/// Names that no account may have.
mod reserved_names;
/// The tables of the store.
mod tables;
