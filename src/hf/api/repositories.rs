use super::asked::{Asked, Client, HfKind, RepositoryPath, named};
use super::gating::HfGated;
use super::refusal::HfError;
use crate::base::{AccountName, RepositoryId};
use crate::http::{Code, ErrorBody, Json, RequestId};
use crate::repos::{NewDuplicate, NewRepository, Repos, ReposError, SettingsChange, Visibility};
use crate::users::{Account, Users, UsersError};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_create)
        .service(hf_delete)
        .service(hf_move)
        .service(hf_duplicate)
        .service(hf_change_settings)
        .service(hf_check_access)
        .service(hf_check_write_access);
}

/// A repository to be made (§2 of the contract). What this hub does not have, such as hardware, is passed over.
#[derive(Debug, Deserialize, ToSchema)]
struct HfCreateRepo {
    /// Its name, with the namespace before it or without.
    name: String,
    /// The namespace; the caller's own when absent.
    organization: Option<String>,
    /// What it is for; a model when absent.
    #[serde(default, rename = "type")]
    kind: Option<HfKind>,
    /// Who may see it; when absent everybody, if the owner did not choose otherwise for new repositories.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// The same in the words of older clients.
    private: Option<bool>,
    /// What a space is made with.
    sdk: Option<String>,
}

/// A repository as the clients take it.
#[derive(Debug, Serialize, ToSchema)]
struct HfCreatedView {
    /// Its page.
    url: String,
    /// `owner/name`.
    name: String,
    /// Its id.
    #[schema(value_type = String)]
    id: RepositoryId,
}

/// The refusal to make what exists, which tells where it is: whoever does not mind goes on from there.
#[derive(Debug, Serialize, ToSchema)]
struct HfExistsView {
    #[serde(flatten)]
    error: ErrorBody,
    /// The page of the repository that exists.
    url: String,
}

/// The front matter of a new space.
#[derive(Serialize)]
struct SpaceCard<'a> {
    title: &'a str,
    sdk: &'a str,
}

fn visibility(word: Option<Visibility>, private: Option<bool>) -> Option<Visibility> {
    let of_flag = |private| {
        if private {
            Visibility::Private
        } else {
            Visibility::Public
        }
    };
    word.or(private.map(of_flag))
}

/// The account of a namespace. One that does not exist is nobody's to write to.
fn namespace(users: &Users, name: &str) -> Result<Account, HfError> {
    let refused = || ReposError::NotYourNamespace(name.chars().take(100).collect());
    let parsed: AccountName = name.parse().map_err(|_| refused())?;
    users.get(&parsed).map_err(|error| match error {
        UsersError::UnknownAccount(_) => refused().into(),
        other => other.into(),
    })
}

/// Makes a repository whose first commit holds .gitattributes, and of a space README.md.
#[utoipa::path(tag = "hugging face", request_body = HfCreateRepo, security(("bearer" = [])),
    responses((status = 200, body = HfCreatedView), (status = 401), (status = 403), (status = 409, body = HfExistsView), (status = 422)))]
#[post("/api/repos/create")]
async fn hf_create(
    client: Client,
    body: Json<HfCreateRepo>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> Result<HttpResponse, HfError> {
    let Json(body) = body;
    let (owner, name) = match body.name.split_once('/') {
        Some((owner, name)) => (Some(owner.to_owned()), name.to_owned()),
        None => (body.organization, body.name),
    };
    let kind = body.kind.unwrap_or_default();
    let own = client.caller.require_account()?.name.to_string();
    let id = format!("{}/{name}", owner.as_deref().unwrap_or(&own));
    let readme = match kind {
        HfKind::Space => Some(space_card(&name, body.sdk.as_deref())?),
        HfKind::Model | HfKind::Dataset => None,
    };
    let new = NewRepository {
        owner: owner.map(|name| namespace(&users, &name)).transpose()?,
        name,
        kind: kind.kind(),
        description: String::new(),
        visibility: visibility(body.visibility, body.private),
        readme: readme.map(Into::into),
        first_commit: true,
        default_branch: None,
        lfs_enabled: true,
        origin: client.origin.clone(),
    };
    match repos.create(&client.caller, new).await {
        Ok((repository, owner)) => {
            let name = format!("{}/{}", owner.name, repository.name);
            Ok(HttpResponse::Ok().json(HfCreatedView {
                url: client.page(repository.kind, &name),
                name,
                id: repository.id,
            }))
        }
        Err(error @ ReposError::NameTaken { .. }) => {
            let url = client.page(kind.kind(), &id);
            Ok(exists(url, error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

fn exists(url: String, error: String) -> HttpResponse {
    HttpResponse::Conflict().json(HfExistsView {
        error: ErrorBody {
            error,
            code: Code::Conflict.as_str(),
            request_id: RequestId::current(),
            details: None,
        },
        url,
    })
}

fn space_card(name: &str, sdk: Option<&str>) -> Result<String, HfError> {
    let sdk = sdk.ok_or_else(|| {
        HfError::new(
            Code::Invalid,
            "A space needs 'sdk': gradio, streamlit, docker or static.",
        )
    })?;
    let front_matter = serde_yaml::to_string(&SpaceCard { title: name, sdk })
        .map_err(|_| HfError::new(Code::Invalid, "'sdk' cannot be written as YAML."))?;
    Ok(format!("---\n{front_matter}---\n"))
}

/// A repository to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
struct HfDeleteRepo {
    /// Its name.
    name: String,
    /// Its namespace; the caller's own when absent.
    organization: Option<String>,
    /// What it is for; a model when absent.
    #[serde(default, rename = "type")]
    kind: Option<HfKind>,
}

/// Deletes a repository; an administrator of the hub can restore it.
#[utoipa::path(tag = "hugging face", request_body = HfDeleteRepo, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/repos/delete")]
async fn hf_delete(client: Client, body: Json<HfDeleteRepo>, repos: Data<Repos>) -> Result<HttpResponse, HfError> {
    let kind = body.kind.unwrap_or_default();
    let read = named(&client, &repos, kind, body.organization.as_deref(), &body.name)?;
    let proof = repos.deletable(&client.caller, read)?;
    repos.delete(proof, client.origin).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// A repository to be given another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfMoveRepo {
    /// `owner/name` as it is.
    from_repo: String,
    /// `owner/name` as it is to be.
    to_repo: String,
    /// What it is for; a model when absent.
    #[serde(default, rename = "type")]
    kind: Option<HfKind>,
}

/// Gives a repository another name or another namespace, in which the caller may make repositories; the old address keeps
/// leading to it.
#[utoipa::path(tag = "hugging face", request_body = HfMoveRepo, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/repos/move")]
async fn hf_move(
    client: Client,
    body: Json<HfMoveRepo>,
    (repos, users): (Data<Repos>, Data<Users>),
) -> Result<HttpResponse, HfError> {
    let kind = body.kind.unwrap_or_default();
    let (owner, name) = body.from_repo.split_once('/').ok_or_else(|| client.not_found())?;
    let read = client.readable(&repos, kind, owner, name)?;
    let invalid = || HfError::new(Code::Invalid, "'toRepo' has the form 'namespace/name'.");
    let (target, name) = body.to_repo.split_once('/').ok_or_else(invalid)?;
    let taken = |error| match error {
        ReposError::NameTaken { .. } => {
            let message = format!("A {} repository called {} already exists", kind.as_str(), body.to_repo);
            HfError::new(Code::Conflict, message)
        }
        other => other.into(),
    };
    let moved = if target.to_lowercase() == read.owner().name.key() {
        let proof = repos.administrable(&client.caller, read)?;
        let change = SettingsChange {
            name: Some(name.to_owned()),
            ..SettingsChange::default()
        };
        repos.change_settings(&proof, change, client.origin).await
    } else {
        let proof = repos.deletable(&client.caller, read)?;
        let target = namespace(&users, target)?;
        repos.transfer(&client.caller, proof, target, name, client.origin).await
    };
    moved.map_err(taken)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// A repository to be made from another one (§2 of the contract). What this hub does not have, such as hardware, is passed
/// over.
#[derive(Debug, Deserialize, ToSchema)]
struct HfDuplicateRepo {
    /// `owner/name` of what is to be made.
    repository: String,
    /// Who may see it; the same as of the other one when absent.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// The same in the words of older clients.
    private: Option<bool>,
}

/// A repository that was made from another one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfDuplicatedView {
    /// Its page.
    url: String,
    /// Always `false`: it has everything from the beginning.
    files_copy_pending: bool,
}

/// Makes a repository with the branches, the tags and the large files of another one.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/duplicate", params(RepositoryPath),
    request_body = HfDuplicateRepo, security(("bearer" = [])),
    responses((status = 200, body = HfDuplicatedView), (status = 401), (status = 403), (status = 404),
        (status = 409, body = HfExistsView), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/duplicate")]
async fn hf_duplicate(
    asked: Asked,
    body: Json<HfDuplicateRepo>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> Result<HttpResponse, HfError> {
    let source = asked.content_readable(&repos)?.into_read();
    let (kind, client) = (source.repository().kind, asked.client);
    client.caller.require_account()?;
    let Json(body) = body;
    let url = client.page(kind, &body.repository);
    let (owner, name) = body.repository.split_once('/').ok_or_else(|| {
        let message = "'repository' names what is to be made: owner/name.";
        HfError::new(Code::Invalid, message)
    })?;
    let new = NewDuplicate {
        owner: namespace(&users, owner)?,
        name: name.to_owned(),
        visibility: visibility(body.visibility, body.private),
        origin: client.origin,
    };
    match repos.duplicate(&client.caller, source, new).await {
        Ok(_) => Ok(HttpResponse::Ok().json(HfDuplicatedView {
            url,
            files_copy_pending: false,
        })),
        Err(error @ ReposError::NameTaken { .. }) => Ok(exists(url, error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Settings to change; absent ones stay.
#[derive(Debug, Deserialize, ToSchema)]
struct HfChangeSettings {
    /// Who may see the repository: `public` or `private`.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// The same in the words of older clients.
    private: Option<bool>,
    /// Whether readers ask for access to content first: `false`, `auto` or `manual`.
    #[schema(value_type = Option<serde_json::Value>)]
    gated: Option<HfGated>,
}

/// The settings that the clients know.
#[derive(Debug, Serialize, ToSchema)]
struct HfSettingsView {
    /// Who may see the repository.
    #[schema(value_type = String)]
    visibility: Visibility,
    /// Whether it is private.
    private: bool,
    /// Whether readers ask for access to content first.
    #[schema(value_type = serde_json::Value)]
    gated: HfGated,
}

/// Changes who may see a repository, and whether readers ask for access to its content first.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/settings", params(RepositoryPath),
    request_body = HfChangeSettings, security(("bearer" = [])),
    responses((status = 200, body = HfSettingsView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[put("/api/{family:models|datasets|spaces}/{owner}/{repo}/settings")]
async fn hf_change_settings(
    asked: Asked,
    body: Json<HfChangeSettings>,
    repos: Data<Repos>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.administrable(&repos)?;
    let change = SettingsChange {
        visibility: visibility(body.visibility, body.private),
        gating: body.gated.map(|gated| gated.0),
        ..SettingsChange::default()
    };
    let changed = repos.change_settings(&proof, change, asked.client.origin).await?;
    Ok(HttpResponse::Ok().json(HfSettingsView {
        visibility: changed.visibility,
        private: changed.visibility == Visibility::Private,
        gated: HfGated(changed.gating),
    }))
}

/// Answers 200 when the caller may read a repository and its content.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/auth-check", params(RepositoryPath),
    responses((status = 200), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/auth-check")]
async fn hf_check_access(asked: Asked, repos: Data<Repos>) -> Result<HttpResponse, HfError> {
    asked.content_readable(&repos)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// Answers 200 when the caller may write to a repository.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/auth-check/write", params(RepositoryPath),
    security(("bearer" = [])), responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/auth-check/write")]
async fn hf_check_write_access(asked: Asked, repos: Data<Repos>) -> Result<HttpResponse, HfError> {
    asked.writable(&repos)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}
