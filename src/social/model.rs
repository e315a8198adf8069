use crate::files::{TrafficKind, TrafficMethod};
use serde::{Deserialize, Serialize};

/// Everything that is counted of a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Accounts that starred it, now.
    pub stars: u64,
    /// Views since it was made.
    pub views: u64,
    /// Downloads since it was made.
    pub downloads: u64,
    /// Views of the last 7 days, today included.
    pub views_7d: u64,
    /// Downloads of the last 7 days.
    pub downloads_7d: u64,
    /// Views of the last 30 days.
    pub views_30d: u64,
    /// Downloads of the last 30 days.
    pub downloads_30d: u64,
    /// `views_7d + 2 · downloads_7d + 0.5 · stars`.
    pub trending_score: f64,
}

impl Counters {
    /// Whether something was counted in the windows of days, as they were last computed.
    pub(super) fn has_windows(&self) -> bool {
        self.views_30d > 0 || self.downloads_30d > 0
    }

    /// Computes the trending score from the other counters.
    pub fn scored(mut self) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a score is compared, not added up")]
        let score = (self.views_7d + 2 * self.downloads_7d) as f64 + 0.5 * self.stars as f64;
        self.trending_score = score;
        self
    }
}

/// Downloads by the door through which they left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MethodCounters {
    /// Web browsers.
    pub browser: u64,
    /// Programs that speak HTTP.
    pub api: u64,
    /// Client libraries.
    pub client: u64,
    /// git.
    pub git: u64,
    /// git-lfs.
    pub lfs: u64,
}

impl MethodCounters {
    pub(super) fn add(&mut self, method: TrafficMethod, count: u64) {
        *match method {
            TrafficMethod::Browser => &mut self.browser,
            TrafficMethod::Api => &mut self.api,
            TrafficMethod::Client => &mut self.client,
            TrafficMethod::Git => &mut self.git,
            TrafficMethod::Lfs => &mut self.lfs,
        } += count;
    }
}

/// What was counted of a repository on one day; kept for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DayCounters {
    /// Views.
    pub views: u64,
    /// Downloads.
    pub downloads: u64,
    /// Visitors, told apart by a hash of address and agent.
    pub unique_visitors: u64,
    /// The downloads by door.
    pub downloads_by_method: MethodCounters,
}

impl DayCounters {
    pub(super) fn add(&mut self, kind: TrafficKind, method: TrafficMethod, count: u64) {
        match kind {
            TrafficKind::View => self.views += count,
            TrafficKind::Download => {
                self.downloads += count;
                self.downloads_by_method.add(method, count);
            }
        }
    }
}

/// What is counted of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileCounters {
    /// Views.
    pub views: u64,
    /// Downloads.
    pub downloads: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trending_score_weighs_views_downloads_and_stars() {
        let counters = Counters {
            stars: 3,
            views_7d: 10,
            downloads_7d: 4,
            ..Counters::default()
        };
        assert!((counters.scored().trending_score - 19.5).abs() < f64::EPSILON);
    }
}
