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

/// Leaves out what matters least: details, then of many delays all but the first and the last, then what came of
/// it; if all matters, the middle.
fn shorten(mut lines: Vec<Line>) -> Vec<Line> {
    leave_out(&mut lines, lines::DETAIL);
    const FIRST_SLOW: usize = 1;
    let slow: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].is_slow).collect();
    // The line that says so takes a place too.
    let out = if lines.len() > LINES_MAX { lines.len() - LINES_MAX + 1 } else { 0 };
    let spare = slow.len().saturating_sub(FIRST_SLOW + 1);
    fold(&mut lines, &slow[slow.len().min(FIRST_SLOW)..][..out.min(spare)]);
    leave_out(&mut lines, lines::CONSEQUENCE);
    if lines.len() > LINES_MAX {
        const FIRST: usize = 4;
        let out = lines.len() - (LINES_MAX - 1);
        fold(&mut lines, &Vec::from_iter(FIRST..FIRST + out));
    }
    lines
}

/// Leaves out lines of a rank, the first ones first, until there is room for the others.
fn leave_out(lines: &mut Vec<Line>, rank: u8) {
    while lines.len() > LINES_MAX {
        let Some(index) = lines.iter().position(|line| line.rank == rank) else { break };
        lines.remove(index);
    }
}

/// Puts one line in the place of several, where the first of them stood.
fn fold(lines: &mut Vec<Line>, gone: &[usize]) {
    let [first, _, ..] = gone else { return };
    let mut more = lines[*first].shown.clone();
    (more.kind, more.text) = ("…".to_owned(), format!("{} more choices", gone.len()));
    lines[*first] = Line { rank: lines::MUST, is_slow: false, shown: more };
    let mut index = 0;
    lines.retain(|_| {
        index += 1;
        !gone[1..].contains(&(index - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::Time;

    fn line(rank: u8, n: usize) -> Line {
        let shown = WhyLine { kind: "k".into(), text: n.to_string(), step: n as u64, time: Time::ZERO };
        Line { rank, is_slow: false, shown }
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
        // Of what only took longer, the first and the last are told before anything that came of it goes.
        let slow = |n| Line { is_slow: n < 9, ..line(u8::from(n >= 9), n) };
        let short = texts((0..16).map(slow).collect());
        assert_eq!(short, ["0", "5 more choices", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]);
    }
}
