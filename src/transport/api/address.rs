use super::refusal::Refusal;
use crate::base::RepositoryKind;
use crate::http::{Code, Query};
use crate::repos::api::KindQuery;
use crate::repos::{ReadContent, ReadRepo, Repos, ReposError, RepositoryAddress, WriteRepo};
use crate::transport::TransportError;
use crate::users::Caller;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The repository that an address of a git client means: its owner and its name, which may end with `.git`, and the
/// kind that the prefix or `?repo_type=` tells. Without either, models are tried first, then datasets, then spaces.
#[derive(Debug, Clone)]
pub struct GitAddress(RepositoryAddress);

impl GitAddress {
    /// Proves that the caller may read. Whoever is not logged in is asked to, whether there is such a repository or not.
    pub fn readable(&self, repos: &Repos, caller: &Caller) -> Result<ReadRepo, TransportError> {
        match repos.readable(caller, &self.0) {
            Err(ReposError::NotFound(_)) if caller.account().is_none() => Err(TransportError::LoginRequired),
            other => Ok(other?),
        }
    }

    /// Proves that the caller may read content. Whoever is not logged in is asked to.
    pub fn content_readable(&self, repos: &Repos, caller: &Caller) -> Result<ReadContent, TransportError> {
        let read = self.readable(repos, caller)?;
        match repos.content_readable(caller, read) {
            Err(ReposError::Gated { anonymous: true, .. }) => Err(TransportError::LoginRequired),
            other => Ok(other?),
        }
    }

    /// Proves that the caller may send large content, be it for a pull request alone.
    pub fn sendable(&self, repos: &Repos, caller: &Caller) -> Result<WriteRepo, TransportError> {
        if caller.account().is_none() {
            return Err(TransportError::LoginRequired);
        }
        let read = self.readable(repos, caller)?;
        Ok(repos.sendable(caller, read)?)
    }

    /// Proves that the caller may write.
    pub fn writable(&self, repos: &Repos, caller: &Caller) -> Result<WriteRepo, TransportError> {
        if caller.account().is_none() {
            return Err(TransportError::LoginRequired);
        }
        let read = self.readable(repos, caller)?;
        Ok(repos.writable(caller, read)?)
    }
}

impl FromRequest for GitAddress {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(address(request, payload))
    }
}

fn address(request: &HttpRequest, payload: &mut Payload) -> Result<GitAddress, Refusal> {
    let part = |name: &str| {
        let missing = || Refusal::new(Code::NotFound, format!("There is nothing at {}.", request.path()));
        request.match_info().get(name).ok_or_else(missing)
    };
    let (owner, repo) = (part("owner")?, part("repo")?);
    // No name of a repository ends so.
    let name = repo.strip_suffix(".git").unwrap_or(repo);
    let kind = match request.path().split('/').nth(1) {
        Some("datasets") => Some(RepositoryKind::Dataset),
        Some("spaces") => Some(RepositoryKind::Space),
        _ => {
            let query = Query::<KindQuery>::from_request(request, payload).into_inner()?;
            query.0.repo_type
        }
    };
    Ok(GitAddress(RepositoryAddress::new(owner, name, kind)))
}
