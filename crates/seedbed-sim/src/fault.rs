//! Faults by chance: which are possible, how often, and how many a run may have.
//!
//! Swarm: each run draws from its own seed which kinds are on at all, and at which rates, within
//! the profile; unless its strategy decides what goes wrong, and wants all of it to be possible. All rates are per million and all draws are integers.

use crate::plan::Deed;
use crate::strategy::Kinds;
use seedbed_core::{ChoiceKind, ChoicePoint, Stream, Time};
use serde::{Deserialize, Serialize};

/// What may go wrong, and at most how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Messages between nodes that are lost, per million.
    pub drop: u32,
    /// Messages between nodes that come twice, per million.
    pub duplicate: u32,
    /// Messages between nodes, and effects, that take longer than the least, per million.
    pub delay: u32,
    /// Turns of supervised actors after which the actor is killed, per million.
    pub kill: u32,
    /// Turns after which their node crashes, per million; only nodes that boot by themselves.
    pub crash: u32,
    /// `buggify` sites that say yes, per million.
    pub buggify: u32,
    /// Writes that were not synced and are lost in a crash, per million.
    pub unsynced: u32,
    /// Decisions in which the clock passes while mail waits, per million.
    pub clock: u32,
    /// Turns after which their node stands still for a while, per million; only nodes that boot by themselves.
    pub pause: u32,
    /// Messages between nodes that meet a link which is just cut, in one direction or both, per million.
    pub partition: u32,
    /// Messages between nodes that meet a link which is just clogged, in one direction or both, per million.
    pub clog: u32,
    /// Turns after which the wall clock of their node jumps, per million; only nodes that boot by themselves.
    pub clock_jump: u32,
    /// Effects that fail and do nothing, per million.
    pub effect_failed: u32,
    /// Turns of guests that have a supervisor which get only a part of their fuel, per million.
    pub fuel_cut: u32,
    /// Growths of memory in such turns that are refused, per million.
    pub grow_refused: u32,
    /// Host calls in such turns that have a code for it and are refused, per million.
    pub call_refused: u32,
    /// Range of nanoseconds that a node stands still.
    pub pause_for: (u64, u64),
    /// Range of nanoseconds that a link is cut or clogged.
    pub cut_for: (u64, u64),
    /// Nanoseconds that a plan may stop a link for at most.
    pub heal_max: u64,
    /// Timers of a node that fire late, per million occasions.
    pub timer_late: u32,
    /// Range of nanoseconds that they are late by.
    pub late_by: (u64, u64),
    /// Turns after which those of their node take longer for a while, per million; only nodes that boot by
    /// themselves.
    pub slow: u32,
    /// Range of nanoseconds that each of them takes longer.
    pub slow_by: (u64, u64),
    /// Range of nanoseconds that this goes on for.
    pub slow_for: (u64, u64),
    /// Of the records that a crash loses, first ones of which the beginning is left, per million.
    pub torn: u32,
    /// Range of nanoseconds that a wall clock jumps by.
    pub jump_by: (u64, u64),
    /// Cuts and clogs in one run.
    pub cuts_max: u32,
    /// Kills in one run.
    pub kills_max: u32,
    /// Crashes in one run.
    pub crashes_max: u32,
    /// Cut fuel, refused growths and refused calls in one run.
    pub starved_max: u32,
    /// Least virtual nanoseconds between two kills, crashes, or turns that were starved: who was may end; beyond the usual restart period, so
    /// that chance alone never uses up a supervisor's intensity.
    pub gap_min: u64,
    /// Range of nanoseconds that a crashed node stays down.
    pub down: (u64, u64),
    /// Range of nanoseconds that a delayed message takes longer than the link's least; `None` =
    /// anything within the link's latency.
    pub delay_by: Option<(u64, u64)>,
    /// Nodes that are down at one time.
    pub nodes_down_max: u32,
    /// Faults of all kinds in one run; delays are none.
    pub faults_max: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Faults::none()
    }
}

impl Faults {
    /// Nothing goes wrong; only orders differ.
    pub fn none() -> Faults {
        Faults {
            drop: 0,
            duplicate: 0,
            delay: 0,
            kill: 0,
            crash: 0,
            buggify: 0,
            unsynced: 0,
            clock: 0,
            pause: 0,
            partition: 0,
            clog: 0,
            clock_jump: 0,
            effect_failed: 0,
            fuel_cut: 0,
            grow_refused: 0,
            call_refused: 0,
            pause_for: (1_000_000, 2_000_000_000),
            cut_for: (10_000_000, 4_000_000_000),
            heal_max: u64::MAX,
            timer_late: 0,
            late_by: (100_000, 500_000_000),
            slow: 0,
            slow_by: (10_000, 10_000_000),
            slow_for: (10_000_000, 4_000_000_000),
            torn: 0,
            jump_by: (1_000_000, 3_600_000_000_000),
            cuts_max: 3,
            kills_max: 3,
            crashes_max: 2,
            starved_max: 3,
            gap_min: 10_000_000_000,
            down: (10_000_000, 5_000_000_000),
            delay_by: None,
            nodes_down_max: u32::MAX,
            faults_max: u32::MAX,
        }
    }

    /// Everything, at rates at which a system that is meant to survive it should; but neither torn records,
    /// which a store that checks its own would drop, nor slow nodes, since turns take time only where the
    /// world says so.
    pub fn chaos() -> Faults {
        Faults {
            drop: 50_000,
            duplicate: 50_000,
            delay: 300_000,
            kill: 10_000,
            crash: 2_000,
            buggify: 50_000,
            unsynced: 500_000,
            clock: 50_000,
            pause: 1_000,
            partition: 5_000,
            clog: 2_000,
            timer_late: 10_000,
            clock_jump: 1_000,
            effect_failed: 5_000,
            fuel_cut: 10_000,
            grow_refused: 100_000,
            call_refused: 10_000,
            ..Faults::none()
        }
    }

    /// The profile of this name.
    pub fn profile(name: &str) -> Option<Faults> {
        match name {
            "none" => Some(Faults::none()),
            "chaos" => Some(Faults::chaos()),
            _ => None,
        }
    }

    /// The names of all profiles.
    pub const PROFILES: [&str; 2] = ["none", "chaos"];

    /// Draws what is on in one run: each kind in two of three runs, at a quarter to the whole of its rate.
    pub(crate) fn draw(&self, stream: &mut Stream) -> (Faults, Swarm) {
        let mut quarters = || share_of_one_run(stream);
        let mut swarm =
            Swarm { drop: quarters(), duplicate: quarters(), delay: quarters(), ..Swarm::default() };
        let mut faults = Faults {
            drop: swarm.drop.of(self.drop),
            duplicate: swarm.duplicate.of(self.duplicate),
            delay: swarm.delay.of(self.delay),
            kill: quarters().of(self.kill),
            crash: quarters().of(self.crash),
            buggify: quarters().of(self.buggify),
            unsynced: quarters().of(self.unsynced),
            clock: quarters().of(self.clock),
            pause: quarters().of(self.pause),
            ..self.clone()
        };
        swarm.partition = quarters();
        faults.partition = swarm.partition.of(self.partition);
        faults.clock_jump = quarters().of(self.clock_jump);
        faults.effect_failed = quarters().of(self.effect_failed);
        swarm.clog = quarters();
        faults.clog = swarm.clog.of(self.clog);
        faults.fuel_cut = quarters().of(self.fuel_cut);
        faults.grow_refused = quarters().of(self.grow_refused);
        faults.call_refused = quarters().of(self.call_refused);
        // From a copy: what has no rate moves no run.
        let mut beside = stream.clone();
        let mut quarters = || share_of_one_run(&mut beside);
        faults.timer_late = quarters().of(self.timer_late);
        faults.torn = quarters().of(self.torn);
        faults.slow = quarters().of(self.slow);
        (faults, swarm)
    }

    /// The kinds that can happen by chance.
    pub fn kinds(&self) -> Vec<ChoiceKind> {
        use ChoiceKind::*;
        let all = [
            Drop,
            Duplicate,
            Delay,
            Kill,
            Crash,
            Buggify,
            EffectDelay,
            Unsynced,
            Pause,
            Partition,
            Clog,
            ClockJump,
            EffectFailed,
            FuelCut,
            GrowRefused,
            CallRefused,
            TimerLate,
            Torn,
            Slow,
        ];
        all.into_iter().filter(|kind| self.rate(*kind) > 0).collect()
    }

    fn rate(&self, kind: ChoiceKind) -> u32 {
        match kind {
            ChoiceKind::Drop => self.drop,
            ChoiceKind::Duplicate => self.duplicate,
            ChoiceKind::Delay | ChoiceKind::EffectDelay => self.delay,
            ChoiceKind::Kill => self.kill,
            ChoiceKind::Crash => self.crash,
            ChoiceKind::Restart => 1_000_000,
            ChoiceKind::Buggify => self.buggify,
            ChoiceKind::Unsynced => self.unsynced,
            ChoiceKind::Pause => self.pause,
            ChoiceKind::Partition => self.partition,
            ChoiceKind::Clog => self.clog,
            ChoiceKind::TimerLate => self.timer_late,
            ChoiceKind::Torn => self.torn,
            ChoiceKind::Slow => self.slow,
            ChoiceKind::ClockJump => self.clock_jump,
            ChoiceKind::EffectFailed => self.effect_failed,
            ChoiceKind::FuelCut => self.fuel_cut,
            ChoiceKind::GrowRefused => self.grow_refused,
            ChoiceKind::CallRefused => self.call_refused,
            ChoiceKind::LeftOut => 0,
        }
    }
}

/// Draws how much of a rate is on in one run: none in one of three, else a quarter to the whole.
fn share_of_one_run(stream: &mut Stream) -> Share {
    let (on, quarters) = (stream.below(3) > 0, 1 + stream.below(4));
    Share(if on { quarters } else { 0 })
}

/// So many quarters of a rate that are on in one run.
#[derive(Clone, Copy, Debug, Default)]
struct Share(u64);

impl Share {
    fn of(self, rate: u32) -> u32 {
        (u64::from(rate) * self.0).div_ceil(4) as u32
    }
}

/// What was drawn for the kinds of faults that a link may have a rate of its own for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Swarm {
    drop: Share,
    duplicate: Share,
    delay: Share,
    partition: Share,
    clog: Share,
}

impl Swarm {
    fn whole() -> Swarm {
        let all = Share(4);
        Swarm { drop: all, duplicate: all, delay: all, partition: all, clog: all }
    }

    fn of(&self, kind: ChoiceKind) -> Share {
        match kind {
            ChoiceKind::Drop => self.drop,
            ChoiceKind::Duplicate => self.duplicate,
            ChoiceKind::Delay => self.delay,
            ChoiceKind::Partition => self.partition,
            ChoiceKind::Clog => self.clog,
            _ => Share(4),
        }
    }
}

/// Decides by the rates of one run, inside its budget.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    pub(crate) faults: Faults,
    /// The kinds that have a rate.
    on: Kinds,
    swarm: Swarm,
    /// The rate of the link that is decided about, if it has its own.
    own: Option<(ChoiceKind, u32)>,
    stream: Stream,
    kills: u32,
    crashes: u32,
    cuts: u32,
    starved: u32,
    all: u32,
    /// Nodes that are down now.
    pub(crate) down: u32,
    last: Option<Time>,
}

impl Chance {
    /// What the run draws of a profile.
    pub(crate) fn of_run(profile: &Faults, mut stream: Stream) -> Chance {
        let (faults, swarm) = profile.draw(&mut stream);
        Chance::new(faults, swarm, stream)
    }

    /// All of a profile.
    pub(crate) fn whole(profile: &Faults, stream: Stream) -> Chance {
        Chance::new(profile.clone(), Swarm::whole(), stream)
    }

    fn new(faults: Faults, swarm: Swarm, stream: Stream) -> Chance {
        let on = ChoiceKind::ALL.into_iter().filter(|kind| faults.rate(*kind) > 0);
        Chance {
            on: on.fold(Kinds::default(), Kinds::with),
            faults,
            swarm,
            own: None,
            stream,
            kills: 0,
            crashes: 0,
            cuts: 0,
            starved: 0,
            all: 0,
            down: 0,
            last: None,
        }
    }

    /// Decides from now on as `other` does, inside what is left of the budget.
    pub(crate) fn go_on_as(&mut self, other: Chance) {
        let Chance { faults, on, swarm, stream, .. } = other;
        (self.faults, self.on, self.swarm, self.stream) = (faults, on, swarm, stream);
    }

    /// From now on, this kind has the rate of a link; `None` = that of the run again.
    pub(crate) fn own_rate(&mut self, kind: ChoiceKind, rate: Option<u32>) {
        self.own = rate.map(|rate| (kind, self.swarm.of(kind).of(rate)));
    }

    #[inline]
    fn rate(&self, kind: ChoiceKind) -> u32 {
        match self.own {
            Some((own, rate)) if own == kind => rate,
            _ => self.faults.rate(kind),
        }
    }

    /// True if one of these kinds, which are of no link, can happen in this run.
    #[inline]
    pub(crate) fn has_rate(&self, kinds: Kinds) -> bool {
        self.on.has_any(kinds)
    }

    /// True if this kind of fault can happen at all now.
    #[inline]
    pub(crate) fn possible(&self, kind: ChoiceKind, now: Time) -> bool {
        (self.on.has(kind) || self.own.is_some()) && self.is_left(kind, now)
    }

    /// True if this kind has a rate, and its budget something left.
    #[inline(never)]
    fn is_left(&self, kind: ChoiceKind, now: Time) -> bool {
        if self.rate(kind) == 0 || (counts(kind) && self.all >= self.faults.faults_max) {
            return false;
        }
        let quiet =
            || self.last.is_none_or(|last| now.since(last).as_nanos() >= u128::from(self.faults.gap_min));
        match kind {
            ChoiceKind::Kill => self.kills < self.faults.kills_max && quiet(),
            ChoiceKind::Crash => {
                let up = self.down < self.faults.nodes_down_max;
                up && self.crashes < self.faults.crashes_max && quiet()
            }
            ChoiceKind::Partition | ChoiceKind::Clog => self.cuts < self.faults.cuts_max,
            kind if STARVE.contains(&kind) => self.starved < self.faults.starved_max && quiet(),
            _ => true,
        }
    }

    /// True if a turn may be starved now.
    #[inline]
    pub(crate) fn starves(&self, now: Time) -> bool {
        STARVE.iter().any(|kind| self.possible(*kind, now))
    }

    pub(crate) fn draw(&mut self, point: &ChoicePoint, now: Time) -> u32 {
        if !self.possible(point.kind, now) || !self.stream.per_million(self.rate(point.kind)) {
            return 0;
        }
        1 + self.stream.below(u64::from(point.n - 1)) as u32
    }

    /// True if the budget lets a plan do this now.
    pub(crate) fn may_plan(&self, deed: &Deed) -> bool {
        let down = matches!(deed, Deed::Crash(_)) && self.down >= self.faults.nodes_down_max;
        !down && self.all < self.faults.faults_max
    }

    /// Keeps the budget of what a plan did.
    pub(crate) fn planned(&mut self, deed: &Deed, now: Time) {
        self.all += u32::from(deed.is_fault());
        if matches!(deed, Deed::Crash(_) | Deed::Kill(_) | Deed::Fail(_)) {
            self.last = Some(now);
        }
    }

    /// Keeps the budget, whoever decided.
    pub(crate) fn happened(&mut self, kind: ChoiceKind, now: Time) {
        self.all += u32::from(counts(kind));
        match kind {
            ChoiceKind::Kill => self.kills += 1,
            ChoiceKind::Crash => self.crashes += 1,
            kind if STARVE.contains(&kind) => self.starved += 1,
            ChoiceKind::Partition | ChoiceKind::Clog => {
                self.cuts += 1;
                return;
            }
            _ => return,
        }
        self.last = Some(now);
    }
}

/// What turns of guests may be refused.
const STARVE: [ChoiceKind; 3] = [ChoiceKind::FuelCut, ChoiceKind::GrowRefused, ChoiceKind::CallRefused];

/// The same as a set.
pub(crate) const STARVING: Kinds = Kinds::of(&STARVE);

/// True for faults; slowness and how long a node is down are none of their own.
fn counts(kind: ChoiceKind) -> bool {
    !matches!(kind, ChoiceKind::Delay | ChoiceKind::EffectDelay | ChoiceKind::Restart | ChoiceKind::TimerLate)
}
