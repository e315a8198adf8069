use crate::base::Family;
use crate::cards::{ImageAddresses, LinkBase};
use crate::repos::{Gating, ReadRepo, Repos, WantedFile, decoded_path, encoded_path};
use crate::users::Caller;

/// Where links and images of a Markdown file lead: to the pages and to the content of the repository's files. Images of
/// a private or gated repository get signed addresses for whoever may read its content, because a browser loads them without the caller's token.
pub fn link_base(repos: &Repos, caller: &Caller, proof: &ReadRepo, revision: Option<&str>, path: &str) -> LinkBase {
    let (repository, owner) = (proof.repository(), proof.owner());
    let shown = encoded_path(revision.unwrap_or(&repository.default_branch)).replace('/', "%2F");
    let family = match repository.kind.family() {
        Family::Models => "",
        Family::Datasets => "/datasets",
        Family::Spaces => "/spaces",
    };
    let name = format!("{}/{}", owner.name, repository.name);
    let is_open = repository.is_public() && repository.gating == Gating::Off;
    let signed_for = Some(proof.clone()).filter(|_| !is_open);
    let content = signed_for.and_then(|read| repos.content_readable(caller, read).ok());
    let images = content.map(|proof| {
        let (repos, caller) = (repos.clone(), caller.clone());
        let revision = revision.map(str::to_owned);
        ImageAddresses::new(move |path| {
            let wanted = WantedFile {
                path: decoded_path(path),
                revision: revision.clone(),
                inline: true,
                archive: None,
            };
            repos.sign_file(&caller, &proof, &wanted).url
        })
    });
    LinkBase {
        folder: path
            .rsplit_once('/')
            .map_or_else(String::new, |(folder, _)| encoded_path(folder)),
        link_prefix: format!("{family}/{name}/blob/{shown}/"),
        image_prefix: format!("/api/{name}/download/"),
        image_suffix: format!("?revision={shown}&repo_type={}", repository.kind.as_str()),
        images,
    }
}
