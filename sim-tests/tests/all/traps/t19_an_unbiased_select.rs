//! What falls due at one moment (packets, completions, timers, boots) is taken in a fixed order; only
//! the strategy shuffles, from the seed.

use seedbed_core::SpawnOptions;
use seedbed_sim::{InWorld, StrategySpec, World};
use sim_tests::{Input, actor, idle, lenient, once};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_moment_at_which_everything_is_due_is_the_same_in_every_run() {
    fn body(world: &mut World) -> anyhow::Result<()> {
        world.effect("e", |_, _| Ok(vec![]));
        for node in ["x", "y", "z"] {
            let to = if node == "x" { "y" } else { "x" };
            world.node(node, move |boot| {
                let busy = actor(move |cx, input| {
                    if input == Input::Start {
                        let peer = cx.address(&format!("busy@{to}"))?;
                        for n in 0..5u64 {
                            // The least latency of packets and of effects, and the same for timers.
                            cx.send(peer, &n)?;
                            cx.perform("e", b"")?;
                            cx.set_timer(Duration::from_micros(100), n)?;
                            cx.set_timer(Duration::from_micros(10), n)?;
                        }
                    }
                    Ok(())
                });
                boot.spawn(SpawnOptions::registered("busy"), Arc::new(busy)).expect("the name is free");
                boot.spawn(SpawnOptions::default(), Arc::new(idle())).expect("it has no name");
            });
        }
        let z = world.nodes().find(|(name, _)| *name == "z").expect("it was made").1;
        world.run_for(Duration::from_micros(50))?;
        world.crash(z);
        Ok(())
    }
    let program = InWorld { config: lenient(), program: body };
    for spec in [StrategySpec::Plain, StrategySpec::Random] {
        let first = once(&program, 9, spec);
        for _ in 0..5 {
            assert_eq!(once(&program, 9, spec), first);
        }
    }
}
