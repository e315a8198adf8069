//! The command `ls-refs` of version 2.

use super::advertisement::Advertisement;
use super::packet::{Packet, PacketReader, write_flush, write_packet};
use super::request::{text, unexpected};
use crate::git::{GitError, Repository};
use std::io::{BufRead, Write};

/// Prefixes that are looked at; a client that names more gets everything, which it may (gitprotocol-v2).
const PREFIXES_MAX: usize = 65_536;

#[derive(Default)]
struct Wish {
    peel: bool,
    symbolic: bool,
    unborn: bool,
    prefixes: Vec<Vec<u8>>,
}

impl Wish {
    fn read(from: &mut PacketReader<impl BufRead>) -> Result<Self, GitError> {
        let mut wish = Self::default();
        let mut count = 0;
        while let Some(packet) = from.next()? {
            if packet == Packet::Flush {
                break;
            }
            match packet.line() {
                Some(b"peel") => wish.peel = true,
                Some(b"symrefs") => wish.symbolic = true,
                Some(b"unborn") => wish.unborn = true,
                Some(line) => match line.strip_prefix(b"ref-prefix ") {
                    Some(prefix) => {
                        count += 1;
                        if count <= PREFIXES_MAX {
                            wish.prefixes.push(prefix.to_vec());
                        }
                    }
                    None => return Err(unexpected(text(line)?)),
                },
                None => return Err(GitError::protocol("arguments end with a flush packet")),
            }
        }
        if count > PREFIXES_MAX {
            wish.prefixes.clear();
        }
        Ok(wish)
    }

    fn includes(&self, name: &[u8]) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

impl Repository {
    /// Answers the references that the client asks for.
    pub(super) fn ls_refs(&self, from: &mut PacketReader<impl BufRead>, out: &mut dyn Write) -> Result<(), GitError> {
        let wish = Wish::read(from)?;
        let advertisement = self.advertisement()?;
        if wish.includes(b"HEAD") {
            head(&advertisement, &wish, out)?;
        }
        for reference in &advertisement.references {
            if !wish.includes(&reference.name) {
                continue;
            }
            let mut line = format!("{} ", reference.id).into_bytes();
            line.extend_from_slice(&reference.name);
            if let Some(peeled) = reference.peeled.filter(|_| wish.peel) {
                line.extend_from_slice(format!(" peeled:{peeled}").as_bytes());
            }
            line.push(b'\n');
            write_packet(out, &line)?;
        }
        Ok(write_flush(out)?)
    }
}

fn head(advertisement: &Advertisement, wish: &Wish, out: &mut dyn Write) -> Result<(), GitError> {
    let Some(name) = &advertisement.head else { return Ok(()) };
    let line = match advertisement.head_target() {
        Some(target) if wish.symbolic => format!("{} HEAD symref-target:{name}\n", target.id),
        Some(target) => format!("{} HEAD\n", target.id),
        None if wish.unborn => format!("unborn HEAD symref-target:{name}\n"),
        None => return Ok(()),
    };
    Ok(write_packet(out, line.as_bytes())?)
}
