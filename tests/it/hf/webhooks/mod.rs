//! Webhooks: managed as Hugging Face clients do, and what arrives.

mod deliveries;
mod managing;

use super::create;
use crate::support::{Client, TestApp, eventually};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HOOKS: &str = "/api/settings/webhooks";
/// What the hub itself offers about them.
const HOUSE: &str = "/api/v1/webhooks";
const ALLOWED: (&str, &str) = ("GEOML_HUB__HOOKS__ALLOWED_PRIVATE_HOSTS", "127.0.0.1");

/// What a receiver got.
struct Got {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn event(&self) -> String {
        let event = &self.json()["event"];
        format!(
            "{} {}",
            event["action"].as_str().unwrap(),
            event["scope"].as_str().unwrap()
        )
    }
}

/// A server that webhooks lead to. It answers 200, or what it was told to answer next.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, answers) = (
            Arc::<Mutex<Vec<Got>>>::default(),
            Arc::<Mutex<VecDeque<u16>>>::default(),
        );
        let (all, next) = (Arc::clone(&got), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(one) = read(&mut stream).await else { continue };
                all.lock().unwrap().push(one);
                let status = next.lock().unwrap().pop_front().unwrap_or(200);
                let answer = format!(
                    "HTTP/1.1 {status} Fine\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        Self { port, got, answers }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn answer(&self, status: u16) {
        self.answers.lock().unwrap().push_back(status);
    }

    fn events(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(Got::event).collect()
    }

    /// Waits until so many requests have come.
    async fn wait_for(&self, count: usize) {
        eventually(async || match self.events() {
            events if events.len() >= count => Ok(()),
            events => Err(format!("{count} requests were to come, and there are {events:?}")),
        })
        .await;
    }

    /// Waits until it was told this, whatever else it is told.
    async fn hears(&self, event: &str) {
        eventually(async || match self.events() {
            events if events.iter().any(|told| told == event) => Ok(()),
            events => Err(format!("{event} was to be told, and there are {events:?}")),
        })
        .await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let lines = text.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> = lines
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().ok()?;
    while bytes.len() < head + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = bytes[head + 4..].to_vec();
    Some(Got { headers, body })
}

async fn hook(who: &Client, url: &str, kind: &str, name: &str) -> String {
    let watched = json!([{ "type": kind, "name": name }]);
    let wish = json!({ "url": url, "watched": watched, "domains": ["repo", "discussion"], "secret": "s3cret-of-ana" });
    let made = who.post(HOOKS, &wish).await.ok();
    made["webhook"]["id"].as_str().unwrap().to_owned()
}

/// Waits until so many attempts are written down, the newest first.
async fn attempts(who: &Client, id: &str, count: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let all = who.get(&format!("{HOUSE}/{id}/deliveries?limit=100")).await.ok();
        let all = all["items"].as_array().unwrap().clone();
        if all.len() >= count {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} attempts were to be made");
}

async fn with_rain() -> (TestApp, Client, Receiver) {
    let app = TestApp::with(&[ALLOWED]).start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    (app, ana, Receiver::start().await)
}
