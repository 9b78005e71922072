//! Worlds that are kept, put back and forked; short runs that are begun again from their state after start.

use super::wasm::{BALL, ball};
use seedbed_core::{Result, SpawnOptions, address_of};
use seedbed_sim::{Program, Run, RunConfig, RunSnapshot, StrategySpec, World, WorldConfig};
use seedbed_wasm::{Module, WasmActor};
use std::sync::{Arc, LazyLock};

/// As the guest that passes a ball, but who gets the last one stays.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let text = BALL.replace("(return (i32.const 1))", "(return (i32.const 0))");
    Module::from_bytes(&wat::parse_str(text).expect("it is a module")).expect("it is an actor")
});

/// WASM actors on one node, in pairs; each pair of the first few passes a ball.
struct Pairs {
    actors: u64,
    /// So many pairs have a ball.
    balls: u64,
    /// How often each ball is passed on.
    passed: u64,
}

impl Program for Pairs {
    fn config(&self) -> WorldConfig {
        WorldConfig { steps_max: u64::MAX, ..WorldConfig::default() }
    }

    fn drive(&self, world: &mut World) -> Result<()> {
        let (actors, factory) = (self.actors, Arc::new(WasmActor::new(MODULE.clone())));
        let node = world.node("n", move |boot| {
            for n in 0..actors {
                let options = SpawnOptions::registered(format!("a{n}"));
                boot.spawn(options, factory.clone()).expect("a node boots empty");
            }
        });
        // They start before the first ball comes.
        world.settle()?;
        for pair in 0..self.balls {
            let at = |n: u64| address_of(node, &format!("a{}", 2 * pair + n));
            world.send(at(0), ball(at(1).to_raw(), self.passed));
        }
        Ok(())
    }

    fn is_data(&self) -> bool {
        true
    }
}

/// A run of this, its start behind it, and its state there.
fn started(pairs: &Pairs) -> (Run<'_>, RunSnapshot) {
    let run = Run::begin(pairs, &RunConfig::seed(1), StrategySpec::Random.build(), Vec::new());
    let mut run = run.expect("its worlds are data");
    assert!(run.world().step() == pairs.actors, "each has started");
    let kept = run.snapshot();
    assert!(kept.not_kept().is_none(), "{:?}", kept.not_kept());
    (run, kept)
}

/// `n` whole runs of 100 turns of four WASM actors, each begun again from the state after their start.
pub(crate) fn short_runs(n: u64) {
    let pairs = Pairs { actors: 4, balls: 2, passed: 49 };
    let (mut run, kept) = started(&pairs);
    for seed in 0..n {
        run.restore(&kept);
        run.fork(seed);
        assert!(run.run().is_ok(), "no property is broken");
        assert!(run.world().step() == 104, "{}", run.world().step());
    }
}

/// What is given the part of a work that counts, its worlds' starts behind it.
type Watch<'w> = &'w dyn Fn(&mut dyn FnMut());

/// A world of so many WASM actors is kept `n` times.
pub(crate) fn kept(n: u64, actors: u64, watch: Watch<'_>) {
    let pairs = Pairs { actors, balls: 0, passed: 0 };
    let (mut run, _) = started(&pairs);
    watch(&mut || (0..n).for_each(|_| drop(std::hint::black_box(run.snapshot()))));
}

/// A world of so many WASM actors is put back `n` times, a ball passed on 8 times meanwhile.
pub(crate) fn restored(n: u64, actors: u64, watch: Watch<'_>) {
    let pairs = Pairs { actors, balls: 1, passed: 8 };
    let (mut run, kept) = started(&pairs);
    watch(&mut || {
        for _ in 0..n {
            run.to_step(actors + 8);
            run.restore(&kept);
        }
    });
}

/// The same, without putting it back: what the turns alone take.
pub(crate) fn turns_alone(n: u64, actors: u64, watch: Watch<'_>) {
    let pairs = Pairs { actors, balls: 1, passed: 8 * n };
    let (mut run, _) = started(&pairs);
    watch(&mut || {
        for nth in 1..=n {
            run.to_step(actors + 8 * nth);
        }
    });
}

/// A world of so many WASM actors is put back and gone on with under another seed, `n` times, without a turn.
pub(crate) fn forked(n: u64, actors: u64, watch: Watch<'_>) {
    let pairs = Pairs { actors, balls: 0, passed: 0 };
    let (mut run, kept) = started(&pairs);
    watch(&mut || {
        for seed in 0..n {
            run.restore(&kept);
            run.fork(seed);
        }
    });
}
