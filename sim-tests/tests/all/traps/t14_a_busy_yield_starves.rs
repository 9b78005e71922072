//! An actor that gives its turn away for ever, by a message to itself, starves nobody in plain order, and
//! does not spin unnoticed in any.

use seedbed_sim::{InWorld, StrategySpec, World, WorldConfig};
use sim_tests::{Diary, Input, actor, lenient, once};

#[test]
fn its_neighbours_are_done_before_the_run_is_found_not_to_end() {
    for strategy in [StrategySpec::Plain, StrategySpec::Random] {
        let done = Diary::new();
        let keep = done.clone();
        let program = move |world: &mut World| -> anyhow::Result<()> {
            world.spawn(
                "busy",
                actor(|cx, _| {
                    let me = cx.me();
                    Ok(cx.send(me, &0u64)?)
                }),
            );
            let keep = keep.clone();
            let works = world.spawn(
                "works",
                actor(move |_, input| {
                    if let Input::Message(..) = input {
                        keep.push(());
                    }
                    Ok(())
                }),
            );
            (0..20u64).for_each(|n| world.send(works, n));
            Ok(())
        };
        let config = WorldConfig { steps_max: 200, ..lenient() };
        let outcome = once(&InWorld { config, program }, 1, strategy);
        let found = outcome.found.expect("it never ends");
        assert_eq!((found.property.as_str(), found.step), ("a run ends within steps_max", 200));
        assert_eq!(done.all().len(), 20);
    }
}
