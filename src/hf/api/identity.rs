use super::asked::Client;
use super::refusal::HfError;
use crate::base::{AccountName, Timestamp, UserId};
use crate::users::{Scope, Users};
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
    orgs: Vec<serde_json::Value>,
    /// With what one showed who one is.
    auth: HfAuthView,
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
    let token = users.token_in_use(&client.caller)?;
    let role = match client.caller.scope() {
        Scope::Read => "read",
        Scope::Write | Scope::Admin => "write",
    };
    Ok(HttpResponse::Ok().json(HfWhoamiView {
        r#type: "user",
        id: account.id,
        name: account.name.clone(),
        fullname: account
            .profile
            .full_name
            .clone()
            .unwrap_or_else(|| account.name.to_string()),
        email: account.email.as_ref().map(|email| email.as_str().to_owned()),
        is_pro: false,
        can_pay: false,
        avatar_url: format!("{}/api/users/{}/avatar", client.hub, account.name),
        orgs: Vec::new(),
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
