//! Moving a repository to another namespace.

use super::create::{parse_name, require_namespace};
use super::{OwnerRepo, Repos, ReposError, Repository, collaborators, event, store};
use crate::events::{NewEvent, Origin, Subject};
use crate::users::{Account, Caller, Scope};
use serde_json::json;

impl Repos {
    /// Moves a repository to the namespace of another account, in which the caller may make repositories, under the same
    /// or another name. The old address keeps leading to it, its bytes count for the new owner from now on, and what the
    /// new owner had been given in it goes, since an owner does everything.
    pub async fn transfer(
        &self,
        caller: &Caller,
        proof: OwnerRepo,
        target: Account,
        name: &str,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        caller.require_whole_account(Scope::Admin)?;
        require_namespace(caller, &target)?;
        let name = parse_name(name)?;
        let (slice, id) = (self.clone(), proof.repository().id);
        self.update(id, move |tx, repository, record| {
            let family = repository.kind.family();
            if store::name_is_taken(tx, target.id, family, &name)? {
                let owner = target.name.to_string();
                return Err(ReposError::NameTaken { owner, name });
            }
            let used = store::usage(tx, target.id)?;
            slice.within_quota(&target, used.saturating_add(repository.stored_bytes))?;
            let old_owner = std::mem::replace(&mut repository.owner, target.id);
            let old_name = std::mem::replace(&mut repository.name, name);
            repository.former_owners.retain(|former| *former != target.id);
            repository.former_owners.push(old_owner);
            store::redirect(tx, repository, old_owner, &old_name)?;
            collaborators::forget(tx, id, target.id)?;
            let details = json!({
                "old": old_name, "new": repository.name, "old_owner": old_owner, "new_owner": target.id,
            });
            record(NewEvent::new(event::TRANSFERRED, &origin, Subject::Repository(id)).with(details))
        })
        .await
    }
}
