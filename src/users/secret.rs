//! Random secrets with a prefix that scanners find and a checksum that tells a typing error from a revoked token.

use super::error::UsersError;
use crate::base::Sha256;
use std::fmt;

/// What personal access tokens begin with.
pub const ACCESS_TOKEN_PREFIX: &str = "gml_";
/// What refresh tokens begin with.
pub(super) const REFRESH_TOKEN_PREFIX: &str = "gmr_";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 32 digits of base 62 are 190 bits.
const RANDOM_DIGITS: usize = 32;
const CHECK_DIGITS: usize = 6;

/// The secret of a token; shown once and never logged. Found again by its digest: the digest of 190 random bits tells
/// nothing, and looking it up in an index leaks nothing that helps to guess it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// Makes a new secret.
    pub(super) fn generate(prefix: &str) -> Result<Self, UsersError> {
        let mut text = prefix.to_owned();
        while text.len() < prefix.len() + RANDOM_DIGITS {
            let mut bytes = [0; RANDOM_DIGITS];
            getrandom::fill(&mut bytes).map_err(|error| UsersError::NoSecret(error.to_string()))?;
            // 248 is the largest multiple of 62 in a byte: larger values would make some digits likelier.
            let digits = bytes.iter().filter(|byte| **byte < 248);
            let wanted = prefix.len() + RANDOM_DIGITS - text.len();
            text.extend(digits.take(wanted).map(|byte| digit(u32::from(*byte))));
        }
        text.push_str(&check_digits(&text));
        Ok(Self(text))
    }

    /// Takes what a client sent; `None` when it was never a secret with this prefix.
    pub(super) fn parse(prefix: &str, text: &str) -> Option<Self> {
        let length = prefix.len() + RANDOM_DIGITS + CHECK_DIGITS;
        if !text.starts_with(prefix) || text.len() != length || !text.is_ascii() {
            return None;
        }
        let (body, check) = text.split_at(length - CHECK_DIGITS);
        (check_digits(body) == check).then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    pub(super) fn digest(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }

    /// Its beginning, enough to recognize it and far too little to use it.
    pub(super) fn hint(&self) -> String {
        self.0.chars().take(8).collect()
    }

    /// The text, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSecret(***)")
    }
}

fn digit(number: u32) -> char {
    char::from(ALPHABET[(number % 62) as usize])
}

fn check_digits(body: &str) -> String {
    let digest = Sha256::of(body.as_bytes());
    let mut number = digest
        .as_bytes()
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes));
    (0..CHECK_DIGITS)
        .map(|_| {
            let last = u32::try_from(number % 62).unwrap_or(0);
            number /= 62;
            digit(last)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognized_and_a_mistyped_one_is_not() {
        let secret = TokenSecret::generate(ACCESS_TOKEN_PREFIX).unwrap();
        let text = secret.reveal().to_owned();
        assert_eq!(text.len(), 42);
        assert_eq!(TokenSecret::parse(ACCESS_TOKEN_PREFIX, &text), Some(secret.clone()));
        assert_eq!(TokenSecret::parse(REFRESH_TOKEN_PREFIX, &text), None);
        let swapped = text.replace(text.chars().nth(10).unwrap(), "~");
        assert_eq!(TokenSecret::parse(ACCESS_TOKEN_PREFIX, &swapped), None);
        assert_eq!(TokenSecret::parse(ACCESS_TOKEN_PREFIX, &text[..41]), None);
        assert_eq!(format!("{secret:?}"), "TokenSecret(***)");
    }
}
