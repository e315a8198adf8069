use super::hub::Hub;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts everything that runs without a request; all of it stops when `stop` is cancelled.
pub(super) fn start(_hub: &Hub, _stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.close();
    tasks
}
