//! A finding as people see it, on a terminal or in the output of a test (spec `cli.md`).

use seedbed_core::Time;
use seedbed_sim::Broken;
use seedbed_trace::{Finding, WhyLine};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Everything that is told of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// The word in front: `FINDING`, with the colours of a terminal if it is for one.
    pub heading: &'a str,
    /// Where in a hunt it was found.
    pub place: Option<Place>,
    /// Real time that shrinking took.
    pub shrink_time: Option<Duration>,
    /// Where it was written.
    pub path: Option<&'a Path>,
    /// Set if its replay is not the same run.
    pub unstable: Option<&'a str>,
}

/// Which run of a hunt a finding was.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// From 0.
    pub index: u64,
    /// Of how many; `None` if the hunt is not bounded by runs.
    pub of: Option<u64>,
    /// Real time until it was found.
    pub took: Option<Duration>,
}

impl<'a> Block<'a> {
    /// No more than the finding itself.
    pub fn new(finding: &'a Finding) -> Block<'a> {
        let (place, shrink_time, path, unstable) = (None, None, None, None);
        Block { finding, heading: "FINDING", place, shrink_time, path, unstable }
    }
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = self.finding;
        let broken = Broken {
            property: finding.property.clone(),
            when: finding.when.clone(),
            message: finding.message.clone(),
            step: finding.step,
            time: finding.time,
        };
        f.write_str(&head(self.heading, &finding.name, finding.first_seed(), &broken, self.place))?;
        for (name, value) in finding.drawn.iter().flat_map(|drawn| &drawn.shown) {
            let lines = value.lines().enumerate().map(|(n, text)| match n {
                0 => format!("{} = {}", plain(name), plain(text)),
                _ => format!("    {}", plain(text)),
            });
            f.write_str(&labelled("drawn", lines))?;
        }
        f.write_str(&labelled("why", why(finding)))?;
        f.write_str(&labelled("shrunk", self.shrunk()))?;
        let unstable = self.unstable.map(|why| format!("the run is not deterministic: {why}"));
        f.write_str(&labelled("unstable", unstable))?;
        f.write_str(&labelled("replay", self.path.map(replay)))
    }
}

/// The first two lines: which run, and what it broke.
pub fn head(heading: &str, name: &str, seed: u64, broken: &Broken, place: Option<Place>) -> String {
    let place = place.map_or_else(String::new, |Place { index, of, took }| {
        let of = of.map_or_else(String::new, |of| format!(" of {of}"));
        let took = took.map_or_else(String::new, |took| format!(", {}", spent(took)));
        format!("   (run {}{of}{took})", index + 1)
    });
    format!(
        "   {heading}  {}  seed {seed:#x}  step {}  t {}{place}\n            broken: `{}` ({}): {}",
        plain(name),
        broken.step,
        seconds(broken.time),
        plain(&broken.property),
        plain(&broken.when),
        lines(&broken.message),
    )
}

/// The causal chain: kind, text and time of each link, in columns.
pub fn why(finding: &Finding) -> Vec<String> {
    /// From what width on a text no longer pushes the times of the others aside.
    const WIDEST: usize = 88;
    let width =
        |of: fn(&WhyLine) -> &str| finding.why.iter().map(|line| of(line).chars().count()).max().unwrap_or(0);
    let (kinds, texts) = (width(|line| &line.kind), width(|line| &line.text).min(WIDEST));
    let line = |line: &WhyLine| {
        format!("{:<kinds$} {:<texts$}   t {}", plain(&line.kind), plain(&line.text), seconds(line.time))
    };
    finding.why.iter().map(line).collect()
}

impl Block<'_> {
    fn shrunk(&self) -> Option<String> {
        let (before, tape) = (&self.finding.original, &self.finding.tape);
        let took = self.shrink_time.map_or_else(String::new, |took| format!(", in {}", tenths(took)));
        let least = if before.minimal { "" } else { ", could be less" };
        (before.shrink_runs > 0).then(|| {
            format!(
                "{} → {} choices, {} → {} faults{took}{least}",
                before.choices,
                tape.choices(),
                before.faults,
                tape.faults(),
            )
        })
    }
}

fn replay(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
    if path.chars().all(plain) {
        format!("seedbed replay {path}")
    } else {
        format!("seedbed replay '{}'", path.replace('\'', r"'\''"))
    }
}

/// Lines under a label: the label in front of the first.
pub fn labelled(label: &str, lines: impl IntoIterator<Item = String>) -> String {
    let line =
        |(i, line): (usize, String)| format!("\n            {:<9}{line}", if i == 0 { label } else { "" });
    lines.into_iter().enumerate().map(line).collect()
}

/// What is wrong, its further lines (calls of a history, as bars over time) below one another.
pub fn lines(message: &str) -> String {
    let below = format!("\n{:21}", "");
    message.lines().map(plain).collect::<Vec<_>>().join(&below)
}

/// A text that others wrote (guests, files): what would move the cursor is shown, not done.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A virtual time, `3.207s`.
pub fn seconds(time: Time) -> String {
    let millis = time.as_nanos() / 1_000_000;
    format!("{}.{:03}s", millis / 1000, millis % 1000)
}

/// A real time, `0.41 s`.
pub fn spent(time: Duration) -> String {
    let hundredths = time.as_millis() / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

/// A real time, `0.8 s`.
fn tenths(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::{Tape, Time};
    use seedbed_trace::{Drawn, Identity, Origin, Original};

    #[test]
    fn a_finding_reads_as_the_command_line_page_shows_it() {
        let why = |kind: &str, text: &str, ms: u64| WhyLine {
            kind: kind.into(),
            text: text.into(),
            step: 1,
            time: Time::from_nanos(ms * 1_000_000),
        };
        let finding = Finding {
            name: "transfer".into(),
            identity: Identity::default(),
            origin: Origin::Hunt { root: 1, index: 311 },
            seed: 0x9f3c_21d0,
            steps_hint: 1,
            strategy: "random".into(),
            tape: Tape::default(),
            property: "money is conserved".into(),
            when: "when idle".into(),
            message: "expected 1000, found 1030".into(),
            step: 1482,
            time: Time::from_nanos(3_207_000_000),
            trace_hash: 0,
            state_hash: 0,
            fuel_hash: 0,
            original: Original {
                choices: 1482,
                faults: 11,
                shrink_runs: 3,
                minimal: true,
                ..Original::default()
            },
            why: vec![why("crash", "node b", 3101), why("restart", "ledger/2, life 2", 3140)],
            drawn: None,
        };
        let path = Path::new("target/seedbed/transfer-9f3c21d0.seedbed");
        let block = Block {
            place: Some(Place { index: 311, of: Some(10_000), took: Some(Duration::from_millis(410)) }),
            shrink_time: Some(Duration::from_millis(800)),
            path: Some(path),
            ..Block::new(&finding)
        };
        let wanted = "   FINDING  transfer  seed 0x9f3c21d0  step 1482  t 3.207s   (run 312 of 10000, 0.41 s)
            broken: `money is conserved` (when idle): expected 1000, found 1030
            why      crash   node b             t 3.101s
                     restart ledger/2, life 2   t 3.140s
            shrunk   1482 → 0 choices, 11 → 0 faults, in 0.8 s
            replay   seedbed replay target/seedbed/transfer-9f3c21d0.seedbed";
        assert_eq!(block.to_string(), wanted);
        let bare = Finding { why: Vec::new(), original: Original::default(), ..finding };
        assert_eq!(Block::new(&bare).to_string().lines().count(), 2);
        let shown = vec![("n".to_owned(), "7".to_owned()), ("tree".to_owned(), "top\n  a".to_owned())];
        let drawn = Finding { drawn: Some(Drawn { seed: 7, value: Vec::new(), shown }), ..bare };
        let text = Block::new(&drawn).to_string();
        assert!(text.starts_with("   FINDING  transfer  seed 0x7  "), "{text}");
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            ["            drawn    n = 7", "            drawn    tree = top", "                           a"]
        );
    }

    #[test]
    fn a_message_of_several_lines_keeps_them() {
        let broken = Broken {
            property: "p".into(),
            when: "at the end".into(),
            message: "no order explains these calls:\n  a  ├──┤\n  b\t ├──┤".into(),
            step: 7,
            time: Time::ZERO,
        };
        let wanted = "   FINDING  m  seed 0x1  step 7  t 0.000s
            broken: `p` (at the end): no order explains these calls:
                       a  ├──┤
                       b\u{fffd} ├──┤";
        assert_eq!(head("FINDING", "m", 1, &broken, None), wanted);
    }

    #[test]
    fn what_others_wrote_moves_no_cursor() {
        assert_eq!(plain("a\x1b[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
