//! Strategies: who decides which delivery goes next.
//!
//! A strategy is told when deliveries become possible or go, keeps its own index of them, and
//! answers in O(log n). It decides from stable names and its own random stream, never from
//! addresses or indices, so that the same run always gets the same answers.
//!
//! None learns between runs: what `surw`, `delay-bound`, `fate` and `portfolio` know are plain runs of the program
//! ([`Profile`]), so neither jobs nor shards change any run.

mod audited;
mod delay_bound;
mod dfs;
mod fate;
mod footprint;
mod metered;
mod pct;
mod plain;
mod portfolio;
mod pos;
mod profile;
mod random;
mod scene;
mod set;
mod spec;
mod surw;

pub use audited::Audited;
pub use delay_bound::DelayBound;
pub use dfs::Dfs;
pub use fate::Fate;
pub(crate) use fate::draw_id;
pub use footprint::Footprint;
pub use metered::{Decisions, Metered};
pub use pct::Pct;
pub use plain::Plain;
pub use portfolio::Portfolio;
pub use pos::Pos;
pub use profile::Profile;
pub use random::Random;
pub use scene::{Did, FailureId, Scene};
pub use spec::{StrategySpec, UnknownStrategy};
pub use surw::Surw;

use crate::order::Order;
use seedbed_core::{Chain, ChoiceKind, ChoicePoint, Key};

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
    /// What can go wrong in this run at all.
    pub possible: Kinds,
}

/// A set of kinds of choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u64);

impl Kinds {
    /// These.
    pub(crate) const fn of(kinds: &[ChoiceKind]) -> Kinds {
        match kinds {
            [] => Kinds(0),
            [kind, rest @ ..] => Kinds::of(rest).with(*kind),
        }
    }

    /// With another one.
    #[must_use]
    pub(crate) const fn with(self, kind: ChoiceKind) -> Kinds {
        Kinds(self.0 | 1 << kind as u8)
    }

    /// True if they have one in common.
    #[inline]
    pub(crate) fn has_any(self, kinds: Kinds) -> bool {
        self.0 & kinds.0 != 0
    }

    /// True if it is one of them.
    #[inline]
    pub fn has(self, kind: ChoiceKind) -> bool {
        self.0 >> kind as u8 & 1 == 1
    }
}

/// True for how long something takes: between nodes, that is the order of deliveries.
fn is_delay(kind: ChoiceKind) -> bool {
    matches!(kind, ChoiceKind::Delay | ChoiceKind::EffectDelay)
}

/// Decides the order of deliveries.
pub trait Strategy {
    /// A run begins; nothing is possible yet.
    fn begin(&mut self, run: &RunStart);

    /// It decides anew from the middle of a run on; what is possible then is told next.
    fn fork(&mut self, run: &RunStart) {
        self.begin(run);
    }

    /// A delivery became possible.
    fn enabled(&mut self, candidate: &Candidate);

    /// A delivery ran, or is not possible any more.
    fn gone(&mut self, id: u32);

    /// Decides; at least one delivery is possible. `clock` says whether [`Pick::Clock`] is.
    fn pick(&mut self, order: &Order, clock: bool) -> Pick;

    /// Decides a choice point instead of the fault rates; `None` leaves it to them.
    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        let _ = (point, scene, possible);
        None
    }

    /// True if it wants to be told what turns touched; asked once a run, after `begin`.
    fn wants_footprints(&self) -> bool {
        false
    }

    /// True if it decides itself what goes wrong: then all that may is possible, instead of the kinds and
    /// shares that the run drew. Asked after `begin`, which is called once more if so.
    fn wants_all_faults(&self) -> bool {
        false
    }

    /// The turn that was picked ran, and touched this.
    fn ran(&mut self, footprint: &Footprint) {
        let _ = footprint;
    }

    /// A run ended. False if there is nothing left to try.
    fn end(&mut self) -> bool {
        true
    }

    /// The same strategy once more, as it stands in the middle of a run: for snapshots. `None`, and there are
    /// none of a world in which it decides.
    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        None
    }
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn begin(&mut self, run: &RunStart) {
        (**self).begin(run);
    }

    fn fork(&mut self, run: &RunStart) {
        (**self).fork(run);
    }

    fn enabled(&mut self, candidate: &Candidate) {
        (**self).enabled(candidate);
    }

    fn gone(&mut self, id: u32) {
        (**self).gone(id);
    }

    fn pick(&mut self, order: &Order, clock: bool) -> Pick {
        (**self).pick(order, clock)
    }

    fn choose(&mut self, point: &ChoicePoint, scene: &Scene, possible: bool) -> Option<u32> {
        (**self).choose(point, scene, possible)
    }

    fn wants_footprints(&self) -> bool {
        (**self).wants_footprints()
    }

    fn wants_all_faults(&self) -> bool {
        (**self).wants_all_faults()
    }

    fn ran(&mut self, footprint: &Footprint) {
        (**self).ran(footprint);
    }

    fn end(&mut self) -> bool {
        (**self).end()
    }

    fn snapshot(&self) -> Option<Box<dyn Strategy>> {
        (**self).snapshot()
    }
}
