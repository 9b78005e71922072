//! Linearizability: is there an order in which each call could have had its answer?
//!
//! A [`History`] is what clients saw: calls, each with the moment at which it began and, if it ended,
//! the moment and the answer. It is *linearizable* for a [`Model`] if every call can be given one
//! instant between its begin and its end such that the model, called in the order of these instants,
//! gives every answer (Herlihy and Wing, 1990). A call whose end nobody saw (a timeout, a crash) may
//! have happened at any time after its begin, or never.
//!
//! The search is that of Wing and Gong (1993) with the memory of Lowe (2017), as in porcupine: a call
//! that could go next is tried, and a set of calls with a state that was tried before is not tried
//! again. Calls of different keys are looked at apart (Horn and Kroening, 2015). What is not
//! linearizable is brought down to the calls that contradict each other.
//!
//! In which order a queue was given values that wait in it shows only when they are taken out, so that
//! this search would try every one. A queue is decided in its own ways: from the four mistakes that there
//! are if no value is put in twice, else by a search that orders the takes alone (`models/queue/`).
//!
//! Deterministic: no clock, no chance, no hash order. Not bounded: the problem is NP-complete. What
//! makes it hard is many calls of unknown outcome.
//!
//! - `search.rs`: the search.
//! - `blame.rs`: the calls that contradict each other.
//! - `chart.rs`: them, as people see them.
//! - `models/`: register, map, queue, lock, counter.
//!
//! ```
//! use seedbed_linear::{History, models::{Register, RegisterCall::{Read, Write}}};
//!
//! let mut history = History::new();
//! let write = history.call("a", Write(1));
//! let read = history.call("b", Read);
//! history.end_with(read, 1);
//! history.end_with(write, 0);
//! let read = history.call("b", Read);
//! history.end_with(read, 0);
//! let broken = history.check(&Register::default()).expect_err("1, then 0 again");
//! assert_eq!(broken.to_string().lines().count(), 3);
//! ```

mod blame;
mod chart;
mod history;
pub mod models;
mod search;

pub use blame::NotLinearizable;
pub use history::{CallId, History, Operation};
pub use search::{Budget, Verdict};

/// What calls do, one after another.
pub trait Model {
    /// A call.
    type Call: Clone + PartialEq + std::fmt::Display;
    /// Its answer.
    type Answer: Clone + PartialEq + std::fmt::Display;
    /// What there is between two calls.
    type State: Clone + Ord;

    /// What there is before the first.
    fn start(&self) -> Self::State;

    /// What there is after a call that got this answer; `None` if it cannot get it in this state.
    /// Without an answer, whatever the call would do here; `None` if nothing.
    fn step(
        &self,
        state: &Self::State,
        call: &Self::Call,
        answer: Option<&Self::Answer>,
    ) -> Option<Self::State>;

    /// True if few states can be reached however often calls are repeated: then what contradicts itself
    /// is found much sooner.
    fn has_few_states(&self) -> bool {
        false
    }

    /// A way to decide that is quicker than the search, if this model has one.
    fn decide(
        &self,
        operations: &[Operation<Self::Call, Self::Answer>],
        budget: &mut Budget,
    ) -> Option<Verdict> {
        let _ = (operations, budget);
        None
    }

    /// Which part of the state a call is about: calls of different keys do not see each other.
    fn key(&self, call: &Self::Call) -> i64 {
        let _ = call;
        0
    }
}
