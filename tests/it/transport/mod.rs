//! The hub as git clients meet it.

mod push;
mod push_kill;
mod push_refused;
mod push_rules;
mod push_together;
mod push_wire;
mod work;
