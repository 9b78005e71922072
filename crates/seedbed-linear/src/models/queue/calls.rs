//! The calls of a history of a queue, put in order.

use super::QueueCall;
use crate::Operation;
use crate::models::Answer;
use std::collections::BTreeMap;

/// When a call began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) begin: u64,
    /// [`NEVER`] if nobody knows.
    pub(super) end: u64,
}

/// After everything.
pub(super) const NEVER: u64 = u64::MAX;

/// A value that was put in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Put {
    pub(super) value: i64,
    pub(super) span: Span,
}

/// A call that took out what it says, or found nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Take {
    pub(super) value: Option<i64>,
    pub(super) span: Span,
}

/// All calls, in the order of their begins.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Those that have ended.
    pub(super) puts: Vec<Put>,
    /// Those of unknown outcome.
    pub(super) lost_puts: Vec<Put>,
    /// Those that have ended.
    pub(super) takes: Vec<Take>,
    /// Begins of those of unknown outcome: each may have taken any value that was there, or nothing.
    pub(super) lost_takes: Vec<u64>,
}

impl Calls {
    /// `None` if an answer is none that a queue gives.
    ///
    /// A lost put whose value nobody is known to have taken is left out: if it happened, a queue without
    /// it, and without the lost take that may have had it, answers the same.
    pub(super) fn of(operations: &[Operation<QueueCall, Answer>]) -> Option<Calls> {
        let mut calls = Calls::default();
        for operation in operations {
            let end = operation.end.as_ref();
            let span = Span { begin: operation.begin, end: end.map_or(NEVER, |(at, _)| *at) };
            match (&operation.call, end) {
                (QueueCall::Enqueue(value), Some((_, Answer(Some(0))))) => {
                    calls.puts.push(Put { value: *value, span });
                }
                (QueueCall::Enqueue(_), Some(_)) => return None,
                (QueueCall::Enqueue(value), None) => calls.lost_puts.push(Put { value: *value, span }),
                (QueueCall::Dequeue, Some((_, answer))) => calls.takes.push(Take { value: answer.0, span }),
                (QueueCall::Dequeue, None) => calls.lost_takes.push(span.begin),
            }
        }
        let taken: BTreeMap<i64, ()> = calls.takes.iter().filter_map(|t| Some((t.value?, ()))).collect();
        calls.lost_puts.retain(|put| taken.contains_key(&put.value));
        calls.puts.sort_by_key(|put| put.span);
        calls.lost_puts.sort_by_key(|put| put.span);
        calls.takes.sort_by_key(|take| take.span);
        calls.lost_takes.sort_unstable();
        Some(calls)
    }
}
