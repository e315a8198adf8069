//! Reads the geoscience fields of a card: where, when, in which reference system, in which bands and how fine.
//!
//! Every reader answers a sentence when the value makes no sense.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cards::yaml::{Content, Node};

/// Longest name of a band, in characters.
const MAX_NAME_CHARS: usize = 200;

/// An extent in degrees. `west > east` means that it crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Western edge, −180 to 180.
    pub west: f64,
    /// Southern edge, −90 to 90.
    pub south: f64,
    /// Eastern edge, −180 to 180.
    pub east: f64,
    /// Northern edge, −90 to 90.
    pub north: f64,
}

/// A time span; an end that is none is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporalExtent {
    /// First moment as written: year, month, day or RFC 3339 time.
    pub start: Option<String>,
    /// Last moment, likewise.
    pub end: Option<String>,
}

/// One spectral band or channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Its name, such as `B04`.
    pub name: String,
    /// Centre wavelength in micrometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wavelength_um: Option<f64>,
    /// Everything else that the card says about it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// What a reader answers: the value, or a sentence that says what is wrong.
pub type Reading<T> = Result<T, String>;

/// Reads `[west, south, east, north]`, the six numbers of a STAC box with heights, or a mapping of the four names.
pub fn bounding_box(node: &Node) -> Reading<BoundingBox> {
    let form = "must be [west, south, east, north] in degrees";
    let [west, south, east, north] = match &node.content {
        Content::List(items) => {
            let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
            match numbers.as_deref() {
                Some(&[west, south, east, north] | &[west, south, _, east, north, _]) => [west, south, east, north],
                _ => return Err(form.to_owned()),
            }
        }
        Content::Map(_) => {
            let edge = |name| entry(node, name).and_then(number).ok_or_else(|| form.to_owned());
            [edge("west")?, edge("south")?, edge("east")?, edge("north")?]
        }
        Content::Scalar { .. } => return Err(form.to_owned()),
    };
    if !(-180.0..=180.0).contains(&west) || !(-180.0..=180.0).contains(&east) {
        return Err("has a longitude outside −180 to 180".to_owned());
    }
    if !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) {
        return Err("has a latitude outside −90 to 90; the order is [west, south, east, north]".to_owned());
    }
    if south > north {
        return Err(
            "has its southern edge north of its northern edge; the order is [west, south, east, north]".to_owned(),
        );
    }
    Ok(BoundingBox {
        west,
        south,
        east,
        north,
    })
}

/// Reads `{start, end}`, `[start, end]`, `[[start, end]]` as in STAC, or `start/end`.
pub fn temporal_extent(node: &Node) -> Reading<TemporalExtent> {
    let form = "must be {start, end}, [start, end] or `start/end` with ISO 8601 dates";
    let (start, end) = match &node.content {
        Content::List(items) => match items.as_slice() {
            [start, end] => (moment(start)?, moment(end)?),
            [span] if matches!(span.content, Content::List(_)) => return temporal_extent(span),
            _ => return Err(form.to_owned()),
        },
        Content::Map(_) => {
            let end_of = |name| entry(node, name).map_or(Ok(None), moment);
            (end_of("start")?, end_of("end")?)
        }
        Content::Scalar { text, .. } => {
            let (start, end) = text.split_once('/').ok_or_else(|| form.to_owned())?;
            (moment_text(start)?, moment_text(end)?)
        }
    };
    match (&start, &end) {
        (None, None) => Err("has neither a start nor an end".to_owned()),
        (Some((_, first, _)), Some((_, _, last))) if first > last => Err("ends before it starts".to_owned()),
        _ => Ok(TemporalExtent {
            start: start.map(|(text, ..)| text),
            end: end.map(|(text, ..)| text),
        }),
    }
}

/// Reads a reference system and writes codes of the EPSG registry as `EPSG:n`; any other text is kept.
pub fn reference_system(node: &Node) -> Reading<String> {
    let text = text_of(node).ok_or("must be a text such as `EPSG:4326`")?.trim();
    if text.is_empty() || text.chars().count() > 4_000 {
        return Err("must be a text such as `EPSG:4326`".to_owned());
    }
    let upper = text.to_ascii_uppercase();
    let code = upper
        .strip_prefix("URN:OGC:DEF:CRS:EPSG:")
        .and_then(|rest| rest.rsplit(':').next())
        .or_else(|| upper.strip_prefix("EPSG:").map(str::trim))
        .or_else(|| {
            upper
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then_some(upper.as_str())
        });
    match code {
        None => Ok(text.to_owned()),
        Some(code) => match code.parse::<u32>() {
            // The registry assigns codes from 1024 to 32767; up to 999999 are in use by other publishers (Esri).
            Ok(number) if (1024..=999_999).contains(&number) => Ok(format!("EPSG:{number}")),
            _ => Err(format!(
                "names no EPSG code: {}",
                code.chars().take(40).collect::<String>()
            )),
        },
    }
}

/// Reads a list of names or of mappings with `name`.
pub fn bands(node: &Node) -> Reading<Vec<Band>> {
    let form = "must be a list of band names or of mappings with `name`";
    match &node.content {
        Content::List(items) => items
            .iter()
            .map(|item| band(item).ok_or_else(|| form.to_owned()))
            .collect(),
        Content::Scalar { .. } if !node.is_null() => Ok(vec![band(node).ok_or(form)?]),
        _ => Err(form.to_owned()),
    }
}

fn band(node: &Node) -> Option<Band> {
    match &node.content {
        Content::Scalar { text, .. } if is_name(text.trim()) => Some(Band {
            name: text.trim().to_owned(),
            wavelength_um: None,
            details: Map::new(),
        }),
        Content::Map(entries) => {
            let name = text_of(entry(node, "name")?)?.trim().to_owned();
            let is_wavelength = |key: &str| matches!(key, "wavelength" | "wavelength_um" | "center_wavelength");
            let wavelength_um = entries
                .iter()
                .find(|(key, _)| is_wavelength(key))
                .and_then(|(_, node)| wavelength(node));
            let kept = entries
                .iter()
                .filter(|(key, _)| key != "name" && !(is_wavelength(key) && wavelength_um.is_some()));
            let details = kept.map(|(key, node)| (key.clone(), node.to_json())).collect();
            is_name(&name).then_some(Band {
                name,
                wavelength_um,
                details,
            })
        }
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().nth(MAX_NAME_CHARS).is_none()
}

/// Micrometres, as STAC has them; `490 nm` and `0.49 µm` are accepted.
fn wavelength(node: &Node) -> Option<f64> {
    let (value, unit) = quantity(text_of(node)?)?;
    let micrometres = match unit.as_str() {
        "" | "um" | "µm" | "μm" => value,
        "nm" => value / 1_000.0,
        _ => return None,
    };
    (micrometres > 0.0).then_some(micrometres)
}

/// Reads a length in metres: a number, a text with a unit, or a list of which the finest counts.
pub fn ground_sample_distance(node: &Node) -> Reading<f64> {
    match &node.content {
        Content::List(items) if !items.is_empty() => items
            .iter()
            .try_fold(f64::INFINITY, |finest, item| Ok(finest.min(length(item)?))),
        _ => length(node),
    }
}

fn length(node: &Node) -> Reading<f64> {
    let form = "must be a length in metres, such as 10 or `10 m`";
    let (value, unit) = text_of(node).and_then(quantity).ok_or(form)?;
    let metres = match unit.as_str() {
        "" | "m" | "metre" | "metres" | "meter" | "meters" | "米" => value,
        "km" | "公里" | "千米" => value * 1_000.0,
        "cm" | "厘米" => value / 100.0,
        _ => return Err(form.to_owned()),
    };
    if metres > 0.0 && metres.is_finite() {
        Ok(metres)
    } else {
        Err(form.to_owned())
    }
}

/// A number and the unit after it in lower case.
fn quantity(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let (number, unit) = match text.parse::<f64>() {
        Ok(number) if number.is_finite() => (number, ""),
        _ => (text[..end].parse().ok()?, text[end..].trim()),
    };
    Some((number, unit.to_lowercase()))
}

/// A moment as written with the first and the last day that it may mean; none when it is open.
type Moment = Option<(String, Date, Date)>;

fn moment(node: &Node) -> Reading<Moment> {
    if node.is_null() {
        return Ok(None);
    }
    moment_text(text_of(node).ok_or("has a date that is no text")?)
}

fn moment_text(text: &str) -> Reading<Moment> {
    let text = text.trim();
    if matches!(text, "" | ".." | "open" | "now" | "present") {
        return Ok(None);
    }
    let days = match text.len() {
        4 => date(&format!("{text}-01-01")).and_then(|first| Some((first, date(&format!("{text}-12-31"))?))),
        7 => date(&format!("{text}-01")).map(|first| (first, first.last_of_month())),
        10 => date(text).map(|day| (day, day)),
        _ => (text.parse::<DateTime>().is_ok() || text.parse::<Timestamp>().is_ok())
            .then(|| date(text.get(..10)?).map(|day| (day, day)))
            .flatten(),
    };
    let (first, last) = days.ok_or_else(|| {
        format!(
            "has a date that is not ISO 8601: {}",
            text.chars().take(40).collect::<String>()
        )
    })?;
    Ok(Some((text.to_owned(), first, last)))
}

fn date(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn number(node: &Node) -> Option<f64> {
    text_of(node)?
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Scalar { text, .. } if !node.is_null() => Some(text),
        _ => None,
    }
}

fn entry<'node>(node: &'node Node, name: &str) -> Option<&'node Node> {
    match &node.content {
        Content::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
        _ => None,
    }
}
