//! A finding as people see it, on a terminal or in the output of a test.

use seedbed_trace::{Finding, WhyLine};
use std::fmt::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Everything that is told of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Which run of a hunt it was, from 1, and of how many.
    pub run: Option<(u64, Option<u64>)>,
    /// Real time until it was found.
    pub took: Option<Duration>,
    /// Real time that shrinking took.
    pub shrink_time: Option<Duration>,
    /// Where it was written.
    pub path: Option<&'a Path>,
    /// Where its report was written.
    pub report: Option<&'a Path>,
    /// Set if its replay is not the same run.
    pub unstable: Option<&'a str>,
}

impl<'a> Block<'a> {
    /// No more than the finding itself.
    pub fn new(finding: &'a Finding) -> Block<'a> {
        Block { finding, run: None, took: None, shrink_time: None, path: None, report: None, unstable: None }
    }
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = self.finding;
        let time = millis(u128::from(finding.time.as_nanos()));
        write!(
            f,
            "   FINDING  {}  seed {:#x}  step {}  t {time}",
            finding.name,
            finding.first_seed(),
            finding.step
        )?;
        let mut run = String::new();
        if let Some((n, of)) = self.run {
            write!(run, "run {n}")?;
            of.map_or(Ok(()), |of| write!(run, " of {of}"))?;
        }
        if let Some(took) = self.took {
            write!(run, "{}{}", if run.is_empty() { "" } else { ", " }, seconds(took))?;
        }
        if !run.is_empty() {
            write!(f, "   ({run})")?;
        }
        let line =
            |f: &mut fmt::Formatter<'_>, key: &str, text: &str| write!(f, "\n            {key:<8} {text}");
        line(f, "broken:", &format!("`{}` ({}): {}", finding.property, finding.when, finding.message))?;
        for (name, value) in finding.drawn.iter().flat_map(|drawn| &drawn.shown) {
            for (n, text) in value.lines().enumerate() {
                let text = if n == 0 { format!("{name} = {text}") } else { format!("    {text}") };
                line(f, if n == 0 { "drawn" } else { "" }, &text)?;
            }
        }
        for (n, text) in aligned(&finding.why).iter().enumerate() {
            line(f, if n == 0 { "why" } else { "" }, text)?;
        }
        if finding.original.shrink_runs > 0 {
            line(f, "shrunk", &self.shrunk())?;
        }
        if let Some(unstable) = self.unstable {
            line(f, "unstable", &format!("the run is not deterministic: {unstable}"))?;
        }
        if let Some(path) = self.path {
            line(f, "replay", &format!("seedbed replay {}", path.display()))?;
        }
        if let Some(report) = self.report {
            line(f, "report", &report.display().to_string())?;
        }
        Ok(())
    }
}

impl Block<'_> {
    fn shrunk(&self) -> String {
        let (before, tape) = (&self.finding.original, &self.finding.tape);
        let mut text = format!(
            "{} → {} choices, {} → {} faults",
            before.choices,
            tape.entries.len(),
            before.faults,
            tape.faults()
        );
        if let Some(time) = self.shrink_time {
            text += &format!(", in {}", seconds(time));
        }
        if !before.minimal {
            text += ", not to the end";
        }
        text
    }
}

/// The lines of a chain with their times under each other.
fn aligned(why: &[WhyLine]) -> Vec<String> {
    /// A line longer than this does not push the times of all others to the right.
    const WIDEST: usize = 90;
    let width = |line: &WhyLine| line.text.chars().count();
    let widest = why.iter().map(width).filter(|w| *w <= WIDEST).max().unwrap_or(0);
    let text = |line: &WhyLine| {
        let time = millis(u128::from(line.time.as_nanos()));
        format!("{:<7} {}{}   t {time}", line.kind, line.text, " ".repeat(widest.saturating_sub(width(line))))
    };
    why.iter().map(text).collect()
}

fn millis(nanos: u128) -> String {
    format!("{}.{:03}s", nanos / 1_000_000_000, nanos / 1_000_000 % 1000)
}

fn seconds(time: Duration) -> String {
    let hundredths = time.as_millis() / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
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
            run: Some((312, Some(10_000))),
            took: Some(Duration::from_millis(410)),
            shrink_time: Some(Duration::from_millis(800)),
            path: Some(path),
            ..Block::new(&finding)
        };
        let wanted = "   FINDING  transfer  seed 0x9f3c21d0  step 1482  t 3.207s   (run 312 of 10000, 0.41 s)
            broken:  `money is conserved` (when idle): expected 1000, found 1030
            why      crash   node b             t 3.101s
                     restart ledger/2, life 2   t 3.140s
            shrunk   1482 → 0 choices, 11 → 0 faults, in 0.80 s
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
}
