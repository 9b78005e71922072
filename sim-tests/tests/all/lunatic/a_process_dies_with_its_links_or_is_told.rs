//! J1, J3, J4, J5, J7: what the end of a link does, by its reason, and by what the process asked for.

use super::rig::{REASONS, linked, mortal};
use seedbed_core::lunatic::{Death, Received};
use seedbed_core::{ExitReason, SpawnOptions};
use sim_tests::{Diary, Trace, holds, idle};
use std::sync::Arc;

#[test]
fn by_the_reason_and_here_as_on_another_node() {
    for remote in [false, true] {
        for (n, reason) in REASONS.iter().enumerate() {
            for dies in [true, false] {
                let reason = reason();
                holds(|world| {
                    let (diary, trace) = (Diary::new(), Trace::new());
                    world.observe(trace.clone());
                    let node = if remote { world.node("there", |_| ()) } else { world.main() };
                    let peer = world.spawn_on(node, SpawnOptions::named("peer"), Arc::new(mortal()))?;
                    world.settle()?;
                    let process = world.spawn("process", linked(peer, dies, &diary));
                    world.settle()?;
                    world.send(peer, n as u64);
                    world.settle()?;
                    let told = |death| {
                        [Received::LinkDied { pid: peer, tag: 7, death, reason: reason.clone() }].to_vec()
                    };
                    match Death::of(&reason) {
                        Death::Normal => {
                            assert_eq!(diary.all(), []);
                            assert_eq!(world.actor(process).map(|a| a.watched), Some(0), "the link is gone");
                        }
                        Death::NoProcess => unreachable!("it was there"),
                        Death::Failure if dies => {
                            assert_eq!(diary.all(), []);
                            assert_eq!(trace.ends("main/process"), vec![reason.clone()]);
                        }
                        Death::Failure => {
                            assert_eq!(diary.all(), told(Death::Failure));
                            assert!(world.actor(process).is_some());
                        }
                    }
                    Ok(())
                });
            }
        }
    }
}

#[test]
fn a_link_to_nobody_is_no_process() {
    for dies in [true, false] {
        for remote in [false, true] {
            holds(|world| {
                let (diary, trace) = (Diary::new(), Trace::new());
                world.observe(trace.clone());
                let node = if remote { world.node("there", |_| ()) } else { world.main() };
                let dead = world.spawn_on(node, SpawnOptions::named("dead"), Arc::new(idle()))?;
                world.settle()?;
                world.kill(dead);
                world.spawn("process", linked(dead, dies, &diary));
                world.settle()?;
                let reason = ExitReason::NoProcess;
                if dies {
                    assert_eq!(trace.ends("main/process"), [reason]);
                    assert_eq!(diary.all(), []);
                } else {
                    let death = Death::NoProcess;
                    assert_eq!(diary.all(), [Received::LinkDied { pid: dead, tag: 7, death, reason }]);
                    assert_eq!(trace.ends("main/process"), []);
                }
                Ok(())
            });
        }
    }
}

/// J7: being told of deaths does not protect from a kill.
#[test]
fn a_kill_asks_nobody() {
    use super::rig::{Step, process};
    holds(|world| {
        let (diary, trace) = (Diary::new(), Trace::new());
        world.observe(trace.clone());
        let victim = world.spawn(
            "victim",
            process(|process, cx, _| {
                process.die_when_link_dies(cx, false);
                Ok(())
            }),
        );
        world.settle()?;
        world.spawn("watcher", linked(victim, false, &diary));
        world.settle()?;
        world.spawn(
            "killer",
            process(move |process, cx, step| match step {
                Step::Start => Ok(process.kill(cx, victim)?),
                _ => Ok(()),
            }),
        );
        world.settle()?;
        assert_eq!(trace.ends("main/victim"), [ExitReason::Killed]);
        let (death, reason) = (Death::Failure, ExitReason::Killed);
        assert_eq!(diary.all(), [Received::LinkDied { pid: victim, tag: 7, death, reason }]);
        Ok(())
    });
}
