use super::Client;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a test waits for what happens by itself. A wait ends with what it waits for, so only a failure takes this long,
/// and a machine that others use too is given the time it needs.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is what is wanted, and gives it. What the last answer lacks is told when it does not come.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match ask().await {
            Ok(wanted) => return wanted,
            Err(lacking) => assert!(start.elapsed() < PATIENCE, "{lacking}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Asks the hub until its answer is as wanted, and gives the answer: what follows a write has a moment.
pub async fn until_answered(client: &Client, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(async || match client.get(path).await.ok() {
        answer if wanted(&answer) => Ok(answer),
        answer => Err(format!("{path} still answers {answer:#} to {}", client.name)),
    })
    .await
}
