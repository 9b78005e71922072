//! Who may live, and who may live again (invariants 1, 2 and 5).

use super::roster::Roster;
use super::rule::Rule;
use super::seen::Seen;
use seedbed_core::supervise::{ChildId, Restart, Strategy};
use seedbed_core::{At, Envelope, Flags, Message, NodeId, Pid, SupervisorCall, decision, node_of};
use std::collections::BTreeMap;

/// A child of a supervisor has one life at a time, and its number grows. The children of a supervisor
/// that was killed may still be ending while its next life starts its own: those are others.
#[derive(Default)]
pub(super) struct OneLife {
    alive: BTreeMap<(Pid, String), Pid>,
    last: BTreeMap<(NodeId, String), u32>,
}

impl Rule for OneLife {
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        match seen {
            Seen::Gone => self.alive.retain(|(parent, _), _| node_of(*parent) != at.node),
            Seen::Spawned { who, parent, path, life } if roster.supervisor(*parent).is_some() => {
                let key = (node_of(*who), path.clone());
                if let Some(other) = self.alive.insert((*parent, path.clone()), *who) {
                    return Err(format!("{path} lives twice: {other} is there when {who} is spawned"));
                }
                // Unnamed children have the life of their parent.
                let unnamed = path.rsplit('/').next().is_some_and(|last| last.starts_with('#'));
                let before = self.last.insert(key, *life);
                if let Some(before) = before.filter(|before| !unnamed && before >= life) {
                    return Err(format!("{path} has life {life} after life {before}"));
                }
            }
            Seen::Exited(who, _) => {
                if let Some(actor) = roster.actor(*who) {
                    self.alive.remove(&(actor.parent, actor.path.clone()));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// When nothing is left to do, no child outlives its supervisor.
#[derive(Default)]
pub(super) struct NoOrphans;

impl Rule for NoOrphans {
    fn see(&mut self, _: At, _: &Seen, _: &Roster) -> Result<(), String> {
        Ok(())
    }

    fn idle(&mut self, roster: &Roster) -> Result<(), String> {
        let orphan = roster
            .living()
            .find(|(_, actor)| roster.supervisor(actor.parent).is_some() && !roster.lives(actor.parent));
        match orphan {
            Some((_, actor)) => {
                Err(format!("{}:{} outlives {}", actor.path, actor.life, roster.name(actor.parent)))
            }
            None => Ok(()),
        }
    }
}

/// Temporary children are never restarted; transient ones that ended well only with their group, or
/// because somebody asks for it.
#[derive(Default)]
pub(super) struct StayGone {
    children: BTreeMap<(Pid, ChildId), Past>,
}

/// What is known of the lives of a supervisor's child.
#[derive(Default)]
struct Past {
    lived: bool,
    /// Calls that have started no life as a temporary child yet: one that waits is served after others,
    /// and after restarts of what the child was before.
    calls: u32,
    /// Calls, and restarts of its supervisor, since its last life began.
    calls_since: u32,
    restarts_since: u32,
    /// Its last life ended well, and was not ended by its supervisor.
    ended_well: bool,
    stopped: bool,
}

impl StayGone {
    fn past(&mut self, supervisor: Pid, id: &ChildId) -> &mut Past {
        self.children.entry((supervisor, id.clone())).or_default()
    }

    fn called(&mut self, supervisor: Pid, envelope: &Envelope, payload: &[u8]) {
        if envelope.flags != Flags::MESSAGE || envelope.correlation == 0 {
            return;
        }
        let id = match SupervisorCall::decode(payload) {
            Ok(SupervisorCall::StartChild(spec)) => spec.id,
            Ok(SupervisorCall::RestartChild(id)) => id.into(),
            _ => return,
        };
        let past = self.past(supervisor, &id);
        past.calls += 1;
        past.calls_since += 1;
    }

    fn spawned(&mut self, supervisor: Pid, id: &ChildId, roster: &Roster) -> Result<(), String> {
        let strategy = roster.supervisor(supervisor).map(|s| s.flags.strategy);
        let restart = roster.spec_of(supervisor, id).map(|spec| spec.restart);
        let past = self.past(supervisor, id);
        let again = past.lived;
        let (ended_well, asked) = (past.ended_well, past.calls_since > 0);
        let with_group = strategy != Some(Strategy::OneForOne) && past.restarts_since > 0;
        let unasked = again && past.calls == 0;
        let used = u32::from(again && restart == Some(Restart::Temporary));
        let calls = past.calls.saturating_sub(used);
        *past = Past { lived: true, calls, ..Past::default() };
        let of = || format!("child {id} of {}", roster.name(supervisor));
        match restart {
            Some(Restart::Temporary) if unasked => Err(format!("{} is temporary, and started again", of())),
            Some(Restart::Transient) if again && ended_well && !asked && !with_group => {
                Err(format!("{} is transient and ended well, and is started again", of()))
            }
            _ => Ok(()),
        }
    }
}

impl Rule for StayGone {
    fn see(&mut self, _: At, seen: &Seen, roster: &Roster) -> Result<(), String> {
        let is_static =
            |pid: Pid| roster.supervisor(pid).is_some_and(|s| s.flags.strategy != Strategy::Dynamic);
        match seen {
            Seen::Turn { who, envelope, payload, .. } if is_static(*who) => {
                self.called(*who, envelope, payload);
            }
            Seen::Spawned { parent, path, .. } if is_static(*parent) => {
                let id = ChildId::from(path.rsplit('/').next().unwrap_or_default());
                return self.spawned(*parent, &id, roster);
            }
            Seen::Monitored(who, other, _, true) if is_static(*who) => {
                if let Some(id) = roster.id(*other) {
                    self.past(*who, &id).stopped = true;
                }
            }
            Seen::Exited(who, reason) => {
                if let Some((actor, id)) = roster.actor(*who).zip(roster.id(*who))
                    && is_static(actor.parent)
                {
                    let past = self.past(actor.parent, &id);
                    // A start that failed failed, whatever its reason.
                    past.ended_well = actor.started && reason.is_clean() && !past.stopped;
                }
            }
            Seen::Supervised { who, child, code, .. } if is_static(*who) => {
                let restarts = matches!(*code, decision::COUNTED | decision::BACKOFF);
                if !restarts {
                    return Ok(());
                }
                let id = ChildId::from(&**child);
                let restart = roster.spec_of(*who, &id).map(|spec| spec.restart);
                let well = self.past(*who, &id).ended_well;
                for (_, past) in self.children.iter_mut().filter(|((pid, _), _)| pid == who) {
                    past.restarts_since += 1;
                }
                let of = format!("child {child} of {}", roster.name(*who));
                match restart {
                    Some(Restart::Temporary) => {
                        return Err(format!("{of} is temporary, and to be restarted"));
                    }
                    Some(Restart::Transient) if well => {
                        return Err(format!("{of} is transient and ended well, and is to be restarted"));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }
}
