//! Faults by plan: at a time, again and again, when a condition comes true; inside the budget.

mod common;

use common::{Do, MS, SECOND, came, fact, fine, nodes, pass, replays, tell};
use seedbed_sim::{End, Faults, PlanError, Reads, World};
use std::time::Duration;

#[test]
fn a_plan_does_what_it_says_when_it_says() {
    fine(Faults::none(), |world| {
        let [a, b, _] = nodes(world)?;
        world.plan("at 1s partition a|b for 2s")?;
        world.plan("every 10s crash b for 1s")?;
        for (second, through) in [(0, true), (1, false), (2, false), (3, true)] {
            world.run_for(MS * 500)?;
            pass(world, "a", "b", second)?;
            world.run_for(MS * 500)?;
            assert_eq!(came(world, "b", second).is_some(), through, "{second}");
        }
        for (after, up) in [(5_999, true), (2, false), (997, false), (2, true), (8_999, true), (2, false)] {
            world.run_for(MS * after)?;
            assert_eq!((world.is_up(a), world.is_up(b)), (true, up), "{}", world.now());
        }
        assert_eq!(world.stats().faults.get("planned crash"), Some(&2));
        assert_eq!(world.stats().sometimes.get("plan: at 1s partition a|b for 2s"), Some(&true));
        Ok(())
    });
}

#[test]
fn a_world_waits_for_what_is_planned_once_and_not_for_what_is_planned_for_ever() {
    let outcome = fine(Faults::none(), |world| {
        nodes(world)?;
        world.plan("at 9s crash b for 1s")?;
        world.plan("every 4s kill a/probe")?;
        assert_eq!(world.run()?, End::Rest);
        Ok(())
    });
    assert_eq!(outcome.time.as_nanos(), 10_000_000_000);
    assert_eq!(
        outcome.stats.faults.get("planned kill"),
        Some(&1),
        "{:?}: it is gone after the first",
        outcome.stats
    );
}

#[test]
fn a_condition_acts_when_it_comes_true_and_so_often() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        let came_to_b = |world: &World| came(world, "b", 1).is_some();
        world.when(came_to_b, "kill a/probe")?;
        let number = |world: &World| fact(world, "c", "last 7").is_some();
        world.when_times(2, Reads::FACTS, number, "crash c for 1s")?;
        pass(world, "a", "b", 1)?;
        world.run_for(SECOND)?;
        let gone = world.address("probe", "a")?;
        assert_eq!(world.actor(gone), None);
        assert_eq!(world.stats().faults.get("planned kill"), Some(&1));
        for up in [false, false, true] {
            tell(world, "c", Do::Take(7))?;
            world.run_for(SECOND / 2)?;
            let c = world.nodes().find(|(name, _)| *name == "c").expect("it is there").1;
            assert_eq!(world.is_up(c), up);
            world.run_for(2 * SECOND)?;
        }
        Ok(())
    });
}

#[test]
fn every_kind_of_fault_can_be_planned() {
    fine(Faults::none(), |world| {
        let [_, b, c] = nodes(world)?;
        world.plan("at 1s partition a->b for 1s")?;
        world.plan("at 1s clog c|* for 1s")?;
        world.run_for(SECOND + MS)?;
        for (from, to, n) in [("a", "b", 1), ("b", "a", 2), ("c", "a", 3), ("b", "c", 4)] {
            pass(world, from, to, n)?;
        }
        world.run_for(SECOND)?;
        assert_eq!([came(world, "b", 1), came(world, "a", 2)], [None, Some(SECOND + 2 * MS)]);
        assert_eq!(
            [came(world, "a", 3), came(world, "c", 4)],
            [Some(2 * SECOND + MS); 2].map(|at| at.map(|t| t - MS))
        );

        world.plan("at 3s partition a|b")?;
        world.plan("at 4s heal a|b")?;
        world.run_for(SECOND)?;
        pass(world, "a", "b", 5)?;
        world.run_for(SECOND)?;
        pass(world, "a", "b", 6)?;
        world.run_for(SECOND)?;
        assert_eq!((came(world, "b", 5), came(world, "b", 6).is_some()), (None, true));

        world.plan("at 6s pause b for 1s")?;
        world.plan("at 8s slow b by 300ms for 1s")?;
        world.run_for(2 * SECOND - MS * 500)?;
        tell(world, "b", Do::Take(7))?;
        world.run_for(SECOND)?;
        assert!(came(world, "b", 7).expect("it came") >= 7 * SECOND);
        world.run_for(SECOND)?;
        let start = Duration::from_nanos(world.now().as_nanos());
        for n in 8..11 {
            tell(world, "b", Do::Take(n))?;
        }
        world.run_for(3 * SECOND)?;
        assert_eq!([8, 9, 10].map(|n| came(world, "b", n)), [0, 300, 600].map(|ms| Some(start + MS * ms)));

        world.plan("at 20s fail a/probe")?;
        world.plan("at 20s stop b/probe")?;
        world.plan("at 20s crash c")?;
        world.plan("at 22s restart c")?;
        world.run_until_ns(21)?;
        assert!(
            ["a", "b"]
                .iter()
                .all(|node| world.address("probe", node).is_ok_and(|pid| world.actor(pid).is_none()))
        );
        assert!(!world.is_up(c) && world.is_up(b));
        world.run_until_ns(23)?;
        assert!(world.is_up(c));
        Ok(())
    });
}

/// Runs until so many seconds after the start.
trait Until {
    fn run_until_ns(&mut self, seconds: u64) -> anyhow::Result<()>;
}

impl Until for World {
    fn run_until_ns(&mut self, seconds: u64) -> anyhow::Result<()> {
        let until = Duration::from_secs(seconds) - Duration::from_nanos(self.now().as_nanos());
        Ok(self.run_for(until)?)
    }
}

#[test]
fn clocks_and_stores_go_wrong_by_plan() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        world.plan("at 1s drift a +500000ppm for 10s")?;
        world.plan("at 1s skew b -5s for 10s")?;
        world.plan("at 1s jump c +1s")?;
        world.plan("at 1s fill stores of a for 1s")?;
        world.plan("at 1s break stores of b for 1s")?;
        for node in ["a", "b"] {
            tell(world, node, Do::Append)?;
        }
        world.run_for(SECOND + MS)?;
        for node in ["a", "b"] {
            tell(world, node, Do::Append)?;
            tell(world, node, Do::Read)?;
        }
        world.run_for(SECOND / 2)?;
        assert_eq!(["a", "b"].map(|node| fact(world, node, "append")), [Some(3), Some(2)]);
        assert_eq!(["a", "b"].map(|node| fact(world, node, "records")), [Some(1), None]);
        world.run_for(SECOND)?;
        let asleep = Duration::from_nanos(world.now().as_nanos());
        for node in ["a", "b", "c"] {
            tell(world, node, Do::Append)?;
            tell(world, node, Do::Sleep(1_500_000_000))?;
        }
        world.run_for(SECOND + MS)?;
        assert_eq!(["a", "b", "c"].map(|node| fact(world, node, "slept").is_some()), [true, false, false]);
        assert!(fact(world, "a", "slept") >= Some(1_500_000_000), "by its own clock");
        world.run_for(SECOND)?;
        assert_eq!(
            ["a", "b", "c"].map(|node| fact(world, node, "skew")),
            [0, -5_000_000_000, 1_000_000_000].map(Some)
        );
        assert_eq!(["a", "b"].map(|node| fact(world, node, "append")), [Some(0); 2]);
        assert!(asleep < 3 * SECOND);
        Ok(())
    });
}

#[test]
fn messages_are_held_lost_delayed_and_doubled_by_plan() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        world.plan("at 1s hold a -> b tag 3 for 1s")?;
        world.plan("at 1s drop c/probe -> a for 1s")?;
        world.plan("at 1s delay * -> c by 5s for 1s")?;
        world.run_for(SECOND + MS)?;
        for (from, to, n, tag) in [("a", "b", 1, 3), ("b", "a", 2, 3), ("c", "a", 3, 0), ("a", "c", 4, 0)] {
            tell(world, from, Do::Pass(to.into(), n, tag))?;
        }
        world.run_for(SECOND / 2)?;
        assert_eq!((came(world, "b", 1), came(world, "a", 2).is_some()), (None, true));
        world.run_for(SECOND)?;
        assert_eq!(came(world, "b", 1), Some(2 * SECOND));
        assert_eq!((came(world, "a", 3), came(world, "c", 4)), (None, None));
        world.run_for(5 * SECOND)?;
        assert_eq!(came(world, "c", 4), Some(6 * SECOND + 2 * MS));
        Ok(())
    });
}

#[test]
fn a_plan_stays_inside_the_budget() {
    let budget = Faults { nodes_down_max: 1, heal_max: 5_000_000_000, faults_max: 3, ..Faults::none() };
    let outcome = fine(budget, |world| {
        let [_, b, c] = nodes(world)?;
        let beyond = PlanError::BeyondBudget("at 1s partition a|b for 6s".into(), 5 * SECOND);
        assert_eq!(world.plan("at 1s partition a|b for 6s"), Err(beyond));
        assert!(world.plan("at 1s clog a|b").is_err());
        world.plan("at 1s crash b for 3s")?;
        world.plan("at 2s crash c for 3s")?;
        for at in 10..14 {
            world.plan(&format!("at {at}s partition a|b for 100ms"))?;
        }
        world.run_for(3 * SECOND)?;
        assert_eq!((world.is_up(b), world.is_up(c)), (false, true), "one node at a time");
        Ok(())
    });
    assert_eq!(outcome.stats.faults.get("planned partition"), Some(&2), "three faults in all");
    assert_eq!(outcome.stats.sometimes.get("plan: at 2s crash c for 3s"), Some(&false));
}

#[test]
fn when_faults_stop_all_that_a_plan_began_is_put_right() {
    let outcome = fine(Faults::none(), |world| {
        let [_, b, _] = nodes(world)?;
        for line in
            ["crash b", "partition a|c", "hold a -> c", "drop * -> a", "slow a by 1s", "break stores of a"]
        {
            world.plan(&format!("at 1s {line}"))?;
        }
        world.run_for(SECOND + MS)?;
        pass(world, "a", "c", 1)?;
        assert!(!world.is_up(b));
        world.run()?;
        assert!(world.is_up(b));
        for (from, to) in [("a", "c"), ("c", "a")] {
            pass(world, from, to, 2)?;
        }
        tell(world, "a", Do::Append)?;
        world.run_for(SECOND)?;
        assert!(came(world, "c", 2).is_some() && came(world, "a", 2).is_some());
        assert_eq!(fact(world, "a", "append"), Some(0));
        Ok(())
    });
    assert_eq!(outcome.stats.faults.len(), 6, "{:?}", outcome.stats.faults);
}

#[test]
fn lines_that_name_nobody_are_refused() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        for line in
            ["at 1s crash d", "at 1s partition a|d for 1s", "at 1s kill d/probe", "at 1s hold d/x -> *"]
        {
            assert_eq!(world.plan(line), Err(PlanError::NoNode("d".into())), "{line}");
        }
        assert!(world.plan("crash b").is_err() && world.when(|_| true, "crash").is_err());
        // Nobody lives there when the time comes: it is seen not to have happened.
        world.plan("at 1s kill a/nobody")?;
        world.run_for(2 * SECOND)?;
        assert_eq!(world.stats().sometimes.get("plan: at 1s kill a/nobody"), Some(&false));
        Ok(())
    });
}

#[test]
fn runs_with_plans_replay_from_their_tapes_and_no_tape_holds_a_plan() {
    for seed in 0..12 {
        let outcome = replays(&Faults::chaos(), seed, |world| {
            nodes(world)?;
            for line in [
                "every 700ms crash b for 300ms",
                "every 900ms clog a->c for 400ms",
                "at 1s drift c -300000ppm for 1s",
                "every 300ms hold * -> a for 100ms",
            ] {
                world.plan(line)?;
            }
            world.when(|world| came(world, "b", 9).is_some(), "partition b|* for 500ms")?;
            for n in 0..30 {
                for (from, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
                    pass(world, from, to, n)?;
                }
                tell(world, "c", Do::Sleep(10_000_000))?;
                world.run_for(SECOND / 10)?;
            }
            Ok(())
        });
        assert!(outcome.stats.faults.get("planned crash").is_some_and(|n| *n >= 3));
    }
    let calm = replays(&Faults::none(), 0, |world| {
        nodes(world)?;
        world.plan("at 1s crash b for 1s")?;
        Ok(())
    });
    assert!(calm.tape.entries.iter().all(|e| !e.is_fault()));
}
