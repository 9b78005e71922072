//! W2, traps 7 and 14: reaching `steps_max` before rest or `duration` is a finding: a busy loop is
//! noticed, and no bound is silent.

use seedbed_sim::{InWorld, World, WorldConfig};
use sim_tests::{actor, lenient, once, strategy};

#[test]
fn t14_an_actor_that_never_rests_is_noticed() {
    fn busy(world: &mut World) -> anyhow::Result<()> {
        world.spawn(
            "busy",
            actor(|cx, _| {
                let me = cx.me();
                Ok(cx.send(me, &0u64)?)
            }),
        );
        Ok(())
    }
    for seed in 0..4 {
        let config = WorldConfig { steps_max: 500, ..lenient() };
        let outcome = once(&InWorld { config, program: busy }, seed, strategy(seed));
        let found = outcome.found.expect("it never ends");
        assert_eq!((found.property.as_str(), found.step), ("a run ends within steps_max", 500));
        assert_eq!((outcome.stats.steps, outcome.end), (500, None));
    }
}

#[test]
fn t07_a_run_that_needs_as_many_less_one_is_fine() {
    fn twenty(world: &mut World) -> anyhow::Result<()> {
        let counts = world.spawn("a", sim_tests::idle());
        (0..19u64).for_each(|n| world.send(counts, n));
        Ok(())
    }
    for (steps_max, found) in [(20, true), (21, false)] {
        let config = WorldConfig { steps_max, ..lenient() };
        let outcome = once(&InWorld { config, program: twenty }, 0, strategy(0));
        assert_eq!((outcome.found.is_some(), outcome.stats.steps), (found, 20));
    }
}
