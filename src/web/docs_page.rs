//! The page at `/docs`: every endpoint with what it takes and answers, made from the OpenAPI document. Plain HTML
//! without scripts, so that it needs no network and stays small.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = "
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid #8886}
details{border:1px solid #8884;border-radius:6px;margin:.4rem 0;padding:.3rem .8rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:4.2rem;font-family:monospace}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;background:#8882;padding:.6rem;border-radius:6px}
td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}nav a{margin-right:1rem}";

/// Renders the page.
pub fn render(document: &Value) -> String {
    let mut tags: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            let tag = operation["tags"][0].as_str().unwrap_or("other");
            tags.entry(tag)
                .or_default()
                .push(render_operation(path, method, operation));
        }
    }
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>GeoML-Hub API</title><style>{STYLE}</style><h1>GeoML-Hub API {}</h1>\
         <p>The machine-readable description is at <a href=\"/api/openapi.json\">/api/openapi.json</a>. Send a token as \
         <code>Authorization: Bearer …</code>.</p><nav>",
        text(&document["info"]["version"])
    );
    for tag in tags.keys() {
        let _ = write!(page, "<a href=\"#{0}\">{0}</a> ", escape(tag));
    }
    page.push_str("</nav>");
    for (tag, operations) in &tags {
        let _ = write!(page, "<h2 id=\"{0}\">{0}</h2>{1}", escape(tag), operations.concat());
    }
    page.push_str("<h2 id=\"schemas\">schemas</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
        let _ = write!(
            page,
            "<details id=\"schema-{0}\"><summary><code>{0}</code></summary><pre>{1}</pre></details>",
            escape(name),
            escape(&shown)
        );
    }
    page.push_str("</html>");
    page
}

fn render_operation(path: &str, method: &str, operation: &Value) -> String {
    let mut block = format!(
        "<details><summary><b>{}</b> <code>{}</code> {}</summary>",
        escape(&method.to_uppercase()),
        escape(path),
        text(&operation["summary"])
    );
    if operation["description"].is_string() {
        let _ = write!(block, "<p>{}</p>", text(&operation["description"]));
    }
    if let Some(parameters) = operation["parameters"].as_array().filter(|list| !list.is_empty()) {
        block.push_str("<table><tr><th>parameter</th><th>in</th><th></th></tr>");
        for parameter in parameters {
            let _ = write!(
                block,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"])
            );
        }
        block.push_str("</table>");
    }
    for (media, content) in entries(&operation["requestBody"]["content"]) {
        let _ = write!(
            block,
            "<p>Takes {} {}</p>",
            escape(media),
            schema_link(&content["schema"])
        );
    }
    block.push_str("<p>Answers ");
    for (status, response) in entries(&operation["responses"]) {
        let schema = entries(&response["content"])
            .next()
            .map(|(_, content)| schema_link(&content["schema"]));
        let _ = write!(
            block,
            "<code>{}</code> {} {} ",
            escape(status),
            schema.unwrap_or_default(),
            text(&response["description"])
        );
    }
    block.push_str("</p></details>");
    block
}

fn schema_link(schema: &Value) -> String {
    match schema["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next())
    {
        Some(name) => format!("<a href=\"#schema-{0}\">{0}</a>", escape(name)),
        None => String::new(),
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_escapes_its_texts() {
        let document = serde_json::json!({
            "info": { "version": "1" },
            "paths": { "/a": { "get": { "tags": ["x"], "summary": "<b>", "responses": { "200": {} } } } },
        });
        let page = render(&document);
        assert!(page.contains("<b>GET</b> <code>/a</code> &lt;b&gt;"), "{page}");
    }
}
