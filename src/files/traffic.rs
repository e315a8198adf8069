//! Views and downloads on their way to the counters of social, which stands above. Recording costs a lock and a push;
//! nothing is written here.

use crate::base::{RepositoryId, Timestamp};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Events that are kept between two drains. Most take about 200 bytes; with the longest path and agent one takes 1.4 KiB,
/// so this bounds the memory to 46 MiB.
const KEPT_MAX: usize = 32_768;
/// From here on, whoever drains is woken before its time.
const WAKE_FROM: usize = KEPT_MAX / 4;

/// What somebody did with a repository or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrafficKind {
    /// Looked at it.
    View,
    /// Took its content.
    Download,
}

/// Through which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrafficMethod {
    /// A web browser.
    Browser,
    /// A program that speaks HTTP.
    Api,
    /// A client library or command of the hub's dialects.
    Client,
    /// git.
    Git,
    /// git-lfs.
    Lfs,
}

impl TrafficMethod {
    /// The door that a client's own name speaks of. A guess for counters, never for rights.
    pub fn of_user_agent(user_agent: &str) -> Self {
        let agent = user_agent.to_ascii_lowercase();
        let names = |known: &[&str]| known.iter().any(|name| agent.contains(name));
        if agent.starts_with("git-lfs/") {
            Self::Lfs
        } else if agent.starts_with("git/") {
            Self::Git
        } else if names(&["huggingface", "hf_hub", "mlflow", "pystac", "docker/", "datasets/"]) {
            Self::Client
        } else if agent.starts_with("mozilla/") || agent.starts_with("opera/") {
            Self::Browser
        } else {
            Self::Api
        }
    }
}

/// One view or download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficEvent {
    /// Of which repository.
    pub repository: RepositoryId,
    /// Of which file; none for the repository as a whole.
    pub path: Option<String>,
    /// View or download.
    pub kind: TrafficKind,
    /// Through which door.
    pub method: TrafficMethod,
    /// The address of the client, to tell visitors apart; never stored as it is.
    pub address: IpAddr,
    /// What the client calls itself, for the same purpose.
    pub user_agent: String,
    /// When.
    pub at: Timestamp,
}

/// The queue between those who answer requests and the one who counts. Cheap to clone; every clone is the same queue.
#[derive(Clone, Default)]
pub struct Traffic(Arc<Queue>);

#[derive(Default)]
struct Queue {
    events: Mutex<Vec<TrafficEvent>>,
    filled: Notify,
    lost: AtomicU64,
}

impl Traffic {
    /// Adds an event. When nobody drains the queue and it is full, the event is dropped and counted as lost: memory is
    /// worth more than a counter.
    pub fn record(&self, event: TrafficEvent) {
        let mut events = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= KEPT_MAX {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        events.push(event);
        if events.len() == WAKE_FROM {
            self.0.filled.notify_one();
        }
    }

    /// Takes everything that was recorded since the last call, in order.
    pub fn drain(&self) -> Vec<TrafficEvent> {
        std::mem::take(&mut *self.0.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives back what was drained and could not be written, to be drained again. What exceeds the queue is lost.
    pub fn put_back(&self, mut events: Vec<TrafficEvent>) {
        let mut newer = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.append(&mut newer);
        let lost = events.len().saturating_sub(KEPT_MAX);
        self.0.lost.fetch_add(lost as u64, Ordering::Relaxed);
        events.truncate(KEPT_MAX);
        *newer = events;
    }

    /// Waits until draining should not wait for its period any longer.
    pub async fn filling(&self) {
        self.0.filled.notified().await;
    }

    /// Events dropped since the last call.
    pub fn take_lost(&self) -> u64 {
        self.0.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_event() -> TrafficEvent {
        TrafficEvent {
            repository: RepositoryId::from_bytes([1; 16]),
            path: None,
            kind: TrafficKind::View,
            method: TrafficMethod::Api,
            address: IpAddr::from([127, 0, 0, 1]),
            user_agent: String::new(),
            at: Timestamp::from_seconds(1),
        }
    }

    #[test]
    fn the_door_is_read_from_what_a_client_calls_itself() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", TrafficMethod::Browser),
            ("git/2.47.0", TrafficMethod::Git),
            ("git-lfs/3.6.0 (GitHub; linux amd64; go 1.23)", TrafficMethod::Lfs),
            ("transformers/4.50; hf_hub/1.0; python/3.12", TrafficMethod::Client),
            ("curl/8.5.0", TrafficMethod::Api),
            ("", TrafficMethod::Api),
        ];
        for (agent, method) in cases {
            assert_eq!(TrafficMethod::of_user_agent(agent), method, "{agent}");
        }
    }

    #[test]
    fn a_full_queue_drops_and_counts_what_it_drops() {
        let traffic = Traffic::default();
        let event = an_event();
        for _ in 0..KEPT_MAX + 3 {
            traffic.record(event.clone());
        }
        assert_eq!((traffic.drain().len(), traffic.take_lost()), (KEPT_MAX, 3));
        assert!(traffic.drain().is_empty());
    }

    #[test]
    fn what_is_put_back_is_drained_again_before_what_came_since() {
        let traffic = Traffic::default();
        let event = |path: &str| TrafficEvent {
            path: Some(path.to_owned()),
            ..an_event()
        };
        traffic.record(event("first"));
        let drained = traffic.drain();
        traffic.record(event("second"));
        traffic.put_back(drained);
        assert_eq!(traffic.drain(), [event("first"), event("second")]);
    }
}
