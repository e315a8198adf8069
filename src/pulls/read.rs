use super::{Pull, PullEvent, PullFilter, Pulls, PullsError, store};
use crate::base::blocking;
use crate::git::Reference;
use crate::repos::ReadRepo;

impl Pulls {
    /// A page of discussions and pull requests, the newest first, and how many there are.
    pub fn list(
        &self,
        proof: &ReadRepo,
        filter: &PullFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Pull>, u64), PullsError> {
        Ok(self
            .store
            .read(|tx| store::page(tx, proof.id(), filter, offset, limit))?)
    }

    /// One of them.
    pub fn get(&self, proof: &ReadRepo, number: u64) -> Result<Pull, PullsError> {
        self.store.read(|tx| store::require(tx, proof.id(), number))
    }

    /// One of them with everything that happened in it, in order.
    pub fn get_whole(&self, proof: &ReadRepo, number: u64) -> Result<(Pull, Vec<PullEvent>), PullsError> {
        self.store.read(|tx| {
            let pull = store::require(tx, proof.id(), number)?;
            Ok((pull, store::events(tx, proof.id(), number)?))
        })
    }

    /// The references of pull requests, their numbers as names.
    pub async fn references(&self, proof: &ReadRepo) -> Result<Vec<Reference>, PullsError> {
        let (git, id) = (self.repos.git().clone(), proof.id());
        Ok(blocking(move || git.repository(id)?.pulls()).await?)
    }
}
