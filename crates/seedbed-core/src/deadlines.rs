//! Deadlines, in order of time, then of arming.
//!
//! A heap, beside a table of what each deadline is for. What is cancelled leaves the table at once, and
//! the heap when it comes to the top, or when most of the heap is like it: a cancellation costs the
//! same however many are pending. Invariant: the top of the heap is not cancelled, so nothing that is
//! no more drags time along; and the heap is never much longer than twice what is pending.

use crate::arena::NIL;
use seedbed_abi::Time;

/// A deadline that was armed: its place in the table, and its number, which no other ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    order: u64,
    at: u32,
}

/// A place of the heap.
#[derive(Clone, Copy, Debug)]
struct Place {
    deadline: Time,
    armed: Armed,
}

impl Place {
    #[inline]
    fn is_before(&self, other: &Place) -> bool {
        (self.deadline, self.armed.order) < (other.deadline, other.armed.order)
    }
}

/// What a deadline is for. A free place of the table has the number 0.
#[derive(Clone, Debug)]
struct Pending<T> {
    order: u64,
    /// The next free place, if this one is free.
    next: u32,
    what: Option<T>,
}

/// Children of a place of the heap: with four, which lie in two cache lines, it is half as high as with two.
const CHILDREN: usize = 4;

/// A heap up to this long is not looked through for what was cancelled.
const SHORT: usize = 64;

/// Deadlines that are pending, each for a `T`.
///
/// ```
/// use seedbed_core::{Deadlines, Time};
///
/// let mut deadlines = Deadlines::new();
/// let at = Time::from_nanos;
/// let tea = deadlines.arm(at(3), "tea");
/// deadlines.arm(at(5), "bread");
/// deadlines.arm(at(5), "cake");
/// assert_eq!(deadlines.cancel(tea), Some("tea"));
/// assert_eq!(deadlines.next(), Some(at(5)));
/// assert_eq!(deadlines.pop_due(at(9)), Some((at(5), "bread")));
/// ```
#[derive(Clone, Debug)]
pub struct Deadlines<T> {
    heap: Vec<Place>,
    table: Vec<Pending<T>>,
    free: u32,
    pending: usize,
    order: u64,
}

impl<T> Default for Deadlines<T> {
    fn default() -> Self {
        Deadlines::new()
    }
}

impl<T> Deadlines<T> {
    /// None.
    pub fn new() -> Deadlines<T> {
        Deadlines { heap: Vec::new(), table: Vec::new(), free: NIL, pending: 0, order: 0 }
    }

    /// Adds one. Of several at the same time, the one that was armed first passes first.
    pub fn arm(&mut self, deadline: Time, what: T) -> Armed {
        self.order += 1;
        let pending = Pending { order: self.order, next: NIL, what: Some(what) };
        let at = if self.free == NIL {
            self.table.push(pending);
            u32::try_from(self.table.len() - 1).expect("fewer deadlines than fit in memory")
        } else {
            let at = self.free;
            self.free = self.table[at as usize].next;
            self.table[at as usize] = pending;
            at
        };
        let armed = Armed { order: self.order, at };
        self.pending += 1;
        self.heap.push(Place { deadline, armed });
        self.rise(self.heap.len() - 1);
        armed
    }

    /// Takes one back; `None` if it has passed, or was taken back before.
    pub fn cancel(&mut self, armed: Armed) -> Option<T> {
        let what = self.take(armed)?;
        self.tidy();
        Some(what)
    }

    /// What one is for, if it is pending.
    pub fn get(&self, armed: Armed) -> Option<&T> {
        self.table.get(armed.at as usize).filter(|pending| pending.order == armed.order)?.what.as_ref()
    }

    /// When the first of them passes.
    #[inline]
    pub fn next(&self) -> Option<Time> {
        self.heap.first().map(|place| place.deadline)
    }

    /// Takes the first out if it has passed by `now`.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, T)> {
        let Place { deadline, armed } = *self.heap.first().filter(|place| place.deadline <= now)?;
        let what = self.take(armed).expect("the top of the heap is not cancelled");
        self.tidy();
        Some((deadline, what))
    }

    /// True if none is pending.
    pub fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// How many are pending.
    pub fn len(&self) -> usize {
        self.pending
    }

    /// Takes one out of the table, if it is there.
    fn take(&mut self, armed: Armed) -> Option<T> {
        let place = self.table.get_mut(armed.at as usize).filter(|pending| pending.order == armed.order)?;
        (place.order, place.next) = (0, self.free);
        self.free = armed.at;
        self.pending -= 1;
        place.what.take()
    }

    #[inline]
    fn is_pending(&self, armed: Armed) -> bool {
        self.table[armed.at as usize].order == armed.order
    }

    /// Makes the heap as it has to be, after something left the table.
    fn tidy(&mut self) {
        while let Some(top) = self.heap.first()
            && !self.is_pending(top.armed)
        {
            self.heap.swap_remove(0);
            self.sink(0);
        }
        if self.heap.len() > 2 * self.pending + SHORT {
            self.drop_cancelled();
        }
    }

    #[inline(never)]
    fn drop_cancelled(&mut self) {
        let table = &self.table;
        self.heap.retain(|place| table[place.armed.at as usize].order == place.armed.order);
        for at in (0..self.heap.len().div_ceil(CHILDREN)).rev() {
            self.sink(at);
        }
    }

    /// Moves a place towards the top, to where it belongs.
    fn rise(&mut self, mut at: usize) {
        let place = self.heap[at];
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if !place.is_before(&self.heap[parent]) {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = place;
    }

    /// Moves a place away from the top, to where it belongs.
    fn sink(&mut self, mut at: usize) {
        let Some(&place) = self.heap.get(at) else { return };
        loop {
            let first = at * CHILDREN + 1;
            let children = first..self.heap.len().min(first + CHILDREN);
            let least = children.reduce(|a, b| if self.heap[b].is_before(&self.heap[a]) { b } else { a });
            let Some(least) = least.filter(|least| self.heap[*least].is_before(&place)) else { break };
            self.heap[at] = self.heap[least];
            at = least;
        }
        self.heap[at] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Arm(u64),
        /// One that is pending, or one that is not any more.
        Cancel(prop::sample::Index, bool),
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0u64..20).prop_map(Step::Arm),
            3 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, ended)| Step::Cancel(at, ended)),
            1 => (0u64..8).prop_map(Step::Pass),
        ]
    }

    proptest! {
        /// Rule C1, and that what was cancelled moves neither time nor memory.
        #[test]
        fn deadlines_pass_in_order_whatever_is_cancelled(steps in prop::collection::vec(step(), 0..600)) {
            let mut deadlines = Deadlines::new();
            let mut model: BTreeMap<(Time, u64), Armed> = BTreeMap::new();
            let mut ended = Vec::new();
            let (mut now, mut made) = (Time::ZERO, 0);
            for step in steps {
                match step {
                    Step::Arm(after) => {
                        made += 1;
                        let deadline = Time::from_nanos(now.as_nanos() + after);
                        model.insert((deadline, made), deadlines.arm(deadline, made));
                    }
                    Step::Cancel(at, true) if !ended.is_empty() => {
                        prop_assert_eq!(deadlines.cancel(*at.get(&ended)), None);
                    }
                    Step::Cancel(at, _) if !model.is_empty() => {
                        let key = *model.keys().nth(at.index(model.len())).unwrap();
                        let armed = model.remove(&key).unwrap();
                        prop_assert_eq!(deadlines.get(armed), Some(&key.1));
                        prop_assert_eq!(deadlines.cancel(armed), Some(key.1));
                        prop_assert_eq!(deadlines.get(armed), None);
                        ended.push(armed);
                    }
                    Step::Cancel(..) => {}
                    Step::Pass(by) => {
                        now = Time::from_nanos(now.as_nanos() + by);
                        while let Some(passed) = deadlines.pop_due(now) {
                            let (expected, armed) = model.pop_first().unwrap();
                            prop_assert_eq!(passed, expected);
                            ended.push(armed);
                        }
                        prop_assert!(model.keys().all(|(deadline, _)| *deadline > now));
                    }
                }
                prop_assert_eq!(deadlines.next(), model.keys().next().map(|(deadline, _)| *deadline));
                prop_assert_eq!((deadlines.len(), deadlines.is_empty()), (model.len(), model.is_empty()));
                prop_assert!(deadlines.heap.len() <= 2 * model.len() + SHORT);
            }
        }
    }

    /// The last is cancelled first: none of them comes to the top by itself.
    #[test]
    fn what_was_cancelled_takes_no_room() {
        let mut deadlines = Deadlines::new();
        for round in 0..3 {
            let armed: Vec<Armed> = (1..=10_000).map(|n| deadlines.arm(Time::from_nanos(n), n)).collect();
            for armed in armed.into_iter().skip(1).rev() {
                deadlines.cancel(armed);
            }
            assert!(deadlines.heap.len() <= 2 + SHORT, "{} after round {round}", deadlines.heap.len());
            assert_eq!(deadlines.pop_due(Time::MAX), Some((Time::from_nanos(1), 1)));
            assert_eq!((deadlines.pop_due(Time::MAX), deadlines.table.len()), (None, 10_000));
        }
    }
}
