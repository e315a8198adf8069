use super::field::Random;
use super::plan::{Content, Edit, Plan, PlannedAccount, PlannedCommit, PlannedFile, PlannedRepository, text};
use super::visits::{Visited, count};
use super::{ACCOUNT, PASSWORD, days_before, formats, pictures, tables};
use crate::app::Hub;
use crate::base::Timestamp;
use crate::events::Origin;
use crate::repos::{NewRepository, ReadRepo, RepositoryAddress, Visibility};
use crate::users::{AccountChange, Caller, Change, NewAccount, Password, Role, Scope};
use anyhow::Context;
use bytes::Bytes;
use std::collections::HashMap;
use std::time::Duration;

const HOUR: u64 = 3_600;

/// Makes the demo, one act after the other, on the hub's own clock.
pub(super) struct Story<'hub> {
    hub: &'hub Hub,
    now: Timestamp,
    random: Random,
    callers: HashMap<String, Caller>,
}

/// Something that somebody did.
enum Act<'plan> {
    Join(&'plan PlannedAccount),
    Follow(&'plan str, &'plan str),
    Make(&'plan PlannedRepository),
    Commit(&'plan PlannedRepository, &'plan PlannedCommit),
    Star(&'plan PlannedRepository, &'plan str),
}

impl<'hub> Story<'hub> {
    pub(super) fn new(hub: &'hub Hub, now: Timestamp) -> Self {
        Self {
            hub,
            now,
            random: Random::new(7),
            callers: HashMap::new(),
        }
    }

    /// Everything that the plan says. The last step marks the demo as whole.
    pub(super) async fn tell(mut self, plan: &Plan) -> anyhow::Result<()> {
        let mut acts = self.acts(plan);
        acts.sort_by_key(|(time, _)| *time);
        for (time, act) in acts {
            self.hub.clock.advance(time.since(self.hub.clock.now()));
            self.perform(act).await?;
        }
        self.hub.clock.advance(self.now.since(self.hub.clock.now()));
        let mut visited = Vec::new();
        for planned in &plan.repositories {
            let files = planned.commits.iter().flat_map(|commit| &commit.files);
            let mut paths: Vec<String> = files.map(|file| file.path.clone()).collect();
            paths.sort();
            paths.dedup();
            visited.push(Visited {
                id: self.repository(&planned.owner, planned)?.id(),
                made: planned.made,
                popularity: planned.popularity,
                paths,
            });
        }
        count(self.hub, self.now, &visited).await?;
        self.end(plan).await
    }

    /// When everything happened: on the planned day, at some hour, and never before what it needs.
    fn acts<'plan>(&mut self, plan: &'plan Plan) -> Vec<(Timestamp, Act<'plan>)> {
        let joined: HashMap<&str, u32> = plan
            .accounts
            .iter()
            .map(|account| (account.name.as_str(), account.joined))
            .collect();
        let since = |name: &str| joined.get(name).copied().unwrap_or(0);
        let mut acts = Vec::new();
        for account in &plan.accounts {
            acts.push((self.moment(account.joined), Act::Join(account)));
        }
        for (follower, followed) in &plan.follows {
            for followed in followed {
                let days = self.day_after(since(follower).min(since(followed)));
                acts.push((self.moment(days), Act::Follow(follower, followed)));
            }
        }
        for repository in &plan.repositories {
            acts.push((self.moment(repository.made), Act::Make(repository)));
            for commit in &repository.commits {
                acts.push((self.moment(commit.days), Act::Commit(repository, commit)));
            }
            for star in &repository.stars {
                let days = self.day_after(since(star).min(repository.made));
                acts.push((self.moment(days), Act::Star(repository, star)));
            }
        }
        acts
    }

    fn moment(&mut self, days: u32) -> Timestamp {
        days_before(self.now, days).plus(Duration::from_secs(self.random.below(9 * HOUR)))
    }

    /// A day between the one that follows and yesterday.
    fn day_after(&mut self, days: u32) -> u32 {
        let span = u64::from(days.saturating_sub(1).max(1));
        1 + u32::try_from(self.random.below(span)).unwrap_or(0)
    }

    async fn perform(&mut self, act: Act<'_>) -> anyhow::Result<()> {
        match act {
            Act::Join(account) => self.join(account).await,
            Act::Follow(follower, followed) => {
                let followed = self.hub.users.get(&followed.parse()?)?;
                let caller = self.caller(follower)?;
                let origin = Origin::system();
                Ok(self.hub.social.set_follow(caller, &followed, true, origin).await?)
            }
            Act::Make(repository) => self.make(repository).await,
            Act::Commit(repository, commit) => self
                .commit(repository, commit)
                .await
                .with_context(|| format!("the demo's commit '{}' to {}", commit.message, repository.name)),
            Act::Star(repository, name) => {
                let proof = self.repository(name, repository)?;
                let caller = self.caller(name)?;
                let origin = Origin::system();
                self.hub.social.set_star(caller, &proof, true, origin).await?;
                Ok(())
            }
        }
    }

    fn caller(&self, name: &str) -> anyhow::Result<&Caller> {
        self.callers
            .get(name)
            .ok_or_else(|| anyhow::anyhow!("the demo has no account {name}"))
    }

    fn repository(&self, reader: &str, planned: &PlannedRepository) -> anyhow::Result<ReadRepo> {
        let address = RepositoryAddress::new(&planned.owner, &planned.name, Some(planned.kind));
        Ok(self.hub.repos.readable(self.caller(reader)?, &address)?)
    }

    /// Everybody administers the hub while the story is told, so that people can commit to each other's repositories.
    async fn join(&mut self, planned: &PlannedAccount) -> anyhow::Result<()> {
        let password = if planned.name == ACCOUNT {
            PASSWORD.to_owned()
        } else {
            let mut secret = [0; 24];
            getrandom::fill(&mut secret)?;
            hex::encode(secret)
        };
        let new = NewAccount {
            username: planned.name.clone(),
            email: format!("{}@example.org", planned.name),
            password: Password::new(password),
            full_name: Some(planned.full_name.clone()),
        };
        let users = &self.hub.users;
        let account = users.create_from_console(new, Role::Admin).await?;
        let caller = users.caller_from_console(account.id)?;
        let own = caller.require_self_or_admin(account.clone(), Scope::Admin)?;
        let set = |text: &Option<String>| text.clone().map_or(Change::Keep, Change::Set);
        let change = AccountChange {
            bio: set(&planned.bio),
            location: set(&planned.location),
            website: set(&planned.website),
            ..AccountChange::default()
        };
        users.update(own.clone(), change, Origin::system()).await?;
        if planned.bio.is_some() {
            let seed = planned
                .name
                .bytes()
                .fold(5, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
            users.set_avatar(own, pictures::strata(seed)?, Origin::system()).await?;
        }
        self.callers
            .insert(planned.name.clone(), users.caller_from_console(account.id)?);
        Ok(())
    }

    async fn make(&mut self, planned: &PlannedRepository) -> anyhow::Result<()> {
        let readme = text(&format!("{}/README.md", planned.name))?;
        let visibility = if planned.private {
            Visibility::Private
        } else {
            Visibility::Public
        };
        let new = NewRepository {
            owner: None,
            name: planned.name.clone(),
            kind: planned.kind,
            description: planned.description.clone(),
            visibility: Some(visibility),
            readme: Some(Bytes::from(beginning(&readme).to_owned())),
            first_commit: false,
            default_branch: None,
            lfs_enabled: true,
            origin: Origin::system(),
        };
        self.hub.repos.create(self.caller(&planned.owner)?, new).await?;
        Ok(())
    }

    async fn commit(&mut self, planned: &PlannedRepository, commit: &PlannedCommit) -> anyhow::Result<()> {
        let caller = self.caller(&commit.by)?;
        let repos = &self.hub.repos;
        let proof = repos.writable(caller, self.repository(&commit.by, planned)?)?;
        let mut draft = self.hub.files.upload(proof, None).await?;
        let mut contents = Vec::new();
        for file in &commit.files {
            contents.push((&file.path, content(&planned.name, file)?));
        }
        if let Some(Edit { path, from, to }) = &commit.edit {
            let before = text(&format!("{}/{path}", planned.name))?;
            anyhow::ensure!(before.contains(from.as_str()), "{path} does not hold {from}");
            contents.push((path, before.replace(from.as_str(), to).into_bytes()));
        }
        for (path, bytes) in contents {
            let mut file = draft.begin(Some(path.parse()?)).await?;
            draft.write(&mut file, Bytes::from(bytes)).await?;
            let file = draft.end(file).await?;
            draft.stage(file, None).await?;
        }
        draft.set_message(commit.message.clone());
        draft.commit(Origin::system()).await?;
        Ok(())
    }

    /// Only the first account still administers the hub.
    async fn end(&self, plan: &Plan) -> anyhow::Result<()> {
        let (Some(first), users) = (plan.accounts.first(), &self.hub.users) else {
            return Ok(());
        };
        let administrator = self.caller(&first.name)?;
        let others = plan.accounts.iter().skip(1).filter(|account| account.name != ACCOUNT);
        let demo = plan.accounts.iter().filter(|account| account.name == ACCOUNT);
        for planned in others.chain(demo) {
            let account = users.get(&planned.name.parse()?)?;
            let proof = administrator.require_self_or_admin(account, Scope::Admin)?;
            let change = AccountChange {
                role: Some(Role::User),
                is_verified: Some(planned.name == ACCOUNT),
                ..AccountChange::default()
            };
            users.update(proof, change, Origin::system()).await?;
        }
        Ok(())
    }
}

/// The first version of a README: its front matter, its title and what comes before the second heading.
fn beginning(readme: &str) -> &str {
    let end = readme.match_indices("\n## ").nth(1).map(|(at, _)| at + 1);
    &readme[..end.unwrap_or(readme.len())]
}

fn content(folder: &str, file: &PlannedFile) -> anyhow::Result<Vec<u8>> {
    match &file.content {
        Content::Text { from } => {
            let name = from.as_deref().unwrap_or(&file.path);
            text(&format!("{folder}/{name}")).map(String::into_bytes)
        }
        Content::Inline { text } => Ok(text.clone().into_bytes()),
        Content::Weights { seed, layers } => formats::weights(*seed, layers),
        Content::Raster {
            seed,
            size,
            bands,
            bbox,
        } => formats::raster(*seed, *size, *bands, *bbox),
        Content::Grid {
            seed,
            days_covered,
            bbox,
            step,
        } => formats::grid(*seed, *days_covered, *bbox, *step),
        Content::Picture { seed, size, palette } => pictures::map(*seed, *size, *palette),
        Content::Hillshade { seed, size } => pictures::hillshade(*seed, *size),
        Content::Traces { seed, size } => pictures::traces(*seed, *size),
        Content::Waveform { seed, rows } => Ok(tables::waveform(*seed, *rows).into_bytes()),
        Content::Picks { seed } => Ok(tables::picks(*seed).into_bytes()),
        Content::Runoff {
            seed,
            start,
            rows,
            mean,
        } => tables::runoff(*seed, start, *rows, *mean).map(String::into_bytes),
        Content::Table {
            seed,
            rows,
            columns,
            start,
        } => tables::numbers(*seed, *rows, columns, start.as_deref()).map(String::into_bytes),
    }
}
