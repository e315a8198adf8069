//! What a client asks for before its pack comes (gitprotocol-pack, "Reference Update Request").

use super::ReceiveError;
use crate::git::protocol::{Packet, PacketReader};
use crate::git::{GitError, ObjectId};
use std::io::BufRead;

/// References that one push may move.
const COMMANDS_MAX: usize = 20_000;
/// Lines about a shallow history that a client may send.
const SHALLOW_MAX: usize = 100_000;
/// The longest name of a reference that is answered at all.
const NAME_MAX_BYTES: usize = 4_096;

/// A reference to move, make (`old` is `None`) or delete (`new` is `None`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The full name, not yet checked.
    pub name: String,
    /// What the client believes the reference to hold.
    pub old: Option<ObjectId>,
    /// What it shall hold.
    pub new: Option<ObjectId>,
}

/// What the client understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It wants to be told the outcome.
    pub report_status: bool,
    /// The answer may carry the report and messages side by side.
    pub side_band: bool,
    /// All references or none.
    pub atomic: bool,
}

/// The commands of one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushCommands {
    /// In the order of the client.
    pub commands: Vec<Command>,
    /// What the client understands.
    pub capabilities: Capabilities,
}

impl PushCommands {
    /// Reads the list and stops right behind it, where the pack begins. `None` when the client sent nothing but the end
    /// of a list, as it does to find out whether it may push.
    pub fn read(input: &mut impl BufRead) -> Result<Option<Self>, ReceiveError> {
        let mut packets = PacketReader::new(input);
        let mut commands = Vec::new();
        let mut capabilities = None;
        let mut shallow = 0;
        while let Some(line) = read_line(&mut packets)? {
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let (line, rest) = match line.iter().position(|byte| *byte == 0) {
                Some(end) => (&line[..end], Some(&line[end + 1..])),
                None => (line, None),
            };
            if line.starts_with(b"shallow ") {
                // Whether the history is complete is found out from the objects themselves.
                shallow += 1;
                if shallow > SHALLOW_MAX {
                    return Err(protocol("too many lines about a shallow history"));
                }
                continue;
            }
            if line.starts_with(b"push-cert") {
                return Err(ReceiveError::Unsupported(
                    "this hub does not take signed pushes; push without --signed",
                ));
            }
            if capabilities.is_none() {
                capabilities = Some(Capabilities::parse(rest.unwrap_or_default())?);
            }
            if commands.len() >= COMMANDS_MAX {
                return Err(ReceiveError::TooManyObjects(format!(
                    "it moves more than {COMMANDS_MAX} references"
                )));
            }
            commands.push(Command::parse(line)?);
        }
        if commands.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            commands,
            capabilities: capabilities.unwrap_or_default(),
        }))
    }

    /// Whether a pack follows: deletions need none.
    pub fn needs_pack(&self) -> bool {
        self.commands.iter().any(|command| command.new.is_some())
    }
}

impl Command {
    fn parse(line: &[u8]) -> Result<Self, ReceiveError> {
        let bad = || protocol("a command is an old id, a new id and the name of a reference");
        let text = std::str::from_utf8(line).map_err(|_| protocol("the name of a reference is not UTF-8"))?;
        let mut parts = text.splitn(3, ' ');
        let mut id = || -> Result<ObjectId, ReceiveError> {
            let text = parts.next().ok_or_else(bad)?;
            text.parse().map_err(|_| bad())
        };
        let (old, new) = (id()?, id()?);
        let name = parts.next().filter(|name| !name.is_empty()).ok_or_else(bad)?;
        if name.len() > NAME_MAX_BYTES || name.contains(char::is_control) {
            return Err(bad());
        }
        let known = |id: ObjectId| Some(id).filter(|id| *id != ObjectId::from_bytes([0; 20]));
        Ok(Self {
            name: name.to_owned(),
            old: known(old),
            new: known(new),
        })
    }
}

impl Capabilities {
    /// Those of a list that matter here; others are passed over, as the protocol wants. `quiet` is kept by all: only
    /// problems are told.
    fn parse(list: &[u8]) -> Result<Self, ReceiveError> {
        let mut found = Self::default();
        for word in list.split(|byte| *byte == b' ') {
            match word {
                b"report-status" | b"report-status-v2" => found.report_status = true,
                b"side-band-64k" => found.side_band = true,
                b"atomic" => found.atomic = true,
                b"push-options" => {
                    return Err(ReceiveError::Unsupported(
                        "this hub takes no push options; push without -o",
                    ));
                }
                _ if word.starts_with(b"object-format=") && word != b"object-format=sha1" => {
                    return Err(ReceiveError::Unsupported(
                        "this hub keeps repositories with SHA-1 ids only",
                    ));
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// One packet line; `None` at the end of the list.
fn read_line<R: BufRead>(packets: &mut PacketReader<R>) -> Result<Option<Vec<u8>>, ReceiveError> {
    match packets.next() {
        Ok(Some(Packet::Data(data))) => Ok(Some(data.to_vec())),
        Ok(Some(Packet::Flush)) => Ok(None),
        Ok(Some(_)) => Err(protocol("a list of commands has one end")),
        Ok(None) | Err(GitError::Io(_)) => Err(ReceiveError::Cut),
        Err(GitError::Protocol(reason)) => Err(ReceiveError::Protocol(reason)),
        Err(error) => Err(error.into()),
    }
}

fn protocol(reason: &str) -> ReceiveError {
    ReceiveError::Protocol(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + 4)
    }

    fn read(text: &str) -> Result<Option<PushCommands>, ReceiveError> {
        PushCommands::read(&mut text.as_bytes())
    }

    #[test]
    fn a_list_is_read_up_to_the_pack() {
        let first = line(&format!(
            "{ZERO} {A} refs/heads/main\0 report-status side-band-64k atomic agent=git/2\n"
        ));
        let text = first + &line(&format!("{A} {ZERO} refs/tags/v1")) + "0000PACK";
        let mut input = text.as_bytes();
        let found = PushCommands::read(&mut input).unwrap().unwrap();
        assert_eq!(input, b"PACK");
        assert!(found.capabilities.atomic && found.capabilities.side_band);
        assert_eq!(found.commands[0].old, None);
        assert_eq!(found.commands[0].new, Some(A.parse().unwrap()));
        assert_eq!(found.commands[1].name, "refs/tags/v1");
        assert_eq!(found.commands[1].new, None);
        assert!(found.needs_pack());
    }

    #[test]
    fn nothing_but_the_end_of_a_list_is_a_probe() {
        assert_eq!(read("0000").unwrap(), None);
    }

    #[test]
    fn broken_lists_are_refused_in_words() {
        let long = "x".repeat(5_000);
        let cases = [
            "zzzz".to_owned(),
            "0003".to_owned(),
            "fff8".to_owned(),
            "+00a".to_owned(),
            line("hello") + "0000",
            line(&format!("{A} {A}")) + "0000",
            line(&format!("{A} {A} ")) + "0000",
            line(&format!("{A} {A} refs/heads/{long}")) + "0000",
            line(&format!("{A} {A} refs/heads/a\nb")) + "0000",
        ];
        for case in cases {
            assert!(matches!(read(&case), Err(ReceiveError::Protocol(_))), "{case}");
        }
        assert!(matches!(read(""), Err(ReceiveError::Cut)));
        assert!(matches!(
            read(&line(&format!("{A} {A} refs/heads/main"))),
            Err(ReceiveError::Cut)
        ));
    }

    #[test]
    fn what_this_hub_does_not_do_is_said() {
        for capabilities in ["push-options", "object-format=sha256"] {
            let text = line(&format!("{A} {A} refs/heads/main\0{capabilities}")) + "0000";
            assert!(matches!(read(&text), Err(ReceiveError::Unsupported(_))));
        }
        let text = line("push-cert\0report-status") + "0000";
        assert!(matches!(read(&text), Err(ReceiveError::Unsupported(_))));
    }
}
