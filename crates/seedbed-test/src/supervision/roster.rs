//! Who lives, under whom, and what is known of those who lived.

use super::seen::Seen;
use seedbed_core::supervise::{ChildId, ChildInfo, ChildKind, ChildSpec, Counts, Flags, Strategy};
use seedbed_core::{At, ExitReason, NodeId, Pid, Time, node_of};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a supervisor: what it was made with, and how it is.
#[derive(Clone, Debug)]
pub(super) struct Supervisor {
    /// Its flags.
    pub(super) flags: Flags,
    /// The specs it has now; a dynamic one's template.
    pub(super) specs: Vec<ChildSpec<()>>,
    /// Its children, in reverse start order.
    pub(super) children: Vec<ChildInfo<Pid>>,
    /// Their numbers.
    pub(super) counts: Counts,
}

/// An actor that lives, or lived.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    /// Its path.
    pub(super) path: String,
    /// Which life of it.
    pub(super) life: u32,
    /// Who spawned it.
    pub(super) parent: Pid,
    /// When it was spawned.
    pub(super) spawned: Time,
    /// It has started.
    pub(super) started: bool,
    /// When and why it ended.
    pub(super) ended: Option<(Time, ExitReason)>,
}

/// Who lives, and who lived.
#[derive(Debug, Default)]
pub(super) struct Roster {
    actors: BTreeMap<Pid, Actor>,
    supervisors: BTreeMap<Pid, Supervisor>,
    /// Those whose last turn left them alive: what is known of them is how they are.
    seen: BTreeSet<Pid>,
    /// The last spec of every child of a supervisor; children may be forgotten, this is not.
    specs: BTreeMap<(Pid, ChildId), ChildSpec<()>>,
    /// What the entries of the world's table make.
    entries: BTreeMap<String, ChildKind>,
}

impl Roster {
    /// An actor.
    pub(super) fn actor(&self, pid: Pid) -> Option<&Actor> {
        self.actors.get(&pid)
    }

    /// All that live.
    pub(super) fn living(&self) -> impl Iterator<Item = (Pid, &Actor)> {
        self.actors.iter().filter(|(_, actor)| actor.ended.is_none()).map(|(pid, actor)| (*pid, actor))
    }

    /// True while it lives.
    pub(super) fn lives(&self, pid: Pid) -> bool {
        self.actors.get(&pid).is_some_and(|actor| actor.ended.is_none())
    }

    /// A supervisor, dead or alive.
    pub(super) fn supervisor(&self, pid: Pid) -> Option<&Supervisor> {
        self.supervisors.get(&pid)
    }

    /// The id of a supervisor's child: the template's, of an instance.
    pub(super) fn id(&self, child: Pid) -> Option<ChildId> {
        let actor = self.actors.get(&child)?;
        let supervisor = self.supervisors.get(&actor.parent)?;
        if supervisor.flags.strategy == Strategy::Dynamic {
            return supervisor.specs.first().map(|spec| spec.id.clone());
        }
        actor.path.rsplit('/').next().map(ChildId::from)
    }

    /// The last spec of a supervisor's child.
    pub(super) fn spec(&self, child: Pid) -> Option<&ChildSpec<()>> {
        let id = self.id(child)?;
        self.spec_of(self.actors.get(&child)?.parent, &id)
    }

    /// The last spec with this id.
    pub(super) fn spec_of(&self, supervisor: Pid, id: &ChildId) -> Option<&ChildSpec<()>> {
        self.specs.get(&(supervisor, id.clone()))
    }

    /// The path of an actor, for people.
    pub(super) fn name(&self, pid: Pid) -> String {
        self.actors.get(&pid).map_or_else(|| pid.to_string(), |a| format!("{}:{}", a.path, a.life))
    }

    /// True if a supervisor is known as its last turn left it.
    pub(super) fn is_seen(&self, pid: Pid) -> bool {
        self.seen.contains(&pid)
    }

    /// Tells how a supervisor is after its turn; `None` if it is gone, or none at all.
    pub(super) fn know(&mut self, pid: Pid, supervisor: Option<Supervisor>) {
        let Some(supervisor) = supervisor else {
            self.seen.remove(&pid);
            return;
        };
        self.seen.insert(pid);
        for spec in &supervisor.specs {
            self.specs.insert((pid, spec.id.clone()), spec.clone());
        }
        self.supervisors.insert(pid, supervisor);
    }

    /// What an entry of the world's table makes.
    pub(super) fn entry(&self, id: &str) -> Option<ChildKind> {
        self.entries.get(id).copied()
    }

    /// Tells what the entries of the world's table make; none is ever taken out.
    pub(super) fn know_entries<I: Iterator<Item = (String, ChildKind)>>(&mut self, entries: impl Fn() -> I) {
        if entries().count() != self.entries.len() {
            self.entries = entries().collect();
        }
    }

    /// Takes in what happened.
    pub(super) fn see(&mut self, at: At, seen: &Seen) {
        match seen {
            Seen::Gone => self.forget(at.node),
            Seen::Spawned { who, parent, path, life } => {
                let (path, life, parent) = (path.clone(), *life, *parent);
                let actor = Actor { path, life, parent, spawned: at.time, started: false, ended: None };
                self.actors.insert(*who, actor);
            }
            Seen::Started(who) => {
                if let Some(actor) = self.actors.get_mut(who) {
                    actor.started = true;
                }
            }
            Seen::Exited(who, reason) => {
                if let Some(actor) = self.actors.get_mut(who) {
                    actor.ended = Some((at.time, reason.clone()));
                }
            }
            _ => {}
        }
    }

    /// A crash ends all without a word.
    fn forget(&mut self, node: NodeId) {
        self.actors.retain(|pid, _| node_of(*pid) != node);
        self.seen.retain(|pid| node_of(*pid) != node);
        self.supervisors.retain(|pid, _| node_of(*pid) != node);
        self.specs.retain(|(pid, _), _| node_of(*pid) != node);
    }
}
