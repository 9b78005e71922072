//! What is told of an end, and in which order mail comes (invariants 6 and 7).

use super::roster::Roster;
use super::rule::Rule;
use super::seen::Seen;
use seedbed_core::{At, ExitReason, Flags, Notice, Pid, node_of};
use std::collections::{BTreeMap, BTreeSet};

/// One exit for each link and one down for each monitor; none once they are taken back.
///
/// What is watched on other nodes is left out: a notice may be lost with its node. An exit that a child
/// sends its supervisor itself is no notice of an end.
#[derive(Default)]
pub(super) struct Told {
    monitors: BTreeMap<(Pid, u64), Monitor>,
    /// Children that have taken down the link to their supervisor.
    unlinked: BTreeSet<Pid>,
    /// Children that ended, whose supervisor is to be told.
    untold: BTreeMap<Pid, (Pid, ExitReason)>,
}

struct Monitor {
    target: Pid,
    on: bool,
    told: bool,
}

impl Rule for Told {
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Gone => {
                self.monitors.retain(|(pid, _), _| node_of(*pid) != at.node);
                self.untold.retain(|pid, _| node_of(*pid) != at.node);
            }
            Seen::Monitored(who, target, reference, true) => {
                let monitor = Monitor { target: *target, on: true, told: false };
                self.monitors.insert((*who, *reference), monitor);
            }
            Seen::Monitored(who, _, reference, false) => {
                if let Some(monitor) = self.monitors.get_mut(&(*who, *reference)) {
                    monitor.on = false;
                }
            }
            Seen::Linked(who, other, on) => {
                for (child, parent) in [(who, other), (other, who)] {
                    if roster.actor(*child).is_some_and(|actor| actor.parent == *parent) {
                        if *on {
                            self.unlinked.remove(child)
                        } else {
                            self.unlinked.insert(*child)
                        };
                    }
                }
            }
            Seen::Exited(who, reason) => {
                self.monitors.retain(|(watcher, _), _| watcher != who);
                if let Some(parent) = roster.actor(*who).map(|actor| actor.parent)
                    && roster.supervisor(parent).is_some()
                    && roster.lives(parent)
                    && !self.unlinked.contains(who)
                {
                    self.untold.insert(*who, (parent, reason.clone()));
                }
            }
            Seen::Turn { who, envelope, .. } if envelope.flags.kind() == Flags::DOWN => {
                let of = || format!("{} is told of monitor {}", roster.name(*who), envelope.correlation);
                if let Some(monitor) = self.monitors.get_mut(&(*who, envelope.correlation)) {
                    if !monitor.on {
                        return Err(format!("{}, which it took back", of()));
                    }
                    if std::mem::replace(&mut monitor.told, true) {
                        return Err(format!("{} twice", of()));
                    }
                }
            }
            Seen::Turn { who, envelope, payload, .. } if envelope.flags.kind() == Flags::EXIT => {
                let from = Pid::from_raw(envelope.from);
                let Some(Notice { reason, .. }) = Notice::decode(payload) else { return Ok(()) };
                let ended = roster.actor(from).and_then(|actor| actor.ended.as_ref());
                if roster.actor(from).is_some_and(|actor| actor.parent == *who)
                    && ended.is_some_and(|(_, why)| *why == reason)
                    && self.untold.remove(&from).is_none()
                {
                    let how =
                        if self.unlinked.contains(&from) { "though they are unlinked" } else { "twice" };
                    return Err(format!(
                        "{} is told {how} of the end of {}",
                        roster.name(*who),
                        roster.name(from)
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn idle(&mut self, roster: &Roster) -> Result<(), String> {
        let listens = |pid: Pid| roster.actor(pid).is_some_and(|a| a.started && a.ended.is_none());
        let missed = self.monitors.iter().find(|((watcher, _), monitor)| {
            let gone = node_of(monitor.target) == node_of(*watcher) && !roster.lives(monitor.target);
            monitor.on && !monitor.told && gone && listens(*watcher)
        });
        if let Some(((watcher, reference), monitor)) = missed {
            let (watcher, target) = (roster.name(*watcher), roster.name(monitor.target));
            return Err(format!("{watcher} is never told of the end of {target} (monitor {reference})"));
        }
        match self.untold.iter().find(|(_, (parent, _))| listens(*parent)) {
            Some((child, (parent, _))) => {
                Err(format!("{} is never told of the end of {}", roster.name(*parent), roster.name(*child)))
            }
            None => Ok(()),
        }
    }
}

/// What one actor sends another comes in the order in which it was sent.
#[derive(Default)]
pub(super) struct PairOrder {
    last: BTreeMap<(Pid, u64), u64>,
}

impl Rule for PairOrder {
    fn see(&mut self, _: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Turn { who, envelope, name, .. } => {
                // A packet that the network doubles comes again; a notice of a link has no number.
                let copy = name.n >> 63 == 1;
                let sent = matches!(envelope.flags.kind(), Flags::MESSAGE | Flags::EXIT);
                if !sent || copy || envelope.id == 0 || envelope.from == 0 {
                    return Ok(());
                }
                let before = self.last.insert((*who, envelope.from), envelope.id);
                if let Some(before) = before.filter(|before| *before >= envelope.id) {
                    return Err(format!(
                        "{} gets number {} of {} after number {before}",
                        roster.name(*who),
                        envelope.id,
                        roster.name(Pid::from_raw(envelope.from))
                    ));
                }
            }
            Seen::Exited(who, _) => self.last.retain(|(receiver, _), _| receiver != who),
            _ => {}
        }
        Ok(())
    }
}
