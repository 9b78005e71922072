//! W4: `always` is checked after every turn that changed a fact; `idle` whenever the world is at rest;
//! `end` after faults stopped and the world came to rest, or `converge_within` passed.

use seedbed_core::SpawnOptions;
use seedbed_sim::{InWorld, Outcome, When, World, WorldConfig};
use sim_tests::{Input, actor, lenient, once, strategy};
use std::sync::Arc;
use std::time::Duration;

/// An actor whose fact goes 1, 2, 3, each a turn; then, 70 s later and after `duration`, 4.
fn counting(world: &mut World) {
    let counts = actor(|cx, input| {
        let me = cx.me();
        match input {
            Input::Start => cx.send(me, &1u64)?,
            Input::Message(n) => {
                cx.observe("n", n as i64);
                if n < 3 {
                    cx.send(me, &(n + 1))?;
                } else {
                    cx.set_timer(Duration::from_secs(70), 0)?;
                }
            }
            _ => cx.observe("n", 4),
        }
        Ok(())
    });
    world.spawn("a", counts);
}

fn broken_by(when: When, bad: Vec<i64>) -> Outcome {
    let body = move |world: &mut World| {
        counting(world);
        let bad = bad.clone();
        world.property("p", when, move |w: &World| w.facts().values("n") != bad);
        Ok(())
    };
    let config = WorldConfig { converge_within: Duration::from_secs(60), ..lenient() };
    once(&InWorld { config, program: body }, 3, strategy(3))
}

#[test]
fn each_sees_what_it_should_and_nothing_else() {
    let step = |when, bad| broken_by(when, bad).found.map(|f| f.step);
    // Always: after each of the turns 2 to 5, not before.
    assert_eq!(step(When::Always, vec![]), None);
    for (value, at) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        assert_eq!(step(When::Always, vec![value]), Some(at));
    }
    // Idle and end: only what holds at rest. The timer is to come, so there is no rest before it.
    for when in [When::Idle, When::End] {
        for (value, at) in [(1, None), (2, None), (3, None), (4, Some(5))] {
            assert_eq!(step(when, vec![value]), at, "{when}: {value}");
        }
    }
}

#[test]
fn rest_is_looked_at_also_if_what_came_last_was_no_turn() {
    // The message reaches node b, and there nobody.
    let body = |world: &mut World| {
        let sends = actor(|cx, _| {
            let nobody = cx.address("nobody@b")?;
            Ok(cx.send(nobody, &1u64)?)
        });
        world.node("b", |_| {});
        world.node("a", move |boot| {
            boot.spawn(SpawnOptions::named("a"), Arc::new(sends.clone())).expect("a node boots empty");
        });
        world.idle("p", |w: &World| w.stats().dead_letters == 0);
        Ok(())
    };
    for seed in 0..8 {
        let outcome = once(&InWorld { config: lenient(), program: body }, seed, strategy(seed));
        assert_eq!(outcome.found.map(|f| f.property).as_deref(), Some("p"), "seed {seed}");
    }
}

#[test]
fn the_end_is_looked_at_also_when_the_world_does_not_come_to_rest() {
    let body = |world: &mut World| {
        counting(world);
        world.end("p", |w: &World| w.facts().values("n") != [3]);
        Ok(())
    };
    let config = WorldConfig { converge_within: Duration::from_secs(1), ..lenient() };
    let outcome = once(&InWorld { config, program: body }, 0, strategy(0));
    assert_eq!(outcome.found.map(|f| f.property).as_deref(), Some("p"));
}

#[test]
fn eventually_holds_if_it_once_did_after_faults_stopped() {
    // Faults stop at 60 s; the fact is 4 at 70 s.
    for (within, found) in [(5, true), (20, false)] {
        let body = move |world: &mut World| {
            counting(world);
            world.eventually("p", Duration::from_secs(within), |w: &World| w.facts().values("n") == [4]);
            Ok(())
        };
        let outcome = once(&InWorld { config: lenient(), program: body }, 0, strategy(0));
        assert_eq!(outcome.found.is_some(), found, "within {within} s");
    }
}
