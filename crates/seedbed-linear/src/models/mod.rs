//! Ready-made models. Values are integers, as facts are; a call and its answer can be written down and
//! read again: `write 3`, `cas 1 2`, `put 7 3`.

mod counter;
mod lock;
mod map;
mod queue;
mod register;

pub use counter::{Counter, CounterCall};
pub use lock::{Lock, LockCall};
pub use map::{Map, MapCall};
pub use queue::{Queue, QueueCall};
pub use register::{Register, RegisterCall};

use crate::{History, NotLinearizable};
use std::fmt;
use std::str::FromStr;

/// An answer: a number, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer(pub Option<i64>);

impl From<i64> for Answer {
    fn from(n: i64) -> Answer {
        Answer(Some(n))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(n) => write!(f, "{n}"),
            None => f.write_str("none"),
        }
    }
}

impl FromStr for Answer {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Answer, Malformed> {
        match text.trim() {
            "none" => Ok(Answer(None)),
            n => n.parse().map(|n| Answer(Some(n))).map_err(|_| Malformed(text.to_owned())),
        }
    }
}

/// A call or answer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no call or answer of this model", self.0)
    }
}

impl std::error::Error for Malformed {}

/// The word of a call and its numbers.
fn words(text: &str) -> Result<(&str, Vec<i64>), Malformed> {
    let mut words = text.split_whitespace();
    let word = words.next().unwrap_or_default();
    let numbers =
        words.map(|n| n.parse().map_err(|_| Malformed(text.to_owned()))).collect::<Result<_, _>>()?;
    Ok((word, numbers))
}

/// A ready-made model, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Register`].
    Register,
    /// [`Map`].
    Map,
    /// [`Queue`].
    Queue,
    /// [`Lock`].
    Lock,
    /// [`Counter`].
    Counter,
}

impl Kind {
    /// The names of all.
    pub const NAMES: [&str; 5] = ["register", "map", "queue", "lock", "counter"];

    /// The model of this name.
    pub fn named(name: &str) -> Option<Kind> {
        let all = [Kind::Register, Kind::Map, Kind::Queue, Kind::Lock, Kind::Counter];
        Kind::NAMES.iter().position(|known| *known == name).map(|n| all[n])
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Kind::NAMES[self as usize]
    }
}

/// A history of calls that were written down, for a model that is known by name.
#[derive(Clone, Debug)]
pub enum Written {
    /// Of a register.
    Register(History<RegisterCall, Answer>),
    /// Of a map.
    Map(History<MapCall, Answer>),
    /// Of a queue.
    Queue(History<QueueCall, Answer>),
    /// Of a lock.
    Lock(History<LockCall, Answer>),
    /// Of a counter.
    Counter(History<CounterCall, Answer>),
}

macro_rules! each {
    ($written:expr, $history:ident => $do:expr) => {
        match $written {
            Written::Register($history) => $do,
            Written::Map($history) => $do,
            Written::Queue($history) => $do,
            Written::Lock($history) => $do,
            Written::Counter($history) => $do,
        }
    };
}

impl Written {
    /// One without calls.
    pub fn new(kind: Kind) -> Written {
        match kind {
            Kind::Register => Written::Register(History::new()),
            Kind::Map => Written::Map(History::new()),
            Kind::Queue => Written::Queue(History::new()),
            Kind::Lock => Written::Lock(History::new()),
            Kind::Counter => Written::Counter(History::new()),
        }
    }

    /// A client calls, now.
    ///
    /// # Errors
    /// If the call cannot be read.
    pub fn call(&mut self, client: &str, call: &str) -> Result<crate::CallId, Malformed> {
        each!(self, history => Ok(history.call(client, call.parse()?)))
    }

    /// A call ends, now.
    ///
    /// # Errors
    /// If the answer cannot be read.
    pub fn end(&mut self, id: crate::CallId, answer: &str) -> Result<(), Malformed> {
        let answer = answer.parse()?;
        each!(self, history => history.end(id, answer));
        Ok(())
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        each!(self, history => history.len())
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// See [`History::check`], with a model that starts as its default does.
    ///
    /// # Errors
    /// If there is no order.
    pub fn check(&self) -> Result<(), NotLinearizable> {
        match self {
            Written::Register(history) => history.check(&Register::default()),
            Written::Map(history) => history.check(&Map),
            Written::Queue(history) => history.check(&Queue),
            Written::Lock(history) => history.check(&Lock),
            Written::Counter(history) => history.check(&Counter::default()),
        }
    }
}

/// A call that has no answer of its own is answered 0.
fn done(answer: Option<&Answer>) -> bool {
    answer.is_none_or(|answer| *answer == Answer(Some(0)))
}

/// A call whose answer the state gives.
fn says(answer: Option<&Answer>, right: Option<i64>) -> bool {
    answer.is_none_or(|answer| answer.0 == right)
}

/// Histories take answers as they are, or as numbers.
impl<C> History<C, Answer> {
    /// A call ends, now, with this number.
    pub fn end_with(&mut self, id: crate::CallId, answer: impl Into<Answer>) {
        self.end(id, answer.into());
    }
}
