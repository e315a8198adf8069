use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{Job, JobContext, JobError, JobResult};

type Run = Pin<Box<dyn Future<Output = JobResult> + Send>>;
type Start = dyn Fn(&str, JobContext) -> Result<Run, JobError> + Send + Sync;

/// How to run the jobs of one name.
#[derive(Clone)]
pub(super) struct Kind {
    /// Longest time of one run.
    pub(super) time_limit: Duration,
    start: Arc<Start>,
}

impl Kind {
    /// Makes the run of a payload. A payload that cannot be read will never be.
    pub(super) fn start(&self, payload: &str, context: JobContext) -> Result<Run, JobError> {
        (self.start)(payload, context)
    }
}

/// The kinds of jobs this program knows.
#[derive(Default)]
pub(super) struct Registry(RwLock<HashMap<&'static str, Kind>>);

impl Registry {
    pub(super) fn register<J: Job>(&self, needs: J::Needs) {
        let needs = Arc::new(needs);
        let start = move |payload: &str, context: JobContext| -> Result<Run, JobError> {
            let job: J = serde_json::from_str(payload)
                .map_err(|error| JobError::permanent(format!("The stored job cannot be read: {error}.")))?;
            Ok(Box::pin(job.run(Arc::clone(&needs), context)))
        };
        let kind = Kind {
            time_limit: J::TIME_LIMIT,
            start: Arc::new(start),
        };
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(J::NAME, kind);
    }

    pub(super) fn get(&self, name: &str) -> Option<Kind> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
