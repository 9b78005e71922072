//! Turns, one after the other.
//!
//! Between two turns of a node mostly nothing happens but that the next is decided. That is done from inside
//! the kernel's batch, so that guests are entered once for many turns. A batch ends where more is to be done than
//! its node and the simulation can do alone: something goes wrong after the turn, it takes time, a property or a
//! condition of a plan is to be looked at, something is due, the clock may pass, a tape holds deliveries
//! back, another node has the next turn. What happens is the same, however many turns a batch has.

use super::World;
use crate::latency::{STEPS, share};
use crate::property::{Property, Reads, Seen};
use crate::sim::{NodePort, Sim};
use crate::strategy::{Did, Kinds, Pick};
use seedbed_core::{ChoiceKind, ChoicePoint, Delivery, Kernel, Life, NodeId, PathId, Pid, Schedule, Time};

/// What may go wrong after a turn, in the order in which it is decided.
const AFTER: [ChoiceKind; 5] =
    [ChoiceKind::Kill, ChoiceKind::Pause, ChoiceKind::Slow, ChoiceKind::ClockJump, ChoiceKind::Crash];

/// In how many steps it is decided by how much a node is slower, and in how many for how long.
const QUARTERS: u32 = 4;

/// What may still go wrong after a turn.
struct Aftermath {
    node: NodeId,
    /// Whose turn it was.
    pid: Pid,
    /// Which turn of this boot of the node it was.
    nth: u64,
    /// Path and boot of the node, if faults of whole nodes can meet it.
    whole: Option<(PathId, Life)>,
    /// How much of [`AFTER`] is decided.
    decided: usize,
}

impl Sim {
    /// Decides what goes wrong after a turn, up to the first thing that does: gives that, and its answer.
    fn strikes(&mut self, kernel: &Kernel, after: &mut Aftermath) -> Option<(ChoiceKind, u32)> {
        while let Some(kind) = AFTER.get(after.decided).copied() {
            after.decided += 1;
            if !self.is_open(kind) {
                continue;
            }
            let whole = || after.whole.map(|(path, boot)| (path, boot, after.nth));
            let (whose, n) = match kind {
                ChoiceKind::Kill => (kernel.supervised(after.pid), 2),
                ChoiceKind::Pause => (whole(), STEPS),
                ChoiceKind::Slow => (whole(), 1 + QUARTERS * QUARTERS),
                ChoiceKind::ClockJump => (whole(), 2 * STEPS + 1),
                _ => (whole(), 2),
            };
            let Some((path, life, nth)) = whose else { continue };
            let point = ChoicePoint { kind, site: 0, path, life, ordinal: Some(nth), n };
            let answer = self.choose(after.node, &point);
            if answer > 0 {
                return Some((kind, answer));
            }
        }
        None
    }
}

/// What comes after a batch.
enum Then {
    /// Its last turn is to be looked after.
    LookAfter,
    /// What comes after any turn.
    GoOn,
    /// A turn of another node, which is decided.
    Run(Delivery),
}

/// The turns of one node, for as long as nothing else is to be done.
struct Batch<'w> {
    /// What goes first, until it has.
    first: Option<Delivery>,
    /// Turns of the node since it booted.
    turns: &'w mut u64,
    /// Path and boot of the node, if faults of whole nodes can meet it.
    whole: Option<(PathId, Life)>,
    /// What has to change in a turn for the world to be looked at after it.
    looks_for: Reads,
    /// What was there before.
    seen: Seen,
    /// The last step that may run in it.
    last: u64,
    /// Something else than the strategy has a say in what goes next.
    one_by_one: bool,
    /// Of the turn that is to be looked after: how much of [`AFTER`] is decided, and what is yet to happen of that.
    decided: usize,
    strikes: Option<(ChoiceKind, u32)>,
    then: Then,
}

impl Batch<'_> {
    /// Does what comes after a turn; false if that is more than can be done here.
    #[inline(always)]
    fn follow_up(&mut self, kernel: &Kernel, port: &mut NodePort<'_>) -> bool {
        let sim = &mut *port.sim;
        if let Some(at) = kernel.next_deadline() {
            sim.is_due(at);
        }
        if let Some(footprint) = &sim.footprint {
            sim.strategy.ran(footprint);
        }
        self.decided = 0;
        if sim.lag > 0 {
            return false;
        }
        if sim.may_strike(const { Kinds::of(&AFTER) }) {
            let mut after = self.aftermath(kernel);
            self.strikes = sim.strikes(kernel, &mut after);
            self.decided = after.decided;
        }
        self.strikes.is_none() && sim.found.is_none() && !self.is_to_be_looked_at(sim)
    }

    /// What may still go wrong after the turn that ran last.
    fn aftermath(&self, kernel: &Kernel) -> Aftermath {
        let Batch { whole, decided, .. } = *self;
        Aftermath { node: kernel.id(), pid: kernel.last_turn(), nth: *self.turns, whole, decided }
    }

    #[inline]
    fn is_to_be_looked_at(&self, sim: &Sim) -> bool {
        self.looks_for != Reads::default() && self.looks_for.any_of(Seen::of(sim).changes_since(&self.seen))
    }

    /// Decides what goes next on this node.
    #[inline(always)]
    fn decide(&self, kernel: &Kernel, port: &mut NodePort<'_>) -> Result<Delivery, Then> {
        let sim = &mut *port.sim;
        if self.one_by_one || sim.step >= self.last || sim.may_anything_be_due() || sim.replay_failed() {
            return Err(Then::GoOn);
        }
        let Some(plain) = sim.order.first() else { return Err(Then::GoOn) };
        if sim.order.delivery(plain).node != port.node {
            return Err(Then::GoOn);
        }
        let chosen = match sim.pick(false) {
            Pick::Run(id) => id,
            Pick::Plain | Pick::Clock => plain,
        };
        let name = |delivery| kernel.name(delivery).expect("what is enabled can be named");
        let delivery = sim.take(chosen, plain, name);
        if delivery.node == port.node { Ok(delivery) } else { Err(Then::Run(delivery)) }
    }
}

impl Schedule<NodePort<'_>> for Batch<'_> {
    #[inline]
    fn next(&mut self, kernel: &Kernel, port: &mut NodePort<'_>) -> Option<Delivery> {
        if self.first.is_some() {
            return self.first.take();
        }
        self.then = if !self.follow_up(kernel, port) {
            Then::LookAfter
        } else {
            match self.decide(kernel, port) {
                Ok(delivery) => return Some(delivery),
                Err(then) => then,
            }
        };
        None
    }

    #[inline]
    fn begins(&mut self, port: &mut NodePort<'_>) -> u64 {
        *self.turns += 1;
        port.sim.did = Did::Nothing;
        port.sim.step += 1;
        port.sim.step
    }
}

impl World {
    /// Runs the turn of a delivery, and those that follow it at once.
    pub(super) fn turns(&mut self, first: Delivery) {
        let mut next = Some(first);
        while let Some(first) = next {
            next = self.turns_of_node(first);
        }
    }

    /// The same, as far as they are of one node; gives what goes next if that is of another.
    fn turns_of_node(&mut self, first: Delivery) -> Option<Delivery> {
        let node = first.node;
        let looks_for = self.looks_for();
        let last = self.config.steps_max.min(self.stop_after.unwrap_or(u64::MAX));
        let one_by_one = self.sim.is_held_back() || self.sim.may_let_pass();
        let host = &mut self.hosts[usize::from(node.0) - 1];
        let meets_faults = host.has_boot_function();
        let kernel = host.kernel.as_mut().expect("a delivery is on a node that is up");
        let whole = meets_faults.then(|| (host.path, Life(u32::from(kernel.boot_number().0))));
        let mut batch = Batch {
            first: Some(first),
            turns: &mut host.turns,
            whole,
            looks_for,
            seen: self.seen,
            last,
            one_by_one,
            decided: 0,
            strikes: None,
            then: Then::GoOn,
        };
        kernel.run_batch(&mut NodePort { sim: &mut self.sim, node }, &mut batch);
        let next = match batch.then {
            Then::LookAfter => {
                let (after, strikes) = (batch.aftermath(kernel), batch.strikes);
                self.look_after(after, strikes);
                return None;
            }
            Then::GoOn => None,
            Then::Run(delivery) => Some(delivery),
        };
        self.seen = Seen::of(&self.sim);
        next
    }

    /// What has to change in a turn for the world to be looked at after it.
    fn looks_for(&self) -> Reads {
        let awaited = self.sim.calm && self.properties.iter().any(Property::is_awaited);
        let looked_at = self.properties.iter().map(Property::looks_for).chain(self.plan.looks_for());
        looked_at.fold(Reads::default().with(Reads::STEPS, awaited), |all, reads| all.with(reads, true))
    }

    /// Lets happen what comes after a turn: `strikes` is decided already.
    fn look_after(&mut self, mut after: Aftermath, mut strikes: Option<(ChoiceKind, u32)>) {
        self.take_time(after.node);
        loop {
            if let Some((kind, answer)) = strikes {
                self.strike(&after, kind, answer);
            }
            let Some(kernel) = &self.hosts[usize::from(after.node.0) - 1].kernel else { break };
            strikes = self.sim.strikes(kernel, &mut after);
            if strikes.is_none() {
                break;
            }
        }
        let seen = Seen::of(&self.sim);
        let changed = seen.changes_since(&self.seen);
        self.seen = seen;
        self.look(|p| p.looks_for().any_of(changed));
        self.look_at_plan(changed);
    }

    /// Occupies the node with the turn that ran, if turns take time there.
    fn take_time(&mut self, node: NodeId) {
        let lag = std::mem::take(&mut self.sim.lag);
        if lag > 0 {
            self.occupy(node, lag);
        }
    }

    /// Occupies a node for so many nanoseconds.
    pub(super) fn occupy(&mut self, node: NodeId, ns: u64) {
        let until = Time::from_nanos(self.sim.now.as_nanos().saturating_add(ns));
        let kernel = self.hosts[usize::from(node.0) - 1].kernel.as_ref();
        if let Some(kernel) = kernel {
            self.sim.occupy(node, until, |d| kernel.chain(d).expect("what is in the order is current"));
        }
    }

    /// Lets something go wrong after a turn.
    fn strike(&mut self, after: &Aftermath, kind: ChoiceKind, answer: u32) {
        let (node, faults, nth) = (after.node, &self.config.faults, answer - 1);
        match kind {
            ChoiceKind::Kill => drop(self.kill(after.pid)),
            ChoiceKind::Pause => self.occupy(node, share(faults.pause_for, nth, STEPS - 2)),
            ChoiceKind::Slow => {
                let by = share(faults.slow_by, nth % QUARTERS, QUARTERS - 1);
                let lasts = share(faults.slow_for, nth / QUARTERS, QUARTERS - 1);
                let until = Time::from_nanos(self.sim.now.as_nanos().saturating_add(lasts));
                self.sim.slowed.insert(node, (by, until));
            }
            ChoiceKind::ClockJump => {
                let by = share(faults.jump_by, nth / 2, STEPS - 1);
                let by = i64::try_from(by).unwrap_or(i64::MAX);
                self.sim.clocks.jump(node, if nth % 2 == 0 { by } else { -by });
            }
            _ => self.crash(node),
        }
    }
}
