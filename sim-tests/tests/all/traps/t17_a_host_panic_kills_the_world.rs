//! A host panic in one actor of hundreds ends that actor; the world and its run go on to their end.

use seedbed_sim::{End, InWorld, World};
use sim_tests::{Input, SEEDS, actor, checked, lenient};

#[test]
fn the_run_ends_well_and_replays() {
    fn body(world: &mut World) -> anyhow::Result<()> {
        for n in 0..50u64 {
            let pid = world.spawn(
                &format!("a{n}"),
                actor(move |cx, input| {
                    if let Input::Message(m) = input {
                        if m == 7 {
                            panic!("planned");
                        }
                        cx.observe("done", 1);
                    }
                    Ok(())
                }),
            );
            world.send(pid, n);
        }
        world.end("all but one are done", |w: &World| w.facts().sum("done") == 49);
        Ok(())
    }
    for seed in 0..SEEDS {
        let outcome = checked(&InWorld { config: lenient(), program: body }, seed);
        assert_eq!((outcome.end, outcome.found), (Some(End::Rest), None));
    }
}
