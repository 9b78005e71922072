//! Deliveries in plain order: first enabled, first out (rule M4).

use seedbed_core::{Delivery, NodeId};

/// A delivery that waits for its turn.
///
/// In words that are read as they are written: it is mostly taken just after it was put there, and
/// what was written in small parts and is read as a whole waits for all of them to reach the cache.
#[derive(Clone, Copy, Default)]
struct Waiting {
    line_and_epoch: u64,
    receiver_and_node: u64,
}

impl From<Delivery> for Waiting {
    #[inline]
    fn from(delivery: Delivery) -> Waiting {
        let Delivery { node, line, epoch, receiver } = delivery;
        Waiting {
            line_and_epoch: u64::from(line) << 32 | u64::from(epoch),
            receiver_and_node: u64::from(receiver) << 32 | u64::from(node.0),
        }
    }
}

impl From<Waiting> for Delivery {
    #[inline]
    fn from(waiting: Waiting) -> Delivery {
        let Waiting { line_and_epoch, receiver_and_node } = waiting;
        Delivery {
            node: NodeId(receiver_and_node as u16),
            line: (line_and_epoch >> 32) as u32,
            epoch: line_and_epoch as u32,
            receiver: (receiver_and_node >> 32) as u32,
        }
    }
}

/// A ring whose length is a power of two, so that each message pays for no more than a mask.
#[derive(Default)]
pub(crate) struct Order {
    ring: Vec<Waiting>,
    /// Taken and put so far, from some number on.
    taken: usize,
    put: usize,
}

impl Order {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.put
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, delivery: Delivery) {
        if self.put - self.taken == self.ring.len() {
            self.grow();
        }
        let at = self.put & (self.ring.len() - 1);
        self.ring[at] = delivery.into();
        self.put += 1;
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Delivery> {
        if self.is_empty() {
            return None;
        }
        let at = self.taken & (self.ring.len() - 1);
        self.taken += 1;
        Some(self.ring[at].into())
    }

    /// Twice as long, and in order from its beginning.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let len = self.ring.len();
        if len > 0 {
            self.ring.rotate_left(self.taken & (len - 1));
        }
        (self.taken, self.put) = (0, len);
        self.ring.resize((2 * len).max(16), Waiting::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn it_is_a_queue() {
        let (mut order, mut model) = (Order::default(), VecDeque::new());
        for n in 0..10_000u32 {
            // Up to some hundred wait at a time, as the ring grows and goes round.
            for k in 0..n % 7 {
                let delivery = Delivery { node: NodeId(k as u16), line: n, epoch: !n, receiver: n ^ k };
                order.push(delivery);
                model.push_back(delivery);
            }
            for _ in 0..(n / 100) % 8 {
                assert_eq!(order.pop(), model.pop_front());
                assert_eq!(order.is_empty(), model.is_empty());
            }
        }
        assert!(model.len() > 100, "it was longer than the first ring");
        while let Some(delivery) = model.pop_front() {
            assert_eq!(order.pop(), Some(delivery));
        }
        assert_eq!(order.pop(), None);
    }
}
