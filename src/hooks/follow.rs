//! From events to deliveries.

use super::deliver::Delivery;
use super::model::Domain;
use super::payload::{former_owner, meaning};
use super::{Hooks, store};
use crate::base::WebhookId;
use crate::events::{Consumer, Event, Subject};
use crate::jobs::{EnqueueOptions, JobResult, Priority};
use crate::store::StoreError;
use crate::{pulls, repos};

/// Queues what webhooks are told of.
pub struct HookFollower(Hooks);

impl HookFollower {
    /// Follows the record for this slice.
    pub fn new(hooks: Hooks) -> Self {
        Self(hooks)
    }

    /// Each event with the webhooks that may want it.
    fn wanted(&self, events: &[Event]) -> Result<Vec<(u64, Domain, Vec<WebhookId>)>, StoreError> {
        self.0.store.read(|tx| {
            let mut wanted = Vec::new();
            for event in events {
                let (Some(Subject::Repository(id)), Some(meaning)) = (&event.subject, meaning(event)) else {
                    continue;
                };
                let Some(repository) = self.0.repos.get_in(tx, *id)? else {
                    continue;
                };
                // Those who watch the account that it left hear of that, too.
                let owners = [Some(repository.owner), former_owner(event)];
                let ids = store::watching(tx, *id, owners.into_iter().flatten())?;
                if !ids.is_empty() {
                    wanted.push((event.sequence, meaning.domain, ids));
                }
            }
            Ok(wanted)
        })
    }
}

impl Consumer for HookFollower {
    const NAME: &'static str = "webhooks";
    const KINDS: &'static [&'static str] = &[
        repos::event::CREATED,
        repos::event::COMMITTED,
        repos::event::REFERENCE,
        repos::event::CONTRIBUTED,
        repos::event::CHANGED,
        repos::event::RENAMED,
        repos::event::TRANSFERRED,
        repos::event::DELETED,
        repos::event::RESTORED,
        pulls::event::OPENED,
        pulls::event::COMMENTED,
        pulls::event::COMMENT_EDITED,
        pulls::event::COMMENT_HIDDEN,
        pulls::event::RENAMED,
        pulls::event::STATUS,
    ];

    async fn handle(&self, events: &[Event]) -> JobResult {
        let wanted = self.wanted(events)?;
        if wanted.is_empty() {
            return Ok(());
        }
        let jobs = self.0.jobs.clone();
        let options = EnqueueOptions {
            priority: Priority::Low,
            run_at: None,
        };
        let queue = move |tx: &crate::store::WriteTx<'_>| {
            for (sequence, domain, ids) in wanted {
                for id in ids {
                    // An event that comes again has been told, and so has one from before the webhook.
                    let webhook = store::webhook(tx, id)?.filter(|webhook| webhook.told < sequence);
                    let Some(mut webhook) = webhook.filter(|webhook| webhook.wants(domain)) else {
                        continue;
                    };
                    webhook.told = sequence;
                    store::put(tx, &webhook)?;
                    jobs.enqueue(tx, &Delivery::of(id, sequence), options)?;
                }
            }
            Ok::<_, StoreError>(())
        };
        Ok(self.0.store.write(queue).await?)
    }
}
