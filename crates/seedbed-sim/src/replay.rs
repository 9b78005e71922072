//! Following a tape (rule K4).

use seedbed_core::{ChoiceKey, Instead, OrderKey, SignalName, Tape, TapeEntry, Until};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A tape that is being followed: by key, whatever the order of its entries.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    /// By key, in the order of the tape: a signal that an actor takes out of the middle of a line can
    /// be the plain one, stop being so, and be it again.
    orders: BTreeMap<OrderKey, VecDeque<(Instead, usize)>>,
    choices: BTreeMap<ChoiceKey, (u32, usize)>,
    met: Vec<bool>,
    strict: bool,
    /// Where the tape was left first, and why.
    left: Option<(u64, ReplayError)>,
    skipped: u32,
    released: u32,
}

/// What following a tape came to.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// Where the tape was left first, and why.
    pub(crate) left: Option<(u64, ReplayError)>,
    pub(crate) skipped: u32,
    pub(crate) released: u32,
    pub(crate) met: u32,
}

/// Why a strict replay could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// What the tape names is not possible here.
    #[error("take `{wanted}`: possible here: {possible}")]
    NotPossible {
        /// What the tape says.
        wanted: String,
        /// What could go, in plain order.
        possible: String,
    },
    /// The answer is not among the options.
    #[error("answer `{0}`: there are only {1} options")]
    NoSuchOption(String, u32),
    /// Everything that could go is held back, no time can pass, and what a hold waits for has not gone.
    #[error("hold on to `{0}`: nothing else can happen")]
    Stuck(String),
    /// The run ended and the entry's key was never met.
    #[error("meet `{0}`: the run ended before it")]
    NeverMet(String),
    /// The tape has two entries with one key.
    #[error("follow a tape with two entries for `{0}`")]
    Twice(String),
}

impl Replay {
    pub(crate) fn new(tape: &Tape, strict: bool) -> Result<Replay, ReplayError> {
        let mut replay = Replay {
            orders: BTreeMap::new(),
            choices: BTreeMap::new(),
            met: vec![false; tape.entries.len()],
            strict,
            left: None,
            skipped: 0,
            released: 0,
        };
        let mut holds: BTreeSet<(SignalName, Until)> = BTreeSet::new();
        for (index, entry) in tape.entries.iter().enumerate() {
            let twice = match entry {
                TapeEntry::Order { key, instead } => {
                    let entries = replay.orders.entry(*key).or_default();
                    // Only what goes instead of it goes once.
                    let twice = *instead != Instead::Clock && entries.iter().any(|(i, _)| i == instead);
                    entries.push_back((*instead, index));
                    twice
                }
                TapeEntry::Choice { key, answer } => replay.choices.insert(*key, (*answer, index)).is_some(),
                TapeEntry::Hold { what, until } => !holds.insert((*what, *until)),
            };
            if twice {
                return Err(ReplayError::Twice(tape.describe(entry)));
            }
        }
        Ok(replay)
    }

    pub(crate) fn order(&mut self, key: &OrderKey) -> Option<Instead> {
        let (instead, index) = self.orders.get_mut(key)?.pop_front()?;
        self.met[index] = true;
        Some(instead)
    }

    /// A hold took effect: what it holds could go and may not. True if it is the first time.
    pub(crate) fn held(&mut self, entry: usize) -> bool {
        !std::mem::replace(&mut self.met[entry], true)
    }

    pub(crate) fn stuck(&mut self, step: u64, hold: String) {
        self.released += 1;
        self.fail(step, || ReplayError::Stuck(hold));
    }

    pub(crate) fn choice(&mut self, key: &ChoiceKey, n: u32, step: u64, tape: &Tape) -> u32 {
        let Some((answer, index)) = self.choices.get(key).copied() else { return 0 };
        self.met[index] = true;
        if answer < n {
            return answer;
        }
        self.fail(step, || ReplayError::NoSuchOption(tape.describe(&tape.entries[index]), n));
        0
    }

    pub(crate) fn not_possible(&mut self, step: u64, wanted: String, possible: String) {
        self.fail(step, || ReplayError::NotPossible { wanted, possible });
    }

    fn fail(&mut self, step: u64, error: impl FnOnce() -> ReplayError) {
        self.skipped += 1;
        if self.left.is_none() {
            self.left = Some((step, error()));
        }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    pub(crate) fn failed(&self) -> bool {
        self.strict && self.left.is_some()
    }

    /// What it came to. In a run that was not `complete`, an entry that was not met yet is no error.
    pub(crate) fn finish(mut self, step: u64, tape: &Tape, complete: bool) -> Finished {
        let unmet: Vec<usize> = (0..self.met.len()).filter(|i| !self.met[*i]).collect();
        let met = self.met.len() as u32 - unmet.len() as u32;
        for index in unmet.iter().filter(|_| complete) {
            self.fail(step, || ReplayError::NeverMet(tape.describe(&tape.entries[*index])));
        }
        Finished { left: self.left, skipped: self.skipped, released: self.released, met }
    }
}
