//! Random supervision trees, and what happens to them.
//!
//! - [`trees`] draws a [`Tree`]: nesting, strategies, restart types, intensities, periods, shutdowns,
//!   backoff, significance, dynamic supervisors, and workers that behave by a script.
//! - [`schedules`] draws what happens to a tree, be it a drawn one or one of your own: messages, asks
//!   and timers of its workers; crashes, kills, exits of every reason; calls of its supervisors; and
//!   time that passes.
//! - [`programs`] draws both: a [`TreeProgram`], which runs in a world by itself.
//!
//! All of them are strategies of [`proptest`] that can be restricted, mapped and composed like any
//! other, and shrink to fewer children, fewer steps, and what a careful engineer would have chosen.
//!
//! ```
//! use seedbed_core::supervise::Strategy;
//! use seedbed_sim::World;
//! use seedbed_test::proptest::strategy::Strategy as _;
//! use seedbed_test::tree::{programs, trees, TreeProgram};
//!
//! let small = programs().of(trees().max_depth(2).only([Strategy::OneForOne])).steps(0..=8);
//! let small = small.prop_filter("something happens", |program| !program.steps.is_empty());
//! // #[seedbed::test]
//! fn holds(world: &mut World, /* #[draw(small)] */ program: TreeProgram) -> anyhow::Result<()> {
//!     program.run(world)
//! }
//! # let _ = (small, holds);
//! ```
//!
//! Times are multiples of a [`unit`](Trees::unit), a millisecond at first, which costs nothing in a
//! simulation.

mod plan;
mod program;
mod schedule;
mod scripted;
mod show;
mod strategy;

pub use plan::{Child, Ends, Life, Start, Stops, Tree, What};
pub use program::{Call, Deed, Step, TreeProgram};
pub use schedule::{Schedules, schedules};
pub use scripted::{ENTRY, scripted};
pub use strategy::{Programs, Trees, programs, trees};
