//! What changes often about repositories, beside the index: counters, and who may read.
//!
//! A star or a view must not make the README be analysed again, nor cause a commit of the index. So counters live in
//! memory, one row per repository, and every segment of the index holds the row numbers of its documents; sorting by stars
//! reads a row instead of a column. The columns written with a document are only the values to begin with after a start,
//! until the consumer brings newer ones. The same rows tell the index of files which repositories a person may read, so that
//! making a repository private does not rewrite its files.

use crate::base::UserId;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Row number of a document whose repository is not known.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// Figures of a repository that change with every visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Accounts that starred it.
    pub stars: u64,
    /// Downloads in all.
    pub downloads: u64,
    /// Views in all.
    pub views: u64,
    /// Views of the last 7 days, twice its downloads, half its stars.
    pub trending: f64,
}

/// Who may read a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Readers {
    /// Nobody: it is deleted or unknown.
    #[default]
    Nobody,
    /// Everybody.
    Everyone,
    /// These accounts.
    Accounts(Arc<[UserId]>),
}

/// One repository.
#[derive(Debug, Clone, Default)]
pub struct LiveRow {
    pub(crate) counters: Counters,
    pub(crate) readers: Readers,
}

impl LiveRow {
    /// By how much popularity raises a score: 4 percent for every doubling of stars and hundreds of downloads.
    pub(crate) fn popularity(&self) -> f32 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a ranking factor needs no exact large numbers"
        )]
        let weight = (self.counters.stars + self.counters.downloads / 100) as f32;
        1.0 + 0.04 * (1.0 + weight).log2()
    }

    /// What orders by popularity: a star weighs as much as a hundred downloads, as it does in [`Self::popularity`].
    pub(crate) fn standing(&self) -> u64 {
        self.counters
            .stars
            .saturating_mul(100)
            .saturating_add(self.counters.downloads)
    }
}

/// All rows; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveRows {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    numbers: HashMap<u128, u32>,
    /// Searches hold the list while they run; a change meanwhile copies it.
    rows: Arc<Vec<LiveRow>>,
}

impl LiveRows {
    /// The rows as they are now.
    pub(crate) fn snapshot(&self) -> Arc<Vec<LiveRow>> {
        Arc::clone(&self.inner.read().unwrap_or_else(PoisonError::into_inner).rows)
    }

    /// The number of a repository's row, or [`NO_ROW`].
    pub(crate) fn number(&self, id: u128) -> u32 {
        self.inner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .numbers
            .get(&id)
            .copied()
            .unwrap_or(NO_ROW)
    }

    /// Sets the rows of repositories, making those that are missing.
    pub(crate) fn update(&self, changes: impl IntoIterator<Item = (u128, LiveRow)>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let Inner { numbers, rows } = &mut *inner;
        let rows = Arc::make_mut(rows);
        for (id, changed) in changes {
            let number = *numbers.entry(id).or_insert_with(|| {
                rows.push(LiveRow::default());
                u32::try_from(rows.len() - 1).unwrap_or(NO_ROW)
            });
            if let Some(row) = rows.get_mut(number as usize) {
                *row = changed;
            }
        }
    }

    /// Changes the counters of repositories that are known.
    pub(crate) fn set_counters(&self, changes: impl IntoIterator<Item = (u128, Counters)>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let Inner { numbers, rows } = &mut *inner;
        let rows = Arc::make_mut(rows);
        for (id, counters) in changes {
            if let Some(row) = numbers.get(&id).and_then(|number| rows.get_mut(*number as usize)) {
                row.counters = counters;
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }
}
