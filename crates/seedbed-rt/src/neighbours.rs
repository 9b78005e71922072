//! The other nodes of a cluster, as one node reaches them: through their inboxes.
//!
//! Between two nodes of a process nothing is lost, doubled or late, and each sender's packets stay
//! in order (rule N1). A node that has stopped is lost at once (rule N5).

use crate::inbox::{Command, Outlet};
use seedbed_core::{Boot, NodeId, Packet, Pid, Target, pid_of, target_of};
use std::sync::Arc;

/// Slots of node 0.
const SLOTS: u64 = 1 << 23;

/// The ways to all nodes of a cluster, by their numbers, and which is one's own.
#[derive(Clone)]
pub(crate) struct Neighbours {
    outlets: Arc<[Outlet]>,
    me: usize,
}

impl Neighbours {
    pub(crate) fn new(outlets: Arc<[Outlet]>, me: usize) -> Neighbours {
        Neighbours { outlets, me }
    }

    /// The n-th node's number.
    pub(crate) fn id(index: usize) -> NodeId {
        NodeId(u16::try_from(index + 1).expect("a cluster has at most 511 nodes"))
    }

    /// Gives a packet to the node it is for; back if there is none, or it has stopped.
    pub(crate) fn send(&self, packet: Packet) -> Result<(), Packet> {
        let node = self.node_for(packet.to);
        match self.outlet(node) {
            Some(outlet) => outlet.send(Command::Cross(packet)).map_err(|e| match e.0 {
                Command::Cross(packet) => packet,
                _ => unreachable!("what comes back is what was given"),
            }),
            None => Err(packet),
        }
    }

    /// Tells all others that this node has stopped.
    pub(crate) fn say_goodbye(&self) {
        for (index, outlet) in self.outlets.iter().enumerate().filter(|(index, _)| *index != self.me) {
            debug_assert_ne!(index, self.me);
            // One that stopped before need not know.
            let _ = outlet.send(Command::Lost(Neighbours::id(self.me)));
        }
    }

    fn outlet(&self, node: NodeId) -> Option<&Outlet> {
        let index = usize::from(node.0).checked_sub(1)?;
        self.outlets.get(index).filter(|_| index != self.me)
    }

    /// The pid of this node's n-th client: it says which node it is a client of.
    pub(crate) fn client(&self, nth: u64) -> Pid {
        let nodes = self.outlets.len() as u64;
        let each = SLOTS / nodes;
        let slot = nth % each * nodes + self.me as u64;
        // After so many clients their slots begin again, with the next generation.
        let generation = u32::try_from(nth / each + 1).unwrap_or(u32::MAX);
        pid_of(NodeId::OUTSIDE, Boot(0), u32::try_from(slot).expect("a slot is below 2^23"), generation)
    }

    /// Where a packet for this pid is to go: a client is reached through its node.
    pub(crate) fn node_for(&self, to: Pid) -> NodeId {
        match target_of(to) {
            Target::Actor { node: NodeId::OUTSIDE, slot, .. } => {
                Neighbours::id(slot as usize % self.outlets.len())
            }
            Target::Actor { node, .. } | Target::Name { node, .. } => node,
            Target::Nobody => Neighbours::id(self.me),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn clients_are_told_apart_and_say_whose_they_are() {
        let outlets: Arc<[Outlet]> = (0..3).map(|_| tokio::sync::mpsc::unbounded_channel().0).collect();
        let mut pids = BTreeSet::new();
        for me in 0..3 {
            let neighbours = Neighbours::new(Arc::clone(&outlets), me);
            for nth in [0, 1, 2, SLOTS / 3 - 1, SLOTS / 3, SLOTS] {
                let pid = neighbours.client(nth);
                assert!(pids.insert(pid), "{pid}");
                assert_eq!(neighbours.node_for(pid), Neighbours::id(me));
            }
        }
    }
}
