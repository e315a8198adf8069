use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::Sha256;

/// The Content-Security-Policy of the page (CSP Level 3). Scripts are the hub's own files and the inline scripts that
/// the build put into the page, each named by its digest; so text that finds its way into the page runs nothing.
///
/// Inline styles are allowed because the editor, formulas and floating menus place their parts by style attributes,
/// which a digest cannot name. Frames show files of repositories, which are sandboxed by their own policy.
pub(super) fn for_page(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    let mut scripts = "'self'".to_owned();
    for script in inline_scripts(&page) {
        let digest = Sha256::of(script.as_bytes());
        scripts.push_str(" 'sha256-");
        scripts.push_str(&STANDARD.encode(digest.as_bytes()));
        scripts.push('\'');
    }
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; frame-src 'self' blob:; \
         worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The text of every script element that names no file. The page is our own build, so its markup is well-formed.
fn inline_scripts(page: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else {
            break;
        };
        let Some((text, after)) = after.split_once("</script") else {
            break;
        };
        let names_a_file = attributes.split_ascii_whitespace().any(|word| word.starts_with("src="));
        if !names_a_file && !text.is_empty() {
            scripts.push(text);
        }
        rest = after;
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inline_script_is_named_by_its_digest_and_no_other() {
        let page =
            "<script src=\"/a.js\"></script><p>x</p><script type=\"module\">alert(1)</script><script>\n2</script>";
        assert_eq!(inline_scripts(page), ["alert(1)", "\n2"]);
        let policy = for_page(b"<script>alert(1)</script>");
        let named = "script-src 'self' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';";
        assert!(policy.contains(named), "{policy}");
        assert!(for_page(b"").contains("script-src 'self';"));
    }
}
