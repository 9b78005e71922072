//! O1: `perform` answers with a correlation at the call, or a code; the outcome comes as exactly one
//! completion, unless the actor ends before.

use seedbed_core::{Code, Correlation, EffectError, Limited, Limits, Permissions, Signal};
use seedbed_sim::Faults;
use sim_tests::{Bare, Diary, Input, actor, faulty, holds_in};

#[test]
fn or_is_refused_at_the_call() {
    let faults = Faults { delay: 500_000, clock: 200_000, ..Faults::none() };
    holds_in(&faulty(faults), |world| {
        world.effect("double", |request, _| match request.payload[..] {
            [0] => Err(EffectError { code: 7, text: "nothing to double".into() }),
            [n] => Ok(vec![2 * n]),
            _ => Ok(vec![]),
        });
        let diary = Diary::new();
        let keep = diary.clone();
        let a = actor(move |cx, input| {
            match input {
                Input::Start => {
                    assert_eq!(cx.perform("triple", &[1]), Err(Code::NotFound));
                    assert_eq!(cx.perform("store", &[1]), Err(Code::Denied));
                    for n in 0..4u8 {
                        assert_eq!(cx.perform("double", &[n]), Ok(Correlation(u64::from(n) + 1)));
                    }
                    assert_eq!(cx.perform("double", &[4]), Err(Code::LimitReached));
                }
                Input::Signal(Signal::Completion { correlation, outcome }) => {
                    keep.push((correlation.0, outcome.map(|b| b.0).map_err(|e| e.code)));
                }
                _ => {}
            }
            Ok(())
        });
        let limits = Limits { pending_max: 4, ..Limits::default() };
        let permissions =
            Permissions { effects: Some(vec!["double".into(), "triple".into()]), ..Permissions::default() };
        world.spawn("a", Limited { factory: a, limits, permissions });
        world.settle()?;
        let mut all = diary.all();
        all.sort();
        assert_eq!(all, [(1, Err(7)), (2, Ok(vec![2])), (3, Ok(vec![4])), (4, Ok(vec![6]))]);
        Ok(())
    });
}

/// A reactor that ends an effect twice, or one that nobody asked for, reaches nobody with it.
#[test]
fn what_a_reactor_says_twice_is_heard_once() {
    let mut bare = Bare::new();
    let diary = Diary::new();
    let keep = diary.clone();
    let a = bare.spawn(
        "a",
        actor(move |cx, input| {
            match input {
                Input::Start => drop(cx.perform("echo", b"x")?),
                Input::Signal(Signal::Completion { correlation, .. }) => keep.push(correlation.0),
                _ => {}
            }
            Ok(())
        }),
    );
    bare.settle();
    for correlation in [1, 1, 2] {
        bare.kernel.complete(&mut bare.reads, a, correlation, &Ok(vec![]));
        bare.settle();
    }
    assert_eq!(diary.all(), [1]);
}
