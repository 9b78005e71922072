//! Rules over messages: hold, lose, delay or double those that a condition picks.
//!
//! A rule acts on what is still under way while it is in force: on a message between nodes when it
//! would arrive, on mail within a node when it would be delivered. Within a node nothing is lost and
//! nothing comes twice, so there only holding and delaying act. The order of each pair holds
//! (rule N1): what a rule keeps back, keeps back all behind it. Rules are part of the program, as
//! properties are, and stand on no tape; when faults stop, they end.

use crate::sim::Sim;
use seedbed_core::{Chain, Delivery, Event, NodeId, Packet, Pid, SignalName, Time};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// A message or reply under way, as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Who sent it.
    pub from: Pid,
    /// Who is to get it: the actor, if an address was written and somebody has the name now.
    pub to: Pid,
    /// Path of who sent it.
    pub from_path: &'a str,
    /// Path of who is to get it; empty if that is nobody.
    pub to_path: &'a str,
    /// From where; node 0 is outside.
    pub from_node: NodeId,
    /// To where.
    pub to_node: NodeId,
    /// Its tag.
    pub tag: u64,
    /// True for a request.
    pub request: bool,
    /// True for the answer to one.
    pub reply: bool,
    /// What it says.
    pub payload: &'a [u8],
}

/// What a rule does to the messages it picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Each waits until the rule ends.
    Hold,
    /// Each that comes from another node is lost.
    Drop,
    /// Each comes so much later.
    Delay(Duration),
    /// Each that comes from another node comes twice.
    Duplicate,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Act::Hold => "hold",
            Act::Drop => "drop",
            Act::Delay(_) => "delay",
            Act::Duplicate => "duplicate",
        })
    }
}

type Condition = Rc<dyn Fn(&Letter<'_>) -> bool>;

#[derive(Clone)]
struct Rule {
    id: u64,
    act: Act,
    picks: Condition,
    picked: Rc<Cell<u64>>,
    /// What it has acted on, and acts on once only.
    done: BTreeSet<SignalName>,
}

#[derive(Clone, Default)]
struct Inner {
    rules: Vec<Rule>,
    made: u64,
    /// A rule ended: what it held can go.
    ended: bool,
}

/// All rules of a world.
#[derive(Default)]
pub(crate) struct Rules(Rc<RefCell<Inner>>);

/// A rule that is in force until this is dropped.
#[must_use = "the rule ends when this is dropped"]
pub struct RuleGuard {
    rules: Weak<RefCell<Inner>>,
    id: u64,
    picked: Rc<Cell<u64>>,
}

impl RuleGuard {
    /// How many messages it has acted on: a rule that picked none shows nothing.
    pub fn picked(&self) -> u64 {
        self.picked.get()
    }
}

impl RuleGuard {
    /// Its number: who has that ends the rule by [`Rules::remove`] instead.
    pub(crate) fn into_id(mut self) -> u64 {
        self.rules = Weak::new();
        self.id
    }
}

impl Drop for RuleGuard {
    fn drop(&mut self) {
        if let Some(rules) = self.rules.upgrade() {
            Rules(rules).remove(self.id);
        }
    }
}

impl fmt::Debug for RuleGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleGuard").field("id", &self.id).field("picked", &self.picked()).finish()
    }
}

impl Rules {
    pub(crate) fn add(&self, act: Act, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        let mut inner = self.0.borrow_mut();
        inner.made += 1;
        let (id, picked) = (inner.made, Rc::new(Cell::new(0)));
        let rule = Rule { id, act, picks: Rc::new(picks), picked: Rc::clone(&picked), done: BTreeSet::new() };
        inner.rules.push(rule);
        RuleGuard { rules: Rc::downgrade(&self.0), id, picked }
    }

    /// Ends a rule.
    pub(crate) fn remove(&self, id: u64) {
        let mut inner = self.0.borrow_mut();
        inner.rules.retain(|rule| rule.id != id);
        inner.ended = true;
    }

    /// The same rules, which from then on do not change with these.
    pub(crate) fn kept(&self) -> Rules {
        Rules(Rc::new(RefCell::new(self.0.borrow().clone())))
    }

    /// Makes these as those are.
    pub(crate) fn put_back(&self, from: &Rules) {
        if self.act_now() || from.act_now() || self.0.borrow().made != from.0.borrow().made {
            self.0.borrow_mut().clone_from(&from.0.borrow());
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().rules.is_empty()
    }

    /// True if there is a rule, or one ended: then mail is to be looked at before each turn.
    #[inline]
    pub(crate) fn act_now(&self) -> bool {
        let inner = self.0.borrow();
        inner.ended || !inner.rules.is_empty()
    }

    /// True if a rule ended since this was asked last.
    #[inline]
    pub(crate) fn take_ended(&self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().ended)
    }

    /// Ends all; their guards do nothing any more.
    pub(crate) fn end(&self) {
        let mut inner = self.0.borrow_mut();
        inner.ended |= !inner.rules.is_empty();
        inner.rules.clear();
    }

    /// What the first rule that picks a message does to it, among those that can act on it there.
    pub(crate) fn act(&self, name: SignalName, letter: &Letter<'_>) -> Option<Act> {
        let within = letter.from_node == letter.to_node;
        let mut inner = self.0.borrow_mut();
        for rule in &mut inner.rules {
            let can = !within || matches!(rule.act, Act::Hold | Act::Delay(_));
            if !can || (rule.act != Act::Hold && rule.done.contains(&name)) || !(rule.picks)(letter) {
                continue;
            }
            if rule.done.insert(name) {
                rule.picked.set(rule.picked.get() + 1);
            }
            return Some(rule.act);
        }
        None
    }
}

/// What rules keep back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Packets, by sender and node.
    packets: BTreeMap<(Pid, NodeId), VecDeque<Packet>>,
    deliveries: Vec<KeptDelivery>,
}

#[derive(Clone, Debug)]
struct KeptDelivery {
    delivery: Delivery,
    chain: Chain,
    /// How often it was passed over before.
    passed: u32,
    /// Until then, or until a rule ends.
    until: Option<Time>,
}

impl Kept {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty() && self.deliveries.is_empty()
    }

    /// When the next that is only delayed goes on.
    #[inline]
    pub(crate) fn next(&self) -> Option<Time> {
        self.deliveries.iter().filter_map(|kept| kept.until).min()
    }

    /// Keeps a packet behind those of its pair that are kept; gives it back if none is.
    pub(crate) fn behind(&mut self, packet: Packet) -> Option<Packet> {
        if self.packets.is_empty() {
            return Some(packet);
        }
        match self.packets.get_mut(&(packet.from, seedbed_core::node_of(packet.to))) {
            Some(line) => {
                line.push_back(packet);
                None
            }
            None => Some(packet),
        }
    }

    pub(crate) fn keep(&mut self, packet: Packet) {
        let pair = (packet.from, seedbed_core::node_of(packet.to));
        self.packets.entry(pair).or_default().push_back(packet);
    }

    pub(crate) fn take_packets(&mut self) -> impl Iterator<Item = Packet> + use<> {
        std::mem::take(&mut self.packets).into_values().flatten()
    }

    /// Drops a delivery that is not possible any more; false if it is not kept.
    #[inline]
    pub(crate) fn remove(&mut self, delivery: Delivery) -> bool {
        if self.deliveries.is_empty() {
            return false;
        }
        let at = self.deliveries.iter().position(|kept| kept.delivery == delivery);
        at.is_some_and(|at| {
            self.deliveries.remove(at);
            true
        })
    }

    /// Forgets a node that crashed; what is on its way there stays.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.deliveries.retain(|kept| kept.delivery.node != node);
    }
}

impl Sim {
    /// Takes a delivery out of what is possible.
    pub(crate) fn keep_delivery(&mut self, id: u32, chain: Chain, until: Option<Time>) {
        let (delivery, passed) = (self.order.delivery(id), self.order.passed(id));
        self.order.remove(id);
        self.strategy.gone(id);
        if let Some(holds) = &mut self.holds {
            holds.parked(id);
        }
        self.kept.deliveries.push(KeptDelivery { delivery, chain, passed, until });
    }

    /// Makes possible again what was delayed until now, and with `all` whatever is kept.
    pub(crate) fn let_go(&mut self, all: bool) {
        if self.kept.deliveries.is_empty() {
            return;
        }
        let now = self.now;
        let over = |kept: &mut KeptDelivery| all || kept.until.is_some_and(|at| at <= now);
        let free: Vec<KeptDelivery> = self.kept.deliveries.extract_if(.., over).collect();
        for KeptDelivery { delivery, chain, passed, .. } in free {
            if self.busy.keep(delivery, chain) {
                continue;
            }
            let id = self.possible(delivery, chain);
            (0..passed).for_each(|_| self.order.pass_over(id));
        }
    }

    /// Says what a rule did to which message.
    pub(crate) fn tell_act(&mut self, node: NodeId, act: Act, name: &SignalName) {
        let path = self.paths.get(&name.path).map_or("?", String::as_str);
        let text = format!("{act} {}", name.display(path));
        self.tell(node, &Event::Fault { text: &text });
    }
}
