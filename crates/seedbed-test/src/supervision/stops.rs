//! How long a stop takes, and who is killed (invariant 9).

use super::restarts::is_told_to_end;
use super::roster::Roster;
use super::rule::Rule;
use super::seen::Seen;
use seedbed_core::supervise::{Shutdown, Strategy};
use seedbed_core::{At, ExitReason, Flags, Pid, Time, decision};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A supervisor that ends takes no longer than its children may take; whom it kills has had its time.
pub(super) struct InTime {
    /// Time passes only when nothing is left to do, so what is due is done at that time.
    exact: bool,
    stops: BTreeMap<Pid, (Time, Shutdown)>,
    ends: BTreeMap<Pid, Ending>,
    /// Children whose supervisor was told that they have started.
    known: BTreeSet<Pid>,
    /// Whose turn it is.
    turn: Option<Pid>,
}

/// A supervisor that is to end.
struct Ending {
    since: Time,
    /// What it had in hand then, and waits for first: a start, or a stop.
    waits: Vec<Pid>,
    /// For how long its children took to stop: of a dynamic supervisor, the longest.
    taken: Duration,
}

impl InTime {
    pub(super) fn new(exact: bool) -> InTime {
        InTime { exact, stops: BTreeMap::new(), ends: BTreeMap::new(), known: BTreeSet::new(), turn: None }
    }

    fn begins_to_end(&mut self, at: At, who: Pid, roster: &Roster) {
        let children = roster.living().filter(|(_, actor)| actor.parent == who);
        let waits = children.filter(|(pid, actor)| !actor.started || self.stops.contains_key(pid));
        let waits = waits.map(|(pid, _)| pid).collect();
        self.ends.entry(who).or_insert(Ending { since: at.time, waits, taken: Duration::ZERO });
    }

    /// A child is not waited for any more: it started, or it ended.
    fn done(&mut self, at: At, child: Pid, since: Time, roster: &Roster) {
        let Some(parent) = roster.actor(child).map(|actor| actor.parent) else { return };
        let Some(ending) = self.ends.get_mut(&parent) else { return };
        let time = Duration::from_nanos(
            u64::try_from(at.time.since(since.max(ending.since)).as_nanos()).unwrap_or(u64::MAX),
        );
        let at_once = roster.supervisor(parent).is_some_and(|s| s.flags.strategy == Strategy::Dynamic);
        ending.taken = if at_once { ending.taken.max(time) } else { ending.taken + time };
    }

    fn exited(&mut self, at: At, who: Pid, reason: &ExitReason, roster: &Roster) -> Result<(), String> {
        let Some(actor) = roster.actor(who) else { return Ok(()) };
        let (stop, known) = (self.stops.remove(&who), self.known.remove(&who));
        let (name, parent) = (roster.name(who), actor.parent);
        let Some(supervisor) = roster.supervisor(parent) else { return Ok(()) };
        let dynamic = supervisor.flags.strategy == Strategy::Dynamic;
        let took = |since: Time| at.time.since(since);
        let killed = *reason == ExitReason::Killed && self.turn == Some(parent);
        let timeout = roster.spec(who).and_then(|spec| spec.start_timeout);
        match stop {
            Some((since, Shutdown::After(time))) if killed && took(since) < time => {
                return Err(format!("{name} is killed after {:?}, and has {time:?} to stop", took(since)));
            }
            Some((_, Shutdown::Infinity)) if killed => {
                return Err(format!("{name} is killed, and has all the time it needs to stop"));
            }
            None if killed && known => {
                return Err(format!("{name} is killed by {}, and was not to stop", roster.name(parent)));
            }
            None if killed && timeout.is_none_or(|time| took(actor.spawned) < time) => {
                return Err(format!("{name} is killed before its time to start is over"));
            }
            // An instance that was stopped before the others shares their timer (D7).
            Some((since, Shutdown::After(time)))
                if self.exact && took(since) > time * (1 + u32::from(dynamic)) =>
            {
                return Err(format!("{name} takes {:?} to stop, and has {time:?}", took(since)));
            }
            Some((since, Shutdown::Brutal)) if self.exact && took(since) > Duration::ZERO => {
                return Err(format!("{name} lives for {:?} after it was killed", took(since)));
            }
            _ => {}
        }
        match stop {
            Some((since, _)) => self.done(at, who, since, roster),
            None if self.ends.get(&parent).is_some_and(|ending| ending.waits.contains(&who)) => {
                self.done(at, who, actor.spawned, roster);
            }
            None => {}
        }
        Ok(())
    }
}

impl Rule for InTime {
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Outside => self.turn = None,
            Seen::Turn { who, envelope, payload, .. } => {
                self.turn = Some(*who);
                if envelope.flags == Flags::STARTED {
                    self.known.insert(Pid::from_raw(envelope.from));
                }
                if roster.supervisor(*who).is_some() && is_told_to_end(*who, envelope, payload, roster) {
                    self.begins_to_end(at, *who, roster);
                }
            }
            Seen::Supervised { who, code: decision::GAVE_UP, .. } => self.begins_to_end(at, *who, roster),
            Seen::Monitored(who, other, _, true)
                if roster.actor(*other).is_some_and(|a| a.parent == *who) =>
            {
                if let Some(spec) = roster.spec(*other) {
                    self.stops.insert(*other, (at.time, spec.shutdown));
                }
            }
            Seen::Started(who) => {
                if let Some(actor) = roster.actor(*who)
                    && self.ends.get(&actor.parent).is_some_and(|ending| ending.waits.contains(who))
                {
                    self.done(at, *who, actor.spawned, roster);
                }
            }
            Seen::Exited(who, reason) => {
                self.exited(at, *who, reason, roster)?;
                if let Some(ending) = self.ends.remove(who)
                    && self.exact
                    // An end in another's turn is not of its own making.
                    && self.turn == Some(*who)
                    && at.time.since(ending.since) > ending.taken
                {
                    return Err(format!(
                        "{} takes {:?} to end, and its children {:?}",
                        roster.name(*who),
                        at.time.since(ending.since),
                        ending.taken
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, _: &Roster) -> Result<(), String> {
        self.turn = None;
        Ok(())
    }
}
