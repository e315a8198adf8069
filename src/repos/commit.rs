//! The one way to commit, whichever door the change came through.
//!
//! Order: objects (one pack, durable) → one transaction with the intent, the links to blobs and the quota → the branch
//! by compare-and-swap → one transaction with the rows, the event and the end of the intent. A crash between any two
//! leaves something that `super::heal` finishes or that nothing refers to.

use super::create::author;
use super::model::{Intent, MovedFile};
use super::protection::require_push;
use super::{ContributeRepo, Repos, ReposError, WriteRepo, contributed, store};
use crate::base::{RepoPath, RepositoryId, Sha256, blocking};
use crate::blobs::StoredBlob;
use crate::events::Origin;
use crate::git::{
    Attributes, BlobStage, CommitRequest, Content, GitError, LfsPointer, ObjectId, Operation, Parent, PreparedCommit,
    Published, RepositoryGuard, pull_number,
};
use crate::http::to_the_end;
use crate::store::WriteTx;
use crate::users::Account;
use bytes::Bytes;
use std::collections::{HashMap, HashSet};

/// A commit of more steps is made while no other such is: it takes a kilobyte or two of memory for each.
const STEPS_BESIDE_OTHERS: usize = 10_000;

const ATTRIBUTES: &str = ".gitattributes";

/// A commit in the making: files are staged one by one, so that thousands of them need the memory of one.
pub struct CommitDraft {
    proof: WriteRepo,
    stage: BlobStage,
    operations: Vec<Operation>,
    links: HashMap<Sha256, u64>,
    /// Contents that the repository named when the draft took them, and has to name still.
    known: HashSet<Sha256>,
    /// Which of the operations put large files.
    large: Vec<usize>,
    attributes: Option<Bytes>,
    plain_bytes: u64,
    contribution: Option<Contribution>,
}

/// What a draft may be committed to when that is not a branch.
#[derive(Debug, Clone, Copy)]
struct Contribution {
    /// The pull request; none while it is yet to be opened.
    number: Option<u64>,
}

/// Where a commit goes and what it says.
#[derive(Debug, Clone)]
pub struct CommitOptions {
    /// The branch; the default branch when absent.
    pub branch: Option<String>,
    /// What the branch must hold.
    pub parent: Parent,
    /// The message.
    pub message: String,
    /// From where it came.
    pub origin: Origin,
    /// The file that it moves, if that is what it is for.
    pub moved: Option<MovedFile>,
}

/// A commit that is durable and that its branch names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The commit.
    pub id: ObjectId,
    /// The branch that it is on.
    pub branch: String,
    /// What the branch held before.
    pub parent: Option<ObjectId>,
    /// Files that it changed.
    pub changed_files: usize,
}

impl CommitDraft {
    /// The repository it is for.
    pub fn proof(&self) -> &WriteRepo {
        &self.proof
    }

    /// Bytes that the commit adds to what the owner has stored, blobs that the repository already names included.
    pub fn added_bytes(&self) -> u64 {
        self.plain_bytes + self.links.values().sum::<u64>()
    }

    /// Stages a file that is kept in git. Blocking.
    pub fn put_bytes(&mut self, path: RepoPath, content: Bytes) -> Result<(), ReposError> {
        let blob = self.stage.add(&content)?;
        self.plain_bytes += blob.size;
        if path.as_str() == ATTRIBUTES {
            self.attributes = Some(content);
        }
        self.operations.push(Operation::Put {
            path,
            content: Content::Blob(blob),
            executable: None,
        });
        Ok(())
    }

    /// Stages a file whose content is in the blob store: git gets its pointer. Blocking.
    ///
    /// Only for blobs whose bytes came from this caller, or that the caller may read elsewhere: a commit gives everybody
    /// who reads the repository the right to read the blob.
    pub fn put_blob(&mut self, path: RepoPath, blob: StoredBlob) -> Result<(), ReposError> {
        let pointer = LfsPointer {
            sha256: blob.sha256,
            size: blob.size,
        };
        self.put_pointer(path, pointer)?;
        self.known.remove(&blob.sha256);
        Ok(())
    }

    /// Stages a file whose content the repository names already. Should it name it no more when the commit is made, the
    /// commit is refused. Blocking.
    pub fn put_linked(&mut self, path: RepoPath, sha256: Sha256, size: u64) -> Result<(), ReposError> {
        if !self.links.contains_key(&sha256) {
            self.known.insert(sha256);
        }
        self.put_pointer(path, LfsPointer { sha256, size })
    }

    fn put_pointer(&mut self, path: RepoPath, pointer: LfsPointer) -> Result<(), ReposError> {
        let staged = self.stage.add(pointer.to_string().as_bytes())?;
        self.links.insert(pointer.sha256, pointer.size);
        self.large.push(self.operations.len());
        self.operations.push(Operation::Put {
            path,
            content: Content::Blob(staged),
            executable: None,
        });
        Ok(())
    }

    /// Names the pull request that the draft of a contribution is for.
    pub fn aim(&mut self, proof: &ContributeRepo) {
        let same = proof.for_content().repository().id == self.proof.repository().id;
        if let Some(contribution) = self.contribution.as_mut().filter(|_| same) {
            contribution.number = proof.number();
        }
    }

    /// Adds a step that needs no content: a deletion, a move, a copy.
    pub fn add(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Repos {
    /// Begins a commit.
    pub async fn draft(&self, proof: WriteRepo) -> Result<CommitDraft, ReposError> {
        let (git, id) = (self.git.clone(), proof.repository().id);
        let stage = blocking(move || git.repository(id)?.stage()).await?;
        Ok(CommitDraft {
            proof,
            stage,
            operations: Vec::new(),
            links: HashMap::new(),
            known: HashSet::new(),
            large: Vec::new(),
            attributes: None,
            plain_bytes: 0,
            contribution: None,
        })
    }

    /// Begins a commit to a pull request. Until the pull request is opened it can only be filled.
    pub async fn draft_contribution(&self, proof: &ContributeRepo) -> Result<CommitDraft, ReposError> {
        let mut draft = self.draft(proof.for_content().clone()).await?;
        let number = proof.number();
        draft.contribution = Some(Contribution { number });
        Ok(draft)
    }

    /// Makes the commit and answers when everything about it is durable. Once begun it goes on to its end, whether the
    /// caller waits or not: a branch that has moved gets its rows.
    pub async fn commit(&self, draft: CommitDraft, options: CommitOptions) -> Result<Committed, ReposError> {
        let slice = self.clone();
        let work = async move {
            let is_large = draft.operations.len() > STEPS_BESIDE_OTHERS;
            let _turn = if is_large {
                Some(slice.large_commits.lock().await)
            } else {
                None
            };
            slice.commit_now(draft, options).await
        };
        to_the_end(Box::pin(work)).await
    }

    async fn commit_now(&self, draft: CommitDraft, options: CommitOptions) -> Result<Committed, ReposError> {
        let id = draft.proof.repository().id;
        let guard = self.git.lock(id).await;
        let branch = options
            .branch
            .clone()
            .unwrap_or_else(|| draft.proof.repository().default_branch.clone());
        self.heal_push(&guard).await?;
        self.heal_branch(&guard, &branch).await?;
        self.require_target(&draft, &branch)?;
        let CommitDraft {
            proof,
            stage,
            operations,
            links,
            known,
            large,
            attributes,
            plain_bytes,
            contribution: _,
        } = draft;
        let author = author(proof.actor(), self.clock.now());
        let request = CommitRequest {
            branch: branch.clone(),
            parent: options.parent,
            operations,
            committer: author.clone(),
            author,
            message: options.message.clone(),
        };
        let covered = Coverage { large, attributes };
        let announced = Announced {
            links,
            known,
            merged: Vec::new(),
            plain_bytes,
            origin: options.origin,
            moved: options.moved,
            merges: None,
        };
        let prepared = match self.prepare(id, stage, request, covered).await {
            Err(ReposError::Git(GitError::NoChange)) => {
                // The very pointers may have come as texts, without their content; now it is here.
                self.keep(&proof, announced).await?;
                return Err(GitError::NoChange.into());
            }
            prepared => prepared?,
        };
        let files = prepared.changes.len();
        let (committed, parent) = self.publish(&guard, &proof, prepared, announced).await?;
        Ok(Committed {
            id: committed,
            branch,
            parent,
            changed_files: files,
        })
    }

    /// Refuses a branch that the draft may not be committed to. Who contributes to a pull request commits to that alone,
    /// and nobody else's commit goes there.
    fn require_target(&self, draft: &CommitDraft, branch: &str) -> Result<(), ReposError> {
        match (draft.contribution, pull_number(branch)) {
            (Some(Contribution { number: Some(own) }), Some(number)) if own == number => Ok(()),
            // Whoever only contributes has a proof for content, and none for branches.
            (None, None) if draft.proof.only_contributes() => Err(ReposError::Forbidden("write")),
            (None, None) => match self.get(draft.proof.repository().id)? {
                Some(repository) => require_push(&draft.proof, &repository, branch),
                None => Ok(()),
            },
            _ => Err(GitError::BadReferenceName(branch.chars().take(100).collect()).into()),
        }
    }

    async fn prepare(
        &self,
        id: RepositoryId,
        mut stage: BlobStage,
        mut request: CommitRequest,
        coverage: Coverage,
    ) -> Result<PreparedCommit, ReposError> {
        let git = self.git.clone();
        blocking(move || {
            let repository = git.repository(id)?;
            if !coverage.large.is_empty() {
                let mut rules = match (&coverage.attributes, repository.standing(&request.branch)?) {
                    (Some(text), _) => Attributes::parse(text)?,
                    (None, Some(tip)) => repository.attributes(tip)?,
                    (None, None) => Attributes::parse(b"")?,
                };
                let put = |place: &usize| match &request.operations[*place] {
                    Operation::Put { path, .. } => Some(path.as_str()),
                    _ => None,
                };
                if let Some(text) = rules.covering(coverage.large.iter().filter_map(put))? {
                    let path = ATTRIBUTES.parse().expect("a constant that is a path");
                    let content = Content::Blob(stage.add(text.as_bytes())?);
                    request.operations.push(Operation::Put {
                        path,
                        content,
                        executable: None,
                    });
                }
            }
            Ok(repository.prepare_staged(stage, request)?)
        })
        .await
    }

    /// Everything behind the preparation, under the lock of the repository.
    pub(super) async fn publish(
        &self,
        guard: &RepositoryGuard,
        proof: &WriteRepo,
        prepared: PreparedCommit,
        announced: Announced,
    ) -> Result<(ObjectId, Option<ObjectId>), ReposError> {
        let (commit, parent, branch) = (prepared.id, prepared.parent, prepared.branch.clone());
        self.announce(proof, &prepared, announced).await?;
        let (git, id) = (self.git.clone(), guard.repository_id());
        match blocking(move || git.repository(id)?.publish(&prepared)).await? {
            Published::Published => {}
            Published::Stale { .. } => {
                self.heal_branch(guard, &branch).await?;
                return Err(ReposError::Stale);
            }
        }
        self.heal_branch(guard, &branch).await?;
        Ok((commit, parent))
    }

    /// Writes the intent, the links to blobs and what they cost, if the owner's quota allows it.
    async fn announce(
        &self,
        proof: &WriteRepo,
        prepared: &PreparedCommit,
        announced: Announced,
    ) -> Result<(), ReposError> {
        let Announced {
            links,
            known,
            merged,
            plain_bytes,
            origin,
            moved,
            merges,
        } = announced;
        let (id, branch) = (proof.repository().id, prepared.branch.clone());
        let owner = proof.as_read().owner().clone();
        let intent = Intent {
            old: prepared.parent,
            new: prepared.id,
            actor: Some(proof.actor().id),
            address: origin.address,
            moved,
            merges,
        };
        let (slice, proof) = (self.clone(), proof.clone());
        self.store
            .write(move |tx| {
                slice.charge(tx, &proof, &owner, (links, &known), plain_bytes)?;
                for sha256 in merged {
                    contributed::take_over(tx, id, sha256)?;
                }
                store::put_intent(tx, id, &branch, &intent)?;
                Ok(())
            })
            .await
    }

    /// Links blobs that the branch names already.
    async fn keep(&self, proof: &WriteRepo, announced: Announced) -> Result<(), ReposError> {
        if announced.links.is_empty() {
            return Ok(());
        }
        let (slice, proof, owner) = (self.clone(), proof.clone(), proof.as_read().owner().clone());
        self.store
            .write(move |tx| slice.charge(tx, &proof, &owner, (announced.links, &announced.known), 0))
            .await
    }

    /// Writes the links to blobs, and what is new of them and of plain files to the account of the owner.
    fn charge(
        &self,
        tx: &WriteTx<'_>,
        proof: &WriteRepo,
        owner: &Account,
        (links, known): (HashMap<Sha256, u64>, &HashSet<Sha256>),
        plain_bytes: u64,
    ) -> Result<(), ReposError> {
        let id = proof.repository().id;
        let mut repository = store::repository(tx, id)?
            .filter(super::Repository::is_live)
            .ok_or_else(|| ReposError::NotFound(id.to_string()))?;
        let mut added = plain_bytes;
        for (sha256, size) in links {
            if store::link_blob(tx, id, sha256, size)? {
                if !repository.lfs_enabled {
                    return Err(ReposError::LargeFilesOff);
                }
                if known.contains(&sha256) {
                    return Err(ReposError::ContentGone(sha256));
                }
                self.note_contributed(tx, proof, (sha256, size))?;
                added = added.saturating_add(size);
            } else if !proof.only_contributes() {
                contributed::take_over(tx, id, sha256)?;
            }
        }
        repository.stored_bytes = repository.stored_bytes.saturating_add(added);
        let fits = self.within_quota(owner, store::usage(tx, repository.owner)?.saturating_add(added));
        fits.map_err(|error| proof.hiding_quota(error))?;
        Ok(store::put(tx, &repository)?)
    }
}

/// What decides which rules `.gitattributes` needs.
struct Coverage {
    large: Vec<usize>,
    attributes: Option<Bytes>,
}

/// What is written before the branch moves.
pub(super) struct Announced {
    pub links: HashMap<Sha256, u64>,
    /// Contents that a pull request proposed.
    pub merged: Vec<Sha256>,
    /// Those of the links that the repository has already.
    pub known: HashSet<Sha256>,
    pub plain_bytes: u64,
    pub origin: Origin,
    pub moved: Option<MovedFile>,
    pub merges: Option<u64>,
}
