//! The tree of a node, between two turns.

use super::Kernel;
use crate::node::{Resolved, Stage};
use crate::supervise::{ChildInfo, ChildState};
use crate::supervisor::SupervisorActor;
use crate::tree::{Tree, TreeChild, TreeLine, TreeState, TreeSupervisor};
use seedbed_abi::Pid;
use std::collections::BTreeMap;

/// What is to be shown yet.
enum Next {
    Actor(u32, Option<Known>),
    /// A child without a pid, of a parent with this path.
    Absent(String, Known),
}

/// What a supervisor knows of a child.
struct Known {
    state: ChildState<Pid>,
    child: TreeChild,
}

impl Kernel {
    /// All actors and all children that supervisors know, as a tree.
    pub fn tree(&self) -> Tree {
        let mut by_parent: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
        for slot in 0..self.node.slots.len() as u32 {
            let s = self.node.slot(slot);
            if s.stage > Stage::Reserved {
                by_parent.entry(self.slot_of(s.cold.parent)).or_default().push(slot);
            }
        }
        let mut lines = Vec::new();
        let roots = by_parent.remove(&None).unwrap_or_default();
        let mut next: Vec<(usize, Next)> =
            roots.into_iter().rev().map(|slot| (0, Next::Actor(slot, None))).collect();
        while let Some((depth, entry)) = next.pop() {
            match entry {
                Next::Absent(parent, known) => lines.push(absent(depth, &parent, known)),
                Next::Actor(slot, known) => {
                    lines.push(self.line(depth, slot, known));
                    let children = by_parent.remove(&Some(slot)).unwrap_or_default();
                    next.extend(self.below(slot, children).into_iter().rev().map(|n| (depth + 1, n)));
                }
            }
        }
        Tree { node: self.node.text.to_string(), lines, held: self.held() }
    }

    fn slot_of(&self, pid: Pid) -> Option<u32> {
        match self.node.resolve(pid) {
            Resolved::Local(slot) => Some(slot),
            Resolved::Dead | Resolved::Remote => None,
        }
    }

    fn supervisor(&self, slot: u32) -> Option<&SupervisorActor> {
        self.node.slot(slot).behaviour.as_ref()?.as_any()?.downcast_ref()
    }

    /// Children as the supervisor has them, then whoever else the actor started.
    fn below(&self, slot: u32, mut others: Vec<u32>) -> Vec<Next> {
        let Some(supervisor) = self.supervisor(slot) else {
            return others.into_iter().map(|slot| Next::Actor(slot, None)).collect();
        };
        let mut below = Vec::new();
        for (ChildInfo { id, state, starts, .. }, spec) in supervisor.records() {
            let child = TreeChild {
                id: id.to_string(),
                restart: spec.restart,
                significant: spec.significant,
                restarts: starts.saturating_sub(1),
            };
            let known = Known { state, child };
            // One that is dead already, though its supervisor has not heard of it, has no slot.
            match state.pid().and_then(|pid| self.slot_of(pid)) {
                Some(child) => below.push(Next::Actor(child, Some(known))),
                None => below.push(Next::Absent(self.node.slot(slot).text.to_string(), known)),
            }
        }
        let shown = |next: &Next| match next {
            Next::Actor(slot, _) => Some(*slot),
            Next::Absent(..) => None,
        };
        let known: std::collections::BTreeSet<u32> = below.iter().filter_map(shown).collect();
        others.retain(|slot| !known.contains(slot));
        below.extend(others.into_iter().map(|slot| Next::Actor(slot, None)));
        below
    }

    fn line(&self, depth: usize, slot: u32, known: Option<Known>) -> TreeLine {
        let info = self.info(slot);
        let by_stage = match info.stage {
            Stage::Stopping => TreeState::Stopping,
            Stage::Starting => TreeState::Starting,
            Stage::Running | Stage::Free | Stage::Reserved => TreeState::Running,
        };
        let supervisor = self.supervisor(slot).map(|supervisor| {
            let flags = supervisor.flags();
            TreeSupervisor {
                strategy: flags.strategy,
                intensity: flags.intensity,
                period: flags.period,
                auto_shutdown: flags.auto_shutdown,
            }
        });
        TreeLine {
            depth,
            path: info.path,
            pid: Some(info.pid),
            state: known.as_ref().map_or(by_stage, |known| (&known.state).into()),
            until_ns: None,
            life: info.life.0,
            name: info.name,
            child: known.map(|known| known.child),
            supervisor,
            mail: info.mail_count,
            mail_bytes: info.mail_bytes,
            turns: info.turns,
        }
    }
}

fn absent(depth: usize, parent: &str, known: Known) -> TreeLine {
    let until_ns = match known.state {
        ChildState::Restarting { until } => until.map(|at| at.as_nanos()),
        _ => None,
    };
    let gone = matches!(known.state, ChildState::Running(_));
    TreeLine {
        depth,
        path: format!("{parent}/{}", known.child.id),
        pid: None,
        state: if gone { TreeState::Down } else { (&known.state).into() },
        until_ns,
        life: 0,
        name: None,
        child: Some(known.child),
        supervisor: None,
        mail: 0,
        mail_bytes: 0,
        turns: 0,
    }
}
