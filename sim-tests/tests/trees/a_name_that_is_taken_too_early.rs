//! A bug in a tree, as users have it: found by a test of a few lines, and told in a few.
//!
//! The ledger takes its name in its start. When `accounts` is killed, its next life may start the next
//! ledger while the one before still says goodbye, and has the name: the start fails, and so does the
//! restart of `accounts`, once more than may be.

use seedbed::prelude::*;
use seedbed::testing::proptest::strategy::Strategy;
use seedbed::testing::tree::{Schedules, Step, schedules};
use seedbed::testing::{Test, supervision};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

struct Ledger;

impl Actor for Ledger {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        Ok(cx.register("ledger")?)
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

/// The ledger as it should be: if the one before still has the name, it waits for it.
struct Patient;

impl Actor for Patient {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        if cx.register("ledger").is_err() {
            cx.set_timer(Duration::from_millis(10), 0)?;
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, _: Signal) -> Result<()> {
        self.on_start(cx)
    }
}

struct Till;

impl Actor for Till {
    type Message = ();

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

fn shop(ledger: ChildStart) -> Supervisor {
    let accounts = Supervisor::one_for_all()
        .child(ChildSpec::worker("ledger", ledger))
        .child(ChildSpec::worker("till", ChildStart::new(|| Till)));
    Supervisor::one_for_one().child(ChildSpec::supervisor("accounts", ChildStart::new(accounts)))
}

/// What may happen to it: anybody is killed, fails, or is stopped, and time passes.
fn mishaps() -> impl Strategy<Value = Vec<Step>> {
    let below = ["accounts/ledger", "accounts/till"];
    schedules(below).supervisors(["accounts"]).without_messages().without_calls().steps(0..=6)
}

fn survives(world: &mut World, steps: &[Step], ledger: ChildStart) -> Result<()> {
    supervision::all(world);
    let top = world.spawn("shop", shop(ledger));
    world.run_for(Duration::from_secs(1))?;
    // One mishap is what the shop is made for: the next comes when it has forgotten the last.
    for step in steps {
        Schedules::run(std::slice::from_ref(step), world, top)?;
        world.run_for(Duration::from_secs(6))?;
    }
    Ok(())
}

/// The whole test, as it stands in a project, with the ledger that is patient.
#[seedbed::test(runs = 500)]
fn the_shop_survives(world: &mut World, #[draw(mishaps())] steps: Vec<Step>) -> Result<()> {
    survives(world, &steps, ChildStart::new(|| Patient))?;
    world.end("there is a ledger", |w: &World| {
        w.address("ledger", "main").is_ok_and(|a| w.actor(a).is_some())
    });
    Ok(())
}

#[test]
fn it_is_found_and_told_in_a_few_lines() {
    let directory = tempfile::tempdir().expect("a directory");
    let test = Test::new("shop::the_shop_survives", "shop", &directory.path().display().to_string());
    let show: fn(&(Vec<Step>,)) -> Vec<String> = |(steps,)| vec![format!("{steps:?}")];
    let run = || {
        test.runs(2_000).run_drawn(
            || (mishaps(),),
            &["steps"],
            show,
            |world, (steps,)| survives(world, &steps, ChildStart::new(|| Ledger)),
        );
    };
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the bug is found");
    let text = panic.downcast_ref::<String>().expect("a text");
    for line in [
        "drawn    steps = [Trap(\"accounts\")]",
        "hold    stop of main/shop/accounts/ledger waits for start of main/shop/accounts/ledger life 2",
        "handler error -1 (the name is taken), on its start",
        "→ 1 choices, 0 → 0 faults",
    ] {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
    assert!(text.trim().lines().count() <= 14, "{text}");
}
