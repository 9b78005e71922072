//! Random trees under random workloads, crashes, calls and clock steps: every supervisor does what the
//! reference model does, and all invariants hold.
//!
//! A hundred thousand of them, on two cores:
//! `SEEDBED_RUNS=100_000 SEEDBED_JOBS=2 cargo test --release -p sim-tests tree_program`

use seedbed::prelude::*;
use seedbed::testing::supervision;
use seedbed::testing::tree::TreeProgram;

#[seedbed::test(runs = 2_000)]
fn in_random_order(world: &mut World, program: TreeProgram) -> Result<()> {
    supervision::all(world);
    program.run(world)
}
