use super::model::{DESCRIPTION_MAX_CHARS, Intent, Repository, Visibility};
use super::{Repos, ReposError, event, store};
use crate::base::{RepositoryId, RepositoryKind, RepositoryName, blocking, is_reserved};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{
    CommitRequest, Content, Git, ObjectId, Operation, Parent, Published, Signature, default_gitattributes,
};
use crate::http::to_the_end;
use crate::users::{Account, Caller, MemberRole, Scope};
use bytes::Bytes;
use serde_json::json;

/// The branch of a new repository.
pub(super) const DEFAULT_BRANCH: &str = "main";

/// A repository to be made.
#[derive(Debug, Clone)]
pub struct NewRepository {
    /// The account that owns it; the caller when absent.
    pub owner: Option<Account>,
    /// Its name as the client sent it.
    pub name: String,
    /// What it is for.
    pub kind: RepositoryKind,
    /// A short sentence.
    pub description: String,
    /// Who may see it; what the owner chose for new repositories when absent.
    pub visibility: Option<Visibility>,
    /// The README.md of the first commit.
    pub readme: Option<Bytes>,
    /// Whether there is a first commit without README.md too, of `.gitattributes` alone; else the repository is really
    /// empty.
    pub first_commit: bool,
    /// The branch of the first commit, or of the first push; `main` when absent.
    pub default_branch: Option<String>,
    /// Whether it takes large files.
    pub lfs_enabled: bool,
    /// From where the request came.
    pub origin: Origin,
}

/// A name for a repository: well formed and not the beginning of an address.
pub(super) fn parse_name(name: &str) -> Result<RepositoryName, ReposError> {
    let name: RepositoryName = name.parse()?;
    if is_reserved(name.as_str()) {
        return Err(ReposError::ReservedName(name));
    }
    Ok(name)
}

/// A description on one line and within its length.
pub(super) fn parse_description(text: &str) -> Result<String, ReposError> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_MAX_CHARS || text.chars().any(char::is_control) {
        let message = format!("A description is one line of at most {DESCRIPTION_MAX_CHARS} characters.");
        return Err(ReposError::Invalid {
            field: "description",
            message,
        });
    }
    Ok(text.to_owned())
}

impl Repos {
    /// Makes a repository: an empty one, or one whose first commit holds README.md, if there is one, and, where it takes
    /// large files, .gitattributes.
    ///
    /// The folder and the commit come first and the row last, so that a crash leaves only a folder that nothing names
    /// and that maintenance removes.
    pub async fn create(&self, caller: &Caller, new: NewRepository) -> Result<(Repository, Account), ReposError> {
        let (slice, caller) = (self.clone(), caller.clone());
        to_the_end(async move { slice.create_now(&caller, new).await }).await
    }

    async fn create_now(&self, caller: &Caller, new: NewRepository) -> Result<(Repository, Account), ReposError> {
        let actor = caller.require_whole_account(Scope::Write)?.clone();
        let owner = new.owner.clone().unwrap_or_else(|| actor.clone());
        require_namespace(caller, &owner)?;
        let name = parse_name(&new.name)?;
        let description = parse_description(&new.description)?;
        self.require_free_name(&owner, new.kind, &name)?;
        let (id, now) = (RepositoryId::new(&self.clock), self.clock.now());
        let repository = Repository {
            id,
            owner: owner.id,
            creator: Some(actor.id),
            former_owners: Vec::new(),
            name,
            kind: new.kind,
            description,
            visibility: new.visibility.unwrap_or_else(|| Visibility::chosen_by(&owner)),
            default_branch: new.default_branch.unwrap_or_else(|| DEFAULT_BRANCH.to_owned()),
            gating: super::Gating::Off,
            featured: false,
            last_commit: None,
            file_count: 0,
            size_bytes: 0,
            stored_bytes: 0,
            push_rules: super::PushRules::default(),
            lfs_enabled: new.lfs_enabled,
            forked_from: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let guard = self.git.lock(id).await;
        let first = Beginning {
            branch: repository.default_branch.clone(),
            readme: new.readme,
            even_without: new.first_commit,
            lfs_enabled: new.lfs_enabled,
            author: author(&actor, now),
        };
        let written = first.write(self.git.clone(), id).await;
        let registered = match written {
            Ok(first) => self.register(&repository, &owner, &actor, new.origin, first).await,
            Err(error) => Err(error),
        };
        if let Err(error) = registered {
            self.remove_unregistered(id).await?;
            return Err(error);
        }
        self.heal_branch(&guard, &repository.default_branch).await?;
        let made = self.get(id)?.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
        Ok((made, owner))
    }

    /// Refuses a name that the owner has given to another repository of the family.
    pub(super) fn require_free_name(
        &self,
        owner: &Account,
        kind: RepositoryKind,
        name: &RepositoryName,
    ) -> Result<(), ReposError> {
        let taken = self
            .store
            .read(|tx| store::name_is_taken(tx, owner.id, kind.family(), name))?;
        if taken {
            return Err(ReposError::NameTaken {
                owner: owner.name.to_string(),
                name: name.clone(),
            });
        }
        Ok(())
    }

    /// Removes the folder of a repository whose row could not be written. A commit of the store can fail after it reached
    /// the disk; then the row stands, and so must the folder.
    pub(super) async fn remove_unregistered(&self, id: RepositoryId) -> Result<(), ReposError> {
        if self.get(id)?.is_none() {
            let git = self.git.clone();
            blocking(move || git.remove(id)).await?;
        }
        Ok(())
    }

    /// Writes the row, and the intent of the first commit, if there is one: its rows follow like those of every commit.
    async fn register(
        &self,
        repository: &Repository,
        owner: &Account,
        actor: &Account,
        origin: Origin,
        first: Option<(ObjectId, u64)>,
    ) -> Result<(), ReposError> {
        let (slice, mut repository, owner, actor) = (self.clone(), repository.clone(), owner.clone(), actor.id);
        let bytes = first.map_or(0, |(_, bytes)| bytes);
        repository.stored_bytes = bytes;
        self.store
            .write(move |tx| {
                let (id, family) = (repository.id, repository.kind.family());
                if store::name_is_taken(tx, owner.id, family, &repository.name)? {
                    return Err(ReposError::NameTaken {
                        owner: owner.name.to_string(),
                        name: repository.name.clone(),
                    });
                }
                slice.within_quota(&owner, store::usage(tx, owner.id)?.saturating_add(bytes))?;
                store::take_name(tx, owner.id, family, &repository.name)?;
                store::put(tx, &repository)?;
                if let Some((commit, _)) = first {
                    let intent = Intent {
                        old: None,
                        new: commit,
                        actor: Some(actor),
                        address: origin.address,
                        moved: None,
                        merges: None,
                    };
                    store::put_intent(tx, id, &repository.default_branch, &intent)?;
                }
                let details =
                    json!({ "name": repository.name, "kind": repository.kind, "visibility": repository.visibility });
                let event = NewEvent::new(event::CREATED, &origin, Subject::Repository(id)).with(details);
                slice.events.record(tx, event)?;
                Ok(())
            })
            .await
    }
}

/// Commits are signed with the account's public name; its address stays private.
pub(super) fn author(actor: &Account, now: crate::base::Timestamp) -> Signature {
    let name = actor
        .profile
        .full_name
        .clone()
        .unwrap_or_else(|| actor.name.to_string());
    Signature::new(name, format!("{}@users.noreply.geoml-hub", actor.name), now)
}

/// Refuses whom a namespace gives no right to make repositories in it.
pub(super) fn require_namespace(caller: &Caller, owner: &Account) -> Result<(), ReposError> {
    let contributes = caller.role_in(owner.id) >= Some(MemberRole::Contributor);
    if owner.is_active && (caller.user_id() == Some(owner.id) || contributes || caller.is_admin()) {
        return Ok(());
    }
    Err(ReposError::NotYourNamespace(owner.name.to_string()))
}

/// What a new repository begins with.
struct Beginning {
    branch: String,
    readme: Option<Bytes>,
    /// Whether `.gitattributes` alone is enough for a commit.
    even_without: bool,
    lfs_enabled: bool,
    author: Signature,
}

impl Beginning {
    /// Makes the folder and moves its branch; answers the first commit, if there is one, and the bytes of its files.
    async fn write(self, git: Git, id: RepositoryId) -> Result<Option<(ObjectId, u64)>, ReposError> {
        blocking(move || {
            git.create(id, &self.branch)?;
            let with_attributes = self.lfs_enabled && (self.even_without || self.readme.is_some());
            let put = |path: &str, content| Operation::Put {
                path: path.parse().expect("a constant that is a path"),
                content: Content::Bytes(content),
                executable: None,
            };
            let attributes = with_attributes.then(|| Bytes::from(default_gitattributes()));
            let files = [("README.md", self.readme), (".gitattributes", attributes)];
            let (mut bytes, mut operations) = (0, Vec::new());
            for (path, content) in files {
                let Some(content) = content else { continue };
                bytes += content.len() as u64;
                operations.push(put(path, content));
            }
            if operations.is_empty() {
                return Ok(None);
            }
            let repository = git.repository(id)?;
            let prepared = repository.prepare(CommitRequest {
                branch: self.branch,
                parent: Parent::Tip,
                operations,
                committer: self.author.clone(),
                author: self.author,
                message: "Create the repository".to_owned(),
            })?;
            match repository.publish(&prepared)? {
                Published::Published => Ok(Some((prepared.id, bytes))),
                Published::Stale { .. } => Err(ReposError::Stale),
            }
        })
        .await
    }
}
