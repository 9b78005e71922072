//! At most one holder.

use super::{Answer, Malformed, says, words};
use crate::Model;
use std::fmt;
use std::str::FromStr;

/// A lock that at most one holds; at first nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock;

/// What can be asked of a [`Lock`], each by a holder's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockCall {
    /// Takes it if it is free; answers 1 if it was, else 0.
    Acquire(i64),
    /// Gives it back; answers 1 if this one held it, else 0.
    Release(i64),
}

impl Model for Lock {
    type Call = LockCall;
    type Answer = Answer;
    type State = Option<i64>;

    fn start(&self) -> Option<i64> {
        None
    }

    fn has_few_states(&self) -> bool {
        true
    }

    fn step(&self, holder: &Option<i64>, call: &LockCall, answer: Option<&Answer>) -> Option<Option<i64>> {
        let (works, then) = match *call {
            LockCall::Acquire(who) => (holder.is_none(), Some(who)),
            LockCall::Release(who) => (*holder == Some(who), None),
        };
        says(answer, Some(i64::from(works))).then_some(if works { then } else { *holder })
    }
}

impl fmt::Display for LockCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockCall::Acquire(who) => write!(f, "acquire {who}"),
            LockCall::Release(who) => write!(f, "release {who}"),
        }
    }
}

impl FromStr for LockCall {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<LockCall, Malformed> {
        match words(text)? {
            ("acquire", n) if n.len() == 1 => Ok(LockCall::Acquire(n[0])),
            ("release", n) if n.len() == 1 => Ok(LockCall::Release(n[0])),
            _ => Err(Malformed(text.to_owned())),
        }
    }
}
