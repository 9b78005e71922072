//! M10: a mailbox whose senders wait for room.

use seedbed_core::{
    Behaviour, Code, Context, Envelope, Factory, Failed, Level, Limited, Limits, MailboxPolicy, Permissions,
    Pid, SpawnOptions, StopCode, Want,
};
use sim_tests::{Diary, Input, actor, holds};
use std::sync::Arc;
use std::time::Duration;

/// Sends the numbers from 0, and waits whenever it has to.
struct Waits {
    to: Pid,
    sent: u64,
    count: u64,
    diary: Diary<String>,
}

impl Waits {
    fn send(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        cx.log(Level::Info, "sends");
        while self.sent < self.count {
            let waits = cx.send_waiting(self.to, self.sent, &[0]).expect("it waits and is not refused");
            self.sent += 1;
            if waits {
                self.diary.push("waits".into());
                cx.wait_for(&[]);
                return Ok(());
            }
        }
        self.diary.push("done".into());
        Ok(())
    }
}

impl Behaviour for Waits {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.send(cx)
    }

    fn deliver(&mut self, _: &mut Context<'_>, _: &Envelope, _: &[u8]) -> Result<(), Failed> {
        Ok(())
    }

    fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.send(cx)
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        Ok(())
    }
}

struct Made {
    to: Pid,
    diary: Diary<String>,
}

impl Factory for Made {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Waits { to: self.to, sent: 0, count: 5, diary: self.diary.clone() }))
    }
}

/// Takes nothing for a second, and then everything; what it took, and from whom.
fn slow(diary: &Diary<(Pid, u64)>) -> Limited<impl Factory + use<>> {
    let keep = diary.clone();
    let factory = actor(move |cx, input| {
        match input {
            Input::Start => {
                let timer = cx.set_timer(Duration::from_secs(1), 0)?;
                cx.wait_for(&[Want::Timer(timer.0)]);
            }
            Input::Message(_) => keep.push((cx.from(), cx.envelope().tag)),
            _ => cx.wait_for_anything(),
        }
        Ok(())
    });
    let limits = Limits { mailbox_count: 2, policy: MailboxPolicy::Wait, ..Limits::default() };
    Limited { factory, limits, permissions: Permissions::default() }
}

#[test]
fn who_can_wait_does_and_nothing_is_lost() {
    holds(|world| {
        let (taken, diary) = (Diary::new(), Diary::new());
        let node = world.main();
        let to = world.spawn("slow", slow(&taken));
        world.run_for(Duration::from_millis(1))?;
        let senders = ["a", "b"].map(|name| {
            let made = Made { to, diary: diary.clone() };
            world.spawn_on(node, SpawnOptions::named(name), Arc::new(made)).expect("a name that is free")
        });
        world.run_for(Duration::from_millis(900))?;
        assert_eq!(world.actor(to).map(|a| a.mail_count), Some(2), "never more than it has room for");
        assert_eq!(diary.all(), ["waits", "waits"]);
        world.settle()?;
        let all = taken.all();
        for sender in senders {
            let tags: Vec<u64> =
                all.iter().filter(|(from, _)| *from == sender).map(|(_, tag)| *tag).collect();
            assert_eq!(tags, [0, 1, 2, 3, 4]);
        }
        assert_eq!(diary.all().iter().filter(|entry| *entry == "done").count(), 2);
        assert_eq!(world.signals(), 0);
        Ok(())
    });
}

#[test]
fn who_waits_for_one_that_ends_goes_on() {
    holds(|world| {
        let (taken, diary) = (Diary::new(), Diary::new());
        let node = world.main();
        let to = world.spawn("slow", slow(&taken));
        world.run_for(Duration::from_millis(1))?;
        let made = Made { to, diary: diary.clone() };
        world.spawn_on(node, SpawnOptions::named("a"), Arc::new(made))?;
        world.run_for(Duration::from_millis(900))?;
        world.kill(to);
        world.settle()?;
        assert_eq!((taken.all(), diary.all()), (vec![], vec!["waits".to_owned(), "done".to_owned()]));
        assert_eq!((world.stats().dead_letters, world.signals()), (5, 0));
        Ok(())
    });
}

#[test]
fn what_a_sender_sent_that_ended_while_it_waited_still_arrives() {
    holds(|world| {
        let (taken, diary) = (Diary::new(), Diary::new());
        let node = world.main();
        let to = world.spawn("slow", slow(&taken));
        world.run_for(Duration::from_millis(1))?;
        let made = Made { to, diary: diary.clone() };
        let sender = world.spawn_on(node, SpawnOptions::named("a"), Arc::new(made))?;
        world.run_for(Duration::from_millis(900))?;
        world.kill(sender);
        world.settle()?;
        assert_eq!(taken.all(), [(sender, 0), (sender, 1), (sender, 2)]);
        assert_eq!(diary.all(), ["waits"]);
        Ok(())
    });
}

#[test]
fn who_cannot_wait_is_refused_and_so_is_who_sends_to_itself() {
    holds(|world| {
        let (taken, codes) = (Diary::new(), Diary::new());
        let to = world.spawn("slow", slow(&taken));
        world.run_for(Duration::from_millis(1))?;
        let keep = codes.clone();
        let full = Limits { mailbox_count: 0, policy: MailboxPolicy::Wait, ..Limits::default() };
        let factory = actor(move |cx, input| {
            if input == Input::Start {
                let me = cx.me();
                keep.push(cx.send_waiting(me, 1, &[]).map(|_| ()));
                (0..3).for_each(|tag| keep.push(cx.send_tagged(to, tag, &[0])));
            }
            Ok(())
        });
        world.spawn("sender", Limited { factory, limits: full, permissions: Permissions::default() });
        world.settle()?;
        let refused = Err(Code::MailboxFull);
        assert_eq!(codes.all(), [refused, Ok(()), Ok(()), refused]);
        assert_eq!(taken.all().len(), 2);
        Ok(())
    });
}
