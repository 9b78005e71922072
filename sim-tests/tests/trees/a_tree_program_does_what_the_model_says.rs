//! Random trees under random workloads, crashes, calls and clock steps: every supervisor does what the
//! reference model does, and all invariants hold.
//!
//! A hundred thousand of them, on two cores:
//! `SEEDBED_RUNS=100_000 SEEDBED_JOBS=2 cargo test --release -p sim-tests tree_program`

use seedbed::prelude::*;
use seedbed::testing::supervision;
use seedbed::testing::tree::{TreeProgram, programs, trees};
use std::path::Path;
use std::sync::LazyLock;

#[seedbed::test(runs = 2_000)]
fn in_random_order(world: &mut World, program: TreeProgram) -> Result<()> {
    supervision::all(world);
    program.run(world)
}

/// Other orders: few places at which the order is odd, but those matter.
#[seedbed::test(runs = 500, strategy = "pct:3")]
fn in_orders_of_few_priorities(world: &mut World, program: TreeProgram) -> Result<()> {
    supervision::all(world);
    program.run(world)
}

/// With kills and clock steps by chance beside those of the program.
#[seedbed::test(runs = 500, faults = "chaos")]
fn in_chaos(world: &mut World, program: TreeProgram) -> Result<()> {
    supervision::all(world);
    program.run(world)
}

static GUESTS: LazyLock<Vec<(&str, WasmActor)>> = LazyLock::new(|| {
    let guest = |name: &'static str| {
        let file = format!("{name}/{name}.wasm");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(file);
        (name, WasmActor::from_file(path).expect("a fixture"))
    };
    vec![guest("counter"), guest("crasher")]
});

/// Half of the workers are WebAssembly.
#[seedbed::test(runs = 500)]
fn with_guests(
    world: &mut World,
    #[draw(programs().of(trees().entries(["counter", "crasher"])))] program: TreeProgram,
) -> Result<()> {
    supervision::all(world);
    for (name, guest) in GUESTS.iter() {
        world.entry(*name, guest.clone());
    }
    program.run(world)
}
