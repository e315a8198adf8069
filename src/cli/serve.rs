use super::arguments::HubArguments;
use super::{demo, say};
use crate::app::{Server, block_on};
use crate::base::Clock;
use crate::config::{ConfigWatcher, Flag, LiveConfig, Loader};
use crate::telemetry;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What `serve` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    hub: HubArguments,
    /// Where to listen [default: 127.0.0.1:8000]; port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Fill an empty hub with repositories, accounts and numbers to look at, and serve it.
    #[arg(long)]
    demo: bool,
    /// Open a browser once the hub listens.
    #[arg(long)]
    open: bool,
}

impl Serve {
    fn loader(&self) -> Loader {
        self.hub.loader(self.listen.as_ref().map(|address| Flag {
            name: "--listen",
            key: "server.listen",
            value: address.clone(),
        }))
    }

    pub(super) fn run(self) -> anyhow::Result<()> {
        let loader = self.loader();
        let loaded = loader.load()?;
        let log_level = telemetry::start(&loaded.config.log);
        let live = LiveConfig::new(loaded.config.clone());
        let watcher = ConfigWatcher::start(loader, loaded, live.clone())?;
        block_on(async move {
            let stop = CancellationToken::new();
            if self.demo {
                demo::fill(&live).await?;
            }
            let server = Server::bind(live.clone(), Clock::system()).await?;
            // Before the address is said: whoever reads it may send a signal at once.
            let signals = stop_on_signals(stop.clone())?;
            let url = format!("http://{}", server.address());
            say(&format!("GeoML-Hub listens on {url}"));
            if self.demo {
                let (account, password) = (demo::ACCOUNT, demo::PASSWORD);
                say(&format!("Log in as '{account}' with the password '{password}'."));
            }
            if self.open
                && let Err(error) = open::that_detached(&url)
            {
                tracing::warn!(%error, "no browser could be opened");
            }
            let log_level = follow_log_level(live, log_level);
            let file = async {
                if let Some(watcher) = watcher {
                    watcher.run(stop.clone()).await;
                }
            };
            tokio::select! {
                result = server.run(stop.clone()) => Ok(result?),
                ((), (), ()) = async { tokio::join!(signals, log_level, file) } => Ok(()),
            }
        })
    }
}

/// The first signal stops the hub in order; a second one ends the process at once. Never resolves.
fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping; a second signal stops at once");
        stop.cancel();
        next().await;
        leave_at_once()
    })
}

#[expect(
    clippy::exit,
    reason = "whoever sends a second signal does not want to wait; the data folder allows it"
)]
fn leave_at_once() -> ! {
    std::process::exit(130)
}

/// Never resolves while the configuration lives.
async fn follow_log_level(live: LiveConfig, level: telemetry::LogLevel) {
    let mut changes = live.changes();
    while changes.changed().await.is_ok() {
        level.set(&live.current().log.level);
    }
}
