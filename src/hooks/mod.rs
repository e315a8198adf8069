//! Webhooks: addresses outside that are told of what happens in repositories.
//!
//! Owns the rows of webhooks and of what was sent to them. Guarantees: an event becomes one delivery for each webhook that
//! watches its repository or the account that owns it, also when the hub is killed in between; whether the owner of a
//! webhook may read the repository is looked at when it is sent; secrets are sealed at rest; nothing is sent to addresses
//! within the lab that an administrator has not allowed, whatever a name resolves to; a webhook that nothing has reached
//! for long is disabled. A delivery may come twice after a
//! crash, under the same id. Deliberately absent: words of clients (hf).

/// Which addresses are sent to.
mod address;
/// Routes of the hub's own: what was delivered.
pub mod api;
/// Sending what is queued.
mod deliver;
/// Why something cannot be done.
mod error;
/// From events to deliveries.
mod follow;
/// Making, changing and deleting.
mod manage;
/// What a webhook is.
mod model;
/// What is sent.
mod payload;
/// The client that sends.
mod sender;
/// Rows.
mod store;

pub use deliver::Delivery;
pub use error::HooksError;
pub use follow::HookFollower;
pub use model::{
    Attempt, Domain, NewWebhook, OwnWebhook, Trouble, Watched, WatchedItem, WatchedKind, Webhook, WebhookChange,
};
pub use store::TABLES;

use crate::base::Clock;
use crate::config::LiveConfig;
use crate::events::Events;
use crate::jobs::Jobs;
use crate::keys::Keys;
use crate::pulls::Pulls;
use crate::repos::Repos;
use crate::store::{ReadRows, Store, StoreError};

/// Kinds of events that this slice records; their subject is the account, their details name the webhook.
pub mod event {
    /// A webhook was made.
    pub const CREATED: &str = "webhook.created";
    /// A webhook was changed, enabled or disabled.
    pub const CHANGED: &str = "webhook.changed";
    /// A webhook was deleted.
    pub const DELETED: &str = "webhook.deleted";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Hooks {
    store: Store,
    keys: Keys,
    jobs: Jobs,
    events: Events,
    repos: Repos,
    pulls: Pulls,
    clock: Clock,
    config: LiveConfig,
    sender: sender::Sender,
}

impl Hooks {
    /// Puts the slice over its engines and the slices below it.
    #[expect(
        clippy::too_many_arguments,
        reason = "one part each, and only the composition root calls it"
    )]
    pub fn new(
        store: Store,
        keys: Keys,
        jobs: Jobs,
        events: Events,
        repos: Repos,
        pulls: Pulls,
        config: LiveConfig,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            keys,
            jobs,
            events,
            repos,
            pulls,
            clock,
            sender: sender::Sender::new(config.clone()),
            config,
        }
    }

    /// Contradictions within the rows of this slice, as sentences.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        store::check(tx)
    }
}
