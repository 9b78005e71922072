//! What happened, as far as supervision is concerned: events that outlive the moment they are told.

use seedbed_core::{At, Body, Envelope, Event, ExitReason, Hook, NodeId, Observer, Pid, SignalName, Time};
use std::cell::RefCell;
use std::rc::Rc;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// A node crashed, or booted: nobody who was there is left.
    Gone,
    /// Somebody's turn began.
    Turn {
        /// Whose.
        who: Pid,
        /// Which hook.
        hook: Hook,
        /// What is delivered.
        name: SignalName,
        /// Its envelope.
        envelope: Envelope,
        /// Its payload.
        payload: Vec<u8>,
    },
    /// The turn ended.
    TurnEnd {
        /// Whose.
        who: Pid,
        /// The time, if the turn read it.
        now: Option<Time>,
        /// It failed.
        failed: bool,
    },
    /// Somebody was spawned.
    Spawned {
        /// Who.
        who: Pid,
        /// By whom.
        parent: Pid,
        /// The whole path.
        path: String,
        /// Which life of it.
        life: u32,
    },
    /// Somebody finished its start.
    Started(Pid),
    /// Somebody is to stop.
    Stopping(Pid),
    /// Somebody ended.
    Exited(Pid, ExitReason),
    /// A link was made, or taken back.
    Linked(Pid, Pid, bool),
    /// A monitor was made, or taken back: the watcher, the watched, the watcher's reference.
    Monitored(Pid, Pid, u64, bool),
    /// A timer was armed.
    TimerArmed(Pid, u64, Time),
    /// A supervisor decided something.
    Supervised {
        /// Which.
        who: Pid,
        /// About which child.
        child: String,
        /// What; see [`decision`](seedbed_core::decision).
        code: u32,
        /// A figure that belongs to it.
        figure: u64,
    },
    /// An answer left for another node.
    Answered {
        /// Who answers.
        from: Pid,
        /// Who asked.
        to: Pid,
        /// Which request.
        correlation: u64,
        /// The answer, if it is one.
        payload: Option<Vec<u8>>,
    },
    /// Another node counts as lost.
    NodeLost(NodeId),
    /// Somebody outside does something to an actor: what follows is of no turn.
    Outside,
}

impl Seen {
    /// The event, if it has to do with supervision.
    pub(super) fn of(event: &Event<'_>) -> Option<Seen> {
        Some(match event {
            Event::Booted { .. } => Seen::Gone,
            Event::Turn { who, hook, name, envelope, payload, .. } => Seen::Turn {
                who: who.pid,
                hook: *hook,
                name: *name,
                envelope: **envelope,
                payload: payload.to_vec(),
            },
            Event::TurnEnd { who, now, failed, .. } => {
                Seen::TurnEnd { who: who.pid, now: *now, failed: *failed }
            }
            Event::Spawned { who, parent } => {
                Seen::Spawned { who: who.pid, parent: *parent, path: who.text.to_owned(), life: who.life.0 }
            }
            Event::Started { who } => Seen::Started(who.pid),
            Event::Stopping { who, .. } => Seen::Stopping(who.pid),
            Event::Exited { who, reason, .. } => Seen::Exited(who.pid, (*reason).clone()),
            Event::Linked { who, other, on } => Seen::Linked(who.pid, *other, *on),
            Event::Monitored { who, other, reference, on } => {
                Seen::Monitored(who.pid, *other, *reference, *on)
            }
            Event::TimerArmed { who, id, deadline } => Seen::TimerArmed(who.pid, *id, *deadline),
            Event::Supervised { who, child, code, figure, .. } => {
                Seen::Supervised { who: who.pid, child: (*child).to_owned(), code: *code, figure: *figure }
            }
            Event::Transmitted { packet } => match &packet.body {
                Body::Answer { correlation, failed, payload, .. } => Seen::Answered {
                    from: packet.from,
                    to: packet.to,
                    correlation: *correlation,
                    payload: (!failed).then(|| payload.clone()),
                },
                _ => return None,
            },
            Event::NodeLost { node } => Seen::NodeLost(*node),
            Event::KillAsked { .. } | Event::StopAsked { .. } | Event::FailAsked { .. } => Seen::Outside,
            _ => return None,
        })
    }
}

/// What happened since the last look, in order.
#[derive(Clone, Default)]
pub(super) struct Inbox(Rc<RefCell<Vec<(At, Seen)>>>);

impl Inbox {
    pub(super) fn take(&self) -> Vec<(At, Seen)> {
        self.0.take()
    }
}

impl Observer for Inbox {
    fn event(&mut self, at: At, event: &Event<'_>) {
        if let Some(seen) = Seen::of(event) {
            self.0.borrow_mut().push((at, seen));
        }
    }
}
