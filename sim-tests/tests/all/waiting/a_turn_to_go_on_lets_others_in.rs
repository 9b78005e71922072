//! G3, G5: a turn without a signal is a delivery like any other; a start that goes on is a start.

use seedbed_core::{
    Behaviour, Context, Envelope, ExitReason, Factory, Failed, Failure, Level, SpawnOptions, StopCode,
};
use sim_tests::{Diary, Input, actor, holds};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Counts down in turns of its own, as its start, and then fails if it should.
struct Countdown {
    left: u32,
    fails: bool,
    diary: Diary<String>,
}

impl Countdown {
    fn next(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.diary.push(format!("down {}", self.left));
        cx.log(Level::Info, "counting");
        match (self.left, self.fails) {
            (0, true) => return Err(Failure::HandlerError(5).into()),
            (0, false) => {
                cx.start_done();
                cx.wait_for_anything();
            }
            _ => {
                self.left -= 1;
                cx.wait_for(&[]);
                cx.go_on();
            }
        }
        Ok(())
    }
}

impl Behaviour for Countdown {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        cx.defer_start();
        self.next(cx)
    }

    fn deliver(&mut self, _: &mut Context<'_>, envelope: &Envelope, _: &[u8]) -> Result<(), Failed> {
        self.diary.push(format!("tag {}", envelope.tag));
        Ok(())
    }

    fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.next(cx)
    }

    fn stop(&mut self, _: &mut Context<'_>, _: StopCode) -> Result<(), Failed> {
        self.diary.push("stop".into());
        Ok(())
    }
}

struct Made {
    fails: bool,
    diary: Diary<String>,
}

impl Factory for Made {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Countdown { left: 3, fails: self.fails, diary: self.diary.clone() }))
    }
}

#[test]
fn others_run_in_between_and_mail_after_the_start() {
    let orders = Arc::new(Mutex::new(BTreeSet::new()));
    holds(|world| {
        let diary = Diary::new();
        let node = world.main();
        let made = Made { fails: false, diary: diary.clone() };
        let counter = world.spawn_on(node, SpawnOptions::named("counter"), Arc::new(made))?;
        let keep = diary.clone();
        world.spawn(
            "other",
            actor(move |cx, input| {
                let me = cx.me();
                match input {
                    Input::Start => {
                        cx.send_tagged(counter, 1, &[])?;
                        cx.send(me, &3u64)?;
                    }
                    Input::Message(n) => {
                        keep.push(format!("other {n}"));
                        if n > 1 {
                            cx.send(me, &(n - 1))?;
                        }
                    }
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        let all = diary.all();
        let of = |what: &str| all.iter().filter(|e| e.starts_with(what)).cloned().collect::<Vec<_>>();
        assert_eq!(of("down"), ["down 3", "down 2", "down 1", "down 0"]);
        assert_eq!(of("tag"), ["tag 1"]);
        let at = |what: &str| all.iter().position(|e| e == what);
        assert!(at("tag 1") > at("down 0"), "mail waits for the start: {all:?}");
        orders.lock().expect("no test panicked with it").insert(all);
        Ok(())
    });
    assert!(orders.lock().expect("no test panicked with it").len() > 3, "orders differ");
}

#[test]
fn a_failure_in_it_is_a_start_failure() {
    holds(|world| {
        let diary = Diary::new();
        let (made, keep) = (Made { fails: true, diary: diary.clone() }, Diary::new());
        let told = keep.clone();
        let made = seedbed_core::Shared(Arc::new(made));
        world.spawn(
            "parent",
            actor(move |cx, input| {
                match input {
                    Input::Start => {
                        use seedbed_core::SpawnFlags;
                        let flags = SpawnFlags::MONITOR.with(SpawnFlags::NOTIFY);
                        cx.spawn(SpawnOptions::named("child").flags(flags), made.clone())?;
                    }
                    Input::Signal(signal) => told.push(format!("{signal:?}")),
                    _ => {}
                }
                Ok(())
            }),
        );
        world.settle()?;
        assert_eq!(diary.all(), ["down 3", "down 2", "down 1", "down 0"], "no stop");
        let reason = ExitReason::from(Failure::HandlerError(5));
        let started = keep.all();
        assert_eq!(started.len(), 2);
        assert!(started[0].contains(&format!("Failed({reason:?})")), "{started:?}");
        assert!(started[1].contains(&format!("{:?}", ExitReason::start_failed(reason))), "{started:?}");
        Ok(())
    });
}

#[test]
fn a_stop_comes_before_the_next_turn_to_go_on() {
    holds(|world| {
        let diary = Diary::new();
        let node = world.main();
        let made = Made { fails: false, diary: diary.clone() };
        let counter = world.spawn_on(node, SpawnOptions::named("counter"), Arc::new(made))?;
        world.spawn(
            "other",
            actor(move |cx, input| {
                if input == Input::Start {
                    cx.exit_with(counter, ExitReason::Shutdown)?;
                }
                Ok(())
            }),
        );
        world.settle()?;
        let all = diary.all();
        assert!(all.iter().filter(|e| *e == "stop").count() <= 1, "{all:?}");
        assert!(all.last().is_none_or(|last| last == "stop" || last == "down 0"), "{all:?}");
        assert_eq!(world.actor(counter), None);
        Ok(())
    });
}
