//! One value: read, write, compare and set.

use super::{Answer, Malformed, done, says, words};
use crate::Model;
use std::fmt;
use std::str::FromStr;

/// One value, at first this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Register(pub i64);

/// What can be asked of a [`Register`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterCall {
    /// Answers the value.
    Read,
    /// Sets it; answers 0.
    Write(i64),
    /// Sets it to the second if it is the first; answers 1 if it was, else 0.
    CompareAndSet(i64, i64),
}

impl Model for Register {
    type Call = RegisterCall;
    type Answer = Answer;
    type State = i64;

    fn start(&self) -> i64 {
        self.0
    }

    fn has_few_states(&self) -> bool {
        true
    }

    fn step(&self, value: &i64, call: &RegisterCall, answer: Option<&Answer>) -> Option<i64> {
        match *call {
            RegisterCall::Read => says(answer, Some(*value)).then_some(*value),
            RegisterCall::Write(new) => done(answer).then_some(new),
            RegisterCall::CompareAndSet(old, new) => {
                let was = *value == old;
                says(answer, Some(i64::from(was))).then_some(if was { new } else { *value })
            }
        }
    }
}

impl fmt::Display for RegisterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegisterCall::Read => f.write_str("read"),
            RegisterCall::Write(value) => write!(f, "write {value}"),
            RegisterCall::CompareAndSet(old, new) => write!(f, "cas {old} {new}"),
        }
    }
}

impl FromStr for RegisterCall {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<RegisterCall, Malformed> {
        match words(text)? {
            ("read", n) if n.is_empty() => Ok(RegisterCall::Read),
            ("write", n) if n.len() == 1 => Ok(RegisterCall::Write(n[0])),
            ("cas", n) if n.len() == 2 => Ok(RegisterCall::CompareAndSet(n[0], n[1])),
            _ => Err(Malformed(text.to_owned())),
        }
    }
}
