//! What log lines contain and when they are written.

use std::io;
use std::sync::{Arc, Mutex};

use geoml_hub::config::{Loader, LogFilter};
use geoml_hub::telemetry::{request_span, subscriber};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

fn filter(text: &str) -> LogFilter {
    let environment = vec![("GEOML_HUB__LOG__LEVEL".to_owned(), text.to_owned())];
    Loader {
        environment,
        ..Loader::default()
    }
    .load()
    .expect("valid")
    .config
    .log
    .level
}

fn captured(level: &str, json: bool, work: impl FnOnce()) -> String {
    let output = Captured::default();
    let writer = output.clone();
    let (subscriber, _level) = subscriber(&filter(level), json, move || writer.clone());
    tracing::subscriber::with_default(subscriber, work);
    output.text()
}

#[test]
fn json_lines_inside_a_request_carry_its_id_also_within_other_spans() {
    let text = captured("info", true, || {
        request_span("r-17", "GET", "/health").in_scope(|| {
            tracing::info_span!("inner").in_scope(|| tracing::info!(files = 3, "read"));
        });
    });
    let line: serde_json::Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(line["spans"][0]["request_id"], "r-17");
    assert_eq!(line["message"], "read");
    assert_eq!(line["files"], 3);
    assert_eq!(line["level"], "INFO");
}

#[test]
fn readable_lines_inside_a_request_carry_its_id_at_any_level() {
    let text = captured("error", false, || {
        request_span("r-18", "GET", "/health").in_scope(|| {
            tracing::info!("not shown");
            tracing::error!("broken");
        });
    });
    assert!(
        text.contains("request_id=\"r-18\"") && text.contains("broken"),
        "{text}"
    );
    assert!(!text.contains("not shown"), "{text}");
}

#[test]
fn the_level_changes_while_the_hub_runs() {
    let output = Captured::default();
    let writer = output.clone();
    let (subscriber, level) = subscriber(&filter("warn"), false, move || writer.clone());
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!("first");
        level.set(&filter("warn,it::telemetry=debug"));
        tracing::debug!("second");
        level.set(&filter("error"));
        tracing::warn!("third");
    });
    let text = output.text();
    assert!(
        text.contains("second") && !text.contains("first") && !text.contains("third"),
        "{text}"
    );
}
