use super::error::ApiError;
use crate::config::LiveConfig;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What the Hugging Face clients send in its place.
static TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

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

    /// Does work that belongs to a request, on whatever thread it runs.
    pub async fn scope<T>(id: String, work: impl Future<Output = T>) -> T {
        CURRENT.scope(id, work).await
    }

    /// A client may name the request itself, within bounds that keep the log readable.
    fn of(request: &ServiceRequest) -> Self {
        let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let usable = |id: &&str| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        Self(
            header(&REQUEST_ID)
                .filter(usable)
                .or_else(|| header(&TRACE_ID).filter(usable))
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
            .map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip().to_canonical());
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
        let user_agent = request.headers().get("user-agent");
        let user_agent = user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address: client_address(peer, request.headers(), trusted),
            user_agent: user_agent.chars().take(256).collect(),
        }
    }
}

/// Follows `X-Forwarded-For` from the hub outward for as long as trusted proxies vouch for the next hop. A proxy may
/// continue the line of the client or begin one of its own. An entry that is no address ends the way: what stands before
/// it may come from anybody.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let lines: Vec<&HeaderValue> = headers.get_all(&FORWARDED_FOR).collect();
    let mut hops = lines
        .into_iter()
        .rev()
        .flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let mut address = peer;
    while trusted(&address)
        && let Some(hop) = hops.next().and_then(hop)
    {
        address = hop;
    }
    address
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR.clone(), HeaderValue::from_str(line).unwrap());
        }
        let trusted = |address: &IpAddr| address.to_string().starts_with("10.") || address.to_string() == "fd00::1";
        client_address(peer.parse().unwrap(), &headers, trusted).to_string()
    }

    #[test]
    fn the_client_is_the_last_hop_that_no_trusted_proxy_is() {
        for (peer, lines, client) in [
            ("192.0.2.1", &["198.51.100.1"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["fd00::1, 10.0.0.2"], "fd00::1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(seen(peer, lines), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_client_cannot_choose_its_address() {
        for (lines, client) in [
            (&["1.1.1.1", "198.51.100.1"][..], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1:4711"], "198.51.100.1"),
            (&["1.1.1.1, [2001:db8::1]:4711"], "2001:db8::1"),
            (&["1.1.1.1, [2001:db8::1]"], "2001:db8::1"),
            (&["1.1.1.1, ::ffff:198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["1.1.1.1, , 10.0.0.2"], "10.0.0.2"),
            (&["1.1.1.1", "\u{ff}"], "10.0.0.1"),
        ] {
            assert_eq!(seen("10.0.0.1", lines), client, "{lines:?}");
        }
    }
}
