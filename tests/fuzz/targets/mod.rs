//! What the fuzz targets do with their input. Each must end soon, without a panic, and blame nobody but the client.
//!
//! The same functions replay the corpus in the tests of the hub.

/// Packs that are made from recipes, so that a changed byte leaves the rest of the pack in order.
mod recipe;
/// The repository that the targets read.
mod repository;
/// Formats of the Xet protocol.
mod xet;

use geoml_hub::git::protocol::{PacketReader, ProtocolVersion};
use geoml_hub::git::receive::{PushCommands, ReceiveError, ReceiveLimits, branch_name, pushable_name, tag_name};
use geoml_hub::git::{Attributes, LfsPointer};
use repository::Subject;
use std::time::Duration;

/// What a push may bring here; small, so that inputs reach the limits.
const LIMITS: ReceiveLimits = ReceiveLimits {
    object_bytes: 64 << 10,
    pack_bytes: 256 << 10,
    objects: 500,
};
/// So long that nothing but answers is sent.
const KEEP_ALIVE: Duration = Duration::from_hours(1);
/// More than any answer to a fetch of the small repository.
const ANSWER_MAX_BYTES: usize = 4 << 20;

/// Packet lines.
pub fn packets(data: &[u8]) {
    let mut packets = PacketReader::new(data);
    let mut read = 0;
    while let Ok(Some(packet)) = packets.next() {
        read += 4 + packet.line().map_or(0, <[u8]>::len);
    }
    assert!(read <= data.len(), "more was read than was there");
}

/// The list of commands with which a push begins.
pub fn commands(data: &[u8]) {
    let mut rest = data;
    match PushCommands::read(&mut rest) {
        Ok(Some(asked)) => assert!(!asked.commands.is_empty(), "a push without commands"),
        Ok(None) => {}
        Err(error) => blame_the_client(&error),
    }
}

/// A request for objects, of the version that the first byte says; the rest is lines, or the bytes of a request as they are.
pub fn fetch(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let version = [ProtocolVersion::V0, ProtocolVersion::V1, ProtocolVersion::V2][usize::from(first % 3)];
    let subject = Subject::shared();
    let request = if first & 0x80 == 0 {
        subject.request(rest)
    } else {
        rest.to_vec()
    };
    let mut answer = Vec::new();
    let outcome = subject
        .open()
        .upload_pack(version, KEEP_ALIVE, &mut request.as_slice(), &mut answer);
    if let Err(error) = outcome {
        // A request that ends in the middle of a packet cannot be answered.
        assert!(format!("{error:?}").contains("UnexpectedEof"), "{error:?}");
    }
    assert!(answer.len() < ANSWER_MAX_BYTES, "an answer of {} bytes", answer.len());
}

/// A pack, by its recipe or as it is.
pub fn pack(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let subject = Subject::shared();
    let (pack, tips) = if first & 0x80 == 0 {
        recipe::pack(rest, subject)
    } else {
        (rest.to_vec(), Vec::new())
    };
    let outcome = subject
        .open()
        .receive(&mut pack.as_slice(), LIMITS)
        .and_then(|incoming| {
            let tips: Vec<_> = tips.into_iter().map(|tip| (tip, true)).collect();
            incoming.check_complete(&tips, &[])
        });
    if let Err(error) = outcome {
        blame_the_client(&error);
    }
    assert!(subject.nothing_left(), "something is left of a pack that was dropped");
}

/// Small texts: pointers to large files, attributes, names of references.
pub fn texts(data: &[u8]) {
    if let Some(pointer) = LfsPointer::parse(data) {
        assert_eq!(LfsPointer::parse(pointer.to_string().as_bytes()), Some(pointer));
    }
    if let Ok(mut attributes) = Attributes::parse(data) {
        attributes.is_large("models/weights.safetensors");
    }
    if let Ok(name) = std::str::from_utf8(data)
        && pushable_name(name).is_ok()
    {
        assert!(name.starts_with("refs/"), "{name}");
        assert!(branch_name(name).is_none() || tag_name(name).is_none(), "{name}");
    }
}

/// The body of a xorb.
pub fn xorb(data: &[u8]) {
    xet::verify(data);
}

/// A chunk of a xorb, as readers unpack it.
pub fn chunk(data: &[u8]) {
    xet::chunk(data);
}

/// A shard.
pub fn shard(data: &[u8]) {
    xet::shard(data);
}

fn blame_the_client(error: &ReceiveError) {
    assert!(!error.is_internal(), "{error:?}");
}
