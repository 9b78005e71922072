//! Durations, sizes and rates as a manifest or a plan writes them: a whole number and a unit, no floating point.

use std::time::Duration;

/// Reads a duration as a manifest writes it: `5s`, `100ms`, `2min`, `1_500us`, `7ns`, `1h`.
///
/// # Errors
/// With the accepted form.
pub fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 6] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("min", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    with_unit(text, &UNITS)
        .map(Duration::from_nanos)
        .map_err(|e| e.say(text, "duration", "a whole number and ns, us, ms, s, min or h, like `100ms`"))
}

/// A duration as [`duration`] reads it, in the largest unit that says it exactly.
pub fn show(duration: Duration) -> String {
    let ns = duration.as_nanos();
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)];
    match units.iter().find(|(_, factor)| ns.is_multiple_of(*factor) && ns > 0) {
        Some((unit, factor)) => format!("{}{unit}", ns / factor),
        None => format!("{ns}ns"),
    }
}

/// Reads a duration with a sign, in nanoseconds: `+2s`, `-100ms`.
///
/// # Errors
/// With the accepted form.
pub fn signed(text: &str) -> Result<i64, String> {
    let malformed = || format!("`{text}` is not a duration with a sign, like `+2s` or `-100ms`");
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(malformed()),
    };
    let ns = duration(rest)?.as_nanos();
    i64::try_from(ns).map(|ns| sign * ns).map_err(|_| malformed())
}

/// Reads a number of bytes: `16 MiB`, `64 KiB`, `4096 B`, `1 GiB`.
///
/// # Errors
/// With the accepted form.
pub fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    with_unit(text, &UNITS)
        .map_err(|e| e.say(text, "size", "a whole number and B, KiB, MiB or GiB, like `16 MiB`"))
}

/// Reads a percentage, `5%` or `0.25%`, as parts per million.
///
/// # Errors
/// With the accepted form.
pub fn rate_per_million(text: &str) -> Result<u32, String> {
    let malformed =
        || Malformed::Shape.say(text, "rate", "a percentage with at most four decimals, like `0.25%`");
    let number = text.strip_suffix('%').ok_or_else(malformed)?.trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if decimals.is_empty() || decimals.len() > 4 {
        return Err(malformed());
    }
    let whole = digits(whole).ok_or_else(malformed)?;
    let parts = digits(&format!("{decimals:0<4}")).ok_or_else(malformed)?;
    match whole.checked_mul(10_000).and_then(|w| w.checked_add(parts)) {
        Some(rate) if rate <= 1_000_000 => Ok(rate as u32),
        _ => Err(format!("`{text}` is more than 100%")),
    }
}

enum Malformed {
    Shape,
    TooLarge,
}

impl Malformed {
    fn say(self, text: &str, what: &str, form: &str) -> String {
        match self {
            Malformed::Shape => format!("`{text}` is not a {what}: expected {form}"),
            Malformed::TooLarge => format!("`{text}` is too large a {what}"),
        }
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Result<u64, Malformed> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').ok_or(Malformed::Shape)?;
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(u, _)| *u == unit).ok_or(Malformed::Shape)?;
    if !well_grouped(number) {
        return Err(Malformed::Shape);
    }
    let number = digits(&number.replace('_', "")).ok_or(Malformed::TooLarge)?;
    number.checked_mul(*factor).ok_or(Malformed::TooLarge)
}

/// Digits, with single underscores between them, as TOML has it.
fn well_grouped(number: &str) -> bool {
    !number.is_empty() && number.split('_').all(|group| !group.is_empty())
}

fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ns) in [
            ("0s", 0),
            ("7ns", 7),
            ("1_500us", 1_500_000),
            ("100ms", 100_000_000),
            ("5 s", 5_000_000_000),
            ("2min", 120_000_000_000),
            ("1h", 3_600_000_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(ns)), "{text}");
        }
        for text in
            ["", "5", "s", "5 m", "-1s", "1.5s", "5  s", "_1s", "1__0s", "1_s", "5sec", "9999999h", "٣s"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_they_are_read() {
        for text in ["0ns", "7ns", "1500us", "100ms", "90s", "1ms"] {
            assert_eq!(show(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("16 MiB"), Ok(16 << 20));
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("0 B"), Ok(0));
        for text in ["16 MB", "16", "MiB", "99999999999 GiB", "1.5 MiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, rate) in [("5%", 50_000), ("0.25%", 2_500), ("0.0001%", 1), ("100%", 1_000_000), ("0%", 0)]
        {
            assert_eq!(rate_per_million(text), Ok(rate), "{text}");
        }
        for text in ["5", "%", ".5%", "5.%", "0.00001%", "100.0001%", "-1%", "99999999999999999999%", "+1%"] {
            assert!(rate_per_million(text).is_err(), "{text}");
        }
    }
}
