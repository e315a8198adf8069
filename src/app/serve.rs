use super::background;
use super::data_folder::DataFolder;
use super::error::AppError;
use super::hub::Hub;
use super::routes;
use crate::base::Clock;
use crate::config::LiveConfig;
use crate::http;
use crate::web::ui::page_or_unmatched;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::AppExt;

/// Head and first part of a body leave in one write when they fit; measured against nginx.
const WRITE_BUFFER_BYTES: usize = 264 * 1024;

/// Runs a future on the runtime that the server needs.
pub fn block_on<F: Future>(future: F) -> F::Output {
    actix_web::rt::System::new().block_on(future)
}

/// A hub that listens.
pub struct Server {
    hub: Hub,
    /// Locked as long as any part may use it.
    _folder: DataFolder,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Opens the data folder, finishes what a crash cut off, and binds the address of the configuration; port 0 takes a
    /// free one.
    pub async fn bind(config: LiveConfig, clock: Clock) -> Result<Self, AppError> {
        let settings = config.current();
        let folder = DataFolder::open(&settings.data.folder)?;
        let hub = Hub::open(&folder, config, clock)?;
        hub.heal().await?;
        background::register(&hub)?;
        let address = settings.server.listen;
        let refuse = |source| AppError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        Ok(Self {
            hub,
            _folder: folder,
            listener,
            address,
        })
    }

    /// The address with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled. Then, in this order: requests and background work finish side by side, what is
    /// gathered in memory is written, the store is closed. Each part of the background ends by itself, cutting off what
    /// takes longer than `server.shutdown_timeout`; so there is nothing to give up here, and nothing uses the store when
    /// it closes. Whoever cannot wait sends a second signal.
    pub async fn run(self, stop: CancellationToken) -> Result<(), AppError> {
        let background = background::start(&self.hub, &stop);
        let address = self.address;
        let result = listen(&self.hub, self.listener, &stop).await;
        stop.cancel();
        background.wait().await;
        self.hub.flush().await;
        self.hub.close();
        result.map_err(|source| AppError::Listen { address, source })
    }
}

/// Answers requests until `stop` is cancelled. It owns the listener, so that a hub that stops refuses new connections
/// rather than letting them wait for nothing.
async fn listen(hub: &Hub, listener: TcpListener, stop: &CancellationToken) -> std::io::Result<()> {
    let settings = hub.config.current();
    let data = routes::data(hub);
    let json_limit = settings.server.json_limit.length();
    let workers = match settings.server.workers {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    };
    let server = HttpServer::new(move || {
        App::new()
            .into_utoipa_app()
            .configure(routes::routes)
            .into_app()
            .configure(data.clone())
            .app_data(web::PayloadConfig::new(json_limit))
            .default_service(web::to(page_or_unmatched))
            .wrap(from_fn(http::answer_head))
            .wrap(security_headers())
            .wrap(from_fn(http::trace_request))
    })
    .tcp_nodelay(true)
    .h1_write_buffer_size(WRITE_BUFFER_BYTES)
    .client_request_timeout(settings.server.request_head_timeout)
    .keep_alive(settings.server.keep_alive)
    .workers(workers)
    // Counted by each worker for itself.
    .max_connections(settings.server.connections.div_ceil(workers))
    .shutdown_timeout(settings.server.shutdown_timeout.as_secs())
    .disable_signals();
    let server = server.listen(listener)?.run();
    let handle = server.handle();
    let stopper = stop_when_told(handle, stop.clone());
    let (result, ()) = tokio::join!(server, stopper);
    result
}

/// What every answer carries unless its handler says otherwise: nothing is sniffed, framed or run.
fn security_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("x-content-type-options", "nosniff"))
        .add(("referrer-policy", "same-origin"))
        .add(("content-security-policy", "default-src 'none'; frame-ancestors 'none'"))
}

async fn stop_when_told(handle: ServerHandle, stop: CancellationToken) {
    stop.cancelled().await;
    handle.stop(true).await;
}
