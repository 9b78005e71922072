//! L6, D6, E15: whenever a supervisor is killed, at whatever depth of its tree and in whatever it was doing,
//! nothing of what it started lives on.

use super::rig::{Seen, child, named, real};
use seedbed_core::supervise::ChildSpec;
use seedbed_core::{Actor, ChildStart, Context, ExitReason, Result, Supervisor};
use sim_tests::{Input, actor, holds};
use std::time::Duration;

/// Traps exits: it lives through all but the end of its parent.
struct Trapping;

impl Actor for Trapping {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.trap_exits(true);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        anyhow::bail!("as ordered")
    }
}

fn tree() -> Supervisor {
    let trapping = |id: &str| ChildSpec::worker(id, ChildStart::new(|| Trapping).registered(id));
    let pool = Supervisor::dynamic(ChildSpec::worker("instance", ChildStart::new(|| Trapping)));
    let inner = Supervisor::one_for_all()
        .intensity(9, Duration::from_secs(60))
        .child(trapping("x"))
        .child(ChildSpec::supervisor("pool", ChildStart::new(pool).registered("pool")))
        .child(child("y"));
    Supervisor::rest_for_one()
        .intensity(9, Duration::from_secs(60))
        .child(child("a"))
        .child(ChildSpec::supervisor("inner", ChildStart::new(inner).registered("inner")))
        .child(trapping("b"))
}

/// Some actor keeps the tree busy (it starts, restarts a group, serves calls, stops a child), another kills
/// it after so many turns of its own: in each order, in the middle of something else.
#[test]
fn at_whatever_moment() {
    for turns in 0..40u64 {
        holds(|world| {
            let top = world.spawn("top", tree());
            world.spawn(
                "busy",
                actor(|cx, input| {
                    let round = match input {
                        Input::Start => 0,
                        Input::Message(round) => round,
                        _ => return Ok(()),
                    };
                    let (pool, inner) = (cx.address("pool")?, cx.address("inner")?);
                    cx.supervisor(pool).start_instance(&round)?;
                    let name = ["x", "a", "b", "y"][round as usize % 4];
                    let child = cx.address(name)?;
                    cx.send(child, &0u64)?;
                    if round % 3 == 2 {
                        cx.supervisor(inner).stop_child("y")?;
                    }
                    let me = cx.me();
                    if round < 6 { Ok(cx.send(me, &(round + 1))?) } else { Ok(()) }
                }),
            );
            world.spawn(
                "killer",
                actor(move |cx, input| {
                    let left = match input {
                        Input::Start => turns,
                        Input::Message(left) => left,
                        _ => return Ok(()),
                    };
                    let me = cx.me();
                    if left == 0 { Ok(cx.kill(top)?) } else { Ok(cx.send(me, &(left - 1))?) }
                }),
            );
            world.settle()?;
            let left: Vec<String> = world.actors().into_iter().map(|a| a.path).collect();
            assert_eq!(left, ["main/busy", "main/killer"]);
            Ok(())
        });
    }
}

/// In the very turn in which the supervisor is killed its child is being started, or has failed.
#[test]
fn also_a_child_that_is_just_being_started() {
    holds(|world| {
        let seen = Seen::of(world);
        let top = world.spawn("top", tree());
        world.kill(top);
        world.settle()?;
        assert_eq!(world.actors(), []);
        for seed in 0..3 {
            let top = world
                .spawn(&format!("top-{seed}"), Supervisor::one_for_one().child(child(&format!("c{seed}"))));
            world.run_for(Duration::ZERO)?;
            world.kill(top);
        }
        world.settle()?;
        assert_eq!(world.actors(), []);
        assert_eq!(seen.ends("main/top"), [ExitReason::Killed]);
        Ok(())
    });
}

#[test]
fn on_the_real_reactor_too() {
    real(
        || vec![("top", tree())],
        async |system, pids| {
            let pool = named(system, "pool").await;
            for n in 0..3u64 {
                system.supervisor(pool).start_instance(&n).await.expect("it starts");
            }
            assert_eq!(system.actors().await.expect("it runs").len(), 10);
            let mut gone = Vec::new();
            for actor in system.actors().await.expect("it runs") {
                gone.push(system.monitor(actor.pid));
            }
            system.kill(pids[0]).await.expect("it lives");
            for gone in gone {
                assert!(gone.await.is_ok());
            }
            assert_eq!(system.actors().await.expect("it runs"), []);
        },
    );
}
