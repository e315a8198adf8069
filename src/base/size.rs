//! Sizes in bytes, written for people with binary units (IEC 80000-13).

/// One mebibyte.
pub const MEBIBYTE: u64 = 1024 * 1024;
/// One gibibyte.
pub const GIBIBYTE: u64 = 1024 * MEBIBYTE;

/// Writes a number of bytes with three significant digits: `812 B`, `5 GiB`, `1.46 MiB`.
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let exponent = (bytes.ilog2() / 10) as usize;
    let unit = UNITS[exponent - 1];
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = bytes as f64 / (1_u64 << (10 * exponent)) as f64;
    let decimals = if value >= 100.0 {
        0
    } else {
        1 + usize::from(value < 10.0)
    };
    let number = format!("{value:.decimals$}");
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        assert_eq!(human(812), "812 B");
        assert_eq!(human(5 << 30), "5 GiB");
        assert_eq!(human(1_530_000), "1.46 MiB");
        assert_eq!(human(100 << 20), "100 MiB");
        assert_eq!(human(u64::MAX), "16 EiB");
    }
}
