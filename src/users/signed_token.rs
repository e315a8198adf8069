//! Access tokens of logins: JWTs (RFC 7519) signed with the hub's Ed25519 key.
//!
//! A token names an account and a login; rights are looked up, never read from the token.

use super::error::UsersError;
use crate::base::{SessionId, Timestamp, UserId};
use crate::keys::Keys;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const ISSUER: &str = "geoml-hub";

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// The login.
    sid: String,
    /// The token itself; two tokens of one login in one second differ in it.
    jti: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

/// What a token that was signed here and has not expired says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SignedToken {
    pub account: UserId,
    pub session: SessionId,
    pub expires_at: Timestamp,
}

/// Signs a token.
pub(super) fn sign(
    keys: &Keys,
    account: UserId,
    session: SessionId,
    now: Timestamp,
    lifetime: Duration,
) -> Result<String, UsersError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| UsersError::NoSecret(error.to_string()))?;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: account.to_string(),
        sid: session.to_string(),
        jti: hex::encode(id),
        iat: now.as_seconds(),
        exp: now.plus(lifetime).as_seconds(),
    };
    let header = Header {
        kid: Some(keys.key_id().to_owned()),
        ..Header::new(Algorithm::EdDSA)
    };
    jsonwebtoken::encode(&header, &claims, keys.token_encoding_key())
        .map_err(|error| UsersError::NoSecret(error.to_string()))
}

/// Verifies a token; `None` when it was not signed here or has expired.
pub(super) fn verify(keys: &Keys, text: &str, now: Timestamp) -> Option<SignedToken> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    // The library would take the time from the machine. The hub has a clock of its own, and checks below.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let token = jsonwebtoken::decode::<Claims>(text, keys.token_decoding_key(), &validation).ok()?;
    let expires_at = Timestamp::from_seconds(token.claims.exp);
    if expires_at <= now {
        return None;
    }
    Some(SignedToken {
        account: token.claims.sub.parse().ok()?,
        session: token.claims.sid.parse().ok()?,
        expires_at,
    })
}
