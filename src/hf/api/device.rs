use super::asked::Client;
use super::refusal::HfError;
use crate::events::Origin;
use crate::http::RequestInfo;
use crate::users::{AccessToken, DeviceAnswer, TokenSecret, Users};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How `huggingface_hub` and its `hf auth login` call themselves to every hub.
const HUGGINGFACE_HUB: &str = "26be6b09-91c5-47da-9861-d2d2bb7a7e36";

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(hf_start_device_login).service(hf_exchange_token);
}

/// What a program shows and asks with (RFC 8628, section 3.2).
#[derive(Serialize, ToSchema)]
struct HfDeviceView {
    /// What it asks with, and shows to nobody.
    device_code: String,
    /// What it shows.
    user_code: String,
    /// Where a person types the code.
    verification_uri: String,
    /// The same with the code.
    verification_uri_complete: String,
    /// Seconds for which the codes work.
    expires_in: u64,
    /// Seconds between two questions.
    interval: u64,
}

/// The token of a program (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
struct HfGrantView {
    /// Sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// `read`, `write` or `admin`.
    scope: &'static str,
    /// Seconds after which the token stops to work; absent when it works until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
}

/// Why there is no token (RFC 6749, section 5.2).
#[derive(Serialize, ToSchema)]
struct HfGrantRefusal {
    /// The word of the standard.
    error: &'static str,
    /// A sentence.
    error_description: &'static str,
}

/// An answer that holds secrets is stored nowhere.
fn secret(view: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view)
}

fn granted(token: &AccessToken, value: &TokenSecret) -> HttpResponse {
    secret(HfGrantView {
        access_token: value.reveal().to_owned(),
        token_type: "bearer",
        scope: token.scope.as_str(),
        expires_in: token.expires_at.map(|end| end.since(token.created_at).as_secs()),
    })
}

fn refused(error: &'static str, error_description: &'static str) -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(HfGrantRefusal {
            error,
            error_description,
        })
}

/// A field of a form.
fn field(form: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(form);
    fields.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// What a program is called: the word by which it is known, or what it calls itself.
fn program(form: &[u8], info: &RequestInfo) -> String {
    match field(form, "client_id") {
        Some(id) if id == HUGGINGFACE_HUB => "huggingface_hub".to_owned(),
        Some(id) if !id.trim().is_empty() => id,
        _ => info.user_agent.clone(),
    }
}

/// Begins the login of a program without a browser. Takes a form; `client_id` in it is what the program is called.
#[utoipa::path(tag = "hugging face",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = HfDeviceView), (status = 429)))]
#[post("/oauth/device")]
async fn hf_start_device_login(
    form: Bytes,
    request: HttpRequest,
    info: RequestInfo,
    users: Data<Users>,
) -> Result<HttpResponse, HfError> {
    let origin = Origin::of_request(None, info.address);
    let login = users.start_device_login(&program(&form, &info), origin).await?;
    let page = format!("{}/device", Client::hub_of(&request));
    Ok(secret(HfDeviceView {
        device_code: login.device_code.reveal().to_owned(),
        verification_uri_complete: format!("{page}?code={}", login.user_code),
        verification_uri: page,
        user_code: login.user_code,
        expires_in: login.expires_in.as_secs(),
        interval: login.interval.as_secs(),
    }))
}

/// Gives a program its token when somebody has let it in. Takes a form with `grant_type` and `device_code`.
#[utoipa::path(tag = "hugging face",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = HfGrantView), (status = 400, body = HfGrantRefusal)))]
#[post("/oauth/token")]
async fn hf_exchange_token(form: Bytes, info: RequestInfo, users: Data<Users>) -> Result<HttpResponse, HfError> {
    let origin = Origin::of_request(None, info.address);
    if field(&form, "grant_type").as_deref() != Some(DEVICE_GRANT) {
        return Ok(refused(
            "unsupported_grant_type",
            "Only codes of devices are exchanged here.",
        ));
    }
    let device_code = field(&form, "device_code").unwrap_or_default();
    Ok(match users.ask_device_login(&device_code, origin).await? {
        DeviceAnswer::Granted(token, value) => granted(&token, &value),
        DeviceAnswer::Pending => refused("authorization_pending", "Nobody has said yes or no yet."),
        DeviceAnswer::SlowDown => refused("slow_down", "This asks too often."),
        DeviceAnswer::Denied => refused("access_denied", "The login was refused."),
        DeviceAnswer::Expired => refused("expired_token", "The code is not known, or its time is over."),
    })
}
