use crate::base::{Timestamp, UserId};
use crate::users::{Account, AccountKind, Caller, MemberRole, Users};
use serde::Serialize;
use utoipa::ToSchema;

/// An account. What is private is there for the account itself, those who administer the organization that it is, and
/// administrators only.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserView {
    /// Never changes.
    #[schema(value_type = String, format = "uuid")]
    pub id: UserId,
    /// The namespace; unique without regard to case.
    pub username: String,
    /// `user` or `organization`.
    #[schema(value_type = String)]
    pub kind: AccountKind,
    /// The name that people use.
    pub full_name: Option<String>,
    /// A text about the account.
    pub bio: Option<String>,
    /// An address with `http` or `https`.
    pub website: Option<String>,
    /// Where the account works.
    pub location: Option<String>,
    /// Where the avatar is; changes with the picture. Null when there is none.
    pub avatar_url: Option<String>,
    /// An administrator vouches for the account.
    pub is_verified: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What only the account itself and administrators see.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivateView>,
}

/// The private part of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrivateView {
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether it administers the hub.
    pub is_admin: bool,
    /// False when an administrator has deactivated it.
    pub is_active: bool,
    /// Bytes that it may store.
    pub storage_quota: u64,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    pub private_by_default: bool,
    /// When its profile or rights last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl UserView {
    /// The account as this caller sees it.
    pub fn new(users: &Users, account: &Account, caller: &Caller) -> Self {
        let acts_as_it = caller.user_id() == Some(account.id) || caller.role_in(account.id) == Some(MemberRole::Admin);
        let own = acts_as_it && caller.repositories().is_none();
        let private = (own || caller.is_admin()).then(|| PrivateView::new(users, account));
        Self {
            private,
            ..Self::public(account)
        }
    }

    /// The account as its owner sees it, for answers that prove who the owner is.
    pub(super) fn own(users: &Users, account: &Account) -> Self {
        Self {
            private: Some(PrivateView::new(users, account)),
            ..Self::public(account)
        }
    }

    /// The account as everybody sees it.
    pub fn public(account: &Account) -> Self {
        let avatar_url = account.avatar.map(|digest| {
            let digest = digest.to_string();
            format!("/api/users/{}/avatar?v={}", account.name, &digest[..12])
        });
        Self {
            id: account.id,
            username: account.name.to_string(),
            kind: account.kind,
            full_name: account.profile.full_name.clone(),
            bio: account.profile.bio.clone(),
            website: account.profile.website.clone(),
            location: account.profile.location.clone(),
            avatar_url,
            is_verified: account.is_verified,
            created_at: account.created_at,
            private: None,
        }
    }
}

impl PrivateView {
    fn new(users: &Users, account: &Account) -> Self {
        Self {
            email: account.email.as_ref().map(|email| email.as_str().to_owned()),
            is_admin: account.is_admin(),
            is_active: account.is_active,
            storage_quota: users.quota_bytes(account),
            private_by_default: account.private_by_default,
            updated_at: account.updated_at,
        }
    }
}
