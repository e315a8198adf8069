use crate::base::Family;
use crate::cards::{ImageAddresses, LinkBase};
use crate::repos::{ReadRepo, Repos, WantedFile, decoded_path, encoded_path};
use crate::users::Caller;

/// Where links and images of a Markdown file lead: to the pages and to the content of the repository's files. Images of
/// a private repository get signed addresses, because a browser loads them without the caller's token.
pub fn link_base(repos: &Repos, caller: &Caller, proof: &ReadRepo, revision: Option<&str>, path: &str) -> LinkBase {
    let (repository, owner) = (proof.repository(), proof.owner());
    let shown = encoded_path(revision.unwrap_or(&repository.default_branch)).replace('/', "%2F");
    let family = match repository.kind.family() {
        Family::Models => "",
        Family::Datasets => "/datasets",
        Family::Spaces => "/spaces",
    };
    let name = format!("{}/{}", owner.name, repository.name);
    let images = (!repository.is_public()).then(|| {
        let (repos, caller, proof) = (repos.clone(), caller.clone(), proof.clone());
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
