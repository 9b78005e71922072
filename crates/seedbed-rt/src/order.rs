//! Deliveries of a node in plain order: first enabled, first out (rule M4).

use seedbed_core::{Delivery, Kernel};

/// A ring whose length is a power of two, so that each message pays for no more than a mask.
#[derive(Default)]
pub(crate) struct Order {
    /// Line and epoch as one word, so that it is read as it was written: it is mostly taken just after it
    /// was put there, and what was written in parts and is read as a whole waits for all of them to
    /// reach the cache.
    ring: Vec<u64>,
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
        self.ring[at] = u64::from(delivery.line) << 32 | u64::from(delivery.epoch);
        self.put += 1;
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self, kernel: &Kernel) -> Option<Delivery> {
        let (line, epoch) = self.take()?;
        Some(kernel.delivery(line, epoch))
    }

    #[inline(always)]
    fn take(&mut self) -> Option<(u32, u32)> {
        if self.is_empty() {
            return None;
        }
        let at = self.taken & (self.ring.len() - 1);
        self.taken += 1;
        let word = self.ring[at];
        Some(((word >> 32) as u32, word as u32))
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
        self.ring.resize((2 * len).max(16), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::NodeId;
    use std::collections::VecDeque;

    #[test]
    fn it_is_a_queue() {
        let (mut order, mut model) = (Order::default(), VecDeque::new());
        for n in 0..10_000u32 {
            // Up to some hundred wait at a time, as the ring grows and goes round.
            for k in 0..n % 7 {
                order.push(Delivery { node: NodeId(1), line: n, epoch: !k, receiver: 5 });
                model.push_back((n, !k));
            }
            for _ in 0..(n / 100) % 8 {
                assert_eq!(order.take(), model.pop_front());
                assert_eq!(order.is_empty(), model.is_empty());
            }
        }
        assert!(model.len() > 100, "it was longer than the first ring");
        while let Some(waiting) = model.pop_front() {
            assert_eq!(order.take(), Some(waiting));
        }
        assert_eq!(order.take(), None);
    }
}
