use geoml_hub::base::{Clock, Timestamp};
use geoml_hub::config::{Config, LiveConfig, Size};
use geoml_hub::events::{self, EventFilter, Events, Origin};
use geoml_hub::keys::Keys;
use geoml_hub::store::{Schema, Store};
use geoml_hub::users::{self, Account, Caller, Grant, NewAccount, Password, Users, UsersError};

/// The slice over a store in memory, with a clock that the test moves and cheap password hashes.
pub struct Bench {
    pub users: Users,
    pub store: Store,
    pub clock: Clock,
    events: Events,
    pub config: LiveConfig,
    keys_folder: tempfile::TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.auth.password_memory = Size::kib(64);
        config.auth.password_passes = 1;
        change(&mut config);
        let config = LiveConfig::new(config);
        let schema = Schema {
            tables: [users::TABLES, events::TABLES].concat(),
            migrations: &[],
        };
        let store = Store::in_memory(&schema).unwrap();
        let keys_folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(keys_folder.path()).unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_790_000_000));
        let events = Events::open(store.clone(), clock.clone()).unwrap();
        let users = Users::new(store.clone(), keys, events.clone(), config.clone(), clock.clone());
        Self {
            users,
            store,
            clock,
            events,
            config,
            keys_folder,
        }
    }

    /// The same hub after a restart: the rows are there, everything else is new.
    pub fn restarted(&self) -> Users {
        let keys = Keys::open(self.keys_folder.path()).unwrap();
        Users::new(
            self.store.clone(),
            keys,
            self.events.clone(),
            self.config.clone(),
            self.clock.clone(),
        )
    }

    pub async fn register(&self, name: &str) -> Account {
        self.users.register(new_account(name), Origin::system()).await.unwrap()
    }

    pub async fn log_in(&self, name: &str) -> Grant {
        self.log_in_from(name, "correct horse", "10.0.0.1").await.unwrap()
    }

    pub async fn log_in_from(&self, name: &str, password: &str, address: &str) -> Result<Grant, UsersError> {
        self.users.login(name, Password::new(password), from(address)).await
    }

    /// Registers an account and logs it in.
    pub async fn caller(&self, name: &str) -> Caller {
        self.register(name).await;
        let grant = self.log_in(name).await;
        self.users.authenticate(grant.access_token.reveal()).unwrap()
    }

    /// The kinds of all events, the newest first.
    pub fn events(&self) -> Vec<String> {
        let (events, _) = self.events.list(&EventFilter::default(), 0, 100).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

/// A request from this address.
pub fn from(address: &str) -> Origin {
    Origin {
        actor: None,
        address: Some(address.parse().unwrap()),
        request_id: String::new(),
    }
}

/// What an account named `name` registers with.
pub fn new_account(name: &str) -> NewAccount {
    NewAccount {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password: Password::new("correct horse"),
        full_name: None,
    }
}

/// Every test ends with tables that agree with one another.
impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let mut problems = self.store.read(users::check).unwrap();
            problems.extend(self.store.read(events::check).unwrap());
            assert!(problems.is_empty(), "{problems:#?}");
        }
    }
}
