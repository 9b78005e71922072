//! Supervisors as actors: trees in a world.

use seedbed_core::supervise::{ChildSpec, ChildState, Restart};
use seedbed_core::{
    Actor, ChildStart, Context, EntryStart, ExitReason, Pid, Result, Stage, StopCode, Supervisor,
    SupervisorActor, SupervisorError,
};
use seedbed_sim::{Faults, InWorld, Outcome, Program, RunConfig, StrategySpec, World, WorldConfig, run_with};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

#[derive(Serialize, Deserialize)]
enum Order {
    Fail,
    Life,
}

struct Worker;

impl Actor for Worker {
    type Message = Order;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let life = cx.life().0;
        cx.observe("life", i64::from(life));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, order: Order) -> Result<()> {
        match order {
            Order::Fail => anyhow::bail!("as ordered"),
            Order::Life => cx.reply(cx.life().0),
        }
    }

    fn on_stop(&mut self, cx: &mut Context, _: StopCode) -> Result<()> {
        cx.log(seedbed_core::Level::Info, "stops");
        Ok(())
    }
}

fn tree() -> Supervisor {
    let worker = |id: &str| ChildSpec::worker(id, ChildStart::new(|| Worker).registered(id));
    Supervisor::one_for_one().intensity(2, Duration::from_secs(5)).child(worker("a")).child(worker("b"))
}

fn children(world: &World, supervisor: Pid) -> Vec<(String, ChildState<Pid>)> {
    let actor = world.behaviour(supervisor).and_then(|b| b.as_any()?.downcast_ref::<SupervisorActor>());
    actor.expect("a supervisor").children().into_iter().map(|c| (c.id.to_string(), c.state)).collect()
}

fn once(program: impl Program, seed: u64) -> Outcome {
    let strategy = StrategySpec::Random.build();
    run_with(&program, &RunConfig::seed(seed), strategy, Vec::new()).0
}

fn ok(outcome: &Outcome) {
    assert_eq!(outcome.found, None, "{outcome:#?}");
}

#[test]
fn a_child_that_fails_comes_back_under_its_name_with_a_new_pid() {
    for seed in 0..20 {
        ok(&once(
            |world: &mut World| {
                let top = world.spawn("top", tree());
                world.settle()?;
                let before = children(world, top);
                let a = world.address("a", "main")?;
                assert_eq!(world.ask::<_, u32>(a, Order::Life)?, 1);
                world.send(a, Order::Fail);
                world.settle()?;
                assert_eq!(world.ask::<_, u32>(a, Order::Life)?, 2);
                let after = children(world, top);
                assert_eq!(before[0], after[0], "b was left alone");
                assert_ne!(before[1], after[1], "a has a new pid");
                assert_eq!(world.facts().sum("life"), 3);
                Ok(())
            },
            seed,
        ));
    }
}

#[test]
fn a_supervisor_that_gives_up_at_the_root_is_a_finding() {
    let outcome = once(
        |world: &mut World| {
            world.spawn("top", tree());
            world.settle()?;
            let a = world.address("a", "main")?;
            for _ in 0..3 {
                world.send(a, Order::Fail);
                world.settle()?;
            }
            Ok(())
        },
        1,
    );
    let found = outcome.found.expect("the tree is gone");
    assert_eq!(found.property, "every failure is handled");
    assert_eq!(found.message, "main/top gave up on `a`: 3 of 2 in 5s");
}

#[test]
fn a_supervisor_that_is_killed_leaves_no_orphans_and_one_that_is_stopped_stops_in_order() {
    for kill in [true, false] {
        ok(&once(
            move |world: &mut World| {
                let top = world.spawn("top", tree());
                world.settle()?;
                if kill {
                    world.kill(top);
                } else {
                    world.stop(top, ExitReason::Shutdown);
                }
                world.settle()?;
                assert_eq!(world.actors(), []);
                Ok(())
            },
            3,
        ));
    }
}

#[test]
fn nested_trees_start_stop_and_answer_calls() {
    ok(&once(
        |world: &mut World| {
            world.entry("worker", || Worker);
            let inner = ChildSpec::supervisor("inner", ChildStart::new(tree()));
            let top = world.spawn("top", Supervisor::rest_for_one().child(inner));
            world.settle()?;
            assert_eq!(world.actors().iter().filter(|a| a.stage == Stage::Running).count(), 4);
            let late = ChildSpec {
                restart: Restart::Temporary,
                ..ChildSpec::worker("late", EntryStart::new("worker"))
            };
            let pid = world.supervisor(top).start_child(late.clone())?.expect("it runs");
            let again = world.supervisor(top).start_child(late);
            assert_eq!(again, Err(SupervisorError::AlreadyStarted(pid)));
            assert!(world.actor(pid).is_some_and(|a| a.path == "main/top/late"));
            assert_eq!(world.supervisor(top).stop_child("late"), Ok(()));
            assert_eq!(world.actor(pid), None);
            assert_eq!(world.supervisor(top).restart_child("late"), Err(SupervisorError::NotFound));
            Ok(())
        },
        5,
    ));
}

#[test]
fn a_tree_survives_chaos_at_rates_that_leave_its_intensity_alone() {
    let faults = Faults { kill: 200_000, crash: 20_000, ..Faults::chaos() };
    let mut restarts = 0;
    for seed in 0..300 {
        let program = InWorld {
            config: WorldConfig { faults: faults.clone(), ..WorldConfig::default() },
            program: |world: &mut World| {
                let node = world.node("n", |boot| {
                    boot.spawn(seedbed_core::SpawnOptions::registered("top"), Arc::new(tree()))
                        .expect("the name is free");
                });
                let client = world.client();
                let a = world.address("a", "n")?;
                for _ in 0..20 {
                    world.send_from(client, a, Order::Life);
                    world.run_for(Duration::from_secs(1))?;
                }
                world.end("both children live", move |w: &World| {
                    w.is_up(node) && w.facts().values("life").len() == 2
                });
                Ok(())
            },
        };
        let outcome = once(program, seed);
        ok(&outcome);
        restarts += outcome.stats.restarts;
    }
    assert!(restarts > 100, "{restarts}");
}

#[test]
fn a_child_whose_first_start_fails_is_not_retried() {
    struct Bad;
    impl Actor for Bad {
        type Message = ();
        fn on_start(&mut self, _: &mut Context) -> Result<()> {
            anyhow::bail!("no")
        }
        fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
            Ok(())
        }
    }
    let program = InWorld {
        config: WorldConfig { allow_failures: true, ..WorldConfig::default() },
        program: |world: &mut World| {
            let top = world.spawn("top", tree().child(ChildSpec::worker("bad", ChildStart::new(|| Bad))));
            world.settle()?;
            assert_eq!(world.actor(top), None);
            assert_eq!(world.actors(), []);
            Ok(())
        },
    };
    ok(&once(program, 1));
}
