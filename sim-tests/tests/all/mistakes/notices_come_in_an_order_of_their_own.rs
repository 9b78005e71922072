//! E13: notices of one death go out in the order in which its links and monitors were made, whoever made them and
//! in whatever slots they live; what a run makes of that order is its tape's, and the same every time.

use super::rig::child;
use seedbed_core::{Pid, Signal, Supervisor};
use seedbed_sim::{InWorld, RunConfig, StrategySpec, World, run_with};
use sim_tests::{Diary, Input, actor, checked, lenient};

const WATCHERS: usize = 12;

/// Watchers in slots whose numbers have nothing to do with the order in which they begin to watch.
fn told(world: &mut World) -> anyhow::Result<Vec<u64>> {
    let diary = Diary::new();
    let victim = world.spawn("victim", Supervisor::one_for_all().child(child("a")));
    world.settle()?;
    let mut watchers: Vec<(u64, Pid)> = Vec::new();
    for n in 0..WATCHERS as u64 {
        // Slots are used again in another order than they were given back.
        let gone = world.spawn(&format!("gone-{n}"), sim_tests::idle());
        let keep = diary.clone();
        let watcher = world.spawn(
            &format!("watcher-{n}"),
            actor(move |cx, input| {
                match input {
                    Input::Start => cx.trap_exits(true),
                    Input::Message(0) => cx.link(victim)?,
                    Input::Message(_) => drop(cx.monitor(victim)?),
                    Input::Signal(Signal::Exit { .. } | Signal::Down { .. }) => keep.push(n),
                    Input::Signal(_) | Input::Stop(_) => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.kill(gone);
        watchers.push((n, watcher));
    }
    for (n, watcher) in order().map(|n| watchers[n]) {
        world.send(watcher, n % 2);
        world.settle()?;
    }
    world.kill(victim);
    world.settle()?;
    Ok(diary.all())
}

/// The order in which they begin to watch.
fn order() -> impl Iterator<Item = usize> {
    (0..WATCHERS).map(|n| (n * 5 + 3) % WATCHERS)
}

#[test]
fn plain_is_the_order_of_the_watches() {
    let seen = Diary::new();
    let keep = seen.clone();
    let program = InWorld {
        config: lenient(),
        program: move |world: &mut World| {
            keep.push(told(world)?);
            Ok(())
        },
    };
    run_with(&program, &RunConfig::seed(0), StrategySpec::Plain.build(), Vec::new());
    assert_eq!(seen.all(), [order().map(|n| n as u64).collect::<Vec<_>>()]);
}

/// Any other order is chosen, and comes back with its seed and with its tape.
#[test]
fn any_other_is_the_seeds_every_time() {
    let seen = Diary::new();
    let keep = seen.clone();
    let program = InWorld {
        config: lenient(),
        program: move |world: &mut World| {
            keep.push(told(world)?);
            Ok(())
        },
    };
    for seed in 1..12 {
        // Each is run, and replayed by its tape.
        checked(&program, seed);
    }
    let all = seen.all();
    assert!(all.chunks(2).all(|pair| pair[0] == pair[1]));
    let mut distinct: Vec<_> = all.clone();
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() > 5, "the orders are tried: {}", distinct.len());
    assert!(all.iter().all(|order| order.len() == WATCHERS));
}
