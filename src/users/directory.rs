use super::error::UsersError;
use super::model::Account;
use super::{Users, store};
use crate::base::{self, AccountName, UserId};
use crate::http::{Page, PageRange};

/// Which accounts to list. What is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Part of the name or the full name, without regard to case.
    pub text: Option<String>,
    /// For administrators: deactivated accounts too, and a text may be part of the e-mail address.
    pub everything: bool,
}

impl AccountFilter {
    fn matches(&self, account: &Account) -> bool {
        if !account.is_active && !self.everything {
            return false;
        }
        let Some(text) = &self.text else { return true };
        let text = text.trim().to_lowercase();
        let holds = |field: &str| field.to_lowercase().contains(&text);
        let email = account.email.as_ref().filter(|_| self.everything);
        holds(account.name.as_str())
            || account.profile.full_name.as_deref().is_some_and(holds)
            || email.is_some_and(|email| holds(email.as_str()))
    }
}

impl Users {
    /// The account with this id.
    pub fn find(&self, id: UserId) -> Result<Option<Account>, UsersError> {
        self.0.store.read(|tx| Ok(store::account(tx, id)?))
    }

    /// The account with this name, without regard to case; an error that names it when there is none.
    pub fn get(&self, name: &AccountName) -> Result<Account, UsersError> {
        let account = self.0.store.read(|tx| store::account_by_name(tx, name))?;
        account.ok_or_else(|| UsersError::UnknownAccount(name.to_string()))
    }

    /// A page of accounts, sorted by name.
    pub async fn list(&self, filter: AccountFilter, range: PageRange) -> Result<Page<Account>, UsersError> {
        let users = self.clone();
        base::blocking(move || {
            let mut accounts = users.0.store.read(store::all_accounts)?;
            accounts.retain(|account| filter.matches(account));
            accounts.sort_by_cached_key(|account| account.name.key());
            Ok(Page::cut(accounts, range))
        })
        .await
    }

    /// Bytes that an account may store: its own quota, or the configured one.
    pub fn quota_bytes(&self, account: &Account) -> u64 {
        account
            .storage_quota
            .unwrap_or_else(|| self.0.config.current().storage.quota.bytes())
    }

    /// Bytes of large content that people may propose to a repository to which they may not write.
    pub fn contribution_bytes(&self) -> u64 {
        self.0.config.current().storage.contributions.bytes()
    }

    /// Whether the hub waits for its first account, which will administer it.
    pub fn is_empty(&self) -> Result<bool, UsersError> {
        self.0.store.read(|tx| Ok(store::is_empty(tx)?))
    }
}
