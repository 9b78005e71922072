//! A portfolio: each run draws who decides, [`Fate`] in half of them.
//!
//! Swarm testing (Groce, Zhang, Eide, Chen, Regehr: "Swarm Testing", ISSTA 2012): runs that differ in kind
//! find more than runs of the one best kind. What goes wrong at all, and how often, each run draws
//! from its seed too (`fault.rs`).

use super::{Candidate, Fate, Footprint, Pct, Pick, Pos, Profile, Random, RunStart, Scene, Strategy, Surw};
use crate::order::Order;
use seedbed_core::ChoicePoint;

/// Several strategies, one a run.
pub struct Portfolio {
    /// [`Fate`] is the last.
    members: Vec<Box<dyn Strategy>>,
    in_turn: usize,
}

impl Portfolio {
    /// The mix that the table of `docs/finding-bugs.md` speaks for.
    pub fn new(profile: &Profile) -> Portfolio {
        let members: Vec<Box<dyn Strategy>> = vec![
            Box::new(Random::default()),
            Box::new(Pct::new(3)),
            Box::new(Pct::by_ways(3)),
            Box::new(Pos::default()),
            Box::new(Surw::new(profile.clone())),
            Box::new(Fate::new(5, profile.clone())),
        ];
        Portfolio { members, in_turn: 0 }
    }

    fn member(&mut self) -> &mut dyn Strategy {
        &mut *self.members[self.in_turn]
    }
}

impl Strategy for Portfolio {
    fn begin(&mut self, run: &RunStart) {
        let mut stream = run.key.derive("portfolio", 0, 0).stream();
        let fate = self.members.len() - 1;
        self.in_turn = if stream.below(2) == 0 { fate } else { stream.below(fate as u64) as usize };
        self.member().begin(run);
    }

    fn enabled(&mut self, candidate: &Candidate) {
        self.member().enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        self.member().gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        self.member().pick(order, clock)
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        self.member().choose(point, scene, possible)
    }

    fn wants_footprints(&self) -> bool {
        self.members[self.in_turn].wants_footprints()
    }

    fn wants_all_faults(&self) -> bool {
        self.members[self.in_turn].wants_all_faults()
    }

    fn ran(&mut self, footprint: &Footprint) {
        self.member().ran(footprint);
    }

    fn end(&mut self) -> bool {
        self.member().end()
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        let members = self.members.iter().map(|member| member.snapshot()).collect::<Option<_>>()?;
        Some(Box::new(Portfolio { members, in_turn: self.in_turn }))
    }
}
