//! What actors say and how they fail, while a run goes on: the same lines of either reactor.

use crate::failure::Failure;
use crate::output::{Painter, write_to};
use seedbed_core::{At, Event, ExitReason, Level, Observer, Who};
use seedbed_hunt::block::{plain, seconds};
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

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

/// Writes a line to stderr for whatever is grave enough; of a simulated run.
pub(crate) struct Narrator(pub(crate) Lines);

/// How lines look, and which are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    pub(crate) from: Level,
    pub(crate) paint: Painter,
}

impl Lines {
    fn line(self, time: &str, level: Level, who: &str, text: &str) {
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
        let line = format!("{time:>9} {} {}: {}", paint(self.paint, word), plain(who), plain(text));
        write_to(std::io::stderr(), &line);
    }
}

impl Observer for Narrator {
    fn event(&mut self, at: At, event: &Event<'_>) {
        let say = |who: &Who<'_>, level, text: &str| {
            self.0.line(&seconds(at.time), level, &who.to_string(), text);
        };
        match event {
            Event::Logged { who, level, text } => say(who, *level, text),
            Event::Exited { who, reason, .. } => {
                let level = if matches!(reason, ExitReason::Failed(_)) { Level::Error } else { Level::Debug };
                say(who, level, &format!("ended with: {reason}"));
            }
            _ => {}
        }
    }
}

/// Writes the same lines for what the real reactor tells.
pub(crate) struct Logger(pub(crate) Lines);

impl Subscriber for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("seedbed") && level_of(metadata) <= self.0.from
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut said = Said::default();
        event.record(&mut said);
        // Nanoseconds are too fine for people.
        let time = said.time.split_once('.').map_or_else(String::new, |(whole, part)| {
            format!("{whole}.{:0<3.3}s", part.trim_end_matches('s'))
        });
        let detail = if said.detail.is_empty() { String::new() } else { format!(" ({})", said.detail) };
        self.0.line(&time, level_of(event.metadata()), &said.actor, &(said.message + &detail));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The fields of an event that a line shows.
#[derive(Default)]
struct Said {
    time: String,
    actor: String,
    message: String,
    detail: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let to = match field.name() {
            "time" => &mut self.time,
            "actor" | "to" => &mut self.actor,
            "message" => &mut self.message,
            "detail" => &mut self.detail,
            _ => return,
        };
        *to = format!("{value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
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
