//! Rules over messages, applied: to packets that would arrive, and to mail that would be delivered.

use super::World;
use crate::network::{is_message, way};
use crate::rules::{Act, Letter, RuleGuard};
use seedbed_core::{Body, Flags, NodeId, Packet, Pid, Target, node_of, target_of};
use std::time::Duration;

impl World {
    /// Holds every message that the condition picks until the guard is dropped, and all behind it of
    /// the same pair.
    ///
    /// # Examples
    /// ```
    /// # use seedbed_core::{Actor, Context, Result};
    /// # use seedbed_sim::{InWorld, Plain, RunConfig, World, WorldConfig, run_with};
    /// # struct Idle;
    /// # impl Actor for Idle {
    /// #     type Message = u64;
    /// #     fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> { cx.observe("got", n as i64); Ok(()) }
    /// # }
    /// # let program = |world: &mut World| -> anyhow::Result<()> {
    /// let b = world.spawn("b", || Idle);
    /// let held = world.hold(move |m| m.to == b && m.tag == 0);
    /// world.send(b, 7u64);
    /// world.settle()?;
    /// assert_eq!((held.picked(), world.facts().sum("got")), (1, 0));
    /// drop(held);
    /// world.settle()?;
    /// assert_eq!(world.facts().sum("got"), 7);
    /// # Ok(())
    /// # };
    /// # let (outcome, _) = run_with(&program, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    /// # assert_eq!(outcome.found, None);
    /// ```
    pub fn hold(&mut self, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        self.rule(Act::Hold, picks)
    }

    /// Loses every message from another node, or from outside, that the condition picks, until the
    /// guard is dropped.
    pub fn drop_when(&mut self, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        self.rule(Act::Drop, picks)
    }

    /// Lets every message that the condition picks come so much later, until the guard is dropped.
    pub fn delay_when(&mut self, by: Duration, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        self.rule(Act::Delay(by), picks)
    }

    /// Brings every message from another node, or from outside, that the condition picks twice, until
    /// the guard is dropped.
    pub fn duplicate_when(&mut self, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        self.rule(Act::Duplicate, picks)
    }

    /// Does that to every message that the condition picks, until the guard is dropped. Of several
    /// rules that pick a message, the first made acts.
    pub fn rule(&mut self, act: Act, picks: impl Fn(&Letter<'_>) -> bool + 'static) -> RuleGuard {
        self.sim.rules.add(act, picks)
    }

    /// What rules that ended have held goes on.
    pub(super) fn let_go(&mut self) {
        for packet in self.sim.kept.take_packets().collect::<Vec<_>>() {
            self.arrive(packet);
        }
        self.sim.let_go(true);
    }

    /// What rules say of a packet that would arrive; gives it back if it does, and whether twice.
    pub(super) fn rule_packet(&mut self, packet: Packet) -> Option<(Packet, bool)> {
        let packet = self.sim.kept.behind(packet)?;
        if self.sim.rules.is_empty() || !is_message(&packet) {
            return self.in_order(packet, false);
        }
        let name = packet.name();
        let (tag, request, payload) = match &packet.body {
            Body::Message { correlation, tag, payload } => (*tag, *correlation != 0, payload),
            Body::Answer { tag, payload, .. } => (*tag, false, payload),
            _ => unreachable!("only messages and answers are judged"),
        };
        let (from_node, to_node) = way(&packet);
        let to = self.resolved(packet.to);
        let letter = Letter {
            from: packet.from,
            to,
            from_path: self.sim.paths.get(&packet.path).map_or("", String::as_str),
            to_path: self.path_text(to),
            from_node,
            to_node,
            tag,
            request,
            reply: matches!(packet.body, Body::Answer { .. }),
            payload,
        };
        let Some(act) = self.sim.rules.act(name, &letter) else { return self.in_order(packet, false) };
        self.sim.tell_act(to_node, act, &name);
        match act {
            Act::Hold => self.sim.kept.keep(packet),
            Act::Drop => self.sim.vanish(&packet),
            Act::Delay(by) => self.sim.network.put_off(packet, self.sim.now + by),
            Act::Duplicate => return self.in_order(packet, true),
        }
        None
    }

    /// A packet arrives, unless one of its pair before it was put off (rule N1).
    fn in_order(&mut self, packet: Packet, twice: bool) -> Option<(Packet, bool)> {
        match self.sim.network.waits_until(&packet, self.sim.now) {
            Some(until) => {
                self.sim.network.put_off(packet, until);
                None
            }
            None => Some((packet, twice)),
        }
    }

    /// Takes mail that rules keep back out of what is possible.
    pub(super) fn rule_mail(&mut self) {
        let all: Vec<u32> = self.sim.order.iter().collect();
        for id in all {
            let delivery = self.sim.order.delivery(id);
            let kernel = self.host(delivery.node).and_then(|h| h.kernel.as_ref());
            let kernel = kernel.expect("what is possible is on a node that is up");
            let name = kernel.name(delivery).expect("what is enabled can be named");
            let envelope = kernel.envelope(delivery).expect("what is enabled has an envelope");
            if !matches!(envelope.flags.kind(), Flags::MESSAGE | Flags::REPLY) {
                continue;
            }
            let (from, to) = (Pid::from_raw(envelope.from), Pid::from_raw(envelope.to));
            let reply = envelope.flags.kind() == Flags::REPLY;
            let letter = Letter {
                from,
                to: self.resolved(to),
                from_path: self.path_text(from),
                to_path: self.path_text(to),
                // It has arrived: there is nothing left to lose it.
                from_node: delivery.node,
                to_node: delivery.node,
                tag: envelope.tag,
                request: !reply && envelope.correlation != 0,
                reply,
                payload: kernel.payload(delivery).unwrap_or_default(),
            };
            let chain = kernel.chain(delivery).expect("what is enabled has a chain");
            let Some(act) = self.sim.rules.act(name, &letter) else { continue };
            let until = match act {
                Act::Hold => None,
                Act::Delay(by) => Some(self.sim.now + by),
                Act::Drop | Act::Duplicate => unreachable!("mail within a node is not lost and comes once"),
            };
            self.sim.tell_act(delivery.node, act, &name);
            self.sim.keep_delivery(id, chain, until);
        }
    }

    /// The actor that a pid or address means now, else what it is.
    fn resolved(&self, pid: Pid) -> Pid {
        let kernel = self.host(node_of(pid)).and_then(|h| h.kernel.as_ref());
        kernel.and_then(|k| k.find(pid)).unwrap_or(pid)
    }

    /// The path of an actor that lives or of a client; empty if there is none.
    fn path_text(&self, pid: Pid) -> &str {
        let path = match target_of(pid) {
            Target::Actor { node: NodeId::OUTSIDE, slot, .. } => {
                self.clients.get(slot as usize).map(|c| c.path())
            }
            _ => self.host(node_of(pid)).and_then(|h| h.kernel.as_ref()?.path_of(pid)),
        };
        path.and_then(|path| self.sim.paths.get(&path)).map_or("", String::as_str)
    }
}
