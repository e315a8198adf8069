use super::KindQuery;
use crate::events::Origin;
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::repos::{Protection, PushAccess, PushRules, Repos};
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(show_protections).service(change_protections);
}

/// A rule for branches. The first whose pattern matches counts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProtectionView {
    /// The name of a branch, or a pattern: `*` stands for anything but a slash, `**` for anything.
    pattern: String,
    /// Who may push: write (everybody who may write), admin or nobody.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    push: PushAccess,
    /// Whether pushes may rewrite the history.
    #[serde(default)]
    force_push: bool,
    /// Whether the branch may be deleted.
    #[serde(default)]
    deletion: bool,
}

/// What pushes may do. The default branch is protected against rewriting and deletion when no rule matches it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PushRulesView {
    /// Rules for branches, in order.
    protections: Vec<ProtectionView>,
    /// Whether pointers may be pushed whose large files the repository does not have.
    #[serde(default)]
    missing_lfs: bool,
}

impl From<PushRules> for PushRulesView {
    fn from(rules: PushRules) -> Self {
        let view = |rule: Protection| ProtectionView {
            pattern: rule.pattern,
            push: rule.push,
            force_push: rule.force_push,
            deletion: rule.deletion,
        };
        Self {
            protections: rules.protections.into_iter().map(view).collect(),
            missing_lfs: rules.missing_lfs,
        }
    }
}

impl From<PushRulesView> for PushRules {
    fn from(view: PushRulesView) -> Self {
        let rule = |view: ProtectionView| Protection {
            pattern: view.pattern,
            push: view.push,
            force_push: view.force_push,
            deletion: view.deletion,
        };
        Self {
            protections: view.protections.into_iter().map(rule).collect(),
            missing_lfs: view.missing_lfs,
        }
    }
}

/// What pushes to the repository may do; for those who may push.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = PushRulesView), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/protections")]
async fn show_protections(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<Json<PushRulesView>> {
    let proof = repos.writable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    Ok(Json(proof.repository().push_rules.clone().into()))
}

/// Changes what pushes to the repository may do.
#[utoipa::path(tag = "repositories", params(KindQuery), request_body = PushRulesView, security(("bearer" = [])),
    responses((status = 200, body = PushRulesView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[put("/api/v1/repos/{owner}/{repo}/protections")]
async fn change_protections(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<PushRulesView>,
    repos: Data<Repos>,
) -> ApiResult<Json<PushRulesView>> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let changed = repos.change_push_rules(&proof, body.0.into(), origin).await?;
    Ok(Json(changed.push_rules.into()))
}
