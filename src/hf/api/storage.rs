use super::asked::{Client, HfKind, values};
use super::organizations::organization;
use super::refusal::HfError;
use crate::base::{Timestamp, blocking};
use crate::hf::HfParts;
use crate::http::{Code, Path, Query};
use crate::repos::{Repository, Visibility};
use crate::users::Account;
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Repositories of a page.
const PAGE: usize = 100;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_list_own_repositories)
        .service(hf_list_repositories_of_organization);
}

/// A repository and what it takes of the storage of its owner (§2 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfStorageView {
    /// `owner/name`.
    id: String,
    /// What it is for.
    r#type: HfKind,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who may see it.
    #[schema(value_type = String)]
    visibility: Visibility,
    /// Bytes that count against the quota: every version of every file.
    storage: u64,
    /// The same in percent of what all repositories of the owner take.
    storage_percent: f64,
}

impl HfStorageView {
    fn new(owner: &str, repository: &Repository, used: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a percentage is looked at, not added up")]
        let percent = |part: u64| 100.0 * part as f64 / used.max(1) as f64;
        Self {
            id: format!("{owner}/{}", repository.name),
            r#type: HfKind::of_family(repository.kind.family()),
            updated_at: repository.updated_at,
            visibility: repository.visibility,
            storage: repository.stored_bytes,
            storage_percent: percent(repository.stored_bytes),
        }
    }
}

/// The caller's own repositories and the storage that each takes, the newest change first.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200, body = Vec<HfStorageView>), (status = 401)))]
#[get("/api/settings/repositories")]
async fn hf_list_own_repositories(
    client: Client,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let account = client.caller.require_account()?.clone();
    page_of((client, account, "/api/settings/repositories"), &pairs.0, parts).await
}

/// The repositories of an organization that the caller sees, and the storage that each takes, the newest change first; for
/// its members.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("organization" = String, Path, description = "its name"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200, body = Vec<HfStorageView>), (status = 401), (status = 403), (status = 404)))]
#[get("/api/organizations/{organization}/settings/repositories")]
async fn hf_list_repositories_of_organization(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    client.caller.require_account()?;
    let organization = organization(&parts, &path.0)?;
    if client.caller.role_in(organization.id).is_none() && !client.caller.is_admin() {
        let message = "Only members see what the repositories of an organization take.";
        return Err(HfError::new(Code::Forbidden, message));
    }
    let address = format!("/api/organizations/{}/settings/repositories", organization.name);
    page_of((client, organization, &address), &pairs.0, parts).await
}

async fn page_of(
    (client, account, address): (Client, Account, &str),
    pairs: &[(String, String)],
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let skip = values(pairs, "skip").last().and_then(|text| text.parse().ok());
    let (skip, caller): (usize, _) = (skip.unwrap_or(0), client.caller.clone());
    let found = blocking(move || {
        let mut owned = parts.repos.owned_by(&caller, account.id)?;
        // What a token is not for is not told of it, public or not.
        owned.retain(|repository| caller.allows_repository(repository.id));
        let used = parts.repos.usage(account.id)?;
        let page = owned.iter().skip(skip).take(PAGE);
        let views = page.map(|repository| HfStorageView::new(&account.name.to_string(), repository, used));
        Ok::<_, HfError>((views.collect::<Vec<_>>(), owned.len()))
    });
    let (views, total) = found.await?;
    let mut response = HttpResponse::Ok();
    let next = skip.saturating_add(PAGE);
    if next < total {
        let pairs = [("skip".to_owned(), next.to_string())];
        response.insert_header((LINK, client.next_page(address, &pairs)));
    }
    Ok(response.json(views))
}
