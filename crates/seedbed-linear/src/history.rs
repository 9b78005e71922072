//! What clients saw.

use crate::search::{self, Budget, Unknown, Verdict};
use crate::{Model, NotLinearizable, blame};
use std::collections::BTreeMap;

/// One call, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<C, A> {
    /// Who called.
    pub client: String,
    /// What.
    pub call: C,
    /// When it began: a number that grows with every begin and end of the history.
    pub begin: u64,
    /// When it ended, and with what; `None` if nobody knows.
    pub end: Option<(u64, A)>,
}

/// Names a call of a history until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(usize);

/// Calls in the order in which they began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<C, A> {
    operations: Vec<Operation<C, A>>,
    now: u64,
}

impl<C, A> Default for History<C, A> {
    fn default() -> Self {
        History::new()
    }
}

impl<C, A> History<C, A> {
    /// One without calls.
    pub fn new() -> History<C, A> {
        History { operations: Vec::new(), now: 0 }
    }

    /// A client calls, now.
    pub fn call(&mut self, client: impl Into<String>, call: C) -> CallId {
        self.now += 1;
        self.operations.push(Operation { client: client.into(), call, begin: self.now, end: None });
        CallId(self.operations.len() - 1)
    }

    /// A call ends, now; one that has ended already keeps its first answer.
    pub fn end(&mut self, id: CallId, answer: A) {
        self.now += 1;
        let end = &mut self.operations[id.0].end;
        if end.is_none() {
            *end = Some((self.now, answer));
        }
    }

    /// All calls.
    pub fn operations(&self) -> &[Operation<C, A>] {
        &self.operations
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl<C: Clone + PartialEq, A: Clone> History<C, A> {
    /// Looks for an order in which every call has its answer.
    ///
    /// # Errors
    /// If there is none, with the calls that contradict each other.
    pub fn check<M: Model<Call = C, Answer = A>>(&self, model: &M) -> Result<(), NotLinearizable> {
        let mut parts: BTreeMap<i64, Vec<Operation<C, A>>> = BTreeMap::new();
        for operation in &self.operations {
            parts.entry(model.key(&operation.call)).or_default().push(operation.clone());
        }
        for part in parts.into_values() {
            if let Some(at) = wrong_from(model, &part) {
                return Err(blame::blame(model, &part, at));
            }
        }
        Ok(())
    }
}

/// An end from which on a history is wrong.
fn wrong_from<M: Model>(model: &M, history: &[Operation<M::Call, M::Answer>]) -> Option<u64> {
    let is_right = |history: &[_]| model.decide(history, &mut Budget(u64::MAX)) == Some(Verdict::Order);
    match model.decide(history, &mut Budget(u64::MAX)) {
        Some(Verdict::Order) => None,
        // What is right was right at each earlier moment.
        Some(_) => {
            let mut ends: Vec<u64> = history.iter().filter_map(|o| Some(o.end.as_ref()?.0)).collect();
            ends.sort_unstable();
            let first = ends.partition_point(|at| is_right(&known_at(history, *at)));
            Some(ends[first])
        }
        None => {
            let found = search::search(model, history, Unknown::Once, &mut Budget(u64::MAX));
            (found.verdict == Verdict::None).then_some(found.furthest)
        }
    }
}

/// What was known at a moment: calls that had begun, and of these the ends.
pub(crate) fn known_at<C: Clone, A: Clone>(history: &[Operation<C, A>], at: u64) -> Vec<Operation<C, A>> {
    let begun = history.iter().filter(|o| o.begin <= at).cloned();
    begun.map(|o| Operation { end: o.end.filter(|(end, _)| *end <= at), ..o }).collect()
}
