//! Shows what actors log in a single run.

use seedbed_core::{At, Event, Level, Observer};

/// Prints log lines up to a level to stderr.
pub(crate) struct LogPrinter(pub(crate) Level);

impl Observer for LogPrinter {
    fn event(&mut self, at: At, event: &Event<'_>) {
        if let Event::Logged { who, level, text } = event
            && *level <= self.0
        {
            eprintln!("{} step {} {:?} {}:{} {text}", at.time, at.step, level, who.text, who.life.0);
        }
    }
}
