use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the hub answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What was asked and by whom, for messages.
    pub request: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Fails unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(
            self.status.as_u16() == status,
            "{}: expected {status}, got {}: {}",
            self.request,
            self.status,
            self.text()
        );
        self
    }

    /// Fails unless the request succeeded (2xx); gives the JSON body, null when there is none.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(
            self.status.is_success(),
            "{}: expected success, got {}: {}",
            self.request,
            self.status,
            self.text()
        );
        if self.body.is_empty() {
            return Value::Null;
        }
        self.json()
    }

    /// Fails unless the request was refused with this status and code, in the form that every error has. Gives the
    /// sentence.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> String {
        let reply = self.expect(status);
        let body = reply.json();
        assert_eq!(body["code"], code, "{}: {body}", reply.request);
        assert!(
            body["request_id"].as_str().is_some_and(|id| !id.is_empty()),
            "{}: no request id in {body}",
            reply.request
        );
        body["error"].as_str().expect("every error has a sentence").to_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: not JSON ({error}): {}", self.request, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }
}
