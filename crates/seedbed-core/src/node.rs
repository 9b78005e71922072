//! The tables of a node: all that a kernel and the context of a turn work on.
//!
//! Nothing here knows the reactor.

use crate::actor::{Behaviour, Detail, Factory};
use crate::arena::{Arena, NIL, Signal};
use crate::deadlines::Armed;
use crate::event::{Event, Hook, Who};
use crate::few::Few;
use crate::held::Holds;
use crate::limits::{Limits, MailboxPolicy, Permissions};
use crate::mail::{Line, Lines, Mailbox, Sender};
use crate::names::Names;
use crate::outbox::{Outbox, SpawnOptions};
use crate::path::{Life, PathId, SignalKind, SignalName, check_name};
use crate::paths::{PathHash, Paths};
use crate::pid::{Boot, GENERATION_MAX, NodeId, SLOTS_MAX, Target, pid_of, slot_of, target_of};
use crate::stream::{Key, Stream};
use crate::timer::{Timer, Timers};
use crate::wait::Filter;
use seedbed_abi::{Code, ExitReason, Flags, Pid, Time};
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

/// Where an actor is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The slot is free.
    Free,
    /// Asked for in the turn that runs.
    Reserved,
    /// Its start has not finished.
    Starting,
    /// It takes mail.
    Running,
    /// Its `on_stop` is to come.
    Stopping,
}

/// An actor's slot: what every turn and every message touches is in its first cache line, and the
/// second comes with it, since processors fetch lines by aligned pairs.
#[repr(C, align(128))]
pub(crate) struct Slot {
    /// The pid of whoever is here, or was last.
    pub(crate) pid: Pid,
    pub(crate) path: PathId,
    pub(crate) life: Life,
    pub(crate) stage: Stage,
    pub(crate) trap_exits: bool,
    /// It takes only what its filter lets in.
    pub(crate) selective: bool,
    /// Senders wait for room in its mailbox.
    pub(crate) awaited: bool,
    /// What finds no room in its mailbox makes some: its limits say so.
    pub(crate) drops_oldest: bool,
    pub(crate) mailbox: Mailbox,
    /// Messages, requests and exits sent so far.
    pub(crate) sent: u64,
    pub(crate) behaviour: Option<Box<dyn Behaviour>>,
    /// Shared by all that were spawned with the same.
    pub(crate) limits: Rc<Limits>,
    /// Turns begun so far.
    pub(crate) turns: u64,
    pub(crate) text: Rc<str>,
    pub(crate) cold: Box<Cold>,
    pub(crate) generation: u32,
    /// What the pump that calls this actor knows it by, and that pump's id; 0 = none.
    pub(crate) pump_entry: u32,
    pub(crate) pump: usize,
}

impl Slot {
    /// A slot that nobody had yet.
    fn vacant(text: &Rc<str>, limits: &Rc<Limits>) -> Slot {
        Slot {
            pid: Pid::NOBODY,
            path: PathId(0),
            life: Life(0),
            stage: Stage::Free,
            trap_exits: false,
            selective: false,
            awaited: false,
            drops_oldest: false,
            mailbox: Mailbox::EMPTY,
            sent: 0,
            behaviour: None,
            limits: Rc::clone(limits),
            turns: 0,
            text: Rc::clone(text),
            cold: Box::default(),
            generation: 1,
            pump_entry: 0,
            pump: 0,
        }
    }
}

/// What only some turns touch.
#[derive(Clone, Default)]
pub(crate) struct Cold {
    pub(crate) parent: Pid,
    /// The parent is its supervisor (rule E15).
    pub(crate) supervised: bool,
    /// It is a supervisor: it ends in turns of its own, after its children.
    pub(crate) supervises: bool,
    pub(crate) factory: Option<Arc<dyn Factory>>,
    pub(crate) args: Vec<u8>,
    pub(crate) permissions: Permissions,
    pub(crate) name: Option<Rc<str>>,
    /// Who wants to be told of the start.
    pub(crate) notify: Option<Pid>,
    pub(crate) links: Few<Pid, Link>,
    /// Those it supervises and is not linked with: they end with it all the same (rule L6).
    pub(crate) strays: Few<Pid, ()>,
    /// Who watches, by (watcher, its reference), and since when.
    pub(crate) watched_by: Few<(Pid, u64), u64>,
    /// Whom it watches, by its reference.
    pub(crate) watching: Few<u64, Pid>,
    /// Requests that it was asked and has not answered.
    pub(crate) asked: Asked,
    /// What came along with some of them.
    pub(crate) given: Few<(Pid, u64), Vec<Arc<dyn Factory>>>,
    /// Its own requests and effects that have not ended.
    pub(crate) pending: Few<u64, Pending>,
    pub(crate) timers: Few<u64, Timer>,
    pub(crate) correlations: u64,
    pub(crate) timers_made: u64,
    pub(crate) monitors_made: u64,
    pub(crate) spawned: u32,
    pub(crate) unnamed: u64,
    /// Exits so far that no actor of this run sent: of the dead, the lost, and from outside.
    pub(crate) unsent_exits: u32,
    /// Somebody knows why it ends: who asked to be told of its start, or the supervisor it ends with.
    pub(crate) known: bool,
    /// Hashes of the names that it keeps: mail for them is held.
    pub(crate) keeps: BTreeSet<u64>,
    pub(crate) stop: Option<Stop>,
    /// What it returned, kept from the turn that stopped it to its end.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) random: Option<Box<Stream>>,
    /// What it lets in, if it is selective.
    pub(crate) filter: Filter,
    /// Messages whose senders wait for room in its mailbox, the first to wait first.
    pub(crate) waiting: VecDeque<(Sender, u32)>,
    /// Its start goes on after its first turn.
    pub(crate) start_deferred: bool,
}

/// This side of a link.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    /// When it was made, among all links and monitors of the node.
    pub(crate) made: u64,
    /// What the exit that it carries is tagged with; 0 = nothing.
    pub(crate) tag: u64,
}

/// Who has to be told of an end.
pub(crate) enum Watch {
    Link(Pid),
    Monitor(Pid, u64),
}

/// Why an actor is stopping.
#[derive(Clone)]
pub(crate) struct Stop {
    pub(crate) reason: ExitReason,
    pub(crate) detail: Option<Detail>,
    pub(crate) by_parent: bool,
    pub(crate) by_other: bool,
}

/// Requests to answer, by asker and its correlation. The network may bring one twice; then it may
/// be answered twice, and the second answer is late.
#[derive(Clone, Default)]
pub(crate) struct Asked(Few<(Pid, u64), u32>);

impl Asked {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline(never)]
    pub(crate) fn insert(&mut self, asker: Pid, correlation: u64) {
        match self.0.get_mut(&(asker, correlation)) {
            Some(count) => *count += 1,
            None => drop(self.0.insert((asker, correlation), 1)),
        }
    }

    /// Takes one off; false if there is none.
    pub(crate) fn remove(&mut self, asker: Pid, correlation: u64) -> bool {
        let Some(count) = self.0.get_mut(&(asker, correlation)) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&(asker, correlation));
        }
        true
    }

    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = (Pid, u64)> + use<> {
        std::mem::take(&mut self.0).into_iter().map(|(key, _)| key)
    }
}

/// Something an actor waits for.
#[derive(Clone)]
pub(crate) enum Pending {
    Request { target: Pid, timeout: Armed },
    Effect,
}

/// The turn that runs.
pub(crate) struct Turn {
    pub(crate) slot: u32,
    pub(crate) pid: Pid,
    /// What it is for, in the arena until it ends.
    pub(crate) signal: u32,
    pub(crate) hook: Hook,
    /// It delivers its signal to an actor that has started.
    pub(crate) delivers: bool,
    pub(crate) now: Option<Time>,
    pub(crate) unix: Option<Time>,
    pub(crate) fuel: u64,
    pub(crate) sent_bytes: u64,
    /// Bytes of text that it wrote to the log.
    pub(crate) logged: u32,
    /// Fuel, memory and host calls of this turn may meet faults.
    pub(crate) starves: bool,
    /// How many growths and host calls of it could have.
    pub(crate) starvable: u32,
    /// The outbox is being applied: what ends the actor now, ends it afterwards (rule T2).
    pub(crate) applying: bool,
    /// What most turns do not ask for.
    pub(crate) special: Special,
    /// True if something in `special` is set, and has to be looked at and put back.
    pub(crate) is_special: bool,
}

impl Turn {
    /// No turn yet.
    pub(crate) fn none() -> Turn {
        Turn {
            slot: 0,
            pid: Pid::NOBODY,
            signal: NIL,
            hook: Hook::Start,
            delivers: false,
            now: None,
            unix: None,
            fuel: 0,
            sent_bytes: 0,
            logged: 0,
            starves: false,
            starvable: 0,
            applying: false,
            special: Special::default(),
            is_special: false,
        }
    }

    /// What most turns do not ask for, to be set.
    pub(crate) fn mark(&mut self) -> &mut Special {
        self.is_special = true;
        &mut self.special
    }

    /// Nothing is set.
    #[cold]
    pub(crate) fn unmark(&mut self) {
        self.is_special = false;
        self.special = Special::default();
    }
}

/// What a turn asked for about itself.
#[derive(Default)]
pub(crate) struct Special {
    /// `stop` was asked for: the reason.
    pub(crate) stop: Option<ExitReason>,
    /// `exit` or `kill` of itself ended the turn.
    pub(crate) ended: Option<ExitReason>,
    pub(crate) ignore: bool,
    pub(crate) start_deferred: bool,
    pub(crate) start_done: bool,
    /// It asked for another turn without a signal.
    pub(crate) go_on: bool,
    /// What it lets in is not what it was before this turn.
    pub(crate) refiltered: bool,
    /// What it asked for is to be applied before it goes on in this turn.
    pub(crate) apply_now: bool,
    pub(crate) value: Option<Vec<u8>>,
    /// Links that this turn asked for, itself or with a spawn: they count against the limit.
    pub(crate) links_asked: u32,
    /// The name the actor had, if this turn changed it.
    pub(crate) name_before: Option<Option<Rc<str>>>,
}

/// The tables.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) boot: Boot,
    pub(crate) key: Key,
    pub(crate) text: Rc<str>,
    pub(crate) path: PathId,
    pub(crate) arena: Arena,
    pub(crate) lines: Lines,
    pub(crate) slots: Vec<Slot>,
    pub(crate) free: Vec<u32>,
    /// Those of the actor that was spawned last.
    pub(crate) limits: Rc<Limits>,
    pub(crate) alive: u32,
    pub(crate) names: Names,
    /// Kept from the first look on.
    pub(crate) paths: Option<Box<Paths>>,
    pub(crate) holds: Holds,
    pub(crate) timers: Timers,
    pub(crate) lives: BTreeMap<PathId, Life>,
    pub(crate) made: u64,
    pub(crate) roots: u64,
    pub(crate) step: u64,
    pub(crate) turn: Turn,
    pub(crate) outbox: Outbox,
    /// Lines of the running actor from which something was taken; looked after when the turn, which is
    /// special then, ends.
    pub(crate) thinned: Vec<u32>,
    pub(crate) scratch: Vec<u8>,
    pub(crate) path_scratch: String,
    /// Room for those who are to be told of an end.
    pub(crate) watches: Vec<(u64, Watch)>,
    /// Shared with snapshots, as are the next two: no turn changes them.
    pub(crate) entries: Rc<BTreeMap<String, Arc<dyn Factory>>>,
    pub(crate) effects: Rc<BTreeSet<String>>,
    pub(crate) node_names: Rc<BTreeMap<String, NodeId>>,
    pub(crate) local: BTreeMap<TypeId, Box<dyn Any>>,
    pub(crate) dead_letters: u64,
    /// What is to go along with requests from outside, until they arrive.
    pub(crate) given: BTreeMap<(Pid, u64), Vec<Arc<dyn Factory>>>,
    /// The snapshot that was taken of it last, or to which it was put back.
    pub(crate) since: Option<Rc<()>>,
}

/// Who a pid or address means, seen from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    Local(u32),
    Dead,
    Remote,
}

impl Node {
    pub(crate) fn new(id: NodeId, text: &str, boot: Boot, key: Key) -> Node {
        Node {
            id,
            boot,
            key,
            text: text.into(),
            path: PathId::of(text),
            arena: Arena::new(),
            lines: Lines::new(),
            slots: Vec::new(),
            free: Vec::new(),
            limits: Rc::default(),
            alive: 0,
            names: Names::new(),
            paths: None,
            holds: Holds::default(),
            timers: Timers::new(),
            lives: BTreeMap::new(),
            made: 0,
            roots: 0,
            step: 0,
            turn: Turn::none(),
            outbox: Outbox::default(),
            thinned: Vec::new(),
            scratch: Vec::new(),
            path_scratch: String::new(),
            watches: Vec::new(),
            entries: Rc::default(),
            effects: Rc::default(),
            node_names: Rc::default(),
            local: BTreeMap::new(),
            dead_letters: 0,
            given: BTreeMap::new(),
            since: None,
        }
    }

    #[inline]
    pub(crate) fn pid(&self, slot: u32) -> Pid {
        self.slots[slot as usize].pid
    }

    #[inline]
    pub(crate) fn slot(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    #[inline]
    pub(crate) fn slot_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.slots[slot as usize]
    }

    /// Who this is, for events.
    #[inline]
    pub(crate) fn who(&self, slot: u32) -> Who<'_> {
        let s = &self.slots[slot as usize];
        Who { pid: s.pid, path: s.path, life: s.life, text: &s.text }
    }

    /// The actor as a sender of mail.
    #[inline]
    pub(crate) fn sender(&self, slot: u32) -> Sender {
        let s = &self.slots[slot as usize];
        Sender::actor(s.pid, s.path, s.life)
    }

    /// The sender of what is said about an actor in its place. Its name is known also while the
    /// actor is being buried; who is elsewhere or long gone has none here.
    pub(crate) fn sender_of(&self, pid: Pid) -> Sender {
        self.owner(pid)
            .map_or(Sender { key: pid.to_raw(), path: PathId(0), life: Life(0) }, |s| self.sender(s))
    }

    /// The slot of an actor of this node that lives or is being buried.
    pub(crate) fn owner(&self, pid: Pid) -> Option<u32> {
        match target_of(pid) {
            Target::Actor { node, boot, slot, generation } if node == self.id && boot == self.boot => {
                self.slots.get(slot as usize).filter(|s| s.generation == generation).map(|_| slot)
            }
            _ => None,
        }
    }

    /// The actor alive on this node whose pid it is.
    #[inline]
    pub(crate) fn find(&self, pid: Pid) -> Option<(u32, &Slot)> {
        let slot = slot_of(pid);
        let s = self.slots.get(slot as usize)?;
        (s.pid == pid && s.stage != Stage::Free).then_some((slot, s))
    }

    /// Who a pid or address means now.
    #[inline]
    pub(crate) fn resolve(&self, pid: Pid) -> Resolved {
        match self.find(pid) {
            Some((slot, _)) => Resolved::Local(slot),
            None => self.resolve_other(pid),
        }
    }

    /// Who a pid or address means that is no actor alive on this node.
    fn resolve_other(&self, pid: Pid) -> Resolved {
        match target_of(pid) {
            Target::Actor { node, .. } if node != self.id => Resolved::Remote,
            Target::Actor { .. } => Resolved::Dead,
            Target::Name { node, .. } if node != self.id => Resolved::Remote,
            Target::Name { hash, .. } => self.names.find_hash(hash).map_or(Resolved::Dead, Resolved::Local),
            Target::Nobody => Resolved::Dead,
        }
    }

    /// Reserves a slot for an actor that will be spawned.
    pub(crate) fn reserve(&mut self) -> Result<u32, Code> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index =
                    u32::try_from(self.slots.len()).ok().filter(|i| *i < SLOTS_MAX).ok_or(Code::NoRoom)?;
                self.slots.push(Slot::vacant(&self.text, &self.limits));
                index
            }
        };
        let s = &mut self.slots[index as usize];
        s.pid = pid_of(self.id, self.boot, index, s.generation);
        s.stage = Stage::Reserved;
        s.drops_oldest = self.limits.policy == MailboxPolicy::DropOldest;
        (s.pump_entry, s.pump) = (0, 0);
        (s.path, s.life) = (PathId(0), Life(0));
        s.text.clone_from(&self.text);
        s.limits.clone_from(&self.limits);
        self.alive += 1;
        Ok(index)
    }

    /// Who has a path now, or had it in that life, by the path's hash.
    pub(crate) fn find_path(&mut self, hash: PathHash, path: u64, life: Option<Life>) -> Option<u32> {
        let paths = self.paths.get_or_insert_with(|| {
            let mut paths = Box::new(Paths::new(hash));
            for (slot, s) in self.slots.iter().enumerate().filter(|(_, s)| s.stage > Stage::Reserved) {
                paths.insert(&s.text, s.life, slot as u32);
            }
            paths
        });
        paths.find(path, life)
    }

    /// Frees a slot; its pid is never used again.
    pub(crate) fn vacate(&mut self, slot: u32) {
        let s = &mut self.slots[slot as usize];
        if let Some(paths) = &mut self.paths {
            paths.remove(&s.text, s.life, slot);
        }
        // All but who was here last is as in a slot that nobody had.
        s.stage = Stage::Free;
        (s.trap_exits, s.selective, s.awaited) = (false, false, false);
        s.mailbox = Mailbox::EMPTY;
        (s.sent, s.turns) = (0, 0);
        s.behaviour = None;
        *s.cold = Cold::default();
        self.alive -= 1;
        if s.generation < GENERATION_MAX {
            s.generation += 1;
            self.free.push(slot);
        }
    }

    /// Two actors are not linked: if one supervises the other, it has to keep that in mind.
    pub(crate) fn stray(&mut self, child: u32, parent: u32) {
        let (pid, parent_pid) = (self.pid(child), self.pid(parent));
        let cold = &self.slot(child).cold;
        if cold.supervised && cold.parent == parent_pid {
            self.slot_mut(parent).cold.strays.insert(pid, ());
        }
    }

    /// Reserves a child, and its name if it is to be registered.
    pub(crate) fn prepare_child(
        &mut self,
        options: &SpawnOptions,
        factory: &Arc<dyn Factory>,
    ) -> Result<u32, Code> {
        if let Some(name) = &options.name {
            check_name(name)?;
        }
        let limits = factory.limits();
        if *self.limits != limits {
            self.limits = Rc::new(limits);
        }
        let child = self.reserve()?;
        let slot = self.slot_mut(child);
        slot.cold.permissions = factory.permissions();
        slot.cold.supervises = factory.is_supervisor();
        if let Some(name) = options.register.as_deref() {
            if let Err(code) = check_name(name) {
                self.vacate(child);
                return Err(code);
            }
            match self.names.register(name, child) {
                Ok(name) => self.slot_mut(child).cold.name = Some(name),
                Err(code) => {
                    self.vacate(child);
                    return Err(code);
                }
            }
        }
        Ok(child)
    }

    /// Takes a signal of the running actor out of its line.
    pub(crate) fn withdraw(&mut self, line: u32, signal: u32) {
        let found = self.lines.unlink(&mut self.arena, line, signal);
        assert!(found, "a signal that is to be withdrawn is in its line");
        self.arena.discard(signal);
        self.turn.mark();
        self.thinned.push(line);
    }

    /// Takes queued notices of this kind out of the running actor's mail: all from `from`, or the
    /// one with this reference. True if there was one.
    pub(crate) fn flush(&mut self, from: Pid, kind: Flags, reference: Option<u64>) -> bool {
        let mailbox = self.slot(self.turn.slot).mailbox;
        let lines = match reference {
            Some(_) => self.lines.of(&mailbox),
            None => self.lines.find(self.turn.slot, from.to_raw()).into_iter().collect(),
        };
        let mut found = Vec::new();
        for line in lines {
            let mut at = self.lines.get(line).head;
            while at != NIL {
                let signal = self.arena.get(at);
                if signal.envelope.flags == kind && reference.is_none_or(|r| r == signal.envelope.correlation)
                {
                    found.push((line, at));
                }
                at = signal.next;
            }
        }
        for (line, signal) in &found {
            self.withdraw(*line, *signal);
        }
        !found.is_empty()
    }
}

/// What is told of the turn that runs.
impl Node {
    /// That it begins, for a signal of this line.
    #[inline]
    pub(crate) fn turn_begins(&self, line: u32) -> Event<'_> {
        let Turn { slot, hook, signal, .. } = self.turn;
        let (line, sent) = (self.lines.get(line), self.arena.get(signal));
        let (envelope, payload) = self.arena.read(signal);
        let name = name_of(line, sent, self.slot(slot));
        Event::Turn { who: self.who(slot), hook, name, envelope, payload, cause: sent.cause }
    }

    /// That its hook came back.
    #[inline]
    pub(crate) fn turn_ends(&self, failed: bool) -> Event<'_> {
        let Turn { slot, fuel, now, unix, .. } = self.turn;
        Event::TurnEnd { who: self.who(slot), fuel, now, unix, failed }
    }
}

/// The stable name of a signal that is the head of a line to an actor.
#[inline]
pub(crate) fn name_of(line: &Line, signal: &Signal, receiver: &Slot) -> SignalName {
    let envelope = &signal.envelope;
    if envelope.flags == Flags::MESSAGE {
        let n = envelope.id | u64::from(signal.aux) << 63;
        return SignalName { path: line.path, life: line.life, kind: SignalKind::Sent, n };
    }
    name_of_notice(line, signal, receiver)
}

#[inline(never)]
fn name_of_notice(line: &Line, signal: &Signal, receiver: &Slot) -> SignalName {
    let envelope = &signal.envelope;
    let sender = |kind, n| SignalName { path: line.path, life: line.life, kind, n };
    let of_receiver = |kind, n| SignalName { path: receiver.path, life: receiver.life, kind, n };
    match envelope.flags.kind() {
        Flags::EXIT if envelope.id == 0 => of_receiver(SignalKind::Exit, 1 << 62 | u64::from(signal.aux)),
        Flags::EXIT => sender(SignalKind::Exit, envelope.id),
        Flags::STARTED => sender(SignalKind::Started, 1),
        Flags::REPLY => of_receiver(SignalKind::Answer, envelope.correlation),
        Flags::DOWN => of_receiver(SignalKind::Down, envelope.correlation),
        Flags::TIMER => of_receiver(SignalKind::Timer, envelope.correlation << 32 | envelope.id),
        Flags::COMPLETION => of_receiver(SignalKind::Completion, envelope.correlation),
        _ if envelope.id != 0 => of_receiver(SignalKind::GoOn, envelope.id),
        _ if receiver.stage == Stage::Starting => of_receiver(SignalKind::Start, 1),
        _ => of_receiver(SignalKind::Stop, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_two_cache_lines() {
        assert_eq!(size_of::<Slot>(), 128);
    }

    /// Rule P1: what a million starts of one slot would show.
    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let mut node = Node::new(NodeId(1), "n", Boot(0), Key::from_seed(0));
        let first = node.reserve().unwrap();
        node.slot_mut(first).generation = GENERATION_MAX - 1;
        let before = node.pid(first);
        node.vacate(first);
        assert_eq!(node.reserve(), Ok(first), "its last generation");
        let last = node.pid(first);
        assert_ne!(last, before);
        node.vacate(first);
        for next in 1..4 {
            let slot = node.reserve().unwrap();
            assert_eq!(slot, first + next, "never the retired one");
            assert!(![before, last].contains(&node.pid(slot)));
        }
        assert_eq!([before, last].map(|pid| node.resolve(pid)), [Resolved::Dead; 2]);
    }
}
