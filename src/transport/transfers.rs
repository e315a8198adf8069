use super::TransportError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Fetches and pushes that are answered at once. Each takes a thread for as long as its client takes, and the threads are
/// those on which the whole hub reads its files.
const AT_ONCE: usize = 64;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// Turns of fetches and pushes; cheap to clone.
#[derive(Clone)]
pub struct Transfers(Arc<Semaphore>);

impl Default for Transfers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Transfers {
    /// Waits for a turn, which lasts as long as what is returned is kept.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, TransportError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(TransportError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_all_turns_are_taken_waits_for_one() {
        let transfers = Transfers::default();
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(transfers.turn().await.unwrap());
        }
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, transfers.turn()).await.is_err());
        turns.pop();
        assert!(tokio::time::timeout(moment, transfers.turn()).await.unwrap().is_ok());
    }
}
