use super::store;
use crate::files::{Files, FilesError};
use std::time::Duration;

const BATCH: usize = 200;
/// A folder without a row is younger than this only while its upload begins.
const ORPHAN_AFTER: Duration = Duration::from_hours(1);

impl Files {
    /// Forgets uploads whose time is over, and folders that belong to none. Answers how many.
    pub async fn expire_sessions(&self) -> Result<usize, FilesError> {
        let staging = self.0.blobs.staging();
        let mut ended = 0;
        loop {
            let now = self.0.clock.now();
            let expired = self.0.store.read(|tx| store::expired(tx, now, BATCH))?;
            let before = ended;
            for id in expired {
                // What a request is completing right now is still wanted; the next time it is gone or complete.
                let Ok(_alone) = self.alone(id) else { continue };
                self.0.store.write(move |tx| store::remove(tx, id)).await?;
                staging.discard(id).await?;
                ended += 1;
            }
            if ended == before {
                break;
            }
        }
        let youngest = self.0.clock.now().minus(ORPHAN_AFTER);
        for staged in staging
            .list()
            .await?
            .into_iter()
            .filter(|staged| staged.modified < youngest)
        {
            if self.0.store.read(|tx| store::session(tx, staged.upload))?.is_none() {
                staging.discard(staged.upload).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }
}
