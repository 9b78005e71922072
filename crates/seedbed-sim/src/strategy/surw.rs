//! Selectively uniform random walk.
//!
//! Zhao, Wolff, Mathur, Roychoudhury: "Selectively Uniform Concurrency Testing", ASPLOS 2025. Each run
//! draws one receiver of mail from several senders. Which sender's mail it gets next is drawn by how much each has still to
//! send, so that all orders of its mail have about the same chance; the rest goes at random around that, and
//! mail of that receiver which is not meant waits.
//!
//! How much each sends is taken from the plain run ([`Profile`]); where a run differs the walk is a
//! little less uniform, nothing else.

use super::set::Set;
use super::{Candidate, Pick, Profile, RunStart, Strategy};
use crate::order::Order;
use seedbed_core::{Chain, Key, PathId, Stream};
use std::collections::{BTreeMap, BTreeSet};

/// SURW over the mail of one receiver a run.
#[derive(Clone, Debug)]
pub struct Surw {
    profile: Profile,
    /// Receivers of mail from several senders.
    receivers: Vec<PathId>,
    stream: Stream,
    clock_rate: u32,
    receiver: Option<PathId>,
    /// How much each sender has still to send to the receiver.
    left: BTreeMap<Chain, u64>,
    meant: Option<Chain>,
    /// What is possible for the receiver, and for all others.
    selected: BTreeMap<Chain, u32>,
    chains: BTreeMap<u32, Chain>,
    others: Set,
}

impl Surw {
    /// A walk over runs of a program with this profile.
    pub fn new(profile: Profile) -> Surw {
        let mut senders: BTreeMap<PathId, BTreeSet<(PathId, bool)>> = BTreeMap::new();
        for chain in profile.chains.keys() {
            senders.entry(chain.receiver).or_default().insert((chain.sender, chain.timers));
        }
        senders.retain(|_, of| of.len() > 1);
        Surw {
            profile,
            receivers: senders.into_keys().collect(),
            stream: Key::from_seed(0).stream(),
            clock_rate: 0,
            receiver: None,
            left: BTreeMap::new(),
            meant: None,
            selected: BTreeMap::new(),
            chains: BTreeMap::new(),
            others: Set::default(),
        }
    }

    /// Draws one of some senders by how much each has still to send.
    fn draw<'a>(stream: &mut Stream, among: impl Iterator<Item = (&'a Chain, u64)> + Clone) -> Option<Chain> {
        let all: u64 = among.clone().map(|(_, left)| left).sum();
        let mut at = stream.below(all.max(1));
        for (chain, left) in among {
            if at < left {
                return Some(*chain);
            }
            at -= left;
        }
        None
    }

    /// Mail of the receiver goes: the next sender is drawn when one is needed.
    fn run(&mut self, chain: Chain) -> Pick {
        if let Some(left) = self.left.get_mut(&chain) {
            *left = left.saturating_sub(1);
        }
        self.meant = None;
        Pick::Run(self.selected[&chain])
    }
}

impl Strategy for Surw {
    fn begin(&mut self, run: &RunStart) {
        self.stream = run.key.stream();
        self.clock_rate = run.clock_rate;
        self.receiver = match self.receivers.len() {
            0 => None,
            n => Some(self.receivers[self.stream.below(n as u64) as usize]),
        };
        let of = |(chain, _): &(&Chain, &u64)| Some(chain.receiver) == self.receiver;
        self.left = self.profile.chains.iter().filter(of).map(|(chain, n)| (*chain, *n)).collect();
        self.meant = None;
        self.selected.clear();
        self.chains.clear();
        self.others.clear();
    }

    fn enabled(&mut self, candidate: &Candidate) {
        if Some(candidate.chain.receiver) == self.receiver {
            self.selected.insert(candidate.chain, candidate.id);
            self.chains.insert(candidate.id, candidate.chain);
            // More comes than was expected.
            let left = self.left.entry(candidate.chain).or_default();
            *left = (*left).max(1);
        } else {
            self.others.insert(candidate.id);
        }
    }

    fn gone(&mut self, id: u32) {
        match self.chains.remove(&id) {
            Some(chain) => drop(self.selected.remove(&chain)),
            None => self.others.remove(id),
        }
    }

    fn pick(&mut self, _: &Order, clock: bool) -> Pick {
        if clock && self.stream.per_million(self.clock_rate) {
            return Pick::Clock;
        }
        if self.meant.is_none() && !self.selected.is_empty() {
            self.meant = Self::draw(&mut self.stream, self.left.iter().map(|(chain, n)| (chain, *n)));
        }
        let meant = self.meant.filter(|chain| self.selected.contains_key(chain));
        let options = self.others.len() + usize::from(meant.is_some());
        if options == 0 {
            // Only mail that is not meant: what is meant does not come.
            let left = self.selected.keys().map(|chain| (chain, self.left[chain]));
            return match Self::draw(&mut self.stream, left) {
                Some(chain) => self.run(chain),
                None => Pick::Plain,
            };
        }
        match (self.stream.below(options as u64) as usize, meant) {
            (at, Some(chain)) if at == self.others.len() => self.run(chain),
            (at, _) => Pick::Run(self.others.get(at)),
        }
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(self.clone()))
    }
}
