//! Keys of the hub: made at the first start, kept in the folder `keys/`, never shown.
//!
//! - One Ed25519 key (RFC 8032) signs access tokens. Its id goes into the header of each token.
//! - One secret of 32 bytes gives every [`Purpose`] its own HMAC-SHA-256 key (RFC 2104), so that a signature made for
//!   one purpose never passes for another.
//! - One AES-256-GCM key seals the secrets that the hub has to show or send again, such as those of webhooks.
//! - [`SignedUrl`] signs addresses that must work without a login for a while.
//!
//! The folder has mode 0700 and its files 0600. Whoever holds them can sign in as anybody: a backup of the data folder
//! is as secret as the hub. Losing them signs everybody out, invalidates addresses that were handed out, and makes sealed
//! secrets unreadable, no more.

mod error;
mod folder;
mod sealing;
mod signed_url;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::RandomizedNonceKey;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::base::Sha256;

pub use error::KeysError;
pub use sealing::Sealed;
pub use signed_url::{SignedUrl, UrlRefused};

type HmacSha256 = Hmac<sha2::Sha256>;

const SIGNING_KEY_FILE: &str = "token-signing-key.pk8";
const SECRET_FILE: &str = "secret";
const SEALING_KEY_FILE: &str = "sealing-key";
const SECRET_LENGTH: usize = 32;

/// What an HMAC key is for; each purpose has its own key. The text must never change once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(&'static str);

impl Purpose {
    /// Names a purpose: short, unique in the hub, such as `visitor-of-day`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }
}

/// A signature made by [`Keys::sign`].
pub type Signature = [u8; 32];

/// The hub's keys; cheap to clone. Nothing of them appears in `Debug`.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    key_id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: Vec<u8>,
    secret: [u8; SECRET_LENGTH],
    sealing: RandomizedNonceKey,
}

impl Keys {
    /// Opens the keys in `folder`, making the folder and what is missing in it. Returns after everything is on disk.
    ///
    /// Blocking: a few small files.
    pub fn open(folder: &Path) -> Result<Self, KeysError> {
        folder::prepare(folder)?;
        let signing = folder::load_or_create(&folder.join(SIGNING_KEY_FILE), || {
            let pair = Ed25519KeyPair::generate().map_err(|_| KeysError::NoRandomness)?;
            let document = pair.to_pkcs8v1().map_err(|_| KeysError::NoRandomness)?;
            Ok(document.as_ref().to_vec())
        })?;
        let secret = folder::load_or_create(&folder.join(SECRET_FILE), random_secret)?;
        let sealing = folder::load_or_create(&folder.join(SEALING_KEY_FILE), random_secret)?;
        let pair = Ed25519KeyPair::from_pkcs8(&signing).map_err(|_| KeysError::Damaged {
            path: folder.join(SIGNING_KEY_FILE),
        })?;
        let secret = secret.try_into().map_err(|_| KeysError::Damaged {
            path: folder.join(SECRET_FILE),
        })?;
        let sealing = sealing::key(&sealing).ok_or_else(|| KeysError::Damaged {
            path: folder.join(SEALING_KEY_FILE),
        })?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self(Arc::new(Inner {
            key_id: Sha256::of(&public).to_string()[..16].to_owned(),
            encoding: EncodingKey::from_ed_der(&signing),
            decoding: DecodingKey::from_ed_der(&public),
            public,
            secret,
            sealing,
        })))
    }

    /// Names the signing key in the header of a token (`kid`): 16 hexadecimal digits, a digest of the public key.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    /// Signs access tokens; the algorithm is EdDSA.
    pub fn token_encoding_key(&self) -> &EncodingKey {
        &self.0.encoding
    }

    /// Verifies access tokens; the algorithm is EdDSA.
    pub fn token_decoding_key(&self) -> &DecodingKey {
        &self.0.decoding
    }

    /// The public half of the signing key: 32 bytes as in RFC 8032.
    pub fn public_key(&self) -> &[u8] {
        &self.0.public
    }

    /// Signs bytes for one purpose with HMAC-SHA-256.
    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Signature {
        self.code(purpose, bytes).finalize().into_bytes().into()
    }

    /// Tells whether [`Self::sign`] gave this signature for the same purpose and bytes; takes the same time for every
    /// wrong signature.
    pub fn verify(&self, purpose: Purpose, bytes: &[u8], signature: &[u8]) -> bool {
        self.code(purpose, bytes).verify_slice(signature).is_ok()
    }

    fn code(&self, purpose: Purpose, bytes: &[u8]) -> HmacSha256 {
        let mut derived = keyed(&self.0.secret);
        derived.update(b"geoml-hub/1/");
        derived.update(purpose.0.as_bytes());
        let mut code = keyed(&derived.finalize().into_bytes());
        code.update(bytes);
        code
    }
}

fn random_secret() -> Result<Vec<u8>, KeysError> {
    let mut secret = vec![0; SECRET_LENGTH];
    getrandom::fill(&mut secret).map_err(|_| KeysError::NoRandomness)?;
    Ok(secret)
}

/// Signs bytes with somebody's own secret: HMAC-SHA-256, as receivers of webhooks check it.
pub fn sign_with(secret: &[u8], bytes: &[u8]) -> Signature {
    let mut code = keyed(secret);
    code.update(bytes);
    code.finalize().into_bytes().into()
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keys")
            .field("key_id", &self.0.key_id)
            .finish_non_exhaustive()
    }
}
