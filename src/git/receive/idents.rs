//! The lines that say who did something and when, as `fsck_ident` of git reads them.

/// Says which rule a line `name <address> seconds zone` breaks.
pub(super) fn check(line: &[u8]) -> Result<(), &'static str> {
    if line.starts_with(b"<") {
        return Err("has no name before the address");
    }
    let name_end = line.iter().position(|byte| matches!(byte, b'<' | b'>'));
    let (name, rest) = line.split_at(name_end.ok_or("has no address")?);
    if rest[0] == b'>' {
        return Err("has a '>' in the name");
    }
    if !name.ends_with(b" ") {
        return Err("has no space before the address");
    }
    let rest = &rest[1..];
    let address_end = rest.iter().position(|byte| matches!(byte, b'<' | b'>'));
    let rest = &rest[address_end.ok_or("has no end of the address")?..];
    if rest[0] != b'>' {
        return Err("has a '<' in the address");
    }
    let rest = rest[1..].strip_prefix(b" ").ok_or("has no space before the date")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (seconds, rest) = rest.split_at(digits);
    if seconds.is_empty() {
        return Err("has no date");
    }
    if seconds.len() > 1 && seconds[0] == b'0' {
        return Err("has a date with a zero before it");
    }
    let seconds = std::str::from_utf8(seconds)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    if seconds.is_none() {
        return Err("has a date that no clock can show");
    }
    let zone = rest.strip_prefix(b" ").ok_or("has no time zone")?;
    let sound = zone.len() == 5 && matches!(zone[0], b'+' | b'-') && zone[1..].iter().all(u8::is_ascii_digit);
    if sound { Ok(()) } else { Err("has a broken time zone") }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn lines_are_judged_as_git_does() {
        for good in ["Ada <a@b> 0 +0000", "Ada <> 1700000000 -0530", "A B C <x y z> 12 +1400"] {
            assert_eq!(check(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in [
            "",
            "<a@b> 0 +0000",
            "Ada<a@b> 0 +0000",
            "Ada a@b 0 +0000",
            "A>da <a@b> 0 +0000",
            "Ada <a<b> 0 +0000",
            "Ada <a@b 0 +0000",
            "Ada <a@b>0 +0000",
            "Ada <a@b> +0000",
            "Ada <a@b> 01 +0000",
            "Ada <a@b> 99999999999999999999 +0000",
            "Ada <a@b> 0",
            "Ada <a@b> 0 0000",
            "Ada <a@b> 0 +000",
            "Ada <a@b> 0 +00000",
        ] {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
