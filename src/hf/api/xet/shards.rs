use super::access::XetCaller;
use crate::blobs::Spooled;
use crate::files::{FilesError, ShardProgress};
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::commit::drain;
use crate::http::{Code, Problem, to_the_end};
use crate::repos::WriteRepo;
use actix_web::web::{Data, Payload};
use actix_web::{HttpResponse, post};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::timeout;
use utoipa::ToSchema;

/// Bytes after which a client hears how far its shard is.
const NEWS_EVERY: u64 = 32 * 1024 * 1024;
/// A shard that is refused sooner is refused by the status of the answer, which clients understand best.
const PATIENCE: Duration = Duration::from_secs(5);

/// A line of the answer to a shard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
enum XetShardLine {
    /// How far it is.
    Validating {
        /// Bytes of the file at hand that were verified.
        verified: u64,
        /// Bytes of this file.
        total: u64,
    },
    /// Everything is there.
    Result,
    /// It cannot be taken.
    Error {
        /// A sentence.
        message: String,
        /// Whether the same shard may be taken later.
        retryable: bool,
    },
}

impl XetShardLine {
    fn of(result: Result<bool, FilesError>) -> Self {
        let Err(error) = result else { return Self::Result };
        if error.code() == Code::Internal {
            tracing::error!(%error, "a shard could not be taken");
            return Self::Error {
                message: "The hub could not take the shard. Its log says why.".to_owned(),
                retryable: true,
            };
        }
        Self::Error {
            message: error.to_string(),
            retryable: matches!(error.code(), Code::Unavailable | Code::StorageFull),
        }
    }

    fn line(&self) -> Bytes {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }
}

/// A shard as it was taken to v1 of the protocol.
#[derive(Serialize, ToSchema)]
struct XetSentShardView {
    /// 1 when it said something new, 0 when everything was there.
    result: u8,
}

/// Takes a shard by the Xet protocol: every file that it names is rebuilt from its terms and hashed before it counts. The
/// answer says how far it is, line by line, and ends with the result.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v2/shards",
    params(("place" = String, Path, description = "repository and epoch, as a token names them")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("bearer" = [])),
    responses((status = 200, body = XetShardLine, content_type = "application/x-ndjson"), (status = 400), (status = 401),
        (status = 403), (status = 404), (status = 413)))]
#[post("/xet/{place}/v2/shards")]
pub(super) async fn xet_send_shard(
    caller: XetCaller,
    body: Payload,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let (proof, shard) = receive(&caller, body, &parts).await?;
    let (teller, heard) = mpsc::channel(8);
    let told = AtomicU64::new(0);
    let progress: ShardProgress = Arc::new(move |verified, total| {
        let before = told.load(Ordering::Relaxed);
        if verified < before || verified - before >= NEWS_EVERY {
            told.store(verified, Ordering::Relaxed);
            // Whoever reads slowly hears less.
            let _full = teller.try_send((verified, total));
        }
    });
    let files = parts.files.clone();
    let work = to_the_end(async move { files.take_shard(&proof, shard, progress).await });
    let mut news = Box::pin(news(work, heard));
    let first = match timeout(PATIENCE, news.next()).await {
        Ok(Some(News::End(Err(error)))) => return Err(error.into()),
        Ok(Some(news)) => Some(news),
        Ok(None) | Err(_) => None,
    };
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(lines(first, news)))
}

enum News {
    Progress(u64, u64),
    End(Result<bool, FilesError>),
}

/// What is heard of the work, and last how it ended.
fn news(work: impl Future<Output = Result<bool, FilesError>>, heard: Receiver<(u64, u64)>) -> impl Stream<Item = News> {
    stream::unfold(Some((Box::pin(work), heard)), |state| async {
        let (mut work, mut heard) = state?;
        tokio::select! {
            biased;
            Some((verified, total)) = heard.recv() => Some((News::Progress(verified, total), Some((work, heard)))),
            result = &mut work => Some((News::End(result), None)),
        }
    })
}

fn lines(first: Option<News>, rest: impl Stream<Item = News>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(first).chain(rest).map(|news| {
        let line = match news {
            News::Progress(verified, total) => XetShardLine::Validating { verified, total },
            News::End(result) => XetShardLine::of(result),
        };
        Ok(line.line())
    })
}

/// Takes a shard as clients of v1 send it, and answers when everything is there.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v1/shards",
    params(("place" = String, Path, description = "repository and epoch, as a token names them")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("bearer" = [])),
    responses((status = 200, body = XetSentShardView), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 413)))]
#[post("/xet/{place}/v1/shards")]
pub(super) async fn xet_send_shard_v1(
    caller: XetCaller,
    body: Payload,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let (proof, shard) = receive(&caller, body, &parts).await?;
    let files = parts.files.clone();
    let silent: ShardProgress = Arc::new(|_, _| {});
    let is_new = to_the_end(async move { files.take_shard(&proof, shard, silent).await }).await?;
    Ok(HttpResponse::Ok().json(XetSentShardView {
        result: u8::from(is_new),
    }))
}

async fn receive(caller: &XetCaller, mut body: Payload, parts: &HfParts) -> Result<(WriteRepo, Spooled), HfError> {
    let proof = match caller.sendable(parts) {
        Ok(proof) => proof,
        Err(error) => {
            drain(body).await;
            return Err(error);
        }
    };
    let mut spool = parts.files.receive_shard();
    while let Some(chunk) = body.next().await {
        let broken = |_| HfError::new(Code::BadRequest, "The body could not be read to its end.");
        if let Err(error) = spool.write(chunk.map_err(broken)?).await {
            drain(body).await;
            return Err(FilesError::from(error).into());
        }
    }
    let spooled = spool.finish().await.map_err(FilesError::from)?;
    Ok((proof, spooled))
}
