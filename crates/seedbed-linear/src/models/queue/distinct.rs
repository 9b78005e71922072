//! Queues into which no value is put twice.
//!
//! Such a history is linearizable unless one of four mistakes is in it (Henzinger, Sezgin and Vafeiadis,
//! *Aspect-Oriented Linearizability Proofs*, CONCUR 2013; Emmi and Enea, POPL 2018):
//!
//! - a value is taken before anyone began to put it in;
//! - a value is taken twice;
//! - of two values, the one that was certainly put in later was certainly taken earlier;
//! - a take found nothing though at each of its moments some value was certainly there.
//!
//! A take of unknown outcome may have had any value that nobody is known to have taken. The earlier it
//! began, the more it can explain, and until when a value has to be gone, a *deadline*, is known. So the
//! lost takes suffice if up to each moment as many began as there are deadlines (Hall). The latest moment
//! at which a take found nothing is a deadline of all that were put in before, so that for each such take
//! the moment can be looked for by itself.

use super::calls::{Calls, NEVER, Span};
use std::collections::BTreeMap;

/// A value that somebody is known to have taken.
struct Passed {
    put: Span,
    take: Span,
}

/// A value that nobody is known to have taken.
struct Left {
    /// When it was certainly there.
    since: u64,
    /// By when it must be gone, since one that came later was taken then.
    deadline: u64,
}

/// `None` if a value is put in twice.
pub(super) fn is_right(calls: &Calls) -> Option<bool> {
    let mut puts: BTreeMap<i64, Span> = BTreeMap::new();
    for put in calls.puts.iter().chain(&calls.lost_puts) {
        if puts.insert(put.value, put.span).is_some() {
            return None;
        }
    }
    let mut passed: Vec<Passed> = Vec::new();
    for take in &calls.takes {
        let Some(value) = take.value else { continue };
        match puts.remove(&value) {
            Some(put) if put.begin < take.span.end => passed.push(Passed { put, take: take.span }),
            _ => return Some(false),
        }
    }
    // Lost puts of values that nobody took are not among the calls.
    let left = deadlines(&passed, puts.into_values());
    Some(
        is_in_order(&passed) && suffice(&left, &calls.lost_takes) && nothing_was_there(calls, &passed, &left),
    )
}

/// No value was put in after another and taken before it.
fn is_in_order(passed: &[Passed]) -> bool {
    let mut by_begin: Vec<&Passed> = passed.iter().collect();
    by_begin.sort_by_key(|value| value.put.begin);
    let mut by_end: Vec<&Passed> = passed.iter().collect();
    by_end.sort_by_key(|value| value.put.end);
    let mut earlier = by_end.into_iter().peekable();
    let mut last_taken = 0;
    by_begin.iter().all(|later| {
        while let Some(value) = earlier.next_if(|value| value.put.end < later.put.begin) {
            last_taken = last_taken.max(value.take.begin);
        }
        later.take.end >= last_taken
    })
}

/// The values that are left, by their deadlines.
fn deadlines(passed: &[Passed], left: impl Iterator<Item = Span>) -> Vec<Left> {
    let mut later: Vec<(u64, u64)> = passed.iter().map(|value| (value.put.begin, value.take.end)).collect();
    later.sort_unstable();
    let mut first = NEVER;
    for (_, taken) in later.iter_mut().rev() {
        first = first.min(*taken);
        *taken = first;
    }
    let mut left: Vec<Left> = left
        .map(|put| {
            let next = later.partition_point(|(begin, _)| *begin < put.end);
            Left { since: put.end, deadline: later.get(next).map_or(NEVER, |(_, taken)| *taken) }
        })
        .collect();
    left.sort_by_key(|value| value.deadline);
    left
}

/// Up to each deadline, enough takes began.
fn suffice(left: &[Left], lost_takes: &[u64]) -> bool {
    suffice_at(0, left, lost_takes)
}

/// The same, if all that was there at a moment had to be gone then.
fn suffice_at(moment: u64, left: &[Left], lost_takes: &[u64]) -> bool {
    let begun = |at: u64| lost_takes.partition_point(|begin| *begin < at);
    let mut gone = left.iter().filter(|value| value.since < moment).count();
    let later = left.iter().filter(|value| value.since >= moment && value.deadline < NEVER);
    gone <= begun(moment)
        && later.into_iter().all(|value| {
            gone += 1;
            gone <= begun(value.deadline)
        })
}

/// Each take that found nothing has a moment at which nothing need have been there.
///
/// Moments are those right after the begin or end of some call.
fn nothing_was_there(calls: &Calls, passed: &[Passed], left: &[Left]) -> bool {
    let found_nothing: Vec<Span> =
        calls.takes.iter().filter(|take| take.value.is_none()).map(|take| take.span).collect();
    if found_nothing.is_empty() {
        return true;
    }
    let there = passed.iter().filter(|value| value.put.end < value.take.begin);
    let mut changes: Vec<(u64, i64)> =
        there.flat_map(|value| [(value.put.end, 1), (value.take.begin, -1)]).collect();
    changes.extend(
        calls.lost_takes.iter().chain(found_nothing.iter().map(|take| &take.begin)).map(|at| (*at, 0)),
    );
    changes.sort_unstable();
    let mut count = 0;
    // Moments at which no value was there that somebody is known to have taken.
    let bare: Vec<u64> = changes
        .iter()
        .filter_map(|(at, change)| {
            count += change;
            (count == 0).then_some(*at)
        })
        .collect();
    let mut possible: BTreeMap<u64, bool> = BTreeMap::new();
    found_nothing.iter().all(|take| {
        let from = bare.partition_point(|at| *at < take.begin);
        let within = bare[from..].iter().take_while(|at| **at < take.end);
        within.into_iter().any(|at| {
            *possible
                .entry(*at)
                .or_insert_with(|| left.is_empty() || suffice_at(at + 1, left, &calls.lost_takes))
        })
    })
}
