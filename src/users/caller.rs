//! Who asks, and the proofs of what they may do. All fields are private: only `super::Users` makes a caller, and only
//! a caller makes a proof.

use super::error::UsersError;
use super::members;
use super::model::{Account, MemberRole, Scope};
use crate::base::{RepositoryId, SessionId, TokenId, UserId};
use crate::events::Origin;
use crate::http::RequestInfo;
use crate::store::{ReadRows, StoreError};

/// Who sent a request: nobody in particular, or an active account with a credential.
#[derive(Debug, Clone)]
pub struct Caller(Option<Box<Authenticated>>);

#[derive(Debug, Clone)]
struct Authenticated {
    account: Account,
    credential: Credential,
    organizations: Vec<(UserId, MemberRole)>,
}

/// How the account showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// The access token of a login.
    Session(SessionId),
    /// A personal access token.
    Token {
        id: TokenId,
        scope: Scope,
        repositories: Option<Vec<RepositoryId>>,
    },
    /// The name and the password themselves, as git sends them with every request.
    Password,
    /// The command line on the hub's own machine.
    Console,
    /// A signed address: reads what the account reads, changes nothing.
    Link,
    /// A signed address for one change: writes what the account may write.
    WriteLink,
}

impl Caller {
    /// Somebody who sent no credential.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// An account with its roles in organizations as they are now.
    pub(super) fn new(tx: &impl ReadRows, account: Account, credential: Credential) -> Result<Self, StoreError> {
        let organizations = members::organizations_of(tx, account.id)?;
        Ok(Self(Some(Box::new(Authenticated {
            account,
            credential,
            organizations: organizations.into_iter().map(|(id, row)| (id, row.role)).collect(),
        }))))
    }

    /// The account, if there is one.
    pub fn account(&self) -> Option<&Account> {
        self.0.as_deref().map(|caller| &caller.account)
    }

    /// The id of the account, if there is one.
    pub fn user_id(&self) -> Option<UserId> {
        self.account().map(|account| account.id)
    }

    /// The organizations that the account belongs to, and what it may do there, whatever its credential.
    pub fn organizations(&self) -> &[(UserId, MemberRole)] {
        self.0.as_deref().map_or(&[], |caller| &caller.organizations)
    }

    /// What the account may do in the namespace of an organization, whatever its credential.
    pub fn role_in(&self, organization: UserId) -> Option<MemberRole> {
        let mut organizations = self.organizations().iter();
        organizations.find(|(id, _)| *id == organization).map(|(_, role)| *role)
    }

    /// What the credential allows; [`Scope::Read`] for somebody without one.
    pub fn scope(&self) -> Scope {
        match self.credential() {
            Some(Credential::Session(_) | Credential::Password | Credential::Console) => Scope::Admin,
            Some(Credential::Token { scope, .. }) => *scope,
            Some(Credential::WriteLink) => Scope::Write,
            Some(Credential::Link) | None => Scope::Read,
        }
    }

    /// Whether the credential works on this repository. Says nothing about the rights of the account.
    pub fn allows_repository(&self, id: RepositoryId) -> bool {
        self.repositories()
            .is_none_or(|repositories| repositories.contains(&id))
    }

    /// The only repositories on which the credential works; `None` when it has no such limit.
    pub fn repositories(&self) -> Option<&[RepositoryId]> {
        match self.credential() {
            Some(Credential::Token { repositories, .. }) => repositories.as_deref(),
            _ => None,
        }
    }

    /// Whether the caller has the powers of an administrator here: the role, and a credential that carries it.
    pub fn is_admin(&self) -> bool {
        let whole = self.scope() == Scope::Admin && self.repositories().is_none();
        // A link was made for one thing that the account could do.
        let is_link = matches!(self.credential(), Some(Credential::Link | Credential::WriteLink));
        let carries_role = whole || is_link;
        self.account().is_some_and(Account::is_admin) && carries_role
    }

    /// The account, or an error that asks to log in.
    pub fn require_account(&self) -> Result<&Account, UsersError> {
        self.account().ok_or(UsersError::LoginRequired)
    }

    /// The account, if the credential is that of a login and no token: for what gives others a credential.
    pub(super) fn require_login(&self) -> Result<&Account, UsersError> {
        let account = self.require_account()?;
        match self.credential() {
            Some(Credential::Session(_) | Credential::Password | Credential::Console) => Ok(account),
            Some(Credential::Token { .. } | Credential::Link | Credential::WriteLink) | None => {
                Err(UsersError::SessionRequired)
            }
        }
    }

    /// The account, if the credential has this scope. A limit to repositories is not looked at: that is for those who
    /// know the repository.
    pub fn require_scope(&self, needed: Scope) -> Result<&Account, UsersError> {
        let account = self.require_account()?;
        let given = self.scope();
        if given < needed {
            return Err(UsersError::ScopeTooSmall { needed, given });
        }
        Ok(account)
    }

    /// The account, if the credential has this scope and no limit to repositories: for everything that is not about
    /// one repository, such as the account itself, following, or making a repository.
    pub fn require_whole_account(&self, needed: Scope) -> Result<&Account, UsersError> {
        let account = self.require_scope(needed)?;
        if self.repositories().is_some() {
            return Err(UsersError::RepositoryTokenRefused);
        }
        Ok(account)
    }

    /// Proves the powers of an administrator.
    pub fn require_admin(&self) -> Result<Admin, UsersError> {
        let account = self.require_account()?;
        if !account.is_admin() {
            return Err(UsersError::AdminRequired);
        }
        self.require_whole_account(Scope::Admin)
            .map(|account| Admin { account: account.id })
    }

    /// Proves that the caller may change this account: it is the caller's own, an organization that the caller
    /// administers, or the caller administers the hub.
    pub fn require_self_or_admin(&self, target: Account, needed: Scope) -> Result<SelfOrAdmin, UsersError> {
        let account = self.require_whole_account(needed)?;
        let admin = self.is_admin();
        let administers = self.role_in(target.id) == Some(MemberRole::Admin);
        if account.id != target.id && !administers && !admin {
            return Err(UsersError::NotYours);
        }
        Ok(SelfOrAdmin {
            actor: account.id,
            target,
            admin,
            session: self.session(),
        })
    }

    /// Who causes something, and from which address, for the record of events.
    pub fn origin(&self, request: &RequestInfo) -> Origin {
        Origin::of_request(self.user_id(), request.address)
    }

    /// The login behind the credential.
    pub(super) fn session(&self) -> Option<SessionId> {
        match self.credential() {
            Some(Credential::Session(id)) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        self.0.as_deref().map(|caller| &caller.credential)
    }
}

/// Proof that the caller administers the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin {
    account: UserId,
}

impl Admin {
    /// The administrator's account.
    pub fn account(&self) -> UserId {
        self.account
    }
}

/// Proof that the caller may change an account.
#[derive(Debug, Clone)]
pub struct SelfOrAdmin {
    actor: UserId,
    target: Account,
    admin: bool,
    session: Option<SessionId>,
}

impl SelfOrAdmin {
    /// The account that may be changed, as it was when the proof was made.
    pub fn target(&self) -> &Account {
        &self.target
    }

    /// Who changes it.
    pub fn actor(&self) -> UserId {
        self.actor
    }

    /// Whether the caller administers the hub.
    pub fn is_admin(&self) -> bool {
        self.admin
    }

    /// Whether the caller changes the own account.
    pub fn is_self(&self) -> bool {
        self.actor == self.target.id
    }

    /// The caller's login, when it is one of the account to be changed.
    pub(super) fn own_session(&self) -> Option<SessionId> {
        self.session.filter(|_| self.is_self())
    }
}
