//! Everything that a run draws, from the boot of its first node on, depends on its own seed.

use seedbed_sim::{InWorld, StrategySpec, World};
use sim_tests::{Diary, Input, actor, lenient, once};
use std::collections::BTreeSet;

#[test]
fn the_very_first_draw_differs_by_seed_and_stays_by_seed() {
    let draws = || -> Vec<(u64, u64)> {
        let diary = Diary::new();
        let kept = diary.clone();
        let body = move |world: &mut World| {
            let keep = kept.clone();
            let seed = world.seed();
            assert_eq!(world.key(), seedbed_core::Key::from_seed(seed));
            // The first thing of all, before anything else could have set anything.
            world.spawn(
                "first",
                actor(move |cx, input| {
                    if input == Input::Start {
                        keep.push((seed, cx.random_u64()));
                    }
                    Ok(())
                }),
            );
            Ok(())
        };
        let program = InWorld { config: lenient(), program: body };
        for seed in 0..16 {
            assert_eq!(once(&program, seed, StrategySpec::Random).found, None);
        }
        diary.all()
    };
    let first = draws();
    assert_eq!(first.iter().map(|d| d.1).collect::<BTreeSet<_>>().len(), 16);
    assert_eq!(first, draws());
}
