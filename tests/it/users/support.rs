use geoml_hub::base::{Clock, Timestamp};
use geoml_hub::config::{Config, LiveConfig, Size};
use geoml_hub::keys::Keys;
use geoml_hub::store::{Schema, Store};
use geoml_hub::users::{self, NewAccount, Password, TABLES, Users};

/// The slice over a store in memory, with a clock that the test moves and cheap password hashes.
pub struct Bench {
    pub users: Users,
    pub store: Store,
    pub config: LiveConfig,
    _keys_folder: tempfile::TempDir,
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
            tables: TABLES.to_vec(),
            migrations: &[],
        };
        let store = Store::in_memory(&schema).unwrap();
        let keys_folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(keys_folder.path()).unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_790_000_000));
        Self {
            users: Users::new(store.clone(), keys, config.clone(), clock),
            store,
            config,
            _keys_folder: keys_folder,
        }
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
            let problems = self.store.read(users::check).unwrap();
            assert!(problems.is_empty(), "{problems:#?}");
        }
    }
}
