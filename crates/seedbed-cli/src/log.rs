//! What actors say and how they fail, while a simulated run goes on.

use crate::failure::Failure;
use crate::output::{Painter, plain};
use seedbed_core::{At, Event, ExitReason, Level, Observer};

/// The environment variable that says how much of it is shown.
pub(crate) const VARIABLE: &str = "SEEDBED_LOG";

/// From which level on things are shown; nothing if none.
pub(crate) fn level() -> Result<Option<Level>, Failure> {
    match std::env::var(VARIABLE) {
        Err(std::env::VarError::NotPresent) => Ok(Some(Level::Info)),
        Ok(text) => parse(&text),
        Err(std::env::VarError::NotUnicode(_)) => parse("\u{fffd}"),
    }
}

fn parse(text: &str) -> Result<Option<Level>, Failure> {
    let known = [
        ("off", None),
        ("error", Some(Level::Error)),
        ("warn", Some(Level::Warn)),
        ("info", Some(Level::Info)),
        ("debug", Some(Level::Debug)),
        ("trace", Some(Level::Trace)),
    ];
    let found = known.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, level)| level).ok_or_else(|| {
        Failure::usage(format_args!(
            "invalid value `{text}` of {VARIABLE}: expected off, error, warn, info, debug or trace"
        ))
    })
}

/// Writes a line to stderr for whatever is grave enough.
pub(crate) struct Narrator {
    pub(crate) from: Level,
    pub(crate) paint: Painter,
}

impl Narrator {
    fn line(&self, at: At, who: &seedbed_core::Who<'_>, level: Level, text: &str) {
        if level > self.from {
            return;
        }
        let (word, paint): (_, fn(Painter, &str) -> String) = match level {
            Level::Error => ("error", Painter::error),
            Level::Warn => ("warn ", Painter::warning),
            Level::Info => ("info ", Painter::strong),
            Level::Debug => ("debug", Painter::faint),
            Level::Trace => ("trace", Painter::faint),
        };
        let (word, time) = (paint(self.paint, word), crate::block::seconds(at.time));
        let text = plain(text);
        let life = if who.life.0 > 1 { format!(" life {}", who.life.0) } else { String::new() };
        crate::output::write_to(std::io::stderr(), &format!("{time:>9} {word} {}{life}: {text}", who.text));
    }
}

impl Observer for Narrator {
    fn event(&mut self, at: At, event: &Event<'_>) {
        match event {
            Event::Logged { who, level, text } => self.line(at, who, *level, text),
            Event::Exited { who, reason: reason @ ExitReason::Failed(_), .. } => {
                self.line(at, who, Level::Error, &format!("ended: {reason}"));
            }
            Event::Exited { who, reason, .. } => {
                self.line(at, who, Level::Debug, &format!("ended: {reason}"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_known_word() {
        assert_eq!(parse("off").unwrap(), None);
        assert_eq!(parse("trace").unwrap(), Some(Level::Trace));
        for text in ["", "INFO", "verbose", "seedbed=debug"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
