//! K6: an actor's random stream depends on the node's key, the path and the life only.

use seedbed_core::SpawnOptions;
use seedbed_sim::{InWorld, World};
use sim_tests::{Diary, Input, actor, lenient, once, strategy};
use std::collections::BTreeSet;
use std::sync::Arc;

fn draws(seed: u64, order: u64, others: usize) -> Vec<(String, u32, u64)> {
    let diary = Diary::new();
    let kept = diary.clone();
    let body = move |world: &mut World| {
        let draw = |n: usize| {
            let keep = kept.clone();
            actor(move |cx, input| {
                let drawn: Vec<u64> = (0..n).map(|_| cx.random_u64()).collect();
                if input == Input::Start {
                    keep.push((cx.path().to_owned(), cx.life().0, drawn[0]));
                }
                Ok(())
            })
        };
        let main = world.main();
        for n in 0..others {
            world.spawn_on(main, SpawnOptions::named(format!("other-{n}")), Arc::new(draw(n + 1)))?;
        }
        let there = world.node("there", |_| ());
        for node in [main, there] {
            for _ in 0..2 {
                for name in ["a", "b"] {
                    world.spawn_on(node, SpawnOptions::named(name), Arc::new(draw(1)))?;
                }
            }
        }
        world.settle()?;
        Ok(())
    };
    let outcome = once(&InWorld { config: lenient(), program: body }, seed, strategy(order));
    assert_eq!(outcome.found, None);
    let mut all: Vec<_> = diary.all().into_iter().filter(|e| !e.0.contains("other")).collect();
    all.sort();
    all
}

#[test]
fn neither_order_nor_others_move_it_and_no_two_are_alike() {
    let first = draws(1, 0, 0);
    assert_eq!(first.len(), 8);
    for (order, others) in [(0, 3), (1, 0), (1, 5)] {
        assert_eq!(draws(1, order, others), first);
    }
    let another = draws(2, 0, 0);
    let numbers: BTreeSet<u64> = first.iter().chain(&another).map(|e| e.2).collect();
    assert_eq!(numbers.len(), 16);
}
