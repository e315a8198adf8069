//! Addresses of the content of files, for what a browser loads by itself.

use super::{ReadContent, Repos};
use crate::users::{Caller, SignedLink};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::collections::BTreeMap;

/// Everything but what RFC 3986 leaves unreserved, so that no browser writes the address in another way.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What to load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedFile {
    /// Path from the root of the repository; empty for everything.
    pub path: String,
    /// A branch, a tag or a commit; the default branch when absent.
    pub revision: Option<String>,
    /// Whether a browser shows it in place of saving it.
    pub inline: bool,
    /// The form of archive that it is sent as, by its extension; a file as it is when absent.
    pub archive: Option<&'static str>,
}

impl Repos {
    /// Signs the address of a file or an archive: whoever has it reads what the caller may read, for a while.
    pub fn sign_file(&self, caller: &Caller, proof: &ReadContent, wanted: &WantedFile) -> SignedLink {
        let repository = proof.repository();
        let (owner, name) = (&proof.owner().name, &repository.name);
        let path = encoded_path(&wanted.path);
        let mut parameters = BTreeMap::from([("repo_type".to_owned(), repository.kind.as_str().to_owned())]);
        let mut add = |name: &str, value: String| parameters.insert(name.to_owned(), value);
        if let Some(revision) = &wanted.revision {
            add("revision", revision.clone());
        }
        if wanted.inline {
            add("inline", "true".to_owned());
        }
        if let Some(form) = wanted.archive {
            add("format", form.to_owned());
        }
        self.users
            .sign_link(caller, format!("/api/{owner}/{name}/download/{path}"), parameters)
    }
}

/// A path as it stands in an address, every segment encoded.
pub fn encoded_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            encoded.push('/');
        }
        encoded.extend(utf8_percent_encode(segment, SEGMENT));
    }
    encoded
}

/// A path of an address as text; bytes that are no UTF-8 become replacement characters.
pub fn decoded_path(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_addresses() {
        let path = "图/a b#1%.png";
        assert_eq!(encoded_path(path), "%E5%9B%BE/a%20b%231%25.png");
        assert_eq!(decoded_path(&encoded_path(path)), path);
    }
}
