//! What a client asks for in a fetch, in the words of either protocol.

use super::filter::Filter;
use super::packet::{Packet, PacketReader};
use crate::git::{GitError, ObjectId};
use std::io::BufRead;

/// What git sends for "everything" (`--unshallow`).
const ENDLESS_DEPTH: u32 = 0x7fff_ffff;

/// How content, progress and errors share the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Bands {
    /// They do not: the pack alone.
    #[default]
    None,
    /// Packets of up to 1,000 bytes.
    Small,
    /// Packets of up to 65,520 bytes.
    Large,
}

/// How much the client wants to hear about what it has (version 0).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Acknowledging {
    /// Only the first common commit.
    #[default]
    First,
    /// Every one.
    Every,
    /// Every one, and that it was enough.
    Detailed,
}

/// How much history is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Deepening {
    /// So many commits from the wanted ones on.
    pub depth: Option<u32>,
    /// The depth counts from where the client's history ends.
    pub is_relative: bool,
    /// Commits of this second and later.
    pub since: Option<i64>,
    /// Commits that these references do not lead to.
    pub not: Vec<String>,
}

impl Deepening {
    /// Whether anything is asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.depth.is_some() || self.since.is_some() || !self.not.is_empty()
    }

    /// Whether the whole history is wanted.
    pub(super) fn is_endless(&self) -> bool {
        self.depth.is_some_and(|depth| depth >= ENDLESS_DEPTH)
    }
}

/// A fetch.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the protocol that a client says or does not"
)]
#[derive(Debug, Default)]
pub(super) struct FetchRequest {
    pub wants: Vec<ObjectId>,
    pub haves: Vec<ObjectId>,
    /// Commits at which the client's history ends although they have parents.
    pub shallow: Vec<ObjectId>,
    pub deepening: Deepening,
    pub filter: Option<Filter>,
    /// The client waits for the pack, whatever is in common.
    pub done: bool,
    /// The client wants no pack before it says `done`.
    pub wait_for_done: bool,
    /// Something came behind the wants (version 0).
    pub negotiates: bool,
    pub thin_pack: bool,
    pub offset_deltas: bool,
    pub include_tag: bool,
    pub no_progress: bool,
    pub bands: Bands,
    pub acknowledging: Acknowledging,
    /// The pack may follow at once when enough is in common (version 0).
    pub no_done: bool,
}

impl FetchRequest {
    /// Reads a request of the versions 0 and 1. Without wants it asks for nothing: a probe, or an empty fetch.
    pub(super) fn read(from: &mut PacketReader<impl BufRead>) -> Result<Self, GitError> {
        let mut request = Self::default();
        let mut is_first = true;
        loop {
            let Some(packet) = from.next()? else {
                // Whoever wants something says so to the end.
                return if is_first { Ok(request) } else { Err(ended()) };
            };
            let Some(line) = packet.line() else { break };
            let line = text(line)?;
            if let Some(want) = line.strip_prefix("want ") {
                let (id, capabilities) = want.split_once(' ').unwrap_or((want, ""));
                request.wants.push(object(id)?);
                if std::mem::take(&mut is_first) {
                    request.capabilities(capabilities)?;
                }
            } else if is_first || !request.argument(line)? {
                return Err(unexpected(line));
            }
        }
        if request.wants.is_empty() {
            return Ok(request);
        }
        while let Some(packet) = from.next()? {
            request.negotiates = true;
            let Some(line) = packet.line() else { break };
            let line = text(line)?;
            match line.strip_prefix("have ") {
                Some(id) => request.haves.push(object(id)?),
                None if line == "done" => {
                    request.done = true;
                    break;
                }
                None => return Err(unexpected(line)),
            }
        }
        Ok(request)
    }

    fn capabilities(&mut self, capabilities: &str) -> Result<(), GitError> {
        for capability in capabilities.split_ascii_whitespace() {
            match capability {
                "multi_ack" if self.acknowledging == Acknowledging::First => self.acknowledging = Acknowledging::Every,
                "multi_ack_detailed" => self.acknowledging = Acknowledging::Detailed,
                "no-done" => self.no_done = true,
                "side-band" if self.bands == Bands::None => self.bands = Bands::Small,
                "side-band-64k" => self.bands = Bands::Large,
                "deepen-relative" => self.deepening.is_relative = true,
                _ => {
                    check_format(capability)?;
                    // Whatever else it can do needs nothing of the server.
                    self.flag(capability);
                }
            }
        }
        Ok(())
    }

    /// Reads the arguments of the command `fetch` of version 2.
    pub(super) fn read_v2(from: &mut PacketReader<impl BufRead>) -> Result<Self, GitError> {
        let mut request = Self {
            bands: Bands::Large,
            ..Self::default()
        };
        while let Some(packet) = from.next()? {
            let line = match packet {
                Packet::Flush => return Ok(request),
                _ => packet
                    .line()
                    .ok_or_else(|| GitError::protocol("arguments end with a flush packet"))?,
            };
            let line = text(line)?;
            if let Some(id) = line.strip_prefix("want ") {
                request.wants.push(object(id)?);
            } else if let Some(id) = line.strip_prefix("have ") {
                request.haves.push(object(id)?);
            } else {
                match line {
                    "done" => request.done = true,
                    "wait-for-done" => request.wait_for_done = true,
                    "deepen-relative" => request.deepening.is_relative = true,
                    _ if request.flag(line) || request.argument(line)? => {}
                    _ => return Err(unexpected(line)),
                }
            }
        }
        Err(ended())
    }

    /// Words that mean the same in all versions.
    fn flag(&mut self, word: &str) -> bool {
        match word {
            "thin-pack" => self.thin_pack = true,
            "ofs-delta" => self.offset_deltas = true,
            "include-tag" => self.include_tag = true,
            "no-progress" => self.no_progress = true,
            _ => return false,
        }
        true
    }

    /// Lines that mean the same in all versions; false when the line is none of them.
    fn argument(&mut self, line: &str) -> Result<bool, GitError> {
        let Some((word, value)) = line.split_once(' ') else {
            return Ok(false);
        };
        let bad = || unexpected(line);
        match word {
            "shallow" => self.shallow.push(object(value)?),
            "deepen" => {
                let depth: u32 = value.parse().map_err(|_| bad())?;
                // As in git: none at all is asked for.
                self.deepening.depth = Some(depth).filter(|depth| *depth > 0);
            }
            "deepen-since" => self.deepening.since = Some(value.parse().map_err(|_| bad())?),
            "deepen-not" => self.deepening.not.push(value.to_owned()),
            "filter" => self.filter = Some(Filter::parse(value)?),
            _ => return Ok(false),
        }
        if self.deepening.depth.is_some() && (self.deepening.since.is_some() || !self.deepening.not.is_empty()) {
            return Err(GitError::protocol(
                "a depth cannot be asked for together with a time or references",
            ));
        }
        Ok(true)
    }
}

/// Refuses objects that are named in another way than here.
pub(super) fn check_format(capability: &str) -> Result<(), GitError> {
    match capability.strip_prefix("object-format=") {
        Some(format) if format != "sha1" => Err(GitError::protocol("this repository names its objects by sha1")),
        _ => Ok(()),
    }
}

/// A line as text.
pub(super) fn text(line: &[u8]) -> Result<&str, GitError> {
    std::str::from_utf8(line).map_err(|_| GitError::protocol("a line is not UTF-8"))
}

fn object(id: &str) -> Result<ObjectId, GitError> {
    id.parse().map_err(|_| unexpected(id))
}

/// A line that nobody understands.
pub(super) fn unexpected(line: &str) -> GitError {
    let line: String = line.chars().take(100).collect();
    GitError::protocol(format!("unexpected line {line:?}"))
}

fn ended() -> GitError {
    GitError::protocol("the request ends too early")
}
