//! The worked example of `docs/supervision.md`: a tree in which a restarted child takes its name too early.

use seedbed::Request;
use seedbed::core::abi::store::Records;
use seedbed::prelude::*;
use seedbed::testing::Test;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Adds up, and answers each addend with the total once that is durable. A new life reads its store first.
struct Total {
    sum: i64,
    /// Whether it has its name only when it has read its store.
    careful: bool,
    waiting: Vec<(Correlation, Request, i64)>,
}

impl Actor for Total {
    type Message = i64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.store_read()?;
        cx.observe("sum", 0);
        if !self.careful {
            cx.register("total")?; // too early: the store is not read yet
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, add: i64) -> Result<()> {
        self.sum += add;
        let (append, request) = (cx.store_append(&add.to_le_bytes())?, cx.request());
        self.waiting.extend(request.map(|request| (append, request, self.sum)));
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        let Signal::Completion { correlation, outcome: Ok(records) } = signal else { return Ok(()) };
        if let Some(at) = self.waiting.iter().position(|w| w.0 == correlation) {
            let (_, request, sum) = self.waiting.remove(at);
            return cx.reply_to(request, sum);
        }
        for record in Records::new(&records) {
            self.sum += i64::from_le_bytes(record.try_into()?);
        }
        if self.careful {
            cx.register("total")?;
        }
        Ok(())
    }
}

fn tree(careful: bool) -> Supervisor {
    let total = ChildStart::new(move || Total { sum: 0, careful, waiting: Vec::new() });
    Supervisor::one_for_one().intensity(9, Duration::from_secs(60)).child(ChildSpec::worker("total", total))
}

/// The whole test: a tree, a workload, a property.
fn no_total_is_forgotten(world: &mut World, careful: bool) -> Result<()> {
    world.configure(|c| c.faults = Faults { kill: 50_000, delay: 300_000, ..Faults::none() });
    world.spawn("top", tree(careful));
    world.idle("a child that died is back", |w: &World| w.facts().values("sum").len() == 1);
    world.settle()?;
    let (total, mut last) = (world.address("total", "main")?, 0);
    for _ in 0..20 {
        // Who is told nothing, because it was killed, goes on with the next.
        if let Ok(sum) = world.ask::<_, i64>(total, 1) {
            ensure!(sum > last, "the total was {last}, and with one more it is {sum}");
            last = sum;
        }
    }
    Ok(())
}

fn hunt(careful: bool) -> Result<(), String> {
    let directory = tempfile::tempdir().expect("a directory");
    let test =
        Test::new("early_name::no_total_is_forgotten", "seedbed", &directory.path().display().to_string())
            .runs(500);
    let body = move |world: &mut World| no_total_is_forgotten(world, careful);
    let panic = catch_unwind(AssertUnwindSafe(|| test.run(body))).err();
    panic.map_or(Ok(()), |panic| Err(panic.downcast_ref::<String>().cloned().unwrap_or_default()))
}

#[test]
fn a_name_that_is_taken_too_early_is_found_and_shrunk_to_one_kill() {
    let text = hunt(false).expect_err("the name is taken too early");
    for part in [
        "FINDING",
        "the total was",
        "kill    main/top/total, after its turn",
        "restart main/top/total, life 2",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let shrunk = text.lines().find(|line| line.trim_start().starts_with("shrunk")).expect("it was shrunk");
    assert!(shrunk.contains("1 faults"), "{shrunk}");
}

#[test]
fn a_name_that_is_taken_when_all_is_there_is_not_flagged() {
    assert_eq!(hunt(true), Ok(()));
}
