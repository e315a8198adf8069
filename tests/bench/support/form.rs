/// A multipart form ready to be sent, without a copy of its contents.
pub struct Form<'a> {
    /// Its content type, which names the boundary.
    pub kind: String,
    heads: Vec<String>,
    contents: Vec<&'a [u8]>,
    end: String,
}

const BOUNDARY: &str = "----geoml-hub-bench-boundary";

/// Makes a form of fields: name, file name, content.
pub fn multipart<'a>(fields: &[(&str, Option<&str>, &'a [u8])]) -> Form<'a> {
    let mut heads = Vec::new();
    let mut contents = Vec::new();
    for (name, file_name, content) in fields {
        let line_end = if heads.is_empty() { "" } else { "\r\n" };
        let file_name = file_name.map_or_else(String::new, |name| {
            format!("; filename=\"{name}\"\r\nContent-Type: application/octet-stream")
        });
        heads.push(format!(
            "{line_end}--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
        ));
        contents.push(*content);
    }
    Form {
        kind: format!("multipart/form-data; boundary={BOUNDARY}"),
        heads,
        contents,
        end: format!("\r\n--{BOUNDARY}--\r\n"),
    }
}

impl Form<'_> {
    /// The body, part by part.
    pub fn parts(&self) -> Vec<&[u8]> {
        let fields = self.heads.iter().zip(&self.contents);
        let mut parts: Vec<&[u8]> = fields.flat_map(|(head, content)| [head.as_bytes(), *content]).collect();
        parts.push(self.end.as_bytes());
        parts
    }
}
