//! Properties: what must hold, and when it is looked at (spec `simulation.md` §4).

use crate::world::World;
use seedbed_core::Time;
use std::fmt;
use std::time::Duration;

/// When a property is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After every turn that changed a fact.
    Always,
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

pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) when: When,
    check: Check,
    /// For `Eventually`: it held.
    pub(crate) met: bool,
}

impl Property {
    pub(crate) fn new<V: Verdict>(
        name: &str,
        when: When,
        mut check: impl FnMut(&World) -> V + 'static,
    ) -> Property {
        Property { name: name.to_owned(), when, check: Box::new(move |w| check(w).broken()), met: false }
    }

    pub(crate) fn broken(&mut self, world: &World) -> Option<String> {
        (self.check)(world)
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
