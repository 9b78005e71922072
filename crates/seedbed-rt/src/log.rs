//! What actors write to their log, and failures that nobody saw, as `tracing` events.
//!
//! The target is `seedbed::actor` for what actors say, `seedbed` for what is said about them.

use seedbed_core::{At, Event, ExitReason, Level, Who};

pub(crate) fn logged(at: At, who: &Who<'_>, level: Level, text: &str) {
    macro_rules! say {
        ($level:ident) => {
            tracing::$level!(
                target: "seedbed::actor",
                actor = %who,
                pid = %who.pid,
                turn = at.step,
                time = %at.time,
                "{text}"
            )
        };
    }
    match level {
        Level::Error => say!(error),
        Level::Warn => say!(warn),
        Level::Info => say!(info),
        Level::Debug => say!(debug),
        Level::Trace => say!(trace),
    }
}

/// `at` is asked only where somebody listens.
pub(crate) fn happened(at: impl Fn() -> At, event: &Event<'_>) {
    match event {
        Event::Exited { who, reason: reason @ ExitReason::Failed(_), detail, seen: false, .. } => {
            let detail = detail.map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: "seedbed", actor = %who, turn = at().step, time = %at().time, detail, "ended with: {reason}");
        }
        Event::Exited { who, reason, .. } => {
            tracing::debug!(target: "seedbed", actor = %who, turn = at().step, time = %at().time, "ended with: {reason}");
        }
        Event::Lost { why, to, tag, .. } => {
            tracing::debug!(target: "seedbed", %to, tag, turn = at().step, time = %at().time, "a message is lost: {why}");
        }
        _ => {}
    }
}
