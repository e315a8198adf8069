//! Pushes of git clients.
//!
//! Order: the pack arrives and is looked at without holding anybody up → under the lock of the repository: the objects
//! become part of it → one transaction with the journal of the push and what it costs → the references → one transaction
//! with the rows, the events and the end of the journal. `super::push_journal` does the last two steps, for every push and
//! for those that a crash cut off.

use super::model::{PushJournal, Repository};
use super::protection::require_push;
use super::{Repos, ReposError, WriteRepo, store};
use crate::base::size::human;
use crate::base::{RepositoryId, Sha256, blocking};
use crate::events::Origin;
use crate::git::ObjectId;
use crate::git::receive::{
    Command, FoundPointer, Incoming, ReceiveError, ReceiveLimits, ReferenceChange, ReferenceRefusal, branch_name,
    pushable_name,
};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

/// Objects of one push; the largest public repositories have about ten million.
const OBJECTS_MAX: u32 = 10_000_000;
/// Missing large files that one message names.
const NAMED_MAX: usize = 10;

/// A push whose pack has arrived.
pub struct Push {
    /// What the client asks for.
    pub commands: Vec<Command>,
    /// All references or none.
    pub atomic: bool,
    /// The pack; none when only deletions are asked for.
    pub incoming: Option<Incoming>,
    /// Repositories from which this one borrows and that whoever pushes may read: what they have was not sent.
    pub lenders: Vec<RepositoryId>,
    /// Bytes of objects that were written to the repository for it.
    pub written_bytes: u64,
    /// From where it came.
    pub origin: Origin,
}

/// What became of each command, in their order; the texts are for the person who pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport(pub Vec<(String, Result<(), String>)>);

/// What has come for a push that is about to move references.
struct Arrived {
    incoming: Option<Incoming>,
    lenders: Vec<RepositoryId>,
    written_bytes: u64,
    origin: Origin,
    /// [`crate::git::Git::prunings`] before it was looked at.
    prunings: u64,
}

impl Repos {
    /// What a push may bring; refused when the owner's quota is used up already.
    pub fn receive_limits(&self, proof: &WriteRepo, file_bytes: u64) -> Result<ReceiveLimits, ReposError> {
        let owner = proof.as_read().owner();
        let used = self.usage(owner.id)?;
        self.within_quota(owner, used)?;
        Ok(ReceiveLimits {
            object_bytes: file_bytes,
            pack_bytes: self.users.quota_bytes(owner) - used,
            objects: OBJECTS_MAX,
        })
    }

    /// Moves the references of a push, and answers when everything about it is durable. An error means that nothing was
    /// changed; references that are refused one by one are in the report.
    pub async fn push(&self, proof: &WriteRepo, push: Push) -> Result<PushReport, ReposError> {
        let Push {
            commands,
            atomic,
            incoming,
            lenders,
            written_bytes,
            origin,
        } = push;
        let row = self.live(proof)?;
        let slice = self.clone();
        let prunings = self.git.prunings();
        let (judge, asked) = (proof.clone(), commands.clone());
        // Nobody waits for this: it reads what is new, and what of the old it stands on.
        let (incoming, lenders, verdicts) = blocking(move || {
            let mut verdicts = slice.judged(&judge, &row, &asked, incoming.as_ref())?;
            refuse_all_for_one(&mut verdicts, atomic);
            if let Some(incoming) = &incoming {
                slice.check_content(&row, &asked, &verdicts, (incoming, &lenders))?;
            }
            Ok::<_, ReposError>((incoming, lenders, verdicts))
        })
        .await?;
        let mut report = PushReport(
            commands
                .iter()
                .zip(verdicts)
                .map(|(command, verdict)| (command.name.clone(), verdict))
                .collect(),
        );
        let changes = accepted(&commands, &report);
        if !changes.is_empty() {
            let arrived = Arrived {
                incoming,
                lenders,
                written_bytes,
                origin,
                prunings,
            };
            let moved = self.publish_push(proof, changes, atomic, arrived).await?;
            for (name, outcome) in &mut report.0 {
                if let (Ok(()), Some(moved)) = (&*outcome, moved.get(name)) {
                    outcome.clone_from(moved);
                }
            }
        }
        Ok(report)
    }

    pub(super) fn live(&self, proof: &WriteRepo) -> Result<Repository, ReposError> {
        let id = proof.repository().id;
        let found = self.get(id)?.filter(Repository::is_live);
        found.ok_or_else(|| ReposError::NotFound(id.to_string()))
    }

    /// Says of each command why it is refused, as far as that is known before the lock is held.
    fn judged(
        &self,
        proof: &WriteRepo,
        row: &Repository,
        commands: &[Command],
        incoming: Option<&Incoming>,
    ) -> Result<Vec<Result<(), String>>, ReposError> {
        let mut seen = HashSet::new();
        let mut verdicts: Vec<Result<(), String>> = commands
            .iter()
            .map(|command| {
                pushable_name(&command.name)?;
                if !seen.insert(command.name.as_str()) {
                    return Err("it is named twice in this push".to_owned());
                }
                if command.old.is_none() && command.new.is_none() {
                    return Err("it does not exist".to_owned());
                }
                Ok(())
            })
            .collect();
        let places: Vec<usize> = (0..commands.len()).filter(|place| verdicts[*place].is_ok()).collect();
        let changes: Vec<ReferenceChange> = places.iter().map(|place| change_of(&commands[*place])).collect();
        let judged = self.git.repository(row.id)?.judge_references(&changes, false)?;
        for (place, verdict) in places.into_iter().zip(judged) {
            verdicts[place] = match verdict {
                Ok(()) => allowed(proof, row, &commands[place], incoming)?,
                Err(refusal) => Err(refusal.to_string()),
            };
        }
        Ok(verdicts)
    }

    /// Checks that the accepted part of a push is complete, its large files included.
    fn check_content(
        &self,
        row: &Repository,
        commands: &[Command],
        verdicts: &[Result<(), String>],
        (incoming, lenders): (&Incoming, &[RepositoryId]),
    ) -> Result<(), ReposError> {
        let tips: Vec<(ObjectId, bool)> = commands
            .iter()
            .zip(verdicts)
            .filter(|(_, verdict)| verdict.is_ok())
            .filter_map(|(command, _)| Some((command.new?, command.name.starts_with("refs/heads/"))))
            .collect();
        if tips.is_empty() {
            return Ok(());
        }
        incoming.check_complete(&tips, lenders)?;
        if row.push_rules.missing_lfs {
            return Ok(());
        }
        let missing = self.missing(row, incoming.pointers())?;
        if missing.is_empty() {
            return Ok(());
        }
        let blobs = missing.iter().map(|found| found.blob).collect();
        Err(ReposError::MissingLargeFiles(told(
            &missing,
            &incoming.paths_of(&blobs)?,
        )))
    }

    /// Those of some pointers whose content this repository has no right to.
    fn missing(&self, row: &Repository, pointers: Vec<FoundPointer>) -> Result<Vec<FoundPointer>, ReposError> {
        self.store.read(|tx| {
            let mut missing = Vec::new();
            for found in pointers {
                if store::linked_size(tx, row.id, found.pointer.sha256)? != Some(found.pointer.size) {
                    missing.push(found);
                }
            }
            missing.sort_by_key(|found| found.pointer);
            Ok(missing)
        })
    }

    /// Everything that has to happen under the lock of the repository.
    async fn publish_push(
        &self,
        proof: &WriteRepo,
        changes: Vec<ReferenceChange>,
        atomic: bool,
        arrived: Arrived,
    ) -> Result<HashMap<String, Result<(), String>>, ReposError> {
        let id = proof.repository().id;
        let guard = self.git.lock(id).await;
        self.heal_push(&guard).await?;
        for branch in changes.iter().filter_map(|change| branch_name(&change.name)) {
            self.heal_branch(&guard, branch).await?;
        }
        let (git, changes) = (self.git.clone(), Arc::new(changes));
        let asked = Arc::clone(&changes);
        let verdicts = blocking(move || git.repository(id)?.judge_references(&asked, atomic)).await?;
        let mut outcomes = HashMap::new();
        let mut kept = Vec::new();
        for (change, verdict) in changes.iter().zip(verdicts) {
            match verdict {
                Ok(()) => kept.push(change.clone()),
                Err(refusal) => drop(outcomes.insert(change.name.clone(), Err(refusal.to_string()))),
            }
        }
        if kept.is_empty() {
            return Ok(outcomes);
        }
        let (mut bytes, mut pointers) = (arrived.written_bytes, Vec::new());
        let incoming = if self.git.prunings() == arrived.prunings {
            arrived.incoming
        } else {
            self.look_again(proof, &kept, arrived.incoming, arrived.lenders).await?
        };
        // Deletions alone need nothing of what was sent.
        let wanted = kept.iter().any(|change| change.new.is_some());
        if let Some(incoming) = incoming.filter(|_| wanted) {
            bytes += incoming.bytes();
            pointers = incoming.pointers();
            self.require_room(proof, bytes)?;
            blocking(move || incoming.keep()).await?;
        }
        let journal = PushJournal {
            changes: kept,
            atomic,
            actor: Some(proof.actor().id),
            address: arrived.origin.address,
        };
        self.announce_push(proof, journal, bytes, pointers).await?;
        outcomes.extend(self.heal_push(&guard).await?);
        Ok(outcomes)
    }

    /// Objects went away since the push was looked at; now, under the lock, none does.
    async fn look_again(
        &self,
        proof: &WriteRepo,
        changes: &[ReferenceChange],
        incoming: Option<Incoming>,
        lenders: Vec<RepositoryId>,
    ) -> Result<Option<Incoming>, ReposError> {
        let (slice, row) = (self.clone(), self.live(proof)?);
        let commands: Vec<Command> = changes.iter().map(command_of).collect();
        blocking(move || {
            if let Some(incoming) = &incoming {
                slice.check_content(&row, &commands, &vec![Ok(()); commands.len()], (incoming, &lenders))?;
            } else {
                let tips: Vec<ObjectId> = commands.iter().filter_map(|command| command.new).collect();
                slice.git.repository(row.id)?.require_complete(&tips)?;
            }
            Ok(incoming)
        })
        .await
    }

    /// Writes the journal, what the push costs, and that git has these pointers now: their content stays, in whatever form
    /// they are written. Content that went away since the push was judged is missed again.
    async fn announce_push(
        &self,
        proof: &WriteRepo,
        journal: PushJournal,
        bytes: u64,
        pointers: Vec<FoundPointer>,
    ) -> Result<(), ReposError> {
        let (slice, id) = (self.clone(), proof.repository().id);
        let owner = proof.as_read().owner().clone();
        self.store
            .write(move |tx| {
                let mut repository = store::repository(tx, id)?
                    .filter(Repository::is_live)
                    .ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                repository.stored_bytes += bytes;
                slice.within_quota(&owner, store::usage(tx, repository.owner)?.saturating_add(bytes))?;
                store::put(tx, &repository)?;
                let mut missing = Vec::new();
                for FoundPointer { blob, pointer } in pointers {
                    if store::linked_size(tx, id, pointer.sha256)? == Some(pointer.size) {
                        store::link_blob(tx, id, pointer.sha256, pointer.size)?;
                    } else if !repository.push_rules.missing_lfs {
                        missing.push(FoundPointer { blob, pointer });
                    }
                }
                if !missing.is_empty() {
                    return Err(ReposError::MissingLargeFiles(told(&missing, &HashMap::new())));
                }
                store::put_journal(tx, id, &journal)?;
                Ok(())
            })
            .await
    }
}

/// Holds a command to the rules for its branch.
fn allowed(
    proof: &WriteRepo,
    row: &Repository,
    command: &Command,
    incoming: Option<&Incoming>,
) -> Result<Result<(), String>, ReposError> {
    let Some(branch) = branch_name(&command.name) else {
        return Ok(Ok(()));
    };
    if let Err(error) = require_push(proof, row, branch) {
        return Ok(Err(error.to_string()));
    }
    let Some(rule) = row.protection_of(branch) else {
        return Ok(Ok(()));
    };
    let refused = |refused| {
        let branch = branch.to_owned();
        Ok(Err(ReposError::ProtectedBranch { branch, refused }.to_string()))
    };
    match (command.old, command.new, incoming) {
        (Some(_), None, _) => Ok(row.require_deletable(branch).map_err(|error| error.to_string())),
        (Some(old), Some(new), Some(incoming)) if !rule.force_push && !incoming.is_ancestor(old, new)? => {
            refused("its history may not be rewritten (fetch first, or push to another branch)")
        }
        _ => Ok(Ok(())),
    }
}

fn command_of(change: &ReferenceChange) -> Command {
    Command {
        name: change.name.clone(),
        old: change.old,
        new: change.new,
    }
}

fn change_of(command: &Command) -> ReferenceChange {
    ReferenceChange {
        name: command.name.clone(),
        old: command.old,
        new: command.new,
    }
}

fn accepted(commands: &[Command], report: &PushReport) -> Vec<ReferenceChange> {
    let verdicts = report.0.iter().map(|(_, verdict)| verdict.is_ok());
    let kept = commands.iter().zip(verdicts).filter(|(_, accepted)| *accepted);
    kept.map(|(command, _)| change_of(command)).collect()
}

fn refuse_all_for_one(verdicts: &mut [Result<(), String>], atomic: bool) {
    if atomic && verdicts.iter().any(Result::is_err) {
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_ok()) {
            *verdict = Err(ReferenceRefusal::Atomic.to_string());
        }
    }
}

/// The missing files, a line for each.
fn told(missing: &[FoundPointer], paths: &HashMap<ObjectId, String>) -> String {
    let mut text = String::new();
    for found in missing.iter().take(NAMED_MAX) {
        let path = paths.get(&found.blob).map_or("a file", String::as_str);
        let (oid, size): (Sha256, u64) = (found.pointer.sha256, found.pointer.size);
        // Writing to a text cannot fail.
        let _ = write!(text, "{path} (oid sha256:{oid}, {}); ", human(size));
    }
    if missing.len() > NAMED_MAX {
        let _ = write!(text, "and {} more; ", missing.len() - NAMED_MAX);
    }
    text
}

impl From<ReceiveError> for ReposError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Git(error) => Self::Git(error),
            other => Self::Receive(other),
        }
    }
}
