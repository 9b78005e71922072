//! J8: a spawn with a link links both before either goes on.

use super::rig::{Step, process};
use seedbed_core::lunatic::{Death, Received};
use seedbed_core::{ExitReason, SpawnOptions};
use sim_tests::{Diary, Trace, holds};
use std::sync::Arc;

#[test]
fn the_child_in_its_very_first_instruction() {
    for dies in [true, false] {
        holds(|world| {
            let (diary, trace) = (Diary::new(), Trace::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            world.spawn(
                "parent",
                process(move |process, cx, step| {
                    match step {
                        Step::Start => {
                            process.die_when_link_dies(cx, dies);
                            let child = self::process(|process, cx, _| {
                                let me = cx.me();
                                Ok(process.kill(cx, me)?)
                            });
                            process.spawn(cx, Some(4), SpawnOptions::named("child"), Arc::new(child))?;
                        }
                        Step::Received(Received::LinkDied { tag, death, .. }) => keep.push((*tag, *death)),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            if dies {
                assert_eq!(trace.ends("main/parent"), [ExitReason::Killed]);
            } else {
                assert_eq!(diary.all(), [(4, Death::Failure)]);
            }
            Ok(())
        });
    }
}

#[test]
fn the_parent_right_after_the_spawn() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        world.spawn(
            "parent",
            process(|process, cx, _| {
                let child = self::process(|_, _, _| Ok(()));
                process.spawn(cx, Some(4), SpawnOptions::named("child"), Arc::new(child))?;
                let me = cx.me();
                Ok(process.kill(cx, me)?)
            }),
        );
        world.settle()?;
        assert_eq!(trace.ends("main/parent/child"), [ExitReason::Killed]);
        Ok(())
    });
}

#[test]
fn without_a_link_neither_sees_the_other() {
    holds(|world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        world.spawn(
            "parent",
            process(|process, cx, step| {
                if let Step::Start = step {
                    let child = self::process(|process, cx, _| {
                        let me = cx.me();
                        Ok(process.kill(cx, me)?)
                    });
                    process.spawn(cx, None, SpawnOptions::named("child"), Arc::new(child))?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(trace.ends("main/parent"), []);
        Ok(())
    });
}
