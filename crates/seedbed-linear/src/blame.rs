//! The calls that contradict each other.
//!
//! A call cannot simply be left out: without a write, a read of what it wrote would be wrong that was
//! right. What can be done is to know less: not to know how, or how often, a call ended. First the
//! history is cut behind the first end at which it is wrong. Of the calls before it, the last few are
//! taken that are enough, and of those as many ends as can be are forgotten, in halves, quarters, …
//! (Zeller's ddmin), until each that is left is needed. Those calls contradict
//! each other, whatever became of all others. Where that cannot be shown with reasonable effort, more
//! calls than are needed may be left.

use crate::history::known_at;
use crate::search::{Budget, Unknown, Verdict, search};
use crate::{Model, Operation, chart};
use std::fmt;

/// No order gives every call its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLinearizable {
    /// The calls that contradict each other, each as `client: call → answer`, in the order in which they
    /// began.
    pub calls: Vec<String>,
    /// How many others there are.
    pub others: usize,
    /// The calls as a chart, a line each.
    pub chart: String,
}

impl fmt::Display for NotLinearizable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls.len() == 1 {
            "this call".to_owned()
        } else {
            format!("these {} calls", self.calls.len())
        };
        writeln!(f, "no order explains {calls}, whatever became of {} others:", self.others)?;
        f.write_str(self.chart.trim_end())
    }
}

impl std::error::Error for NotLinearizable {}

/// States that are looked at to bring a history down, in all and for one candidate.
const EFFORT: u64 = 1_000_000;
const EFFORT_EACH: u64 = 100_000;

type Operations<M> = Vec<Operation<<M as Model>::Call, <M as Model>::Answer>>;

/// Brings a history that is wrong from its end at `at` on down to what is needed.
pub(crate) fn blame<M: Model>(
    model: &M,
    history: &[Operation<M::Call, M::Answer>],
    at: u64,
) -> NotLinearizable {
    // What ends later may as well not have.
    let operations: Operations<M> = known_at(history, at);
    let fate = if model.has_few_states() { Unknown::Often } else { Unknown::Once };
    let mut effort = EFFORT;
    let mut is_wrong = |kept: &[usize]| {
        let mut budget = Budget(effort.min(EFFORT_EACH));
        let (before, forgotten) = (budget.0, forgetting(&operations, kept));
        let decided = model.decide(&forgotten, &mut budget);
        let verdict = decided.unwrap_or_else(|| search(model, &forgotten, fate, &mut budget).verdict);
        effort -= before - budget.0;
        verdict == Verdict::None
    };
    let known: Vec<usize> = (0..operations.len()).filter(|n| operations[*n].end.is_some()).collect();
    let lasts = std::iter::successors(Some(1), |last| Some(last * 2)).take_while(|last| *last < known.len());
    let enough = lasts.map(|last| &known[known.len() - last..]).find(|lasts| is_wrong(lasts));
    let needed = least(enough.unwrap_or(&known).to_vec(), is_wrong);
    let shown: Operations<M> = needed.iter().map(|n| operations[*n].clone()).collect();
    let line = |o: &Operation<M::Call, M::Answer>| {
        let answer = o.end.as_ref().map_or_else(|| "?".to_owned(), |(_, answer)| answer.to_string());
        format!("{}: {} → {answer}", o.client, o.call)
    };
    NotLinearizable {
        calls: shown.iter().map(line).collect(),
        others: history.len() - shown.len(),
        chart: chart::chart(&shown),
    }
}

/// The same, but only these ends are known.
fn forgetting<C: Clone, A: Clone>(operations: &[Operation<C, A>], known: &[usize]) -> Vec<Operation<C, A>> {
    let mut operations = operations.to_vec();
    for (n, operation) in operations.iter_mut().enumerate() {
        if known.binary_search(&n).is_err() {
            operation.end = None;
        }
    }
    operations
}

/// Takes out blocks, ever smaller, while `holds` says yes to what is left; ends when no single one can go.
fn least(mut elements: Vec<usize>, mut holds: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut block = elements.len().next_power_of_two();
    while block >= 1 && !elements.is_empty() {
        let (mut start, mut shrank) = (0, false);
        while start < elements.len() {
            let end = (start + block).min(elements.len());
            let rest: Vec<usize> = elements[..start].iter().chain(&elements[end..]).copied().collect();
            if holds(&rest) {
                elements = rest;
                shrank = true;
            } else {
                start = end;
            }
        }
        if block > 1 || !shrank {
            block /= 2;
        }
    }
    elements
}
