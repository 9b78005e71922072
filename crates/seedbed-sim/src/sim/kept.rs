//! The state of a simulation beside its kernels, kept and put back.
//!
//! Observers are not part of it: they see what happens, again if it happens again.

use super::{Sim, Stats};
use crate::strategy::Strategy;

/// Names every field of a simulation that is copied as it is.
macro_rules! with_copied_fields {
    ($do:ident) => {
        $do! {
            now, step, order, busy, costs, did, packet_to, lag, spins, footprint, mode, holds, calm,
            looked, passed_over, chance, tape, ordinals, hash, fuel_hash, latency, links,
            bandwidth, network, sockets, effects, disks, directories, facts, inboxes, stops,
            loss_after, clocks, slow, slowed, broken_stores, starved, kept, starting, allow_failures,
            found, optional, offers, read, gave_up
        }
    };
}

impl Sim {
    /// A copy of it, without observers; `None` if its strategy gives none.
    pub(crate) fn kept(&self) -> Option<Sim> {
        let strategy = self.strategy.snapshot()?;
        macro_rules! copied {
            ($($field:ident),* $(,)?) => {
                Sim {
                    $($field: self.$field.clone(),)*
                    strategy,
                    paths: self.paths.clone(),
                    stats: self.stats.clone(),
                    rules: self.rules.kept(),
                    observers: Vec::new(),
                }
            };
        }
        Some(with_copied_fields!(copied))
    }

    /// Puts it back, strategy and all.
    pub(crate) fn put_back(&mut self, from: &Sim) {
        macro_rules! put_back {
            ($($field:ident),* $(,)?) => {
                $(self.$field.clone_from(&from.$field);)*
            };
        }
        with_copied_fields!(put_back);
        // The path says what the text is.
        if !self.paths.keys().eq(from.paths.keys()) {
            self.paths.clone_from(&from.paths);
        }
        self.stats.put_back(&from.stats);
        self.rules.put_back(&from.rules);
        self.strategy = from.strategy.snapshot().expect("it gave one when this was kept");
    }
}

impl Stats {
    /// Makes them as others were; most often only numbers have changed.
    fn put_back(&mut self, from: &Stats) {
        let Stats { steps, choice_points, faults, dead_letters, restarts, inputs, sometimes, fuel, checks } =
            from;
        (self.steps, self.choice_points, self.dead_letters) = (*steps, *choice_points, *dead_letters);
        (self.restarts, self.fuel, self.checks) = (*restarts, *fuel, *checks);
        if self.faults != *faults {
            self.faults.clone_from(faults);
        }
        if self.inputs != *inputs {
            self.inputs.clone_from(inputs);
        }
        if self.sometimes != *sometimes {
            self.sometimes.clone_from(sometimes);
        }
    }
}
