use std::fmt::Write;

use super::{Applies, Config, Loaded, Setting};

const HEADER: &str = "\
# Every setting of GeoML-Hub with its default. This file is made by `geoml-hub config example`.
#
# Remove the # before a key to change it. The environment and the command line win over this file: the key `quota` of
# [storage] is also GEOML_HUB__STORAGE__QUOTA. Sizes are written \"5 GiB\", durations \"30s\", \"15m\", \"24h\" or \"7d\".
# A saved change of a key marked \"live\" applies at once; the others wait for a restart.
";

/// The example file: every setting with its description and default, commented out.
pub fn example() -> String {
    let mut text = HEADER.to_owned();
    let mut section = "";
    for setting in Config::settings() {
        if setting.section != section {
            section = setting.section;
            write_section(&mut text, &setting);
        }
        write_setting(&mut text, &setting);
    }
    text
}

fn write_section(text: &mut String, setting: &Setting) {
    for line in setting.section_about {
        let _ = write!(text, "\n#{line}");
    }
    let _ = writeln!(text, "\n[{}]", setting.section);
}

fn write_setting(text: &mut String, setting: &Setting) {
    let key = setting.key.rsplit('.').next().unwrap_or(setting.key);
    let live = if setting.applies == Applies::Live {
        " (live)"
    } else {
        ""
    };
    let about = setting.about.join("\n#");
    let _ = writeln!(text, "#{about}{live}\n# {key} = {}", setting.default);
}

/// Every setting as it holds, one a line: `section.key = value  # source`. Secrets are masked.
pub fn show(loaded: &Loaded) -> String {
    let mut text = String::new();
    for setting in Config::settings() {
        if let (Some(value), Some(source)) = (loaded.shown(setting.key), loaded.source(setting.key)) {
            let _ = writeln!(text, "{} = {value}  # {source}", setting.key);
        }
    }
    text
}
