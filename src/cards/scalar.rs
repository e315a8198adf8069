//! What an unquoted YAML scalar means: the core schema of YAML 1.2, with the reading that loses nothing where it is in
//! doubt. Numbers that JSON cannot hold and digits with leading zeros (identifiers) stay texts.

use serde_json::{Number, Value};

/// The value of an unquoted scalar.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = *digits.as_bytes().first()?;
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return based(text, hexadecimal, 16);
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return based(text, octal, 8);
    }
    let leading_zero = digits.len() > 1 && first == b'0' && digits.as_bytes()[1].is_ascii_digit();
    if leading_zero {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        return unsigned
            .parse::<u64>()
            .map(Number::from)
            .or_else(|_| unsigned.parse::<i64>().map(Number::from))
            .ok();
    }
    let is_float = digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'));
    if !is_float {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

fn based(text: &str, digits: &str, radix: u32) -> Option<Number> {
    let plain = !text.starts_with(['-', '+']) && !digits.starts_with(['-', '+']);
    plain
        .then(|| u64::from_str_radix(digits, radix).ok())
        .flatten()
        .map(Number::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_follow_the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("true", json!(true)),
            ("FALSE", json!(false)),
            ("no", json!("no")),
            ("yes", json!("yes")),
            ("12", json!(12)),
            ("-12", json!(-12)),
            ("+12", json!(12)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("18446744073709551615", json!(u64::MAX)),
        ] {
            assert_eq!(resolve(text), value, "{text:?}");
        }
    }

    #[test]
    fn what_a_number_would_lose_stays_a_text() {
        for text in [
            "007",
            "99999999999999999999",
            ".inf",
            ".nan",
            "1e999",
            "1.2.3",
            "2020-01-01",
            "1_000",
            "-",
            ".",
            "+.",
            "0x",
            "0xzz",
            "1e",
            "--1",
        ] {
            assert_eq!(resolve(text), json!(text), "{text:?}");
        }
    }
}
