//! A number that is added to.

use super::{Answer, Malformed, says, words};
use crate::Model;
use std::fmt;
use std::str::FromStr;

/// A number that is added to, at first this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter(pub i64);

/// What can be asked of a [`Counter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterCall {
    /// Adds, and answers the sum.
    Add(i64),
    /// Answers the sum.
    Get,
}

impl Model for Counter {
    type Call = CounterCall;
    type Answer = Answer;
    type State = i64;

    fn start(&self) -> i64 {
        self.0
    }

    fn step(&self, sum: &i64, call: &CounterCall, answer: Option<&Answer>) -> Option<i64> {
        let then = match *call {
            CounterCall::Add(n) => sum.wrapping_add(n),
            CounterCall::Get => *sum,
        };
        says(answer, Some(then)).then_some(then)
    }
}

impl fmt::Display for CounterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CounterCall::Add(n) => write!(f, "add {n}"),
            CounterCall::Get => f.write_str("get"),
        }
    }
}

impl FromStr for CounterCall {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<CounterCall, Malformed> {
        match words(text)? {
            ("add", n) if n.len() == 1 => Ok(CounterCall::Add(n[0])),
            ("get", n) if n.is_empty() => Ok(CounterCall::Get),
            _ => Err(Malformed(text.to_owned())),
        }
    }
}
