use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Keys, Purpose};
use crate::base::Timestamp;

const PURPOSE: Purpose = Purpose::new("signed-url");
const EXPIRES: &str = "expires";
const SIGNATURE: &str = "signature";
/// RFC 3986 section 2.3: what need not be encoded in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that its signature allows until it expires. The signature covers method, path and every parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedUrl {
    /// Method of the request, in capitals. `GET` also allows `HEAD`.
    pub method: String,
    /// Path of the request as it stands in the address, percent-encoded and beginning with `/`.
    pub path: String,
    /// The request is refused from this second on.
    pub expires_at: Timestamp,
    /// Further parameters, such as the account on whose behalf the request is made.
    pub parameters: BTreeMap<String, String>,
}

/// Why a signed address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// The signature is right, but its time is over.
    #[error("this link has expired; ask for a new one")]
    Expired,
    /// Signature missing or wrong: the address was changed or cut, or another hub signed it.
    #[error("this link is not valid; it may have been changed or cut")]
    Invalid,
}

impl SignedUrl {
    /// Gives path and query of the address. Parameters named `expires` or `signature` are not kept.
    pub fn issue(&self, keys: &Keys) -> String {
        let signature = keys.sign(PURPOSE, &self.signed_bytes());
        let mut url = format!("{}?{EXPIRES}={}", self.path, self.expires_at.as_seconds());
        for (name, value) in self.kept() {
            url.push('&');
            url.extend(utf8_percent_encode(name, ENCODED));
            url.push('=');
            url.extend(utf8_percent_encode(value, ENCODED));
        }
        url.push_str("&signature=");
        url.push_str(&URL_SAFE_NO_PAD.encode(signature));
        url
    }

    /// Reads a request back: `path` and `query` as they came in, still percent-encoded.
    pub fn verify(keys: &Keys, method: &str, path: &str, query: &str, now: Timestamp) -> Result<Self, UrlRefused> {
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let repeated = parameters.insert(decoded(name)?, decoded(value)?);
            if repeated.is_some() {
                return Err(UrlRefused::Invalid);
            }
        }
        let signature = parameters.remove(SIGNATURE).ok_or(UrlRefused::Invalid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| UrlRefused::Invalid)?;
        let expires = parameters.remove(EXPIRES).ok_or(UrlRefused::Invalid)?;
        let seconds = expires.parse().map_err(|_| UrlRefused::Invalid)?;
        let method = if method == "HEAD" { "GET" } else { method };
        let url = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            expires_at: Timestamp::from_seconds(seconds),
            parameters,
        };
        if !keys.verify(PURPOSE, &url.signed_bytes(), &signature) {
            return Err(UrlRefused::Invalid);
        }
        if now.as_seconds() >= seconds {
            return Err(UrlRefused::Expired);
        }
        Ok(url)
    }

    fn kept(&self) -> impl Iterator<Item = (&String, &String)> {
        self.parameters
            .iter()
            .filter(|(name, _)| *name != EXPIRES && *name != SIGNATURE)
    }

    /// Every field with its length before it, so that no two requests have the same bytes.
    fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut field = |text: &str| {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        };
        field(&self.method);
        field(&self.path);
        field(&self.expires_at.as_seconds().to_string());
        for (name, value) in self.kept() {
            field(name);
            field(value);
        }
        bytes
    }
}

fn decoded(text: &str) -> Result<String, UrlRefused> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| UrlRefused::Invalid)?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_expired_or_foreign_address_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("keys")).unwrap();
        let other = Keys::open(&folder.path().join("other")).unwrap();
        let now = Timestamp::from_seconds(1_000);
        let url = SignedUrl {
            method: "GET".to_owned(),
            path: "/blobs/ab".to_owned(),
            expires_at: Timestamp::from_seconds(1_060),
            parameters: [("name".to_owned(), "遥感 a&b=c.nc".to_owned())].into(),
        };
        let text = url.issue(&keys);
        let (path, query) = text.split_once('?').unwrap();
        let verify =
            |keys: &Keys, method: &str, path: &str, query: &str, now| SignedUrl::verify(keys, method, path, query, now);
        assert_eq!(verify(&keys, "GET", path, query, now), Ok(url.clone()));
        assert_eq!(verify(&keys, "HEAD", path, query, now), Ok(url));
        let invalid = Err(UrlRefused::Invalid);
        assert_eq!(verify(&keys, "PUT", path, query, now), invalid);
        assert_eq!(verify(&keys, "GET", "/blobs/ac", query, now), invalid);
        assert_eq!(verify(&keys, "GET", path, &query.replace("1060", "9060"), now), invalid);
        assert_eq!(verify(&keys, "GET", path, &format!("{query}&extra=1"), now), invalid);
        assert_eq!(verify(&keys, "GET", path, &query[..query.len() - 1], now), invalid);
        assert_eq!(verify(&keys, "GET", path, "", now), invalid);
        assert_eq!(verify(&other, "GET", path, query, now), invalid);
        let late = Timestamp::from_seconds(1_060);
        assert_eq!(verify(&keys, "GET", path, query, late), Err(UrlRefused::Expired));
    }
}
