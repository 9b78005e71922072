//! An actor that draws more, or buggifies more, changes no order: actors, scheduler and faults have streams of their own.

use seedbed_sim::{InWorld, World};
use sim_tests::{Diary, Input, SEEDS, actor, lenient, once, strategy};

fn order(seed: u64, draws: usize) -> Vec<(&'static str, u64)> {
    let diary = Diary::new();
    let kept = diary.clone();
    let body = move |world: &mut World| {
        let keep = kept.clone();
        let target = world.spawn(
            "target",
            actor(move |cx, input| {
                if let Input::Message(n) = input {
                    let drawn: u64 = (0..draws).map(|_| cx.random_u64() & 1).sum();
                    assert!(drawn <= draws as u64);
                    keep.push((["a", "b", "c"][n as usize / 10], n));
                }
                Ok(())
            }),
        );
        for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
            world.spawn(
                name,
                actor(move |cx, input| {
                    if input == Input::Start {
                        let drawn: u64 = (0..draws).map(|_| cx.random_u64() & 1).sum();
                        assert!(drawn <= draws as u64);
                        (0..10).try_for_each(|n| cx.send(target, &(10 * at as u64 + n)))?;
                    }
                    Ok(())
                }),
            );
        }
        Ok(())
    };
    let outcome = once(&InWorld { config: lenient(), program: body }, seed, strategy(seed));
    assert_eq!(outcome.found, None);
    diary.all()
}

#[test]
fn however_much_actors_draw() {
    for seed in 0..SEEDS {
        let first = order(seed, 0);
        assert_eq!(first.len(), 30);
        assert_eq!(order(seed, 1), first);
        assert_eq!(order(seed, 17), first);
    }
}
