//! WebAssembly actors that pass a ball of 64 bytes: one call in, one send out.

use super::native::quick_world;
use seedbed_core::Bytes;
use seedbed_rt::System;
use seedbed_sim::{RunConfig, StrategySpec, World, run_with};
use seedbed_wasm::{Module, WasmActor};
use std::sync::LazyLock;

/// Sends each message on to whom its first eight bytes name while the counter in the next eight is
/// not 0, with itself as the next receiver.
pub(crate) const BALL: &str = r#"
(module
  (import "seedbed" "send" (func $send (param i64 i64 i32 i32) (result i32)))
  (import "seedbed" "self" (func $self (result i64)))
  (memory (export "memory") 1)
  (global (export "seedbed_inbox_ptr") i32 (i32.const 1024))
  (global (export "seedbed_inbox_len") i32 (i32.const 1024))
  (global $me (mut i64) (i64.const 0))
  (func (export "seedbed_on_start") (param i32 i32) (result i32)
    (global.set $me (call $self)) (i32.const 0))
  (func (export "seedbed_on_message") (param $e i32) (param $p i32) (param $len i32) (result i32)
    (local $to i64)
    (local.set $to (i64.load (local.get $p)))
    (if (i64.eqz (i64.load offset=8 (local.get $p))) (then (return (i32.const 1))))
    (i64.store offset=8 (local.get $p) (i64.sub (i64.load offset=8 (local.get $p)) (i64.const 1)))
    (i64.store (local.get $p) (global.get $me))
    (drop (call $send (local.get $to) (i64.const 0) (local.get $p) (local.get $len)))
    (i32.const 0)))
"#;

/// A ball for `to`, to be passed on `n` times.
pub(crate) fn ball(to: u64, n: u64) -> Bytes {
    let mut ball = vec![0; 64];
    ball[..8].copy_from_slice(&to.to_le_bytes());
    ball[8..16].copy_from_slice(&n.to_le_bytes());
    Bytes(ball)
}

/// An actor that only waits.
pub(crate) fn idle_actor() -> WasmActor {
    actor()
}

/// Compiled once a process: a module goes with the last who has it, and would be compiled in every round.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    Module::from_bytes(&wat::parse_str(BALL).expect("it is a module")).expect("it is an actor")
});

fn actor() -> WasmActor {
    WasmActor::new(MODULE.clone())
}

/// On the simulated reactor, with choices, tape and hash on.
pub(crate) fn sim(n: u64, strategy: &str, pairs: u64) {
    sim_watched(n, strategy, pairs, &|run| run());
}

/// The same; `watch` is given the part from the first ball to the last, when all have started.
pub(crate) fn sim_watched(n: u64, strategy: &str, pairs: u64, watch: &dyn Fn(&mut dyn FnMut())) {
    let program = move |world: &mut World| {
        quick_world(world);
        let actor = actor();
        let spawn = |world: &mut World, name: String| world.spawn(&name, actor.clone());
        let both = |pair| [spawn(world, format!("a{pair}")), spawn(world, format!("b{pair}"))];
        let players: Vec<_> = (0..pairs).map(both).collect();
        world.settle()?;
        let mut ended = None;
        watch(&mut || {
            for [a, b] in &players {
                world.send(*a, ball(b.to_raw(), n / pairs));
            }
            ended = Some(world.run());
        });
        ended.expect("it was watched")?;
        Ok(())
    };
    let strategy = strategy.parse::<StrategySpec>().expect("known").build();
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), strategy, Vec::new());
    assert!(outcome.found.is_none(), "{:?}", outcome.found);
    assert!(outcome.stats.steps >= n, "{}", outcome.stats.steps);
}

/// On the real reactor, by so many pairs at once.
pub(crate) fn real(n: u64, pairs: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let system = System::start().expect("it starts");
        let mut ended = Vec::new();
        for pair in 0..pairs {
            let a = system.spawn(&format!("a{pair}"), actor()).await.expect("it starts");
            let b = system.spawn(&format!("b{pair}"), actor()).await.expect("it starts");
            // Whoever gets the last ball stops.
            ended.push((system.monitor(a), system.monitor(b)));
            system.send(a, ball(b.to_raw(), n / pairs)).expect("it is there");
        }
        for one in ended {
            tokio::select! { _ = one.0 => {}, _ = one.1 => {} }
        }
        system.shutdown().await.expect("it runs");
    });
}
