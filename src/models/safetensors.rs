//! The header of a safetensors file (<https://huggingface.co/docs/safetensors>): eight bytes of length, then JSON that
//! names every tensor. The weights behind it are never read.

use super::model::SafetensorsFacts;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;
use std::io::Read;

/// Longer headers are refused, as the clients do.
pub const HEADER_MAX_BYTES: u64 = 25_000_000;
/// The name of a type is short.
const TYPE_MAX_BYTES: usize = 16;
/// Types of one file at most.
const MOST_TYPES: usize = 32;

/// A header as a whole.
pub type SafetensorsHeader = Map<String, Value>;

/// Reads the header as bytes of JSON. `size` is that of the whole file.
pub fn header(mut content: impl Read, size: u64) -> Result<Vec<u8>, String> {
    let mut length = [0; 8];
    content
        .read_exact(&mut length)
        .map_err(|_| "it is too short for a safetensors file".to_owned())?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_MAX_BYTES {
        return Err(format!(
            "its header claims {length} bytes, and at most {HEADER_MAX_BYTES} are read"
        ));
    }
    if length > size.saturating_sub(8) {
        return Err("its header claims more bytes than the file has".to_owned());
    }
    // Grows with what really arrives, not with what is claimed.
    let mut header = Vec::new();
    let read = content.take(length).read_to_end(&mut header);
    match read {
        Ok(read) if read as u64 == length => Ok(header),
        Ok(_) => Err("its header is cut off".to_owned()),
        Err(error) => Err(format!("its header cannot be read ({error})")),
    }
}

/// Counts the parameters that a header names, tensor by tensor: no list of tensors is ever in memory.
pub fn count(header: &[u8]) -> Result<SafetensorsFacts, String> {
    let Tensors(facts) =
        serde_json::from_slice(header).map_err(|error| format!("its header is no header ({error})"))?;
    Ok(facts)
}

struct Tensors(SafetensorsFacts);

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Product,
}

/// The number of elements of a shape.
struct Product(u64);

impl<'de> Deserialize<'de> for Product {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dimensions;
        impl<'de> Visitor<'de> for Dimensions {
            type Value = Product;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of dimensions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Product, A::Error> {
                let mut product = 1_u64;
                while let Some(dimension) = list.next_element::<u64>()? {
                    let next = product.checked_mul(dimension);
                    product = next.ok_or_else(|| A::Error::custom("a shape is too large"))?;
                }
                Ok(Product(product))
            }
        }
        deserializer.deserialize_seq(Dimensions)
    }
}

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Tensors;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensors, A::Error> {
                let mut facts = SafetensorsFacts::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let Tensor { dtype, shape } = map.next_value()?;
                    if dtype.len() > TYPE_MAX_BYTES || facts.parameters.len() > MOST_TYPES {
                        return Err(A::Error::custom("its types are none"));
                    }
                    let one = SafetensorsFacts {
                        parameters: [(dtype, shape.0)].into(),
                        total: shape.0,
                    };
                    facts.add(&one);
                }
                Ok(Tensors(facts))
            }
        }
        deserializer.deserialize_map(Named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()
    }

    #[test]
    fn parameters_are_counted_by_type() {
        let content = file(
            r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
                "b":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]},"c":{"dtype":"F32","shape":[],"data_offsets":[34,38]}}"#,
        );
        let facts = count(&header(&content[..], content.len() as u64).unwrap()).unwrap();
        assert_eq!(facts.total, 12);
        assert_eq!(facts.parameters, [("BF16".to_owned(), 5), ("F32".to_owned(), 7)].into());
    }

    #[test]
    fn headers_that_claim_too_much_are_refused_before_they_are_read() {
        let bomb = 100_000_000_u64.to_le_bytes();
        assert!(header(&bomb[..], 1 << 40).unwrap_err().contains("claims 100000000"));
        assert!(
            header(&1_000_u64.to_le_bytes()[..], 8)
                .unwrap_err()
                .contains("more bytes")
        );
        assert!(header(&b"abc"[..], 3).unwrap_err().contains("too short"));
        let wide = br#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,1]}}"#;
        assert!(count(wide).unwrap_err().contains("too large"));
        assert!(count(b"[]").is_err());
    }
}
