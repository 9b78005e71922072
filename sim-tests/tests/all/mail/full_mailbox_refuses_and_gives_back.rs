//! M5: `send` to a full mailbox of the same node is refused with the code, and the payload stays
//! with the sender; *drop oldest* and *drop newest* take it and drop, counted and traced, instead.

use seedbed_core::{
    Code, Limited, Limits, Lost, MailboxPolicy, Permissions, RequestFailure, Signal, SpawnOptions,
};
use sim_tests::{Diary, Input, Trace, actor, holds};
use std::time::Duration;

fn limited(policy: MailboxPolicy, factory: impl seedbed_core::Factory) -> impl seedbed_core::Factory {
    let limits =
        Limits { mailbox_count: 3, mailbox_bytes: 40, message_bytes: 30, policy, ..Limits::default() };
    Limited { factory, limits, permissions: Permissions::default() }
}

#[test]
fn each_policy_does_what_it_says() {
    use MailboxPolicy::{DropNewest, DropOldest, Refuse};
    for (policy, kept) in [(Refuse, [1, 2, 3]), (DropNewest, [1, 2, 3]), (DropOldest, [3, 4, 5])] {
        holds(|world| {
            let (trace, diary) = (Trace::new(), Diary::new());
            world.observe(trace.clone());
            let keep = diary.clone();
            let target = world.spawn(
                "target",
                limited(
                    policy,
                    actor(move |_, input| {
                        if let Input::Message(n) = input {
                            keep.push(n);
                        }
                        Ok(())
                    }),
                ),
            );
            world.settle()?;
            let sender = world.spawn(
                "sender",
                actor(move |cx, input| {
                    if input == Input::Start {
                        for n in 1..=5u64 {
                            let mine = n;
                            let full = policy == Refuse && n > 3;
                            let expected = if full { Err(Code::MailboxFull) } else { Ok(()) };
                            assert_eq!(cx.send(target, &mine), expected);
                            assert_eq!(mine, n, "it is the sender's still");
                        }
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            assert_eq!(diary.all(), kept);
            let dropped = if policy == Refuse { 0 } else { 2 };
            assert_eq!(trace.lost(), vec![Lost::Full; dropped]);
            assert_eq!(world.stats().dead_letters, dropped as u64);
            let info = world.actor(target).expect("it lives");
            assert_eq!((info.mail_count, info.mail_bytes), (0, 0));
            assert!(world.actor(sender).is_some());
            Ok(())
        });
    }
}

#[test]
fn bytes_and_the_size_of_one_message_count_too() {
    holds(|world| {
        let target = world.spawn("target", limited(MailboxPolicy::Refuse, sim_tests::idle()));
        world.settle()?;
        world.spawn(
            "sender",
            actor(move |cx, input| {
                if input == Input::Start {
                    assert_eq!(cx.send_tagged(target, 0, &[0; 31]), Err(Code::TooLarge));
                    assert_eq!(cx.send_tagged(target, 0, &[0; 30]), Ok(()));
                    assert_eq!(cx.send_tagged(target, 0, &[0; 11]), Err(Code::MailboxFull));
                    assert_eq!(cx.send_tagged(target, 0, &[0; 10]), Ok(()));
                    assert_eq!(cx.send_tagged(target, 0, &[]), Ok(()));
                    assert_eq!(cx.send_tagged(target, 0, &[]), Err(Code::MailboxFull));
                }
                Ok(())
            }),
        );
        Ok(world.settle()?)
    });
}

/// Drop oldest never takes another sender's message: without one of its own, the sender's new one goes.
#[test]
fn only_the_senders_own_oldest_makes_room() {
    holds(|world| {
        let diary = Diary::new();
        let keep = diary.clone();
        let target = actor(move |cx, input| {
            if let Input::Message(n) = input {
                keep.push((cx.from(), n));
            }
            Ok(())
        });
        world.spawn(
            "first",
            actor(move |cx, input| {
                if input == Input::Start {
                    let options = SpawnOptions::registered("target");
                    let target = cx.spawn(options, limited(MailboxPolicy::DropOldest, target.clone()))?;
                    (1..=3u64).try_for_each(|n| cx.send(target, &n))?;
                    let late = actor(move |cx, _| Ok(cx.send(target, &9u64)?));
                    cx.spawn(SpawnOptions::default(), late)?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        let first = world.address("first", "main")?;
        let first = world.actor(first).expect("it lives").pid;
        let of_first: Vec<u64> = diary.all().into_iter().filter(|e| e.0 == first).map(|e| e.1).collect();
        assert_eq!(of_first, [1, 2, 3]);
        Ok(())
    });
}

#[test]
fn a_request_that_is_dropped_is_answered_refused() {
    for (policy, dropped) in [(MailboxPolicy::DropOldest, [1, 2]), (MailboxPolicy::DropNewest, [4, 5])] {
        holds(|world| {
            let diary = Diary::new();
            let keep = diary.clone();
            let target = world.spawn("target", limited(policy, actor(|cx, _| cx.reply(0u64))));
            world.settle()?;
            world.spawn(
                "asker",
                actor(move |cx, input| {
                    match input {
                        Input::Start => {
                            for n in 1..=5u64 {
                                cx.ask(target, &n, Duration::from_secs(1))?;
                            }
                        }
                        Input::Signal(Signal::Reply { correlation, outcome, .. }) => {
                            keep.push((correlation.0, outcome.err()));
                        }
                        _ => {}
                    }
                    Ok(())
                }),
            );
            world.settle()?;
            let mut all = diary.all();
            all.sort_unstable();
            let expected = |n| (n, dropped.contains(&n).then_some(RequestFailure::Refused));
            assert_eq!(all, (1..=5).map(expected).collect::<Vec<_>>());
            Ok(())
        });
    }
}
