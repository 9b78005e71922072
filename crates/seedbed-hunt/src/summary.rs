//! What many runs did, in numbers, and whether that proves anything.

use seedbed_sim::{End, Outcome, WorldConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What the runs of a hunt did, up to and with the one that broke a property.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Runs.
    pub runs: u64,
    /// Turns.
    pub steps: u64,
    /// Virtual nanoseconds.
    pub virtual_ns: u64,
    /// Decisions with more than one possible answer.
    pub choice_points: u64,
    /// How often a property was looked at.
    pub checks: u64,
    /// The most properties that a run had.
    pub properties: u64,
    /// Messages that reached nobody.
    pub dead_letters: u64,
    /// Starts of paths that had lived before.
    pub restarts: u64,
    /// Fuel burnt.
    pub fuel: u64,
    /// Runs that ended because their duration had passed.
    pub cut: u64,
    /// Choices that were not plain, by kind: faults and delays. Also kinds that are on, and did not happen.
    pub faults: BTreeMap<String, u64>,
    /// `sometimes` conditions, and whether any run saw them.
    pub sometimes: BTreeMap<String, bool>,
}

/// Why a hunt that found nothing may have proved nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// No property was looked at in any run.
    NothingChecked,
    /// A `sometimes` was never seen.
    NeverSeen(String),
    /// No run had anything to decide: all were the plain one.
    NothingChosen,
}

impl Summary {
    /// Of no run yet, in worlds like this.
    pub(crate) fn of(config: &WorldConfig) -> Summary {
        let faults = config.faults.kinds().into_iter().map(|kind| (kind.to_string(), 0)).collect();
        Summary { faults, ..Summary::default() }
    }

    /// Takes in one run.
    pub fn add(&mut self, run: &Outcome) {
        let stats = &run.stats;
        self.runs += 1;
        self.steps += stats.steps;
        self.virtual_ns = self.virtual_ns.saturating_add(run.time.as_nanos());
        self.choice_points += stats.choice_points;
        self.checks += stats.checks;
        self.properties = self.properties.max(run.properties as u64);
        self.dead_letters += stats.dead_letters;
        self.restarts += stats.restarts;
        self.fuel = self.fuel.saturating_add(stats.fuel);
        self.cut += u64::from(run.end == Some(End::Duration));
        add_counts(&mut self.faults, &stats.faults);
        add_seen(&mut self.sometimes, &stats.sometimes);
    }

    /// Takes in the runs of another part of the same hunt.
    pub fn merge(&mut self, other: &Summary) {
        self.runs += other.runs;
        self.steps += other.steps;
        self.virtual_ns = self.virtual_ns.saturating_add(other.virtual_ns);
        self.choice_points += other.choice_points;
        self.checks += other.checks;
        self.properties = self.properties.max(other.properties);
        self.dead_letters += other.dead_letters;
        self.restarts += other.restarts;
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.cut += other.cut;
        add_counts(&mut self.faults, &other.faults);
        add_seen(&mut self.sometimes, &other.sometimes);
    }

    /// What should be said beside "nothing found".
    pub fn warnings(&self) -> Vec<Warning> {
        if self.runs == 0 {
            return Vec::new();
        }
        let unchecked = (self.checks == 0).then_some(Warning::NothingChecked);
        let unchosen = (self.choice_points == 0).then_some(Warning::NothingChosen);
        let unseen = self.sometimes.iter().filter(|(_, seen)| !**seen);
        let unseen = unseen.map(|(name, _)| Warning::NeverSeen(name.clone()));
        unchecked.into_iter().chain(unseen).chain(unchosen).collect()
    }
}

fn add_counts(to: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (kind, count) in from {
        match to.get_mut(kind) {
            Some(sum) => *sum += count,
            None => drop(to.insert(kind.clone(), *count)),
        }
    }
}

fn add_seen(to: &mut BTreeMap<String, bool>, from: &BTreeMap<String, bool>) {
    for (name, seen) in from {
        match to.get_mut(name) {
            Some(any) => *any |= seen,
            None => drop(to.insert(name.clone(), *seen)),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::NothingChecked => f.write_str("no property was looked at in any run"),
            Warning::NeverSeen(name) => write!(f, "`{name}` was never seen"),
            Warning::NothingChosen => f.write_str("no run had anything to decide: all were the plain one"),
        }
    }
}
