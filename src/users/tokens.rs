use super::caller::{Caller, Credential};
use super::error::UsersError;
use super::model::{AccessToken, Account, Scope, line};
use super::secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
use super::{Users, store};
use crate::base::{RepositoryId, Timestamp, TokenId, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::ReadRows;
use std::collections::BTreeSet;

/// Tokens that one account may have, expired ones included.
const TOKENS_PER_ACCOUNT: usize = 100;
/// Repositories to which one token may be limited.
const REPOSITORIES_PER_TOKEN: usize = 1_000;

/// What a new personal access token needs.
#[derive(Debug, Clone)]
pub struct NewAccessToken {
    /// What its owner calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it stops to work; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The only repositories it works on; `None`: all that its owner may reach.
    pub repositories: Option<Vec<RepositoryId>>,
}

impl NewAccessToken {
    /// Refuses a limit to more repositories than a token keeps, before they are looked up.
    pub(super) fn check_repository_count(count: usize) -> Result<(), UsersError> {
        if (1..=REPOSITORIES_PER_TOKEN).contains(&count) {
            return Ok(());
        }
        Err(UsersError::invalid(
            "repositories",
            format!("A token is limited to between 1 and {REPOSITORIES_PER_TOKEN} repositories, or not at all."),
        ))
    }

    /// What a program gets to whose login somebody said yes.
    pub(super) fn for_program(program: &str, scope: Scope, expires_at: Option<Timestamp>) -> Self {
        Self {
            name: program.to_owned(),
            scope,
            expires_at,
            repositories: None,
        }
    }

    /// The token itself.
    pub(super) fn token(self, id: TokenId, account: UserId, secret: &TokenSecret, now: Timestamp) -> AccessToken {
        AccessToken {
            id,
            account,
            name: self.name,
            scope: self.scope,
            repositories: self.repositories,
            digest: secret.digest(),
            hint: secret.hint(),
            created_at: now,
            expires_at: self.expires_at,
        }
    }

    /// Follows the rules, or is refused.
    pub(super) fn checked(self, now: Timestamp) -> Result<Self, UsersError> {
        let name = line("name", Some(self.name))?
            .ok_or_else(|| UsersError::invalid("name", "A token has a name by which you will know it."))?;
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(UsersError::invalid(
                "expires_at",
                "The end of a token lies in the future.",
            ));
        }
        let repositories: Option<BTreeSet<_>> = self.repositories.map(|ids| ids.into_iter().collect());
        if let Some(ids) = &repositories {
            Self::check_repository_count(ids.len())?;
        }
        Ok(Self {
            name,
            repositories: repositories.map(|ids| ids.into_iter().collect()),
            ..self
        })
    }
}

impl Users {
    /// Makes a personal access token; its secret is shown this once. Takes a login: a token that made others would
    /// outlive its own end.
    pub async fn create_token(
        &self,
        caller: &Caller,
        new: NewAccessToken,
        origin: Origin,
    ) -> Result<(AccessToken, TokenSecret), UsersError> {
        let account = caller.require_login()?;
        let now = self.0.clock.now();
        let (new, secret) = (new.checked(now)?, TokenSecret::generate(ACCESS_TOKEN_PREFIX)?);
        let token = new.token(TokenId::new(&self.0.clock), account.id, &secret, now);
        let events = self.0.events.clone();
        let token = self
            .0
            .store
            .write(move |tx| {
                check_room(tx, token.account)?;
                store::put_token(tx, &token)?;
                let event = NewEvent::new("token.created", &origin, Subject::Account(token.account));
                events.record(tx, event.with(details(&token)))?;
                Ok::<_, UsersError>(token)
            })
            .await?;
        Ok((token, secret))
    }

    /// The caller's personal access tokens, the newest first.
    pub fn list_tokens(&self, caller: &Caller) -> Result<Vec<AccessToken>, UsersError> {
        let account = caller.require_whole_account(Scope::Admin)?;
        let mut tokens = self.0.store.read(|tx| store::tokens_of(tx, account.id))?;
        tokens.reverse();
        Ok(tokens)
    }

    /// Deletes one of the caller's tokens, which stops to work at once. A token of any scope may delete itself.
    pub async fn delete_token(&self, caller: &Caller, id: TokenId, origin: Origin) -> Result<(), UsersError> {
        let owner = may_delete(caller, id)?.id;
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                let token = store::token(tx, id)?.filter(|token| token.account == owner);
                let token = token.ok_or(UsersError::UnknownToken)?;
                store::delete_token(tx, id)?;
                let event = NewEvent::new("token.deleted", &origin, Subject::Account(owner));
                events.record(tx, event.with(details(&token)))?;
                Ok(())
            })
            .await
    }

    /// The personal access token that the caller came with; `None` when it came with something else.
    pub fn token_in_use(&self, caller: &Caller) -> Result<Option<AccessToken>, UsersError> {
        match caller.credential() {
            Some(Credential::Token { id, .. }) => self.0.store.read(|tx| Ok(store::token(tx, *id)?)),
            _ => Ok(None),
        }
    }

    /// When a token was last used; `None` when never.
    pub fn last_use(&self, id: TokenId) -> Result<Option<Timestamp>, UsersError> {
        match self.0.token_uses.last(id) {
            Some(time) => Ok(Some(time)),
            None => self.0.store.read(|tx| Ok(store::TOKEN_USES.get(tx, &id)?)),
        }
    }
}

/// Refuses one more token when an account has as many as it may have.
pub(super) fn check_room(tx: &impl ReadRows, account: UserId) -> Result<(), UsersError> {
    if store::tokens_of(tx, account)?.len() >= TOKENS_PER_ACCOUNT {
        return Err(UsersError::TooManyTokens(TOKENS_PER_ACCOUNT));
    }
    Ok(())
}

fn may_delete(caller: &Caller, id: TokenId) -> Result<&Account, UsersError> {
    match caller.credential() {
        Some(Credential::Token { id: own, .. }) if *own == id => caller.require_account(),
        _ => caller.require_whole_account(Scope::Admin),
    }
}

/// What events tell of a token.
pub(super) fn details(token: &AccessToken) -> serde_json::Value {
    serde_json::json!({
        "token": token.id.to_string(),
        "name": token.name,
        "scope": token.scope.as_str(),
        "limited": token.repositories.is_some(),
    })
}
