//! W3, trap 16: time moves only when nothing is enabled, or when a choice lets the clock pass to the
//! next deadline while mail waits; idle time costs nothing.

use seedbed_core::{Instead, Signal, TapeEntry, Time};
use seedbed_sim::{Faults, InWorld, World, WorldConfig};
use sim_tests::{Diary, Input, SEEDS, actor, faulty, lenient, once, strategy};
use std::time::Duration;

/// A chain of messages beside a timer of 1 ms: without the clock as a choice the chain is done at 0.
fn chain(diary: Diary<Option<u64>>) -> impl Fn(&mut World) -> anyhow::Result<()> {
    move |world| {
        let keep = diary.clone();
        world.spawn(
            "a",
            actor(move |cx, input| {
                let me = cx.me();
                match input {
                    Input::Start => {
                        cx.set_timer(Duration::from_millis(1), 0)?;
                        cx.send(me, &50u64)?;
                    }
                    Input::Message(n) => {
                        keep.push(Some(cx.now().as_nanos()));
                        if n > 0 {
                            cx.send(me, &(n - 1))?;
                        }
                    }
                    Input::Signal(Signal::Timer { .. }) => keep.push(None),
                    _ => {}
                }
                Ok(())
            }),
        );
        Ok(())
    }
}

#[test]
fn mail_first_unless_the_clock_is_chosen() {
    let mut overtaken = 0;
    for seed in 0..SEEDS {
        let diary = Diary::new();
        let outcome =
            once(&InWorld { config: lenient(), program: chain(diary.clone()) }, seed, strategy(seed));
        assert_eq!(outcome.found, None);
        let all = diary.all();
        assert!(all[..51].iter().all(|e| *e == Some(0)) && all[51].is_none());
        let diary = Diary::new();
        let config = faulty(Faults { clock: 100_000, ..Faults::none() });
        let outcome = once(&InWorld { config, program: chain(diary.clone()) }, seed, strategy(seed));
        let clocks = outcome.tape.entries.iter();
        let clocks = clocks.filter(|e| matches!(e, TapeEntry::Order { instead: Instead::Clock, .. })).count();
        let early = diary.all().iter().position(Option::is_none).is_some_and(|at| at < 51);
        assert!(clocks <= 1 && (clocks == 1 || !early), "once passed there is no deadline to pass to");
        overtaken += u64::from(early);
    }
    assert!(overtaken > SEEDS / 4, "{overtaken}");
}

#[test]
fn t16_an_idle_year_is_one_step() {
    fn year(world: &mut World) -> anyhow::Result<()> {
        let sleeps = actor(|cx, input| {
            if input == Input::Start {
                cx.set_timer(Duration::from_secs(365 * 86_400), 0)?;
            }
            Ok(())
        });
        world.spawn("a", sleeps);
        Ok(())
    }
    let config = WorldConfig { duration: Duration::from_secs(400 * 86_400), ..lenient() };
    let outcome = once(&InWorld { config, program: year }, 1, strategy(1));
    assert_eq!((outcome.stats.steps, outcome.time), (2, Time::ZERO + Duration::from_secs(365 * 86_400)));
}
