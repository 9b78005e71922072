//! Properties: what must hold, and when it is looked at (spec `simulation.md` §4).

use crate::sim::Sim;
use crate::world::World;
use seedbed_core::Time;
use std::fmt;
use std::time::Duration;

/// When a property is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After every turn that changed a fact.
    Always,
    /// After every turn that changed a fact, it must not hold.
    Never,
    /// Whenever it does not hold, it must hold again within this time, and at the end.
    Again(Duration),
    /// Whenever the world is at rest.
    Idle,
    /// After faults stopped and the world came to rest.
    End,
    /// It must come to hold within this time after faults stopped.
    Eventually(Duration),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Always => f.write_str("always"),
            When::Never => f.write_str("never"),
            When::Again(within) => write!(f, "again within {within:?}"),
            When::Idle => f.write_str("when idle"),
            When::End => f.write_str("at the end"),
            When::Eventually(within) => write!(f, "eventually within {within:?}"),
        }
    }
}

/// What a property says of a world.
pub trait Verdict {
    /// `None` if it holds, else what is wrong.
    fn broken(self) -> Option<String>;
}

impl Verdict for bool {
    fn broken(self) -> Option<String> {
        (!self).then(|| "it does not hold".to_owned())
    }
}

impl<E: fmt::Display> Verdict for Result<(), E> {
    fn broken(self) -> Option<String> {
        self.err().map(|e| format!("{e:#}"))
    }
}

type Check = Box<dyn FnMut(&World) -> Option<String>>;

/// What must hold of a world, and when it is looked at.
pub struct Property {
    pub(crate) name: String,
    pub(crate) when: When,
    check: Check,
    reads: Reads,
    sometimes: bool,
    /// For `Eventually`: it held.
    pub(crate) met: bool,
    /// For `Again`: since when it has not held.
    hot: Option<Time>,
}

impl Property {
    /// A property that reads facts.
    pub fn new<V: Verdict>(name: &str, when: When, mut check: impl FnMut(&World) -> V + 'static) -> Property {
        let check = Box::new(move |w: &World| check(w).broken());
        Property {
            name: name.to_owned(),
            when,
            check,
            reads: Reads::FACTS,
            sometimes: false,
            met: false,
            hot: None,
        }
    }

    /// The same, but it reads this: what `always` looks again for.
    #[must_use]
    pub fn reads(mut self, reads: Reads) -> Property {
        self.reads = reads;
        self
    }

    /// The same, but it must hold at some look of some run of a hunt, instead of at each.
    #[must_use]
    pub fn sometimes(mut self) -> Property {
        self.sometimes = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it knows of the looks so far.
    pub(crate) fn kept(&self) -> (bool, Option<Time>) {
        let Property { name: _, when: _, check: _, reads: _, sometimes: _, met, hot } = self;
        (*met, *hot)
    }

    pub(crate) fn put_back(&mut self, (met, hot): (bool, Option<Time>)) {
        (self.met, self.hot) = (met, hot);
    }

    pub(crate) fn is_sometimes(&self) -> bool {
        self.sometimes
    }

    /// What has to change in a turn for this to be looked at after it.
    pub(crate) fn looks_for(&self) -> Reads {
        match self.when {
            When::Always | When::Never => self.reads,
            // While it is hot, time counts.
            When::Again(_) => self.reads.with(Reads::STEPS, self.hot.is_some()),
            When::Idle | When::End | When::Eventually(_) => Reads::default(),
        }
    }

    /// True if it must still come to hold.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.when, When::Eventually(_)) && !self.met
    }

    pub(crate) fn broken(&mut self, world: &World) -> Option<String> {
        let wrong = (self.check)(world);
        match self.when {
            When::Never => wrong.is_none().then(|| "it holds".to_owned()),
            When::Again(within) => {
                let Some(wrong) = wrong else {
                    self.hot = None;
                    return None;
                };
                let since = *self.hot.get_or_insert(world.now());
                let over = world.now().since(since) > within;
                over.then(|| format!("{wrong} (not since {since})"))
            }
            _ => wrong,
        }
    }

    /// What is wrong at the end with one that must hold again.
    pub(crate) fn left_hot(&mut self, world: &World) -> Option<String> {
        matches!(self.when, When::Again(_)).then(|| (self.check)(world)).flatten()
    }
}

/// What a condition's value depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads(u8);

impl Reads {
    /// What actors published.
    pub const FACTS: Reads = Reads(1);
    /// The virtual time.
    pub const TIME: Reads = Reads(2);
    /// How many dead letters there were.
    pub const DEAD_LETTERS: Reads = Reads(4);
    /// How many restarts there were.
    pub const RESTARTS: Reads = Reads(8);
    /// Everything: it is looked at after each turn.
    pub const STEPS: Reads = Reads(16);

    /// True if any of these has changed.
    pub(crate) fn any_of(self, changed: Reads) -> bool {
        self.0 & changed.0 != 0
    }

    /// These if `condition`, beside those there are.
    #[must_use]
    pub fn with(self, reads: Reads, condition: bool) -> Reads {
        Reads(self.0 | if condition { reads.0 } else { 0 })
    }
}

/// What was there at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    facts: u64,
    time: Time,
    dead_letters: u64,
    restarts: u64,
}

impl Seen {
    pub(crate) fn of(sim: &Sim) -> Seen {
        Seen {
            facts: sim.facts.version(),
            time: sim.now,
            dead_letters: sim.stats.dead_letters,
            restarts: sim.stats.restarts,
        }
    }

    pub(crate) fn changes_since(&self, last: &Seen) -> Reads {
        Reads::STEPS
            .with(Reads::FACTS, self.facts != last.facts)
            .with(Reads::TIME, self.time != last.time)
            .with(Reads::DEAD_LETTERS, self.dead_letters != last.dead_letters)
            .with(Reads::RESTARTS, self.restarts != last.restarts)
    }
}

/// A property that a run broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub property: String,
    /// When it is looked at, as text.
    pub when: String,
    /// What was wrong.
    pub message: String,
    /// In which step.
    pub step: u64,
    /// At which virtual time.
    pub time: Time,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}): {}", self.property, self.when, self.message)
    }
}

impl std::error::Error for Broken {}
