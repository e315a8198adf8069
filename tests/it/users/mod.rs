//! Accounts, logins, tokens and who may do what.

mod accounts;
mod http;
mod logins;
mod profiles;
mod support;
mod tokens;
