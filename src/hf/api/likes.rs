use super::asked::{Asked, Client, HfKind, RepositoryPath, values};
use super::refusal::HfError;
use crate::base::{AccountName, Timestamp, blocking};
use crate::hf::HfParts;
use crate::http::{Code, Path, Query};
use crate::repos::ReadRepo;
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Likes of a page.
const PAGE: usize = 100;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_like)
        .service(hf_unlike)
        .service(hf_list_likers)
        .service(hf_list_likes);
}

async fn set_like(asked: Asked, parts: &HfParts, likes: bool) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let (caller, origin) = (&asked.client.caller, asked.client.origin.clone());
    let stars = parts.social.set_star(caller, &proof, likes, origin).await;
    let stars = stars.map_err(HfError::other)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "likes": stars })))
}

/// Likes a repository, which is to star it.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/like", params(RepositoryPath),
    security(("bearer" = [])), responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/like")]
async fn hf_like(asked: Asked, parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    set_like(asked, &parts, true).await
}

/// Takes a like back.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/like", params(RepositoryPath),
    security(("bearer" = [])), responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{family:models|datasets|spaces}/{owner}/{repo}/like")]
async fn hf_unlike(asked: Asked, parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    set_like(asked, &parts, false).await
}

/// Somebody who likes a repository.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfLikerView {
    /// The name.
    user: String,
    /// The name that people use.
    fullname: String,
    /// Where the picture of the account is.
    avatar_url: String,
}

/// Who likes a repository.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/likers",
    params(RepositoryPath,
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200, body = Vec<HfLikerView>), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/likers")]
async fn hf_list_likers(
    asked: Asked,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let (skip, hub) = (skip(&pairs.0), asked.client.hub.clone());
    let (views, total) = blocking(move || likers(&parts, &proof, &hub, skip)).await?;
    Ok(page(views, skip, total, |pairs| asked.next_page("/likers", pairs)))
}

fn likers(parts: &HfParts, proof: &ReadRepo, hub: &str, skip: usize) -> Result<(Vec<HfLikerView>, u64), HfError> {
    let (accounts, total) = parts.social.stargazers(proof, skip, PAGE)?;
    let mut views = Vec::with_capacity(accounts.len());
    for (id, _) in accounts {
        views.extend(parts.users.find(id)?.map(|account| HfLikerView {
            user: account.name.to_string(),
            avatar_url: format!("{hub}/api/users/{}/avatar", account.name),
            fullname: account.profile.full_name.unwrap_or_else(|| account.name.to_string()),
        }));
    }
    Ok((views, total))
}

/// A repository that somebody likes.
#[derive(Debug, Serialize, ToSchema)]
struct HfLikedView {
    /// `owner/name`.
    name: String,
    /// What it is for.
    r#type: HfKind,
}

/// Something that somebody likes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfLikeView {
    /// When the repository was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The repository.
    repo: HfLikedView,
}

impl From<&ReadRepo> for HfLikeView {
    fn from(proof: &ReadRepo) -> Self {
        let repository = proof.repository();
        Self {
            created_at: repository.created_at,
            repo: HfLikedView {
                name: format!("{}/{}", proof.owner().name, repository.name),
                r#type: HfKind::of_family(repository.kind.family()),
            },
        }
    }
}

/// What an account likes, the newest first, as far as the caller may see it.
#[utoipa::path(tag = "hugging face",
    params(("username" = String, Path, description = "the account"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    responses((status = 200, body = Vec<HfLikeView>), (status = 401), (status = 404)))]
#[get("/api/users/{username}/likes")]
async fn hf_list_likes(
    client: Client,
    path: Path<String>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let unknown = || HfError::new(Code::NotFound, "There is no such user.");
    let name: AccountName = path.0.parse().map_err(|_| unknown())?;
    let account = parts.users.get(&name).map_err(|_| unknown())?;
    let (skip, caller) = (skip(&pairs.0), client.caller.clone());
    let liked = blocking(move || parts.social.starred(&caller, account.id, skip, PAGE)).await;
    let (liked, total) = liked.map_err(HfError::other)?;
    let views: Vec<_> = liked.iter().map(HfLikeView::from).collect();
    let address = format!("/api/users/{name}/likes");
    Ok(page(views, skip, total, |pairs| client.next_page(&address, pairs)))
}

fn skip(pairs: &[(String, String)]) -> usize {
    values(pairs, "skip")
        .last()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// A page with the header that leads to the next one, if there is one.
fn page<T: Serialize>(
    views: Vec<T>,
    skip: usize,
    total: u64,
    link: impl FnOnce(&[(String, String)]) -> String,
) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    let next = skip.saturating_add(PAGE);
    if (next as u64) < total {
        response.insert_header((LINK, link(&[("skip".to_owned(), next.to_string())])));
    }
    response.json(views)
}
