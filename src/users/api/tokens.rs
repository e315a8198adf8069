use crate::base::{RepositoryId, Timestamp, TokenId};
use crate::http::{ApiError, ApiResult, Code, Json, Path, RequestInfo};
use crate::users::{AccessToken, Caller, NewAccessToken, Scope, Users};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

type Resolve = dyn Fn(&Caller, &str) -> ApiResult<RepositoryId> + Send + Sync;

/// Finds the repository that a token is to be limited to, by its id or its `owner/name`. Tokens keep ids, because a
/// name may later belong to another repository; names are known only to slices above, so the composition root hands
/// this in.
#[derive(Clone)]
pub struct RepositoryResolver(Arc<Resolve>);

impl RepositoryResolver {
    /// `resolve` answers a repository that the caller may see, and the usual error for one that is missing or hidden.
    pub fn new(resolve: impl Fn(&Caller, &str) -> ApiResult<RepositoryId> + Send + Sync + 'static) -> Self {
        Self(Arc::new(resolve))
    }
}

/// What a new token needs.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateToken {
    /// By which you will know it.
    name: String,
    /// `read`, `write` or `admin`; each includes those before it.
    #[schema(value_type = String, examples("read", "write", "admin"))]
    scope: Scope,
    /// When it stops to work; without it never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The only repositories it works on, as `owner/name`, `datasets/owner/name`, `spaces/owner/name` or ids; without
    /// it all that you may reach.
    repositories: Option<Vec<String>>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenView {
    /// Names it when it is deleted.
    #[schema(value_type = String, format = "uuid")]
    id: TokenId,
    /// What you call it.
    name: String,
    /// What it allows.
    #[schema(value_type = String)]
    scope: Scope,
    /// Its first characters.
    hint: String,
    /// Ids of the only repositories it works on.
    #[schema(value_type = Option<Vec<String>>)]
    repositories: Option<Vec<RepositoryId>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it stops to work.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A new token with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedToken {
    /// The secret.
    token: String,
    #[serde(flatten)]
    view: TokenView,
}

/// The tokens of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenList {
    /// The newest first.
    items: Vec<TokenView>,
    /// How many there are.
    total: usize,
}

impl TokenView {
    fn new(users: &Users, token: AccessToken) -> ApiResult<Self> {
        Ok(Self {
            last_used_at: users.last_use(token.id)?,
            id: token.id,
            name: token.name,
            scope: token.scope,
            hint: token.hint,
            repositories: token.repositories,
            created_at: token.created_at,
            expires_at: token.expires_at,
        })
    }
}

/// Makes a personal access token. Takes a login with the password.
#[utoipa::path(
    tag = "auth",
    request_body = CreateToken,
    responses((status = 201, body = CreatedToken)),
    security(("bearer" = []))
)]
#[post("/api/auth/tokens")]
pub(super) async fn create_token(
    users: Data<Users>,
    caller: Caller,
    info: RequestInfo,
    request: HttpRequest,
    body: Json<CreateToken>,
) -> ApiResult<HttpResponse> {
    let new = body.0.resolved(&caller, &request)?;
    let (token, secret) = users.create_token(&caller, new, caller.origin(&info)).await?;
    let created = CreatedToken {
        token: secret.reveal().to_owned(),
        view: TokenView::new(&users, token)?,
    };
    Ok(HttpResponse::Created()
        .insert_header(("cache-control", "no-store"))
        .json(created))
}

/// Your personal access tokens, the newest first.
#[utoipa::path(tag = "auth", responses((status = 200, body = TokenList)), security(("bearer" = [])))]
#[get("/api/auth/tokens")]
pub(super) async fn list_tokens(users: Data<Users>, caller: Caller) -> ApiResult<Json<TokenList>> {
    let tokens = users.list_tokens(&caller)?.into_iter();
    let items: Vec<_> = tokens
        .map(|token| TokenView::new(&users, token))
        .collect::<ApiResult<_>>()?;
    let total = items.len();
    Ok(Json(TokenList { items, total }))
}

/// Deletes one of your personal access tokens, which stops to work at once.
#[utoipa::path(
    tag = "auth",
    params(("id" = String, Path, format = "uuid", description = "the id of the token")),
    responses((status = 204, description = "the token is gone")),
    security(("bearer" = []))
)]
#[delete("/api/auth/tokens/{id}")]
pub(super) async fn delete_token(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    id: Path<TokenId>,
) -> ApiResult<HttpResponse> {
    users.delete_token(&caller, id.0, caller.origin(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl CreateToken {
    fn resolved(self, caller: &Caller, request: &HttpRequest) -> ApiResult<NewAccessToken> {
        caller.require_account()?;
        if let Some(texts) = &self.repositories {
            NewAccessToken::check_repository_count(texts.len())?;
        }
        let resolver = request.app_data::<Data<RepositoryResolver>>();
        let resolve = |text: String| match resolver {
            Some(resolver) => (resolver.0)(caller, text.trim()),
            None => text.trim().parse().map_err(|_| {
                ApiError::field(
                    Code::Invalid,
                    "repositories",
                    format!("There is no repository '{text}'."),
                )
            }),
        };
        let repositories = self.repositories.map(|texts| texts.into_iter().map(resolve).collect());
        Ok(NewAccessToken {
            name: self.name,
            scope: self.scope,
            expires_at: self.expires_at,
            repositories: repositories.transpose()?,
        })
    }
}
