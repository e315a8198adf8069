use super::repository::Subject;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use geoml_hub::git::ObjectId;
use sha1::{Digest, Sha1};
use std::io::Write;

const OFFSET_DELTA: u8 = 6;
const REFERENCE_DELTA: u8 = 7;

/// The pack of a recipe, and the names of the commits in it.
///
/// A recipe is entries of: a byte whose low bits are the kind; a byte that is added to the size that the header claims; a
/// byte that chooses the base of a delta; a byte of length; content. In content, `\xfe` and `\xff` with a byte behind them
/// stand for the name of an object, in digits and as bytes.
pub fn pack(recipe: &[u8], subject: &Subject) -> (Vec<u8>, Vec<ObjectId>) {
    let mut entries = Vec::new();
    let mut made = Made {
        subject,
        places: Vec::new(),
        names: Vec::new(),
        commits: Vec::new(),
    };
    let mut rest = recipe;
    while let [kind, claim, base, length, more @ ..] = rest {
        let (content, after) = more.split_at(usize::from(*length).min(more.len()));
        let start = 12 + entries.len();
        made.entry(&mut entries, start, [kind & 7, *claim, *base], content);
        rest = after;
    }
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    let count = u32::try_from(made.places.len()).expect("a short recipe");
    pack.extend(count.to_be_bytes());
    pack.extend(entries);
    let checksum = Sha1::digest(&pack);
    pack.extend(checksum);
    (pack, made.commits)
}

/// What stands in the pack so far.
struct Made<'a> {
    subject: &'a Subject,
    places: Vec<usize>,
    names: Vec<[u8; 20]>,
    commits: Vec<ObjectId>,
}

impl Made<'_> {
    fn entry(&mut self, pack: &mut Vec<u8>, start: usize, [kind, claim, base]: [u8; 3], content: &[u8]) {
        let content = self.filled(content);
        self.places.push(start);
        let claimed = content.len().wrapping_add_signed(isize::from(claim.cast_signed()));
        header(pack, kind, claimed);
        match kind {
            OFFSET_DELTA => {
                let place = self.places[usize::from(base) % self.places.len()];
                offset(pack, start - place);
            }
            REFERENCE_DELTA => pack.extend(self.name(base)),
            _ => self.note(kind, &content),
        }
        let mut packed = ZlibEncoder::new(pack, Compression::fast());
        packed.write_all(&content).expect("memory does not fail");
        packed.finish().expect("memory does not fail");
    }

    fn note(&mut self, kind: u8, content: &[u8]) {
        let kind = ["", "commit", "tree", "blob", "tag", ""][usize::from(kind)];
        let mut hash = Sha1::new();
        hash.update(format!("{kind} {}\0", content.len()));
        hash.update(content);
        let name: [u8; 20] = hash.finalize().into();
        self.names.push(name);
        if kind == "commit" {
            let id = hexadecimal(&name).parse();
            self.commits.push(id.expect("the name of an object"));
        }
    }

    /// The name of an object of the pack or of the repository.
    fn name(&self, number: u8) -> [u8; 20] {
        let place = usize::from(number);
        let made = self.names.get(place).copied();
        made.unwrap_or_else(|| *self.subject.object(number).as_bytes())
    }

    fn filled(&self, content: &[u8]) -> Vec<u8> {
        let mut filled = Vec::new();
        let mut bytes = content.iter();
        while let Some(byte) = bytes.next() {
            match (byte, bytes.as_slice().first()) {
                (0xfe, Some(number)) => filled.extend(hexadecimal(&self.name(*number)).bytes()),
                (0xff, Some(number)) => filled.extend(self.name(*number)),
                _ => {
                    filled.push(*byte);
                    continue;
                }
            }
            bytes.next();
        }
        filled
    }
}

fn hexadecimal(name: &[u8; 20]) -> String {
    use std::fmt::Write as _;
    let mut digits = String::new();
    for byte in name {
        write!(digits, "{byte:02x}").expect("memory does not fail");
    }
    digits
}

/// Kind and size of an entry (gitformat-pack: 3 bits of kind, sizes by 4 and then 7 bits, the lowest first).
fn header(pack: &mut Vec<u8>, kind: u8, size: usize) {
    let low = |size: usize| u8::try_from(size & 0x7f).expect("seven bits");
    let mut rest = size >> 4;
    pack.push((kind << 4) | (low(size) & 0x0f) | if rest > 0 { 0x80 } else { 0 });
    while rest > 0 {
        let more = rest >> 7;
        pack.push(low(rest) | if more > 0 { 0x80 } else { 0 });
        rest = more;
    }
}

/// How far back the base of a delta stands (gitformat-pack: 7 bits each, the highest first, one less in all but the last).
fn offset(pack: &mut Vec<u8>, distance: usize) {
    let low = |distance: usize| u8::try_from(distance & 0x7f).expect("seven bits");
    let mut bytes = vec![low(distance)];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        bytes.push(0x80 | low(rest));
        rest >>= 7;
    }
    pack.extend(bytes.iter().rev());
}
