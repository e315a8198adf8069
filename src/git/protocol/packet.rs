//! Packet lines: four hexadecimal digits of length, themselves included, and so many bytes (gitprotocol-common).

use crate::git::GitError;
use std::io::{self, BufRead, Write};

const PREFIX: usize = 4;
/// The longest packet, its prefix included.
const PACKET_MAX: usize = 65_520;

/// What stands in a stream of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Bytes, perhaps none.
    Data(&'a [u8]),
    /// The end of a list (`0000`).
    Flush,
    /// Between sections (`0001`).
    Delimiter,
    /// The end of an answer (`0002`).
    ResponseEnd,
}

impl<'a> Packet<'a> {
    /// The text of a line without the end that most lines have.
    pub fn line(self) -> Option<&'a [u8]> {
        match self {
            Self::Data(data) => Some(data.strip_suffix(b"\n").unwrap_or(data)),
            _ => None,
        }
    }
}

/// Reads packets, and nothing behind them.
pub struct PacketReader<R> {
    from: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> PacketReader<R> {
    /// Reads from the beginning of a packet.
    pub fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
        }
    }

    #[expect(
        clippy::should_implement_trait,
        reason = "a packet borrows from its reader, which an iterator cannot say"
    )]
    /// The next packet; `None` when the stream ends before one.
    pub fn next(&mut self) -> Result<Option<Packet<'_>>, GitError> {
        if self.from.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut prefix = [0; PREFIX];
        self.read_exact(&mut prefix)?;
        let mut bytes = [0; 2];
        hex::decode_to_slice(prefix, &mut bytes)
            .map_err(|_| GitError::protocol("a packet line begins with four hexadecimal digits"))?;
        let length = usize::from(u16::from_be_bytes(bytes));
        match length {
            0 => return Ok(Some(Packet::Flush)),
            1 => return Ok(Some(Packet::Delimiter)),
            2 => return Ok(Some(Packet::ResponseEnd)),
            3 => return Err(GitError::protocol("a packet line cannot be 3 bytes long")),
            _ if length > PACKET_MAX => {
                return Err(GitError::protocol(format!(
                    "a packet line has at most {PACKET_MAX} bytes"
                )));
            }
            _ => {}
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(length - PREFIX, 0);
        let read = self.read_exact(&mut buffer);
        self.buffer = buffer;
        read?;
        Ok(Some(Packet::Data(&self.buffer)))
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), GitError> {
        self.from.read_exact(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                GitError::protocol("the request ends in the middle of a packet line")
            } else {
                error.into()
            }
        })
    }

    /// The reader, at the byte behind the last packet.
    pub fn into_inner(self) -> R {
        self.from
    }
}

/// Writes one packet; more than fits into one is an error.
pub fn write_packet(out: &mut dyn Write, data: &[u8]) -> io::Result<()> {
    let length = data.len() + PREFIX;
    if length > PACKET_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a packet line that is too long",
        ));
    }
    write!(out, "{length:04x}")?;
    out.write_all(data)
}

/// Writes the end of a list.
pub fn write_flush(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"0000")
}

/// Writes what stands between sections.
pub fn write_delimiter(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"0001")
}

/// Content, progress and a final error in one stream of packets, told apart by their first byte. What is written goes to
/// the band of content.
pub struct SideBand<'a> {
    out: &'a mut dyn Write,
    waiting: Vec<u8>,
    /// The most bytes of content in one packet.
    room: usize,
}

impl<'a> SideBand<'a> {
    /// Packets of up to 65,520 bytes, as `side-band-64k` asks for.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self::with_packets_of(out, PACKET_MAX)
    }

    /// Packets of up to 1,000 bytes, as the older `side-band` asks for.
    pub fn small(out: &'a mut dyn Write) -> Self {
        Self::with_packets_of(out, 1_000)
    }

    fn with_packets_of(out: &'a mut dyn Write, length: usize) -> Self {
        let room = length - PREFIX - 1;
        Self {
            out,
            waiting: Vec::with_capacity(room),
            room,
        }
    }

    /// Shows a text to the person at the client, at once. It brings its own end of line.
    pub fn progress(&mut self, text: &str) -> io::Result<()> {
        self.send_waiting()?;
        for piece in text.as_bytes().chunks(self.room) {
            band(self.out, 2, piece)?;
        }
        self.out.flush()
    }

    /// Tells the client that the rest will not come, and why.
    pub fn error(&mut self, text: &str) -> io::Result<()> {
        self.waiting.clear();
        for piece in text.as_bytes().chunks(self.room) {
            band(self.out, 3, piece)?;
        }
        self.out.flush()
    }

    /// Shows the client that somebody is still at work; fails when it is gone.
    pub fn keep_alive(&mut self) -> io::Result<()> {
        band(self.out, 1, b"")?;
        self.out.flush()
    }

    /// Sends what is waiting and the end of the stream.
    pub fn finish(mut self) -> io::Result<()> {
        self.send_waiting()?;
        write_flush(self.out)
    }

    fn send_waiting(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            band(self.out, 1, &self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }
}

impl Write for SideBand<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.is_empty() && bytes.len() >= self.room {
            band(self.out, 1, &bytes[..self.room])?;
            return Ok(self.room);
        }
        let count = bytes.len().min(self.room - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..count]);
        if self.waiting.len() == self.room {
            self.send_waiting()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_waiting()?;
        self.out.flush()
    }
}

fn band(out: &mut dyn Write, number: u8, data: &[u8]) -> io::Result<()> {
    write!(out, "{:04x}", data.len() + PREFIX + 1)?;
    out.write_all(&[number])?;
    out.write_all(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_as_they_were_written() {
        let mut stream = Vec::new();
        write_packet(&mut stream, b"want\n").unwrap();
        write_delimiter(&mut stream).unwrap();
        write_packet(&mut stream, &vec![7; PACKET_MAX - PREFIX]).unwrap();
        write_flush(&mut stream).unwrap();
        stream.extend_from_slice(b"PACK");
        let mut reader = PacketReader::new(stream.as_slice());
        assert_eq!(reader.next().unwrap().unwrap().line(), Some(&b"want"[..]));
        assert_eq!(reader.next().unwrap(), Some(Packet::Delimiter));
        assert_eq!(
            reader.next().unwrap().unwrap().line().unwrap().len(),
            PACKET_MAX - PREFIX
        );
        assert_eq!(reader.next().unwrap(), Some(Packet::Flush));
        assert_eq!(reader.into_inner(), b"PACK");
        assert!(write_packet(&mut Vec::new(), &vec![7; PACKET_MAX]).is_err());
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for stream in [&b"00"[..], b"zzzz", b"0003", b"0009abc", b"fff1", b"+0a0", b"00 5a"] {
            let mut reader = PacketReader::new(stream);
            assert!(matches!(reader.next(), Err(GitError::Protocol(_))), "{stream:?}");
        }
        assert_eq!(PacketReader::new(&b""[..]).next().unwrap(), None);
    }

    #[test]
    fn a_side_band_carries_content_progress_and_its_end() {
        let mut stream = Vec::new();
        let mut band = SideBand::small(&mut stream);
        band.write_all(&[1; 1_500]).unwrap();
        band.progress("half\n").unwrap();
        band.write_all(&[2; 3]).unwrap();
        band.finish().unwrap();
        let mut reader = PacketReader::new(stream.as_slice());
        let mut found = Vec::new();
        while let Some(packet) = reader.next().unwrap() {
            found.push(match packet {
                Packet::Data(data) => (data[0], data.len() - 1),
                _ => (0, 0),
            });
        }
        assert_eq!(found, [(1, 995), (1, 505), (2, 5), (1, 3), (0, 0)]);
    }
}
