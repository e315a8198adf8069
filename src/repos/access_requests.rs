//! Requests of readers for the content of gated repositories. Those that were accepted are part of every question of access
//! to content; they stay when a repository is gated no more, and count again when it is gated anew.

use super::access::AdminRepo;
use super::model::Gating;
use super::{ReadRepo, Repos, ReposError, event, store};
use crate::base::{RepositoryId, Timestamp, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{Descending, Index, ReadRows, Records, Scan, StoreError, WriteTx};
use crate::users::{Account, Caller, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest reason of a rejection, in characters.
const REASON_MAX_CHARS: usize = 500;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessStatus {
    /// It waits for an administrator of the repository.
    Pending,
    /// The account may read content.
    Accepted,
    /// The account may not.
    Rejected,
}

impl AccessStatus {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Accepted => 1,
            Self::Rejected => 2,
        }
    }
}

/// The request of an account for access, or the access that it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Where it stands.
    pub status: AccessStatus,
    /// Whether the account asked; if not, access was given to it. Only who asked has told an address of mail to those who
    /// administer the repository.
    pub asked: bool,
    /// When it was asked, or given.
    pub since: Timestamp,
    /// Why it was rejected.
    pub reason: Option<String>,
}

/// How the caller stands to the content of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyAccess {
    /// Whether it may read it.
    pub granted: bool,
    /// The request of its account.
    pub request: Option<AccessRequest>,
}

type RequestKey = (RepositoryId, UserId);
type StatusKey = (RepositoryId, u8, Descending<Timestamp>);

const BY_STATUS: Index<StatusKey, RequestKey> = Index::new("access_requests_by_status");
const REQUESTS: Records<RequestKey, AccessRequest> = Records::new(
    "access_requests",
    |key, request| {
        let status = request.status.number();
        vec![BY_STATUS.entry(&(key.0, status, Descending(request.since)), key)]
    },
    &["access_requests_by_status"],
);

impl Repos {
    /// Asks for access on behalf of the caller: given at once where gating is automatic. Asking twice is asking once.
    pub async fn ask_access(
        &self,
        caller: &Caller,
        proof: &ReadRepo,
        origin: Origin,
    ) -> Result<AccessRequest, ReposError> {
        let (id, account) = (proof.id(), caller.require_scope(Scope::Write)?.id);
        if !caller.allows_repository(id) {
            return Err(ReposError::TokenRefused);
        }
        let mine = self.my_access(caller, proof)?;
        match mine.request {
            Some(request) if request.status == AccessStatus::Pending => return Ok(request),
            _ if mine.granted && proof.repository().gating != Gating::Off => return Err(ReposError::HasAccess),
            _ => {}
        }
        let (events, now) = (self.events.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let repository = store::repository(tx, id)?.filter(super::Repository::is_live);
                let repository = repository.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                let status = match repository.gating {
                    Gating::Off => return Err(ReposError::NotGated),
                    Gating::Auto => AccessStatus::Accepted,
                    Gating::Manual => AccessStatus::Pending,
                };
                if let Some(before) = REQUESTS.get(tx, &(id, account))? {
                    return Err(ReposError::RequestStands(before.status.as_str()));
                }
                let request = AccessRequest {
                    status,
                    asked: true,
                    since: now,
                    reason: None,
                };
                REQUESTS.put(tx, &(id, account), &request)?;
                let asked = NewEvent::new(event::ACCESS_ASKED, &origin, Subject::Repository(id));
                events.record(tx, asked.with(json!({ "account": account, "status": status })))?;
                Ok(request)
            })
            .await
    }

    /// How the caller stands to the content of a repository that it may read.
    pub fn my_access(&self, caller: &Caller, proof: &ReadRepo) -> Result<MyAccess, ReposError> {
        let granted = match self.content_readable(caller, proof.clone()) {
            Ok(_) => true,
            Err(ReposError::Gated { .. }) => false,
            Err(error) => return Err(error),
        };
        let key = caller.user_id().map(|account| (proof.id(), account));
        let request = self
            .store
            .read(|tx| key.map(|key| REQUESTS.get(tx, &key)).transpose())?;
        let request = request.flatten();
        Ok(MyAccess { granted, request })
    }

    /// Requests that stand so, the newest first, and how many there are.
    pub fn access_requests(
        &self,
        proof: &AdminRepo,
        status: AccessStatus,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<(UserId, AccessRequest)>, u64), StoreError> {
        let prefix = (proof.repository().id, status.number());
        self.store.read(|tx| {
            let page = Scan::prefix(&prefix).limit(offset.saturating_add(limit));
            let mut found = Vec::new();
            for key in BY_STATUS.ids(tx, &page)?.into_iter().skip(offset) {
                found.extend(REQUESTS.get(tx, &key)?.map(|request| (key.1, request)));
            }
            Ok((found, BY_STATUS.count(tx, &Scan::prefix(&prefix))?))
        })
    }

    /// Decides about the request of an account, or takes a decision back.
    pub async fn handle_access(
        &self,
        proof: &AdminRepo,
        account: UserId,
        status: AccessStatus,
        reason: Option<String>,
        origin: Origin,
    ) -> Result<AccessRequest, ReposError> {
        if reason
            .as_ref()
            .is_some_and(|text| text.chars().count() > REASON_MAX_CHARS)
        {
            let message = format!("A reason has at most {REASON_MAX_CHARS} characters.");
            return Err(ReposError::Invalid {
                field: "reason",
                message,
            });
        }
        let (id, events) = (proof.repository().id, self.events.clone());
        self.store
            .write(move |tx| {
                let before = REQUESTS.get(tx, &(id, account))?.ok_or(ReposError::NoAccessRequest)?;
                if before.status == status {
                    return Err(ReposError::RequestStands(status.as_str()));
                }
                let reason = reason.filter(|_| status == AccessStatus::Rejected);
                let request = AccessRequest {
                    status,
                    reason,
                    ..before
                };
                REQUESTS.put(tx, &(id, account), &request)?;
                events.record(tx, handled(id, account, status, &origin))?;
                Ok(request)
            })
            .await
    }

    /// Gives access to an account, whether it asked or not.
    pub async fn grant_access(
        &self,
        proof: &AdminRepo,
        account: &Account,
        origin: Origin,
    ) -> Result<AccessRequest, ReposError> {
        let (id, account, now) = (proof.repository().id, account.id, self.clock.now());
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let before = REQUESTS.get(tx, &(id, account))?;
                let status = AccessStatus::Accepted;
                if before.as_ref().is_some_and(|before| before.status == status) {
                    return Err(ReposError::HasAccess);
                }
                let request = AccessRequest {
                    status,
                    asked: before.as_ref().is_some_and(|before| before.asked),
                    since: before.map_or(now, |before| before.since),
                    reason: None,
                };
                REQUESTS.put(tx, &(id, account), &request)?;
                events.record(tx, handled(id, account, status, &origin))?;
                Ok(request)
            })
            .await
    }
}

fn handled(id: RepositoryId, account: UserId, status: AccessStatus, origin: &Origin) -> NewEvent {
    NewEvent::new(event::ACCESS_HANDLED, origin, Subject::Repository(id))
        .with(json!({ "account": account, "status": status }))
}

/// Whether an account was given access to the content of a repository.
pub(super) fn is_accepted(tx: &impl ReadRows, id: RepositoryId, account: UserId) -> Result<bool, StoreError> {
    let request = REQUESTS.get(tx, &(id, account))?;
    Ok(request.is_some_and(|request| request.status == AccessStatus::Accepted))
}

/// Removes the rows of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    for (key, _) in REQUESTS.list(tx, &Scan::prefix(&(id,)))? {
        REQUESTS.delete(tx, &key)?;
    }
    Ok(())
}

/// Rows that lead nowhere, or one way only.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = REQUESTS.check(tx)?;
    for ((id, account), _) in REQUESTS.list(tx, &Scan::all())? {
        if store::repository(tx, id)?.is_none() {
            problems.push(format!(
                "account {account} asked for access to repository {id}, which does not exist"
            ));
        }
        if crate::users::account(tx, account)?.is_none() {
            problems.push(format!(
                "account {account} asked for access to repository {id} and does not exist"
            ));
        }
    }
    Ok(problems)
}
