//! T1: a turn is one call of one hook, and turns never overlap on a node.

use seedbed_core::{Flags, Hook, Reason};
use sim_tests::{Diary, Input, Record, Trace, actor, holds};
use std::time::Duration;

#[test]
fn each_call_of_a_hook_is_a_turn_of_its_own() {
    holds(|world| {
        let (trace, calls) = (Trace::new(), Diary::new());
        world.observe(trace.clone());
        for name in ["a", "b", "c"] {
            let calls = calls.clone();
            let pid = world.spawn(
                name,
                actor(move |cx, input| {
                    // Nothing of another turn may come between these two.
                    calls.push((cx.me(), true));
                    match &input {
                        Input::Start => drop(cx.set_timer(Duration::from_millis(1), 0)?),
                        Input::Message(0) => cx.stop(Reason::Normal),
                        Input::Message(n) => {
                            let me = cx.me();
                            cx.send(me, &(n - 1))?;
                        }
                        _ => {}
                    }
                    calls.push((cx.me(), false));
                    Ok(())
                }),
            );
            world.send(pid, 5u64);
        }
        world.settle()?;
        let calls = calls.all();
        assert!(calls.chunks(2).all(|c| c[0].0 == c[1].0 && c[0].1 && !c[1].1));
        let turns: Vec<Record> = trace.all().into_iter().filter(is_turn).collect();
        assert_eq!(turns.len(), calls.len());
        for pair in turns.chunks(2) {
            let [Record::Turn { pid, hook, flags, .. }, Record::TurnEnd { pid: of, failed }] = pair else {
                panic!("a turn began inside another: {pair:?}");
            };
            assert_eq!((pid, failed), (of, &false));
            let mail = flags.has(Flags::MESSAGE) || flags.has(Flags::TIMER);
            assert_eq!(*hook == Hook::Message, mail && *flags != Flags(1 << 31));
        }
        // Start, message 5 to 0, timer, stop; without the timer if the stop came first.
        for name in ["a", "b", "c"] {
            let hooks = trace.hooks(&format!("main/{name}"));
            assert_eq!((hooks[0], hooks[hooks.len() - 1]), (Hook::Start, Hook::Stop));
            assert!([8, 9].contains(&hooks.len()), "{hooks:?}");
        }
        Ok(())
    });
}

fn is_turn(record: &Record) -> bool {
    matches!(record, Record::Turn { .. } | Record::TurnEnd { .. })
}
