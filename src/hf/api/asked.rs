use super::refusal::HfError;
use crate::base::{Family, RepositoryKind};
use crate::events::Origin;
use crate::http::RequestInfo;
use crate::repos::{AdminRepo, ReadContent, ReadRepo, Repos, ReposError, RepositoryAddress, WriteRepo};
use crate::users::Caller;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// What a repository is for, in the words of the Hugging Face Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum HfKind {
    /// Models, with everything that shares their family here.
    #[default]
    Model,
    /// Datasets.
    Dataset,
    /// Spaces.
    Space,
}

impl HfKind {
    /// The kind of the hub; of several in a family, the first.
    pub(super) const fn kind(self) -> RepositoryKind {
        match self {
            Self::Model => RepositoryKind::Model,
            Self::Dataset => RepositoryKind::Dataset,
            Self::Space => RepositoryKind::Space,
        }
    }

    /// The kind of which a segment of an address speaks: `models`, `datasets`, `spaces`.
    pub(super) fn of_segment(segment: &str) -> Self {
        match segment {
            "datasets" => Self::Dataset,
            "spaces" => Self::Space,
            _ => Self::Model,
        }
    }

    /// The word for the repositories of a family.
    pub(super) const fn of_family(family: Family) -> Self {
        match family {
            Family::Models => Self::Model,
            Family::Datasets => Self::Dataset,
            Family::Spaces => Self::Space,
        }
    }

    /// The word of the clients.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::Space => "space",
        }
    }
}

/// Who asks, and at which address the hub was asked. The clients take addresses of another host for foreign ones, so the
/// hub is called what they call it (§0.4 of the contract).
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) caller: Caller,
    pub(super) origin: Origin,
    pub(super) hub: String,
}

impl Client {
    /// The hub as a request calls it.
    pub(super) fn hub_of(request: &HttpRequest) -> String {
        let connection = request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    }

    /// The address of the page of a repository.
    pub(super) fn page(&self, kind: RepositoryKind, id: &str) -> String {
        format!("{}/{}{id}", self.hub, kind.family().url_prefix())
    }

    /// The header `Link` that leads to the next page of a list.
    pub(super) fn next_page(&self, path: &str, pairs: &[(String, String)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("<{}{path}?{query}>; rel=\"next\"", self.hub)
    }

    /// The repository of this id, `owner/name`, if the caller may read it.
    pub(super) fn readable(&self, repos: &Repos, kind: HfKind, owner: &str, name: &str) -> Result<ReadRepo, HfError> {
        let address = RepositoryAddress::new(owner, name, Some(kind.kind()));
        repos.readable(&self.caller, &address).map_err(|error| match error {
            ReposError::NotFound(_) => self.not_found(),
            other => other.into(),
        })
    }

    /// What is said of a repository that is missing, or that the caller may not see.
    pub(super) fn not_found(&self) -> HfError {
        HfError::RepositoryNotFound {
            anonymous: self.caller.account().is_none(),
        }
    }
}

impl FromRequest for Client {
    type Error = HfError;
    type Future = Ready<Result<Self, HfError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(client(request, payload))
    }
}

fn client(request: &HttpRequest, payload: &mut Payload) -> Result<Client, HfError> {
    let caller = Caller::from_request(request, payload).into_inner();
    // Whatever is wrong with a credential, the clients know one sentence for it.
    let caller = caller.map_err(|error| match error.code() {
        crate::http::Code::Unauthorized => HfError::InvalidCredentials,
        _ => error.into(),
    })?;
    Ok(Client {
        origin: Origin::of_request(caller.user_id(), RequestInfo::of(request).address),
        hub: Client::hub_of(request),
        caller,
    })
}

/// The values of a name in the pairs of a query, in which it may be repeated.
pub(super) fn values<'pairs>(
    pairs: &'pairs [(String, String)],
    name: &'pairs str,
) -> impl Iterator<Item = &'pairs str> {
    pairs
        .iter()
        .filter(move |(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// The parts of an address that name a repository.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "describes what is read by name, since some addresses name the family in another place"
)]
pub(super) struct RepositoryPath {
    /// `models`, `datasets` or `spaces`.
    family: String,
    /// The account that owns it.
    owner: String,
    /// Its name.
    repo: String,
}

/// Who asks about which repository.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) kind: HfKind,
    owner: String,
    name: String,
    /// Path and query of a request that only reads, which may be sent elsewhere.
    target: Option<String>,
}

impl Asked {
    /// Proves that the caller may read. Whoever reads at an old name is sent to the new one; whoever writes is heard.
    pub(super) fn readable(&self, repos: &Repos) -> Result<ReadRepo, HfError> {
        let proof = self.client.readable(repos, self.kind, &self.owner, &self.name)?;
        let (owner, name) = (&proof.owner().name, &proof.repository().name);
        let is_called_so = owner.key() == self.owner.to_lowercase() && name.key() == self.name.to_lowercase();
        match &self.target {
            Some(target) if !is_called_so => {
                let (old, new) = (format!("/{}/{}", self.owner, self.name), format!("/{owner}/{name}"));
                let location = target.replacen(&old, &new, 1);
                Err(HfError::Moved { location })
            }
            _ => Ok(proof),
        }
    }

    /// Proves that the caller may read content.
    pub(super) fn content_readable(&self, repos: &Repos) -> Result<ReadContent, HfError> {
        Ok(repos.content_readable(&self.client.caller, self.readable(repos)?)?)
    }

    /// The header `Link` that leads to the next page of a list of this repository.
    pub(super) fn next_page(&self, rest: &str, pairs: &[(String, String)]) -> String {
        self.client.next_page(&self.path(rest), pairs)
    }

    /// The address of something of this repository.
    pub(super) fn address(&self, rest: &str) -> String {
        format!("{}{}", self.client.hub, self.path(rest))
    }

    fn path(&self, rest: &str) -> String {
        let Self { kind, owner, name, .. } = self;
        format!("/api/{}s/{owner}/{name}{rest}", kind.as_str())
    }

    /// The address of the page of a discussion.
    pub(super) fn discussion_page(&self, proof: &ReadRepo, number: u64) -> String {
        let id = format!("{}/{}", proof.owner().name, proof.repository().name);
        format!("{}/discussions/{number}", self.client.page(self.kind.kind(), &id))
    }

    /// Proves that the caller may write.
    pub(super) fn writable(&self, repos: &Repos) -> Result<WriteRepo, HfError> {
        Ok(repos.writable(&self.client.caller, self.readable(repos)?)?)
    }

    /// Proves that the caller may administer.
    pub(super) fn administrable(&self, repos: &Repos) -> Result<AdminRepo, HfError> {
        Ok(repos.administrable(&self.client.caller, self.readable(repos)?)?)
    }
}

impl FromRequest for Asked {
    type Error = HfError;
    type Future = Ready<Result<Self, HfError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(client(request, payload).map(|client| asked(client, request)))
    }
}

fn asked(client: Client, request: &HttpRequest) -> Asked {
    let part = |name: &str| request.match_info().get(name).map(str::to_owned);
    let first = request.path().split('/').nth(1).unwrap_or_default();
    let family = part("family").unwrap_or_else(|| first.to_owned());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let target = request.uri().path_and_query().map(ToString::to_string);
    Asked {
        client,
        kind: HfKind::of_segment(&family),
        owner: part("owner").unwrap_or_default(),
        name: part("repo").unwrap_or_default(),
        target: target.filter(|_| reads),
    }
}

/// A repository as bodies of requests name it: its name, and apart from it its namespace or none.
pub(super) fn named(
    client: &Client,
    repos: &Repos,
    kind: HfKind,
    organization: Option<&str>,
    name: &str,
) -> Result<ReadRepo, HfError> {
    let own = client.caller.account().map(|account| account.name.to_string());
    let owner = organization.map(str::to_owned).or(own).unwrap_or_default();
    client.readable(repos, kind, &owner, name)
}

/// Addresses of ids without a namespace, which nothing has here.
pub(super) fn nameless_routes(config: &mut ServiceConfig<'_>) {
    let families = "/api/{family:models|datasets|spaces}/{name}";
    config
        .route("/{name}/resolve/{revision}/{file_path:.*}", web::get().to(nameless))
        .route("/{name}/resolve/{revision}/{file_path:.*}", web::head().to(nameless))
        .route(families, web::route().to(nameless))
        .route(&format!("{families}/revision/{{revision}}"), web::route().to(nameless));
}

async fn nameless(client: Client) -> Result<HttpResponse, HfError> {
    Err(client.not_found())
}
