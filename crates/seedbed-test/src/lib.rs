//! The runtime of `#[seedbed::test]`.
//!
//! A test runs its body on many worlds. First come the findings that are kept in
//! `seedbed-regressions/` beside the package, then the hunt. What breaks a property is shrunk,
//! explained, kept there, and printed with one line that gives it back.
//!
//! | variable | meaning |
//! |---|---|
//! | `SEEDBED_SEED` | one run with this seed, hex or decimal, and nothing else |
//! | `SEEDBED_REPLAY` | the run of this finding file, and nothing else |
//! | `SEEDBED_RUNS`, `SEEDBED_TIME` | how many runs, or how long (`30s`, `5min`) |
//! | `SEEDBED_STRATEGY`, `SEEDBED_FAULTS` | instead of the test's own |
//! | `SEEDBED_JOBS` | worker threads; by default 1, since tests already run side by side |
//! | `SEEDBED_CHECK` | `1`: each seed is run in two processes, and must give the same run |
//! | `SEEDBED_SHRINK` | `0`: findings stay as they were found |
//! | `SEEDBED_CACHE` | where compiled code of modules is kept from one process to the next; empty: nowhere (`docs/cli.md`) |
//! | `SEEDBED_LOG` | `error` to `trace`: what actors log in a single run or replay |
//!
//! The processes of a check are this executable again, told to run this one test; a body that makes
//! another run in another process (it reads a clock, or the process's number) is what a check finds.
//! A process like them watches each hunt: should the hunt's own process die in a run (an abort, a stack
//! that overflows), it prints the seed of that run.
//!
//! A malformed value is an error that shows the accepted form, never a default.
//!
//! # A tape in a test
//!
//! `#[seedbed::test(seed = …, tape = "…")]` is one run: the body on the tape, which stands there as text,
//! an entry a line, as a failing test prints it. By name, as far as keys are met, then in plain order. [`follow`]
//! does the same for any program.
//!
//! # Values that each run draws
//!
//! Every argument after the world is drawn, by a strategy of [`proptest`], from a stream of the run's
//! seed, so that one number still is the whole run. `#[draw(…)]` names the strategy; without it the
//! type's own is taken ([`Arbitrary`](proptest::arbitrary::Arbitrary)).
//!
//! What breaks a property is shrunk twice: first the values, then the order of deliveries. The file of
//! the finding holds both, and `SEEDBED_REPLAY` gives both back; `SEEDBED_SEED` draws the values as
//! they were drawn first, and shrinks them again.

mod draw;
mod follow;
mod log;
mod outcome;
mod run;
mod second;
mod settings;
pub mod supervision;
pub mod tree;

pub use draw::Drawable;
pub use follow::follow;
pub use outcome::Outcome;
pub use proptest;
pub use run::Test;
/// What is kept of a run that broke a property.
pub use seedbed_trace::{Drawn, Finding};

/// The value that a run with this seed would draw, for runs that are no test of their own.
///
/// # Panics
/// If the strategy gives up: it rejects too much.
pub fn drawn<S: proptest::strategy::Strategy>(strategy: &S, seed: u64) -> S::Value {
    use proptest::strategy::ValueTree;
    let tree = draw::tree(strategy, seedbed_core::Key::from_seed(seed));
    tree.unwrap_or_else(|why| panic!("{why}")).current()
}

/// Compiles for what a test can draw.
pub fn drawable<T: Drawable>() {}

/// The strategy of a type that has one of its own.
pub fn any<T: proptest::arbitrary::Arbitrary>() -> T::Strategy {
    proptest::arbitrary::any::<T>()
}
