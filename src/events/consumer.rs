use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Event;
use crate::jobs::JobResult;

/// Something that follows the record.
pub trait Consumer: Send + Sync + 'static {
    /// The name under which its position is stored; never to be changed.
    const NAME: &'static str;

    /// Kinds of events it wants; empty means all.
    const KINDS: &'static [&'static str] = &[];

    /// Time that events are gathered after the first one before they are handed over together.
    fn gather(&self) -> Duration {
        Duration::ZERO
    }

    /// Who keeps its position.
    fn position(&self) -> Position {
        Position::Stored
    }

    /// Handles events in order. When it answers, their effects are durable; when it fails, the same come again.
    fn handle(&self, events: &[Event]) -> impl Future<Output = JobResult> + Send;
}

/// Who keeps how far a consumer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The record, in the hub's database. A new consumer begins with the first event.
    Stored,
    /// The consumer itself, durably with its own data: this is the last sequence number it has handled.
    Own(u64),
}

/// A consumer as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// Its name.
    pub name: &'static str,
    /// The last sequence number it has handled, or passed over.
    pub position: u64,
    /// Failures since it last succeeded.
    pub failures: u32,
    /// What the last of them said.
    pub last_error: Option<String>,
}

/// A consumer whose type is forgotten.
pub(super) trait AnyConsumer: Send + Sync {
    fn name(&self) -> &'static str;
    fn wants(&self, event: &Event) -> bool;
    fn gather(&self) -> Duration;
    fn position(&self) -> Position;
    fn handle(self: Arc<Self>, events: Vec<Event>) -> Pin<Box<dyn Future<Output = JobResult> + Send>>;
}

impl<C: Consumer> AnyConsumer for C {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn wants(&self, event: &Event) -> bool {
        C::KINDS.is_empty() || C::KINDS.contains(&event.kind.as_str())
    }

    fn gather(&self) -> Duration {
        Consumer::gather(self)
    }

    fn position(&self) -> Position {
        Consumer::position(self)
    }

    fn handle(self: Arc<Self>, events: Vec<Event>) -> Pin<Box<dyn Future<Output = JobResult> + Send>> {
        Box::pin(async move { Consumer::handle(&*self, &events).await })
    }
}
