//! E5, E7, E11: a kill cannot be trapped; it is applied at the end of the killer's turn, and from
//! then on no instruction of the victim runs. Links of the killed see `Killed`, which they can trap.

use seedbed_core::{ExitReason, Hook, Signal, SpawnOptions};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::sync::Arc;

#[test]
fn neither_a_trap_nor_waiting_mail_nor_on_stop_helps() {
    for remote in [false, true] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let node = if remote { world.node("there", |_| ()) } else { world.main() };
            let dead = Diary::new();
            let killed = dead.clone();
            let victim = actor(move |cx, input| {
                assert!(killed.all().is_empty(), "an instruction of the victim ran");
                if input == Input::Start {
                    cx.trap_exits(true);
                }
                Ok(())
            });
            let victim = world.spawn_on(node, SpawnOptions::named("victim"), Arc::new(victim))?;
            world.settle()?;
            let keep = diary.clone();
            world.spawn(
                "killer",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            cx.trap_exits(true);
                            cx.link(victim)?;
                            (0..3u64).try_for_each(|n| cx.send(victim, &n))?;
                            cx.kill(victim)?;
                            if !remote {
                                assert!(cx.is_alive(victim), "not before the turn's end");
                                dead.push(());
                            }
                        }
                        Input::Signal(Signal::Exit { reason, .. }) => keep.push(reason),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), [ExitReason::Killed]);
            let path = if remote { "there/victim" } else { "main/victim" };
            assert_eq!(trace.ends(path), [ExitReason::Killed]);
            assert!(!trace.hooks(path).contains(&Hook::Stop));
            Ok(())
        });
    }
}
