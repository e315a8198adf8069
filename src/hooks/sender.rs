//! The client that sends: follows no redirect, asks no proxy, connects to no address that is not allowed.

use super::HooksError;
use super::address::is_allowed;
use crate::config::LiveConfig;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Url, redirect};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longest time from the first byte sent to the head of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// No attempt will be let through.
    #[error("{0}.")]
    Refused(#[from] AddressRefused),
    /// No attempt will be let through: the key that sealed the secret is gone.
    #[error("The hub cannot read the secret of this webhook any more; set another one.")]
    SecretLost,
    /// Another attempt may get through.
    #[error("{0}")]
    Failed(String),
}

/// The host has no address that is sent to.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{0} has no public address, and this hub sends to no other; its administrator may allow it (hooks.allowed_private_hosts)"
)]
pub(super) struct AddressRefused(String);

#[derive(Clone)]
pub(super) struct Sender {
    config: LiveConfig,
    /// Made at the first use, because it reads the certificates of the system.
    client: Arc<OnceLock<Client>>,
}

impl Sender {
    pub(super) fn new(config: LiveConfig) -> Self {
        Self {
            config,
            client: Arc::default(),
        }
    }

    /// Refuses an address that is written in numbers and not allowed. Names are looked at when something is sent.
    pub(super) fn require_allowed(&self, url: &Url) -> Result<(), HooksError> {
        self.allowed(url)
            .map_err(|refused| HooksError::invalid("url", format!("{refused}.")))
    }

    fn allowed(&self, url: &Url) -> Result<(), AddressRefused> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.is_allowed(bare, address) => Err(AddressRefused(host.to_owned())),
            _ => Ok(()),
        }
    }

    fn is_allowed(&self, host: &str, address: IpAddr) -> bool {
        is_allowed(host, address, &self.config.current().hooks.allowed_private_hosts)
    }

    /// Sends a document and answers the status. The answer itself is not read: nobody may look into the lab through it.
    pub(super) async fn send(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<u16, SendError> {
        // The client resolves names only, not addresses.
        self.allowed(url)?;
        let request = self
            .client()?
            .post(url.clone())
            .headers(headers)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => Err(classified(&error)),
        }
    }

    fn client(&self) -> Result<&Client, SendError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .user_agent(concat!("GeoML-Hub/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIME_LIMIT)
            .connect_timeout(CONNECT_LIMIT)
            // A kept connection would outlive a change of what is allowed.
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver(self.clone())))
            .build()
            .map_err(|error| SendError::Failed(told(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Gives the client those addresses of a name that it may connect to, and no others: what was looked at is what is used.
struct Resolver(Sender);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let sender = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| sender.is_allowed(&host, address.ip())).collect();
            if allowed.is_empty() {
                return Err(AddressRefused(host).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn classified(error: &reqwest::Error) -> SendError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<AddressRefused>() {
            return SendError::Refused(refused.clone());
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        return SendError::Failed("No answer came in time.".to_owned());
    }
    SendError::Failed(told(error))
}

/// The innermost cause says what went wrong; the outer ones repeat the address, which may hold a secret.
fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let innermost_is_whole = error.source().is_none();
    if innermost_is_whole {
        return "The request could not be sent.".to_owned();
    }
    format!("The connection failed: {cause}.")
}
