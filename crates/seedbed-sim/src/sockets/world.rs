//! How sockets stand in the world: what they say takes its way over the network, and who asked is told.

use super::part::Part;
use super::{Asker, Cause, Out};
use crate::sim::Sim;
use seedbed_core::abi::nanos;
use seedbed_core::{
    Body, EffectRequest, Event, Life, NodeId, Packet, PathId, Pid, Time, address_of, node_of,
};
use seedbed_sockets::{Answer, Op};
use std::time::Duration;

/// What is in the number of everything that sockets say, so that no message has its name.
const SAID: u64 = 1 << 61;

/// What is in the number of what nodes answer by themselves, as kernels do.
const ANSWER: u64 = 1 << 62;
const ANSWER_TO_ANSWER: u64 = 1 << 60;

impl Sim {
    /// An actor asked for an operation. It is done at once; what it comes to is told when the turn is over.
    pub(crate) fn perform_socket(&mut self, node: NodeId, request: &EffectRequest) {
        let EffectRequest { pid, path, life, correlation, .. } = *request;
        let asker = Asker { pid, path, life, correlation };
        let (clocks, now) = (&self.clocks, self.now);
        let due = |ms: u64| {
            let local = clocks.local(node, now).as_nanos();
            let after = nanos(Duration::from_millis(ms));
            clocks.when(node, Time::from_nanos(local.saturating_add(after)))
        };
        match Op::decode(&request.payload) {
            Ok(op) => self.sockets.perform(node, asker, op, due),
            Err(fault) => self.sockets.outs.push(Out::Done(asker, Err(fault))),
        }
        self.follow_sockets();
    }

    /// An actor ended.
    pub(crate) fn close_sockets(&mut self, pid: Pid, path: PathId, life: Life) {
        self.sockets.forget(pid, path, life);
        self.follow_sockets();
    }

    /// A node counts another as lost.
    pub(crate) fn lose_streams(&mut self, node: NodeId, lost: NodeId) {
        self.sockets.lose(node, lost);
        self.follow_sockets();
    }

    /// Ends waits that are over.
    pub(crate) fn time_out_sockets(&mut self) {
        self.sockets.time_out(self.now);
        self.follow_sockets();
    }

    /// Something that a socket said arrives on a node that is up.
    pub(crate) fn arrive_at_socket(&mut self, packet: &Packet) {
        let Body::Socket { bytes, .. } = &packet.body else {
            unreachable!("only sockets' packets come here")
        };
        let (node, from) = (node_of(packet.to), node_of(packet.from));
        self.tell(node, &Event::Arrived { packet });
        self.sockets.arrive(node, from, Part::decode(bytes), (packet.path, packet.life, packet.name().n));
        self.follow_sockets();
    }

    /// Does what came of the last that was done with sockets.
    fn follow_sockets(&mut self) {
        for out in std::mem::take(&mut self.sockets.outs) {
            match out {
                Out::Done(asker, outcome) => {
                    let at = self.departure(0);
                    self.is_due(at);
                    self.sockets.told += 1;
                    let outcome = (asker.pid, asker.correlation, Ok(Answer::encode(&outcome)));
                    self.sockets.done.insert((at, self.sockets.told), outcome);
                }
                Out::Say { node, to, part, cause } => self.say(node, to, &part, cause),
            }
        }
    }

    fn say(&mut self, node: NodeId, other: NodeId, part: &Part, cause: Cause) {
        let (from, path, life, id) = match cause {
            Cause::Asked(pid, path, life, n) => (pid, path, life, n | SAID),
            Cause::Said(path, life, n) => {
                let bit = if n & ANSWER == 0 { ANSWER } else { ANSWER_TO_ANSWER };
                (address_of(node, ""), path, life, n | bit)
            }
        };
        let body = Body::Socket { stream: part.is_of_stream(), bytes: part.encode() };
        let packet = Packet { from, path, life, to: address_of(other, ""), id, copy: false, body };
        if node == other {
            let at = self.departure(0);
            self.is_due(at);
            self.network.send(packet, at, self.now);
        } else {
            self.send(node, packet);
        }
    }
}
