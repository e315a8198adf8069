use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// A type that a setting may have.
pub trait SettingValue: Sized {
    /// The value is never shown or logged.
    const SECRET: bool = false;

    /// Reads the value as TOML gives it; environment and flags give text only. The error continues the sentence
    /// "…: it must be".
    fn parse(value: &toml::Value) -> Result<Self, String>;
}

/// Implements [`SettingValue`] for types that are written as text.
macro_rules! from_text {
    ($($type:ty: $expected:literal, $parse:expr;)+) => {
        $(impl SettingValue for $type {
            fn parse(value: &toml::Value) -> Result<Self, String> {
                let parse: fn(&str) -> Option<$type> = $parse;
                value.as_str().map(str::trim).and_then(parse).ok_or_else(|| $expected.to_owned())
            }
        })+
    };
}

from_text! {
    String: "text in quotes", |text| Some(text.to_owned());
    PathBuf: "a path in quotes", |text| (!text.is_empty()).then(|| PathBuf::from(text));
    SocketAddr: "an address and a port such as 127.0.0.1:8000", |text| text.parse().ok();
    Duration: "a duration such as 30s, 15m, 24h or 7d", |text| humantime::parse_duration(text).ok();
    IpNet: "an address or network such as 10.0.0.0/8", |text| {
        text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
    };
    PrivateHost: "a host, an address or a network, such as ci.lab, 10.1.2.3 or 10.1.0.0/16", PrivateHost::parse_text;
    PublicUrl: "the address people type, such as https://hub.example.org, without a query", PublicUrl::parse_text;
    LogFilter: "error, warn, info, debug or trace, or a list such as info,geoml_hub::git=debug", LogFilter::parse_text;
}

macro_rules! from_integer {
    ($($type:ty),+) => {
        $(impl SettingValue for $type {
            fn parse(value: &toml::Value) -> Result<Self, String> {
                let number = match value {
                    toml::Value::Integer(number) => <$type>::try_from(*number).ok(),
                    toml::Value::String(text) => text.trim().parse().ok(),
                    _ => None,
                };
                number.ok_or_else(|| "a whole number that is not negative".to_owned())
            }
        })+
    };
}
from_integer!(u16, u32, u64, usize);

impl SettingValue for bool {
    fn parse(value: &toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::Boolean(on) => Ok(*on),
            toml::Value::String(text) if text == "true" => Ok(true),
            toml::Value::String(text) if text == "false" => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }
}

/// Empty text means that there is none.
impl<T: SettingValue> SettingValue for Option<T> {
    const SECRET: bool = T::SECRET;

    fn parse(value: &toml::Value) -> Result<Self, String> {
        match value.as_str() {
            Some(text) if text.trim().is_empty() => Ok(None),
            _ => T::parse(value)
                .map(Some)
                .map_err(|expected| format!("{expected}, or empty")),
        }
    }
}

/// A TOML list, or text separated by commas.
impl<T: SettingValue> SettingValue for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn parse(value: &toml::Value) -> Result<Self, String> {
        let parse_all = |values: &mut dyn Iterator<Item = toml::Value>| values.map(|value| T::parse(&value)).collect();
        let parsed: Result<Self, String> = match value {
            toml::Value::Array(values) => parse_all(&mut values.iter().cloned()),
            toml::Value::String(text) => parse_all(
                &mut text
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(toml::Value::from),
            ),
            _ => Err("values in quotes".to_owned()),
        };
        parsed.map_err(|expected| format!("a list, each entry {expected}"))
    }
}

/// A number of bytes, written `5 GiB`, `64 KiB`, `100 MB` or plain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many units of 1,024 bytes.
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// So many units of 1,024² bytes.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// So many units of 1,024³ bytes.
    pub const fn gib(count: u64) -> Self {
        Self(count << 30)
    }

    /// Bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Bytes as a length in memory; the largest possible one where memory is smaller than that.
    pub fn length(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&crate::base::size::human(self.0))
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl SettingValue for Size {
    fn parse(value: &toml::Value) -> Result<Self, String> {
        let size = match value {
            toml::Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            toml::Value::String(text) => text.trim().parse::<bytesize::ByteSize>().ok().map(|size| size.as_u64()),
            _ => None,
        };
        size.map(Self)
            .ok_or_else(|| "a size such as 64 KiB, 5 MiB or 5 GiB".to_owned())
    }
}

/// Text that is never shown: `Debug`, `Display` and serialization give `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps what must not be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl SettingValue for Secret {
    const SECRET: bool = true;

    fn parse(value: &toml::Value) -> Result<Self, String> {
        value.as_str().map(Self::new).ok_or_else(|| "text in quotes".to_owned())
    }
}

/// A host that is allowed although its address is not public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateHost {
    /// All addresses of a network.
    Network(IpNet),
    /// Whatever address this name has; in small letters.
    Name(String),
}

impl PrivateHost {
    fn parse_text(text: &str) -> Option<Self> {
        if let Ok(network) = text.parse() {
            return Some(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Network(address.into()));
        }
        let is_label = |label: &str| {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
            !label.is_empty() && label.chars().all(fits)
        };
        // A name that ends in a number is a misspelt address.
        let last = text.rsplit('.').next().unwrap_or_default();
        let is_number = last.chars().all(|letter| letter.is_ascii_digit());
        (text.split('.').all(is_label) && !is_number).then(|| Self::Name(text.to_ascii_lowercase()))
    }
}

/// Address under which people reach the hub; no slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    fn parse_text(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let plain = !rest.is_empty() && !rest.contains(['?', '#', '@', '"', '<', '>', '\\']);
        let printable = rest.chars().all(|letter| letter.is_ascii_graphic());
        (plain && printable && !rest.starts_with('/')).then(|| Self(text.trim_end_matches('/').to_owned()))
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which log lines are written: a level, or levels by module.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

impl LogFilter {
    fn parse_text(text: &str) -> Option<Self> {
        // Tracing takes any other word for the name of a module and no word for a level; a misspelt level would then
        // hide almost everything.
        let is_level = |word: &str| !word.trim().is_empty() && LevelFilter::from_str(word.trim()).is_ok();
        let is_complete = |part: &str| match part.split_once('=') {
            Some((module, level)) => !module.trim().is_empty() && is_level(level),
            None => is_level(part),
        };
        let complete = text.split(',').all(is_complete);
        complete.then(|| Targets::from_str(text).ok().map(Self)).flatten()
    }

    /// Warnings and errors, as commands other than `serve` log them.
    pub fn warnings() -> Self {
        Self(Targets::new().with_default(tracing::Level::WARN))
    }

    /// The filter as tracing takes it.
    pub fn targets(&self) -> &Targets {
        &self.0
    }
}

/// Declares a setting that is one of few words.
macro_rules! choice {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $word_about:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $word_about])+ $variant,)+
        }

        impl $crate::config::value::SettingValue for $name {
            fn parse(value: &::toml::Value) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$variant),)+
                    _ => Err(format!("one of {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}
pub(in crate::config) use choice;

choice! {
    /// Form of log lines.
    LogFormat {
        /// Readable when standard error is a terminal, JSON otherwise.
        Auto = "auto",
        /// Lines for people.
        Readable = "readable",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// Who may make an account.
    Registration {
        /// Everybody who reaches the hub.
        Open = "open",
        /// Only administrators make accounts. The first account can always be registered.
        Closed = "closed",
    }
}

/// A rule for a value beyond its type. The error continues the sentence "…: it must be".
pub(in crate::config) fn anything<T>() -> impl Fn(&T) -> Result<(), String> {
    |_| Ok(())
}

/// The value must not be smaller.
pub(in crate::config) fn at_least<T: PartialOrd + fmt::Debug>(least: T) -> impl Fn(&T) -> Result<(), String> {
    move |value| {
        if *value >= least {
            Ok(())
        } else {
            Err(format!("at least {least:?}"))
        }
    }
}

/// The value must lie in the range, both ends included.
pub(in crate::config) fn between<T: PartialOrd + fmt::Debug>(least: T, most: T) -> impl Fn(&T) -> Result<(), String> {
    move |value| {
        let fits = *value >= least && *value <= most;
        if fits {
            Ok(())
        } else {
            Err(format!("between {least:?} and {most:?}"))
        }
    }
}
