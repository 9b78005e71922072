//! How far something is: a bar on a terminal, a line every few seconds elsewhere.

use crate::block::millis;
use crate::output::{Output, write_to};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use seedbed_hunt::{Phase, Progress};
use serde_json::json;
use std::io::IsTerminal;
use std::time::Duration;

/// Between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Parts of the bar: runs and time are shown as a share of this.
const WHOLE: u64 = 1000;

/// Shows how far a hunt or a check is.
pub(crate) struct Shown {
    out: Output,
    bar: Option<ProgressBar>,
    next: Duration,
}

impl Shown {
    pub(crate) fn new(out: Output) -> Shown {
        let bar = (out.is_human() && std::io::stderr().is_terminal()).then(|| {
            let colors = if out.paint().colored() { ".cyan/blue" } else { "" };
            let template = format!("   {{bar:10{colors}}} {{wide_msg}}");
            let style = ProgressStyle::with_template(&template).expect("the template is fixed, and tested");
            ProgressBar::with_draw_target(Some(WHOLE), ProgressDrawTarget::stderr_with_hz(10))
                .with_style(style.progress_chars("━╸─"))
        });
        Shown { out, bar, next: EVERY }
    }

    pub(crate) fn hunt(&mut self, now: &Progress) {
        let permille = permille(now);
        self.show(
            now.elapsed,
            permille,
            || line(now),
            || {
                json!({
                    "event": "progress",
                    "runs": now.runs,
                    "of": now.of,
                    "runs_per_second": now.per_second(),
                    "findings": now.findings,
                    "choice_points": now.choice_points,
                    "elapsed_ms": millis(now.elapsed),
                    "left_ms": left(now).map(millis),
                })
            },
        );
    }

    pub(crate) fn check(&mut self, done: u64, of: u64, elapsed: Duration) {
        let permille = done * WHOLE / of.max(1);
        let text = || format!("{done} of {of} seeds the same");
        self.show(
            elapsed,
            permille,
            text,
            || json!({ "event": "progress", "seeds": done, "of": of, "elapsed_ms": millis(elapsed) }),
        );
    }

    fn show(
        &mut self,
        elapsed: Duration,
        permille: u64,
        text: impl Fn() -> String,
        event: impl Fn() -> serde_json::Value,
    ) {
        if let Some(bar) = &self.bar {
            bar.set_position(permille);
            bar.set_message(text());
        } else if elapsed >= self.next {
            self.next = elapsed + EVERY;
            if self.out.is_human() {
                write_to(std::io::stderr(), &text());
            }
            self.out.event(event());
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What is known to be left: the time to the limit, or to the last run at this pace, whichever is less.
fn left(now: &Progress) -> Option<Duration> {
    let at_this_pace = now.of.and_then(|of| {
        let nanos = now.elapsed.as_nanos() * u128::from(of.saturating_sub(now.runs));
        Some(Duration::from_nanos(u64::try_from(nanos.checked_div(u128::from(now.runs))?).ok()?))
    });
    match (at_this_pace, now.left) {
        (Some(pace), Some(limit)) => Some(pace.min(limit)),
        (one, other) => one.or(other),
    }
}

fn permille(now: &Progress) -> u64 {
    let runs = now.of.map_or(0, |of| now.runs * WHOLE / of.max(1));
    let time = now.left.map_or(0, |left| {
        let whole = (now.elapsed + left).as_millis().max(1);
        u64::try_from(now.elapsed.as_millis() * u128::from(WHOLE) / whole).unwrap_or(WHOLE)
    });
    runs.max(time).min(WHOLE)
}

fn line(now: &Progress) -> String {
    if let Phase::Shrinking(runs) = now.phase {
        return format!("shrinking the finding, {runs} runs");
    }
    let of = now.of.map_or_else(String::new, |of| format!(" of {of}"));
    let findings = match now.findings {
        0 => "nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    };
    let left = left(now).map_or_else(String::new, |left| format!(", {} left", clock(left)));
    format!(
        "{}{of} runs, {}/s, {findings}, {} choice points{left}",
        now.runs,
        now.per_second(),
        now.choice_points,
    )
}

/// `0:07`, `12:34`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            phase: Phase::Hunting,
            runs: 250,
            of: Some(1000),
            findings: 0,
            choice_points: 4242,
            elapsed: Duration::from_secs(10),
            left: None,
        }
    }

    #[test]
    fn the_line_says_how_far_how_fast_what_and_how_long_still() {
        let by_runs = progress();
        assert_eq!(line(&by_runs), "250 of 1000 runs, 25/s, nothing found, 4242 choice points, 0:30 left");
        assert_eq!(permille(&by_runs), 250);
        let by_time = Progress { of: None, left: Some(Duration::from_secs(90)), findings: 2, ..by_runs };
        assert_eq!(line(&by_time), "250 runs, 25/s, 2 findings, 4242 choice points, 1:30 left");
        assert_eq!(permille(&by_time), 100);
        let neither = Progress { left: None, findings: 1, ..by_time };
        assert_eq!(line(&neither), "250 runs, 25/s, 1 finding, 4242 choice points");
        let shrinking = Progress { phase: Phase::Shrinking(17), ..neither };
        assert_eq!(line(&shrinking), "shrinking the finding, 17 runs");
    }

    #[test]
    fn nothing_run_yet_is_no_time_left() {
        let none = Progress { runs: 0, ..progress() };
        assert_eq!(left(&none), None);
    }

    #[test]
    fn clocks_read_like_clocks() {
        for (seconds, wanted) in [(7, "0:07"), (754, "12:34"), (3723, "1:02:03")] {
            assert_eq!(clock(Duration::from_secs(seconds)), wanted);
        }
    }

    #[test]
    fn the_bar_has_a_valid_template_with_and_without_colours() {
        for colors in ["", ".cyan/blue"] {
            ProgressStyle::with_template(&format!("   {{bar:10{colors}}} {{wide_msg}}")).unwrap();
        }
    }
}
