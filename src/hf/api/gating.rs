use super::asked::{Asked, RepositoryPath, values};
use super::refusal::HfError;
use crate::base::{AccountName, Timestamp, UserId};
use crate::hf::HfParts;
use crate::http::{Code, Json, Path, Query};
use crate::repos::{AccessRequest, AccessStatus, Gating};
use crate::users::Account;
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Requests of a page.
const PAGE: usize = 100;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_list_access_requests)
        .service(hf_handle_access_request)
        .service(hf_grant_access);
}

/// Whether readers ask for access, as the clients read it: `false`, `"auto"` or `"manual"`.
#[derive(Debug, Clone, Copy)]
pub(super) struct HfGated(pub(super) Gating);

impl Serialize for HfGated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Gating::Off => serializer.serialize_bool(false),
            gating => serializer.serialize_str(gating.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for HfGated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(false) => Ok(Self(Gating::Off)),
            Value::String(word) if word == "auto" => Ok(Self(Gating::Auto)),
            Value::String(word) if word == "manual" => Ok(Self(Gating::Manual)),
            _ => Err(serde::de::Error::custom("'gated' is false, \"auto\" or \"manual\"")),
        }
    }
}

/// Whoever asked for access.
#[derive(Debug, Serialize, ToSchema)]
struct HfRequesterView {
    /// Its name.
    user: String,
    /// The name that people use.
    fullname: String,
    /// Its address of mail, if it asked itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// A request for access (§6 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfAccessRequestView {
    /// Its id, which is that of the account: each has one at most.
    #[schema(value_type = String)]
    request_id: UserId,
    /// Where it stands: `pending`, `accepted` or `rejected`.
    status: &'static str,
    /// When it was asked, or given.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// Whoever asked.
    user: HfRequesterView,
    /// What was answered to questions of the repository, of which there are none here.
    fields: serde_json::Map<String, Value>,
}

impl HfAccessRequestView {
    fn new(account: &Account, request: &AccessRequest) -> Self {
        let email = account.email.as_ref().map(|email| email.as_str().to_owned());
        Self {
            request_id: account.id,
            status: request.status.as_str(),
            timestamp: request.since,
            user: HfRequesterView {
                user: account.name.to_string(),
                fullname: account
                    .profile
                    .full_name
                    .clone()
                    .unwrap_or_else(|| account.name.to_string()),
                email: email.filter(|_| request.asked),
            },
            fields: serde_json::Map::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct StatusPath {
    status: AccessStatus,
}

/// The requests for access to a repository that stand so, the newest first.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/user-access-request/{status}",
    params(RepositoryPath, ("status" = String, Path, description = "`pending`, `accepted` or `rejected`"),
        ("skip" = Option<usize>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    security(("bearer" = [])),
    responses((status = 200, body = Vec<HfAccessRequestView>), (status = 401), (status = 403), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/user-access-request/{status:pending|accepted|rejected}")]
async fn hf_list_access_requests(
    asked: Asked,
    path: Path<StatusPath>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.administrable(&parts.repos)?;
    let skip = values(&pairs.0, "skip").last().and_then(|text| text.parse().ok());
    let (skip, status): (usize, _) = (skip.unwrap_or(0), path.0.status);
    let (found, total) = parts.repos.access_requests(&proof, status, skip, PAGE)?;
    let mut views = Vec::with_capacity(found.len());
    for (account, request) in &found {
        let account = parts.users.find(*account)?;
        views.extend(account.map(|account| HfAccessRequestView::new(&account, request)));
    }
    let mut response = HttpResponse::Ok();
    let next = skip.saturating_add(PAGE);
    if (next as u64) < total {
        let rest = format!("/user-access-request/{}", status.as_str());
        let pairs = [("skip".to_owned(), next.to_string())];
        response.insert_header((LINK, asked.next_page(&rest, &pairs)));
    }
    Ok(response.json(views))
}

/// Whose request is meant: by `user`, or by `userId` or `requestId`, which are the same here.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfHandleAccess {
    /// The name of the account.
    user: Option<String>,
    /// Its id.
    #[serde(alias = "userId")]
    #[schema(value_type = Option<String>)]
    request_id: Option<UserId>,
    /// `accepted`, `rejected` or `pending`.
    #[schema(value_type = String)]
    status: AccessStatus,
    /// Why it is rejected.
    rejection_reason: Option<String>,
}

fn account_of(parts: &HfParts, name: Option<&str>, id: Option<UserId>) -> Result<Account, HfError> {
    let unknown = || HfError::new(Code::NotFound, "There is no such user.");
    match (name, id) {
        (Some(name), _) => {
            let name: AccountName = name.parse().map_err(|_| unknown())?;
            parts.users.get(&name).map_err(|_| unknown())
        }
        (None, Some(id)) => parts.users.find(id)?.ok_or_else(unknown),
        (None, None) => Err(HfError::new(
            Code::BadRequest,
            "Name the user by 'user' or 'requestId'.",
        )),
    }
}

/// Decides about a request for access.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/user-access-request/handle",
    params(RepositoryPath), request_body = HfHandleAccess, security(("bearer" = [])),
    responses((status = 200, body = HfAccessRequestView), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/user-access-request/handle")]
async fn hf_handle_access_request(
    asked: Asked,
    body: Json<HfHandleAccess>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.administrable(&parts.repos)?;
    let body = body.0;
    let account = account_of(&parts, body.user.as_deref(), body.request_id)?;
    let origin = asked.client.origin.clone();
    let handled = parts
        .repos
        .handle_access(&proof, account.id, body.status, body.rejection_reason, origin)
        .await?;
    Ok(HttpResponse::Ok().json(HfAccessRequestView::new(&account, &handled)))
}

/// Who is to get access.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfGrantAccess {
    /// The name of the account.
    user: Option<String>,
    /// Its id.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
}

/// Gives access to an account that need not have asked.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/user-access-request/grant",
    params(RepositoryPath), request_body = HfGrantAccess, security(("bearer" = [])),
    responses((status = 200, body = HfAccessRequestView), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/user-access-request/grant")]
async fn hf_grant_access(
    asked: Asked,
    body: Json<HfGrantAccess>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.administrable(&parts.repos)?;
    let account = account_of(&parts, body.0.user.as_deref(), body.0.user_id)?;
    let granted = parts
        .repos
        .grant_access(&proof, &account, asked.client.origin.clone())
        .await?;
    Ok(HttpResponse::Ok().json(HfAccessRequestView::new(&account, &granted)))
}
