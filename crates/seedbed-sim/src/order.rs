//! The plain order: all possible deliveries, first enabled first (rule M4).

use seedbed_core::Delivery;

const NIL: u32 = u32::MAX;

/// One that is possible, within one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Entry {
    delivery: Delivery,
    prev: u32,
    /// The next in plain order, or the next number that is free.
    next: u32,
    /// How often it was first and something else ran.
    passed: u32,
}

/// A list with constant-time insertion and removal; an entry's number stays while it is possible.
#[derive(Debug)]
pub struct Order {
    entries: Vec<Entry>,
    /// The number that is used next, and became free last.
    free: u32,
    first: u32,
    last: u32,
    len: u32,
    /// Entry of a line, by node and line.
    by_line: Vec<Vec<u32>>,
}

impl Default for Order {
    fn default() -> Self {
        Order { entries: Vec::new(), free: NIL, first: NIL, last: NIL, len: 0, by_line: Vec::new() }
    }
}

impl Clone for Order {
    fn clone(&self) -> Order {
        Order {
            first: self.first,
            last: self.last,
            len: self.len,
            free: self.free,
            entries: self.entries.clone(),
            by_line: self.by_line.clone(),
        }
    }

    /// Into the room that is there.
    fn clone_from(&mut self, from: &Order) {
        let Order { first, last, len, entries, free, by_line } = from;
        self.entries.clone_from(entries);
        self.by_line.clone_from(by_line);
        (self.first, self.last, self.len, self.free) = (*first, *last, *len, *free);
    }
}

impl Order {
    /// How many deliveries are possible.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if none is.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The numbers of all, in plain order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let next = |id: u32| (id != NIL).then_some(id);
        std::iter::successors(next(self.first), move |id| next(self.entries[*id as usize].next))
    }

    /// The first, which plain order runs.
    #[inline]
    pub(crate) fn first(&self) -> Option<u32> {
        (self.first != NIL).then_some(self.first)
    }

    #[inline]
    pub(crate) fn delivery(&self, id: u32) -> Delivery {
        self.entries[id as usize].delivery
    }

    /// Counts that the first was passed over; gives how often it had been before.
    pub(crate) fn passed(&self, id: u32) -> u32 {
        self.entries[id as usize].passed
    }

    pub(crate) fn pass_over(&mut self, id: u32) {
        self.entries[id as usize].passed += 1;
    }

    #[inline]
    pub(crate) fn push(&mut self, delivery: Delivery) -> u32 {
        if self.free == NIL {
            self.make_entry(delivery);
        }
        let id = self.free;
        let entry = &mut self.entries[id as usize];
        self.free = entry.next;
        *entry = Entry { delivery, prev: self.last, next: NIL, passed: 0 };
        match self.entries.get_mut(self.last as usize) {
            Some(last) => last.next = id,
            None => self.first = id,
        }
        self.last = id;
        self.len += 1;
        *self.line_mut(delivery) = id;
        id
    }

    /// Makes a number that is free.
    #[inline(never)]
    fn make_entry(&mut self, delivery: Delivery) {
        self.free = self.entries.len() as u32;
        self.entries.push(Entry { delivery, prev: NIL, next: NIL, passed: 0 });
    }

    #[inline]
    fn line_mut(&mut self, delivery: Delivery) -> &mut u32 {
        let (node, line) = (usize::from(delivery.node.0), delivery.line as usize);
        if self.by_line.get(node).is_none_or(|lines| lines.len() <= line) {
            self.make_line(node, line);
        }
        &mut self.by_line[node][line]
    }

    #[inline(never)]
    fn make_line(&mut self, node: usize, line: usize) {
        if self.by_line.len() <= node {
            self.by_line.resize_with(node + 1, Vec::new);
        }
        self.by_line[node].resize(line + 1, NIL);
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, id: u32) {
        let gone = &mut self.entries[id as usize];
        let (prev, next) = (gone.prev, std::mem::replace(&mut gone.next, self.free));
        self.free = id;
        match self.entries.get_mut(prev as usize) {
            Some(before) => before.next = next,
            None => self.first = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(after) => after.prev = prev,
            None => self.last = prev,
        }
        self.len -= 1;
    }

    /// The number of a line's delivery.
    #[inline]
    pub(crate) fn of_line(&self, delivery: Delivery) -> u32 {
        self.by_line[usize::from(delivery.node.0)][delivery.line as usize]
    }

    /// The numbers of all deliveries of one node.
    pub(crate) fn of_node(&self, node: seedbed_core::NodeId) -> Vec<u32> {
        self.iter().filter(|id| self.delivery(*id).node == node).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::NodeId;

    #[test]
    fn entries_leave_from_anywhere_and_the_rest_keeps_its_order() {
        let delivery = |line| Delivery { node: NodeId(1), line, epoch: 0, receiver: 0 };
        let mut order = Order::default();
        let ids: Vec<u32> = (0..5).map(|line| order.push(delivery(line))).collect();
        for (remove, left) in [(2, vec![0, 1, 3, 4]), (0, vec![1, 3, 4]), (4, vec![1, 3])] {
            order.remove(ids[remove]);
            assert_eq!(order.iter().map(|id| order.delivery(id).line).collect::<Vec<_>>(), left);
        }
        let again = order.push(delivery(7));
        assert_eq!(order.of_line(delivery(7)), again);
        assert_eq!((order.len(), order.first()), (3, Some(ids[1])));
    }
}
