//! Strategies by name, as on a command line.

use super::{DelayBound, Dfs, Fate, Pct, Plain, Portfolio, Pos, Profile, Random, Strategy, Surw};
use std::fmt;
use std::str::FromStr;

/// The name of a strategy with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StrategySpec {
    /// First enabled, first out.
    Plain,
    /// Uniform.
    Random,
    /// Probabilistic concurrency testing of depth d.
    Pct(u32),
    /// Partial order sampling.
    Pos,
    /// Selectively uniform random walk.
    Surw,
    /// Plain order with so many delays.
    DelayBound(u32),
    /// PCT where each sender has a delay for each node it sends to.
    Pctcp(u32),
    /// At most so many failures, each aimed.
    Fate(u32),
    /// Each run one of several.
    Portfolio,
    /// Every schedule, or every one with at most so many answers that are not plain.
    Dfs(Option<u32>),
}

impl StrategySpec {
    /// The accepted forms, for messages.
    pub const FORMS: &str = "portfolio, plain, random, pct:D with D from 1 to 64, pctcp:D, pos, surw, delay-bound:N with N from 1 to 64, fate:N, dfs, dfs:N";

    /// Makes the strategy for a program of which nothing is known.
    pub fn build(self) -> Box<dyn Strategy> {
        self.build_for(&Profile::default())
    }

    /// Makes the strategy for a program with this profile.
    pub fn build_for(self, profile: &Profile) -> Box<dyn Strategy> {
        match self {
            StrategySpec::Plain => Box::new(Plain),
            StrategySpec::Random => Box::new(Random::default()),
            StrategySpec::Pct(depth) => Box::new(Pct::new(depth)),
            StrategySpec::Pos => Box::new(Pos::default()),
            StrategySpec::Surw => Box::new(Surw::new(profile.clone())),
            StrategySpec::DelayBound(delays) => Box::new(DelayBound::new(delays, profile.clone())),
            StrategySpec::Pctcp(depth) => Box::new(Pct::by_ways(depth)),
            StrategySpec::Fate(failures) => Box::new(Fate::new(failures, profile.clone())),
            StrategySpec::Portfolio => Box::new(Portfolio::new(profile)),
            StrategySpec::Dfs(None) => Box::new(Dfs::default()),
            StrategySpec::Dfs(Some(most)) => Box::new(Dfs::bounded(most)),
        }
    }

    /// True if the order of runs matters to it, so that they cannot be spread over jobs.
    pub fn is_sequential(self) -> bool {
        matches!(self, StrategySpec::Dfs(_))
    }
}

impl fmt::Display for StrategySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrategySpec::Plain => f.write_str("plain"),
            StrategySpec::Random => f.write_str("random"),
            StrategySpec::Pct(depth) => write!(f, "pct:{depth}"),
            StrategySpec::Pos => f.write_str("pos"),
            StrategySpec::Surw => f.write_str("surw"),
            StrategySpec::DelayBound(delays) => write!(f, "delay-bound:{delays}"),
            StrategySpec::Pctcp(depth) => write!(f, "pctcp:{depth}"),
            StrategySpec::Fate(failures) => write!(f, "fate:{failures}"),
            StrategySpec::Portfolio => f.write_str("portfolio"),
            StrategySpec::Dfs(None) => f.write_str("dfs"),
            StrategySpec::Dfs(Some(most)) => write!(f, "dfs:{most}"),
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
        let number = |text: &str| text.parse().ok().filter(|n| (1..=64).contains(n)).ok_or_else(unknown);
        match text.split_once(':') {
            None => match text {
                "plain" => Ok(StrategySpec::Plain),
                "random" => Ok(StrategySpec::Random),
                "pos" => Ok(StrategySpec::Pos),
                "surw" => Ok(StrategySpec::Surw),
                "portfolio" => Ok(StrategySpec::Portfolio),
                "dfs" => Ok(StrategySpec::Dfs(None)),
                _ => Err(unknown()),
            },
            Some(("pct", depth)) => Ok(StrategySpec::Pct(number(depth)?)),
            Some(("pctcp", depth)) => Ok(StrategySpec::Pctcp(number(depth)?)),
            Some(("fate", failures)) => Ok(StrategySpec::Fate(number(failures)?)),
            Some(("delay-bound", delays)) => Ok(StrategySpec::DelayBound(number(delays)?)),
            Some(("dfs", most)) => Ok(StrategySpec::Dfs(Some(number(most)?))),
            Some(_) => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_prints_as_it_parses_and_nothing_else_parses() {
        for text in [
            "plain",
            "random",
            "pct:1",
            "pct:64",
            "pos",
            "surw",
            "pctcp:2",
            "delay-bound:2",
            "fate:3",
            "portfolio",
            "dfs",
            "dfs:3",
        ] {
            assert_eq!(text.parse::<StrategySpec>().map(|s| s.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "",
            "pct",
            "pctcp",
            "fate:0",
            "pct:0",
            "pct:65",
            "pct:x",
            "random:1",
            "Random",
            "delay-bound",
            "dfs:0",
            "pos:1",
        ] {
            assert!(text.parse::<StrategySpec>().is_err(), "{text}");
        }
    }
}
