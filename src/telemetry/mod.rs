//! Structured logs on standard error, readable or JSON.
//!
//! What is logged inside a request carries its id, because the request runs in [`request_span`]. The level can be
//! changed while the hub runs. Nothing secret is logged: secrets have no `Debug` or `Display` that shows them.

use std::io::IsTerminal;

use tracing::{Level, Span, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::config::{LogConfig, LogFilter, LogFormat};

/// Changes the level of the running hub.
#[derive(Clone)]
pub struct LogLevel {
    filter: reload::Handle<Targets, Registry>,
}

impl LogLevel {
    /// Lets these lines through from now on.
    pub fn set(&self, filter: &LogFilter) {
        // It fails only when the subscriber is gone, and then there is nothing to change.
        let _ = self.filter.reload(targets(filter));
    }
}

/// Sends the logs of this process to standard error, panics included. Later calls change nothing, so that tests may
/// start several hubs in one process.
pub fn start(config: &LogConfig) -> LogLevel {
    let json = match config.format {
        LogFormat::Json => true,
        LogFormat::Readable => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let (subscriber, level) = subscriber(&config.level, json, std::io::stderr);
    if subscriber.try_init().is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    level
}

/// Logs as [`start`] writes them, to any writer.
pub fn subscriber<W>(filter: &LogFilter, json: bool, writer: W) -> (impl Subscriber + Send + Sync + use<W>, LogLevel)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(targets(filter));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(!json && std::io::stderr().is_terminal());
    let lines = if json {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .boxed()
    } else {
        lines.boxed()
    };
    // The filter stands over the whole registry, so that what it refuses costs nothing.
    (
        Registry::default().with(filter).with(lines),
        LogLevel { filter: handle },
    )
}

/// What a library warns of in the ordinary course is left out: tantivy, that a segment which it began to merge has become
/// empty and gone.
fn targets(filter: &LogFilter) -> Targets {
    filter
        .targets()
        .clone()
        .with_target("tantivy::indexer::segment_manager", Level::ERROR)
}

/// Everything logged inside it carries the request's id, method and path. It is an error span so that no level that
/// still shows errors hides the id.
pub fn request_span(request_id: &str, method: &str, path: &str) -> Span {
    tracing::span!(Level::ERROR, "request", request_id, method, path)
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = std::backtrace::Backtrace::capture();
    tracing::error!(place, %backtrace, "a panic: {message}");
}
