//! A full mailbox of one receiver is an answer at the call, not an end half-way through the outbox:
//! what was sent to others before and after arrives.

use seedbed_core::{Code, Limited, Limits, Permissions};
use sim_tests::{Diary, Input, actor, holds};

#[test]
fn the_others_get_all_of_theirs() {
    holds(|world| {
        let diary = Diary::new();
        let receivers = ["small", "large"].map(|name| {
            let keep = diary.clone();
            let limits = Limits { mailbox_count: if name == "small" { 1 } else { 100 }, ..Limits::default() };
            let receiver = actor(move |_, input| {
                if let Input::Message(n) = input {
                    keep.push((name, n));
                }
                Ok(())
            });
            world.spawn(name, Limited { factory: receiver, limits, permissions: Permissions::default() })
        });
        world.settle()?;
        let [small, large] = receivers;
        let sender = world.spawn(
            "sender",
            actor(move |cx, input| {
                if input == Input::Start {
                    for n in 0..5u64 {
                        cx.send(large, &n)?;
                        let expected = if n == 0 { Ok(()) } else { Err(Code::MailboxFull) };
                        assert_eq!(cx.send(small, &n), expected);
                    }
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert!(world.actor(sender).is_some());
        let of = |name| diary.all().into_iter().filter(|e| e.0 == name).map(|e| e.1).collect::<Vec<_>>();
        assert_eq!((of("small"), of("large")), (vec![0], vec![0, 1, 2, 3, 4]));
        Ok(())
    });
}
