//! Files that git itself obeys. What `git fsck --strict` refuses in them is refused before it is committed, since a clone that
//! checks what it receives would refuse the whole repository.
//!
//! Rules: `fsck.c` and `submodule-config.c` of git 2.47.

use gix::bstr::{BStr, ByteSlice};

/// Larger ones are not rules anybody wrote.
pub(super) const SPECIAL_FILE_MAX_BYTES: u64 = 1 << 20;
/// Length of a line of `.gitattributes` from which on git ignores it and fsck objects.
const ATTRIBUTE_LINE_MAX_BYTES: usize = 2_048;

/// Whether git obeys files of this name, in the disguises of macOS and Windows too.
pub(super) fn is_special(name: &str) -> bool {
    // No other letter is one of these in lower case; most names end here.
    name.starts_with(['.', 'g', 'G']) && (is_modules(name) || is_attributes(name))
}

fn plain(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.trim_end_matches([' ', '.']).to_lowercase()
}

fn is_modules(name: &str) -> bool {
    let name = plain(name);
    name == ".gitmodules" || name.starts_with("gitmod~") || name.starts_with("gi7e")
}

fn is_attributes(name: &str) -> bool {
    let name = plain(name);
    name == ".gitattributes" || name.starts_with("gitatt~") || name.starts_with("gi7d")
}

/// Why git would object to the content of a file with a special name.
pub(super) fn check(name: &str, content: &[u8]) -> Result<(), String> {
    if is_attributes(name) && content.lines().any(|line| line.len() >= ATTRIBUTE_LINE_MAX_BYTES) {
        return Err(format!(
            "a line has more than {ATTRIBUTE_LINE_MAX_BYTES} bytes, which git ignores"
        ));
    }
    if is_modules(name) {
        return check_modules(content);
    }
    Ok(())
}

fn check_modules(content: &[u8]) -> Result<(), String> {
    let Ok(file) = gix::config::File::try_from(content.as_bstr()) else {
        return Err("git cannot read it".to_owned());
    };
    for section in file.sections_by_name("submodule").into_iter().flatten() {
        let Some(name) = section.header().subsection_name() else {
            continue;
        };
        if name.is_empty()
            || name
                .split_str("/")
                .flat_map(|part| part.split_str("\\"))
                .any(|part| part == b"..")
        {
            return Err(format!("'{name}' cannot be the name of a submodule"));
        }
        for key in ["url", "path", "update"] {
            for value in section.values(key) {
                if !may_be(key, value.as_bstr()) {
                    return Err(format!("'{value}' cannot be the {key} of a submodule"));
                }
            }
        }
    }
    Ok(())
}

fn may_be(key: &str, value: &BStr) -> bool {
    match key {
        "update" => !value.starts_with(b"!"),
        "path" => !value.starts_with(b"-"),
        _ => is_harmless_url(value),
    }
}

/// Stricter than git: no line breaks in any form, no option, no relative address that climbs to a host.
fn is_harmless_url(url: &BStr) -> bool {
    let lower = url.to_ascii_lowercase();
    if url.starts_with(b"-") || url.contains(&b'\n') || lower.contains_str("%0a") {
        return false;
    }
    let mut rest: &[u8] = url;
    while let Some(shorter) = rest.strip_prefix(b"../").or_else(|| rest.strip_prefix(b"./")) {
        rest = shorter;
    }
    if rest.len() != url.len() && (rest.starts_with(b":") || rest.starts_with(b"/")) {
        return false;
    }
    let web = [&b"http"[..], b"https", b"ftp", b"ftps"];
    match lower.split_once_str("::").filter(|(scheme, _)| web.contains(scheme)) {
        Some(_) => false,
        None => match lower.split_once_str(":").filter(|(scheme, _)| web.contains(scheme)) {
            Some((_, host)) => host
                .strip_prefix(b"//")
                .is_some_and(|host| host.first().is_some_and(u8::is_ascii_alphanumeric)),
            None => true,
        },
    }
}
