use super::HooksError;
use crate::base::{RepositoryId, Timestamp, UserId, WebhookId};
use crate::keys::{Purpose, Sealed};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most webhooks of an account.
pub(super) const MOST_WEBHOOKS: usize = 50;
/// The most repositories and accounts that one webhook watches.
const MOST_WATCHED: usize = 50;
/// The most deliveries of one webhook that are remembered.
pub(super) const MOST_ATTEMPTS: u64 = 50;
/// The longest document that is remembered with its attempt.
const BODY_KEPT_BYTES: usize = 8 * 1024;
/// So many attempts in a row must have failed before a webhook is given up, however long ago the first of them was.
const PATIENCE_ATTEMPTS: u32 = 10;
const URL_MAX_BYTES: usize = 2_048;
const SECRET_MAX_BYTES: usize = 256;
/// What the sealed secrets of webhooks are bound to.
pub(super) const SECRET_PURPOSE: Purpose = Purpose::new("webhook-secret");

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Repositories and what they hold.
    Repo,
    /// Discussions and pull requests.
    Discussion,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Repo, Self::Discussion];
}

/// What kind of thing is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchedKind {
    /// A model, or what shares its family.
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

/// Who or what is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// One repository.
    Repository(RepositoryId),
    /// All repositories of an account.
    Account(UserId),
}

/// Something that is watched, under the name by which its watcher knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedItem {
    /// What kind of thing.
    pub kind: WatchedKind,
    /// The name when it was chosen. It is not renewed: a new name may be a secret by then.
    pub name: String,
    /// Which one.
    pub target: Watched,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Never changes.
    pub id: WebhookId,
    /// The account that made it.
    pub owner: UserId,
    /// Where it leads.
    pub url: String,
    /// What it watches.
    pub watched: Vec<WatchedItem>,
    /// What it is told of.
    pub domains: Vec<Domain>,
    /// What its receiver knows it by.
    pub(super) secret: Option<Sealed>,
    /// Whether nothing is sent.
    pub disabled: bool,
    /// Whether the hub disabled it by itself, because of its trouble.
    pub(super) given_up: bool,
    /// What goes wrong since something arrived for the last time.
    pub trouble: Option<Trouble>,
    /// The hub as its owner calls it, for addresses in what is sent.
    pub hub: String,
    /// The last event that it was told of, or that came before its owner wanted it to be told.
    pub(super) told: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Webhook {
    /// Whether it is told of an event in this domain.
    pub(super) fn wants(&self, domain: Domain) -> bool {
        !self.disabled && self.domains.contains(&domain)
    }

    /// Notes how an attempt to tell it of an event went. One that nothing has reached for so long is disabled.
    pub(super) fn note(&mut self, attempt: &Attempt, patience: Duration) {
        let Some(error) = &attempt.error else {
            self.trouble = None;
            return;
        };
        let before = self.trouble.take();
        let trouble = Trouble {
            since: before.as_ref().map_or(attempt.at, |before| before.since),
            failures: before.map_or(1, |before| before.failures.saturating_add(1)),
            error: error.clone(),
        };
        let is_over = trouble.failures >= PATIENCE_ATTEMPTS && attempt.at.since(trouble.since) >= patience;
        self.trouble = Some(trouble);
        self.given_up = is_over;
        self.disabled = is_over;
    }

    /// Begins anew, as one that nothing has failed for.
    pub(super) fn forget_trouble(&mut self) {
        self.trouble = None;
        self.given_up = false;
    }

    /// Why the hub disabled it by itself; none when its owner did, or it is not disabled.
    pub fn disabled_reason(&self) -> Option<String> {
        let Trouble { since, failures, error } = self.trouble.as_ref().filter(|_| self.given_up)?;
        Some(format!(
            "Nothing has arrived since {since}, in {failures} attempts. The last one: {error}"
        ))
    }
}

/// That attempts to reach a webhook have failed, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When the first of them began.
    pub since: Timestamp,
    /// How many there were.
    pub failures: u32,
    /// Why the last of them failed.
    pub error: String,
}

/// Proof that a webhook is the caller's own.
#[derive(Debug, Clone)]
pub struct OwnWebhook {
    pub(super) webhook: Webhook,
    pub(super) secret: Option<String>,
}

impl OwnWebhook {
    /// The webhook.
    pub fn webhook(&self) -> &Webhook {
        &self.webhook
    }

    /// Its secret, for a caller that may change it.
    pub fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }
}

/// A webhook to be made.
#[derive(Clone)]
pub struct NewWebhook {
    /// Where it leads.
    pub url: String,
    /// What it watches. That the caller may see it is the caller's to prove.
    pub watched: Vec<WatchedItem>,
    /// What it is told of.
    pub domains: Vec<Domain>,
    /// What its receiver knows it by.
    pub secret: Option<String>,
    /// The hub as the caller calls it.
    pub hub: String,
}

/// What to change of a webhook; absent fields stay.
#[derive(Clone, Default)]
pub struct WebhookChange {
    /// Where it leads.
    pub url: Option<String>,
    /// What it watches.
    pub watched: Option<Vec<WatchedItem>>,
    /// What it is told of.
    pub domains: Option<Vec<Domain>>,
    /// What its receiver knows it by; empty for nothing.
    pub secret: Option<String>,
    /// Whether nothing is sent.
    pub disabled: Option<bool>,
}

/// One attempt to send something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its number at its webhook, from 1.
    pub number: u64,
    /// When it began.
    pub at: Timestamp,
    /// What a receiver knows the delivery by; the same for every attempt.
    pub delivery: String,
    /// What was told, such as `update repo.content`.
    pub event: String,
    /// The event that was told; none of a test.
    pub(super) told: Option<u64>,
    /// Which attempt to tell that, from 1.
    pub attempt: u32,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why it did not arrive; none when it did.
    pub error: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
    /// The document that was sent, unless it is too long to be remembered.
    pub body: Option<String>,
}

impl Attempt {
    /// Whether the event may be told once more.
    pub fn is_repeatable(&self) -> bool {
        self.told.is_some()
    }
}

/// What is remembered of a document that was sent.
pub(super) fn remembered(body: &[u8]) -> Option<String> {
    let kept = (body.len() <= BODY_KEPT_BYTES).then_some(body)?;
    String::from_utf8(kept.to_vec()).ok()
}

/// An address to send to: http or https, without a name and a password.
pub(super) fn checked_url(text: &str) -> Result<Url, HooksError> {
    let refused = |message: &str| HooksError::invalid("url", message);
    let url =
        Url::parse(text.trim()).map_err(|_| refused("This is not an address: it begins with http:// or https://."))?;
    if text.len() > URL_MAX_BYTES {
        return Err(refused("The address is too long: it has at most 2,048 bytes."));
    }
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(refused("The address begins with http:// or https:// and names a host."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("The address must not hold a name or a password; use a secret."));
    }
    Ok(url)
}

/// A secret that a header can carry; none when it is empty.
pub(super) fn checked_secret(text: Option<String>) -> Result<Option<String>, HooksError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.len() > SECRET_MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "A secret has at most 256 ASCII characters and no spaces.";
        return Err(HooksError::invalid("secret", message));
    }
    Ok(Some(text))
}

pub(super) fn checked_watched(items: Vec<WatchedItem>) -> Result<Vec<WatchedItem>, HooksError> {
    let mut kept: Vec<WatchedItem> = Vec::with_capacity(items.len());
    for item in items {
        if kept.iter().all(|other| other.target != item.target) {
            kept.push(item);
        }
    }
    if kept.is_empty() || kept.len() > MOST_WATCHED {
        let message = format!("A webhook watches 1 to {MOST_WATCHED} repositories and accounts.");
        return Err(HooksError::invalid("watched", message));
    }
    Ok(kept)
}

pub(super) fn checked_domains(domains: &[Domain]) -> Result<Vec<Domain>, HooksError> {
    let kept: Vec<Domain> = Domain::ALL.into_iter().filter(|one| domains.contains(one)).collect();
    if kept.is_empty() {
        let message = "A webhook is told of at least one of repo and discussion.";
        return Err(HooksError::invalid("domains", message));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;

    #[test]
    fn addresses_and_secrets_that_cannot_be_used_are_refused() {
        for good in ["https://example.org/hook?a=b", "http://10.0.0.1:8080"] {
            assert!(checked_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://a:b@example.org",
            "http://a@b",
        ] {
            assert!(checked_url(bad).is_err(), "{bad}");
        }
        assert!(checked_secret(Some("line\nbreak".to_owned())).is_err());
        assert!(checked_secret(Some("雨".to_owned())).is_err());
        assert_eq!(checked_secret(Some(String::new())).unwrap(), None);
        assert!(checked_domains(&[]).is_err());
    }

    fn webhook() -> Webhook {
        Webhook {
            id: WebhookId::new(&Clock::system()),
            owner: UserId::new(&Clock::system()),
            url: "https://example.org".to_owned(),
            watched: Vec::new(),
            domains: Domain::ALL.to_vec(),
            secret: None,
            disabled: false,
            given_up: false,
            trouble: None,
            hub: String::new(),
            told: 0,
            created_at: Timestamp::from_seconds(0),
        }
    }

    fn attempt(seconds: i64, error: Option<&str>) -> Attempt {
        Attempt {
            number: 1,
            at: Timestamp::from_seconds(seconds),
            delivery: String::new(),
            event: "update repo".to_owned(),
            told: Some(1),
            attempt: 1,
            status: None,
            error: error.map(str::to_owned),
            milliseconds: 1,
            body: None,
        }
    }

    #[test]
    fn a_webhook_is_disabled_when_many_attempts_failed_for_long_and_nothing_arrived_between() {
        let patience = Duration::from_secs(100);
        let mut hook = webhook();
        for second in 0..50 {
            hook.note(&attempt(second, Some("No.")), patience);
        }
        assert!(!hook.disabled, "not for long");
        hook.note(&attempt(60, None), patience);
        hook.note(&attempt(70, Some("No.")), patience);
        hook.note(&attempt(900, Some("No.")), patience);
        assert!(!hook.disabled, "not many");
        for second in 900..907 {
            hook.note(&attempt(second, Some("No.")), patience);
        }
        assert!(!hook.disabled && hook.disabled_reason().is_none());
        hook.note(&attempt(910, Some("Gone.")), patience);
        assert!(hook.disabled);
        let reason = hook.disabled_reason().unwrap();
        assert!(
            reason.contains("1970-01-01T00:01:10") && reason.contains("10 attempts") && reason.ends_with("Gone."),
            "{reason}"
        );
        hook.forget_trouble();
        assert_eq!((hook.disabled_reason(), hook.trouble), (None, None));
    }

    #[test]
    fn only_short_documents_are_remembered() {
        assert_eq!(remembered(b"{}").as_deref(), Some("{}"));
        assert_eq!(remembered(&vec![b' '; BODY_KEPT_BYTES + 1]), None);
    }
}
