//! What a kernel asks of the world around it.
//!
//! Everything that can differ between two runs of a kernel comes through [`Reactor`], or is an
//! argument of the kernel's entry points (`run`, `arrive`, `fire_timers`, `complete`).

use crate::event::Event;
use crate::packet::{EffectRequest, Packet};
use crate::path::{Life, PathId};
use crate::pid::NodeId;
use seedbed_abi::Time;
use serde::{Deserialize, Serialize};

/// The unit of scheduling: the head of one line of one receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The node it is on.
    pub node: NodeId,
    /// The line, an index that the kernel uses again when the line is gone.
    pub line: u32,
    /// Which use of that index; a delivery with an old epoch is stale.
    pub epoch: u32,
    /// The receiver's slot.
    pub receiver: u32,
}

/// Between whom a delivery is, by stable names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    /// The receiver.
    pub receiver: PathId,
    /// The receiver's life.
    pub life: Life,
    /// Whose line it is.
    pub sender: PathId,
    /// True for the line of the receiver's own timers.
    pub timers: bool,
}

/// Where in a run something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// In which step of the world: how many turns have begun.
    pub step: u64,
    /// When.
    pub time: Time,
    /// On which node.
    pub node: NodeId,
}

/// Somebody who watches a run: a trace, a recorder, a test.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, at: At, event: &Event<'_>);

    /// The reactor decided something in a way that was not plain.
    fn chosen(&mut self, at: At, entry: &crate::tape::TapeEntry) {
        let _ = (at, entry);
    }
}

/// One decision that could fall otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoicePoint {
    /// What is decided.
    pub kind: ChoiceKind,
    /// Where, within the kind: the hash of a `buggify` site, a link, a signal kind.
    pub site: u64,
    /// Whose: the actor, or the node.
    pub path: PathId,
    /// In which of its lives (of a node: its boot).
    pub life: Life,
    /// Which one there; `None` = the next, counted by the reactor.
    pub ordinal: Option<u64>,
    /// How many answers there are: 0 (plain) to n − 1.
    pub n: u32,
}

/// What a [`ChoicePoint`] decides. The numbers are in tapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ChoiceKind {
    /// Drop a packet.
    Drop = 1,
    /// Deliver a packet twice.
    Duplicate = 2,
    /// Delay a packet, by so many steps of the link's latency range.
    Delay = 3,
    /// Kill the actor after its turn.
    Kill = 4,
    /// Crash the node after a turn.
    Crash = 5,
    /// How long a crashed node stays down, in steps of its range.
    Restart = 6,
    /// A guest's or actor's `buggify` site.
    Buggify = 7,
    /// Latency of an effect, in steps of its range.
    EffectDelay = 8,
    /// At a crash: how many records at the tail of a log that were not synced are lost.
    Unsynced = 9,
    /// The node stands still after the turn, for so many steps of its range.
    Pause = 10,
    /// The link that the packet is to take is cut, for so many steps of its range; from 16 on, only
    /// in the direction of the packet.
    Partition = 11,
    /// The node's wall clock jumps after the turn: odd answers forward, even ones back.
    ClockJump = 12,
    /// The effect fails: it did nothing (1); of an append also: there is no room (2), it is not known
    /// whether it was done, and it was (3) or was not (4).
    EffectFailed = 13,
    /// The link that the packet is to take is clogged; answers as those of a partition.
    Clog = 14,
    /// A guest's turn gets only a part of its fuel.
    FuelCut = 15,
    /// A growth of a guest's memory is refused.
    GrowRefused = 16,
    /// A host call of a guest is refused with a code.
    CallRefused = 17,
    /// The timers of the node that are due fire late, by so many steps of their range.
    TimerLate = 18,
    /// At a crash: how many quarters of the first record that is lost are left.
    Torn = 19,
    /// An optional child is not started, or so many messages of an optional input, from this one on, are
    /// not sent. No strategy is asked: only shrinking leaves out.
    LeftOut = 20,
    /// Turns of the node take longer from now on. Of the answer less one, the last two bits are how much
    /// longer, the two before for how long, in quarters of their ranges.
    Slow = 21,
}

impl ChoiceKind {
    /// All kinds, by their numbers.
    pub const ALL: [ChoiceKind; 21] = [
        ChoiceKind::Drop,
        ChoiceKind::Duplicate,
        ChoiceKind::Delay,
        ChoiceKind::Kill,
        ChoiceKind::Crash,
        ChoiceKind::Restart,
        ChoiceKind::Buggify,
        ChoiceKind::EffectDelay,
        ChoiceKind::Unsynced,
        ChoiceKind::Pause,
        ChoiceKind::Partition,
        ChoiceKind::ClockJump,
        ChoiceKind::EffectFailed,
        ChoiceKind::Clog,
        ChoiceKind::FuelCut,
        ChoiceKind::GrowRefused,
        ChoiceKind::CallRefused,
        ChoiceKind::TimerLate,
        ChoiceKind::Torn,
        ChoiceKind::LeftOut,
        ChoiceKind::Slow,
    ];
}

/// What a turn itself may need: the time, and decisions made in the middle of it.
pub trait Port {
    /// The node's monotonic clock.
    fn now(&mut self) -> Time;

    /// The node's wall clock, since the Unix epoch.
    fn unix_time(&mut self) -> Time;

    /// Decides a choice point; below `point.n`, 0 plain.
    fn choose(&mut self, point: &ChoicePoint) -> u32;

    /// Something happened. Events come in the order in which things happen; they are all that a
    /// trace, a hash, a recording or a property sees.
    fn observe(&mut self, event: &Event<'_>);

    /// True where faults may be injected: `buggify` and `always` are alive.
    fn simulated(&self) -> bool;

    /// True if the turn that begins may meet a fault of fuel, memory or host calls: spares it the asking.
    fn starves(&self) -> bool {
        false
    }

    /// The turn that runs takes time, also where turns take none: its guest waits for nothing (rule W8).
    fn takes_time(&mut self) {}
}

/// The reactor under a kernel.
pub trait Reactor: Port {
    /// A turn begins or ends: [`observe`](Port::observe), but a reactor that nobody watches need not
    /// have these two events made.
    #[inline]
    fn observe_turn<'e>(&mut self, event: impl FnOnce() -> Event<'e>) {
        self.observe(&event());
    }

    /// A delivery became possible.
    fn enabled(&mut self, delivery: Delivery, chain: Chain);

    /// A delivery that was possible is not any more, and was not run.
    fn disabled(&mut self, delivery: Delivery);

    /// The signal that a delivery would deliver was taken out of its line, which goes on with the next:
    /// the delivery stays, its name is another.
    fn renamed(&mut self, delivery: Delivery) {
        let _ = delivery;
    }

    /// A packet leaves for another node, or the outside.
    fn transmit(&mut self, packet: Packet);

    /// An actor asked for an effect; the reactor will answer with `Kernel::complete`.
    fn perform(&mut self, request: EffectRequest);
}
