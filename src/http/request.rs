use super::error::ApiError;
use crate::config::LiveConfig;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id under which a request stands in the log and in its answer.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id of the request that this task answers; empty outside of requests.
    pub fn current() -> String {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// A client may name the request itself, within bounds that keep the log readable.
    fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable = |id: &&str| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        Self(
            given
                .filter(usable)
                .map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned),
        )
    }
}

/// Middleware: gives every request an id and a span, logs its end, and answers the id in `X-Request-Id`.
pub async fn trace_request(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let RequestId(id) = RequestId::of(&request);
    let span = crate::telemetry::request_span(&id, request.method().as_str(), request.path());
    let started = Instant::now();
    let answer = CURRENT.scope(id.clone(), next.call(request).instrument(span.clone()));
    let mut response = answer.await?;
    span.in_scope(|| {
        tracing::debug!(
            status = response.status().as_u16(),
            elapsed = ?started.elapsed(),
            "answered"
        );
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    Ok(response)
}

/// Where a request came from, for counters, limits and the record of events.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// The address of the client; of the last hop that is no trusted proxy.
    pub address: IpAddr,
    /// What the client calls itself; empty when it says nothing. At most 256 bytes.
    pub user_agent: String,
}

impl RequestInfo {
    /// Reads it from a request; the extractor keeps it for the next one who asks.
    pub fn of(request: &HttpRequest) -> Self {
        let peer = request
            .peer_addr()
            .map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
        let config = request.app_data::<web::Data<LiveConfig>>().map(|live| live.current());
        let trusted = |address: &IpAddr| {
            config.iter().any(|config| {
                config
                    .server
                    .trusted_proxies
                    .iter()
                    .any(|network| network.contains(address))
            })
        };
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let forwarded = header("x-forwarded-for")
            .rsplit(',')
            .filter_map(|part| part.trim().parse().ok());
        let address = std::iter::once(peer)
            .chain(forwarded)
            .find(|address| !trusted(address))
            .unwrap_or(peer);
        Self {
            address,
            user_agent: header("user-agent").chars().take(256).collect(),
        }
    }
}

impl FromRequest for RequestInfo {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(info) = request.extensions().get::<Self>() {
            return ready(Ok(info.clone()));
        }
        let info = Self::of(request);
        request.extensions_mut().insert(info.clone());
        ready(Ok(info))
    }
}

/// Runs work to its end, even when the request that asked for it is given up: a client that goes away drops its handler
/// at whatever point it has reached, and what takes several durable steps must not stop between two of them. The work
/// keeps the request's id and its place in the log.
///
/// Only for work that is bounded by itself; dropping the returned future does not stop it. A panic inside is resumed in
/// the caller.
pub async fn to_the_end<T, F>(work: F) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let work = CURRENT.scope(RequestId::current(), work).in_current_span();
    match tokio::spawn(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away, and the caller with it.
            Err(_) => std::future::pending().await,
        },
    }
}
