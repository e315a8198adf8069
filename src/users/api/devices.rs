use crate::base::Timestamp;
use crate::http::{ApiResult, Json, Query, RequestInfo};
use crate::users::{Caller, DeviceDecision, DeviceLogin, Scope, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which program is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeviceQuery {
    /// The code that the program shows.
    user_code: String,
}

/// A program that wants to log in.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceLoginView {
    /// What it calls itself; nobody has checked it.
    program: String,
    /// The address from which it asked.
    address: Option<String>,
    /// When it asked.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When its code stops to work.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<DeviceLogin> for DeviceLoginView {
    fn from(login: DeviceLogin) -> Self {
        Self {
            program: login.program,
            address: login.address.map(|address| address.to_string()),
            started_at: login.started_at,
            expires_at: login.expires_at,
        }
    }
}

/// What to say to a program that wants to log in.
#[derive(Deserialize, ToSchema)]
pub(super) struct DecideDevice {
    /// The code that it shows.
    user_code: String,
    /// Whether it gets a token of yours.
    approve: bool,
    /// What the token allows, `read`, `write` or `admin`; `write` when nothing is said.
    #[schema(value_type = Option<String>, examples("read", "write", "admin"))]
    scope: Option<Scope>,
    /// When the token stops to work; without it never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl DecideDevice {
    fn decision(&self) -> DeviceDecision {
        if !self.approve {
            return DeviceDecision::Deny;
        }
        DeviceDecision::Approve {
            scope: self.scope.unwrap_or(Scope::Write),
            expires_at: self.expires_at,
        }
    }
}

/// The program that shows a code and waits to be let in. Takes a login with the password.
#[utoipa::path(tag = "auth", params(DeviceQuery), security(("bearer" = [])),
    responses((status = 200, body = DeviceLoginView)))]
#[get("/api/auth/device")]
pub(super) async fn show_device_login(
    caller: Caller,
    users: Data<Users>,
    query: Query<DeviceQuery>,
) -> ApiResult<Json<DeviceLoginView>> {
    Ok(Json(users.device_login(&caller, &query.0.user_code)?.into()))
}

/// Says yes or no to the program that shows a code. With a yes it gets a personal access token, which is listed among
/// yours. Takes a login with the password.
#[utoipa::path(tag = "auth", request_body = DecideDevice, security(("bearer" = [])),
    responses((status = 204, description = "the program is told so when it asks next")))]
#[post("/api/auth/device")]
pub(super) async fn decide_device_login(
    caller: Caller,
    request: RequestInfo,
    users: Data<Users>,
    body: Json<DecideDevice>,
) -> ApiResult<HttpResponse> {
    let origin = caller.origin(&request);
    let decision = body.0.decision();
    users
        .decide_device_login(&caller, &body.0.user_code, decision, origin)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
