//! Markdown of a README to HTML that may stand on a page of the hub.
//!
//! GitHub's dialect: tables, task lists, strikethrough, links, footnotes, alerts and formulas (as
//! `<span data-math-style>`, typeset by the page). Raw HTML is allowed and everything goes through an allow-list: no
//! scripts, styles, frames, forms or event handlers; addresses only of the schemes http, https, ftp and mailto. Ids get the
//! prefix `user-content-`, so that they cannot clash with the page's own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use ammonia::{Builder, UrlRelative};
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};

use crate::cards::html_bounds;

/// Longest Markdown that is rendered, in bytes; what follows is cut at a line end.
pub const MAX_MARKDOWN_BYTES: usize = 512 * 1024;

/// Deepest quote inside quotes that is rendered.
const MAX_QUOTE_DEPTH: usize = 50;

const ID_PREFIX: &str = "user-content-";

/// Where relative addresses of a text lead. The path of the file is put between prefix and suffix.
#[derive(Debug, Clone, Default)]
pub struct LinkBase {
    /// The folder of the text as it stands in addresses, without slashes around it; empty for the root.
    pub folder: String,
    /// Before the path in links, such as `/ana/rain/blob/main/`; empty leaves relative links as they are.
    pub link_prefix: String,
    /// Before the path in images, such as `/api/ana/rain/download/`; empty leaves relative images as they are.
    pub image_prefix: String,
    /// After the path in images, such as `?revision=main`; empty for nothing.
    pub image_suffix: String,
    /// Gives images addresses in another way, from their path as it stands in the text.
    pub images: Option<ImageAddresses>,
}

/// Makes the address of an image from its path in the repository, percent-encoded or not.
#[derive(Clone)]
pub struct ImageAddresses(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl ImageAddresses {
    /// Addresses made by this function.
    pub fn new(address: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(address))
    }
}

impl fmt::Debug for ImageAddresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ImageAddresses")
    }
}

/// A README as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Safe HTML.
    pub html: String,
    /// The text was longer than [`MAX_MARKDOWN_BYTES`] and its end is missing.
    pub truncated: bool,
}

/// Renders Markdown. Takes CPU time in proportion to the text, about 10 ms for 100 KB: call it off the async threads.
pub fn render(markdown: &str, base: &LinkBase) -> Rendered {
    let (markdown, truncated) = shorten(markdown);
    let html = [false, true]
        .into_iter()
        .filter(|_| !is_nested_too_deeply(markdown))
        .map(|escape_html| to_html(markdown, &options(escape_html)))
        .find(|html| html_bounds::holds(html))
        .map_or_else(|| plain(markdown), |html| sanitize(&html, base));
    Rendered { html, truncated }
}

fn to_html(markdown: &str, options: &Options) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, options);
    let breaks: Vec<&AstNode> = root.descendants().filter(|node| parts_chinese(node)).collect();
    for node in breaks {
        node.detach();
    }
    let mut html = String::new();
    // Writing to a text cannot fail.
    let _ = format_html(root, options, &mut html);
    html
}

/// Whether a line of the source ends here between two characters of Chinese or Japanese, which are written without spaces:
/// CSS Text 3, "segment break transformation rules", which browsers leave undone.
fn parts_chinese(node: &AstNode) -> bool {
    let is_break = matches!(node.data().value, NodeValue::SoftBreak);
    let before = node
        .previous_sibling()
        .and_then(|text| last_character(&text.data().value));
    let after = node.next_sibling().and_then(|text| first_character(&text.data().value));
    is_break && before.is_some_and(has_no_spaces) && after.is_some_and(has_no_spaces)
}

fn last_character(value: &NodeValue) -> Option<char> {
    value.text().and_then(|text| text.chars().next_back())
}

fn first_character(value: &NodeValue) -> Option<char> {
    value.text().and_then(|text| text.chars().next())
}

/// Han, kana and the punctuation of their width.
const fn has_no_spaces(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{312f}' | '\u{3190}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}')
}

fn shorten(markdown: &str) -> (&str, bool) {
    if markdown.len() <= MAX_MARKDOWN_BYTES {
        return (markdown, false);
    }
    let cut = &markdown[..markdown.floor_char_boundary(MAX_MARKDOWN_BYTES)];
    (cut.rfind('\n').map_or(cut, |end| &cut[..=end]), true)
}

/// Quotes inside quotes cost the parser time that grows with the square of their depth. Lists have a bound of its own.
fn is_nested_too_deeply(markdown: &str) -> bool {
    markdown.lines().any(|line| {
        let marks = line.bytes().take_while(|byte| b"> \t-*+.)0123456789".contains(byte));
        marks.filter(|byte| *byte == b'>').count() > MAX_QUOTE_DEPTH
    })
}

/// The last resort for a text that no tree may be built from.
fn plain(markdown: &str) -> String {
    let escaped = markdown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{escaped}</pre>")
}

fn options(escape_html: bool) -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.alerts = true;
    options.extension.math_dollars = true;
    options.extension.math_code = true;
    options.extension.cjk_friendly_emphasis = true;
    options.extension.header_id_prefix = Some(ID_PREFIX.to_owned());
    options.extension.header_id_prefix_in_href = true;
    options.render.r#unsafe = !escape_html;
    options.render.escape = escape_html;
    options
}

const ALSO_ALLOWED_TAGS: &[&str] = &["big", "font", "input", "section", "tfoot"];
const ALIGNED_TAGS: &[&str] = &[
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "td", "th", "img",
];
const SIZED_TAGS: &[&str] = &["table", "td", "th", "img"];

fn sanitize(html: &str, base: &LinkBase) -> String {
    let mut builder = Builder::default();
    builder
        .add_tags(ALSO_ALLOWED_TAGS)
        .rm_tags(["area", "map", "nav"])
        .add_clean_content_tags(["iframe", "noembed", "noframes", "noscript", "object", "title", "xmp"])
        .url_schemes(HashSet::from(["http", "https", "ftp", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("nofollow noopener"))
        .id_prefix(Some(ID_PREFIX))
        .add_generic_attributes(["id", "class", "dir", "aria-label", "aria-hidden"])
        .rm_tag_attributes("blockquote", ["cite"])
        .rm_tag_attributes("del", ["cite"])
        .rm_tag_attributes("ins", ["cite"])
        .rm_tag_attributes("q", ["cite"])
        .add_tag_attributes("a", ["data-footnote-ref", "data-footnote-backref"])
        .add_tag_attributes("section", ["data-footnotes"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("input", ["checked"])
        .add_tag_attributes("span", ["data-math-style"])
        .add_tag_attributes("code", ["data-math-style"])
        .add_tag_attributes("pre", ["lang"]);
    for tag in ALIGNED_TAGS {
        builder.add_tag_attributes(*tag, ["align"]);
    }
    for tag in SIZED_TAGS {
        builder.add_tag_attributes(*tag, ["width", "height"]);
    }
    // An input can only be the box of a task list.
    builder
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "");
    builder.set_tag_attribute_value("img", "loading", "lazy");
    let base = base.clone();
    builder.attribute_filter(move |element, attribute, value| match (element, attribute) {
        (_, "class") => classes(value),
        ("a", "href") => Some(link(value, &base)),
        ("img", "src") => image(value, &base),
        _ => Some(Cow::Borrowed(value)),
    });
    builder.clean(html).to_string()
}

/// Keeps the classes that Markdown itself makes; others could borrow the looks of the page.
fn classes(value: &str) -> Option<Cow<'_, str>> {
    static MADE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        HashSet::from([
            "anchor",
            "footnote-ref",
            "footnote-backref",
            "footnotes",
            "markdown-alert",
            "markdown-alert-title",
            "markdown-alert-note",
            "markdown-alert-tip",
            "markdown-alert-important",
            "markdown-alert-warning",
            "markdown-alert-caution",
        ])
    });
    let kept: Vec<&str> = value
        .split_ascii_whitespace()
        .filter(|class| MADE.contains(class) || class.starts_with("language-"))
        .collect();
    (!kept.is_empty()).then(|| Cow::Owned(kept.join(" ")))
}

fn link<'value>(value: &'value str, base: &LinkBase) -> Cow<'value, str> {
    if let Some(fragment) = value.strip_prefix('#') {
        return if fragment.is_empty() || fragment.starts_with(ID_PREFIX) {
            Cow::Borrowed(value)
        } else {
            Cow::Owned(format!("#{ID_PREFIX}{fragment}"))
        };
    }
    // Without a prefix, a path that has lost its `./` could begin with a scheme.
    match relative_path(value, &base.folder).filter(|_| !base.link_prefix.is_empty()) {
        None => Cow::Borrowed(value),
        Some((path, fragment)) => Cow::Owned(format!("{}{path}{fragment}", base.link_prefix)),
    }
}

/// None drops the address: an image from nowhere.
fn image<'value>(value: &'value str, base: &LinkBase) -> Option<Cow<'value, str>> {
    if value.starts_with('#') || value.is_empty() || value.starts_with("mailto:") {
        return None;
    }
    Some(match (relative_path(value, &base.folder), &base.images) {
        (None, _) => Cow::Borrowed(value),
        (Some((path, _)), Some(images)) => Cow::Owned((images.0)(&path)),
        (Some(_), None) if base.image_prefix.is_empty() => Cow::Borrowed(value),
        (Some((path, _)), None) => Cow::Owned(format!("{}{path}{}", base.image_prefix, base.image_suffix)),
    })
}

/// The path inside the repository, with dots resolved, and the fragment with its sign; none when the address has a scheme
/// or a host. A leading slash means the root.
fn relative_path<'value>(value: &'value str, folder: &str) -> Option<(String, &'value str)> {
    let value = value.trim();
    let path_end = value.find(['?', '#']).unwrap_or(value.len());
    let path = &value[..path_end];
    let has_scheme = path.find(':').is_some_and(|colon| !path[..colon].contains('/'));
    if has_scheme || path.starts_with("//") || path.contains('\\') {
        return None;
    }
    let fragment = value.find('#').map_or("", |start| &value[start..]);
    let folder = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    Some((parts.join("/"), fragment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_stay_inside_the_repository() {
        for (value, path) in [
            ("docs/a.md", "docs/a.md"),
            ("./docs/../a.md", "a.md"),
            ("/a.md", "a.md"),
            ("../../../etc", "etc"),
            ("%2E%2e/%2e./a", "a"),
            ("图/雨.png?raw=true", "图/雨.png"),
        ] {
            assert_eq!(
                relative_path(value, "").map(|(path, _)| path).as_deref(),
                Some(path),
                "{value}"
            );
        }
        assert_eq!(
            relative_path("a.md#part", "").map(|(_, fragment)| fragment),
            Some("#part")
        );
        for (value, path) in [("b.png", "docs/b.png"), ("../b.png", "b.png"), ("/b.png", "b.png")] {
            assert_eq!(
                relative_path(value, "docs").map(|(path, _)| path).as_deref(),
                Some(path)
            );
        }
    }

    #[test]
    fn whole_addresses_are_left_alone() {
        for value in [
            "https://example.org/a",
            "mailto:ana@example.org",
            "//example.org/a",
            "\\\\host\\a",
        ] {
            assert_eq!(relative_path(value, ""), None, "{value}");
        }
    }
}
