//! Cards: reading, editing and rendering README.md, and what follows from it.

mod edit;
mod find;
mod follow;
mod hostile;
mod metadata;
mod parse;
mod render;
mod support;
mod templates;
