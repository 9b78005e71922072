//! Nodes that are busy: their deliveries wait.
//!
//! A turn that takes time, or a pause, occupies its node. What is or becomes possible there
//! meanwhile is possible for nobody; afterwards it is, in the order in which it had become so.

use crate::sim::Sim;
use seedbed_core::{Chain, Delivery, NodeId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What turns cost, in virtual nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// A turn of a native actor, or of a guest that burnt no fuel.
    pub ns_per_turn: u64,
    /// A unit of fuel, in the turn of a guest.
    pub ns_per_fuel: u64,
}

impl Costs {
    /// What a turn costs that burnt so much fuel.
    pub(crate) fn of(&self, fuel: u64) -> u64 {
        if fuel == 0 { self.ns_per_turn } else { fuel.saturating_mul(self.ns_per_fuel) }
    }
}

/// What waits for a node that is busy.
#[derive(Clone, Debug)]
struct Waiting {
    until: Time,
    /// With how often each was passed over before.
    deliveries: Vec<(Delivery, Chain, u32)>,
}

/// All nodes that are busy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Busy(BTreeMap<NodeId, Waiting>);

impl Busy {
    /// True if nothing waits for any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(|waiting| waiting.deliveries.is_empty())
    }

    /// True if some node is free by now and has not been freed.
    pub(crate) fn is_any_free(&self, now: Time) -> bool {
        self.0.values().any(|waiting| waiting.until <= now)
    }

    /// When the first is free again for which something waits.
    pub(crate) fn next(&self) -> Option<Time> {
        self.0.values().filter(|waiting| !waiting.deliveries.is_empty()).map(|waiting| waiting.until).min()
    }

    /// Keeps a delivery that became possible on a node that is busy; false if it is not.
    #[inline]
    pub(crate) fn keep(&mut self, delivery: Delivery, chain: Chain) -> bool {
        let waiting = if self.0.is_empty() { None } else { self.0.get_mut(&delivery.node) };
        waiting.is_some_and(|waiting| {
            waiting.deliveries.push((delivery, chain, 0));
            true
        })
    }

    /// Drops a delivery that is not possible any more; false if it did not wait.
    #[inline]
    pub(crate) fn remove(&mut self, delivery: Delivery) -> bool {
        let waiting = if self.0.is_empty() { None } else { self.0.get_mut(&delivery.node) };
        waiting.is_some_and(|waiting| {
            let at = waiting.deliveries.iter().position(|(other, ..)| *other == delivery);
            at.is_some_and(|at| {
                waiting.deliveries.remove(at);
                true
            })
        })
    }

    /// Forgets a node that crashed.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }
}

impl Sim {
    /// Occupies a node until then, or longer if it is already; `chain` says between whom a delivery is.
    pub(crate) fn occupy(&mut self, node: NodeId, until: Time, chain: impl Fn(Delivery) -> Chain) {
        self.is_due(until);
        let waiting = self.busy.0.entry(node).or_insert_with(|| Waiting { until, deliveries: Vec::new() });
        waiting.until = waiting.until.max(until);
        for id in self.order.of_node(node) {
            let delivery = self.order.delivery(id);
            waiting.deliveries.push((delivery, chain(delivery), self.order.passed(id)));
            self.order.remove(id);
            self.strategy.gone(id);
            if let Some(holds) = &mut self.holds {
                holds.parked(id);
            }
        }
    }

    /// Makes possible what waited for nodes that are free by now.
    pub(crate) fn free(&mut self) {
        let now = self.now;
        while let Some(node) = self.busy.0.iter().find(|(_, w)| w.until <= now).map(|(node, _)| *node) {
            let waiting = self.busy.0.remove(&node).expect("just found");
            for (delivery, chain, passed) in waiting.deliveries {
                let id = self.possible(delivery, chain);
                (0..passed).for_each(|_| self.order.pass_over(id));
            }
        }
    }
}
