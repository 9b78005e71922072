//! Tapes: the answers of a run that were not plain, by stable names (rules K2–K4).

use crate::path::{Life, PathId, SignalName};
use crate::reactor::ChoiceKind;
use crate::starve::Starved;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
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

/// How long a delivery is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Until {
    /// Until this signal has gone: it was delivered, or could have been and cannot any more.
    Signal(SignalName),
    /// Until the clock has passed so often to the next deadline while it waited; at least once.
    Clock(u32),
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
///
/// An order is said in one of two ways. A run that is recorded says at each step what ran instead
/// ([`Order`](TapeEntry::Order)): that costs nothing, but what comes later hangs on what came before. A tape that
/// was shrunk says what is held back until when ([`Hold`](TapeEntry::Hold)): each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// A delivery was held back: plain order ran among the others meanwhile.
    Hold {
        /// What.
        what: SignalName,
        /// How long.
        until: Until,
    },
}

impl TapeEntry {
    /// True for answers that inject a fault; the rest are orders and delays.
    pub fn is_fault(&self) -> bool {
        use ChoiceKind::{Delay, EffectDelay, LeftOut, Restart, TimerLate};
        let TapeEntry::Choice { key, .. } = self else { return false };
        !matches!(key.kind, Delay | EffectDelay | Restart | TimerLate | LeftOut)
    }

    /// True for answers that only make a run smaller: nothing goes wrong because of them.
    pub fn is_left_out(&self) -> bool {
        matches!(self, TapeEntry::Choice { key, .. } if key.kind == ChoiceKind::LeftOut)
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

    /// The paths that the entries name.
    pub fn named(entries: &[TapeEntry]) -> BTreeSet<PathId> {
        let mut paths = BTreeSet::new();
        for entry in entries {
            match entry {
                TapeEntry::Order { key, instead: Instead::Signal(name) } => {
                    paths.extend([key.plain.path, name.path]);
                }
                TapeEntry::Order { key, instead: Instead::Clock } => paths.extend([key.plain.path]),
                TapeEntry::Choice { key, .. } => paths.extend([key.path]),
                TapeEntry::Hold { what, until: Until::Signal(name) } => paths.extend([what.path, name.path]),
                TapeEntry::Hold { what, until: Until::Clock(_) } => paths.extend([what.path]),
            }
        }
        paths
    }

    /// How many entries say what goes otherwise than in the plain run, of all that is not left out.
    pub fn choices(&self) -> usize {
        self.entries.iter().filter(|e| !e.is_left_out()).count()
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
            TapeEntry::Hold { what, until: Until::Signal(until) } => {
                format!("{} waits for {}", name(what), name(until))
            }
            TapeEntry::Hold { what, until: Until::Clock(1) } => format!("{} waits for the clock", name(what)),
            TapeEntry::Hold { what, until: Until::Clock(times) } => {
                format!("{} waits for the clock, {times} times", name(what))
            }
            TapeEntry::Choice { key, answer } => {
                let whose = format!("{} {}:{}", key.kind, self.path(key.path), key.life.0);
                match Starved::of(key, *answer) {
                    Some(starved) => format!("{whose} {starved}"),
                    None if key.kind == ChoiceKind::LeftOut => {
                        let last = key.ordinal + u64::from(*answer) - 1;
                        format!("{whose} #{} to #{last}", key.ordinal)
                    }
                    None => format!("{whose} #{} = {answer}", key.ordinal),
                }
            }
        }
    }
}

impl ChoiceKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
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
            ChoiceKind::FuelCut => "fuel cut",
            ChoiceKind::GrowRefused => "refused growth",
            ChoiceKind::CallRefused => "refused call",
            ChoiceKind::TimerLate => "late timer",
            ChoiceKind::Torn => "torn write",
            ChoiceKind::LeftOut => "left out",
            ChoiceKind::Slow => "slow node",
        }
    }
}

impl fmt::Display for ChoiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
