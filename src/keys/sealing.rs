use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use serde::{Deserialize, Serialize};

use super::{Keys, KeysError, Purpose};

/// A secret as it is stored: a nonce, then what AES-256-GCM made of the secret, then the tag.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealed(***)")
    }
}

/// The key that these bytes are; none when they have another length.
pub(in crate::keys) fn key(bytes: &[u8]) -> Option<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).ok()
}

impl Keys {
    /// Seals a secret for one purpose and one place, such as the id of its row. It opens for no other.
    pub fn seal(&self, purpose: Purpose, place: &[u8], secret: &[u8]) -> Result<Sealed, KeysError> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .0
            .sealing
            .seal_in_place_append_tag(bound_to(purpose, place), &mut sealed)
            .map_err(|_| KeysError::NoRandomness)?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Ok(Sealed(whole))
    }

    /// Opens what [`Self::seal`] gave for the same purpose and place; none when it was changed or another key sealed it.
    pub fn unseal(&self, purpose: Purpose, place: &[u8], sealed: &Sealed) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.0.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let opened = self.0.sealing.open_in_place(nonce, bound_to(purpose, place), &mut rest);
        opened.ok().map(|secret| secret.to_vec())
    }
}

fn bound_to(purpose: Purpose, place: &[u8]) -> Aad<Vec<u8>> {
    let mut bytes = (purpose.0.len() as u64).to_be_bytes().to_vec();
    bytes.extend(purpose.0.as_bytes());
    bytes.extend(place);
    Aad::from(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_for_its_purpose_and_place() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("keys")).unwrap();
        let other = Keys::open(&folder.path().join("other")).unwrap();
        let (one, two) = (Purpose::new("one"), Purpose::new("two"));
        let sealed = keys.seal(one, b"row", b"secret").unwrap();
        assert!(!sealed.0.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, keys.seal(one, b"row", b"secret").unwrap());
        let again = Keys::open(&folder.path().join("keys")).unwrap();
        assert_eq!(again.unseal(one, b"row", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys.unseal(two, b"row", &sealed), None);
        assert_eq!(keys.unseal(one, b"another", &sealed), None);
        assert_eq!(other.unseal(one, b"row", &sealed), None);
        let mut changed = sealed.clone();
        changed.0[NONCE_LEN] ^= 1;
        assert_eq!(keys.unseal(one, b"row", &changed), None);
        assert_eq!(keys.unseal(one, b"row", &Sealed(vec![0; 4])), None);
    }
}
