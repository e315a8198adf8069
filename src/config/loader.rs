use std::path::{Path, PathBuf};

use super::layers::{Flag, Reader, Source, Values};
use super::{Applies, Config, ConfigError};

/// The layers over the defaults, so that the same configuration can be read again when the file changes.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    /// The file, if one was given. It must exist.
    pub file: Option<PathBuf>,
    /// The environment: all of it; only our variables are looked at.
    pub environment: Vec<(String, String)>,
    /// The command line.
    pub flags: Vec<Flag>,
}

/// A configuration and where each value came from.
#[derive(Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    values: Values,
}

impl Loader {
    /// Layers of this process: the given file, its environment and the given flags.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        // A variable that is not Unicode cannot be one of ours with a usable value; it is read with replacement
        // characters, so that its name or value is refused by name instead of being passed over.
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        Self {
            file,
            environment,
            flags,
        }
    }

    /// Reads and validates all layers. All problems are told at once.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let text = match &self.file {
            Some(path) => Some((path.as_path(), read(path)?)),
            None => None,
        };
        let mut values = Values::defaults();
        let mut problems = Vec::new();
        if let Some((path, text)) = &text {
            values.lay_file(path, text, &mut problems);
        }
        values.lay_environment(&self.environment, &mut problems);
        values.lay_flags(&self.flags, &mut problems);
        Loaded::from_values(values, problems)
    }
}

impl Loaded {
    fn from_values(values: Values, problems: Vec<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            values: &values,
            problems,
        };
        let config = Config::read(&mut reader);
        let mut problems = reader.problems;
        problems.extend(config.iter().flat_map(Config::problems));
        match config {
            Some(config) if problems.is_empty() => Ok(Self { config, values }),
            _ => Err(ConfigError::Refused(problems)),
        }
    }

    /// Who set the value of a setting; none if there is no such setting.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.values.get(key).map(|entry| &entry.source)
    }

    /// The value of a setting as TOML, `"***"` for a secret that is set; none if there is no such setting.
    pub fn shown(&self, key: &str) -> Option<String> {
        let entry = self.values.get(key)?;
        let secret = Config::settings()
            .iter()
            .any(|setting| setting.key == key && setting.secret);
        let empty = entry.value.as_str().is_some_and(str::is_empty);
        Some(if secret && !empty {
            "\"***\"".to_owned()
        } else {
            entry.value.to_string()
        })
    }

    /// What holds when a running hub meets newer values: those that apply live, and the others as they were. Also the
    /// names of the settings that changed, live ones and those that wait for a restart.
    pub fn renewed(&self, newer: &Self) -> Result<Renewed, ConfigError> {
        let mut values = newer.values.clone();
        let mut renewed = Renewed {
            loaded: self.clone(),
            applied: Vec::new(),
            waiting: Vec::new(),
        };
        for setting in Config::settings() {
            let (Some(old), Some(new)) = (self.values.get(setting.key), newer.values.get(setting.key)) else {
                continue;
            };
            if old.value == new.value {
                continue;
            }
            match setting.applies {
                Applies::Live => renewed.applied.push(setting.key),
                Applies::Restart => {
                    renewed.waiting.push(setting.key);
                    values.replace(setting.key, old.clone());
                }
            }
        }
        renewed.loaded = Self::from_values(values, Vec::new())?;
        Ok(renewed)
    }
}

/// See [`Loaded::renewed`].
pub struct Renewed {
    /// What holds now.
    pub loaded: Loaded,
    /// Changed, and in effect.
    pub applied: Vec<&'static str>,
    /// Changed, and in effect after a restart.
    pub waiting: Vec<&'static str>,
}

/// Reads the configuration file.
pub(in crate::config) fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |reason: String| ConfigError::Unreadable {
        path: path.to_owned(),
        reason,
    };
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}
