//! Strategies: who decides which delivery goes next.
//!
//! A strategy is told when deliveries become possible or go, keeps its own index of them, and
//! answers in O(log n). It decides from stable names and its own random stream, never from
//! addresses or indices, so that the same run always gets the same answers.

mod dfs;
mod pct;
mod plain;
mod random;

pub use dfs::Dfs;
pub use pct::Pct;
pub use plain::Plain;
pub use random::Random;

use crate::order::Order;
use seedbed_core::{Chain, ChoicePoint, Key};
use std::fmt;
use std::str::FromStr;

/// A delivery that could go next; its number stands for it until it goes.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its number.
    pub id: u32,
    /// Between whom.
    pub chain: Chain,
}

/// What goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// What plain order says.
    Plain,
    /// This candidate.
    Run(u32),
    /// Nothing: the clock passes to the next deadline.
    Clock,
}

/// What a strategy knows at the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunStart {
    /// Its own random stream.
    pub key: Key,
    /// About how many steps a run takes.
    pub steps_hint: u64,
    /// How often, per million decisions, the clock should be let pass while mail waits.
    pub clock_rate: u32,
}

/// Decides the order of deliveries.
pub trait Strategy {
    /// A run begins; nothing is possible yet.
    fn begin(&mut self, run: &RunStart);

    /// A delivery became possible.
    fn enabled(&mut self, candidate: Candidate);

    /// A delivery ran, or is not possible any more.
    fn gone(&mut self, id: u32);

    /// Decides; at least one delivery is possible. `clock` says whether [`Pick::Clock`] is.
    fn pick(&mut self, order: &Order, clock: bool) -> Pick;

    /// Decides a choice point instead of the fault rates; `None` leaves it to them.
    fn choose(&mut self, point: &ChoicePoint, possible: bool) -> Option<u32> {
        let _ = (point, possible);
        None
    }

    /// A run ended. False if there is nothing left to try.
    fn end(&mut self) -> bool {
        true
    }
}

/// The name of a strategy with its parameters, as on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategySpec {
    /// First enabled, first out.
    Plain,
    /// Uniform.
    Random,
    /// Probabilistic concurrency testing of depth d.
    Pct(u32),
    /// Every schedule.
    Dfs,
}

impl StrategySpec {
    /// The accepted forms, for messages.
    pub const FORMS: &str = "plain, random, pct:D with D from 1 to 64, dfs";

    /// Makes the strategy.
    pub fn build(self) -> Box<dyn Strategy> {
        match self {
            StrategySpec::Plain => Box::new(Plain),
            StrategySpec::Random => Box::new(Random::default()),
            StrategySpec::Pct(depth) => Box::new(Pct::new(depth)),
            StrategySpec::Dfs => Box::new(Dfs::default()),
        }
    }

    /// True if the order of runs matters to it, so that they cannot be spread over jobs.
    pub fn is_sequential(self) -> bool {
        self == StrategySpec::Dfs
    }
}

impl fmt::Display for StrategySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrategySpec::Plain => f.write_str("plain"),
            StrategySpec::Random => f.write_str("random"),
            StrategySpec::Pct(depth) => write!(f, "pct:{depth}"),
            StrategySpec::Dfs => f.write_str("dfs"),
        }
    }
}

/// A text that names no strategy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a strategy; accepted: {forms}", forms = StrategySpec::FORMS)]
pub struct UnknownStrategy(String);

impl FromStr for StrategySpec {
    type Err = UnknownStrategy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownStrategy(text.to_owned());
        match text.split_once(':') {
            None => match text {
                "plain" => Ok(StrategySpec::Plain),
                "random" => Ok(StrategySpec::Random),
                "dfs" => Ok(StrategySpec::Dfs),
                _ => Err(unknown()),
            },
            Some(("pct", depth)) => {
                let depth = depth.parse().ok().filter(|d| (1..=64).contains(d)).ok_or_else(unknown)?;
                Ok(StrategySpec::Pct(depth))
            }
            Some(_) => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_prints_as_it_parses_and_nothing_else_parses() {
        for text in ["plain", "random", "pct:1", "pct:64", "dfs"] {
            assert_eq!(text.parse::<StrategySpec>().map(|s| s.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "pct", "pct:0", "pct:65", "pct:x", "random:1", "Random"] {
            assert!(text.parse::<StrategySpec>().is_err(), "{text}");
        }
    }
}
