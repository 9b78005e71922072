//! `#[seedbed::test]` as a user meets it: what passes passes, what breaks is told, kept and given back.

use seedbed::prelude::*;
use seedbed::testing::Test;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Serialize, Deserialize)]
struct Set(i64);

/// The last writer wins.
#[derive(Default)]
struct Cell(i64);

impl Actor for Cell {
    type Message = Set;

    fn on_message(&mut self, cx: &mut Context, Set(value): Set) -> Result<()> {
        self.0 = value;
        cx.observe("cell", value);
        Ok(())
    }
}

/// Two clients write; which comes last is open.
fn race(world: &mut World) {
    let cell = world.spawn("cell", Cell::default);
    for value in [1, 2] {
        let client = world.client();
        world.send_from(client, cell, Set(value));
    }
}

fn in_order(world: &mut World) -> Result<()> {
    race(world);
    world.idle("2 is last", |w: &World| w.facts().values("cell") == [2]);
    Ok(())
}

#[seedbed::test(runs = 50, strategy = "pct:2")]
fn both_are_written_in_some_order(world: &mut World) -> Result<()> {
    race(world);
    world.idle("something is written", |w: &World| w.facts().sum("cell") > 0);
    Ok(())
}

#[seedbed::test(config = |c| c.steps_max = 10_000, seed = 7)]
fn a_body_may_return_nothing(world: &mut World) {
    race(world);
}

fn failure(directory: &std::path::Path) -> String {
    let test = Test::new("simulated::in_order", "seedbed", &directory.display().to_string());
    let panic =
        catch_unwind(AssertUnwindSafe(|| test.run(in_order))).expect_err("the property breaks in some run");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn a_broken_property_is_told_with_its_seed_and_kept_and_runs_first_next_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = failure(directory.path());
    for part in [
        "FINDING  simulated::in_order  seed 0x",
        "`2 is last` (when idle)",
        "SEEDBED_SEED=0x",
        "cargo test -p seedbed in_order",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let kept: Vec<_> =
        std::fs::read_dir(directory.path().join("seedbed-regressions")).expect("kept").collect();
    assert_eq!(kept.len(), 1);
    let again = failure(directory.path());
    assert!(again.contains("REGRESSION") && again.contains("`2 is last`"), "{again}");
}
