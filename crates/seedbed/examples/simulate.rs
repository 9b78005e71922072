//! The same actor in many simulated worlds, until one breaks a property; then its tape, shrunk.
//!
//! `cargo run -p seedbed --example simulate`

use seedbed::prelude::*;
use seedbed::sim::{RunConfig, StrategySpec, replay, run_with, shrink};
use serde::{Deserialize, Serialize};

/// Takes a value if nobody has it: but looks and takes in two turns.
#[derive(Default)]
struct Lock(Option<Pid>);

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Call {
    IsFree,
    Take,
}

impl Actor for Lock {
    type Message = Call;

    fn on_message(&mut self, cx: &mut Context, call: Call) -> Result<()> {
        match call {
            Call::IsFree => cx.reply(self.0.is_none()),
            Call::Take => {
                let from = cx.from();
                if let Some(holder) = self.0.replace(from) {
                    cx.observe("stolen", i64::from(holder != from));
                }
                Ok(())
            }
        }
    }
}

/// Wants the lock after some turns of other work.
struct Client(u32);

impl Actor for Client {
    type Message = u32;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let me = cx.me();
        Ok(cx.send(me, &self.0)?)
    }

    fn on_message(&mut self, cx: &mut Context, work: u32) -> Result<()> {
        if work > 0 {
            let me = cx.me();
            return Ok(cx.send(me, &(work - 1))?);
        }
        let lock = cx.address("lock")?;
        cx.ask(lock, &Call::IsFree, std::time::Duration::from_secs(1))?;
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Reply { from, outcome: Ok(free), .. } = signal
            && free.get::<bool>()?
        {
            cx.send(from, &Call::Take)?;
        }
        Ok(())
    }
}

fn two_clients(world: &mut World) -> Result<()> {
    world.spawn("lock", Lock::default);
    world.spawn("client-1", || Client(0));
    world.spawn("client-2", || Client(6));
    world.always("nobody's lock is taken away", |w: &World| w.facts().values("stolen").is_empty());
    Ok(())
}

fn main() {
    for seed in 0.. {
        let run = RunConfig::seed(seed);
        let (outcome, _) = run_with(&two_clients, &run, StrategySpec::Random.build(), Vec::new());
        let Some(broken) = &outcome.found else { continue };
        println!("seed {seed}: {broken}");
        let again =
            replay(&two_clients, &run, &outcome.tape, true, Vec::new()).expect("a run's own tape is sound");
        println!("the replay has the same trace hash: {}", again.trace_hash == outcome.trace_hash);
        let small = shrink(&two_clients, &run, &outcome, |_| true);
        let (before, after) = (outcome.tape.entries.len(), &small.outcome.tape);
        println!("{before} odd decisions, shrunk to {}:", after.entries.len());
        for entry in &after.entries {
            println!("  {}", after.describe(entry));
        }
        return;
    }
}
