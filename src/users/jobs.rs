//! Work of this slice that recurs.

use super::error::UsersError;
use super::{Users, store};
use crate::base::{self, UserId};
use crate::jobs::PeriodicTask;
use crate::store::Scan;
use std::time::Duration;

/// Rows removed in one transaction, so that writers wait for milliseconds only.
const BATCH: usize = 500;
/// Time after which a place of login is no longer known.
const PLACE_KNOWN_FOR: Duration = Duration::from_hours(24 * 90);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

impl Users {
    /// The periodic tasks of this slice.
    pub fn tasks(&self) -> Vec<PeriodicTask> {
        let (purging, noting) = (self.clone(), self.clone());
        vec![
            PeriodicTask::new(
                "purge-logins",
                "Removes logins and refresh tokens that have expired, also those that programs began, and places of login that are long unused.",
                Some(HOUR),
                move |_| {
                    let users = purging.clone();
                    async move { Ok(format!("Removed {} rows.", users.purge().await?)) }
                },
            ),
            PeriodicTask::new(
                "note-token-uses",
                "Writes down when personal access tokens were last used.",
                Some(MINUTE),
                move |_| {
                    let users = noting.clone();
                    async move { Ok(format!("Noted {} tokens.", users.flush_token_uses().await?)) }
                },
            ),
        ]
    }

    /// Removes what has expired; answers how many rows went.
    pub async fn purge(&self) -> Result<usize, UsersError> {
        let now = self.0.clock.now();
        let mut removed = 0;
        loop {
            let rows = self.0.store.write(move |tx| {
                let devices = store::delete_expired_devices(tx, now, BATCH)?;
                Ok::<_, UsersError>(devices + store::delete_expired(tx, now, BATCH)?)
            });
            match rows.await? {
                0 => break,
                rows => removed += rows,
            }
        }
        let places = self.forgotten_places().await?;
        for batch in places.chunks(BATCH) {
            let batch = batch.to_vec();
            removed += batch.len();
            let deleted = self.0.store.write(move |tx| {
                for place in &batch {
                    store::LOGIN_PLACES.delete(tx, place)?;
                }
                Ok::<_, UsersError>(())
            });
            deleted.await?;
        }
        Ok(removed)
    }

    async fn forgotten_places(&self) -> Result<Vec<(UserId, [u8; 16])>, UsersError> {
        let (users, before) = (self.clone(), self.0.clock.now().minus(PLACE_KNOWN_FOR));
        base::blocking(move || {
            let places = users.0.store.read(|tx| store::LOGIN_PLACES.list(tx, &Scan::all()))?;
            let old = places.into_iter().filter(|(_, last)| *last < before);
            Ok(old.map(|(place, _)| place).collect())
        })
        .await
    }
}
