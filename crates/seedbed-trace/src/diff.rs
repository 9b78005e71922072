//! The first event in which two traces differ.

use crate::record::{Happening, Record};
use crate::text::Shown;
use crate::trace::Trace;
use std::fmt;

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Index of the record, from the start of the run.
    pub index: u64,
    /// What the one has there; `None` if it ended before.
    pub left: Option<Record>,
    /// What the other has there.
    pub right: Option<Record>,
    /// Both as text.
    left_text: String,
    right_text: String,
}

/// Compares two traces record by record; `None` if they are the same to the end, in length too.
/// What one of them does not have because its window began later is not compared.
pub fn first_difference(left: &Trace, right: &Trace) -> Option<Difference> {
    let start = left.dropped.max(right.dropped);
    let tail = |trace: &Trace| usize::try_from(start - trace.dropped).unwrap_or(usize::MAX);
    let rest = |trace: &Trace| trace.records.get(tail(trace)..).map(<[Record]>::to_vec).unwrap_or_default();
    let (a, b) = (rest(left), rest(right));
    let same = a.iter().zip(&b).take_while(|(a, b)| is_same(a, b)).count();
    if same == a.len() && same == b.len() {
        return None;
    }
    let show = |trace: &Trace, record: Option<&Record>| {
        record.map_or_else(|| "the run has ended".to_owned(), |r| Shown(trace, r).to_string())
    };
    let (l, r) = (a.get(same), b.get(same));
    Some(Difference {
        index: start + same as u64,
        left_text: show(left, l),
        right_text: show(right, r),
        left: l.cloned(),
        right: r.cloned(),
    })
}

/// Texts that are for people are no part of a run.
fn is_same(a: &Record, b: &Record) -> bool {
    let plain = |record: &Record| {
        let mut record = record.clone();
        match &mut record.what {
            Happening::Exited { detail, .. } => *detail = None,
            Happening::Supervised { text, .. } => text.clear(),
            _ => {}
        }
        record
    };
    a == b || plain(a) == plain(b)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "event {}:", self.index)?;
        writeln!(f, "  one   {}", self.left_text)?;
        write!(f, "  other {}", self.right_text)?;
        if self.left_text == self.right_text
            && let (Some(left), Some(right)) = (&self.left, &self.right)
        {
            write!(f, "\n  one   {:?}\n  other {:?}", left.what, right.what)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::{NodeId, Time};

    fn trace(dropped: u64, deadlines: &[u64]) -> Trace {
        let record = |n: &u64| Record {
            step: 1,
            time: Time::ZERO,
            node: NodeId(1),
            what: Happening::TimersDue { now: Time::from_nanos(*n) },
        };
        Trace { dropped, records: deadlines.iter().map(record).collect(), ..Trace::default() }
    }

    #[test]
    fn the_first_difference_is_found_and_length_counts() {
        let full = trace(0, &[1, 2, 3]);
        for (other, wanted) in [
            (trace(0, &[1, 2, 3]), None),
            (trace(1, &[2, 3]), None),
            (trace(0, &[1, 9, 3]), Some(1)),
            (trace(2, &[9]), Some(2)),
            (trace(0, &[1, 2]), Some(2)),
            (trace(0, &[1, 2, 3, 4]), Some(3)),
            (trace(0, &[]), Some(0)),
        ] {
            assert_eq!(first_difference(&full, &other).map(|d| d.index), wanted, "{other:?}");
            assert_eq!(first_difference(&other, &full).map(|d| d.index), wanted, "{other:?}");
        }
    }

    #[test]
    fn both_sides_are_shown() {
        let text = first_difference(&trace(0, &[1]), &trace(0, &[])).unwrap().to_string();
        assert_eq!(
            text,
            "event 0:\n  one   step 1 t 0.000s node 1: timers up to 0.000000001s fire\n  other the run has ended"
        );
    }
}
