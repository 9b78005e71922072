//! Values by key. Each key is looked at apart.

use super::{Answer, Malformed, done, says, words};
use crate::Model;
use std::fmt;
use std::str::FromStr;

/// Values by key, at first none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Map;

/// What can be asked of a [`Map`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapCall {
    /// Answers the value of a key, or none.
    Get(i64),
    /// Sets the value of a key; answers 0.
    Put(i64, i64),
    /// Takes a key out; answers 0.
    Delete(i64),
    /// Sets the value of a key to the last if it is the second; answers 1 if it was, else 0.
    CompareAndSet(i64, i64, i64),
}

impl Model for Map {
    type Call = MapCall;
    type Answer = Answer;
    type State = Option<i64>;

    fn start(&self) -> Option<i64> {
        None
    }

    fn has_few_states(&self) -> bool {
        true
    }

    fn step(&self, value: &Option<i64>, call: &MapCall, answer: Option<&Answer>) -> Option<Option<i64>> {
        match *call {
            MapCall::Get(_) => says(answer, *value).then_some(*value),
            MapCall::Put(_, new) => done(answer).then_some(Some(new)),
            MapCall::Delete(_) => done(answer).then_some(None),
            MapCall::CompareAndSet(_, old, new) => {
                let was = *value == Some(old);
                says(answer, Some(i64::from(was))).then_some(if was { Some(new) } else { *value })
            }
        }
    }

    fn key(&self, call: &MapCall) -> i64 {
        match *call {
            MapCall::Get(key)
            | MapCall::Put(key, _)
            | MapCall::Delete(key)
            | MapCall::CompareAndSet(key, ..) => key,
        }
    }
}

impl fmt::Display for MapCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapCall::Get(key) => write!(f, "get {key}"),
            MapCall::Put(key, value) => write!(f, "put {key} {value}"),
            MapCall::Delete(key) => write!(f, "delete {key}"),
            MapCall::CompareAndSet(key, old, new) => write!(f, "cas {key} {old} {new}"),
        }
    }
}

impl FromStr for MapCall {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<MapCall, Malformed> {
        match words(text)? {
            ("get", n) if n.len() == 1 => Ok(MapCall::Get(n[0])),
            ("put", n) if n.len() == 2 => Ok(MapCall::Put(n[0], n[1])),
            ("delete", n) if n.len() == 1 => Ok(MapCall::Delete(n[0])),
            ("cas", n) if n.len() == 3 => Ok(MapCall::CompareAndSet(n[0], n[1], n[2])),
            _ => Err(Malformed(text.to_owned())),
        }
    }
}
