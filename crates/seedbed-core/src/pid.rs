//! How a pid is made: node, boot, slot and generation in 62 bits (rule P1), or the hash of a name (P4).

use crate::hash::stable_hash;
use seedbed_abi::Pid;
use serde::{Deserialize, Serialize};

const NODE_BITS: u32 = 9;
const BOOT_BITS: u32 = 10;
const SLOT_BITS: u32 = 23;
const GENERATION_BITS: u32 = 20;
const ADDRESS: u64 = 1 << 62;
const NAME_BITS: u32 = 62 - NODE_BITS;

/// Number of a node in its world or cluster; 0 is the outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u16);

impl NodeId {
    /// Where clients live.
    pub const OUTSIDE: NodeId = NodeId(0);
    /// The largest number a node can have.
    pub const MAX: NodeId = NodeId((1 << NODE_BITS) - 1);
}

/// Which start of a node this is, from 0; wraps after 1024 boots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Boot(pub u16);

impl Boot {
    /// How many there are.
    pub const COUNT: u16 = 1 << BOOT_BITS;

    /// The boot after this one.
    #[must_use]
    pub fn next(self) -> Boot {
        Boot((self.0 + 1) % Boot::COUNT)
    }
}

/// The most slots a node has.
pub(crate) const SLOTS_MAX: u32 = 1 << SLOT_BITS;
/// The last generation of a slot; after it the slot is retired.
pub(crate) const GENERATION_MAX: u32 = (1 << GENERATION_BITS) - 1;

/// What a pid or address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nobody.
    Nobody,
    /// An actor of a node, in one of its boots.
    Actor {
        /// Its node.
        node: NodeId,
        /// The node's boot.
        boot: Boot,
        /// Its slot.
        slot: u32,
        /// The slot's generation.
        generation: u32,
    },
    /// Whoever has a name on a node.
    Name {
        /// The node.
        node: NodeId,
        /// Hash of the name, see [`name_hash`].
        hash: u64,
    },
}

/// Makes the pid of an actor.
#[inline]
pub fn pid_of(node: NodeId, boot: Boot, slot: u32, generation: u32) -> Pid {
    Pid::from_raw(
        (u64::from(node.0) << (BOOT_BITS + SLOT_BITS + GENERATION_BITS))
            | (u64::from(boot.0) << (SLOT_BITS + GENERATION_BITS))
            | (u64::from(slot) << GENERATION_BITS)
            | u64::from(generation),
    )
}

/// Makes the address of a name on a node.
pub fn address_of(node: NodeId, name: &str) -> Pid {
    Pid::from_raw(ADDRESS | (u64::from(node.0) << NAME_BITS) | name_hash(name))
}

/// The part of a name's hash that fits an address.
pub fn name_hash(name: &str) -> u64 {
    stable_hash(name.as_bytes()) & ((1 << NAME_BITS) - 1)
}

/// Takes a pid or address apart.
#[inline]
pub fn target_of(pid: Pid) -> Target {
    let raw = pid.to_raw();
    if raw == 0 || raw >> 63 != 0 {
        Target::Nobody
    } else if raw & ADDRESS != 0 {
        let node = NodeId(((raw >> NAME_BITS) & u64::from(NodeId::MAX.0)) as u16);
        Target::Name { node, hash: raw & ((1 << NAME_BITS) - 1) }
    } else {
        let part = |at: u32, bits: u32| (raw >> at) & ((1 << bits) - 1);
        Target::Actor {
            node: NodeId(part(BOOT_BITS + SLOT_BITS + GENERATION_BITS, NODE_BITS) as u16),
            boot: Boot(part(SLOT_BITS + GENERATION_BITS, BOOT_BITS) as u16),
            slot: part(GENERATION_BITS, SLOT_BITS) as u32,
            generation: part(0, GENERATION_BITS) as u32,
        }
    }
}

/// The slot that a pid names; whatever comes out for an address belongs to no pid that equals it.
#[inline]
pub(crate) fn slot_of(pid: Pid) -> u32 {
    (pid.to_raw() >> GENERATION_BITS) as u32 & (SLOTS_MAX - 1)
}

/// The node that a pid or address belongs to.
#[inline]
pub fn node_of(pid: Pid) -> NodeId {
    match target_of(pid) {
        Target::Nobody => NodeId::OUTSIDE,
        Target::Actor { node, .. } | Target::Name { node, .. } => node,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_is_taken_apart_as_it_was_made() {
        for (node, boot, slot, generation) in
            [(1, 0, 0, 1), (511, 1023, SLOTS_MAX - 1, GENERATION_MAX), (3, 9, 77, 5)]
        {
            let pid = pid_of(NodeId(node), Boot(boot), slot, generation);
            assert!(pid.to_raw() < 1 << 62 && !pid.is_address());
            assert_eq!(
                target_of(pid),
                Target::Actor { node: NodeId(node), boot: Boot(boot), slot, generation }
            );
        }
        assert_eq!(target_of(Pid::NOBODY), Target::Nobody);
    }

    #[test]
    fn an_address_names_its_node() {
        let address = address_of(NodeId(511), "ledger");
        assert!(address.is_address() && address.to_raw() < 1 << 63);
        assert_eq!(target_of(address), Target::Name { node: NodeId(511), hash: name_hash("ledger") });
        assert_ne!(address, address_of(NodeId(510), "ledger"));
    }
}
