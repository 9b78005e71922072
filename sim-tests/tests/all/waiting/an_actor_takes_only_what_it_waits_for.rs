//! G1, G2: an actor that waits is delivered only what it waits for; of one line the first that it is.

use seedbed_core::{Factory, Limited, Limits, MailboxPolicy, Message, Permissions, Pid, Signal, Want};
use seedbed_sim::World;
use sim_tests::{Diary, Input, actor, holds};
use std::time::Duration;

/// Sends `n` under each of these tags, all in one turn.
fn sender(to: Pid, tags: &'static [u64]) -> impl Factory {
    actor(move |cx, input| {
        if input == Input::Start {
            for (n, tag) in tags.iter().enumerate() {
                let mut payload = Vec::new();
                (n as u64).encode(&mut payload);
                cx.send_tagged(to, *tag, &payload)?;
            }
        }
        Ok(())
    })
}

#[test]
fn the_first_of_each_line_that_it_waits_for() {
    holds(|world| {
        let diary: Diary<(u64, Pid, u64)> = Diary::new();
        let keep = diary.clone();
        let receiver = world.spawn(
            "receiver",
            actor(move |cx, input| {
                match input {
                    Input::Start => cx.wait_for(&[Want::Tagged(1)]),
                    Input::Message(n) => {
                        keep.push((cx.envelope().tag, cx.from(), n));
                        match keep.all().len() {
                            2 => cx.wait_for(&[Want::Tagged(2), Want::Tagged(7)]),
                            4 => cx.wait_for_anything(),
                            _ => {}
                        }
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        for name in ["a", "b"] {
            world.spawn(name, sender(receiver, &[3, 2, 1, 3, 2]));
        }
        world.settle()?;
        let all = diary.all();
        let tags: Vec<u64> = all.iter().map(|(tag, ..)| *tag).collect();
        assert_eq!((all.len(), &tags[..2]), (10, &[1, 1][..]));
        assert_eq!(tags[2..4], [2, 2]);
        let senders: Vec<Pid> = all.iter().map(|(_, from, _)| *from).collect();
        for from in [senders[0], senders[1]] {
            let taken: Vec<u64> = all[4..].iter().filter(|e| e.1 == from).map(|e| e.2).collect();
            assert!(taken.is_sorted(), "what was left keeps its order: {taken:?}");
            // Its first message under 2 came before its second one, also if only one was let in.
            let twos: Vec<u64> = all.iter().filter(|e| e.1 == from && e.0 == 2).map(|e| e.2).collect();
            assert_eq!(twos, [1, 4]);
        }
        Ok(())
    });
}

/// An actor that waits for nothing but a timer, and then for anything; what it took.
fn dozer(diary: &Diary<String>) -> impl Factory + use<> {
    let keep = diary.clone();
    actor(move |cx, input| {
        match input {
            Input::Start => {
                let timer = cx.set_timer(Duration::from_secs(1), 0)?;
                cx.wait_for(&[Want::Timer(timer.0)]);
            }
            Input::Message(n) => keep.push(n.to_string()),
            Input::Signal(Signal::Timer { .. }) => {
                keep.push("timer".into());
                cx.wait_for_anything();
            }
            other => keep.push(format!("{other:?}")),
        }
        Ok(())
    })
}

fn send_three(world: &mut World, to: Pid) {
    for n in 0..3u64 {
        world.send(to, n);
    }
}

#[test]
fn mail_stays_in_its_line_until_it_is_let_in() {
    holds(|world| {
        let diary = Diary::new();
        let dozer = world.spawn("dozer", dozer(&diary));
        send_three(world, dozer);
        world.run_for(Duration::from_millis(900))?;
        assert_eq!(diary.all(), Vec::<String>::new());
        assert_eq!(world.actor(dozer).map(|a| a.mail_count), Some(3));
        world.settle()?;
        assert_eq!(diary.all(), ["timer", "0", "1", "2"]);
        Ok(())
    });
}

#[test]
fn a_kill_ends_the_wait_and_its_mail_is_dead() {
    holds(|world| {
        let diary = Diary::new();
        let dozer = world.spawn("dozer", dozer(&diary));
        send_three(world, dozer);
        world.run_for(Duration::from_millis(900))?;
        world.kill(dozer);
        world.settle()?;
        assert_eq!((diary.all(), world.stats().dead_letters, world.signals()), (vec![], 3, 0));
        Ok(())
    });
}

#[test]
fn what_was_waited_for_may_be_dropped_meanwhile() {
    holds(|world| {
        let diary: Diary<u64> = Diary::new();
        let keep = diary.clone();
        let limits = Limits { mailbox_count: 2, policy: MailboxPolicy::DropOldest, ..Limits::default() };
        let factory = actor(move |cx, input| {
            match input {
                // It looks up only when its own timer has come: all mail comes before that.
                Input::Start => {
                    let timer = cx.set_timer(Duration::from_secs(1), 0)?;
                    cx.wait_for(&[Want::Timer(timer.0)]);
                }
                Input::Signal(_) => cx.wait_for(&[Want::Tagged(9)]),
                Input::Message(_) => keep.push(cx.envelope().tag),
                Input::Stop(_) => {}
            }
            Ok(())
        });
        let factory = Limited { factory, limits, permissions: Permissions::default() };
        let receiver = world.spawn("receiver", factory);
        world.run_for(Duration::from_millis(1))?;
        world.spawn("a", sender(receiver, &[9, 1]));
        world.run_for(Duration::from_secs(2))?;
        assert_eq!(diary.all(), [9]);
        // The mailbox holds 1; a 9 comes, and is the oldest but one.
        world.spawn("b", sender(receiver, &[1, 9, 1, 1]));
        world.settle()?;
        let nines = diary.all().len();
        assert!((1..=2).contains(&nines), "taken before it was dropped, or dropped: {nines}");
        Ok(())
    });
}
