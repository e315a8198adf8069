use super::asked::{Client, HfKind};
use super::refusal::HfError;
use crate::base::{AccountName, Timestamp};
use crate::hf::HfParts;
use crate::hooks::{
    Domain, HooksError, NewWebhook, OwnWebhook, Trouble, Watched, WatchedItem, WatchedKind, WebhookChange,
};
use crate::http::{ApiError, Code, Json, Path};
use crate::users::{AccountKind, Scope, UsersError};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_list_webhooks)
        .service(hf_create_webhook)
        .service(hf_show_webhook)
        .service(hf_change_webhook)
        .service(hf_delete_webhook)
        .service(hf_enable_webhook)
        .service(hf_disable_webhook);
}

/// What kind of thing is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HfWatchedKind {
    /// A model.
    Model,
    /// A dataset.
    Dataset,
    /// A space.
    Space,
    /// All repositories of a user.
    User,
    /// All repositories of an organization.
    Org,
}

/// Something that is watched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct HfWatchedItem {
    /// What kind of thing.
    r#type: HfWatchedKind,
    /// `owner/name` of a repository, the name of an account.
    name: String,
}

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HfHookDomain {
    /// Repositories and what they hold.
    Repo,
    /// Discussions and pull requests.
    Discussion,
}

/// A webhook (§6 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfWebhookView {
    /// Never changes.
    id: String,
    /// Where it leads.
    url: String,
    /// What it watches.
    watched: Vec<HfWatchedItem>,
    /// What it is told of.
    domains: Vec<HfHookDomain>,
    /// What its receiver knows it by; only for a credential that may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Whether nothing is sent.
    disabled: bool,
    /// Why the hub disabled it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    /// What goes wrong since something arrived for the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<HfWebhookTrouble>,
}

/// Attempts to reach a webhook that failed, one after the other.
#[derive(Debug, Serialize, ToSchema)]
struct HfWebhookTrouble {
    /// When the first of them began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How many there were.
    failures: u32,
    /// Why the last of them failed.
    error: String,
}

impl From<&Trouble> for HfWebhookTrouble {
    fn from(trouble: &Trouble) -> Self {
        Self {
            since: trouble.since,
            failures: trouble.failures,
            error: trouble.error.clone(),
        }
    }
}

/// A webhook, in an object of its own.
#[derive(Debug, Serialize, ToSchema)]
struct HfWebhookAnswer {
    /// The webhook.
    webhook: HfWebhookView,
}

impl From<&OwnWebhook> for HfWebhookView {
    fn from(own: &OwnWebhook) -> Self {
        let webhook = own.webhook();
        let item = |item: &WatchedItem| HfWatchedItem {
            r#type: match item.kind {
                WatchedKind::Model => HfWatchedKind::Model,
                WatchedKind::Dataset => HfWatchedKind::Dataset,
                WatchedKind::Space => HfWatchedKind::Space,
                WatchedKind::User => HfWatchedKind::User,
                WatchedKind::Org => HfWatchedKind::Org,
            },
            name: item.name.clone(),
        };
        let domain = |domain: &Domain| match domain {
            Domain::Repo => HfHookDomain::Repo,
            Domain::Discussion => HfHookDomain::Discussion,
        };
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.clone(),
            watched: webhook.watched.iter().map(item).collect(),
            domains: webhook.domains.iter().map(domain).collect(),
            secret: own.secret().map(str::to_owned),
            disabled: webhook.disabled,
            disabled_reason: webhook.disabled_reason(),
            trouble: webhook.trouble.as_ref().map(HfWebhookTrouble::from),
        }
    }
}

fn answer(own: &OwnWebhook) -> HttpResponse {
    let webhook = HfWebhookView::from(own);
    HttpResponse::Ok().json(HfWebhookAnswer { webhook })
}

/// What a webhook is to be; of one that is changed, absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfWriteWebhook {
    /// Where it leads.
    url: Option<String>,
    /// What it watches.
    watched: Option<Vec<HfWatchedItem>>,
    /// What it is told of; everything when nothing is said.
    domains: Option<Vec<HfHookDomain>>,
    /// What its receiver knows it by; empty for nothing.
    secret: Option<String>,
    /// Jobs are not started by webhooks here: it is refused.
    job_source_id: Option<String>,
}

impl HfWriteWebhook {
    fn refuse_jobs(&self) -> Result<(), HfError> {
        match self.job_source_id {
            Some(_) => Err(invalid("A webhook of this hub leads to an address; it starts no job.")),
            None => Ok(()),
        }
    }

    fn domains(&self) -> Option<Vec<Domain>> {
        let domain = |domain: &HfHookDomain| match domain {
            HfHookDomain::Repo => Domain::Repo,
            HfHookDomain::Discussion => Domain::Discussion,
        };
        self.domains.as_ref().map(|all| all.iter().map(domain).collect())
    }
}

fn invalid(message: &str) -> HfError {
    HfError::new(Code::Invalid, message)
}

fn unwatchable(code: Code, message: String) -> HfError {
    HfError::Other(ApiError::field(code, "watched", message))
}

impl HfParts {
    fn own_webhook(&self, client: &Client, id: &str, needed: Scope) -> Result<OwnWebhook, HfError> {
        self.hooks.own(&client.caller, id, needed).map_err(HfError::other)
    }

    /// What the names say, as far as the caller may see it.
    fn watched(&self, client: &Client, items: &[HfWatchedItem]) -> Result<Vec<WatchedItem>, HfError> {
        // Each costs a look into the rows; how many there may be is the slice's to say.
        items
            .iter()
            .take(100)
            .map(|item| self.watched_item(client, item))
            .collect()
    }

    fn watched_item(&self, client: &Client, item: &HfWatchedItem) -> Result<WatchedItem, HfError> {
        let (kind, repository) = match item.r#type {
            HfWatchedKind::Model => (WatchedKind::Model, Some(HfKind::Model)),
            HfWatchedKind::Dataset => (WatchedKind::Dataset, Some(HfKind::Dataset)),
            HfWatchedKind::Space => (WatchedKind::Space, Some(HfKind::Space)),
            HfWatchedKind::User => (WatchedKind::User, None),
            HfWatchedKind::Org => (WatchedKind::Org, None),
        };
        let nothing = || unwatchable(Code::NotFound, format!("There is no '{}' to watch.", item.name));
        let target = if let Some(family) = repository {
            let (owner, name) = item.name.split_once('/').ok_or_else(nothing)?;
            let found = client.readable(&self.repos, family, owner, name);
            let found = found.map_err(|error| match error {
                HfError::RepositoryNotFound { .. } => nothing(),
                other => other,
            })?;
            Watched::Repository(found.id())
        } else {
            let name: AccountName = item.name.parse().map_err(|_| nothing())?;
            let account = self.users.get(&name).map_err(|error| match error {
                UsersError::UnknownAccount(_) => nothing(),
                other => other.into(),
            })?;
            let is_user = account.kind == AccountKind::User;
            if is_user != (kind == WatchedKind::User) {
                let message = "An account is watched as what it is: a user or an org.";
                return Err(unwatchable(Code::Invalid, message.to_owned()));
            }
            Watched::Account(account.id)
        };
        let name = item.name.clone();
        Ok(WatchedItem { kind, name, target })
    }

    async fn switch_webhook(&self, client: Client, id: &str, disabled: bool) -> Result<HttpResponse, HfError> {
        let own = self.own_webhook(&client, id, Scope::Write)?;
        let change = WebhookChange {
            disabled: Some(disabled),
            ..WebhookChange::default()
        };
        let changed = self.hooks.change(own, change, client.origin).await;
        Ok(answer(&changed.map_err(HfError::other)?))
    }
}

/// Lists the caller's own webhooks.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    responses((status = 200, body = Vec<HfWebhookView>), (status = 401), (status = 403)))]
#[get("/api/settings/webhooks")]
async fn hf_list_webhooks(client: Client, parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    let all = parts.hooks.list(&client.caller).map_err(HfError::other)?;
    let views: Vec<_> = all.iter().map(HfWebhookView::from).collect();
    Ok(HttpResponse::Ok().json(views))
}

/// Makes a webhook.
#[utoipa::path(tag = "hugging face", request_body = HfWriteWebhook, security(("bearer" = [])),
    responses((status = 200, body = HfWebhookAnswer), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
#[post("/api/settings/webhooks")]
async fn hf_create_webhook(
    client: Client,
    body: Json<HfWriteWebhook>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let may_write = client.caller.require_whole_account(Scope::Write);
    may_write.map_err(|error| HfError::other(HooksError::from(error)))?;
    body.0.refuse_jobs()?;
    let domains = body.0.domains().unwrap_or_else(|| Domain::ALL.to_vec());
    let new = NewWebhook {
        watched: parts.watched(&client, body.0.watched.as_deref().unwrap_or_default())?,
        domains,
        url: body.0.url.ok_or_else(|| invalid("A webhook needs a url."))?,
        secret: body.0.secret,
        hub: client.hub.clone(),
    };
    let made = parts.hooks.create(&client.caller, new, client.origin.clone()).await;
    Ok(answer(&made.map_err(HfError::other)?))
}

#[derive(Debug, Deserialize)]
struct WebhookPath {
    webhook_id: String,
}

/// A webhook of the caller's own.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 200, body = HfWebhookAnswer), (status = 401), (status = 403), (status = 404)))]
#[get("/api/settings/webhooks/{webhook_id}")]
async fn hf_show_webhook(
    client: Client,
    path: Path<WebhookPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    Ok(answer(&parts.own_webhook(&client, &path.0.webhook_id, Scope::Read)?))
}

/// Changes a webhook.
#[utoipa::path(tag = "hugging face", request_body = HfWriteWebhook, security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 200, body = HfWebhookAnswer), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[post("/api/settings/webhooks/{webhook_id}")]
async fn hf_change_webhook(
    client: Client,
    path: Path<WebhookPath>,
    body: Json<HfWriteWebhook>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let own = parts.own_webhook(&client, &path.0.webhook_id, Scope::Write)?;
    body.0.refuse_jobs()?;
    let watched = body.0.watched.as_deref();
    let change = WebhookChange {
        watched: watched.map(|items| parts.watched(&client, items)).transpose()?,
        domains: body.0.domains(),
        url: body.0.url,
        secret: body.0.secret,
        disabled: None,
    };
    let changed = parts.hooks.change(own, change, client.origin).await;
    Ok(answer(&changed.map_err(HfError::other)?))
}

/// Deletes a webhook.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/settings/webhooks/{webhook_id}")]
async fn hf_delete_webhook(
    client: Client,
    path: Path<WebhookPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let own = parts.own_webhook(&client, &path.0.webhook_id, Scope::Write)?;
    parts.hooks.delete(own, client.origin).await.map_err(HfError::other)?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "success": true })))
}

/// Lets a webhook be told again, of what happens from now on.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 200, body = HfWebhookAnswer), (status = 401), (status = 403), (status = 404)))]
#[post("/api/settings/webhooks/{webhook_id}/enable")]
async fn hf_enable_webhook(
    client: Client,
    path: Path<WebhookPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    parts.switch_webhook(client, &path.0.webhook_id, false).await
}

/// Sends nothing more to a webhook.
#[utoipa::path(tag = "hugging face", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 200, body = HfWebhookAnswer), (status = 401), (status = 403), (status = 404)))]
#[post("/api/settings/webhooks/{webhook_id}/disable")]
async fn hf_disable_webhook(
    client: Client,
    path: Path<WebhookPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    parts.switch_webhook(client, &path.0.webhook_id, true).await
}
