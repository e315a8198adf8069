use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::base::{RepositoryId, Timestamp, UserId};
use crate::http::RequestId;

/// Who causes something, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The account; none for the hub itself and for somebody unknown.
    pub actor: Option<UserId>,
    /// The address the request came from; none outside of requests.
    pub address: Option<IpAddr>,
    /// The id under which the request stands in the log; empty outside of requests.
    pub request_id: String,
}

impl Origin {
    /// The hub itself.
    pub fn system() -> Self {
        Self::default()
    }

    /// An account, in the request that this task answers. Not to be called in a transaction, which runs elsewhere.
    pub fn of_request(actor: Option<UserId>, address: IpAddr) -> Self {
        Self {
            actor,
            address: Some(address),
            request_id: RequestId::current(),
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A user or an organization.
    Account(UserId),
    /// A repository.
    Repository(RepositoryId),
    /// Something else, as `kind:name`.
    Other(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(formatter, "account:{id}"),
            Self::Repository(id) => write!(formatter, "repository:{id}"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

/// An event to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who causes it, and from where.
    pub origin: Origin,
    /// What happened, such as `repository.created`. A kind is never renamed.
    pub kind: &'static str,
    /// To what.
    pub subject: Option<Subject>,
    /// A few facts; nothing secret, nothing large.
    pub details: serde_json::Value,
}

impl NewEvent {
    /// An event without details.
    pub fn new(kind: &'static str, origin: &Origin, subject: Subject) -> Self {
        Self {
            origin: origin.clone(),
            kind,
            subject: Some(subject),
            details: serde_json::Value::Null,
        }
    }

    /// The same event with these facts.
    #[must_use]
    pub fn with(mut self, details: serde_json::Value) -> Self {
        self.details = details;
        self
    }
}

/// An event as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the record, from 1, without gaps.
    pub sequence: u64,
    /// When it was recorded.
    pub time: Timestamp,
    /// The account that caused it; none for the hub itself and for somebody unknown.
    pub actor: Option<UserId>,
    /// The address the request came from.
    pub address: Option<IpAddr>,
    /// The id under which the request stands in the log; empty outside of requests.
    pub request_id: String,
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject: Option<Subject>,
    /// A few facts.
    pub details: serde_json::Value,
}
