//! What the server tells before a client asks for anything: its references and what it can do.

use super::HIDDEN_REFERENCES;
use super::packet::{write_flush, write_packet};
use crate::git::{GitError, ObjectId, Repository};
use gix::bstr::BString;
use gix::objs::Kind;
use gix::refs::{FullName, Target};
use std::collections::HashSet;
use std::io::Write;

/// What pushes can do.
pub const RECEIVE_CAPABILITIES: &str =
    "report-status report-status-v2 delete-refs quiet atomic ofs-delta side-band-64k object-format=sha1";

/// What fetches of the versions 0 and 1 can do.
const UPLOAD_CAPABILITIES: &str = "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since \
    deepen-not deepen-relative no-progress include-tag multi_ack_detailed allow-tip-sha1-in-want \
    allow-reachable-sha1-in-want no-done filter object-format=sha1";

const UPLOAD_CAPABILITIES_V2: [&str; 4] = [
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter",
    "server-option",
    "object-format=sha1",
];

const AGENT: &str = concat!("agent=geoml-hub/", env!("CARGO_PKG_VERSION"));

/// The version of the protocol, as the header `Git-Protocol` asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProtocolVersion {
    /// The oldest, which names no version.
    V0,
    /// The same with a line that names it.
    V1,
    /// Commands.
    V2,
}

impl ProtocolVersion {
    /// The highest version that a header such as `version=2` names and that is known here.
    pub fn of_header(header: &str) -> Self {
        header
            .split(':')
            .filter_map(|part| match part.trim() {
                "version=2" => Some(Self::V2),
                "version=1" => Some(Self::V1),
                _ => None,
            })
            .max()
            .unwrap_or(Self::V0)
    }
}

/// A reference as clients see it.
pub(super) struct Advertised {
    pub name: BString,
    pub id: ObjectId,
    /// Where a tag leads in the end.
    pub peeled: Option<ObjectId>,
}

/// Everything that clients may know of the references.
pub(super) struct Advertisement {
    /// The branch that HEAD names, whether it exists or not.
    pub head: Option<BString>,
    /// By name; HEAD is not among them.
    pub references: Vec<Advertised>,
}

impl Advertisement {
    /// What HEAD leads to; `None` when its branch has no commit.
    pub(super) fn head_target(&self) -> Option<&Advertised> {
        let head = self.head.as_ref()?;
        let place = self
            .references
            .binary_search_by(|reference| reference.name.cmp(head))
            .ok()?;
        self.references.get(place)
    }
}

impl Repository {
    /// The references that clients see, without those that lead nowhere.
    pub(super) fn advertisement(&self) -> Result<Advertisement, GitError> {
        let mut references = Vec::new();
        for reference in self.stored_references()? {
            let name = reference.name.as_bstr();
            if name.starts_with(HIDDEN_REFERENCES.as_bytes()) {
                continue;
            }
            let Some(id) = self.reference_target(&reference.name)? else {
                continue;
            };
            let is_symbolic = matches!(reference.target, Target::Symbolic(_));
            let peeled = match reference.peeled {
                Some(peeled) if !is_symbolic => Some(ObjectId::from(peeled)).filter(|peeled| *peeled != id),
                _ => match self.peeled(id)? {
                    Some(peeled) => Some(peeled).filter(|peeled| *peeled != id),
                    None => continue,
                },
            };
            references.push(Advertised {
                name: name.to_owned(),
                id,
                peeled,
            });
        }
        references.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        let head: Option<FullName> = self.gix.head_name()?;
        let head = head.map(|name| name.as_bstr().to_owned());
        let head = head.filter(|name| !name.starts_with(HIDDEN_REFERENCES.as_bytes()));
        Ok(Advertisement { head, references })
    }

    /// Where an object leads when tags are followed, itself when it is none; `None` when that is missing.
    pub(in crate::git) fn peeled(&self, id: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut id = id;
        loop {
            match self.find_header(id)?.map(|header| header.kind()) {
                None => return Ok(None),
                Some(Kind::Tag) => id = self.tag_target(id)?,
                Some(_) => return Ok(Some(id)),
            }
        }
    }

    /// Answers `info/refs?service=git-upload-pack`: references and capabilities before a fetch.
    pub fn advertise_upload(&self, version: ProtocolVersion, out: &mut dyn Write) -> Result<(), GitError> {
        if version == ProtocolVersion::V2 {
            write_packet(out, b"version 2\n")?;
            write_packet(out, format!("{AGENT}\n").as_bytes())?;
            for capability in UPLOAD_CAPABILITIES_V2 {
                write_packet(out, format!("{capability}\n").as_bytes())?;
            }
            return Ok(write_flush(out)?);
        }
        begin(out, "git-upload-pack", version)?;
        let advertisement = self.advertisement()?;
        let mut lines = Lines::new(out);
        let mut capabilities = UPLOAD_CAPABILITIES.to_owned();
        if let (Some(head), Some(target)) = (&advertisement.head, advertisement.head_target()) {
            capabilities = format!("{capabilities} symref=HEAD:{head}");
            lines.add(target.id, b"HEAD", &capabilities)?;
        }
        for reference in &advertisement.references {
            lines.add(reference.id, &reference.name, &capabilities)?;
            if let Some(peeled) = reference.peeled {
                lines.add(peeled, &[reference.name.as_slice(), b"^{}"].concat(), &capabilities)?;
            }
        }
        lines.finish(&capabilities)
    }

    /// Answers `info/refs?service=git-receive-pack`: references and capabilities before a push. Version 2 has no pushes,
    /// and clients that ask for it understand the answer of version 0.
    ///
    /// What the branches and tags of `lenders` lead to need not be sent either (gitprotocol-pack, "obj-id .have").
    pub fn advertise_receive(
        &self,
        version: ProtocolVersion,
        lenders: &[Self],
        out: &mut dyn Write,
    ) -> Result<(), GitError> {
        begin(out, "git-receive-pack", version)?;
        let mut lines = Lines::new(out);
        let mut told = HashSet::new();
        for reference in self.advertisement()?.references {
            told.insert(reference.id);
            lines.add(reference.id, &reference.name, RECEIVE_CAPABILITIES)?;
        }
        for lender in lenders {
            for reference in lender.advertisement()?.references {
                if told.insert(reference.id) {
                    lines.add(reference.id, b".have", RECEIVE_CAPABILITIES)?;
                }
            }
        }
        lines.finish(RECEIVE_CAPABILITIES)
    }
}

fn begin(out: &mut dyn Write, service: &str, version: ProtocolVersion) -> Result<(), GitError> {
    write_packet(out, format!("# service={service}\n").as_bytes())?;
    write_flush(out)?;
    if version == ProtocolVersion::V1 {
        write_packet(out, b"version 1\n")?;
    }
    Ok(())
}

/// Lines of references, the first of which carries the capabilities.
struct Lines<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
}

impl<'a> Lines<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self { out, is_first: true }
    }

    fn add(&mut self, id: ObjectId, name: &[u8], capabilities: &str) -> Result<(), GitError> {
        let mut line = format!("{id} ").into_bytes();
        line.extend_from_slice(name);
        if std::mem::take(&mut self.is_first) {
            line.extend_from_slice(format!("\0{capabilities} {AGENT}").as_bytes());
        }
        line.push(b'\n');
        Ok(write_packet(self.out, &line)?)
    }

    fn finish(mut self, capabilities: &str) -> Result<(), GitError> {
        if self.is_first {
            self.add(ObjectId::from_bytes([0; 20]), b"capabilities^{}", capabilities)?;
        }
        Ok(write_flush(self.out)?)
    }
}
