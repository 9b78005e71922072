//! Rules over messages, with a guard for as long as they are in force.

mod common;

use common::{Do, MS, SECOND, came, fact, fine, nodes, pass, replays, tell};
use seedbed_core::{Actor, Context, RequestFailure, Result};
use seedbed_sim::{AskError, Faults, World};
use std::time::Duration;

#[test]
fn a_hold_keeps_what_it_picks_and_all_behind_it_of_its_pair() {
    fine(Faults::none(), |world| {
        let [_, b, _] = nodes(world)?;
        let held = world.hold(move |m| m.to_node == b && m.tag == 3);
        tell(world, "a", Do::Pass("b".into(), 1, 0))?;
        tell(world, "a", Do::Pass("b".into(), 2, 3))?;
        tell(world, "a", Do::Pass("b".into(), 3, 0))?;
        tell(world, "c", Do::Pass("b".into(), 4, 0))?;
        world.run_for(SECOND)?;
        assert_eq!([1, 2, 3, 4].map(|n| came(world, "b", n).is_some()), [true, false, false, true]);
        assert!(!world.is_at_rest());
        assert_eq!(held.picked(), 1);
        drop(held);
        world.run_for(SECOND)?;
        assert_eq!([2, 3].map(|n| came(world, "b", n)), [Some(SECOND); 2]);
        assert!(world.is_at_rest());
        Ok(())
    });
}

#[test]
fn a_hold_within_a_node_only_changes_the_order() {
    struct Sink;
    impl Actor for Sink {
        type Message = u64;
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            let now = cx.now().as_nanos() as i64;
            cx.observe(&format!("at {n}"), now);
            Ok(())
        }
    }
    struct Source(&'static str, u64);
    impl Actor for Source {
        type Message = ();
        fn on_start(&mut self, cx: &mut Context) -> Result<()> {
            let to = cx.address("sink")?;
            for n in [self.1, self.1 + 1] {
                cx.send(to, &n)?;
            }
            let _ = self.0;
            Ok(())
        }
        fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
            Ok(())
        }
    }
    for seed in 0..8 {
        replays(&Faults::none(), seed, |world: &mut World| {
            let sink = world.spawn("sink", || Sink);
            // Drops and duplicates have no power here.
            let lost = world.drop_when(move |m| m.to == sink && m.from_node == m.to_node);
            let held = world.hold(move |m| m.to == sink && m.from_path == "main/x");
            world.spawn("x", || Source("x", 1));
            world.spawn("y", || Source("y", 3));
            world.run_for(SECOND)?;
            let at = |world: &World, n: u64| world.facts().get("main/sink", &format!("at {n}"));
            assert_eq!([1, 2, 3, 4].map(|n| at(world, n)), [None, None, Some(0), Some(0)]);
            assert_eq!((lost.picked(), held.picked()), (0, 1), "what is behind the first was not looked at");
            drop(held);
            world.run_for(SECOND)?;
            assert_eq!([1, 2].map(|n| at(world, n)), [Some(1_000_000_000); 2]);
            let late = world.delay_when(2 * SECOND, move |m| m.to == sink);
            world.send(sink, 5u64);
            world.send(sink, 6u64);
            world.run_for(SECOND)?;
            assert_eq!(at(world, 5), None);
            world.run_for(SECOND + Duration::from_millis(200))?;
            assert!(at(world, 5).is_some() && at(world, 6) >= at(world, 5));
            assert_eq!(late.picked(), 2);
            Ok(())
        });
    }
}

#[test]
fn a_message_is_lost_delayed_or_doubled_while_the_guard_lives() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        let lost = world.drop_when(|m| m.to_path == "b/probe" && m.from_path == "a/probe");
        pass(world, "a", "b", 1)?;
        pass(world, "a", "c", 2)?;
        pass(world, "c", "b", 3)?;
        world.run_for(SECOND)?;
        assert_eq!([came(world, "b", 1), came(world, "c", 2)], [None, Some(MS)]);
        assert!(came(world, "b", 3).is_some());
        assert_eq!(lost.picked(), 1);
        drop(lost);
        pass(world, "a", "b", 1)?;
        world.run_for(SECOND)?;
        assert_eq!(came(world, "b", 1), Some(SECOND + MS));

        let late = world.delay_when(SECOND, |m| m.payload.first() == Some(&0) && m.to_path == "b/probe");
        pass(world, "a", "b", 4)?;
        world.run_for(SECOND / 2)?;
        assert_eq!(came(world, "b", 4), None);
        // What is late stays late when the rule ends, and nothing of its pair overtakes it.
        drop(late);
        pass(world, "a", "b", 5)?;
        world.run_for(SECOND)?;
        assert_eq!([4, 5].map(|n| came(world, "b", n)), [Some(3 * SECOND + MS); 2]);

        let twice = world.duplicate_when(|m| m.to_path == "b/probe");
        let turns = |world: &World| {
            let to = world.address("probe", "b").expect("b is a node");
            world.actor(to).expect("it lives").turns
        };
        let before = turns(world);
        pass(world, "a", "b", 6)?;
        world.run_for(SECOND)?;
        assert_eq!((turns(world) - before, twice.picked()), (2, 1));
        Ok(())
    });
}

#[test]
fn requests_and_replies_of_clients_are_picked_too() {
    fine(Faults::none(), |world| {
        nodes(world)?;
        let to = world.address("probe", "a")?;
        let lost = world.drop_when(|m| m.reply);
        let ended = world.ask::<_, u64>(to, Do::Take(1));
        assert_eq!(ended, Err(AskError::Failed(RequestFailure::Timeout)));
        assert!(came(world, "a", 1).is_some());
        drop(lost);
        let lost = world.drop_when(|m| m.request && m.from_path.starts_with("outside/"));
        assert_eq!(world.ask::<_, u64>(to, Do::Take(2)), Err(AskError::Failed(RequestFailure::Timeout)));
        assert!(came(world, "a", 2).is_none());
        drop(lost);
        assert_eq!(world.ask(to, Do::Take(3)), Ok(3u64));
        Ok(())
    });
}

#[test]
fn rules_end_when_faults_stop_and_a_crash_forgets_what_they_held() {
    fine(Faults::none(), |world| {
        let [_, b, _] = nodes(world)?;
        let _held = world.hold(|m| m.to_path == "b/probe");
        // Already in the mailbox of b, or still on its way.
        tell(world, "b", Do::Take(1))?;
        pass(world, "a", "b", 2)?;
        world.run_for(SECOND)?;
        world.crash(b);
        world.restart(b);
        world.run()?;
        assert!(fact(world, "b", "at 2").is_some(), "it came when the rule ended");
        Ok(())
    });
}

#[test]
fn runs_with_rules_replay() {
    for seed in 0..12 {
        replays(&Faults::chaos(), seed, |world| {
            let [_, b, _] = nodes(world)?;
            let mut guards = Vec::new();
            for n in 0..30u64 {
                for (from, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
                    pass(world, from, to, n)?;
                }
                world.run_for(SECOND / 10)?;
                match n % 6 {
                    0 => guards.push(world.hold(move |m| m.to_node == b)),
                    1 => guards.push(world.delay_when(SECOND, |m| m.tag == 0)),
                    2 => guards.push(world.duplicate_when(|m| m.from_path.starts_with("a/"))),
                    3 => guards.push(world.drop_when(|m| m.from_path.starts_with("c/"))),
                    _ => drop(guards.pop()),
                }
            }
            Ok(())
        });
    }
}
