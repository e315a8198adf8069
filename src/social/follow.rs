//! What the rows of this slice follow: purged repositories and moved files.

use super::{Social, store};
use crate::events::{Consumer, Event, Subject};
use crate::jobs::JobResult;
use crate::repos::MovedFile;

/// Forgets the stars and counters of repositories that are purged.
pub struct Forgetting(Social);

impl Forgetting {
    /// Follows the record for this slice.
    pub fn new(social: Social) -> Self {
        Self(social)
    }
}

impl Consumer for Forgetting {
    const NAME: &'static str = "social-purge";
    const KINDS: &'static [&'static str] = &[crate::repos::event::PURGED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        for event in events {
            if let Some(Subject::Repository(id)) = event.subject {
                self.0.store.write(move |tx| store::forget_repository(tx, id)).await?;
            }
        }
        Ok(())
    }
}

/// Gives the counters of a moved file to its new path.
pub struct Moving(Social);

impl Moving {
    /// Follows the record for this slice.
    pub fn new(social: Social) -> Self {
        Self(social)
    }
}

impl Consumer for Moving {
    const NAME: &'static str = "social-moves";
    const KINDS: &'static [&'static str] = &[crate::repos::event::FILE_MOVED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        // What was counted before the move belongs to the old path until it is written.
        self.0.flush().await?;
        for event in events {
            let Some(Subject::Repository(from)) = event.subject else {
                continue;
            };
            let moved: MovedFile = match serde_json::from_value(event.details.clone()) {
                Ok(moved) => moved,
                Err(error) => {
                    tracing::error!(sequence = event.sequence, %error, "the event of a moved file cannot be read");
                    continue;
                }
            };
            let written = self
                .0
                .store
                .write(move |tx| store::move_file_counters(tx, (from, &moved.from), (moved.to_repository, &moved.to)));
            written.await?;
        }
        Ok(())
    }
}
