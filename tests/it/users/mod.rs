//! Accounts, logins, tokens and who may do what.

mod accounts;
mod support;
