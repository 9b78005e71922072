//! The search for an order (Wing and Gong 1993, Lowe 2017).
//!
//! Begins and ends stand in a list in the order of time. A call can go next if its begin stands before
//! the first end that is left; taking it lifts both out of the list. Where an end is met first, the
//! last call that was taken goes back. Done when no call is left that has ended.
//!
//! Calls of unknown outcome are tried after the others, only if they change something, and of equal
//! ones the earliest first. A set of them that was taken is no better than a larger one: where the
//! rest is the same, what fails without some of them used up fails with them used up.

use crate::{Model, Operation};
use std::collections::BTreeMap;

/// A place in the list; `HEAD` is before the first, and after the last.
type Place = usize;
const HEAD: Place = 0;

/// A begin or an end.
#[derive(Clone, Copy)]
struct Entry {
    operation: usize,
    /// Where the call's end stands, if this is the begin of one that has ended.
    end: Option<Place>,
    is_begin: bool,
}

impl Entry {
    /// When the call of this entry ended.
    fn operation_end<C, A>(&self, operations: &[Operation<C, A>]) -> u64 {
        operations[self.operation].end.as_ref().map_or(0, |(at, _)| *at)
    }
}

struct List {
    entries: Vec<Entry>,
    next: Vec<Place>,
    before: Vec<Place>,
}

impl List {
    fn of<C, A>(operations: &[Operation<C, A>]) -> List {
        let begins = operations.iter().enumerate().map(|(n, o)| (o.begin, n, true));
        let ends =
            operations.iter().enumerate().filter_map(|(n, o)| o.end.as_ref().map(|(at, _)| (*at, n, false)));
        let mut times: Vec<(u64, usize, bool)> = begins.chain(ends).collect();
        times.sort_unstable();
        let mut entries = vec![Entry { operation: usize::MAX, end: None, is_begin: false }];
        let mut begun = vec![HEAD; operations.len()];
        for (_, operation, is_begin) in times {
            let place = entries.len();
            if is_begin {
                begun[operation] = place;
            } else {
                entries[begun[operation]].end = Some(place);
            }
            entries.push(Entry { operation, end: None, is_begin });
        }
        let count = entries.len();
        let next = (0..count).map(|n| (n + 1) % count).collect();
        let before = (0..count).map(|n| (n + count - 1) % count).collect();
        List { entries, next, before }
    }

    fn unlink(&mut self, place: Place) {
        let (before, next) = (self.before[place], self.next[place]);
        self.next[before] = next;
        self.before[next] = before;
    }

    fn relink(&mut self, place: Place) {
        let (before, next) = (self.before[place], self.next[place]);
        self.next[before] = place;
        self.before[next] = place;
    }

    fn lift(&mut self, begin: Place) {
        self.unlink(begin);
        if let Some(end) = self.entries[begin].end {
            self.unlink(end);
        }
    }

    fn unlift(&mut self, begin: Place) {
        if let Some(end) = self.entries[begin].end {
            self.relink(end);
        }
        self.relink(begin);
    }
}

/// The calls that were taken. Calls are numbered by their begin, so those taken are nearly a prefix:
/// the whole words at the front are only counted.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    whole: usize,
    words: Vec<u64>,
}

impl Taken {
    pub(crate) fn with(&self, n: usize) -> Taken {
        let mut taken = self.clone();
        let word = n / 64 - taken.whole;
        if taken.words.len() <= word {
            taken.words.resize(word + 1, 0);
        }
        taken.words[word] |= 1 << (n % 64);
        let whole = taken.words.iter().take_while(|word| **word == u64::MAX).count();
        taken.words.drain(..whole);
        taken.whole += whole;
        taken
    }

    pub(crate) fn has(&self, n: usize) -> bool {
        let word = (n / 64).checked_sub(self.whole);
        word.is_none_or(|word| self.words.get(word).is_some_and(|bits| bits >> (n % 64) & 1 == 1))
    }

    /// All below this number are taken.
    pub(crate) fn whole(&self) -> usize {
        self.whole * 64
    }

    /// True if everything that is in this is in the other.
    pub(crate) fn is_within(&self, other: &Taken) -> bool {
        let count = self.whole + self.words.len();
        (0..count).all(|word| {
            let bits = |of: &Taken| match word.checked_sub(of.whole) {
                None => u64::MAX,
                Some(at) => of.words.get(at).copied().unwrap_or(0),
            };
            bits(self) & !bits(other) == 0
        })
    }
}

/// What becomes of the calls whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Each happens once or never.
    Once,
    /// Each happens any number of times: more than there is to know of it, but quick.
    Often,
}

/// How far a search may go: so many states.
#[derive(Debug)]
pub struct Budget(pub u64);

impl Budget {
    /// One state more.
    ///
    /// # Errors
    /// If it is one too many.
    pub fn spend(&mut self) -> Result<(), Verdict> {
        self.0 = self.0.checked_sub(1).ok_or(Verdict::Unknown)?;
        Ok(())
    }
}

/// Whether there is an order in which every call has its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is one.
    Order,
    /// There is none.
    None,
    /// The budget did not suffice.
    Unknown,
}

/// A call that was taken, and what was there before.
struct Step<S> {
    begin: Place,
    state: S,
    known: Taken,
    unknown: Taken,
    lifted: bool,
    /// Calls of unknown outcome were being tried.
    trying_unknown: bool,
}

/// Numbers of calls, those that have ended apart from those that have not.
struct Numbers {
    of: Vec<usize>,
    /// Of a call of unknown outcome: the number of an equal one that began before it.
    twin: Vec<Option<usize>>,
}

impl Numbers {
    fn of<C: PartialEq, A>(operations: &[Operation<C, A>]) -> Numbers {
        let (mut known, mut unknown): (usize, Vec<&C>) = (0, Vec::new());
        let mut numbers = Numbers { of: Vec::new(), twin: Vec::new() };
        for operation in operations {
            let twin = unknown.iter().rposition(|call| **call == operation.call);
            if operation.end.is_some() {
                numbers.of.push(known);
                numbers.twin.push(None);
                known += 1;
            } else {
                numbers.of.push(unknown.len());
                numbers.twin.push(twin);
                unknown.push(&operation.call);
            }
        }
        numbers
    }
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) verdict: Verdict,
    /// No order that was tried comes past the end at this moment, and some come as far.
    pub(crate) furthest: u64,
}

/// Looks for an order in which every call has its answer.
pub(crate) fn search<M: Model>(
    model: &M,
    operations: &[Operation<M::Call, M::Answer>],
    fate: Unknown,
    budget: &mut Budget,
) -> Found {
    let (mut list, numbers) = (List::of(operations), Numbers::of(operations));
    let mut left = operations.iter().filter(|o| o.end.is_some()).count();
    let mut state = model.start();
    let (mut known, mut unknown) = (Taken::default(), Taken::default());
    let mut tried: BTreeMap<(Taken, M::State), Vec<Taken>> = BTreeMap::new();
    let mut stack: Vec<Step<M::State>> = Vec::new();
    let (mut at, mut trying_unknown, mut furthest) = (list.next[HEAD], false, 0);
    while left > 0 {
        let entry = list.entries[at];
        if at == HEAD || !entry.is_begin {
            if !trying_unknown {
                (at, trying_unknown) = (list.next[HEAD], true);
                continue;
            }
            furthest = furthest.max(if at == HEAD { 0 } else { entry.operation_end(operations) });
            let Some(step) = stack.pop() else { return Found { verdict: Verdict::None, furthest } };
            left += usize::from(list.entries[step.begin].end.is_some());
            (state, known, unknown, trying_unknown) =
                (step.state, step.known, step.unknown, step.trying_unknown);
            if step.lifted {
                list.unlift(step.begin);
            }
            at = list.next[step.begin];
            continue;
        }
        let (operation, number) = (&operations[entry.operation], numbers.of[entry.operation]);
        let answer = operation.end.as_ref().map(|(_, answer)| answer);
        let twin =
            numbers.twin[entry.operation].is_some_and(|twin| fate == Unknown::Often || !unknown.has(twin));
        let then = if answer.is_none() == trying_unknown && !twin {
            model.step(&state, &operation.call, answer).filter(|then| answer.is_some() || *then != state)
        } else {
            None
        };
        let Some(then) = then else {
            at = list.next[at];
            continue;
        };
        let (mut with_known, mut with_unknown) = (known.clone(), unknown.clone());
        match (answer, fate) {
            (Some(_), _) => with_known = known.with(number),
            (None, Unknown::Once) => with_unknown = unknown.with(number),
            (None, Unknown::Often) => {}
        }
        let before = tried.entry((with_known.clone(), then.clone())).or_default();
        if before.iter().any(|less| less.is_within(&with_unknown)) {
            at = list.next[at];
            continue;
        }
        before.push(with_unknown.clone());
        if let Err(verdict) = budget.spend() {
            return Found { verdict, furthest };
        }
        let lifted = answer.is_some() || fate == Unknown::Once;
        left -= usize::from(answer.is_some());
        stack.push(Step {
            begin: at,
            state: std::mem::replace(&mut state, then),
            known: std::mem::replace(&mut known, with_known),
            unknown: std::mem::replace(&mut unknown, with_unknown),
            lifted,
            trying_unknown,
        });
        if lifted {
            list.lift(at);
        }
        (at, trying_unknown) = (list.next[HEAD], false);
    }
    Found { verdict: Verdict::Order, furthest }
}
