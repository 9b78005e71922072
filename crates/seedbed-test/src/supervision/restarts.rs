//! How often and in which order (invariants 3 and 4).

use super::roster::Roster;
use super::rule::Rule;
use super::seen::Seen;
use seedbed_core::supervise::{ChildId, ChildState, Strategy};
use seedbed_core::{At, ExitReason, Flags, Pid, Signal, Time, decision};
use std::collections::BTreeMap;

/// In no window of one period are there more restarts than the intensity, or the supervisor gives up:
/// it ends with `Shutdown`, at the latest when nothing is left to do.
#[derive(Default)]
pub(super) struct Intensity {
    supervisors: BTreeMap<Pid, Window>,
    /// Whose turn it is: an end in another's is not of its own making.
    turn: Option<Pid>,
}

#[derive(Default)]
struct Window {
    attempts: Vec<Time>,
    gave_up: bool,
    /// Somebody wants it to end.
    told: bool,
}

impl Rule for Intensity {
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Outside => self.turn = None,
            Seen::Supervised { who, code, .. } if matches!(*code, decision::COUNTED | decision::GAVE_UP) => {
                let Some(flags) = roster.supervisor(*who).map(|s| s.flags) else { return Ok(()) };
                let window = self.supervisors.entry(*who).or_default();
                window.attempts.push(at.time);
                window.attempts.retain(|then| at.time.since(*then) <= flags.period);
                let (n, of) = (window.attempts.len(), flags.intensity as usize);
                window.gave_up |= *code == decision::GAVE_UP;
                match (n <= of, *code == decision::COUNTED) {
                    (true, true) | (false, false) => {}
                    (false, true) => {
                        return Err(format!(
                            "{} restarts {n} times in {:?}, and may {of} times",
                            roster.name(*who),
                            flags.period
                        ));
                    }
                    (true, false) => {
                        return Err(format!(
                            "{} gives up at restart {n} in {:?}, and may restart {of} times",
                            roster.name(*who),
                            flags.period
                        ));
                    }
                }
            }
            Seen::Turn { who, envelope, payload, .. } => {
                self.turn = Some(*who);
                if is_told_to_end(*who, envelope, payload, roster) {
                    self.supervisors.entry(*who).or_default().told = true;
                }
            }
            Seen::Exited(who, reason) => {
                if let Some(window) = self.supervisors.remove(who)
                    && window.gave_up
                    && !window.told
                    && self.turn == Some(*who)
                    && *reason != ExitReason::Shutdown
                {
                    return Err(format!("{} gave up, and ends with {reason}", roster.name(*who)));
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

    fn idle(&mut self, roster: &Roster) -> Result<(), String> {
        match self.supervisors.iter().find(|(pid, window)| window.gave_up && roster.lives(**pid)) {
            Some((pid, _)) => Err(format!("{} gave up, and still lives", roster.name(*pid))),
            None => Ok(()),
        }
    }
}

/// True for an exit of a supervisor's parent, or from outside: it is to end.
pub(super) fn is_told_to_end(
    who: Pid,
    envelope: &seedbed_core::Envelope,
    payload: &[u8],
    roster: &Roster,
) -> bool {
    let parent = roster.actor(who).map(|actor| actor.parent);
    envelope.flags.kind() == Flags::EXIT
        && matches!(
            Signal::decode(envelope, payload),
            Some(Signal::Exit { from, .. }) if !from.is_somebody() || Some(from) == parent
        )
}

/// A group starts in the order of its list, and stops in the reverse, as does a supervisor that ends.
#[derive(Default)]
pub(super) struct GroupOrder {
    supervisors: BTreeMap<Pid, Places>,
}

#[derive(Default)]
struct Places {
    /// The place of each child of the list; one that is added again has another.
    places: BTreeMap<ChildId, u64>,
    next: u64,
    phase: Phase,
    /// A call may be waiting: what is started after the group need not belong to it.
    called: bool,
}

/// What a supervisor is about, with the place at which it was last.
#[derive(Clone, Copy, Default, PartialEq)]
enum Phase {
    #[default]
    Single,
    Stopping(u64),
    Starting(u64),
    Ending(u64),
}

impl Places {
    /// Takes in the order of the list; what comes later in it has the higher place.
    fn learn<'a>(&mut self, list: impl Iterator<Item = &'a ChildId>) {
        let known = std::mem::take(&mut self.places);
        let mut before = None;
        for id in list {
            let place = known.get(id).copied().filter(|place| before.is_none_or(|b| *place > b));
            let place = place.unwrap_or_else(|| {
                self.next += 1;
                self.next
            });
            self.places.insert(id.clone(), place);
            before = Some(place);
        }
    }

    fn last(&self) -> u64 {
        self.places.values().copied().max().unwrap_or(0)
    }
}

impl GroupOrder {
    /// What is known of a static supervisor.
    fn places(&mut self, pid: Pid, roster: &Roster) -> Option<&mut Places> {
        let supervisor = roster.supervisor(pid).filter(|s| s.flags.strategy != Strategy::Dynamic)?;
        let places = self.supervisors.entry(pid).or_default();
        places.learn(supervisor.children.iter().rev().map(|child| &child.id));
        Some(places)
    }
}

impl Rule for GroupOrder {
    fn see(&mut self, _: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Turn { who, envelope, payload, .. } => {
                if let Some(places) = self.places(*who, roster) {
                    places.called |= envelope.flags == Flags::MESSAGE && envelope.correlation != 0;
                    if is_told_to_end(*who, envelope, payload, roster) {
                        places.phase = Phase::Ending(u64::MAX);
                    }
                }
            }
            Seen::Supervised { who, code, .. } => {
                let group = roster.supervisor(*who).is_some_and(|s| s.flags.strategy != Strategy::OneForOne);
                let Some(places) = self.places(*who, roster) else { return Ok(()) };
                match *code {
                    decision::GAVE_UP => places.phase = Phase::Ending(u64::MAX),
                    decision::COUNTED if group => places.phase = Phase::Stopping(u64::MAX),
                    _ => {}
                }
            }
            Seen::Monitored(who, other, _, true) => {
                let Some(id) = roster.id(*other) else { return Ok(()) };
                let Some(places) = self.places(*who, roster) else { return Ok(()) };
                let Some(place) = places.places.get(&id).copied() else { return Ok(()) };
                if let Phase::Stopping(last) | Phase::Ending(last) = places.phase {
                    if place >= last {
                        return Err(format!(
                            "{} stops {id} after one that stands before it",
                            roster.name(*who)
                        ));
                    }
                    places.phase = match places.phase {
                        Phase::Ending(_) => Phase::Ending(place),
                        _ => Phase::Stopping(place),
                    };
                }
            }
            Seen::Spawned { parent, path, .. } => {
                let id = ChildId::from(path.rsplit('/').next().unwrap_or_default());
                let Some(places) = self.places(*parent, roster) else { return Ok(()) };
                let Some(place) = places.places.get(&id).copied() else { return Ok(()) };
                match places.phase {
                    Phase::Stopping(_) => places.phase = Phase::Starting(place),
                    Phase::Starting(last) if last >= places.last() || places.called => {
                        places.phase = Phase::Single
                    }
                    Phase::Starting(last) if place <= last => {
                        return Err(format!(
                            "{} starts {id} after one that stands behind it",
                            roster.name(*parent)
                        ));
                    }
                    Phase::Starting(_) => places.phase = Phase::Starting(place),
                    Phase::Ending(_) => {
                        return Err(format!("{} ends, and starts {id}", roster.name(*parent)));
                    }
                    Phase::Single => {}
                }
            }
            Seen::Exited(who, _) => {
                self.supervisors.remove(who);
            }
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, roster: &Roster) -> Result<(), String> {
        for (pid, places) in &mut self.supervisors {
            let in_hand = |s: &super::roster::Supervisor| {
                s.children
                    .iter()
                    .any(|c| matches!(c.state, ChildState::Starting(_) | ChildState::Stopping(_)))
            };
            if !matches!(places.phase, Phase::Ending(_))
                && roster.supervisor(*pid).is_some_and(|s| !in_hand(s))
            {
                (places.phase, places.called) = (Phase::Single, false);
            }
        }
        Ok(())
    }
}
