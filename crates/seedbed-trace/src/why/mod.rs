//! Why a property broke: the causal chain from the fault or odd order to the broken property.
//!
//! The tape of a finding that was shrunk holds nothing that is not needed, so each of its answers is
//! a link of the chain. What they led to (ends, restarts, retries, lost mail) is one if it lies in
//! the *slice*: the turns that happened before the last ones that changed what the property reads.
//! The rest is left out. At most [`LINES_MAX`] lines, in the order in which things happened.
//!
//! - `slice.rs`: what happened before what.
//! - `lines.rs`: what a record is as a link of the chain.

mod lines;
mod slice;

use crate::finding::WhyLine;
use crate::trace::Trace;
use lines::{Line, Teller};
use slice::Slice;

/// The most lines a chain has.
pub const LINES_MAX: usize = 12;

/// What broke.
#[derive(Clone, Copy, Debug)]
pub struct Broke<'a> {
    /// The property.
    pub property: &'a str,
    /// In which step.
    pub step: u64,
    /// Keys of the facts that it reads, if it reads facts.
    pub read: &'a [String],
}

/// The causal chain of a finding, from the full trace of its run.
pub fn why(trace: &Trace, broke: &Broke<'_>) -> Vec<WhyLine> {
    let targets = slice::targets(trace, broke);
    let slice = Slice::before(trace, &targets);
    let lines = Teller::new(trace, &slice, &targets).tell();
    shorten(lines).into_iter().map(|line| line.shown).collect()
}

/// Leaves out what matters least; if all matters, the middle.
fn shorten(mut lines: Vec<Line>) -> Vec<Line> {
    for rank in (1..=lines::LEAST).rev() {
        while lines.len() > LINES_MAX {
            let Some(index) = lines.iter().position(|line| line.rank == rank) else { break };
            lines.remove(index);
        }
    }
    if lines.len() > LINES_MAX {
        const FIRST: usize = 4;
        let out = lines.len() - (LINES_MAX - 1);
        let cut: Vec<Line> = lines.splice(FIRST..FIRST + out, []).collect();
        let mut more = cut[0].shown.clone();
        (more.kind, more.text) = ("…".to_owned(), format!("{out} more choices"));
        lines.insert(FIRST, Line { rank: 0, shown: more });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::Time;

    fn line(rank: u8, n: usize) -> Line {
        let shown = WhyLine { kind: "k".into(), text: n.to_string(), step: n as u64, time: Time::ZERO };
        Line { rank, shown }
    }

    #[test]
    fn what_matters_least_goes_first_and_order_stays() {
        let texts =
            |lines: Vec<Line>| -> Vec<String> { shorten(lines).into_iter().map(|l| l.shown.text).collect() };
        let mixed = (0..20).map(|n| line((n % 3) as u8, n)).collect();
        let left = ["0", "3", "6", "7", "9", "10", "12", "13", "15", "16", "18", "19"];
        assert_eq!(texts(mixed), left);
        let all_matter: Vec<Line> = (0..20).map(|n| line(0, n)).collect();
        let short = texts(all_matter);
        assert_eq!(short.len(), LINES_MAX);
        assert_eq!(short[3..6], ["3", "9 more choices", "13"]);
    }
}
