//! Cards: reading, editing and rendering README.md.

mod edit;
mod hostile;
mod parse;
mod render;
mod templates;
