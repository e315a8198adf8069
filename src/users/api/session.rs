use super::caller::credential;
use super::view::UserView;
use crate::base::Timestamp;
use crate::events::Origin;
use crate::http::{ApiError, ApiResult, Code, Json, RequestInfo};
use crate::users::{Caller, Grant, NewAccount, Password, Scope, Users, UsersError};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What registering takes.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Registration {
    /// Letters, digits, `.`, `_` and `-`; unique without regard to case.
    username: String,
    /// Unique without regard to case; shown to nobody but administrators.
    email: String,
    /// At least 8 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    password: Password,
    /// The name that people use.
    full_name: Option<String>,
}

impl From<Registration> for NewAccount {
    fn from(body: Registration) -> Self {
        Self {
            username: body.username,
            email: body.email,
            password: body.password,
            full_name: body.full_name,
        }
    }
}

/// What logging in takes.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Login {
    /// The name or the e-mail address of the account.
    #[serde(alias = "email")]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
pub(super) struct RefreshRequest {
    /// As a login or the last refresh answered it.
    refresh_token: String,
}

/// What logging out takes; the body may be missing.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct LogoutRequest {
    /// The refresh token of the login to end; needed only when the access token is not sent.
    refresh_token: Option<String>,
}

/// What is to be verified; the body may be missing.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct VerifyRequest {
    /// An access token; without it the one in the `Authorization` header is verified.
    token: Option<String>,
}

/// The tokens of a login.
#[derive(Serialize, ToSchema)]
pub(super) struct GrantView {
    /// Sent as `Authorization: Bearer`.
    access_token: String,
    /// Exchanged for the next tokens; works once.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds after which the access token stops to work.
    expires_in: u64,
    /// Whose login it is.
    user: UserView,
}

impl GrantView {
    fn answer(users: &Users, grant: &Grant) -> HttpResponse {
        // RFC 6749, section 5.1: an answer that holds tokens is stored nowhere.
        HttpResponse::Ok()
            .insert_header(("cache-control", "no-store"))
            .json(Self {
                access_token: grant.access_token.reveal().to_owned(),
                refresh_token: grant.refresh_token.reveal().to_owned(),
                token_type: "Bearer",
                expires_in: grant.expires_in.as_secs(),
                user: UserView::own(users, &grant.account),
            })
    }
}

/// Whose a token is.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Verification {
    /// Whether the token works at this moment.
    valid: bool,
    /// Whose it is.
    user: Option<UserView>,
    /// What it allows.
    #[schema(value_type = Option<String>)]
    scope: Option<Scope>,
    /// When the access token of a login stops to work.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// The parts that people need to sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuthHealth {
    /// Always `ok`: a hub without its keys does not start.
    status: &'static str,
    /// The algorithm that signs access tokens (RFC 8037).
    algorithm: &'static str,
    /// Names the key that signs access tokens.
    key_id: String,
    /// Whether everybody may make an account.
    registration_open: bool,
    /// True until the first account is made, which will administer the hub.
    needs_first_account: bool,
}

/// Makes an account. The first account of a hub administers it.
#[utoipa::path(tag = "auth", request_body = Registration, responses((status = 201, body = UserView)))]
#[post("/api/auth/register")]
pub(super) async fn register_account(
    users: Data<Users>,
    request: RequestInfo,
    body: Json<Registration>,
) -> ApiResult<HttpResponse> {
    let origin = Origin::of_request(None, request.address);
    let account = users.register(body.0.into(), origin).await?;
    Ok(HttpResponse::Created().json(UserView::own(&users, &account)))
}

/// Logs in with the name or the e-mail address of an account and its password.
#[utoipa::path(tag = "auth", request_body = Login, responses((status = 200, body = GrantView)))]
#[post("/api/auth/login")]
pub(super) async fn log_in(users: Data<Users>, request: RequestInfo, body: Json<Login>) -> ApiResult<HttpResponse> {
    let Json(Login { username, password }) = body;
    let origin = Origin::of_request(None, request.address);
    let grant = users.login(&username, password, origin).await?;
    Ok(GrantView::answer(&users, &grant))
}

/// Exchanges a refresh token for new tokens. One that is used twice ends the login.
#[utoipa::path(tag = "auth", request_body = RefreshRequest, responses((status = 200, body = GrantView)))]
#[post("/api/auth/refresh")]
pub(super) async fn refresh_login(
    users: Data<Users>,
    request: RequestInfo,
    body: Json<RefreshRequest>,
) -> ApiResult<HttpResponse> {
    let origin = Origin::of_request(None, request.address);
    let grant = users.refresh(&body.refresh_token, origin).await?;
    Ok(GrantView::answer(&users, &grant))
}

/// Ends a login: its access tokens and its refresh token stop to work at once.
#[utoipa::path(
    tag = "auth",
    request_body = Option<LogoutRequest>,
    responses((status = 204, description = "the login has ended")),
    security((), ("bearer" = []))
)]
#[post("/api/auth/logout")]
pub(super) async fn log_out(
    users: Data<Users>,
    caller: Caller,
    request: RequestInfo,
    body: Bytes,
) -> ApiResult<HttpResponse> {
    let body: LogoutRequest = optional(&body)?;
    let origin = caller.origin(&request);
    users.logout(&caller, body.refresh_token.as_deref(), origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's account.
#[utoipa::path(tag = "auth", responses((status = 200, body = UserView)), security(("bearer" = [])))]
#[get("/api/auth/me")]
pub(super) async fn show_me(users: Data<Users>, caller: Caller) -> ApiResult<Json<UserView>> {
    let account = caller.require_account()?;
    Ok(Json(UserView::new(&users, account, &caller)))
}

/// Tells whether an access token works, and whose it is.
#[utoipa::path(
    tag = "auth",
    request_body = Option<VerifyRequest>,
    responses((status = 200, body = Verification)),
    security((), ("bearer" = []))
)]
#[post("/api/auth/verify")]
pub(super) async fn verify_token(
    users: Data<Users>,
    request: HttpRequest,
    body: Bytes,
) -> ApiResult<Json<Verification>> {
    let body: VerifyRequest = optional(&body)?;
    let token = match &body.token {
        Some(token) => token.as_str(),
        None => credential(&request)?.ok_or(UsersError::LoginRequired)?,
    };
    Ok(Json(match users.verify(token) {
        Ok((caller, expires_at)) => Verification {
            valid: true,
            user: caller.account().map(UserView::public),
            scope: Some(caller.scope()),
            expires_at,
        },
        Err(UsersError::CredentialRefused) if body.token.is_some() => Verification::default(),
        Err(error) => return Err(error.into()),
    }))
}

/// The state of the parts that people need to sign in.
#[utoipa::path(tag = "auth", responses((status = 200, body = AuthHealth)))]
#[get("/api/auth/health")]
pub(super) async fn show_auth_health(users: Data<Users>) -> ApiResult<Json<AuthHealth>> {
    Ok(Json(AuthHealth {
        status: "ok",
        algorithm: "EdDSA",
        key_id: users.signing_key_id().to_owned(),
        registration_open: users.is_registration_open(),
        needs_first_account: users.is_empty()?,
    }))
}

/// A JSON body that may be missing.
fn optional<T: Default + DeserializeOwned>(body: &Bytes) -> ApiResult<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| {
        ApiError::new(
            Code::BadRequest,
            format!("The JSON body cannot be understood: {error}."),
        )
    })
}
