use crate::base::RepositoryKind;
use crate::files::{FileEntry, FileId, Files, FilesError, Revision, TrafficEvent, TrafficKind, TrafficMethod};
use crate::http::{ApiResult, Code, Problem, RequestInfo};
use crate::repos::{ReadContent, ReadRepo, RepositoryAddress, WriteRepo};
use crate::users::Caller;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which repository and which revision a file is taken from.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RevisionQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    pub repo_type: Option<RepositoryKind>,
    /// A branch, a tag or a commit; the default branch when absent.
    pub revision: Option<String>,
}

impl Files {
    /// The repository at an address, if the caller may read it.
    pub(super) fn readable(
        &self,
        caller: &Caller,
        owner: &str,
        name: &str,
        kind: Option<RepositoryKind>,
    ) -> ApiResult<ReadRepo> {
        Ok(self
            .repos()
            .readable(caller, &RepositoryAddress::new(owner, name, kind))?)
    }

    /// The repository at an address, if the caller may read what its files hold.
    pub(super) fn content_readable(
        &self,
        caller: &Caller,
        owner: &str,
        name: &str,
        kind: Option<RepositoryKind>,
    ) -> ApiResult<ReadContent> {
        Ok(self
            .repos()
            .content_readable(caller, self.readable(caller, owner, name, kind)?)?)
    }

    /// The repository at an address, if the caller may write to it.
    pub(super) fn writable(
        &self,
        caller: &Caller,
        owner: &str,
        name: &str,
        kind: Option<RepositoryKind>,
    ) -> ApiResult<WriteRepo> {
        Ok(self
            .repos()
            .writable(caller, self.readable(caller, owner, name, kind)?)?)
    }

    /// A file by its id, at the tip of the default branch. A repository that the caller may not read answers like a file
    /// that does not exist.
    pub async fn by_id(&self, caller: &Caller, id: &str) -> ApiResult<(ReadContent, Revision, Arc<FileEntry>)> {
        let id: FileId = id.parse()?;
        let proof = self
            .repos()
            .readable_by_id(caller, id.repository)
            .map_err(|error| match error.code() {
                Code::NotFound => FilesError::UnknownFile,
                _ => error.into(),
            })?;
        let proof = self.repos().content_readable(caller, proof)?;
        let revision = self.revision(&proof, None).await?;
        let entry = self
            .entry(&proof, &revision, &id.path)
            .await
            .map_err(|error| match error.code() {
                Code::NotFound | Code::Invalid => FilesError::UnknownFile,
                _ => error,
            })?;
        Ok((proof, revision, entry))
    }

    /// Tells the counters that somebody took content of a repository by other names than paths, as git and git LFS do.
    pub fn count_download(&self, proof: &ReadRepo, info: RequestInfo) {
        self.0.traffic.record(TrafficEvent {
            repository: proof.id(),
            path: None,
            kind: TrafficKind::Download,
            method: TrafficMethod::of_user_agent(&info.user_agent),
            address: info.address,
            user_agent: info.user_agent,
            at: self.0.clock.now(),
        });
    }

    /// Tells the counters.
    pub(super) fn count(&self, entry: &FileEntry, kind: TrafficKind, info: RequestInfo) {
        self.0.traffic.record(TrafficEvent {
            repository: entry.repository,
            path: Some(entry.path.clone()),
            kind,
            method: TrafficMethod::of_user_agent(&info.user_agent),
            address: info.address,
            user_agent: info.user_agent,
            at: self.0.clock.now(),
        });
    }
}
