//! L4: an actor that is to stop is *stopping* until its `on_stop` was delivered; a kill before that wins.
//! Names, links and timers last until it returns.

use seedbed_core::{Code, ExitReason, Hook, Reason, SpawnOptions, StopCode};
use sim_tests::{Diary, Input, SEEDS, Trace, actor, handler_error, holds, idle};
use std::sync::{Arc, Mutex};

#[test]
fn a_kill_before_it_wins() {
    let seen = Arc::new(Mutex::new([0u64; 2]));
    let totals = Arc::clone(&seen);
    holds(move |world| {
        let trace = Trace::new();
        world.observe(trace.clone());
        let victim = world.spawn(
            "victim",
            actor(|cx, input| {
                if let Input::Message(_) = input {
                    cx.stop(Reason::Shutdown);
                }
                Ok(())
            }),
        );
        world.settle()?;
        world.send(victim, 0u64);
        // After one message of its own, so that the stop is there first now and then.
        world.spawn(
            "killer",
            actor(move |cx, input| {
                let me = cx.me();
                if input == Input::Start { Ok(cx.send(me, &0u64)?) } else { Ok(cx.kill(victim)?) }
            }),
        );
        world.settle()?;
        let ends = trace.ends("main/victim");
        let stopped = trace.hooks("main/victim").contains(&Hook::Stop);
        assert_eq!(ends, [if stopped { ExitReason::Shutdown } else { ExitReason::Killed }]);
        totals.lock().expect("no test panicked with it")[usize::from(stopped)] += 1;
        Ok(())
    });
    let seen = *seen.lock().expect("no test panicked with it");
    assert!(seen.iter().all(|n| *n >= SEEDS / 8), "both happen: {seen:?}");
}

#[test]
fn on_stop_may_send_and_reply_and_every_other_wish_is_refused() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let other = world.spawn(
            "other",
            actor(move |_, input| {
                if let Input::Message(n) = input {
                    keep.push(n);
                }
                Ok(())
            }),
        );
        let asked = Arc::new(Mutex::new(None));
        let me = world.spawn(
            "me",
            actor(move |cx, input| {
                match input {
                    Input::Message(_) => {
                        *asked.lock().expect("no test panicked with it") = cx.request();
                        cx.stop(Reason::Normal);
                    }
                    Input::Stop(code) => {
                        assert_eq!(code, StopCode::Normal);
                        assert_eq!(cx.whereis("me"), Some(cx.me()), "names last until it returns");
                        let me = cx.me();
                        let refused = [
                            cx.spawn(SpawnOptions::default(), idle()).err(),
                            cx.link(other).err(),
                            cx.monitor(other).err(),
                            cx.unlink(other).err(),
                            cx.register("x").err(),
                            cx.unregister().err(),
                            cx.kill(other).err(),
                            cx.exit(other, Reason::Normal).err(),
                            cx.exit(me, Reason::Normal).err(),
                            cx.ask(other, &1u64, std::time::Duration::from_secs(1)).err(),
                            cx.set_timer(std::time::Duration::from_secs(1), 0).err(),
                            cx.perform("store", &[1]).err(),
                        ];
                        assert_eq!(refused, [Some(Code::NotNow); 12]);
                        cx.send(other, &7u64)?;
                        let request = asked.lock().expect("no test panicked with it").expect("kept");
                        cx.reply_to(request, 8u64)?;
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        assert_eq!(world.ask::<u64, u64>(me, 1)?, 8);
        world.settle()?;
        assert_eq!(diary.all(), [7]);
        Ok(())
    });
}

#[test]
fn the_number_it_is_told_and_a_failure_in_it() {
    let cases = [
        ("stop normal", StopCode::Normal, ExitReason::Normal),
        ("stop shutdown", StopCode::Shutdown, ExitReason::Shutdown),
        ("error", StopCode::Failed, handler_error()),
        ("handle", StopCode::Requested, ExitReason::Normal),
    ];
    for (how, code, reason) in cases {
        for fails in [false, true] {
            holds(|world| {
                let (trace, diary) = (Trace::new(), Diary::new());
                world.observe(trace.clone());
                let keep = diary.clone();
                let me = world.spawn(
                    "me",
                    actor(move |cx, input| {
                        match (input, how) {
                            (Input::Message(_), "stop normal") => cx.stop(Reason::Normal),
                            (Input::Message(_), "stop shutdown") => cx.stop(Reason::Shutdown),
                            (Input::Message(_), "error") => anyhow::bail!("planned"),
                            (Input::Stop(code), _) => {
                                keep.push(code);
                                anyhow::ensure!(!fails, "planned");
                            }
                            _ => {}
                        }
                        Ok(())
                    }),
                );
                world.settle()?;
                if how == "handle" {
                    world.stop(me, ExitReason::Normal);
                } else {
                    world.send(me, 0u64);
                }
                world.settle()?;
                assert_eq!((diary.all(), trace.ends("main/me")), (vec![code], vec![reason.clone()]));
                Ok(())
            });
        }
    }
}
