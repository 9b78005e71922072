//! Links: ways that stop alone, clogs, bandwidth, long tails, and rates of one link.

use seedbed_core::{Actor, At, Context, Event, NodeId, Observer, Result, SpawnOptions, Time};
use seedbed_sim::{
    Faults, InWorld, Latency, Link, NodeBoot, OUTSIDE, Outcome, Program, RunConfig, StrategySpec, World,
    WorldConfig, replay, run_with,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Passes numbers on to `probe` of another node: (node, number, bytes).
struct Probe;

impl Actor for Probe {
    type Message = (Option<String>, u64, Vec<u8>);

    fn on_message(&mut self, cx: &mut Context, (to, n, bytes): Self::Message) -> Result<()> {
        match to {
            Some(node) => {
                let to = cx.address(&format!("probe@{node}"))?;
                cx.send(to, &(None::<String>, n, bytes))?;
            }
            None => {
                let now = cx.now().as_nanos() as i64;
                cx.observe(&format!("at {n}"), now);
                cx.observe("last", n as i64);
            }
        }
        Ok(())
    }
}

fn probe(boot: &mut NodeBoot<'_>) {
    boot.spawn(SpawnOptions::registered("probe"), Arc::new(|| Probe)).expect("the name is free");
}

/// Nodes a, b and c; a millisecond from node to node and none from outside.
fn nodes(world: &mut World) -> anyhow::Result<[NodeId; 3]> {
    let nodes = ["a", "b", "c"].map(|name| world.node(name, probe));
    for (x, y) in [("a", "b"), ("a", "c"), ("b", "c")] {
        world.link(x, y, Latency::fixed(1_000_000))?;
        world.link(OUTSIDE, x, Latency::fixed(0))?;
    }
    Ok(nodes)
}

/// Lets `from` send a number to `to` now, with so many bytes.
fn send(world: &mut World, from: &str, to: &str, n: u64, bytes: usize) -> anyhow::Result<()> {
    let at = world.address("probe", from)?;
    world.send(at, (Some(to.to_owned()), n, vec![0; bytes]));
    Ok(())
}

/// When a number came to a node.
fn came(world: &World, node: &str, n: u64) -> Option<Duration> {
    let at = world.facts().get(&format!("{node}/probe"), &format!("at {n}"))?;
    Some(Duration::from_nanos(at as u64))
}

fn fine(body: impl Fn(&mut World) -> anyhow::Result<()>) -> Outcome {
    let program = InWorld { config: WorldConfig::default(), program: body };
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new());
    assert_eq!(outcome.found, None);
    outcome
}

#[test]
fn a_way_that_is_cut_leaves_the_way_back_alone() {
    fine(|world| {
        let [a, b, _] = nodes(world)?;
        send(world, "a", "b", 1, 0)?;
        send(world, "b", "a", 2, 0)?;
        world.run_for(MS / 2)?;
        world.partition_one_way(a, b, SECOND);
        for (from, to, n) in [("a", "b", 3), ("b", "a", 4), ("a", "c", 5)] {
            send(world, from, to, n, 0)?;
        }
        world.run_for(2 * SECOND)?;
        assert_eq!((came(world, "b", 1), came(world, "b", 3)), (None, None), "in flight and sent");
        assert_eq!(came(world, "a", 2), Some(MS));
        assert!(came(world, "a", 4).is_some() && came(world, "c", 5).is_some());
        send(world, "a", "b", 6, 0)?;
        world.run_for(SECOND)?;
        assert!(came(world, "b", 6).is_some(), "it healed");
        Ok(())
    });
}

#[test]
fn a_clog_holds_everything_and_lets_it_come_in_its_order() {
    fine(|world| {
        let [a, b, _] = nodes(world)?;
        send(world, "a", "b", 1, 0)?;
        world.run_for(MS / 2)?;
        world.clog(a, b, SECOND);
        for n in 2..5 {
            send(world, "a", "b", n, 0)?;
        }
        send(world, "b", "a", 9, 0)?;
        world.run_for(SECOND / 2)?;
        assert!((1..5).all(|n| came(world, "b", n).is_none()) && came(world, "a", 9).is_none());
        assert!(!world.is_at_rest(), "what waits is in flight");
        world.run_for(SECOND)?;
        let cleared = MS / 2 + SECOND;
        for n in 1..5 {
            assert_eq!(came(world, "b", n), Some(cleared), "{n}");
        }
        assert_eq!(world.facts().get("b/probe", "last"), Some(4));
        assert_eq!(came(world, "a", 9), Some(cleared));
        Ok(())
    });
}

#[test]
fn a_clog_that_is_cleared_early_lets_go_at_once_and_one_under_a_cut_waits_for_both() {
    fine(|world| {
        let [a, b, c] = nodes(world)?;
        world.clog_one_way(a, b, 100 * SECOND);
        send(world, "a", "b", 1, 0)?;
        world.run_for(SECOND)?;
        world.heal(b, a);
        world.run_for(MS)?;
        assert_eq!(came(world, "b", 1), Some(SECOND));
        // A cut takes the messages that a clog holds.
        world.clog(a, c, SECOND);
        send(world, "a", "c", 2, 0)?;
        world.run_for(SECOND / 2)?;
        world.partition(a, c, 2 * SECOND);
        world.run_for(3 * SECOND)?;
        assert_eq!(came(world, "c", 2), None);
        Ok(())
    });
}

#[test]
fn a_clog_for_long_is_a_node_lost_and_what_it_held_still_comes() {
    struct Losses(Rc<RefCell<Vec<(NodeId, NodeId, Time)>>>);
    impl Observer for Losses {
        fn event(&mut self, at: At, event: &Event<'_>) {
            if let Event::NodeLost { node } = event {
                self.0.borrow_mut().push((at.node, *node, at.time));
            }
        }
    }
    fine(|world| {
        let [a, b, _] = nodes(world)?;
        let losses = Rc::new(RefCell::new(Vec::new()));
        world.observe(Losses(Rc::clone(&losses)));
        world.clog_one_way(a, b, 8 * SECOND);
        send(world, "a", "b", 1, 0)?;
        world.run_for(20 * SECOND)?;
        let at = Time::ZERO + 5 * SECOND;
        assert_eq!(losses.take(), [(a, b, at), (b, a, at)]);
        assert_eq!(came(world, "b", 1), Some(8 * SECOND));
        Ok(())
    });
}

#[test]
fn a_message_waits_until_those_before_it_are_through_the_link() {
    fine(|world| {
        nodes(world)?;
        let latency = Some(Latency::fixed(1_000_000));
        world.link("a", "b", Link { latency, bandwidth: Some(1_000_000), ..Link::default() })?;
        // 64 bytes of envelope and a few of encoding beside the payload: a little more than 10 ms each.
        for n in 1..4 {
            send(world, "a", "b", n, 10_000)?;
        }
        send(world, "b", "a", 4, 0)?;
        send(world, "a", "c", 5, 10_000)?;
        world.run_for(SECOND)?;
        for n in 1..4 {
            let at = came(world, "b", n).expect("it came");
            let through = (MS * 10 + Duration::from_micros(68)) * n as u32 + MS;
            assert_eq!(at, through, "{n}");
        }
        assert!(came(world, "a", 4).expect("it came") < 2 * MS, "the way back is free");
        assert_eq!(came(world, "c", 5), Some(MS), "other links have no bound");
        // A message that is sent when the link is free does not wait.
        send(world, "a", "b", 6, 0)?;
        world.run_for(SECOND)?;
        assert!(came(world, "b", 6).expect("it came") < SECOND + 2 * MS);
        Ok(())
    });
}

/// How late each of 200 messages came from a to b, in a world with these faults and this link.
fn lateness(seed: u64, faults: &Faults, link: Link) -> (Vec<Duration>, Outcome, impl Program + use<>) {
    let late = Rc::new(RefCell::new(Vec::new()));
    let program = InWorld {
        config: WorldConfig { faults: faults.clone(), ..WorldConfig::default() },
        program: {
            let late = Rc::clone(&late);
            move |world: &mut World| {
                nodes(world)?;
                world.link("a", "b", link)?;
                late.borrow_mut().clear();
                for n in 0..200 {
                    let sent = Duration::from_nanos(world.now().as_nanos());
                    send(world, "a", "b", n, 0)?;
                    send(world, "a", "c", n, 0)?;
                    world.run_for(SECOND / 5)?;
                    assert!(came(world, "c", n).is_some(), "the other link has no faults of its own");
                    late.borrow_mut().extend(came(world, "b", n).map(|at| at - sent));
                }
                Ok(())
            }
        },
    };
    let (outcome, _) = run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
    assert_eq!(outcome.found, None);
    (late.take(), outcome, program)
}

#[test]
fn a_long_tail_is_mostly_short_and_sometimes_as_long_as_can_be() {
    let faults = Faults { delay: 1_000_000, ..Faults::none() };
    let run = |latency: Latency| -> Vec<Duration> {
        (0..4).flat_map(|seed| lateness(seed, &faults, latency.into()).0).collect()
    };
    let (even, tail) =
        (run(Latency::between(0, 150_000_000)), run(Latency::between(0, 150_000_000).long_tailed()));
    let median = |all: &[Duration]| {
        let mut delayed: Vec<Duration> = all.iter().copied().filter(|d| *d > Duration::ZERO).collect();
        delayed.sort_unstable();
        delayed[delayed.len() / 2]
    };
    assert!(median(&even) > 50 * MS && median(&tail) < 5 * MS, "{:?} {:?}", median(&even), median(&tail));
    assert_eq!((even.iter().max(), tail.iter().max()), (Some(&(150 * MS)), Some(&(150 * MS))));
}

#[test]
fn a_link_has_rates_of_its_own_and_its_faults_replay() {
    let own = Link { latency: Some(Latency::fixed(1_000_000)), ..Link::default() };
    for (link, kind) in [
        (Link { drop: Some(300_000), ..own }, "drop"),
        (Link { duplicate: Some(300_000), ..own }, "duplicate"),
        (Link { delay: Some(300_000), latency: None, ..own }, "delay"),
        (Link { partition: Some(50_000), ..own }, "partition"),
        (Link { clog: Some(50_000), ..own }, "clog"),
    ] {
        let mut happened = 0;
        for seed in 0..8 {
            let (came, outcome, program) = lateness(seed, &Faults::none(), link);
            assert!(outcome.stats.faults.keys().all(|k| k == kind), "{kind}: {:?}", outcome.stats.faults);
            let count = outcome.stats.faults.get(kind).copied().unwrap_or_default();
            happened += count;
            if kind == "drop" {
                assert_eq!(came.len() as u64, 200 - count);
            }
            let again = replay(&program, &RunConfig::seed(seed), &outcome.tape, true, Vec::new());
            let again = again.expect("a tape does not contradict itself");
            assert_eq!((again.replay_error, again.trace_hash), (None, outcome.trace_hash), "{kind} {seed}");
        }
        assert!(happened > 0, "{kind}");
        // A link without faults of its own among others that have some.
        let off = Link {
            drop: Some(0),
            duplicate: Some(0),
            delay: Some(0),
            partition: Some(0),
            clog: Some(0),
            ..own
        };
        assert_eq!(lateness(1, &Faults::none(), off).1.stats.faults.len(), 0);
    }
}

#[test]
fn stops_by_chance_are_of_both_ways_or_of_one() {
    let faults = Faults {
        clog: 1_000_000,
        cuts_max: 1,
        cut_for: (SECOND.as_nanos() as u64, SECOND.as_nanos() as u64),
        ..Faults::none()
    };
    let (mut both, mut one) = (0, 0);
    for seed in 0..60 {
        let program = InWorld {
            config: WorldConfig { faults: faults.clone(), ..WorldConfig::default() },
            program: |world: &mut World| {
                nodes(world)?;
                send(world, "a", "b", 1, 0)?;
                world.run_for(MS)?;
                send(world, "b", "a", 2, 0)?;
                world.run_for(SECOND / 2)?;
                if came(world, "b", 1).is_none() {
                    world.sometimes(if came(world, "a", 2).is_some() { "one" } else { "both" }, true);
                }
                Ok(())
            },
        };
        let (outcome, _) =
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
        assert_eq!(outcome.found, None);
        both += u32::from(outcome.stats.sometimes.contains_key("both"));
        one += u32::from(outcome.stats.sometimes.contains_key("one"));
    }
    assert!(both > 4 && one > 4, "{both} {one}");
}
