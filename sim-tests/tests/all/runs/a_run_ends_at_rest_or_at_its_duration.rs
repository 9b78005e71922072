//! W1: a run ends when its inputs or test body are done and the world is at rest, or at `duration`; both are fine.

use seedbed_core::Time;
use seedbed_sim::{End, InWorld, World, WorldConfig};
use sim_tests::{Input, actor, idle, once, strategy};
use std::sync::Arc;
use std::time::Duration;

fn ends(seconds: u64, body: impl Fn(&mut World) -> anyhow::Result<()>) -> (Option<End>, u64) {
    let config = WorldConfig {
        duration: Duration::from_secs(seconds),
        converge_within: Duration::from_secs(10),
        ..sim_tests::lenient()
    };
    let program = InWorld { config, program: body };
    let mut all: Vec<_> = (0..8)
        .map(|seed| {
            let outcome = once(&program, seed, strategy(seed));
            assert_eq!(outcome.found, None);
            (outcome.end, outcome.time.since(Time::ZERO).as_secs())
        })
        .collect();
    all.dedup();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn timer(after: u64) -> impl Fn(&mut World) -> anyhow::Result<()> {
    move |world| {
        let sets = actor(move |cx, input| {
            if input == Input::Start {
                cx.set_timer(Duration::from_secs(after), 0)?;
            }
            Ok(())
        });
        world.spawn("a", sets);
        Ok(())
    }
}

fn just_one(world: &mut World) -> anyhow::Result<()> {
    world.spawn("a", idle());
    Ok(())
}

#[test]
fn at_rest_is_without_anything_that_is_to_come() {
    assert_eq!(ends(60, just_one), (Some(End::Rest), 0));
    assert_eq!(ends(60, timer(20)), (Some(End::Rest), 20), "a timer is to come");
    assert_eq!(ends(60, timer(65)), (Some(End::Duration), 65), "cut, then it converges");
    assert_eq!(ends(60, timer(500)), (Some(End::Duration), 60));
    let interval = |world: &mut World| {
        let ticks = actor(|cx, input| {
            if input == Input::Start {
                cx.set_interval(Duration::from_secs(7), 0)?;
            }
            Ok(())
        });
        world.spawn("a", ticks);
        world.run_for(Duration::from_secs(10))?;
        Ok(())
    };
    let (end, time) = ends(60, interval);
    assert_eq!(end, Some(End::Rest));
    assert!(time <= 14, "an interval keeps no world from rest: {time}");
    let crashed = |world: &mut World| {
        let node = world.node("n", |boot| {
            boot.spawn(Default::default(), Arc::new(idle())).expect("it has no name");
        });
        world.crash(node);
        world.settle()?;
        assert!(world.is_up(node), "a node that is to boot is waited for");
        Ok(())
    };
    let program = InWorld { config: sim_tests::lenient(), program: crashed };
    for seed in 0..8 {
        assert_eq!(once(&program, seed, strategy(seed)).end, Some(End::Rest));
    }
}
