use super::{Social, SocialError, event, store};
use crate::base::{RepositoryId, Timestamp, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::repos::{ReadRepo, ReposError};
use crate::store::StoreError;
use crate::users::{Caller, Scope};

impl Social {
    /// Stars a repository, or takes the star back; answers how many it has. Doing it twice changes nothing.
    pub async fn set_star(
        &self,
        caller: &Caller,
        proof: &ReadRepo,
        starred: bool,
        origin: Origin,
    ) -> Result<u64, SocialError> {
        let account = caller.require_scope(Scope::Write)?.id;
        if !caller.allows_repository(proof.id()) {
            return Err(ReposError::TokenRefused.into());
        }
        let (id, now, events) = (proof.id(), self.clock.now(), self.events.clone());
        let stars = self
            .store
            .write(move |tx| {
                let mut counters = store::counters(tx, id)?;
                let since = store::star(tx, id, account)?;
                let kind = match (since, starred) {
                    (None, true) => {
                        store::put_star(tx, id, account, now)?;
                        counters.stars += 1;
                        event::STARRED
                    }
                    (Some(since), false) => {
                        store::delete_star(tx, id, account, since)?;
                        counters.stars = counters.stars.saturating_sub(1);
                        event::UNSTARRED
                    }
                    _ => return Ok(counters.stars),
                };
                store::put_counters(tx, id, counters.scored())?;
                events.record(tx, NewEvent::new(kind, &origin, Subject::Repository(id)))?;
                Ok::<_, StoreError>(counters.stars)
            })
            .await?;
        self.tell_changed([id]);
        Ok(stars)
    }

    /// Whether an account has starred a repository.
    pub fn has_starred(&self, id: RepositoryId, account: UserId) -> Result<bool, StoreError> {
        Ok(self.store.read(|tx| store::star(tx, id, account))?.is_some())
    }

    /// A page of those who starred a repository, and when; and how many did. Blocking when there are many.
    pub fn stargazers(
        &self,
        proof: &ReadRepo,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<(UserId, Timestamp)>, u64), StoreError> {
        self.store.read(|tx| {
            let page = store::stargazers(tx, proof.id(), offset, limit)?;
            Ok((page, store::counters(tx, proof.id())?.stars))
        })
    }

    /// A page of what an account has starred, the newest first, as far as the caller may see it; and how many that are.
    /// Blocking: looks at every star.
    pub fn starred(
        &self,
        caller: &Caller,
        account: UserId,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<ReadRepo>, u64), SocialError> {
        let ids = self.store.read(|tx| store::starred(tx, account))?;
        let (mut page, mut total) = (Vec::new(), 0);
        for (id, _) in ids {
            let Ok(proof) = self.repos.readable_by_id(caller, id) else {
                continue;
            };
            if total >= offset as u64 && page.len() < limit {
                page.push(proof);
            }
            total += 1;
        }
        Ok((page, total))
    }
}
