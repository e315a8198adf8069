//! Answering a fetch, from the request to the last byte of the pack.

use super::advertisement::{Advertisement, ProtocolVersion};
use super::commit_walk::History;
use super::filter::Filter;
use super::id_set::IdSet;
use super::object_walk::ObjectWalk;
use super::pack_cache::PackCache;
use super::pack_stream::{PackOptions, write_pack};
use super::packet::{Packet, PacketReader, SideBand, write_delimiter, write_flush, write_packet};
use super::packs::Packs;
use super::request::{Bands, FetchRequest, check_format, text};
use super::shallow::Shallow;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::Kind;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

/// Memory for folders that deltas are made from, for one answer.
const PACK_CACHE_BYTES: usize = 16 << 20;

/// What the wanted objects are.
#[derive(Default)]
struct Wanted {
    commits: Vec<ObjectId>,
    /// Annotated tags on the way to what they lead to.
    tags: Vec<ObjectId>,
    trees: Vec<ObjectId>,
    blobs: Vec<ObjectId>,
}

/// What a request of a fetch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// A history for a client that had nothing of it.
    Clone,
    /// Anything else.
    Other,
}

impl Repository {
    /// Answers one request to `git-upload-pack`, which is stateless: everything it depends on is in it. What the client
    /// did wrong is told in its protocol; an error is what went wrong here or on the way. From when the protocol allows it,
    /// the client is never left without a word for longer than `keep_alive` while objects are enumerated.
    pub fn upload_pack(
        &mut self,
        version: ProtocolVersion,
        keep_alive: Duration,
        from: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> Result<Served, GitError> {
        self.gix
            .objects
            .set_pack_cache(|| Box::new(PackCache::new(PACK_CACHE_BYTES)));
        let mut from = PacketReader::new(from);
        let answered = match version {
            ProtocolVersion::V2 => self.command(keep_alive, &mut from, out),
            ProtocolVersion::V0 | ProtocolVersion::V1 => self.fetch(keep_alive, &mut from, out),
        };
        match answered {
            Err(error @ (GitError::Protocol(_) | GitError::NotReachable(_))) => {
                write_packet(out, format!("ERR {error}\n").as_bytes())?;
                Ok(Served::Other)
            }
            other => other,
        }
    }

    /// Version 2: a command with capabilities, then its arguments.
    fn command(
        &self,
        keep_alive: Duration,
        from: &mut PacketReader<impl BufRead>,
        out: &mut dyn Write,
    ) -> Result<Served, GitError> {
        let mut command = None;
        let mut has_arguments = false;
        while let Some(packet) = from.next()? {
            let line = match packet {
                Packet::Flush if command.is_none() => return Ok(Served::Other),
                Packet::Flush => break,
                Packet::Delimiter => {
                    has_arguments = true;
                    break;
                }
                other => text(other.line().unwrap_or_default())?,
            };
            check_format(line)?;
            if let Some(name) = line.strip_prefix("command=") {
                command = Some(name.chars().take(100).collect::<String>());
            }
        }
        // Without arguments there is nothing more to read.
        let nothing: &[u8] = b"0000";
        match (command.as_deref(), has_arguments) {
            (Some("ls-refs"), true) => self.ls_refs(from, out).map(|()| Served::Other),
            (Some("ls-refs"), false) => {
                let listed = self.ls_refs(&mut PacketReader::new(nothing), out);
                listed.map(|()| Served::Other)
            }
            (Some("fetch"), true) => self.fetch_v2(keep_alive, from, out),
            (None, _) | (Some("fetch"), false) => Ok(Served::Other),
            (Some(other), _) => Err(GitError::protocol(format!("there is no command '{other}'"))),
        }
    }

    fn fetch_v2(
        &self,
        keep_alive: Duration,
        from: &mut PacketReader<impl BufRead>,
        out: &mut dyn Write,
    ) -> Result<Served, GitError> {
        let request = FetchRequest::read_v2(from)?;
        if request.wants.is_empty() && !request.wait_for_done {
            return Ok(Served::Other);
        }
        let advertisement = self.advertisement()?;
        let mut packs = Packs::open(self)?;
        self.assert_reachable(&request.wants, &advertisement, &mut |_| Ok(()))?;
        let wanted = self.wanted(&request.wants)?;
        let common = self.common(&request.haves)?;
        if !request.done && !request.haves.is_empty() {
            if !self.acknowledge_v2(&request, &wanted.commits, &common, out)? {
                write_flush(out)?;
                return Ok(Served::Other);
            }
            write_delimiter(out)?;
        }
        if request.wants.is_empty() {
            write_flush(out)?;
            return Ok(Served::Other);
        }
        let shallow = self.shallow(&request, &wanted.commits, &advertisement)?;
        if request.deepening.is_asked() || !request.shallow.is_empty() {
            write_packet(out, b"shallow-info\n")?;
            tell_shallow(&shallow, out)?;
            write_delimiter(out)?;
        }
        write_packet(out, b"packfile\n")?;
        let fetch = Fetch {
            repository: self,
            request: &request,
            advertisement: &advertisement,
            wanted: &wanted,
            common: &common.commits,
            shallow: &shallow,
            keep_alive,
        };
        fetch.answer(&mut packs, out)?;
        Ok(fetch.served())
    }

    fn fetch(
        &self,
        keep_alive: Duration,
        from: &mut PacketReader<impl BufRead>,
        out: &mut dyn Write,
    ) -> Result<Served, GitError> {
        let request = FetchRequest::read(from)?;
        // A client with a large request asks first with nothing but a flush packet whether it may.
        if request.wants.is_empty() {
            return Ok(Served::Other);
        }
        let advertisement = self.advertisement()?;
        let mut packs = Packs::open(self)?;
        self.assert_reachable(&request.wants, &advertisement, &mut |_| Ok(()))?;
        let wanted = self.wanted(&request.wants)?;
        let shallow = self.shallow(&request, &wanted.commits, &advertisement)?;
        if request.deepening.is_asked() {
            tell_shallow(&shallow, out)?;
            write_flush(out)?;
        }
        // A client that deepens learns first where its history will end, and then asks again with what it has.
        if !request.negotiates {
            return Ok(Served::Other);
        }
        let common = self.common(&request.haves)?;
        if !self.acknowledge(&request, &wanted.commits, &common, out)? {
            return Ok(Served::Other);
        }
        let fetch = Fetch {
            repository: self,
            request: &request,
            advertisement: &advertisement,
            wanted: &wanted,
            common: &common.commits,
            shallow: &shallow,
            keep_alive,
        };
        fetch.answer(&mut packs, out)?;
        Ok(fetch.served())
    }

    fn wanted(&self, wants: &[ObjectId]) -> Result<Wanted, GitError> {
        let mut wanted = Wanted::default();
        let mut seen = IdSet::default();
        for want in wants {
            let mut id = *want;
            while seen.insert(id) {
                match self.header(id)?.kind() {
                    Kind::Commit => wanted.commits.push(id),
                    Kind::Tree => wanted.trees.push(id),
                    Kind::Blob => wanted.blobs.push(id),
                    Kind::Tag => {
                        wanted.tags.push(id);
                        id = self.tag_target(id)?;
                    }
                }
            }
        }
        Ok(wanted)
    }
}

fn tell_shallow(shallow: &Shallow, out: &mut dyn Write) -> Result<(), GitError> {
    for id in &shallow.ends {
        write_packet(out, format!("shallow {id}\n").as_bytes())?;
    }
    for id in &shallow.unshallow {
        write_packet(out, format!("unshallow {id}\n").as_bytes())?;
    }
    Ok(())
}

/// Whether it was the client, or the way to it, that broke.
fn is_gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, TimedOut};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | TimedOut)
}

/// A fetch whose questions are settled.
struct Fetch<'a> {
    repository: &'a Repository,
    request: &'a FetchRequest,
    advertisement: &'a Advertisement,
    wanted: &'a Wanted,
    common: &'a [ObjectId],
    shallow: &'a Shallow,
    keep_alive: Duration,
}

impl Fetch<'_> {
    /// What a client that asks for files alone fetches later belongs to a clone that was counted.
    fn served(&self) -> Served {
        let had_nothing = self.request.haves.is_empty() && self.request.shallow.is_empty();
        if had_nothing && !self.wanted.commits.is_empty() {
            Served::Clone
        } else {
            Served::Other
        }
    }

    /// Sends the pack. From here on, errors go to the client in the band for them.
    fn answer(&self, packs: &mut Packs, out: &mut dyn Write) -> Result<(), GitError> {
        let mut band = match self.request.bands {
            Bands::None => {
                let walk = self.walk(&mut |_| Ok(()))?;
                return self.send(walk, packs, out).map(|_| ());
            }
            Bands::Small => SideBand::small(out),
            Bands::Large => SideBand::new(out),
        };
        match self.answer_in(packs, &mut band) {
            Ok(()) => Ok(band.finish()?),
            Err(GitError::Io(error)) if is_gone(&error) => Err(GitError::Io(error)),
            Err(error) => {
                tracing::error!(%error, repository = %self.repository.id(), "a fetch failed inside the hub");
                band.error("The hub could not read the repository to its end; its log says why.\n")?;
                Ok(write_flush(out)?)
            }
        }
    }

    fn answer_in(&self, packs: &mut Packs, band: &mut SideBand<'_>) -> Result<(), GitError> {
        let quiet = self.request.no_progress;
        let mut last = Instant::now();
        let walk = self.walk(&mut |count| {
            if last.elapsed() > self.keep_alive {
                last = Instant::now();
                if quiet {
                    band.keep_alive()?;
                } else {
                    band.progress(&format!("Enumerating objects: {count}\r"))?;
                }
            }
            Ok(())
        })?;
        if !quiet {
            band.progress(&format!("Enumerating objects: {0}, done.\n", walk.objects.len()))?;
        }
        let figures = self.send(walk, packs, band)?;
        if !quiet {
            band.progress(&format!(
                "Total {} (delta {}), reused {}\n",
                figures.objects, figures.deltas, figures.copied
            ))?;
        }
        Ok(())
    }

    fn send(
        &self,
        walk: ObjectWalk<'_>,
        packs: &mut Packs,
        out: &mut dyn Write,
    ) -> Result<super::pack_stream::PackFigures, GitError> {
        let (objects, known) = walk.end();
        // A partial client may lack what its commits lead to.
        let offers_bases = self.request.thin_pack && self.request.filter.is_none();
        let options = PackOptions {
            offset_deltas: self.request.offset_deltas,
            bases: if offers_bases { known } else { IdSet::default() },
        };
        write_pack(self.repository, packs, objects, &options, out)
    }

    /// What is to be sent.
    fn walk(&self, tick: &mut dyn FnMut(usize) -> Result<(), GitError>) -> Result<ObjectWalk<'_>, GitError> {
        let mut commits = self.wanted.commits.clone();
        commits.extend(&self.shallow.wants);
        let mut had = self.common.to_vec();
        had.extend(&self.shallow.unshallow);
        let history = History {
            repository: self.repository,
            cut: &self.shallow.cut,
            since: None,
        };
        let between = history.between(&commits, &had, tick)?;
        let edges = self.edges(&between.edges, &had)?;
        let mut walk = ObjectWalk::new(self.repository, self.request.filter);
        for tag in &self.wanted.tags {
            walk.add(*tag);
        }
        for (id, _) in &between.commits {
            walk.add(*id);
        }
        for (_, tree) in &between.commits {
            walk.add_root(*tree, &edges, tick)?;
        }
        for id in &self.wanted.trees {
            walk.add_wanted_tree(*id, tick)?;
        }
        for id in &self.wanted.blobs {
            walk.add(*id);
        }
        if self.request.include_tag {
            self.add_tags(&mut walk)?;
        }
        Ok(walk)
    }

    /// Root folders that the client has, of commits close to those that are sent. A client that lacks files on purpose has
    /// them in parts only.
    fn edges(&self, edges: &[ObjectId], had: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let mut trees = Vec::new();
        if matches!(self.request.filter, Some(Filter::TreeDepth(_))) {
            return Ok(trees);
        }
        for id in edges.iter().chain(had).take(64) {
            if let Some(commit) = self.repository.commit_node(*id)?
                && !trees.contains(&commit.tree)
            {
                trees.push(commit.tree);
            }
        }
        Ok(trees)
    }

    /// Adds the annotated tags of what is sent.
    fn add_tags(&self, walk: &mut ObjectWalk<'_>) -> Result<(), GitError> {
        for reference in &self.advertisement.references {
            if !reference.peeled.is_some_and(|peeled| walk.has(peeled)) {
                continue;
            }
            let mut id = reference.id;
            while self.repository.header(id)?.kind() == Kind::Tag {
                walk.add(id);
                id = self.repository.tag_target(id)?;
            }
        }
        Ok(())
    }
}
