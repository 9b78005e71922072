//! The search for an order of takes.
//!
//! Where a value may be put in twice, who took which is to be found out. Only takes are ordered, each with
//! the put that it took: puts are then in the order in which they were taken, and the rest after them. So
//! what waits in the queue needs no order, and there is no more to try than what overlaps: with a fixed
//! number of clients, and nothing lost, a multiple of the length of the history.
//!
//! Everything happens as early as it can: at the latest begin of what happens up to it. An order is right
//! if nothing so happens after its end. Of two equal calls the one that began and ended earlier goes first,
//! since they could change places. A put that was lost is of use only to a take that is known, a take that
//! was lost only to get out of the way what nobody else takes; of equal ones the earliest serves best.

use super::calls::{Calls, NEVER, Put, Span};
use crate::search::Taken;
use crate::{Budget, Verdict};
use std::collections::BTreeMap;

/// What has happened.
#[derive(Clone, Default)]
struct State {
    puts: Taken,
    takes: Taken,
    lost: Lost,
    /// The values that lost takes took.
    lost_took: Vec<i64>,
    /// When the last of all that happens.
    now: u64,
}

/// What has happened of calls of unknown outcome: of two states that are equal otherwise, the one with less
/// of it is the better.
#[derive(Clone, Default)]
struct Lost {
    puts: Taken,
    /// The first so many.
    takes: usize,
}

impl Lost {
    fn is_no_more_than(&self, other: &Lost) -> bool {
        self.takes <= other.takes && self.puts.is_within(&other.puts)
    }
}

/// Looks for an order.
pub(super) fn decide(calls: &Calls, budget: &mut Budget) -> Verdict {
    let Some(spare) = spare(calls) else { return Verdict::None };
    let mut tried: BTreeMap<(Taken, Taken), Vec<Lost>> = BTreeMap::new();
    let mut stack = vec![State::default()];
    while let Some(state) = stack.pop() {
        let before = tried.entry((state.puts.clone(), state.takes.clone())).or_default();
        if before.iter().any(|less| less.is_no_more_than(&state.lost)) {
            continue;
        }
        before.push(state.lost.clone());
        if let Err(verdict) = budget.spend() {
            return verdict;
        }
        match following(calls, &spare, &state) {
            Some(next) => stack.extend(next),
            None => return Verdict::Order,
        }
    }
    Verdict::None
}

/// Of each value, how many more were put in than are known to have been taken. `None` if somebody took what
/// was not there.
fn spare(calls: &Calls) -> Option<BTreeMap<i64, usize>> {
    let mut moments: Vec<(u64, i64, bool)> = Vec::new();
    moments.extend(calls.puts.iter().chain(&calls.lost_puts).map(|put| (put.span.begin, put.value, true)));
    moments.extend(calls.takes.iter().filter_map(|take| Some((take.span.end, take.value?, false))));
    moments.sort_unstable();
    let mut spare: BTreeMap<i64, usize> = BTreeMap::new();
    for (_, value, is_put) in moments {
        let count = spare.entry(value).or_default();
        *count = if is_put { *count + 1 } else { count.checked_sub(1)? };
    }
    Some(spare)
}

/// What can come next, the most promising last; `None` if every take has happened.
fn following(calls: &Calls, spare: &BTreeMap<i64, usize>, state: &State) -> Option<Vec<State>> {
    let (takes, takes_end) = first(&calls.takes, &state.takes, |take| (take.value, take.span));
    if takes.is_empty() {
        return None;
    }
    let (puts, puts_end) = first(&calls.puts, &state.puts, |put| (Some(put.value), put.span));
    let mut next: Vec<State> = Vec::new();
    let mut add = |then: State| {
        if then.now < takes_end {
            next.push(then);
        }
    };
    if let Some(begin) = calls.lost_takes.get(state.lost.takes) {
        for number in &puts {
            let put = &calls.puts[*number];
            if state.lost_took.iter().filter(|value| **value == put.value).count() < spare[&put.value] {
                let mut then = state.after(put, *begin);
                then.puts = state.puts.with(*number);
                then.lost.takes += 1;
                then.lost_took.push(put.value);
                add(then);
            }
        }
    }
    for number in takes.iter().rev() {
        let take = &calls.takes[*number];
        let Some(value) = take.value else {
            let mut then = state.clone();
            then.takes = state.takes.with(*number);
            then.now = state.now.max(take.span.begin);
            if then.now < puts_end {
                add(then);
            }
            continue;
        };
        let lost = calls.lost_puts.iter().enumerate();
        let mut lost = lost.filter(|(n, put)| put.value == value && !state.lost.puts.has(*n));
        if let Some((n, put)) = lost.next().filter(|(_, put)| put.span.begin < puts_end) {
            let mut then = state.after(put, take.span.begin);
            then.takes = state.takes.with(*number);
            then.lost.puts = state.lost.puts.with(n);
            add(then);
        }
        for put in puts.iter().filter(|put| calls.puts[**put].value == value) {
            let mut then = state.after(&calls.puts[*put], take.span.begin);
            then.takes = state.takes.with(*number);
            then.puts = state.puts.with(*put);
            add(then);
        }
    }
    Some(next)
}

impl State {
    /// A take that began then takes what this put put in.
    fn after(&self, put: &Put, begin: u64) -> State {
        let mut then = self.clone();
        then.now = self.now.max(begin).max(put.span.begin);
        then
    }
}

/// Those that have not happened and can be next, by their ends; and the first end of all that have not:
/// nothing that begins later is next.
fn first<T>(calls: &[T], taken: &Taken, of: impl Fn(&T) -> (Option<i64>, Span)) -> (Vec<usize>, u64) {
    let mut end = NEVER;
    let mut near: Vec<(u64, u64, Option<i64>, usize)> = Vec::new();
    for (n, call) in calls.iter().enumerate().skip(taken.whole()).filter(|(n, _)| !taken.has(*n)) {
        let (value, span) = of(call);
        if span.begin > end {
            break;
        }
        end = end.min(span.end);
        near.push((span.end, span.begin, value, n));
    }
    near.sort_unstable();
    let is_first = |(at, (_, begin, value, _)): &(usize, &(u64, u64, Option<i64>, usize))| {
        *begin < end && near[..*at].iter().all(|(_, earlier, equal, _)| equal != value || earlier > begin)
    };
    let numbers = near.iter().enumerate().filter(is_first).map(|(_, (.., n))| *n).collect();
    (numbers, end)
}
