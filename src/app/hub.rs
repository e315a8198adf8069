use super::data_folder::DataFolder;
use super::error::AppError;
use super::schema::schema;
use crate::base::Clock;
use crate::blobs::Blobs;
use crate::cards::Cards;
use crate::config::{Config, LiveConfig};
use crate::editor::Editor;
use crate::events::Events;
use crate::files::{Files, Traffic};
use crate::git::Git;
use crate::hooks::Hooks;
use crate::jobs::{Jobs, JobsOptions, Tasks};
use crate::keys::Keys;
use crate::models::Models;
use crate::pulls::Pulls;
use crate::repos::Repos;
use crate::search::Search;
use crate::social::Social;
use crate::store::Store;
use crate::taxonomy::Taxonomy;
use crate::users::Users;
use anyhow::Context;

/// Every part of the hub, built in import order. Commands that work on a stopped hub use it too. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    /// The settings as they are now.
    pub config: LiveConfig,
    /// Where the time comes from.
    pub clock: Clock,
    /// Metadata.
    pub store: Store,
    /// Signing keys.
    pub keys: Keys,
    /// Large content.
    pub blobs: Blobs,
    /// Durable background work.
    pub jobs: Jobs,
    /// Periodic and maintenance tasks.
    pub tasks: Tasks,
    /// What happened.
    pub events: Events,
    /// Objects and branches of repositories.
    pub git: Git,
    /// Accounts.
    pub users: Users,
    /// Repositories.
    pub repos: Repos,
    /// The classification tree.
    pub taxonomy: Taxonomy,
    /// Cards of repositories.
    pub cards: Cards,
    /// What the files of models say.
    pub models: Models,
    /// Views and downloads on their way to the counters.
    pub traffic: Traffic,
    /// Files and uploads.
    pub files: Files,
    /// Histories.
    pub editor: Editor,
    /// Discussions and pull requests.
    pub pulls: Pulls,
    /// Webhooks.
    pub hooks: Hooks,
    /// Stars, follows and counters.
    pub social: Social,
    /// The search indexes.
    pub search: Search,
}

impl Hub {
    /// Builds every part over an open data folder. Starts no background work and listens to nothing. Blocking.
    #[expect(
        clippy::too_many_lines,
        reason = "one part after the other, in import order; nothing to take apart"
    )]
    pub fn open(folder: &DataFolder, config: LiveConfig, clock: Clock) -> Result<Self, AppError> {
        let Engines {
            store,
            keys,
            blobs,
            jobs,
            tasks,
            events,
            git,
        } = Engines::open(folder, &config.current(), &clock)?;
        let users = Users::new(
            store.clone(),
            keys.clone(),
            events.clone(),
            config.clone(),
            clock.clone(),
        );
        let repos = Repos::new(store.clone(), git.clone(), users.clone(), events.clone(), clock.clone());
        let taxonomy = Taxonomy::new(store.clone(), events.clone(), clock.clone());
        let cards = Cards::new(store.clone(), repos.clone(), events.clone(), clock.clone());
        let models = Models::new(store.clone(), repos.clone(), blobs.clone(), events.clone());
        let traffic = Traffic::default();
        let files = Files::new(
            store.clone(),
            events.clone(),
            blobs.clone(),
            users.clone(),
            repos.clone(),
            config.clone(),
            clock.clone(),
            traffic.clone(),
        );
        let editor = Editor::new(store.clone(), files.clone());
        let pulls = Pulls::new(store.clone(), events.clone(), repos.clone(), clock.clone());
        let hooks = Hooks::new(
            store.clone(),
            keys.clone(),
            jobs.clone(),
            events.clone(),
            repos.clone(),
            pulls.clone(),
            config.clone(),
            clock.clone(),
        );
        let social = Social::new(
            store.clone(),
            events.clone(),
            repos.clone(),
            traffic.clone(),
            clock.clone(),
        );
        let search = Search::open(
            &folder.path().join("index"),
            store.clone(),
            events.clone(),
            repos.clone(),
            social.clone(),
        )
        .context("the search indexes cannot be opened")?;
        Ok(Self {
            config,
            clock,
            store,
            keys,
            blobs,
            jobs,
            tasks,
            events,
            git,
            users,
            repos,
            taxonomy,
            cards,
            models,
            traffic,
            files,
            editor,
            pulls,
            hooks,
            social,
            search,
        })
    }

    /// Finishes what a crash cut off. To be called once, before anything else works with the hub.
    pub async fn heal(&self) -> Result<(), AppError> {
        let healed = self
            .repos
            .heal()
            .await
            .context("a commit that was cut off cannot be finished")?;
        if healed > 0 {
            tracing::info!(commits = healed, "finished commits that the last stop had cut off");
        }
        self.pulls
            .heal()
            .await
            .context("a pull request that was cut off cannot be taken back")?;
        self.taxonomy.load_built_in().await?;
        Ok(())
    }

    /// Writes what is gathered in memory. To be called when nothing else works with the hub any more.
    pub async fn flush(&self) {
        if let Err(error) = self.users.flush_token_uses().await {
            tracing::warn!(%error, "the last uses of access tokens are not written");
        }
        if let Err(error) = self.social.flush().await {
            tracing::error!(%error, "the last views and downloads could not be written");
        }
        self.search.close().await;
    }

    /// Closes the store, so that the next start needs no repair.
    pub fn close(&self) {
        self.store.close();
    }
}

/// The parts that know no domain.
struct Engines {
    store: Store,
    keys: Keys,
    blobs: Blobs,
    jobs: Jobs,
    tasks: Tasks,
    events: Events,
    git: Git,
}

impl Engines {
    fn open(folder: &DataFolder, settings: &Config, clock: &Clock) -> Result<Self, AppError> {
        let path = folder.path();
        let store = Store::open(&folder.database(), &schema(), settings.store.cache_size.length())?;
        let keys = Keys::open(&path.join("keys")).context("the signing keys cannot be opened")?;
        let blobs = Blobs::open(path, &settings.blobs, keys.clone(), clock.clone(), store.clone())
            .context("the store of large content cannot be opened")?;
        let options = JobsOptions {
            workers: settings.jobs.workers,
            keep_finished: settings.jobs.keep_finished,
            keep_finished_count: settings.jobs.keep_finished_count,
        };
        Ok(Self {
            jobs: Jobs::new(store.clone(), clock.clone(), options),
            tasks: Tasks::new(store.clone(), clock.clone()),
            events: Events::open(store.clone(), clock.clone())?,
            git: Git::open(path.join("git")).context("the git folder cannot be opened")?,
            store,
            keys,
            blobs,
        })
    }
}
