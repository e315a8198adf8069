use super::asked::Client;
use super::refusal::HfError;
use crate::base::{AccountName, Timestamp, UserId};
use crate::users::{Account, Membership, Scope, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

/// Who one is (§2 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfWhoamiView {
    /// Always `user`.
    r#type: &'static str,
    /// The id of the account.
    #[schema(value_type = String)]
    id: UserId,
    /// The name of the account.
    #[schema(value_type = String)]
    name: AccountName,
    /// The name that people use.
    fullname: String,
    /// The address of the account.
    email: Option<String>,
    /// Nothing is sold here.
    is_pro: bool,
    /// Nothing is sold here.
    can_pay: bool,
    /// Where the picture of the account is.
    avatar_url: String,
    /// Organizations of the account.
    orgs: Vec<HfMembershipView>,
    /// With what one showed who one is.
    auth: HfAuthView,
}

/// A part in an organization.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfMembershipView {
    /// Always `org`.
    r#type: &'static str,
    /// The id of the organization.
    #[schema(value_type = String)]
    id: UserId,
    /// Its name.
    name: String,
    /// The name that people use.
    fullname: String,
    /// Where its picture is.
    avatar_url: String,
    /// Nothing is sold here.
    is_enterprise: bool,
    /// `read`, `contributor`, `write` or `admin`.
    role_in_org: &'static str,
}

impl HfMembershipView {
    pub(super) fn new(hub: &str, organization: &Account, row: Membership) -> Self {
        Self {
            r#type: "org",
            id: organization.id,
            name: organization.name.to_string(),
            fullname: full_name(organization),
            avatar_url: format!("{hub}/api/users/{}/avatar", organization.name),
            is_enterprise: false,
            role_in_org: row.role.as_str(),
        }
    }
}

/// The name that people use, or the only one there is.
pub(super) fn full_name(account: &Account) -> String {
    let full = account.profile.full_name.clone();
    full.unwrap_or_else(|| account.name.to_string())
}

/// With what one showed who one is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfAuthView {
    /// Always `access_token`.
    r#type: &'static str,
    /// The token.
    access_token: HfTokenView,
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfTokenView {
    /// What its owner calls it.
    display_name: String,
    /// `read` or `write`.
    role: &'static str,
    /// When it was made; absent for the token of a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
}

/// Tells a Hugging Face client whose its token is.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    responses((status = 200, body = HfWhoamiView), (status = 401)))]
#[get("/api/whoami-v2")]
pub(super) async fn hf_whoami(client: Client, users: Data<Users>) -> Result<HttpResponse, HfError> {
    let account = client.caller.require_account()?;
    let organizations = users.organizations_of(account.id)?;
    let token = users.token_in_use(&client.caller)?;
    let role = match client.caller.scope() {
        Scope::Read => "read",
        Scope::Write | Scope::Admin => "write",
    };
    Ok(HttpResponse::Ok().json(HfWhoamiView {
        r#type: "user",
        id: account.id,
        name: account.name.clone(),
        fullname: full_name(account),
        email: account.email.as_ref().map(|email| email.as_str().to_owned()),
        is_pro: false,
        can_pay: false,
        avatar_url: format!("{}/api/users/{}/avatar", client.hub, account.name),
        orgs: organizations
            .iter()
            .map(|(organization, row)| HfMembershipView::new(&client.hub, organization, *row))
            .collect(),
        auth: HfAuthView {
            r#type: "access_token",
            access_token: HfTokenView {
                created_at: token.as_ref().map(|token| token.created_at),
                display_name: token.map_or_else(|| "login".to_owned(), |token| token.name),
                role,
            },
        },
    }))
}
