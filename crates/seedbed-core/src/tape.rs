//! Tapes: the answers of a run that were not plain, by stable names (rules K2–K4).

use crate::path::{Life, PathId, SignalName};
use crate::reactor::ChoiceKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A point at which a delivery was chosen: the delivery that plain order would have run, and how
/// often it had been passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey {
    /// What plain order would have run.
    pub plain: SignalName,
    /// How often it was passed over before.
    pub passed: u32,
}

/// What ran instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Instead {
    /// Another delivery.
    Signal(SignalName),
    /// Nothing: the clock passed to the next deadline.
    Clock,
}

/// Any other choice point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChoiceKey {
    /// What was decided.
    pub kind: ChoiceKind,
    /// Where, within the kind.
    pub site: u64,
    /// Whose.
    pub path: PathId,
    /// In which life.
    pub life: Life,
    /// Which one there.
    pub ordinal: u64,
}

/// One answer that was not plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TapeEntry {
    /// A delivery other than the plain one ran.
    Order {
        /// Where.
        key: OrderKey,
        /// What ran.
        instead: Instead,
    },
    /// A choice point was answered with something other than 0.
    Choice {
        /// Where.
        key: ChoiceKey,
        /// The answer.
        answer: u32,
    },
}

impl TapeEntry {
    /// True for answers that inject a fault; the rest are orders and delays.
    pub fn is_fault(&self) -> bool {
        use ChoiceKind::{Delay, EffectDelay, Restart};
        let TapeEntry::Choice { key, .. } = self else { return false };
        !matches!(key.kind, Delay | EffectDelay | Restart)
    }
}

/// The answers of a run that were not plain, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tape {
    /// The answers.
    pub entries: Vec<TapeEntry>,
    /// Texts of the paths that the entries name.
    pub paths: BTreeMap<PathId, String>,
}

impl Tape {
    /// The same without one entry.
    #[must_use]
    pub fn without(&self, index: usize) -> Tape {
        let mut tape = self.clone();
        tape.entries.remove(index);
        tape
    }

    /// With other entries, the same path texts.
    #[must_use]
    pub fn with_entries(&self, entries: Vec<TapeEntry>) -> Tape {
        Tape { entries, paths: self.paths.clone() }
    }

    /// How many entries inject faults.
    pub fn faults(&self) -> usize {
        self.entries.iter().filter(|e| e.is_fault()).count()
    }

    /// The text of a path that an entry names.
    pub fn path(&self, path: PathId) -> &str {
        self.paths.get(&path).map_or("?", String::as_str)
    }

    /// One entry, as people read it.
    pub fn describe(&self, entry: &TapeEntry) -> String {
        let name = |n: &SignalName| n.display(self.path(n.path)).to_string();
        match entry {
            TapeEntry::Order { key, instead: Instead::Signal(ran) } => {
                format!("{} ran before {}", name(ran), name(&key.plain))
            }
            TapeEntry::Order { key, instead: Instead::Clock } => {
                format!("the clock ran on before {}", name(&key.plain))
            }
            TapeEntry::Choice { key, answer } => {
                format!("{} {}:{} #{} = {answer}", key.kind, self.path(key.path), key.life.0, key.ordinal)
            }
        }
    }
}

impl fmt::Display for ChoiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChoiceKind::Drop => "drop",
            ChoiceKind::Duplicate => "duplicate",
            ChoiceKind::Delay => "delay",
            ChoiceKind::Kill => "kill",
            ChoiceKind::Crash => "crash",
            ChoiceKind::Restart => "restart delay",
            ChoiceKind::Buggify => "buggify",
            ChoiceKind::EffectDelay => "effect delay",
            ChoiceKind::Unsynced => "unsynced write",
            ChoiceKind::Pause => "pause",
            ChoiceKind::Partition => "partition",
            ChoiceKind::ClockJump => "clock jump",
            ChoiceKind::EffectFailed => "failed effect",
            ChoiceKind::Clog => "clog",
        })
    }
}
