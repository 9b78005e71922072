//! H5: when the supervisor gives the child up, or ends, what is held is lost and counted, and requests are
//! answered *dead*; from then on mail for the name is mail for nobody (M7).

use super::rig::{clerk, kill, slow, top};
use seedbed_core::supervise::{ChildSpec, Flags, Plan, Restart};
use seedbed_core::{ChildStart, Hold, Lost, Pid, RequestFailure, Signal};
use seedbed_sim::World;
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::time::Duration;

/// What ends the wait.
#[derive(Clone, Copy, Debug)]
enum End {
    StopChild,
    StopAndDelete,
    KillSupervisor,
    StopSupervisor,
    Change,
}

fn asks(world: &mut World, name: &str, address: Pid, replies: &Diary<Result<(), RequestFailure>>) {
    let keep = replies.clone();
    world.spawn(
        name,
        actor(move |cx, input| {
            match input {
                Input::Start => {
                    cx.send(address, &1u64)?;
                    cx.ask(address, &2u64, Duration::from_secs(30))?;
                }
                Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.map(drop)),
                _ => {}
            }
            Ok(())
        }),
    );
}

#[test]
fn however_it_is_given_up() {
    for end in [End::StopChild, End::StopAndDelete, End::KillSupervisor, End::StopSupervisor, End::Change] {
        holds(|world| {
            let (diary, replies, trace) = (Diary::new(), Diary::new(), Trace::new());
            let (top, address) = top(world, clerk(&diary, Some(Hold::default())))?;
            kill(world, address);
            asks(world, "a", address, &replies);
            world.run_for(Duration::from_millis(10))?;
            assert_eq!(replies.all(), [], "it waits");
            world.observe(trace.clone());
            match end {
                End::StopChild => world.supervisor(top).stop_child("clerk")?,
                End::StopAndDelete => {
                    world.supervisor(top).stop_child("clerk")?;
                    world.supervisor(top).delete_child("clerk")?;
                }
                End::KillSupervisor => drop(world.kill(top)),
                End::StopSupervisor => drop(world.stop(top, seedbed_core::ExitReason::Shutdown)),
                End::Change => {
                    let plan = Plan { flags: Flags::default(), children: vec![clerk(&diary, None)] };
                    world.supervisor(top).change(plan)?;
                }
            }
            world.run_for(Duration::from_millis(1))?;
            asks(world, "b", address, &replies);
            world.run_for(Duration::from_millis(1))?;
            assert_eq!(trace.lost()[..2], [Lost::Dead; 2], "{end:?}");
            if !matches!(end, End::Change) {
                assert_eq!(trace.lost(), [Lost::Dead; 4], "{end:?}");
                assert_eq!(replies.all(), [Err(RequestFailure::Dead); 2], "{end:?}");
                assert_eq!(diary.all(), []);
            }
            Ok(())
        });
    }
}

/// A clean end of a transient child, and a supervisor that has had enough, are ends too.
#[test]
fn also_by_its_own_end_or_by_the_intensity() {
    for gives_up in [false, true] {
        holds(|world| {
            let (replies, diary) = (Diary::new(), Diary::new());
            let leaving = ChildStart::new(actor(|cx, input| {
                if input == Input::Message(0) {
                    cx.stop(seedbed_core::Reason::Normal);
                }
                Ok(())
            }));
            let transient = ChildSpec {
                restart: Restart::Transient,
                ..ChildSpec::worker("clerk", leaving.registered("clerk").held(Hold::default()))
            };
            let (top, address) = top(world, if gives_up { slow(transient) } else { transient })?;
            if gives_up {
                for _ in 0..10 {
                    kill(world, address);
                    asks(world, &format!("n{}", diary.all().len()), address, &replies);
                    diary.push(0);
                    world.run_for(Duration::from_millis(1500))?;
                }
                assert_eq!(world.actor(top), None);
                assert_eq!(replies.all()[replies.all().len() - 1], Err(RequestFailure::Dead));
            } else {
                world.send(address, 0u64);
                world.settle()?;
                asks(world, "a", address, &replies);
                let asked = world.now();
                world.settle()?;
                assert_eq!(replies.all(), [Err(RequestFailure::Dead)]);
                assert_eq!(world.now(), asked, "at once");
            }
            Ok(())
        });
    }
}

/// Members of a group that are stopped to be started again, are not given up.
#[test]
fn but_not_by_a_restart_of_its_group() {
    use seedbed_core::Supervisor;
    holds(|world| {
        let diary = Diary::new();
        let replies = Diary::new();
        let leader =
            slow(ChildSpec::worker("leader", ChildStart::new(sim_tests::idle()).registered("leader")));
        let follower = ChildSpec { backoff: None, ..clerk(&diary, Some(Hold::default())) };
        let tree =
            Supervisor::one_for_all().intensity(9, Duration::from_secs(60)).child(follower).child(leader);
        world.spawn("top", tree);
        world.settle()?;
        let (leader, address) = (world.address("leader", "main")?, world.address("clerk", "main")?);
        kill(world, leader);
        // In some orders this comes between the stop and the start of the other member.
        asks(world, "a", address, &replies);
        world.settle()?;
        assert_eq!(replies.all(), [Ok(())]);
        Ok(())
    });
}
