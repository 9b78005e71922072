//! Calls as bars over time: what overlaps, and what does not.

use crate::Operation;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};

/// Columns between two moments.
const STEP: usize = 3;

/// A line a call, in the order in which they began. Moments at which nothing of this begins or ends
/// take no room.
pub(crate) fn chart<C: Display, A: Display>(operations: &[Operation<C, A>]) -> String {
    let moments =
        operations.iter().flat_map(|o| [Some(o.begin), o.end.as_ref().map(|(at, _)| *at)]).flatten();
    let mut ranks: BTreeMap<u64, usize> = moments.map(|at| (at, 0)).collect();
    ranks.values_mut().enumerate().for_each(|(n, rank)| *rank = n * STEP);
    let width = ranks.len() * STEP;
    let name = operations.iter().map(|o| o.client.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for Operation { client, call, begin, end } in operations {
        let begin = ranks[begin];
        let (bar, answer) = match end {
            Some((at, answer)) => (format!("├{}┤", "─".repeat(ranks[at] - begin - 1)), answer.to_string()),
            None => (format!("├{}…", "─".repeat(width.saturating_sub(begin + 2))), "?".to_owned()),
        };
        let line = format!("{}{bar}", " ".repeat(begin));
        let _ = writeln!(out, "  {client:name$}  {line:width$}  {call} → {answer}");
    }
    out
}
