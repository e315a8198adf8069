use super::TransportError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Fetches that are answered at once. Each takes a thread for as long as its client takes, and the threads are those on
/// which the whole hub reads its files.
const FETCHES: usize = 64;
/// How long a fetch waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a push waits: its client has sent nothing yet and does well to come back.
const PUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Turns of fetches and pushes; cheap to clone.
#[derive(Clone)]
pub struct Transfers {
    fetches: Arc<Semaphore>,
    pushes: Arc<Semaphore>,
}

/// The right to go on, for as long as it is kept.
pub type Turn = OwnedSemaphorePermit;

impl Transfers {
    /// So many pushes are taken at once: each holds a pack in the making and inflates what comes.
    pub fn new(pushes: usize) -> Self {
        Self {
            fetches: Arc::new(Semaphore::new(FETCHES)),
            pushes: Arc::new(Semaphore::new(pushes)),
        }
    }

    /// Waits for the turn of a fetch.
    pub async fn fetch(&self) -> Result<Turn, TransportError> {
        turn(&self.fetches, PATIENCE).await.ok_or(TransportError::Busy)
    }

    /// Waits for the turn of a push.
    pub async fn push(&self) -> Result<Turn, TransportError> {
        let turn = turn(&self.pushes, PUSH_PATIENCE).await;
        turn.ok_or(TransportError::TooManyPushes)
    }
}

async fn turn(turns: &Arc<Semaphore>, patience: Duration) -> Option<Turn> {
    let turn = tokio::time::timeout(patience, Arc::clone(turns).acquire_owned()).await;
    turn.ok().and_then(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_all_turns_are_taken_waits_for_one() {
        let transfers = Transfers::new(1);
        let mut turns = Vec::new();
        for _ in 0..FETCHES {
            turns.push(transfers.fetch().await.unwrap());
        }
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, transfers.fetch()).await.is_err());
        // Pushes do not wait for fetches.
        let push = transfers.push().await.unwrap();
        assert!(tokio::time::timeout(moment, transfers.push()).await.is_err());
        drop((push, turns.pop()));
        assert!(tokio::time::timeout(moment, transfers.fetch()).await.unwrap().is_ok());
        assert!(tokio::time::timeout(moment, transfers.push()).await.unwrap().is_ok());
    }
}
