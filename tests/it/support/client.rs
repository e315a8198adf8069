use super::Reply;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::pin::Pin;
use std::sync::{Arc, RwLock};

/// The password of every account that tests make.
pub const PASSWORD: &str = "correct horse battery";

/// One person's way to talk to the hub. It follows the hub to its new address after a restart.
#[derive(Clone)]
pub struct Client {
    /// Who speaks: the account's name, or `anonymous`.
    pub name: String,
    /// The bearer token, if any.
    pub token: Option<String>,
    address: Arc<RwLock<String>>,
    http: reqwest::Client,
}

/// A request being put together; await it to send it.
#[must_use = "a call is sent when it is awaited"]
pub struct Call {
    description: String,
    request: RequestBuilder,
}

impl Client {
    pub(super) fn anonymous(address: Arc<RwLock<String>>, http: reqwest::Client) -> Self {
        Self {
            name: "anonymous".to_owned(),
            token: None,
            address,
            http,
        }
    }

    /// The same connection under another name in messages.
    pub fn named(&self, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..self.clone()
        }
    }

    /// The same person with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Any request, `path` beginning with a slash.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let url = format!("{}{path}", self.address.read().unwrap());
        let description = format!("{} asks {method} {path}", self.name);
        let mut request = self.http.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call { description, request }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// HEAD.
    pub fn head(&self, path: &str) -> Call {
        self.call(Method::HEAD, path)
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sends this JSON document.
    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sends these bytes.
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// Sends a form with files.
    pub fn form(mut self, form: reqwest::multipart::Form) -> Self {
        self.request = self.request.multipart(form);
        self
    }

    /// Sends the request; an error means that the connection broke before the whole answer was here.
    pub async fn attempt(self) -> Result<Reply, reqwest::Error> {
        let response = self.request.send().await?;
        Ok(Reply {
            request: self.description,
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?.into(),
        })
    }
}

impl IntoFuture for Call {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let description = self.description.clone();
            self.attempt()
                .await
                .unwrap_or_else(|error| panic!("{description}: no answer: {error:?}"))
        })
    }
}
