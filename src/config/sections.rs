use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::BlobsConfig;
use super::layers::Reader;
use super::setting::{Setting, section};
use super::value::{LogFilter, LogFormat, PrivateHost, PublicUrl, Registration, Size, at_least, between};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

section! {
    /// How the hub is reached.
    ServerConfig as "server" {
        /// Address and port to listen on. Use 0.0.0.0 to be reached from other machines.
        listen: SocketAddr = "127.0.0.1:8000", restart;
        /// Address that people type, when a proxy stands in front; links are made from it. Empty: the request's own.
        public_url: Option<PublicUrl> = "", live;
        /// Addresses or networks of proxies whose X-Forwarded-For is believed.
        trusted_proxies: Vec<IpNet> = Vec::<String>::new(), live;
        /// Largest JSON body.
        json_limit: Size = "2 MiB", restart, between(Size::kib(64), Size::gib(1));
        /// Threads that answer requests; 0 means one per processor.
        workers: usize = 0, restart;
        /// Most connections at once, shared evenly by the threads that answer requests.
        connections: usize = 20_000, restart, at_least(16);
        /// Time within which a client must have sent the head of its request.
        request_head_timeout: Duration = "30s", restart, at_least(SECOND);
        /// Time that an idle connection is kept open.
        keep_alive: Duration = "75s", restart, at_least(SECOND);
        /// Time that running requests and jobs have to finish when the hub stops.
        shutdown_timeout: Duration = "30s", restart, at_least(SECOND);
    }
}

section! {
    /// What the hub writes to standard error.
    LogConfig as "log" {
        /// Level (error, warn, info, debug, trace), or levels by module such as "info,geoml_hub::git=debug".
        level: LogFilter = "info", live;
        /// Form of the lines: "readable", "json", or "auto" (readable on a terminal).
        format: LogFormat = "auto", restart;
    }
}

section! {
    /// Where everything is kept.
    DataConfig as "data" {
        /// The data folder. It is the whole hub: copy it and you have moved the hub.
        folder: PathBuf = "./geoml-hub-data", restart;
    }
}

section! {
    /// Accounts, passwords and tokens.
    AuthConfig as "auth" {
        /// Who may make an account: "open" (everybody who reaches the hub) or "closed" (administrators).
        registration: Registration = "open", live;
        /// Lifetime of an access token.
        access_token_lifetime: Duration = "1h", live, between(SECOND, DAY);
        /// Lifetime of a refresh token; each use renews it.
        refresh_token_lifetime: Duration = "7d", live, between(SECOND, 366 * DAY);
        /// Lifetime of a signed link, by which a browser loads an image or a download of a private repository.
        link_lifetime: Duration = "10m", live, between(SECOND, DAY);
        /// Memory of one password check (argon2id).
        password_memory: Size = "19 MiB", live, between(Size::mib(8), Size::gib(1));
        /// Passes of one password check (argon2id); five at 19 MiB take about 50 ms of a processor.
        password_passes: u32 = 5, live, between(1, 100);
        /// Password checks at the same time; others wait.
        password_checks_at_once: usize = 2, restart, between(1, 64);
        /// Failed logins that one address may make on one account in a minute.
        login_failures_per_minute: u32 = 10, live, at_least(1);
        /// Failed logins that one address may make in a minute, over all accounts.
        login_attempts_per_minute: u32 = 60, live, at_least(1);
        /// Accounts that one address may make in an hour; a lecture hall is often one address. 0 means any number.
        registrations_per_hour: u32 = 200, live;
    }
}

section! {
    /// Room for people's content.
    StorageConfig as "storage" {
        /// Quota of an account for which an administrator has set none.
        quota: Size = "5 GiB", live;
        /// Large content that people who may not write to a repository may have in pull requests to it together, until it
        /// is merged. It counts against the quota of the owner too.
        contributions: Size = "1 GiB", live;
        /// Time that large content which nothing names is kept, for uploads in progress and for a restored backup.
        unnamed_grace: Duration = "24h", live, at_least(SECOND);
        /// Time that large content which was sent keeps its place in a repository before a commit names it, for a push that
        /// goes on later.
        uncommitted_grace: Duration = "72h", live, at_least(SECOND);
        /// Whether large files that came whole are cut into chunks in the background, as Xet clients cut theirs: they can be
        /// downloaded by Xet then, and what versions of a repository have in common is kept once. The whole form goes when
        /// the chunks have been there for `unnamed_grace`; until then both take room. In an object store, that is then read
        /// through the hub.
        chunk_whole_files: bool = false, live;
    }
}

section! {
    /// Files that come through the API or the browser.
    UploadsConfig as "uploads" {
        /// Size of a chunk when the client asks for none.
        chunk_size: Size = "5 MiB", live, between(Size::mib(1), Size::mib(64));
        /// Time after which an unfinished upload is forgotten.
        session_lifetime: Duration = "24h", live, between(MINUTE, 30 * DAY);
        /// Unfinished uploads that one account may have.
        sessions_per_account: u32 = 200, live, at_least(1);
        /// Most files in one batch.
        batch_files: usize = 10_000, live, at_least(1);
        /// Most files and deletions in one commit of the Hugging Face API. While it arrives, each takes a few hundred bytes of
        /// memory.
        commit_steps: usize = 250_000, live, at_least(1);
        /// Largest file.
        file_size: Size = "1 TiB", live, at_least(Size::mib(1));
        /// A text file larger than this is kept as large content, not in git.
        text_limit: Size = "10 MiB", live, at_least(Size::of_bytes(1));
        /// Any other file larger than this is kept as large content, not in git.
        binary_limit: Size = "1 MiB", live, at_least(Size::of_bytes(1));
    }
}

section! {
    /// What git clients may do.
    GitConfig as "git" {
        /// Largest file that a push may bring into git itself; larger ones go through git-lfs.
        push_file_size: Size = "100 MiB", live, between(Size::kib(1), Size::gib(1));
        /// Most pushes that are taken at once; whoever comes then is told to try again.
        pushes_at_once: usize = 32, restart, between(1, 1_000);
        /// Time after which a client that waits for long work hears that the hub is still at it, so that proxies do not
        /// give the connection up.
        keep_alive: Duration = "5s", live, between(Duration::from_millis(10), MINUTE);
        /// Time that commits and files to which no branch or tag leads any more are kept.
        unreachable_grace: Duration = "14d", live;
    }
}

section! {
    /// The database of everything that is neither git nor large content.
    StoreConfig as "store" {
        /// Memory for pages read and written; it fills with use.
        cache_size: Size = "64 MiB", restart, between(Size::mib(1), Size::gib(1024));
    }
}

section! {
    /// Views and downloads.
    StatisticsConfig as "statistics" {
        /// Time that counters are gathered before they are written; a power cut loses at most that much.
        flush_period: Duration = "10s", restart, between(Duration::from_millis(10), MINUTE);
    }
}

section! {
    /// Background work.
    JobsConfig as "jobs" {
        /// Jobs at the same time.
        workers: usize = 2, restart, between(1, 64);
        /// Time that a finished job stays visible.
        keep_finished: Duration = "7d", restart, at_least(MINUTE);
        /// Most finished jobs that stay visible.
        keep_finished_count: usize = 1_000, restart;
    }
}

section! {
    /// Webhooks: the addresses that are told of what happens here.
    HooksConfig as "hooks" {
        /// Hosts, addresses or networks within the lab that webhooks may be sent to, such as "ci.lab" or "10.1.0.0/16".
        /// Every other address that is not public is refused.
        allowed_private_hosts: Vec<PrivateHost> = Vec::<String>::new(), live;
        /// A webhook is disabled when nothing has arrived for so long and ten attempts at least have failed.
        give_up_after: Duration = "3d", live;
    }
}

/// Lists the sections once, in the order of the example file.
macro_rules! config {
    ($($(#[doc = $about:literal])+ $field:ident: $type:ident,)+) => {
        /// Every setting, validated.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config {
            $($(#[doc = $about])+ pub $field: $type,)+
        }

        impl Config {
            /// Every setting that exists, in the order of the example file.
            pub fn settings() -> Vec<Setting> {
                [$($type::settings()),+].concat()
            }

            /// Reads every section, so that all problems are known at once.
            pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $(let $field = $type::read(reader);)+
                Some(Self { $($field: $field?),+ })
            }
        }
    };
}

config! {
    /// How the hub is reached.
    server: ServerConfig,
    /// What the hub writes to standard error.
    log: LogConfig,
    /// Where everything is kept.
    data: DataConfig,
    /// Accounts, passwords and tokens.
    auth: AuthConfig,
    /// Room for people's content.
    storage: StorageConfig,
    /// Files that come through the API or the browser.
    uploads: UploadsConfig,
    /// What git clients may do.
    git: GitConfig,
    /// Large content.
    blobs: BlobsConfig,
    /// The database.
    store: StoreConfig,
    /// Views and downloads.
    statistics: StatisticsConfig,
    /// Background work.
    jobs: JobsConfig,
    /// Webhooks.
    hooks: HooksConfig,
}

impl Config {
    /// Rules over several keys, as sentences.
    pub(in crate::config) fn problems(&self) -> Vec<String> {
        let mut problems = self.blobs.problems();
        if self.auth.access_token_lifetime > self.auth.refresh_token_lifetime {
            problems
                .push("`auth.access_token_lifetime` must not be longer than `auth.refresh_token_lifetime`.".to_owned());
        }
        problems
    }
}

impl Default for Config {
    fn default() -> Self {
        super::Loader::default()
            .load()
            .expect("a test loads the defaults")
            .config
    }
}
