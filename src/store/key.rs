//! Keys: the order of the encoded bytes is the logical order, and a shorter tuple is a prefix of a longer one.

use crate::base::{
    CollectionId, Day, JobId, LockId, RepositoryId, SessionId, Sha256, Timestamp, TokenId, UploadId, UserId, WebhookId,
};

/// Something that can be written as a key or as the beginning of one.
pub trait EncodeKey {
    /// Appends the bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// The bytes on their own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        self.encode(&mut out);
        out
    }
}

/// A key that can be read back.
pub trait Key: EncodeKey + Sized {
    /// Takes a key from the front of `input`; `None` when the bytes are not one.
    fn decode(input: &mut &[u8]) -> Option<Self>;
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*head)
}

macro_rules! integer_key {
    ($($kind:ty),*) => {$(
        impl EncodeKey for $kind {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }
        impl Key for $kind {
            fn decode(input: &mut &[u8]) -> Option<Self> {
                take(input).map(Self::from_be_bytes)
            }
        }
    )*};
}

integer_key!(u8, u16, u32, u64);

impl EncodeKey for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Key for bool {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        u8::decode(input).map(|byte| byte != 0)
    }
}

/// Two's complement with its sign bit turned, so that negative numbers come first.
impl EncodeKey for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ (1 << 63)).encode(out);
    }
}

impl Key for i64 {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        u64::decode(input).map(|bits| (bits ^ (1 << 63)).cast_signed())
    }
}

impl<const N: usize> EncodeKey for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Key for [u8; N] {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        take(input)
    }
}

/// Text ends with a zero byte; the bytes 0 and 1 inside become 1 1 and 1 2, which keeps the order.
fn encode_text(text: &[u8], out: &mut Vec<u8>) {
    encode_text_prefix(text, out);
    out.push(0);
}

fn encode_text_prefix(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            0 => out.extend_from_slice(&[1, 1]),
            1 => out.extend_from_slice(&[1, 2]),
            other => out.push(other),
        }
    }
}

impl EncodeKey for str {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self.as_bytes(), out);
    }
}

impl EncodeKey for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self.as_bytes(), out);
    }
}

impl Key for String {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        let end = input.iter().position(|byte| *byte == 0)?;
        let (text, rest) = (&input[..end], &input[end + 1..]);
        *input = rest;
        let mut bytes = Vec::with_capacity(text.len());
        let mut iter = text.iter();
        while let Some(&byte) = iter.next() {
            bytes.push(if byte == 1 { iter.next()?.checked_sub(1)? } else { byte });
        }
        Self::from_utf8(bytes).ok()
    }
}

/// The beginning of a text, for scans over all texts that begin so. Only as the last part of a prefix.
#[derive(Debug, Clone, Copy)]
pub struct TextPrefix<'a>(pub &'a str);

impl EncodeKey for TextPrefix<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text_prefix(self.0.as_bytes(), out);
    }
}

macro_rules! id_key {
    ($($kind:ty),*) => {$(
        impl EncodeKey for $kind {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }
        }
        impl Key for $kind {
            fn decode(input: &mut &[u8]) -> Option<Self> {
                take(input).map(Self::from_bytes)
            }
        }
    )*};
}

id_key!(
    UserId,
    RepositoryId,
    TokenId,
    SessionId,
    UploadId,
    JobId,
    LockId,
    CollectionId,
    WebhookId,
    Sha256
);

impl EncodeKey for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_micros().encode(out);
    }
}

impl Key for Timestamp {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        i64::decode(input).map(Self::from_micros)
    }
}

impl EncodeKey for Day {
    fn encode(&self, out: &mut Vec<u8>) {
        self.number().encode(out);
    }
}

impl Key for Day {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        u32::decode(input).map(Self::from_number)
    }
}

/// Turns the order of a key around, so that a forward scan meets the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descending<T>(pub T);

impl<T: EncodeKey> EncodeKey for Descending<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.0.encode(out);
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

impl<T: Key> Key for Descending<T> {
    fn decode(input: &mut &[u8]) -> Option<Self> {
        let turned: Vec<u8> = input.iter().map(|byte| !byte).collect();
        let mut rest = turned.as_slice();
        let value = T::decode(&mut rest)?;
        *input = &input[turned.len() - rest.len()..];
        Some(Self(value))
    }
}

impl EncodeKey for () {
    fn encode(&self, _out: &mut Vec<u8>) {}
}

impl Key for () {
    fn decode(_input: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl<T: EncodeKey + ?Sized> EncodeKey for &T {
    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }
}

macro_rules! tuple_key {
    ($($name:ident),+) => {
        impl<$($name: EncodeKey),+> EncodeKey for ($($name,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                #[expect(non_snake_case, reason = "one variable per type parameter")]
                let ($($name,)+) = self;
                $($name.encode(out);)+
            }
        }
        impl<$($name: Key),+> Key for ($($name,)+) {
            fn decode(input: &mut &[u8]) -> Option<Self> {
                Some(($($name::decode(input)?,)+))
            }
        }
    };
}

tuple_key!(A);
tuple_key!(A, B);
tuple_key!(A, B, C);
tuple_key!(A, B, C, D);
tuple_key!(A, B, C, D, E);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip<K: Key + PartialEq + std::fmt::Debug>(key: &K) {
        let bytes = key.to_bytes();
        let mut rest = bytes.as_slice();
        assert_eq!(K::decode(&mut rest).as_ref(), Some(key));
        assert!(rest.is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_bytes_is_the_order_of_keys(
            a in any::<(i64, String, u32)>(), b in any::<(i64, String, u32)>(), low in ".{0,3}", high in ".{0,3}",
        ) {
            prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
            prop_assert_eq!(low.cmp(&high), low.to_bytes().cmp(&high.to_bytes()));
            let turned = |key: &(i64, String)| Descending(key.clone()).to_bytes();
            let (a, b) = ((a.0, a.1), (a.0, b.1));
            prop_assert_eq!(b.cmp(&a), turned(&a).cmp(&turned(&b)));
        }

        #[test]
        fn keys_survive_encoding(number in any::<i64>(), text in "[\u{0}-\u{3}a界]{0,6}", small in any::<u32>()) {
            round_trip(&(text.clone(), number, small));
            round_trip(&(Descending(number), Descending(text), true));
        }
    }

    #[test]
    fn a_shorter_tuple_is_a_prefix() {
        let full = ("ana".to_owned(), 7_u64).to_bytes();
        assert!(full.starts_with(&("ana",).to_bytes()));
        assert!(full.starts_with(&TextPrefix("an").to_bytes()));
        assert!(!full.starts_with(&("an",).to_bytes()));
    }
}
