use super::view::UserView;
use crate::base::AccountName;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::users::{AccountChange, AccountFilter, Caller, Change, NewAccount, Password, Role, Scope, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, put};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which accounts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListUsers {
    /// Part of the name or the full name, without regard to case.
    #[serde(alias = "search")]
    q: Option<String>,
    /// The page, counted from 1.
    page: Option<usize>,
    /// Items per page, 1 to 100; 20 when absent.
    limit: Option<usize>,
}

/// What an administrator gives for a new account.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateUser {
    /// Letters, digits, `.`, `_` and `-`; unique without regard to case.
    username: String,
    /// Unique without regard to case.
    email: String,
    /// At least 8 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Password,
    /// The name that people use.
    full_name: Option<String>,
    /// Whether it administers the hub.
    #[serde(default)]
    is_admin: bool,
}

/// What is to be changed; a missing field stays as it is, null empties it.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct UpdateUser {
    /// The name that people use.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    full_name: Change<String>,
    /// A text about yourself.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    bio: Change<String>,
    /// An address with `http` or `https`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    website: Change<String>,
    /// Where you work.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    location: Change<String>,
    /// Unique without regard to case.
    email: Option<String>,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    private_by_default: Option<bool>,
    /// For administrators: bytes that the account may store; null for the configured quota.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    storage_quota: Change<u64>,
    /// For administrators.
    is_verified: Option<bool>,
    /// For administrators: whether the account works.
    is_active: Option<bool>,
    /// For administrators: whether the account administers the hub.
    is_admin: Option<bool>,
}

/// What changing a password takes.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ChangePassword {
    /// The present password; not needed by an administrator for somebody else.
    #[serde(alias = "old_password")]
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Password>,
    /// At least 8 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    new_password: Password,
}

/// Accounts, sorted by name.
#[utoipa::path(
    tag = "users",
    params(ListUsers),
    responses((status = 200, body = Page<UserView>)),
    security((), ("bearer" = []))
)]
#[get("/api/users")]
pub(super) async fn list_users(
    users: Data<Users>,
    caller: Caller,
    query: Query<ListUsers>,
) -> ApiResult<Json<Page<UserView>>> {
    let Query(ListUsers { q, page, limit }) = query;
    let filter = AccountFilter {
        text: q,
        everything: caller.is_admin(),
    };
    let page = users.list(filter, PageQuery { page, limit }.range()?).await?;
    Ok(Json(page.map(|account| UserView::new(&users, &account, &caller))))
}

/// Makes an account for somebody else; for administrators.
#[utoipa::path(
    tag = "users",
    request_body = CreateUser,
    responses((status = 201, body = UserView)),
    security(("bearer" = []))
)]
#[post("/api/users")]
pub(super) async fn create_user(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    body: Json<CreateUser>,
) -> ApiResult<HttpResponse> {
    let proof = caller.require_admin()?;
    let (new, role) = body.0.into_parts();
    let account = users.create(proof, new, role, caller.origin(&request)).await?;
    Ok(HttpResponse::Created().json(UserView::new(&users, &account, &caller)))
}

/// An account.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "the name, without regard to case")),
    responses((status = 200, body = UserView)),
    security((), ("bearer" = []))
)]
#[get("/api/users/{username}")]
pub(super) async fn show_user(
    users: Data<Users>,
    caller: Caller,
    username: Path<AccountName>,
) -> ApiResult<Json<UserView>> {
    let account = users.get(&username.0)?;
    Ok(Json(UserView::new(&users, &account, &caller)))
}

/// Changes an account; for itself and administrators.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "the name, without regard to case")),
    request_body = UpdateUser,
    responses((status = 200, body = UserView)),
    security(("bearer" = []))
)]
#[put("/api/users/{username}")]
pub(super) async fn update_user(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    username: Path<AccountName>,
    body: Json<UpdateUser>,
) -> ApiResult<Json<UserView>> {
    caller.require_account()?;
    let proof = caller.require_self_or_admin(users.get(&username.0)?, Scope::Write)?;
    let account = users.update(proof, body.0.into(), caller.origin(&request)).await?;
    Ok(Json(UserView::new(&users, &account, &caller)))
}

/// Sets a new password and ends every other login of the account.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "the name, without regard to case")),
    request_body = ChangePassword,
    responses((status = 204, description = "the new password holds")),
    security(("bearer" = []))
)]
#[put("/api/users/{username}/password")]
pub(super) async fn change_password(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    username: Path<AccountName>,
    body: Json<ChangePassword>,
) -> ApiResult<HttpResponse> {
    caller.require_account()?;
    let proof = caller.require_self_or_admin(users.get(&username.0)?, Scope::Admin)?;
    let (present, new) = (body.0.current_password, body.0.new_password);
    let origin = caller.origin(&request);
    users.change_password(proof, present, new, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl CreateUser {
    fn into_parts(self) -> (NewAccount, Role) {
        let new = NewAccount {
            username: self.username,
            email: self.email,
            password: self.password,
            full_name: self.full_name,
        };
        (new, role(self.is_admin))
    }
}

impl From<UpdateUser> for AccountChange {
    fn from(body: UpdateUser) -> Self {
        Self {
            full_name: body.full_name,
            bio: body.bio,
            website: body.website,
            location: body.location,
            email: body.email,
            private_by_default: body.private_by_default,
            storage_quota: body.storage_quota,
            is_verified: body.is_verified,
            is_active: body.is_active,
            role: body.is_admin.map(role),
        }
    }
}

fn role(is_admin: bool) -> Role {
    if is_admin { Role::Admin } else { Role::User }
}
