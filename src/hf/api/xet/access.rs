use crate::base::RepositoryId;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::asked::Client;
use crate::http::Code;
use crate::repos::{ReadContent, ReadRepo, WriteRepo};
use crate::users::Caller;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::time::Duration;

/// How long a token works. Clients ask for a new one by themselves, a minute before.
const TOKEN_LIFETIME: Duration = Duration::from_hours(1);
/// How long an address of a stretch works. A client that is refused asks again for what to fetch.
const RANGE_LIFETIME: Duration = Duration::from_mins(15);
/// No method of HTTP, so that what is signed for it opens no address.
const WRITE: &str = "XET-WRITE";
const CONTRIBUTE: &str = "XET-CONTRIBUTE";
const READ: &str = "GET";
const REVISION: &str = "revision";
pub(super) const RANGES: &str = "ranges";

/// Where the content of a repository is: the id of the repository and its epoch, under which clients remember what they
/// have sent (§0.10 of the contract).
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) repository: RepositoryId,
    pub(super) epoch: u64,
}

impl Place {
    pub(super) fn path(self) -> String {
        format!("/xet/{}-{}", self.repository, self.epoch)
    }

    fn of_request(request: &HttpRequest) -> Option<Self> {
        let (repository, epoch) = request.match_info().get("place")?.rsplit_once('-')?;
        Some(Self {
            repository: repository.parse().ok()?,
            epoch: epoch.parse().ok()?,
        })
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    /// To send content that its account may write.
    Write,
    /// To send content for a pull request, be it that its account may not write.
    Contribute,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Contribute];

    fn method(self) -> &'static str {
        match self {
            Self::Read => READ,
            Self::Write => WRITE,
            Self::Contribute => CONTRIBUTE,
        }
    }
}

/// A token: the signed query of a request that no route takes. It names the account, and what the account may do with the
/// one repository is asked anew whenever the token is used.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) expires_at: i64,
}

impl Token {
    pub(super) fn new(parts: &HfParts, caller: &Caller, place: Place, revision: &str, purpose: Purpose) -> Self {
        let parameters = BTreeMap::from([(REVISION.to_owned(), revision.to_owned())]);
        let link = parts
            .users
            .sign_request(caller, purpose.method(), place.path(), parameters, TOKEN_LIFETIME);
        let query = link.url.split_once('?').map_or("", |(_, query)| query);
        Self {
            text: URL_SAFE_NO_PAD.encode(query),
            expires_at: link.expires_at.as_seconds(),
        }
    }
}

/// Who asks the store of content, at the place of one repository.
pub(super) struct XetCaller {
    pub(super) place: Place,
    caller: Caller,
    purpose: Purpose,
    hub: String,
}

impl XetCaller {
    /// Proves that the account of the token may still read the repository.
    pub(super) fn readable(&self, parts: &HfParts) -> Result<ReadRepo, HfError> {
        Ok(parts.repos.readable_by_id(&self.caller, self.place.repository)?)
    }

    /// Proves that the account of the token may still read content.
    pub(super) fn content_readable(&self, parts: &HfParts) -> Result<ReadContent, HfError> {
        Ok(parts.repos.content_readable(&self.caller, self.readable(parts)?)?)
    }

    /// Proves that the account of the token may still send content, and that the token is for that.
    pub(super) fn sendable(&self, parts: &HfParts) -> Result<WriteRepo, HfError> {
        let read = self.readable(parts)?;
        match self.purpose {
            Purpose::Read => Err(HfError::new(Code::Forbidden, "This token is for reading.")),
            Purpose::Write => Ok(parts.repos.writable(&self.caller, read)?),
            Purpose::Contribute => Ok(parts.repos.sendable(&self.caller, read)?),
        }
    }

    /// An address at which some stretches of a xorb, and no others, can be read for a while without a token.
    pub(super) fn address(&self, parts: &HfParts, xorb: &str, ranges: String) -> String {
        let parameters = BTreeMap::from([(RANGES.to_owned(), ranges)]);
        let path = format!("{}/xorbs/{xorb}", self.place.path());
        let link = parts
            .users
            .sign_request(&self.caller, READ, path, parameters, RANGE_LIFETIME);
        format!("{}{}", self.hub, link.url)
    }
}

impl FromRequest for XetCaller {
    type Error = HfError;
    type Future = Ready<Result<Self, HfError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(of_token(request))
    }
}

fn of_token(request: &HttpRequest) -> Result<XetCaller, HfError> {
    let parts = request.app_data::<Data<HfParts>>();
    let parts = parts.ok_or_else(|| HfError::new(Code::Internal, "The hub is not complete."))?;
    let place = Place::of_request(request).ok_or(HfError::RepositoryNotFound { anonymous: false })?;
    let header = request.headers().get(AUTHORIZATION);
    let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let query = token.and_then(|token| URL_SAFE_NO_PAD.decode(token.trim()).ok());
    let query = query.and_then(|query| String::from_utf8(query).ok());
    let query = query.ok_or(HfError::InvalidCredentials)?;
    for purpose in Purpose::ALL {
        if let Ok((caller, _)) = parts.users.caller_of_request(purpose.method(), &place.path(), &query) {
            return Ok(XetCaller {
                place,
                caller,
                purpose,
                hub: Client::hub_of(request),
            });
        }
    }
    Err(HfError::InvalidCredentials)
}

/// Proves the right to stretches of a xorb by the signature of the address; answers them as they were signed.
pub(super) fn signed_ranges(request: &HttpRequest, parts: &HfParts) -> Result<(ReadContent, String), HfError> {
    let place = Place::of_request(request).ok_or(HfError::RepositoryNotFound { anonymous: false })?;
    let (caller, mut parameters) = parts
        .users
        .caller_of_request(READ, request.path(), request.query_string())?;
    let read = parts.repos.readable_by_id(&caller, place.repository)?;
    let proof = parts.repos.content_readable(&caller, read)?;
    Ok((proof, parameters.remove(RANGES).unwrap_or_default()))
}
