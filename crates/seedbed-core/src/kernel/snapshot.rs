//! A node between two turns, kept: taken, put back, made again.
//!
//! What is kept is a copy of the node's tables and, for each actor that has started, what its
//! behaviour gives for its state. What no turn changes – factories, entries, names of nodes – is shared.
//! A node that is put back takes over what it can: an actor that has had no turn since keeps its
//! behaviour as it is, one that has is put back in its place, and only one that ended is made anew.

use super::Kernel;
use crate::node::{Cold, Node, Slot, Stage, Turn};
use crate::outbox::Outbox;
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A node between two turns.
pub struct KernelSnapshot {
    /// The tables, without behaviours.
    node: Node,
    /// The state of the actor in each slot.
    states: Vec<Option<Box<dyn Snapshot>>>,
    /// Tells it from others.
    mark: Rc<()>,
}

/// Why something cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSnapshot {
    /// An actor whose behaviour gives no snapshot: a guest that waits, with a stack of its own, or a native
    /// actor without [`Actor::snapshot`](crate::Actor::snapshot).
    #[error("no snapshot can be taken of {path}")]
    Actor {
        /// Its path.
        path: String,
    },
    /// What the embedder keeps on a node, see [`Kernel::set_local`].
    #[error("no snapshot can be taken of what is kept on the node {node} for all its actors")]
    Local {
        /// The node's name.
        node: String,
    },
}

impl Kernel {
    /// Keeps the node as it is now, between two turns.
    ///
    /// # Errors
    /// [`NotSnapshot`] says whose state cannot be kept.
    pub fn snapshot(&mut self) -> Result<KernelSnapshot, NotSnapshot> {
        let node = &mut self.node;
        if !node.local.is_empty() {
            return Err(NotSnapshot::Local { node: node.text.to_string() });
        }
        let state = |slot: &Slot| match &slot.behaviour {
            None => Ok(None),
            Some(behaviour) => match behaviour.snapshot() {
                None => Err(NotSnapshot::Actor { path: slot.text.to_string() }),
                state => Ok(state),
            },
        };
        let states = node.slots.iter().map(state).collect::<Result<_, _>>()?;
        let mark = Rc::new(());
        node.since = Some(Rc::clone(&mark));
        Ok(KernelSnapshot { node: node.without_behaviours(), states, mark })
    }

    /// Puts the node back: everything that happened on it since, or that it is ahead of `to` otherwise, is
    /// as if it had not.
    ///
    /// # Panics
    /// If there is no memory for an actor that has to be made anew.
    pub fn restore(&mut self, to: &KernelSnapshot) {
        let KernelSnapshot { node: from, states, mark } = to;
        let node = &mut self.node;
        let same = node.since.as_ref().is_some_and(|since| Rc::ptr_eq(since, mark));
        node.slots.truncate(from.slots.len());
        for ((slot, from), state) in node.slots.iter_mut().zip(&from.slots).zip(states) {
            slot.put_back(from, state.as_deref(), same);
        }
        let new = node.slots.len();
        for (from, state) in from.slots.iter().zip(states).skip(new) {
            let behaviour = state.as_ref().map(|state| state.restore());
            node.slots.push(Slot { behaviour, ..from.without_behaviour() });
        }
        node.put_back(from);
        node.since = Some(Rc::clone(mark));
    }
}

impl KernelSnapshot {
    /// A kernel in this state.
    ///
    /// # Panics
    /// If there is no memory for its actors.
    pub fn kernel(&self) -> Kernel {
        let mut node = self.node.without_behaviours();
        for (slot, state) in node.slots.iter_mut().zip(&self.states) {
            slot.behaviour = state.as_ref().map(|state| state.restore());
        }
        node.since = Some(Rc::clone(&self.mark));
        Kernel { node }
    }
}

impl Slot {
    fn without_behaviour(&self) -> Slot {
        Slot {
            pid: self.pid,
            path: self.path,
            life: self.life,
            stage: self.stage,
            trap_exits: self.trap_exits,
            selective: self.selective,
            awaited: self.awaited,
            drops_oldest: self.drops_oldest,
            mailbox: self.mailbox,
            sent: self.sent,
            behaviour: None,
            limits: Rc::clone(&self.limits),
            turns: self.turns,
            text: Rc::clone(&self.text),
            cold: self.cold.clone(),
            generation: self.generation,
            // Of the behaviour that is here.
            pump_entry: 0,
            pump: 0,
        }
    }

    /// Puts a slot back. `same`: it was as `from` is when it was looked at last, so that an actor that has
    /// had no turn since is in the same state.
    fn put_back(&mut self, from: &Slot, state: Option<&dyn Snapshot>, same: bool) {
        let lives = self.generation == from.generation && self.stage != Stage::Free;
        let untouched = same && lives && self.turns == from.turns;
        if !untouched {
            let put_back = match (state, &mut self.behaviour) {
                (Some(state), Some(behaviour)) => lives && state.put_back(behaviour.as_mut()),
                _ => false,
            };
            if !put_back {
                // What was there goes first: its instance may serve the one that comes.
                self.behaviour = None;
                (self.pump, self.pump_entry) = (0, 0);
                self.behaviour = state.map(Snapshot::restore);
            }
        }
        let Slot {
            pid,
            path,
            life,
            stage,
            trap_exits,
            selective,
            awaited,
            drops_oldest,
            mailbox,
            sent,
            behaviour: _,
            limits,
            turns,
            text,
            cold,
            generation,
            pump_entry: _,
            pump: _,
        } = from;
        (self.pid, self.path, self.life, self.stage) = (*pid, *path, *life, *stage);
        (self.trap_exits, self.selective, self.awaited) = (*trap_exits, *selective, *awaited);
        self.drops_oldest = *drops_oldest;
        (self.mailbox, self.sent, self.turns, self.generation) = (*mailbox, *sent, *turns, *generation);
        self.limits.clone_from(limits);
        self.text.clone_from(text);
        self.cold.put_back(cold);
    }
}

impl Cold {
    /// Puts it back; most of an actor's tables are empty, and stay so.
    fn put_back(&mut self, from: &Cold) {
        let Cold {
            parent,
            supervised,
            supervises,
            factory,
            args,
            permissions,
            name,
            notify,
            links,
            strays,
            watched_by,
            watching,
            asked,
            given,
            pending,
            timers,
            correlations,
            timers_made,
            monitors_made,
            spawned,
            unnamed,
            unsent_exits,
            known,
            keeps,
            stop,
            value,
            random,
            filter,
            waiting,
            start_deferred,
        } = from;
        /// Puts tables back in which there is, or was, something.
        macro_rules! tables {
            ($($table:ident),*) => {
                $(if !(self.$table.is_empty() && $table.is_empty()) {
                    self.$table.clone_from($table);
                })*
            };
        }
        tables!(args, links, strays, watched_by, watching, asked, given, pending, timers, keeps, waiting);
        if self.permissions != *permissions {
            self.permissions.clone_from(permissions);
        }
        if self.filter != *filter {
            self.filter.clone_from(filter);
        }
        self.factory.clone_from(factory);
        self.name.clone_from(name);
        self.stop.clone_from(stop);
        self.value.clone_from(value);
        self.random.clone_from(random);
        (self.parent, self.notify, self.known) = (*parent, *notify, *known);
        (self.supervised, self.supervises) = (*supervised, *supervises);
        (self.correlations, self.timers_made, self.monitors_made) =
            (*correlations, *timers_made, *monitors_made);
        (self.spawned, self.unnamed, self.unsent_exits) = (*spawned, *unnamed, *unsent_exits);
        self.start_deferred = *start_deferred;
    }
}

impl Node {
    /// A copy of the tables between two turns, with nobody in them.
    fn without_behaviours(&self) -> Node {
        debug_assert!(self.outbox.is_empty() && self.thinned.is_empty(), "a turn runs");
        Node {
            id: self.id,
            boot: self.boot,
            key: self.key,
            text: Rc::clone(&self.text),
            path: self.path,
            arena: self.arena.clone(),
            lines: self.lines.clone(),
            slots: self.slots.iter().map(Slot::without_behaviour).collect(),
            free: self.free.clone(),
            limits: Rc::clone(&self.limits),
            alive: self.alive,
            names: self.names.clone(),
            paths: self.paths.clone(),
            holds: self.holds.clone(),
            timers: self.timers.clone(),
            lives: self.lives.clone(),
            made: self.made,
            roots: self.roots,
            step: self.step,
            turn: Turn::none(),
            outbox: Outbox::default(),
            thinned: Vec::new(),
            scratch: Vec::new(),
            path_scratch: String::new(),
            watches: Vec::new(),
            entries: Rc::clone(&self.entries),
            effects: Rc::clone(&self.effects),
            node_names: Rc::clone(&self.node_names),
            local: BTreeMap::new(),
            dead_letters: self.dead_letters,
            given: self.given.clone(),
            since: None,
        }
    }

    /// Puts all tables back but the slots.
    fn put_back(&mut self, from: &Node) {
        debug_assert!(self.outbox.is_empty() && self.thinned.is_empty(), "a turn runs");
        let Node {
            id,
            boot,
            key,
            text,
            path,
            arena,
            lines,
            slots: _,
            free,
            limits,
            alive,
            names,
            paths,
            holds,
            timers,
            lives,
            made,
            roots,
            step,
            // Between two turns nothing is in them that the next one reads.
            turn: _,
            outbox: _,
            thinned: _,
            scratch: _,
            path_scratch: _,
            watches: _,
            entries,
            effects,
            node_names,
            local: _,
            dead_letters,
            given,
            since: _,
        } = from;
        (self.id, self.boot, self.key, self.path) = (*id, *boot, *key, *path);
        (self.alive, self.made, self.roots, self.step) = (*alive, *made, *roots, *step);
        self.dead_letters = *dead_letters;
        self.text.clone_from(text);
        self.arena.clone_from(arena);
        self.lines.clone_from(lines);
        self.free.clone_from(free);
        self.limits.clone_from(limits);
        self.names.clone_from(names);
        self.paths.clone_from(paths);
        self.holds.clone_from(holds);
        self.timers.clone_from(timers);
        if self.lives != *lives {
            self.lives.clone_from(lives);
        }
        self.entries.clone_from(entries);
        self.effects.clone_from(effects);
        self.node_names.clone_from(node_names);
        self.given.clone_from(given);
    }
}
