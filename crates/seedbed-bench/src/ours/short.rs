//! Short runs, idle time, spawns, many actors at once.

use super::wasm::idle_actor;
use seedbed_core::{Actor, Context, Result, Signal};
use seedbed_sim::{RunConfig, StrategySpec, World, WorldConfig, run_with};
use std::time::Duration;

struct Hop(u32);

impl Actor for Hop {
    type Message = u32;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let me = cx.me();
        Ok(cx.send(me, &self.0)?)
    }

    fn on_message(&mut self, cx: &mut Context, left: u32) -> Result<()> {
        if left > 0 {
            let me = cx.me();
            cx.send(me, &(left - 1))?;
        }
        Ok(())
    }
}

/// `n` whole runs of about 100 events: four actors, 24 messages each.
pub(crate) fn runs(n: u64) {
    let program = |world: &mut World| {
        for name in ["a", "b", "c", "d"] {
            world.spawn(name, || Hop(24));
        }
        Ok(())
    };
    for seed in 0..n {
        let (outcome, _) =
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
        assert!(outcome.stats.steps == 104, "{}", outcome.stats.steps);
    }
}

struct Sleeper;

impl Actor for Sleeper {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.set_timer(Duration::from_secs(365 * 86_400), 0)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, _: &mut Context, _: Signal) -> Result<()> {
        Ok(())
    }
}

/// `n` virtual years in which nothing happens but one timer.
pub(crate) fn idle_years(n: u64) {
    for seed in 0..n {
        let program = |world: &mut World| {
            world.configure(|c: &mut WorldConfig| c.duration = Duration::from_secs(400 * 86_400));
            world.spawn("sleeper", || Sleeper);
            Ok(())
        };
        let (outcome, _) =
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Plain.build(), Vec::new());
        assert!(outcome.time.as_nanos() >= 365 * 86_400 * 1_000_000_000);
    }
}

/// Spawns `n` WASM actors that stay alive together, each through its start, and ends them all.
pub(crate) fn alive_together(n: u64) {
    let program = move |world: &mut World| {
        world.configure(|c: &mut WorldConfig| c.steps_max = u64::MAX);
        let actor = idle_actor();
        for i in 0..n {
            world.spawn(&format!("a{i}"), actor.clone());
        }
        world.run()?;
        assert!(world.actors().len() as u64 == n, "all are alive");
        Ok(())
    };
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new());
    assert!(outcome.found.is_none(), "{:?}", outcome.found);
}
