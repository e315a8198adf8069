//! The header of a GGUF file (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>): pairs of key and value, then
//! the names and shapes of tensors. Read once from front to back, keeping a few values; the weights are never read.

use super::model::GgufFacts;
use std::io::{self, BufReader, ErrorKind, Read};

/// Longer headers are refused: tokenizers of today take a few MB of them.
pub const HEADER_MAX_BYTES: u64 = 64 << 20;
/// Pairs and tensors of one file at most.
const MOST_ENTRIES: u64 = 1_000_000;
/// Texts that are kept are at most so long; keys are never longer.
const TEXT_MAX_BYTES: u64 = 64 << 10;
/// Tensors have at most so many dimensions.
const MOST_DIMENSIONS: u32 = 8;
/// Lists in lists at most.
const DEEPEST: u32 = 4;

/// Reads what is kept of a header.
pub fn read(content: impl Read) -> Result<GgufFacts, String> {
    let mut reader = Reader(BufReader::with_capacity(64 << 10, content.take(HEADER_MAX_BYTES)));
    reader.header().map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "its header is cut off, or longer than is read".to_owned(),
        _ => error.to_string(),
    })
}

/// A value, as far as it is kept.
enum Value {
    Text(String),
    Number(u64),
    Other,
}

struct Reader<R>(BufReader<io::Take<R>>);

impl<R: Read> Reader<R> {
    fn header(&mut self) -> io::Result<GgufFacts> {
        if self.bytes::<4>()? != *b"GGUF" {
            return Err(wrong("it is no GGUF file"));
        }
        let version = u32::from_le_bytes(self.bytes()?);
        if !(2..=3).contains(&version) {
            return Err(wrong("it has another version of GGUF than 2 or 3, or is big-endian"));
        }
        let (tensors, pairs) = (self.number()?, self.number()?);
        if tensors > MOST_ENTRIES || pairs > MOST_ENTRIES {
            return Err(wrong("its header claims too many entries"));
        }
        let mut facts = GgufFacts::default();
        for _ in 0..pairs {
            self.pair(&mut facts)?;
        }
        for _ in 0..tensors {
            let parameters = self.tensor()?;
            let total = facts.total.checked_add(parameters);
            facts.total = total.ok_or_else(|| wrong("its tensors are too large"))?;
        }
        Ok(facts)
    }

    fn pair(&mut self, facts: &mut GgufFacts) -> io::Result<()> {
        let key = self.text()?;
        let kind = u32::from_le_bytes(self.bytes()?);
        match (key.as_str(), self.value(kind, 0)?) {
            ("general.architecture", Value::Text(text)) => facts.architecture = Some(text),
            (key, Value::Number(length)) if key.ends_with(".context_length") => facts.context_length = Some(length),
            _ => {}
        }
        Ok(())
    }

    fn tensor(&mut self) -> io::Result<u64> {
        self.text()?;
        let dimensions = u32::from_le_bytes(self.bytes()?);
        if dimensions > MOST_DIMENSIONS {
            return Err(wrong("a tensor has too many dimensions"));
        }
        let mut parameters = 1_u64;
        for _ in 0..dimensions {
            let product = parameters.checked_mul(self.number()?);
            parameters = product.ok_or_else(|| wrong("its tensors are too large"))?;
        }
        // Type and place.
        self.skip(4 + 8)?;
        Ok(parameters)
    }

    fn value(&mut self, kind: u32, depth: u32) -> io::Result<Value> {
        Ok(match kind {
            4 => Value::Number(u32::from_le_bytes(self.bytes()?).into()),
            5 => Value::Number(i32::from_le_bytes(self.bytes()?).try_into().unwrap_or(0)),
            10 => Value::Number(self.number()?),
            8 if depth == 0 => {
                let length = self.number()?;
                if length > TEXT_MAX_BYTES {
                    self.skip(length)?;
                    Value::Other
                } else {
                    Value::Text(self.text_of(length)?)
                }
            }
            9 => {
                self.list(depth)?;
                Value::Other
            }
            _ => {
                let size = fixed_size(kind).ok_or_else(|| wrong("it has values of an unknown type"))?;
                self.skip(size)?;
                Value::Other
            }
        })
    }

    fn list(&mut self, depth: u32) -> io::Result<()> {
        if depth == DEEPEST {
            return Err(wrong("its lists are too deep"));
        }
        let kind = u32::from_le_bytes(self.bytes()?);
        let length = self.number()?;
        if let Some(size) = fixed_size(kind) {
            return self.skip(length.saturating_mul(size));
        }
        // Every element takes eight bytes or more, so the limit of the header bounds the work.
        for _ in 0..length {
            match kind {
                8 => {
                    let text = self.number()?;
                    self.skip(text)?;
                }
                9 => self.list(depth + 1)?,
                _ => return Err(wrong("it has values of an unknown type")),
            }
        }
        Ok(())
    }

    fn text(&mut self) -> io::Result<String> {
        let length = self.number()?;
        if length > TEXT_MAX_BYTES {
            return Err(wrong("a name in it is too long"));
        }
        self.text_of(length)
    }

    fn text_of(&mut self, length: u64) -> io::Result<String> {
        let mut text = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.0.read_exact(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn number(&mut self) -> io::Result<u64> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.0.by_ref().take(length), &mut io::sink())?;
        if skipped < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// Bytes of the types that have a fixed number of them.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn file() -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(3_u32.to_le_bytes());
        file.extend(1_u64.to_le_bytes());
        file.extend(3_u64.to_le_bytes());
        file.extend(
            [
                text("general.architecture"),
                8_u32.to_le_bytes().to_vec(),
                text("llama"),
            ]
            .concat(),
        );
        file.extend(
            [
                text("tokens"),
                9_u32.to_le_bytes().to_vec(),
                8_u32.to_le_bytes().to_vec(),
            ]
            .concat(),
        );
        file.extend([2_u64.to_le_bytes().to_vec(), text("a"), text("b")].concat());
        file.extend([text("llama.context_length"), 4_u32.to_le_bytes().to_vec()].concat());
        file.extend(4_096_u32.to_le_bytes());
        file.extend([text("weight"), 2_u32.to_le_bytes().to_vec()].concat());
        file.extend([6_u64.to_le_bytes(), 7_u64.to_le_bytes()].concat());
        file.extend([0; 12]);
        file
    }

    #[test]
    fn a_header_tells_architecture_context_and_parameters() {
        let expected = GgufFacts {
            total: 42,
            architecture: Some("llama".to_owned()),
            context_length: Some(4_096),
        };
        assert_eq!(read(&file()[..]).unwrap(), expected);
    }

    #[test]
    fn no_damaged_header_is_more_than_a_sentence() {
        let whole = file();
        for end in 0..whole.len() {
            read(&whole[..end]).unwrap_err();
        }
        let mut many = whole;
        many[8..16].fill(0xff);
        assert!(read(&many[..]).unwrap_err().contains("too many"));
    }
}
