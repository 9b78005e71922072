//! First in, first out.
//!
//! - `calls.rs`: the calls of a history, put in order.
//! - `distinct.rs`: decides where no value is put in twice.
//! - `takes.rs`: decides otherwise.

mod calls;
mod distinct;
mod takes;

use super::{Answer, Malformed, done, says, words};
use crate::{Budget, Model, Operation, Verdict};
use calls::Calls;
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

/// First in, first out; at first empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue;

/// What can be asked of a [`Queue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueCall {
    /// Puts a value at the end; answers 0.
    Enqueue(i64),
    /// Takes the first out and answers it, or none.
    Dequeue,
}

impl Model for Queue {
    type Call = QueueCall;
    type Answer = Answer;
    type State = VecDeque<i64>;

    fn start(&self) -> VecDeque<i64> {
        VecDeque::new()
    }

    fn step(
        &self,
        queue: &VecDeque<i64>,
        call: &QueueCall,
        answer: Option<&Answer>,
    ) -> Option<VecDeque<i64>> {
        let right = match call {
            QueueCall::Enqueue(_) => done(answer),
            QueueCall::Dequeue => says(answer, queue.front().copied()),
        };
        right.then(|| {
            let mut queue = queue.clone();
            match call {
                QueueCall::Enqueue(value) => queue.push_back(*value),
                QueueCall::Dequeue => drop(queue.pop_front()),
            }
            queue
        })
    }

    fn decide(&self, operations: &[Operation<QueueCall, Answer>], budget: &mut Budget) -> Option<Verdict> {
        let calls = match Calls::of(operations) {
            Some(calls) => calls,
            None => return Some(Verdict::None),
        };
        Some(match distinct::is_right(&calls) {
            Some(true) => Verdict::Order,
            Some(false) => Verdict::None,
            None => takes::decide(&calls, budget),
        })
    }
}

impl fmt::Display for QueueCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueueCall::Enqueue(value) => write!(f, "enqueue {value}"),
            QueueCall::Dequeue => f.write_str("dequeue"),
        }
    }
}

impl FromStr for QueueCall {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<QueueCall, Malformed> {
        match words(text)? {
            ("enqueue", n) if n.len() == 1 => Ok(QueueCall::Enqueue(n[0])),
            ("dequeue", n) if n.is_empty() => Ok(QueueCall::Dequeue),
            _ => Err(Malformed(text.to_owned())),
        }
    }
}
