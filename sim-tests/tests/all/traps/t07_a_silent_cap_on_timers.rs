//! A bound on timers answers, and all that were granted fire; timers that never end are a finding.

use seedbed_core::{Code, Context, Limited, Limits, Permissions};
use seedbed_sim::{InWorld, World, WorldConfig};
use sim_tests::{Diary, holds, lenient, once, strategy, timed};
use std::time::Duration;

#[test]
fn as_many_as_asked_for_fire_and_each_bound_that_ends_a_run_is_a_finding() {
    holds(|world| {
        let (fired, refused) = (Diary::new(), Diary::new());
        let (fires, refuses) = (fired.clone(), refused.clone());
        let sets = timed(
            move |cx| {
                for n in 0..250 {
                    if let Err(code) = cx.set_timer(Duration::from_millis(n % 7), n) {
                        refuses.push(code);
                    }
                }
                Ok(())
            },
            move |_, _, tag| {
                fires.push(tag);
                Ok(())
            },
        );
        let limits = Limits { pending_max: 200, ..Limits::default() };
        world.spawn("a", Limited { factory: sets, limits, permissions: Permissions::default() });
        world.settle()?;
        let mut all = fired.all();
        all.sort_unstable();
        assert_eq!((all, refused.all()), ((0..200).collect(), vec![Code::LimitReached; 50]));
        Ok(())
    });
    fn ticks(world: &mut World) -> anyhow::Result<()> {
        let sets = |cx: &mut Context| {
            cx.set_timer(Duration::from_nanos(1), 0)?;
            Ok(())
        };
        world.spawn("ticks", timed(sets, move |cx, _, _| sets(cx)));
        Ok(())
    }
    let config = WorldConfig { steps_max: 300, ..lenient() };
    let outcome = once(&InWorld { config, program: ticks }, 1, strategy(1));
    assert_eq!(outcome.found.expect("it never ends").property, "a run ends within steps_max");
}
