use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::value::SettingValue;

/// Environment variables that begin like this are settings: `GEOML_HUB__SECTION__KEY`.
pub(in crate::config) const ENVIRONMENT_PREFIX: &str = "GEOML_HUB__";

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody.
    Default,
    /// The configuration file.
    File {
        /// The file as it was given.
        path: PathBuf,
        /// Line of the key, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A command-line flag.
    Flag {
        /// Its name with the dashes.
        name: &'static str,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{} line {line}", path.display()),
            Self::Environment { variable } => write!(formatter, "environment {variable}"),
            Self::Flag { name } => write!(formatter, "flag {name}"),
        }
    }
}

/// A value given on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Name with the dashes, for messages.
    pub name: &'static str,
    /// The setting it sets.
    pub key: &'static str,
    /// The value as text.
    pub value: String,
}

#[derive(Clone, PartialEq)]
pub(in crate::config) struct Entry {
    pub(in crate::config) value: toml::Value,
    pub(in crate::config) source: Source,
}

/// The winning value of every setting, as it was written, and who set it.
#[derive(Clone)]
pub(in crate::config) struct Values(BTreeMap<&'static str, Entry>);

impl Values {
    /// What holds when nobody sets anything.
    pub(in crate::config) fn defaults() -> Self {
        let entries = Config::settings().into_iter().map(|setting| {
            (
                setting.key,
                Entry {
                    value: setting.default,
                    source: Source::Default,
                },
            )
        });
        Self(entries.collect())
    }

    /// The value of a setting.
    pub(in crate::config) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.get(key)
    }

    /// Puts another value in the place of a setting's.
    pub(in crate::config) fn replace(&mut self, key: &'static str, entry: Entry) {
        self.0.insert(key, entry);
    }

    /// Lays the file over what is there.
    pub(in crate::config) fn lay_file(&mut self, path: &Path, text: &str, problems: &mut Vec<String>) {
        match DeTable::parse(text) {
            Ok(table) => self.lay_table("", table.get_ref(), path, text, problems),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                problems.push(format!(
                    "{} line {line} is not TOML: {}.",
                    path.display(),
                    error.message()
                ));
            }
        }
    }

    fn lay_table(&mut self, prefix: &str, table: &DeTable<'_>, path: &Path, text: &str, problems: &mut Vec<String>) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let source = Source::File {
                path: path.to_owned(),
                line: line_of(text, name.span().start),
            };
            let begins_section = self.0.keys().any(|known| known.starts_with(&format!("{key}.")));
            match value.get_ref() {
                DeValue::Table(inner) if begins_section => self.lay_table(&key, inner, path, text, problems),
                _ => self.set(&key, plain(value), source, problems),
            }
        }
    }

    /// Lays over what is there each variable that begins with the prefix; others are none of our business.
    pub(in crate::config) fn lay_environment(&mut self, variables: &[(String, String)], problems: &mut Vec<String>) {
        for (variable, value) in variables {
            let Some(rest) = variable.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            let key = rest.to_lowercase().replace("__", ".");
            let source = Source::Environment {
                variable: variable.clone(),
            };
            self.set(&key, toml::Value::from(value.as_str()), source, problems);
        }
    }

    /// Lays the command line over what is there.
    pub(in crate::config) fn lay_flags(&mut self, flags: &[Flag], problems: &mut Vec<String>) {
        for flag in flags {
            let source = Source::Flag { name: flag.name };
            self.set(flag.key, toml::Value::from(flag.value.as_str()), source, problems);
        }
    }

    fn set(&mut self, key: &str, value: toml::Value, source: Source, problems: &mut Vec<String>) {
        if let Some(entry) = self.0.get_mut(key) {
            *entry = Entry { value, source };
            return;
        }
        let guess = nearest(key, self.0.keys().copied());
        let hint = guess.map_or_else(
            || "`geoml-hub config example` lists every setting".to_owned(),
            |guess| format!("did you mean `{guess}`?"),
        );
        problems.push(format!("There is no setting `{key}` ({source}); {hint}"));
    }
}

/// Reads typed settings out of values and gathers what is wrong.
pub(in crate::config) struct Reader<'a> {
    /// Where to read.
    pub(in crate::config) values: &'a Values,
    /// One sentence for each value that cannot be used.
    pub(in crate::config) problems: Vec<String>,
}

impl Reader<'_> {
    /// The value of a setting, or none when a problem has been noted.
    pub(in crate::config) fn read<T: SettingValue>(
        &mut self,
        key: &str,
        rule: &dyn Fn(&T) -> Result<(), String>,
    ) -> Option<T> {
        let entry = self.values.get(key)?;
        let checked = T::parse(&entry.value).and_then(|value| rule(&value).map(|()| value));
        let expected = match checked {
            Ok(value) => return Some(value),
            Err(expected) => expected,
        };
        let shown = if T::SECRET {
            "***".to_owned()
        } else {
            entry.value.to_string()
        };
        self.problems
            .push(format!("`{key}` is {shown} ({}): it must be {expected}.", entry.source));
        None
    }
}

/// The value without its places in the file. Numbers beyond 64 bits stay text and are refused by their reader.
fn plain(value: &Spanned<DeValue<'_>>) -> toml::Value {
    match value.get_ref() {
        DeValue::String(text) => toml::Value::from(text.as_ref()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or_else(|_| toml::Value::from(integer.to_string()), toml::Value::from),
        DeValue::Float(float) => toml::Value::from(float.as_str().parse::<f64>().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => toml::Value::from(*on),
        DeValue::Datetime(time) => toml::Value::from(time.to_string()),
        DeValue::Array(values) => toml::Value::Array(values.iter().map(plain).collect()),
        DeValue::Table(table) => {
            let entries = table
                .iter()
                .map(|(name, value)| (name.get_ref().to_string(), plain(value)));
            toml::Value::Table(entries.collect())
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The known name that the writer most likely meant: the same key in another section, or one a few letters away.
fn nearest(key: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let distance = |name: &str| {
        let same_key = name.rsplit('.').next() == Some(last);
        if same_key { 1 } else { strsim::osa_distance(key, name) }
    };
    known
        .map(|name| (distance(name), name))
        .min()
        .filter(|(distance, _)| *distance <= 4)
        .map(|(_, name)| name)
}
