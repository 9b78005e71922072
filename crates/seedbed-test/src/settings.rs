//! What the environment says about a test.

use seedbed_core::Level;
use std::path::PathBuf;
use std::time::Duration;

/// The variables, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) seed: Option<u64>,
    pub(crate) replay: Option<PathBuf>,
    pub(crate) runs: Option<u64>,
    pub(crate) time: Option<Duration>,
    pub(crate) strategy: Option<String>,
    pub(crate) faults: Option<String>,
    pub(crate) jobs: Option<u32>,
    pub(crate) check: bool,
    pub(crate) no_shrink: bool,
    pub(crate) log: Option<Level>,
}

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// A text that names the variable, what it is, and what is accepted.
    pub(crate) fn read(mut get: impl FnMut(&str) -> Option<String>) -> Result<Settings, String> {
        let mut parsed = |name: &str, accepted: &str| -> Result<Option<(String, String)>, String> {
            match get(name) {
                Some(value) if value.trim().is_empty() => {
                    Err(format!("{name} is empty; accepted: {accepted}, or leave it unset"))
                }
                Some(value) => {
                    Ok(Some((value.clone(), format!("{name}={value} is malformed; accepted: {accepted}"))))
                }
                None => Ok(None),
            }
        };
        fn with<T>(
            value: Option<(String, String)>,
            parse: impl FnOnce(&str) -> Option<T>,
        ) -> Result<Option<T>, String> {
            value.map(|(text, wrong)| parse(text.trim()).ok_or(wrong)).transpose()
        }
        let flag = |text: &str| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        let settings = Settings {
            seed: with(parsed("SEEDBED_SEED", "0x9f3c21d0 or 2671518160")?, seed)?,
            replay: with(parsed("SEEDBED_REPLAY", "a finding file")?, |t| Some(PathBuf::from(t)))?,
            runs: with(parsed("SEEDBED_RUNS", "a number from 1, 10_000")?, |t| number(t).filter(|n| *n > 0))?,
            time: with(parsed("SEEDBED_TIME", "500ms, 30s, 5min")?, duration)?,
            strategy: with(parsed("SEEDBED_STRATEGY", seedbed_sim::StrategySpec::FORMS)?, |t| {
                t.parse::<seedbed_sim::StrategySpec>().ok().map(|_| t.to_owned())
            })?,
            faults: with(parsed("SEEDBED_FAULTS", &seedbed_sim::Faults::PROFILES.join(", "))?, |t| {
                seedbed_sim::Faults::profile(t).map(|_| t.to_owned())
            })?,
            jobs: with(parsed("SEEDBED_JOBS", "a number from 1")?, |t| {
                number(t).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0)
            })?,
            check: with(parsed("SEEDBED_CHECK", "0 or 1")?, flag)?.unwrap_or(false),
            no_shrink: !with(parsed("SEEDBED_SHRINK", "0 or 1")?, flag)?.unwrap_or(true),
            log: with(parsed("SEEDBED_LOG", "error, warn, info, debug, trace")?, level)?,
        };
        if settings.seed.is_some() && settings.replay.is_some() {
            return Err("SEEDBED_SEED and SEEDBED_REPLAY both name one run; set one of them".to_owned());
        }
        Ok(settings)
    }
}

fn number(text: &str) -> Option<u64> {
    text.replace('_', "").parse().ok()
}

fn seed(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(&hex.replace('_', ""), 16).ok(),
        None => number(text),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '_')?;
    let (count, unit) = (number(&text[..split])?, &text[split..]);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(millis).map(Duration::from_millis)
}

fn level(text: &str) -> Option<Level> {
    Some(match text {
        "error" => Level::Error,
        "warn" => Level::Warn,
        "info" => Level::Info,
        "debug" => Level::Debug,
        "trace" => Level::Trace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Settings, String> {
        Settings::read(|n| (n == name).then(|| value.to_owned()))
    }

    #[test]
    fn values_are_read() {
        assert_eq!(Settings::read(|_| None), Ok(Settings::default()));
        for (value, seed) in [("0x9f3c21d0", 0x9f3c_21d0), ("7", 7), ("1_000", 1000), ("0xff_ff", 0xffff)] {
            assert_eq!(read("SEEDBED_SEED", value).map(|s| s.seed), Ok(Some(seed)));
        }
        for (value, ms) in [("500ms", 500), ("30s", 30_000), ("5min", 300_000)] {
            assert_eq!(read("SEEDBED_TIME", value).map(|s| s.time), Ok(Some(Duration::from_millis(ms))));
        }
        assert_eq!(read("SEEDBED_SHRINK", "0").map(|s| s.no_shrink), Ok(true));
        assert_eq!(read("SEEDBED_CHECK", "1").map(|s| s.check), Ok(true));
        assert_eq!(read("SEEDBED_STRATEGY", "pct:3").map(|s| s.strategy), Ok(Some("pct:3".to_owned())));
    }

    #[test]
    fn a_malformed_value_says_what_is_accepted() {
        for (name, value, says) in [
            ("SEEDBED_SEED", "0xzz", "SEEDBED_SEED=0xzz is malformed; accepted: 0x9f3c21d0 or 2671518160"),
            (
                "SEEDBED_SEED",
                "",
                "SEEDBED_SEED is empty; accepted: 0x9f3c21d0 or 2671518160, or leave it unset",
            ),
            ("SEEDBED_RUNS", "0", "SEEDBED_RUNS=0 is malformed; accepted: a number from 1, 10_000"),
            ("SEEDBED_TIME", "30", "SEEDBED_TIME=30 is malformed; accepted: 500ms, 30s, 5min"),
            ("SEEDBED_FAULTS", "some", "SEEDBED_FAULTS=some is malformed; accepted: none, chaos"),
            ("SEEDBED_CHECK", "yes", "SEEDBED_CHECK=yes is malformed; accepted: 0 or 1"),
        ] {
            assert_eq!(read(name, value), Err(says.to_owned()));
        }
        let both = Settings::read(|n| matches!(n, "SEEDBED_SEED" | "SEEDBED_REPLAY").then(|| "1".to_owned()));
        assert!(both.is_err());
    }
}
