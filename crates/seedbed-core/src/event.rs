//! What happens in a kernel, as one stream.
//!
//! Every event feeds the running hash of the run, word by word in the order of its fields, so the
//! hash does not depend on how an event is printed. Texts for people (panic texts, backtraces) are no part of it.

use crate::actor::Detail;
use crate::hash::TraceHash;
use crate::outbox::SpawnOptions;
use crate::packet::{EffectOutcome, Packet};
use crate::path::{Life, PathId, SignalName};
use crate::pid::{Boot, NodeId};
use crate::stream::Key;
use seedbed_abi::{Envelope, ExitReason, Failure, Level, Pid, Time};
use std::fmt;

/// Who an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who<'a> {
    /// Pid.
    pub pid: Pid,
    /// Path.
    pub path: PathId,
    /// Life.
    pub life: Life,
    /// The path's text.
    pub text: &'a str,
}

/// Which hook a turn calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Hook {
    /// `on_start`.
    Start = 1,
    /// `on_message` or `on_signal`.
    Message = 2,
    /// `on_stop`.
    Stop = 3,
}

/// Why a message reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lost {
    /// Nobody has that pid or name.
    Dead = 1,
    /// Its mailbox had no room.
    Full = 2,
    /// It came after the end of its request.
    Late = 3,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The node started.
    Booted {
        /// Which.
        node: NodeId,
        /// For which time.
        boot: Boot,
        /// Its key.
        key: Key,
    },
    /// A turn begins.
    Turn {
        /// Whose.
        who: Who<'a>,
        /// Which hook.
        hook: Hook,
        /// What is delivered.
        name: SignalName,
        /// Its envelope.
        envelope: &'a Envelope,
        /// Its payload.
        payload: &'a [u8],
        /// The step in which it was sent; 0 = outside of any.
        cause: u64,
    },
    /// A turn ended; what it asked for comes after this.
    TurnEnd {
        /// Whose.
        who: Who<'a>,
        /// Fuel it burnt; 0 for native actors.
        fuel: u64,
        /// The time, if the turn read it.
        now: Option<Time>,
        /// The wall clock, if the turn read it.
        unix: Option<Time>,
        /// True if it failed, and so applied nothing.
        failed: bool,
    },
    /// A packet left for another node.
    Transmitted {
        /// The packet.
        packet: &'a Packet,
    },
    /// A packet came from another node or from outside.
    Arrived {
        /// The packet.
        packet: &'a Packet,
    },
    /// The clock was looked at between turns, and timers up to this time fired.
    TimersDue {
        /// The time.
        now: Time,
    },
    /// An effect completed.
    Completed {
        /// For whom.
        pid: Pid,
        /// Which.
        correlation: u64,
        /// How.
        outcome: &'a EffectOutcome,
    },
    /// An actor was spawned.
    Spawned {
        /// The child.
        who: Who<'a>,
        /// By whom; nobody for a root.
        parent: Pid,
    },
    /// An actor finished its start.
    Started {
        /// Who.
        who: Who<'a>,
    },
    /// An actor was asked to stop; its `on_stop` comes.
    Stopping {
        /// Who.
        who: Who<'a>,
        /// Why.
        reason: &'a ExitReason,
    },
    /// An actor ended.
    Exited {
        /// Who.
        who: Who<'a>,
        /// Why.
        reason: &'a ExitReason,
        /// For people: panic text, backtrace, error chain.
        detail: Option<&'a Detail>,
        /// True if somebody was told: a link, a monitor, a supervisor, who waits for the start.
        seen: bool,
        /// The step of the turn or signal that ended it.
        cause: u64,
    },
    /// A message reached nobody.
    Lost {
        /// How.
        why: Lost,
        /// Where it was sent.
        to: Pid,
        /// What it was.
        name: SignalName,
        /// Its tag.
        tag: u64,
    },
    /// A name was taken.
    Registered {
        /// By whom.
        who: Who<'a>,
        /// The name.
        name: &'a str,
    },
    /// A name was given back.
    Unregistered {
        /// By whom.
        who: Who<'a>,
        /// The name.
        name: &'a str,
    },
    /// A link was made or taken back.
    Linked {
        /// One side.
        who: Who<'a>,
        /// The other.
        other: Pid,
        /// False if it was taken back.
        on: bool,
    },
    /// A monitor was made or taken back.
    Monitored {
        /// The watcher.
        who: Who<'a>,
        /// The watched.
        other: Pid,
        /// The watcher's reference.
        reference: u64,
        /// False if it was taken back.
        on: bool,
    },
    /// A timer was armed.
    TimerArmed {
        /// Whose.
        who: Who<'a>,
        /// Which.
        id: u64,
        /// When it is due.
        deadline: Time,
    },
    /// A timer was cancelled in time.
    TimerCancelled {
        /// Whose.
        who: Who<'a>,
        /// Which.
        id: u64,
    },
    /// An effect was asked for.
    Performed {
        /// By whom.
        who: Who<'a>,
        /// Which.
        effect: &'a str,
        /// Its correlation.
        correlation: u64,
        /// What it was given.
        payload: &'a [u8],
    },
    /// A fact was published.
    Observed {
        /// By whom.
        who: Who<'a>,
        /// Its key.
        key: &'a str,
        /// Its value.
        value: i64,
    },
    /// A condition of an actor: `always` (must hold) or `sometimes` (must be seen).
    Condition {
        /// Whose.
        who: Who<'a>,
        /// Its name.
        name: &'a str,
        /// True for `always`.
        always: bool,
        /// What it was.
        holds: bool,
    },
    /// An actor wrote to the log.
    Logged {
        /// Who.
        who: Who<'a>,
        /// How grave.
        level: Level,
        /// The text.
        text: &'a str,
    },
    /// A supervisor decided something.
    Supervised {
        /// The supervisor.
        who: Who<'a>,
        /// The child's id.
        child: &'a str,
        /// A number for the kind of decision.
        code: u32,
        /// A figure that belongs to it.
        figure: u64,
        /// For people: made where somebody looks at it.
        text: fmt::Arguments<'a>,
    },
    /// The outside asked for an actor without a parent; if it was refused, nothing comes after this.
    SpawnAsked {
        /// How.
        options: &'a SpawnOptions,
    },
    /// The outside killed an actor that was there.
    KillAsked {
        /// Whom.
        pid: Pid,
    },
    /// The outside asked an actor that was there to stop.
    StopAsked {
        /// Whom.
        pid: Pid,
        /// Why.
        reason: &'a ExitReason,
    },
    /// The outside made an actor that was there fail.
    FailAsked {
        /// Whom.
        pid: Pid,
        /// How.
        failure: &'a Failure,
    },
    /// Another node counts as lost.
    NodeLost {
        /// Which.
        node: NodeId,
    },
    /// A packet was lost on its way: its link is cut, or a rule of the simulation says so.
    Vanished {
        /// The packet.
        packet: &'a Packet,
    },
    /// Something was made to go wrong, or put right again, by a plan, a rule, or the body of a test.
    Fault {
        /// What, as a plan says it: `crash b`.
        text: &'a str,
    },
}

impl Event<'_> {
    /// Number of the kind of event, in hashes and files.
    pub fn code(&self) -> u8 {
        match self {
            Event::Booted { .. } => 1,
            Event::Turn { .. } => 2,
            Event::TurnEnd { .. } => 3,
            Event::Transmitted { .. } => 5,
            Event::Arrived { .. } => 6,
            Event::TimersDue { .. } => 7,
            Event::Completed { .. } => 8,
            Event::Spawned { .. } => 9,
            Event::Started { .. } => 10,
            Event::Stopping { .. } => 11,
            Event::Exited { .. } => 12,
            Event::Lost { .. } => 13,
            Event::Registered { .. } => 14,
            Event::Unregistered { .. } => 15,
            Event::Linked { .. } => 16,
            Event::Monitored { .. } => 17,
            Event::TimerArmed { .. } => 18,
            Event::TimerCancelled { .. } => 19,
            Event::Performed { .. } => 20,
            Event::Observed { .. } => 21,
            Event::Condition { .. } => 22,
            Event::Logged { .. } => 23,
            Event::Supervised { .. } => 24,
            Event::SpawnAsked { .. } => 25,
            Event::KillAsked { .. } => 26,
            Event::StopAsked { .. } => 27,
            Event::FailAsked { .. } => 28,
            Event::NodeLost { .. } => 29,
            Event::Vanished { .. } => 30,
            Event::Fault { .. } => 31,
        }
    }

    /// Feeds the event to a running hash.
    #[inline(always)]
    pub fn hash_into(&self, h: &mut TraceHash) {
        let code = u64::from(self.code());
        let who = |h: &mut TraceHash, w: &Who<'_>, with: u64| {
            h.pair(w.path.0 ^ w.pid.to_raw(), code | (u64::from(w.life.0) << 8) ^ with.rotate_left(40));
        };
        match self {
            Event::Turn { who: w, hook, name, envelope, payload, .. } => {
                h.eight([
                    w.path.0,
                    code | (u64::from(w.life.0) << 32) | ((*hook as u64) << 8),
                    name.word(),
                    envelope.from,
                    envelope.correlation,
                    envelope.tag,
                    u64::from(envelope.len) | (u64::from(envelope.flags.0) << 32),
                    w.pid.to_raw() ^ envelope.id.rotate_left(32),
                ]);
                h.payload(payload);
            }
            // Fuel is left out: a native actor burns none, and must give the events of its WASM build.
            Event::TurnEnd { now, unix, failed, .. } => {
                h.pair(code | (u64::from(*failed) << 8), now.map_or(0, |t| t.as_nanos() + 1));
                if let Some(unix) = unix {
                    h.word(unix.as_nanos());
                }
            }
            Event::Booted { node, boot, key } => {
                h.pair(code | u64::from(node.0) << 8, u64::from(boot.0));
                h.bytes(&key.0);
            }
            Event::Transmitted { packet } | Event::Arrived { packet } | Event::Vanished { packet } => {
                h.pair(code, packet.from.to_raw());
                h.pair(packet.to.to_raw(), packet.name().word());
                packet.body_hash(h);
            }
            Event::TimersDue { now } => h.pair(code, now.as_nanos()),
            Event::Completed { pid, correlation, outcome } => {
                h.pair(code | correlation << 8, pid.to_raw());
                match outcome {
                    Ok(bytes) => h.bytes(bytes),
                    Err(e) => h.word(e.code),
                }
            }
            Event::Spawned { who: w, parent } => who(h, w, parent.to_raw()),
            Event::Started { who: w } => who(h, w, 0),
            Event::Stopping { who: w, reason } | Event::Exited { who: w, reason, .. } => {
                who(h, w, 0);
                hash_reason(h, reason);
            }
            Event::Lost { why, to, name, tag } => {
                h.pair(code | (*why as u64) << 8, to.to_raw());
                h.pair(name.word(), *tag);
            }
            Event::Registered { who: w, name } | Event::Unregistered { who: w, name } => {
                who(h, w, 0);
                h.bytes(name.as_bytes());
            }
            Event::Linked { who: w, other, on } => who(h, w, other.to_raw() ^ u64::from(*on)),
            Event::Monitored { who: w, other, reference, on } => {
                who(h, w, other.to_raw() ^ u64::from(*on));
                h.word(*reference);
            }
            Event::TimerArmed { who: w, id, deadline } => {
                who(h, w, *id);
                h.word(deadline.as_nanos());
            }
            Event::TimerCancelled { who: w, id } => who(h, w, *id),
            Event::Performed { who: w, effect, correlation, payload } => {
                who(h, w, *correlation);
                h.bytes(effect.as_bytes());
                h.bytes(payload);
            }
            Event::Observed { who: w, key, value } => {
                who(h, w, *value as u64);
                h.bytes(key.as_bytes());
            }
            Event::Condition { who: w, name, always, holds } => {
                who(h, w, u64::from(*always) | u64::from(*holds) << 1);
                h.bytes(name.as_bytes());
            }
            Event::Logged { who: w, level, text } => {
                who(h, w, *level as u64);
                h.bytes(text.as_bytes());
            }
            Event::Supervised { who: w, child, code, figure, .. } => {
                who(h, w, u64::from(*code));
                h.bytes(child.as_bytes());
                h.word(*figure);
            }
            Event::SpawnAsked { options } => {
                let SpawnOptions { name, register, flags, args, supervised } = options;
                let given = u64::from(name.is_some()) | u64::from(register.is_some()) << 1;
                h.pair(code, given | u64::from(*supervised) << 2 | u64::from(flags.0) << 3);
                for text in [name, register] {
                    h.bytes(text.as_deref().unwrap_or_default().as_bytes());
                }
                h.bytes(args);
            }
            Event::KillAsked { pid } => h.pair(code, pid.to_raw()),
            Event::StopAsked { pid, reason } => {
                h.pair(code, pid.to_raw());
                hash_reason(h, reason);
            }
            Event::FailAsked { pid, failure } => {
                h.pair(code, pid.to_raw());
                hash_reason(h, &ExitReason::Failed((*failure).clone()));
            }
            Event::NodeLost { node } => h.pair(code, u64::from(node.0)),
            Event::Fault { text } => {
                h.word(code);
                h.bytes(text.as_bytes());
            }
        }
    }
}

fn hash_reason(h: &mut TraceHash, reason: &ExitReason) {
    let mut bytes = Vec::with_capacity(16);
    reason.encode(&mut bytes);
    h.bytes(&bytes);
}
