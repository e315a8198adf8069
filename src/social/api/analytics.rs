use super::repositories::{DayView, DaysQuery};
use crate::base::blocking;
use crate::files::{FileId, Files};
use crate::http::{ApiResult, Json, Path, Query};
use crate::repos::Repos;
use crate::repos::api::KindQuery;
use crate::social::{FileCounters, Social};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// Files that are answered as the most used ones.
const TOP_FILES: usize = 10;

/// How a repository is used.
#[derive(Debug, Serialize, ToSchema)]
struct AnalyticsView {
    /// Views in these days.
    views: u64,
    /// Downloads in these days.
    downloads: u64,
    /// Every day, the oldest first; days without visitors are zeros.
    days: Vec<DayView>,
    /// The files with the most downloads, then views, since they were made.
    top_files: Vec<FileStatisticsView>,
}

/// How often a file was used since it was made.
#[derive(Debug, Serialize, ToSchema)]
struct FileStatisticsView {
    /// The id of the file.
    file_id: String,
    /// Its path.
    path: String,
    /// Views.
    views: u64,
    /// Downloads.
    downloads: u64,
}

impl FileStatisticsView {
    fn new(id: FileId, counters: FileCounters) -> Self {
        Self {
            file_id: id.to_string(),
            path: id.path,
            views: counters.views,
            downloads: counters.downloads,
        }
    }
}

/// Views, downloads and unique visitors by day, and the files that are used most.
#[utoipa::path(tag = "repositories", params(KindQuery, DaysQuery),
    responses((status = 200, body = AnalyticsView), (status = 400), (status = 404)))]
#[get("/api/{username}/{repo_name}/analytics")]
pub(super) async fn show_analytics(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    days: Query<DaysQuery>,
    repos: Data<Repos>,
    social: Data<Social>,
) -> ApiResult<Json<AnalyticsView>> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    let length = days.0.length()?;
    let id = proof.id();
    let (days, top) = blocking(move || {
        Ok::<_, crate::store::StoreError>((social.every_day(&proof, length)?, social.top_files(&proof, TOP_FILES)?))
    })
    .await?;
    let files = top
        .into_iter()
        .map(|(path, counters)| FileStatisticsView::new(FileId::new(id, path), counters));
    Ok(Json(AnalyticsView {
        views: days.iter().map(|(_, day)| day.views).sum(),
        downloads: days.iter().map(|(_, day)| day.downloads).sum(),
        top_files: files.collect(),
        days: days.into_iter().map(DayView::from).collect(),
    }))
}

/// Views and downloads of a file since it was made; they follow it when it is moved.
#[utoipa::path(tag = "files", responses((status = 200, body = FileStatisticsView), (status = 404)))]
#[get("/api/files/{file_id}/stats")]
pub(super) async fn show_file_statistics(
    caller: Caller,
    path: Path<String>,
    files: Data<Files>,
    social: Data<Social>,
) -> ApiResult<Json<FileStatisticsView>> {
    let (_, _, entry) = files.by_id(&caller, &path.0).await?;
    let counters = social.file_counters(entry.repository, &entry.path)?;
    Ok(Json(FileStatisticsView::new(entry.id(), counters)))
}
