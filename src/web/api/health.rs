use crate::blobs::Blobs;
use crate::http::{ApiResult, Json};
use crate::jobs::Jobs;
use crate::store::{Store, StoreError};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Time for which the answer of a probe of the storage is good.
const PROBE_EVERY: Duration = Duration::from_secs(10);

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(show_health)
        .service(show_store_health)
        .service(show_storage_health)
        .service(show_all_health);
}

/// That the hub answers.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// Always `ok`: a hub that is not does not answer.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
}

/// How a part of the hub is.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct PartHealth {
    /// The part.
    name: &'static str,
    /// `ok` or `failed`.
    status: &'static str,
    /// How long the probe took.
    milliseconds: f64,
    /// What to know, or to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// How all parts are.
#[derive(Debug, Serialize, ToSchema)]
struct AllHealth {
    /// `ok` when every part is.
    status: &'static str,
    /// The version of the program.
    version: &'static str,
    /// The parts.
    parts: Vec<PartHealth>,
}

impl PartHealth {
    fn new<E: std::fmt::Display>(name: &'static str, started: Instant, result: Result<Option<String>, E>) -> Self {
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        match result {
            Ok(message) => Self {
                name,
                status: "ok",
                milliseconds,
                message,
            },
            Err(error) => {
                tracing::warn!(name, %error, "a health probe failed");
                let message = Some("This part does not work; the details are in the log of the hub.".to_owned());
                Self {
                    name,
                    status: "failed",
                    milliseconds,
                    message,
                }
            }
        }
    }

    fn is_ok(&self) -> bool {
        self.status == "ok"
    }

    fn answer(self) -> HttpResponse {
        if self.is_ok() {
            HttpResponse::Ok().json(self)
        } else {
            HttpResponse::ServiceUnavailable().json(self)
        }
    }
}

fn probe_store(store: &Store) -> PartHealth {
    let started = Instant::now();
    PartHealth::new("store", started, store.read(|_| Ok::<_, StoreError>(None)))
}

/// What the last probe of the storage found. Anybody may ask for it, and a probe writes; so those who ask share one.
#[derive(Debug, Default)]
pub struct StorageHealth(Mutex<Option<(Instant, PartHealth)>>);

impl StorageHealth {
    async fn probe(&self, blobs: &Blobs) -> PartHealth {
        let mut last = self.0.lock().await;
        if let Some((at, health)) = &*last
            && at.elapsed() < PROBE_EVERY
        {
            return health.clone();
        }
        let started = Instant::now();
        let result = blobs.probe().await.map(|report| Some(report.backend.to_owned()));
        let health = PartHealth::new("storage", started, result);
        *last = Some((Instant::now(), health.clone()));
        health
    }
}

fn probe_jobs(jobs: &Jobs) -> PartHealth {
    let started = Instant::now();
    let result = jobs
        .is_idle()
        .map(|idle| Some(if idle { "idle" } else { "at work" }.to_owned()));
    PartHealth::new("jobs", started, result)
}

/// Answers when the hub is alive.
#[utoipa::path(tag = "administration", responses((status = 200, body = Health)))]
#[get("/health")]
async fn show_health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Reads from the metadata store.
#[utoipa::path(tag = "administration", responses((status = 200, body = PartHealth), (status = 503, body = PartHealth)))]
#[get("/health/db")]
async fn show_store_health(store: Data<Store>) -> HttpResponse {
    probe_store(&store).answer()
}

/// Writes, reads and removes a few bytes in the store of large content; those who ask within ten seconds share the answer.
#[utoipa::path(tag = "administration", responses((status = 200, body = PartHealth), (status = 503, body = PartHealth)))]
#[get("/health/storage")]
async fn show_storage_health(blobs: Data<Blobs>, storage: Data<StorageHealth>) -> HttpResponse {
    storage.probe(&blobs).await.answer()
}

/// Probes every part and says how long each took.
#[utoipa::path(tag = "administration", responses((status = 200, body = AllHealth), (status = 503, body = AllHealth)))]
#[get("/health/detailed")]
async fn show_all_health(
    store: Data<Store>,
    (blobs, storage): (Data<Blobs>, Data<StorageHealth>),
    jobs: Data<Jobs>,
) -> ApiResult<HttpResponse> {
    let parts = vec![probe_store(&store), storage.probe(&blobs).await, probe_jobs(&jobs)];
    let all_ok = parts.iter().all(PartHealth::is_ok);
    let health = AllHealth {
        status: if all_ok { "ok" } else { "failed" },
        version: env!("CARGO_PKG_VERSION"),
        parts,
    };
    Ok(if all_ok {
        HttpResponse::Ok().json(health)
    } else {
        HttpResponse::ServiceUnavailable().json(health)
    })
}
