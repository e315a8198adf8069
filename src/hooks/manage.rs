//! Making, changing and deleting webhooks. Each is its owner's alone.

use super::deliver::Delivery;
use super::model::{
    Attempt, MOST_WEBHOOKS, NewWebhook, OwnWebhook, SECRET_PURPOSE, Webhook, WebhookChange, checked_domains,
    checked_secret, checked_url, checked_watched,
};
use super::{Hooks, HooksError, event, store};
use crate::base::{UserId, WebhookId};
use crate::events::{NewEvent, Origin, Subject};
use crate::jobs::{EnqueueOptions, Priority};
use crate::keys::Sealed;
use crate::store::{StoreError, WriteTx};
use crate::users::{Caller, Scope};
use serde_json::json;

impl Hooks {
    /// Makes a webhook of the caller's own. It is told of what happens from now on.
    pub async fn create(&self, caller: &Caller, new: NewWebhook, origin: Origin) -> Result<OwnWebhook, HooksError> {
        let owner = caller.require_whole_account(Scope::Write)?.id;
        let id = WebhookId::new(&self.clock);
        let url = checked_url(&new.url)?;
        self.sender.require_allowed(&url)?;
        let secret = checked_secret(new.secret)?;
        let mut webhook = Webhook {
            id,
            owner,
            url: url.into(),
            watched: checked_watched(new.watched)?,
            domains: checked_domains(&new.domains)?,
            secret: self.sealed(id, secret.as_deref())?,
            disabled: false,
            given_up: false,
            trouble: None,
            hub: new.hub,
            told: 0,
            created_at: self.clock.now(),
        };
        let hooks = self.clone();
        let webhook = self
            .store
            .write(move |tx| {
                if store::owned(tx, owner)?.len() >= MOST_WEBHOOKS {
                    return Err(HooksError::TooMany);
                }
                webhook.told = hooks.record(tx, event::CREATED, &webhook, &origin)?;
                store::put(tx, &webhook)?;
                Ok(webhook)
            })
            .await?;
        Ok(OwnWebhook { webhook, secret })
    }

    /// The caller's own webhooks, the oldest first.
    pub fn list(&self, caller: &Caller) -> Result<Vec<OwnWebhook>, HooksError> {
        let owner = caller.require_whole_account(Scope::Read)?.id;
        let webhooks = self.store.read(|tx| {
            let mut webhooks = Vec::new();
            for id in store::owned(tx, owner)? {
                webhooks.extend(store::webhook(tx, id)?);
            }
            Ok::<_, HooksError>(webhooks)
        })?;
        Ok(webhooks
            .into_iter()
            .map(|webhook| self.shown(caller, webhook))
            .collect())
    }

    /// Proves that a webhook is the caller's own, with a credential that reaches so far. Others learn nothing of it.
    pub fn own(&self, caller: &Caller, id: &str, needed: Scope) -> Result<OwnWebhook, HooksError> {
        let owner = caller.require_whole_account(needed)?.id;
        let id: WebhookId = id.parse().map_err(|_| HooksError::NotFound)?;
        let found = self.store.read(|tx| store::webhook(tx, id))?;
        let webhook = found.filter(|webhook| webhook.owner == owner);
        webhook
            .map(|webhook| self.shown(caller, webhook))
            .ok_or(HooksError::NotFound)
    }

    /// Changes a webhook. One that is enabled is told of what happens from now on.
    pub async fn change(
        &self,
        proof: OwnWebhook,
        change: WebhookChange,
        origin: Origin,
    ) -> Result<OwnWebhook, HooksError> {
        let id = proof.webhook.id;
        let url = change.url.as_deref().map(checked_url).transpose()?;
        if let Some(url) = &url {
            self.sender.require_allowed(url)?;
        }
        let watched = change.watched.map(checked_watched).transpose()?;
        let domains = change.domains.as_deref().map(checked_domains).transpose()?;
        let other_secret = change.secret.map(|secret| checked_secret(Some(secret))).transpose()?;
        let sealed = match &other_secret {
            Some(secret) => Some(self.sealed(id, secret.as_deref())?),
            None => None,
        };
        let hooks = self.clone();
        let webhook = self
            .store
            .write(move |tx| {
                let mut webhook = store::webhook(tx, id)?.ok_or(HooksError::NotFound)?;
                let leads_elsewhere = url.as_ref().is_some_and(|url| url.as_str() != webhook.url);
                webhook.url = url.map_or(webhook.url, Into::into);
                webhook.watched = watched.unwrap_or(webhook.watched);
                webhook.domains = domains.unwrap_or(webhook.domains);
                webhook.secret = sealed.unwrap_or(webhook.secret);
                let wakes = webhook.disabled && change.disabled == Some(false);
                if leads_elsewhere || change.disabled.is_some() {
                    webhook.forget_trouble();
                }
                webhook.disabled = change.disabled.unwrap_or(webhook.disabled);
                let sequence = hooks.record(tx, event::CHANGED, &webhook, &origin)?;
                // What happened while it slept is not told later.
                if wakes {
                    webhook.told = sequence;
                }
                store::put(tx, &webhook)?;
                Ok::<_, HooksError>(webhook)
            })
            .await?;
        let secret = other_secret.unwrap_or(proof.secret);
        Ok(OwnWebhook { webhook, secret })
    }

    /// Deletes a webhook and what is known of its deliveries.
    pub async fn delete(&self, proof: OwnWebhook, origin: Origin) -> Result<(), HooksError> {
        let hooks = self.clone();
        self.store
            .write(move |tx| {
                let gone = store::delete(tx, proof.webhook.id)?.ok_or(HooksError::NotFound)?;
                hooks.record(tx, event::DELETED, &gone, &origin)?;
                Ok(())
            })
            .await
    }

    /// The latest attempts to send something to a webhook, the newest first, and how many are remembered.
    pub fn attempts(&self, proof: &OwnWebhook, offset: usize, limit: usize) -> Result<(Vec<Attempt>, u64), HooksError> {
        Ok(self
            .store
            .read(|tx| store::attempts(tx, proof.webhook.id, offset, limit))?)
    }

    /// One of the latest attempts.
    pub fn attempt(&self, proof: &OwnWebhook, number: u64) -> Result<Attempt, HooksError> {
        let found = self.store.read(|tx| store::attempt(tx, proof.webhook.id, number))?;
        found.ok_or(HooksError::NoDelivery)
    }

    /// Tells a webhook once more what it was told, as it is now. Its receiver knows the delivery by its id.
    pub async fn repeat(&self, proof: &OwnWebhook, number: u64) -> Result<(), HooksError> {
        let told = self.attempt(proof, number)?.told.ok_or(HooksError::Untellable)?;
        if proof.webhook.disabled {
            return Err(HooksError::Disabled);
        }
        let delivery = Delivery::of(proof.webhook.id, told);
        let prepared = self.prepared(&delivery).map_err(HooksError::Preparing)?;
        prepared.ok_or(HooksError::Untellable)?;
        self.enqueue_now(delivery).await
    }

    /// Sends something to a webhook, so that its owner sees whether it arrives.
    pub async fn ping(&self, proof: &OwnWebhook) -> Result<(), HooksError> {
        self.enqueue_now(Delivery::test(proof.webhook.id)).await
    }

    /// Queues what somebody waits for.
    async fn enqueue_now(&self, delivery: Delivery) -> Result<(), HooksError> {
        let jobs = self.jobs.clone();
        let options = EnqueueOptions {
            priority: Priority::High,
            run_at: None,
        };
        self.store
            .write(move |tx| Ok(jobs.enqueue(tx, &delivery, options).map(drop)?))
            .await
    }

    /// The secret of a webhook as it is sent.
    pub(super) fn secret(&self, webhook: &Webhook) -> Option<String> {
        let sealed = webhook.secret.as_ref()?;
        let opened = self.keys.unseal(SECRET_PURPOSE, webhook.id.as_bytes(), sealed)?;
        String::from_utf8(opened).ok()
    }

    fn sealed(&self, id: WebhookId, secret: Option<&str>) -> Result<Option<Sealed>, HooksError> {
        let seal = |secret: &str| self.keys.seal(SECRET_PURPOSE, id.as_bytes(), secret.as_bytes());
        Ok(secret.map(seal).transpose()?)
    }

    /// With the secret for those who could set another one.
    fn shown(&self, caller: &Caller, webhook: Webhook) -> OwnWebhook {
        let may_know = caller.scope() >= Scope::Write;
        let secret = may_know.then(|| self.secret(&webhook)).flatten();
        OwnWebhook { webhook, secret }
    }

    pub(super) fn record(
        &self,
        tx: &WriteTx<'_>,
        kind: &'static str,
        webhook: &Webhook,
        origin: &Origin,
    ) -> Result<u64, StoreError> {
        let owner: UserId = webhook.owner;
        let told = NewEvent::new(kind, origin, Subject::Account(owner));
        let details = json!({ "webhook": webhook.id, "disabled": webhook.disabled });
        self.events.record(tx, told.with(details))
    }
}
