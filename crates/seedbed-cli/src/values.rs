//! Values on the command line. A malformed one is an error that shows the accepted form, never a
//! default.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A seed: prints as `0x…`, parses as hexadecimal or decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Seed, String> {
        let plain = text.replace('_', "");
        let parsed = match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16),
            None if plain.bytes().all(|b| b.is_ascii_digit()) => plain.parse(),
            _ => "-".parse(),
        };
        parsed.map(Seed).map_err(|_| "expected 64 bits, as `0x9f3c21d0` or decimal".to_owned())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A count from 1.
pub(crate) fn count(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    let digits = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_digit());
    let parsed = digits.then(|| plain.parse().ok()).flatten().filter(|n| *n > 0);
    parsed.ok_or_else(|| "expected a whole number from 1, like `10_000`".to_owned())
}

/// A value for an id: `app:style=upper`.
pub(crate) fn value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((id, value)) if !id.is_empty() => Ok((id.to_owned(), value.to_owned())),
        _ => Err("expected an id and its value, like `app:style=upper`".to_owned()),
    }
}

/// A duration, written as in a manifest.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = seedbed_manifest::parse_duration(text)?;
    if parsed.is_zero() { Err("expected more than nothing, like `30s`".to_owned()) } else { Ok(parsed) }
}

/// One of several equal parts of a hunt: `2/8` is the second of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which one, from 1.
    pub(crate) index: u64,
    /// How many there are.
    pub(crate) of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((count(i).ok()?, count(n).ok()?)));
        parts
            .filter(|(index, of)| index <= of)
            .map(|(index, of)| Shard { index, of })
            .ok_or_else(|| "expected i/n with i from 1 to n, like `2/8`".to_owned())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_parse_as_hexadecimal_and_decimal_and_print_as_hexadecimal() {
        for (text, seed) in [
            ("7", 7),
            ("0x7", 7),
            ("0X9f3c21d0", 0x9f3c_21d0),
            ("0xFFFF_FFFF_FFFF_FFFF", u64::MAX),
            ("18446744073709551615", u64::MAX),
            ("1_000", 1_000),
        ] {
            assert_eq!(text.parse::<Seed>(), Ok(Seed(seed)), "{text}");
            assert_eq!(Seed(seed).to_string().parse(), Ok(Seed(seed)));
        }
        for text in ["", "0x", "-1", "+1", "9f3c", "0xg", "1e3", "18446744073709551616", " 7", "0x+7"] {
            assert!(text.parse::<Seed>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_begin_at_one() {
        assert_eq!(count("10_000"), Ok(10_000));
        for text in ["", "_", "0", "-1", "+1", "1.5", "all"] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_a_manifest() {
        assert_eq!(duration("1_500ms"), Ok(Duration::from_millis(1500)));
        for text in ["", "10", "0s", "-1s", "1.5s", "1 day"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_shard_is_one_of_all() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for text in ["", "2", "0/8", "9/8", "2/", "/8", "2/8/1", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
