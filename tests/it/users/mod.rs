//! Accounts, logins, tokens and who may do what.

mod accounts;
mod devices;
mod http;
mod logins;
mod profiles;
mod support;
mod tokens;
