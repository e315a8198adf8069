use std::sync::Arc;

use tokio::sync::watch;

use super::Config;

/// The settings as they are now. Cheap to clone; every clone sees the same settings.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    sender: Arc<watch::Sender<Arc<Config>>>,
}

impl LiveConfig {
    /// Starts with these settings.
    pub fn new(config: Config) -> Self {
        Self {
            sender: Arc::new(watch::Sender::new(Arc::new(config))),
        }
    }

    /// The settings at this moment. Take them once for one piece of work, so that it sees one state.
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.sender.borrow())
    }

    /// Puts other settings in their place and wakes whoever follows changes.
    pub fn publish(&self, config: Config) {
        self.sender.send_replace(Arc::new(config));
    }

    /// For whoever must act on a change rather than look when needed.
    pub fn changes(&self) -> watch::Receiver<Arc<Config>> {
        self.sender.subscribe()
    }
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self::new(Config::default())
    }
}
