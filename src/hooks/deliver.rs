//! Sending what is queued.

use super::model::{Attempt, Webhook, checked_url, remembered};
use super::payload::{self, Told};
use super::sender::SendError;
use super::{Hooks, HooksError, event, store};
use crate::base::{Timestamp, WebhookId};
use crate::events::Origin;
use crate::jobs::{Job, JobContext, JobError, JobResult};
use crate::keys::sign_with;
use crate::store::StoreError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};

static SECRET: HeaderName = HeaderName::from_static("x-webhook-secret");
static SIGNATURE: HeaderName = HeaderName::from_static("x-geoml-signature-256");
static DELIVERY: HeaderName = HeaderName::from_static("x-geoml-delivery");

/// Something that a webhook is told of: an event, or nothing but that it works.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    webhook: WebhookId,
    event: Option<u64>,
}

impl Delivery {
    pub(super) fn of(webhook: WebhookId, event: u64) -> Self {
        let event = Some(event);
        Self { webhook, event }
    }

    pub(super) fn test(webhook: WebhookId) -> Self {
        Self { webhook, event: None }
    }

    /// The same for every attempt, so that a receiver knows what it has got already. Every test is another one.
    fn id(&self, at: Timestamp) -> String {
        match self.event {
            Some(event) => format!("{}-{event}", self.webhook),
            None => format!("{}-ping-{}", self.webhook, at.as_micros()),
        }
    }
}

/// One request, as it is sent and remembered.
struct Request {
    delivery: String,
    body: Vec<u8>,
}

/// How an attempt ended.
enum Outcome {
    /// There is nothing more to do.
    Ended,
    /// Another attempt may succeed.
    Failed(String),
}

impl Job for Delivery {
    type Needs = Hooks;

    const NAME: &'static str = "webhook-delivery";
    const DEDUPLICATED: bool = true;
    const ATTEMPTS: u32 = 10;
    const TIME_LIMIT: Duration = Duration::from_secs(30);

    async fn run(self, hooks: Arc<Hooks>, context: JobContext) -> JobResult {
        let outcome = hooks.deliver(&self, context.attempt()).await?;
        match outcome {
            // A receiver that is gone is its owner's to repair, who sees it in the list of attempts.
            Outcome::Failed(_) if self.event.is_none() || context.attempt() >= Self::ATTEMPTS => Ok(()),
            Outcome::Failed(error) => Err(JobError::new(error)),
            Outcome::Ended => Ok(()),
        }
    }
}

impl Hooks {
    async fn deliver(&self, delivery: &Delivery, attempt: u32) -> Result<Outcome, JobError> {
        let Some((webhook, told)) = self.prepared(delivery)? else {
            return Ok(Outcome::Ended);
        };
        let (at, began) = (self.clock.now(), Instant::now());
        let request = Request {
            delivery: delivery.id(at),
            body: serde_json::to_vec(&told.body)?,
        };
        let sent = self.send(&webhook, &request).await?;
        let row = Attempt {
            number: 0,
            at,
            delivery: request.delivery,
            event: told.name,
            told: delivery.event,
            attempt,
            status: sent.as_ref().ok().copied(),
            error: trouble(&sent),
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            body: remembered(&request.body),
        };
        let outcome = match (&sent, &row.error) {
            // What it refuses now it refuses later; elsewhere nothing is sent.
            (Ok(408 | 429 | 500..) | Err(SendError::Failed(_)), Some(error)) => Outcome::Failed(error.clone()),
            _ => Outcome::Ended,
        };
        self.write_down(webhook.id, row).await?;
        Ok(outcome)
    }

    /// Writes an attempt down. A webhook that nothing has reached for long is disabled by it.
    async fn write_down(&self, id: WebhookId, attempt: Attempt) -> Result<(), StoreError> {
        let patience = self.config.current().hooks.give_up_after;
        let hooks = self.clone();
        self.store
            .write(move |tx| {
                let Some(mut webhook) = store::webhook(tx, id)? else {
                    return Ok(());
                };
                let counts = attempt.told.is_some() && !webhook.disabled;
                let goes_on_well = webhook.trouble.is_none() && attempt.error.is_none();
                if counts && !goes_on_well {
                    webhook.note(&attempt, patience);
                    if webhook.disabled {
                        hooks.record(tx, event::CHANGED, &webhook, &Origin::system())?;
                    }
                    store::put(tx, &webhook)?;
                }
                store::add_attempt(tx, id, attempt)
            })
            .await
    }

    /// What is to be sent to whom; none when the webhook is gone or sleeps, or its owner may not read the repository now.
    pub(super) fn prepared(&self, delivery: &Delivery) -> Result<Option<(Webhook, Told)>, JobError> {
        let Some(webhook) = self.store.read(|tx| store::webhook(tx, delivery.webhook))? else {
            return Ok(None);
        };
        let Some(sequence) = delivery.event else {
            let told = payload::test(&webhook);
            return Ok(Some((webhook, told)));
        };
        if webhook.disabled {
            return Ok(None);
        }
        let event = self.events.after(sequence.saturating_sub(1), 1)?.pop();
        let told = match event {
            Some(event) if event.sequence == sequence => self.told(&webhook, &event)?,
            _ => None,
        };
        Ok(told.map(|told| (webhook, told)))
    }

    async fn send(&self, webhook: &Webhook, request: &Request) -> Result<Result<u16, SendError>, JobError> {
        let url = checked_url(&webhook.url).map_err(permanent)?;
        let mut headers = HeaderMap::new();
        headers.insert(DELIVERY.clone(), HeaderValue::from_str(&request.delivery)?);
        if webhook.secret.is_some() {
            // Without its secret a receiver would take it for forged.
            let secret = self.secret(webhook);
            let Some(secret) = secret else {
                return Ok(Err(SendError::SecretLost));
            };
            let signature = format!("sha256={}", hex::encode(sign_with(secret.as_bytes(), &request.body)));
            headers.insert(SIGNATURE.clone(), HeaderValue::from_str(&signature)?);
            let mut value = HeaderValue::from_str(&secret)?;
            value.set_sensitive(true);
            headers.insert(SECRET.clone(), value);
        }
        Ok(self.sender.send(&url, headers, request.body.clone()).await)
    }
}

/// Why something did not arrive, as a sentence.
fn trouble(sent: &Result<u16, SendError>) -> Option<String> {
    match sent {
        Ok(200..=299) => None,
        Ok(status @ 300..=399) => Some(format!(
            "The receiver answered {status} and sent the hub elsewhere, where it does not go."
        )),
        Ok(status) => Some(format!("The receiver answered {status}.")),
        Err(error) => Some(error.to_string()),
    }
}

fn permanent(error: HooksError) -> JobError {
    JobError::permanent(error.to_string())
}
