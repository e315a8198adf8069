use super::address::GitAddress;
use super::caller::GitCaller;
use super::discovery::fresh;
use super::refusal::Refusal;
use super::settings::Settings;
use crate::base::RepositoryId;
use crate::events::Origin;
use crate::git::protocol::{SideBand, write_flush, write_packet};
use crate::git::receive::{Capabilities, PushCommands, ReceiveError};
use crate::http::{AnswerWriter, Exchange, Problem, RequestId, RequestInfo, RequestReader};
use crate::repos::{Push, PushReport, Repos, ReposError, WriteRepo};
use crate::transport::{TransportError, Turn};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use std::io::{self, BufRead, Write};
use std::time::Duration;
use tokio::runtime::Handle;

const REQUEST_TYPE: &str = "application/x-git-receive-pack-request";
/// Bytes of a refused push that are read and thrown away, so that the client comes to reading why. Git sends its whole
/// pack before it reads an answer.
const THROWN_AWAY_MAX_BYTES: u64 = 1 << 30;

/// A packet that says nothing in the band of progress, as git sends it to keep a connection alive.
const EMPTY_PROGRESS: &[u8] = b"0005\x02";

/// Takes a push (Smart HTTP).
#[utoipa::path(post, path = "/api/v1/git/{owner}/{repo}/git-receive-pack", tag = "git",
    params(crate::repos::api::KindQuery,
        ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name, with or without .git")),
    request_body(content = Vec<u8>, content_type = "application/x-git-receive-pack-request"),
    responses((status = 200, description = "packet lines"), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 415), (status = 503)))]
#[post("/api/v1/git/{owner}/{repo}/git-receive-pack")]
pub(super) async fn git_receive_pack(
    caller: GitCaller,
    address: GitAddress,
    info: RequestInfo,
    request: HttpRequest,
    payload: Payload,
    repos: Data<Repos>,
    settings: Settings,
) -> Result<HttpResponse, Refusal> {
    receive_pack(caller, address, info, request, payload, repos, settings).await
}

/// The same under the addresses that people clone.
pub(super) async fn receive_pack(
    GitCaller(caller): GitCaller,
    address: GitAddress,
    info: RequestInfo,
    request: HttpRequest,
    payload: Payload,
    repos: Data<Repos>,
    settings: Settings,
) -> Result<HttpResponse, Refusal> {
    let proof = address.writable(&repos, &caller)?;
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Not a type that a page of another site could send with the credentials of its visitor.
    if header(CONTENT_TYPE) != Some(REQUEST_TYPE) {
        return Err(TransportError::NotAPush.into());
    }
    let lenders = repos.readable_lenders(&caller, proof.repository().id);
    let turn = settings.transfers.push().await?;
    let receiving = Receiving {
        _turn: turn,
        lenders: lenders.map_err(ReposError::from)?,
        repos: repos.get_ref().clone(),
        proof,
        origin: Origin::of_request(caller.user_id(), info.address),
        file_bytes: settings.config.current().git.push_file_size.bytes(),
        keep_alive: settings.config.current().git.keep_alive,
        encoding: header(CONTENT_ENCODING).map(str::to_owned),
    };
    let exchange = Exchange::start(payload, move |reader, answer| receiving.run(reader, answer));
    let exchange = exchange.begun().await?;
    Ok(fresh(HttpResponse::Ok())
        .content_type("application/x-git-receive-pack-result")
        .streaming(exchange))
}

/// One push, on a thread of its own.
struct Receiving {
    repos: Repos,
    proof: WriteRepo,
    lenders: Vec<RepositoryId>,
    origin: Origin,
    file_bytes: u64,
    keep_alive: Duration,
    encoding: Option<String>,
    _turn: Turn,
}

impl Receiving {
    fn run(self, reader: RequestReader, answer: &mut AnswerWriter) -> Result<(), TransportError> {
        let limit = u64::MAX;
        let decoded = reader.decoded(self.encoding.as_deref(), limit);
        let mut reader = decoded.ok_or(TransportError::UnknownEncoding)?;
        let asked = match PushCommands::read(&mut reader) {
            Ok(Some(asked)) => asked,
            // A client with a large pack asks first whether it may send it.
            Ok(None) => return Ok(()),
            Err(error) => return Err(ReposError::from(error).into()),
        };
        // Without bands, everything that is sent belongs to the report.
        if asked.capabilities.side_band && answer.keep_alive(EMPTY_PROGRESS, self.keep_alive).is_err() {
            tracing::debug!("the client went away while it pushed");
        }
        let outcome = self.push(&asked, &mut reader);
        if outcome.is_err() {
            throw_away(&mut reader);
        }
        let written = write_report(answer, &asked, &outcome);
        // The client may be gone; what it asked for is done or not, whether it hears of it or not.
        if written.is_err() {
            tracing::debug!("the client went away before it heard of its push");
        }
        Ok(())
    }

    fn push(self, asked: &PushCommands, reader: &mut (dyn BufRead + Send)) -> Result<PushReport, ReposError> {
        let limits = self.repos.receive_limits(&self.proof, self.file_bytes)?;
        let incoming = if asked.needs_pack() {
            let repository = self.repos.git().repository(self.proof.repository().id)?;
            Some(repository.receive(reader, limits)?)
        } else {
            None
        };
        let push = Push {
            commands: asked.commands.clone(),
            atomic: asked.capabilities.atomic,
            incoming,
            lenders: self.lenders,
            written_bytes: 0,
            origin: self.origin.clone(),
        };
        // On this thread, so that a client that goes away does not leave it half done.
        let request_id = self.origin.request_id.clone();
        Handle::current().block_on(RequestId::scope(request_id, self.repos.push(&self.proof, push)))
    }
}

/// Reads on behind a push that was refused, within bounds.
fn throw_away(reader: &mut (dyn BufRead + Send)) {
    let mut left = THROWN_AWAY_MAX_BYTES;
    while left > 0 {
        let Ok(there) = reader.fill_buf().map(<[u8]>::len) else {
            return;
        };
        if there == 0 {
            return;
        }
        reader.consume(there);
        left = left.saturating_sub(there as u64);
    }
}

/// Tells the client what became of its push (gitprotocol-pack, "Report Status").
fn write_report(
    answer: &mut AnswerWriter,
    asked: &PushCommands,
    outcome: &Result<PushReport, ReposError>,
) -> io::Result<()> {
    let reason = outcome.as_ref().err().map(reason);
    let Capabilities {
        report_status,
        side_band,
        ..
    } = asked.capabilities;
    let mut report = Vec::new();
    if report_status {
        match &reason {
            None => write_packet(&mut report, b"unpack ok\n")?,
            Some(reason) => write_packet(&mut report, format!("unpack {}\n", line(reason)).as_bytes())?,
        }
        let refused =
            |command: &crate::git::receive::Command| (command.name.clone(), Err("the push was refused".to_owned()));
        let lines: Vec<(String, Result<(), String>)> = match outcome {
            Ok(PushReport(lines)) => lines.clone(),
            Err(_) => asked.commands.iter().map(refused).collect(),
        };
        for (name, outcome) in lines {
            let text = match outcome {
                Ok(()) => format!("ok {name}\n"),
                Err(reason) => format!("ng {name} {}\n", line(&reason)),
            };
            write_packet(&mut report, text.as_bytes())?;
        }
        write_flush(&mut report)?;
    }
    if !side_band {
        return answer.write_all(&report);
    }
    let mut band = SideBand::new(answer);
    if let Some(reason) = &reason {
        band.progress(&format!("{reason}.\n"))?;
    }
    band.write_all(&report)?;
    band.finish()
}

/// Why a push was refused, as its sender may know it; faults of the hub stay in its log.
fn reason(error: &ReposError) -> String {
    let internal = match error {
        ReposError::Receive(error) => error.is_internal(),
        other => other.code() == crate::http::Code::Internal,
    };
    if internal {
        let error: &(dyn std::error::Error + 'static) = error;
        tracing::error!(error, "a push failed");
        return "the hub failed; its log says why".to_owned();
    }
    if let ReposError::Receive(ReceiveError::Cut) = error {
        tracing::debug!("a push was cut off");
    }
    error.to_string().trim_end_matches('.').to_owned()
}

/// A reason on one line that fits into a packet.
fn line(reason: &str) -> String {
    reason
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(1_000)
        .collect()
}
