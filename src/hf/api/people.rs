use super::asked::{Client, values};
use super::identity::{HfMembershipView, full_name};
use super::refusal::HfError;
use crate::base::{AccountName, Family, Timestamp, UserId, blocking};
use crate::hf::HfParts;
use crate::http::{Code, Path, Query};
use crate::users::Account;
use actix_web::guard::GuardContext;
use actix_web::http::header::{LINK, USER_AGENT};
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, guard};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Accounts of a page.
const PAGE: usize = 100;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    let own = || guard::fn_guard(is_hf_client);
    config
        .service(hf_show_overview)
        // These addresses are the hub's own too, with pages as it makes them for everybody else.
        .route(
            "/api/users/{username}/followers",
            web::get().guard(own()).to(hf_list_followers),
        )
        .route(
            "/api/users/{username}/following",
            web::get().guard(own()).to(hf_list_following),
        );
}

/// Whether a request comes from `huggingface_hub` or what stands on it, which all name it.
fn is_hf_client(context: &GuardContext<'_>) -> bool {
    let agent = context.head().headers().get(USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.contains("hf_hub/") || agent.contains("huggingface_hub/")
}

/// An account (§6 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfUserView {
    /// Its name.
    user: String,
    /// The name that people use.
    fullname: String,
    /// Where the picture of the account is.
    avatar_url: String,
    /// Always `user`.
    r#type: &'static str,
    /// Nothing is sold here.
    is_pro: bool,
}

impl HfUserView {
    fn new(hub: &str, account: &Account) -> Self {
        let name = account.name.to_string();
        Self {
            avatar_url: format!("{hub}/api/users/{name}/avatar"),
            fullname: full_name(account),
            user: name,
            r#type: "user",
            is_pro: false,
        }
    }
}

/// An account and its figures, as far as the caller may see what they count.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfOverviewView {
    #[serde(flatten)]
    account: HfUserView,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Whether the caller follows it; absent when nobody is logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_following: Option<bool>,
    /// Its models, and what shares their family here.
    num_models: u64,
    /// Its datasets.
    num_datasets: u64,
    /// Its spaces.
    num_spaces: u64,
    /// What it likes.
    num_likes: u64,
    /// Accounts that it follows.
    num_following: u64,
    /// Accounts that follow it.
    num_followers: u64,
    /// Organizations that it belongs to.
    orgs: Vec<HfMembershipView>,
}

/// Finds the account that an address names.
pub(super) fn named(parts: &HfParts, name: &str) -> Result<Account, HfError> {
    let unknown = || HfError::new(Code::NotFound, "There is no such user.");
    let name: AccountName = name.parse().map_err(|_| unknown())?;
    parts.users.get(&name).map_err(|_| unknown())
}

/// Blocking: looks at every repository of the account.
fn overview(parts: &HfParts, client: &Client, account: &Account) -> Result<HfOverviewView, HfError> {
    let owned = parts.repos.owned_by(&client.caller, account.id)?;
    let count = |family| owned.iter().filter(|one| one.kind.family() == family).count() as u64;
    let (_, likes) = parts
        .social
        .starred(&client.caller, account.id, 0, 0)
        .map_err(HfError::other)?;
    let organizations = parts.users.organizations_of(account.id)?;
    let follower = client.caller.user_id();
    let is_following = follower.map(|follower| parts.social.is_following(follower, account.id));
    Ok(HfOverviewView {
        account: HfUserView::new(&client.hub, account),
        details: account.profile.bio.clone(),
        created_at: account.created_at,
        is_following: is_following.transpose()?,
        num_models: count(Family::Models),
        num_datasets: count(Family::Datasets),
        num_spaces: count(Family::Spaces),
        num_likes: likes,
        num_following: parts.social.following(account.id, 0, 0)?.1,
        num_followers: parts.social.followers(account.id, 0, 0)?.1,
        orgs: organizations
            .iter()
            .map(|(organization, row)| HfMembershipView::new(&client.hub, organization, *row))
            .collect(),
    })
}

/// Tells of an account, and counts what the caller may see of it.
#[utoipa::path(tag = "hugging face", params(("username" = String, Path, description = "the account")),
    responses((status = 200, body = HfOverviewView), (status = 401), (status = 404)))]
#[get("/api/users/{username}/overview")]
async fn hf_show_overview(client: Client, path: Path<String>, parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    let account = named(&parts, &path.0)?;
    let view = blocking(move || overview(&parts, &client, &account)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Answers a page of accounts that stand beside `account`; `address` is where the next one is asked for.
pub(super) async fn page_of_accounts(
    (client, account, address): (Client, Account, &str),
    pairs: &[(String, String)],
    parts: Data<HfParts>,
    others: impl FnOnce(&HfParts, UserId, usize, usize) -> Result<(Vec<UserId>, u64), HfError> + Send + 'static,
) -> Result<HttpResponse, HfError> {
    let skip = values(pairs, "skip").last().and_then(|text| text.parse().ok());
    let (skip, hub): (usize, _) = (skip.unwrap_or(0), client.hub.clone());
    let found = blocking(move || {
        let (ids, total) = others(&parts, account.id, skip, PAGE)?;
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            views.extend(parts.users.find(id)?.map(|other| HfUserView::new(&hub, &other)));
        }
        Ok::<_, HfError>((views, total))
    });
    let (views, total) = found.await?;
    let mut response = HttpResponse::Ok();
    let next = skip.saturating_add(PAGE);
    if (next as u64) < total {
        let pairs = [("skip".to_owned(), next.to_string())];
        response.insert_header((LINK, client.next_page(address, &pairs)));
    }
    Ok(response.json(views))
}

/// Accounts that follow this one, as the clients read a list.
async fn hf_list_followers(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let account = named(&parts, &path.0)?;
    let address = format!("/api/users/{}/followers", account.name);
    page_of_accounts(
        (client, account, &address),
        &pairs.0,
        parts,
        |parts, id, skip, limit| Ok(parts.social.followers(id, skip, limit)?),
    )
    .await
}

/// Accounts that this one follows, as the clients read a list.
async fn hf_list_following(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let account = named(&parts, &path.0)?;
    let address = format!("/api/users/{}/following", account.name);
    page_of_accounts(
        (client, account, &address),
        &pairs.0,
        parts,
        |parts, id, skip, limit| Ok(parts.social.following(id, skip, limit)?),
    )
    .await
}
