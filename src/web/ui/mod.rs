//! The pages for people: the built web UI, embedded in the binary and served from memory.
//!
//! The build is one page whose script draws whatever address the browser is at, and files that it needs. Files under
//! `_app/immutable/` have a digest in their name and are cached forever; everything else is asked for again before each
//! use. Text files come with twins that are already compressed (`.br`, `.gz`).

/// What the browser may do on the page.
mod policy;
/// Which address is a file, the page, or neither.
mod respond;

pub use respond::page_or_unmatched;

use crate::base::Sha256;
use bytes::Bytes;
use rust_embed::{Embed, EmbeddedFile};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The page that stands for every address that no file has.
const PAGE: &str = "index.html";
/// Endings of compressed twins, with the coding in each.
const BROTLI: &str = ".br";
const GZIP: &str = ".gz";

#[derive(Embed)]
#[folder = "assets/ui/"]
struct Embedded;

/// The files of the web UI, read once when the hub starts.
pub struct WebUi {
    /// By path without a leading slash; twins stand with their file.
    files: BTreeMap<String, UiFile>,
    /// The header `Content-Security-Policy` of everything here.
    policy: String,
}

struct UiFile {
    plain: Body,
    brotli: Option<Body>,
    gzip: Option<Body>,
}

/// Bytes, and a digest that names them.
#[derive(Clone)]
struct Body {
    content: Bytes,
    tag: String,
}

impl WebUi {
    /// Takes the files that were built into the binary; a debug build reads them from the source folder.
    pub fn embedded() -> Self {
        let names: Vec<Cow<'static, str>> = Embedded::iter().collect();
        let mut files = BTreeMap::new();
        let own = |name: &&Cow<'static, str>| !name.starts_with('.') && !is_twin(name, &names);
        for name in names.iter().filter(own) {
            let Some(plain) = body(name) else { continue };
            let file = UiFile {
                plain,
                brotli: body(&format!("{name}{BROTLI}")),
                gzip: body(&format!("{name}{GZIP}")),
            };
            files.insert(name.to_string(), file);
        }
        let page = files.get(PAGE).map(|file| file.plain.content.clone());
        let policy = policy::for_page(&page.unwrap_or_default());
        Self { files, policy }
    }
}

fn is_twin(name: &str, names: &[Cow<'static, str>]) -> bool {
    [BROTLI, GZIP].iter().any(|ending| {
        name.strip_suffix(ending)
            .is_some_and(|plain| names.iter().any(|other| other == plain))
    })
}

fn body(name: &str) -> Option<Body> {
    let EmbeddedFile { data, metadata } = Embedded::get(name)?;
    let content = match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let tag = Sha256::from_bytes(metadata.sha256_hash()).to_string();
    Some(Body { content, tag })
}
