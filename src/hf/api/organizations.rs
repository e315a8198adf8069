use super::asked::Client;
use super::identity::full_name;
use super::people::page_of_accounts;
use super::refusal::HfError;
use crate::base::{AccountName, Family, blocking};
use crate::hf::HfParts;
use crate::http::{Code, Path, Query};
use crate::users::Account;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_show_organization)
        .service(hf_list_members)
        .service(hf_list_followers_of_organization);
}

/// An organization as the clients take it (§6 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfOrganizationView {
    /// The name.
    name: String,
    /// The name that people use.
    fullname: String,
    /// Where its picture is.
    avatar_url: String,
    /// A text about it.
    details: Option<String>,
    /// An administrator of the hub vouches for it.
    is_verified: bool,
    /// Whether the caller follows it.
    is_following: bool,
    /// How many members it has.
    num_users: u64,
    /// How many models, and what shares their family here, the caller sees in its namespace.
    num_models: usize,
    /// How many datasets the caller sees in its namespace.
    num_datasets: usize,
    /// How many spaces the caller sees in its namespace.
    num_spaces: usize,
    /// How many accounts follow it.
    num_followers: u64,
}

/// Finds the organization that an address names.
pub(super) fn organization(parts: &HfParts, name: &str) -> Result<Account, HfError> {
    let unknown = || HfError::new(Code::NotFound, "There is no such organization.");
    let name: AccountName = name.parse().map_err(|_| unknown())?;
    parts.users.organization(&name).map_err(|_| unknown())
}

/// Blocking: looks at every repository of the organization.
fn overview(parts: &HfParts, client: &Client, organization: Account) -> Result<HfOrganizationView, HfError> {
    let owned = parts.repos.owned_by(&client.caller, organization.id)?;
    let count = |family| owned.iter().filter(|one| one.kind.family() == family).count();
    let is_following = match client.caller.user_id() {
        Some(follower) => parts.social.is_following(follower, organization.id)?,
        None => false,
    };
    Ok(HfOrganizationView {
        num_users: parts.users.member_count(&organization)?,
        num_models: count(Family::Models),
        num_datasets: count(Family::Datasets),
        num_spaces: count(Family::Spaces),
        num_followers: parts.social.followers(organization.id, 0, 0)?.1,
        is_following,
        is_verified: organization.is_verified,
        avatar_url: format!("{}/api/users/{}/avatar", client.hub, organization.name),
        fullname: full_name(&organization),
        name: organization.name.to_string(),
        details: organization.profile.bio,
    })
}

/// Tells of an organization, and counts what the caller may see of it.
#[utoipa::path(tag = "hugging face", params(("organization" = String, Path, description = "its name")),
    responses((status = 200, body = HfOrganizationView), (status = 401), (status = 404)))]
#[get("/api/organizations/{organization}/overview")]
async fn hf_show_organization(
    client: Client,
    path: Path<String>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let organization = organization(&parts, &path.0)?;
    let view = blocking(move || overview(&parts, &client, organization)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// The members of an organization.
#[utoipa::path(tag = "hugging face",
    params(("organization" = String, Path, description = "its name"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200), (status = 401), (status = 404)))]
#[get("/api/organizations/{organization}/members")]
async fn hf_list_members(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let organization = organization(&parts, &path.0)?;
    let address = format!("/api/organizations/{}/members", organization.name);
    let members = parts.users.members(&organization)?;
    let page = move |_: &HfParts, _, skip, limit| {
        let total = members.len() as u64;
        let page = members.into_iter().skip(skip).take(limit);
        Ok((page.map(|(account, _)| account).collect(), total))
    };
    page_of_accounts((client, organization, &address), &pairs.0, parts, page).await
}

/// Accounts that follow an organization.
#[utoipa::path(tag = "hugging face",
    params(("organization" = String, Path, description = "its name"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200), (status = 401), (status = 404)))]
#[get("/api/organizations/{organization}/followers")]
async fn hf_list_followers_of_organization(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let organization = organization(&parts, &path.0)?;
    let address = format!("/api/organizations/{}/followers", organization.name);
    page_of_accounts(
        (client, organization, &address),
        &pairs.0,
        parts,
        |parts, id, skip, limit| Ok(parts.social.followers(id, skip, limit)?),
    )
    .await
}
