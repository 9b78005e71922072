//! T3: a turn that fails applies nothing: reservations go back, and pids it reserved are never used again.

use seedbed_core::{
    Code, Context, Hook, Limited, Limits, Permissions, Pid, RequestFailure, Result, Signal, SpawnFlags,
    SpawnOptions,
};
use sim_tests::{Diary, Input, Record, Trace, actor, holds, idle};
use std::collections::BTreeSet;
use std::time::Duration;

/// How a turn fails, and whether `on_stop` still runs.
type Way = fn() -> Result<()>;

const WAYS: [(Way, bool); 2] = [(|| anyhow::bail!("planned"), true), (|| panic!("planned"), false)];

fn fail_in_message(
    wishes: impl Fn(&mut Context, &Diary<Pid>) -> Result<()> + Clone + Send + Sync + 'static,
    judge: impl Fn(&mut seedbed_sim::World, &Trace, &[Pid], bool) -> anyhow::Result<()>,
) {
    for (way, stops) in WAYS {
        holds(|world| {
            let (trace, made) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let limits = Limits { mailbox_count: 2, ..Limits::default() };
            let small = Limited { factory: idle(), limits, permissions: Permissions::default() };
            world.spawn("small", small);
            world.settle()?;
            let (wishes, keep) = (wishes.clone(), made.clone());
            let bad = world.spawn(
                "bad",
                actor(move |cx, input| {
                    if input == Input::Message(0) {
                        wishes(cx, &keep)?;
                        return way();
                    }
                    Ok(())
                }),
            );
            world.send(bad, 0u64);
            world.settle()?;
            assert_eq!(world.actor(bad), None);
            assert_eq!(trace.hooks("main/bad").contains(&Hook::Stop), stops);
            judge(world, &trace, &made.all(), stops)
        });
    }
}

#[test]
fn room_in_mailboxes_goes_back() {
    fail_in_message(
        |cx, _| {
            let small = cx.address("small")?;
            assert_eq!([1u64, 2, 3].map(|n| cx.send(small, &n)), [Ok(()), Ok(()), Err(Code::MailboxFull)]);
            cx.exit(small, seedbed_core::Reason::Shutdown)?;
            cx.observe("of a failed turn", 1);
            Ok(())
        },
        |world, trace, _, _| {
            let small = world.actor(world.address("small", "main")?).expect("nothing reached it");
            assert_eq!((small.mail_count, small.mail_bytes, small.turns), (0, 0, 1));
            assert_eq!((trace.lost(), world.facts().values("of a failed turn")), (vec![], vec![]));
            // The room is there for others.
            let address = world.address("small", "main")?;
            world.spawn(
                "later",
                actor(move |cx, input| {
                    if input == Input::Start {
                        assert_eq!([1u64, 2].map(|n| cx.send(address, &n)), [Ok(()), Ok(())]);
                    }
                    Ok(())
                }),
            );
            Ok(world.settle()?)
        },
    );
}

#[test]
fn names_of_children_go_back_and_their_pids_are_never_used_again() {
    fail_in_message(
        |cx, made| {
            for name in ["x", "y"] {
                let options = SpawnOptions::registered(name).flags(SpawnFlags::MONITOR);
                made.push(cx.spawn(options, idle())?);
            }
            Ok(())
        },
        |world, trace, made, _| {
            let spawned: BTreeSet<Pid> = trace
                .all()
                .into_iter()
                .filter_map(|r| if let Record::Spawned { pid, .. } = r { Some(pid) } else { None })
                .collect();
            assert!(made.iter().all(|pid| !spawned.contains(pid)), "nothing of it was spawned");
            let again = ["x", "y"].map(|name| world.spawn(name, idle()));
            assert!(again.iter().all(|pid| !made.contains(pid)));
            assert_eq!(world.actor(again[0]).expect("it lives").life.0, 1, "the first start of its path");
            assert!(made.iter().all(|pid| world.actor(*pid).is_none()));
            Ok(())
        },
    );
}

/// Between the failed turn and `on_stop` others run; they must not find the name taken, or free.
#[test]
fn a_name_taken_in_it_is_free_at_once() {
    fail_in_message(
        |cx, _| {
            cx.unregister()?;
            cx.register("taken in vain")?;
            cx.unregister()?;
            cx.spawn(SpawnOptions::registered("bad"), idle())?;
            cx.register("taken in vain")?;
            Ok(())
        },
        |_, trace, _, stops| {
            let mut holders: Vec<String> = Vec::new();
            let mut at_stop = None;
            for record in trace.all() {
                match record {
                    Record::Registered { name, .. } => holders.push(name),
                    Record::Unregistered { name, .. } => holders.retain(|n| *n != name),
                    Record::Turn { hook: Hook::Stop, .. } => at_stop = Some(holders.clone()),
                    _ => {}
                }
            }
            let at_stop = at_stop.map(|names| names.contains(&"taken in vain".to_owned()));
            assert_eq!(at_stop, stops.then_some(false));
            assert_eq!(holders, ["small"]);
            Ok(())
        },
    );
}

#[test]
fn the_name_it_had_is_still_its_own_in_on_stop() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let bad = world.spawn(
            "bad",
            actor(move |cx, input| match input {
                Input::Message(_) => {
                    cx.unregister()?;
                    cx.register("taken in vain")?;
                    anyhow::bail!("planned")
                }
                Input::Stop(_) => {
                    keep.push([cx.whereis("bad") == Some(cx.me()), cx.whereis("taken in vain").is_some()]);
                    Ok(())
                }
                _ => Ok(()),
            }),
        );
        world.send(bad, 0u64);
        world.settle()?;
        assert_eq!(diary.all(), [[true, false]]);
        Ok(())
    });
}

#[test]
fn a_reply_is_taken_back_and_the_request_ends_with_the_actor() {
    for (way, stops) in WAYS {
        holds(|world| {
            let diary = Diary::new();
            let server = world.spawn(
                "server",
                actor(move |cx, input| match input {
                    Input::Message(n) => {
                        cx.reply(n)?;
                        assert_eq!(
                            cx.reply_to(cx.request().expect("it is one"), n).unwrap_err().downcast_ref(),
                            Some(&Code::NotYours)
                        );
                        way()
                    }
                    _ => Ok(()),
                }),
            );
            let keep = diary.clone();
            world.spawn(
                "asker",
                actor(move |cx, input| {
                    match input {
                        Input::Start => drop(cx.ask(server, &1u64, Duration::from_secs(1))?),
                        Input::Signal(Signal::Reply { outcome, .. }) => keep.push(outcome.err()),
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), [Some(RequestFailure::Dead)], "on_stop ran: {stops}");
            Ok(())
        });
    }
}

#[test]
fn links_monitors_requests_and_effects_of_it_never_were() {
    for (way, _) in WAYS {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let other = world.spawn(
                "other",
                actor(move |cx, input| {
                    if input == Input::Start {
                        cx.trap_exits(true);
                    } else {
                        keep.push(format!("{input:?}"));
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let bad = world.spawn(
                "bad",
                actor(move |cx, input| {
                    if let Input::Message(_) = input {
                        cx.link(other)?;
                        cx.monitor(other)?;
                        cx.ask(other, &1u64, Duration::from_secs(1))?;
                        cx.store_append(b"never")?;
                        return way();
                    }
                    Ok(())
                }),
            );
            world.send(bad, 0u64);
            world.settle()?;
            assert_eq!(diary.all(), Vec::<String>::new());
            assert_eq!(world.actor(other).expect("it lives").watched, 0);
            let performed = Record::Other(20);
            assert!(!trace.all().contains(&performed), "no effect was asked for");
            Ok(())
        });
    }
}

/// What a failed turn took back it had still; the target's table shows it.
#[test]
fn a_demonitor_is_taken_back_too() {
    holds(|world| {
        let target = world.spawn("target", idle());
        world.settle()?;
        let diary = Diary::new();
        let keep = diary.clone();
        let bad = world.spawn(
            "bad",
            actor(move |cx, input| match input {
                Input::Start => {
                    assert_eq!(cx.monitor(target)?.0, 1);
                    Ok(())
                }
                Input::Message(_) => {
                    cx.demonitor(seedbed_core::MonitorRef(1), false)?;
                    anyhow::bail!("planned")
                }
                Input::Stop(_) => {
                    keep.push(());
                    Ok(())
                }
                Input::Signal(_) => Ok(()),
            }),
        );
        world.send(bad, 0u64);
        world.settle()?;
        assert_eq!((diary.all().len(), world.actor(target).expect("it lives").watched), (1, 0));
        Ok(())
    });
}
