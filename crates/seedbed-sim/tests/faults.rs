//! Partitions, pauses, clock jumps, effects that fail; and the budget that faults stay inside.

use seedbed_core::{Actor, Context, ExitReason, NodeId, RequestFailure, Result, Signal, SpawnOptions, Time};
use seedbed_sim::{
    AskError, Faults, InWorld, NodeBoot, Outcome, Program, RunConfig, StrategySpec, World, WorldConfig,
    replay, run_with,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

#[derive(Serialize, Deserialize)]
enum Do {
    /// Says when.
    Beat,
    Watch(String),
    Ask(String),
    Append,
    Die,
}

#[derive(Default)]
struct Probe;

impl Actor for Probe {
    type Message = Do;

    fn on_message(&mut self, cx: &mut Context, order: Do) -> Result<()> {
        match order {
            Do::Beat => {
                let (now, unix) = (cx.now(), cx.unix_time());
                cx.observe("beat", now.as_nanos() as i64);
                cx.observe("skew", unix.as_nanos() as i64 - now.as_nanos() as i64);
                cx.reply(())?;
            }
            Do::Watch(other) => {
                let other = cx.address(&other)?;
                cx.monitor(other)?;
            }
            Do::Ask(other) => {
                let other = cx.address(&other)?;
                cx.ask(other, &Do::Beat, Duration::from_secs(60))?;
            }
            Do::Append => drop(cx.store_append(b"record")?),
            Do::Die => anyhow::bail!("as ordered"),
        }
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match signal {
            Signal::Down { reason, .. } => {
                let now = cx.now();
                cx.observe("down", now.as_nanos() as i64);
                cx.observe("down by loss", i64::from(reason == ExitReason::NoConnection));
            }
            Signal::Reply { outcome, .. } => {
                cx.observe("answered", i64::from(outcome.is_ok()));
                cx.observe("lost", i64::from(outcome.err() == Some(RequestFailure::NoConnection)));
            }
            Signal::Completion { outcome, .. } => cx.observe("appended", i64::from(outcome.is_ok())),
            _ => {}
        }
        Ok(())
    }
}

fn probe(boot: &mut NodeBoot<'_>) {
    boot.spawn(SpawnOptions::registered("probe"), Arc::new(Probe::default)).expect("the name is free");
}

fn two_nodes(world: &mut World) -> [NodeId; 2] {
    [world.node("a", probe), world.node("b", probe)]
}

fn tell(world: &mut World, node: &str, order: Do) -> anyhow::Result<()> {
    let to = world.address("probe", node)?;
    world.send(to, order);
    Ok(())
}

/// Runs a body, which must succeed.
fn fine(faults: Faults, body: impl Fn(&mut World) -> anyhow::Result<()>) -> Outcome {
    let config = WorldConfig { faults, allow_failures: true, ..WorldConfig::default() };
    let program = InWorld { config, program: body };
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new());
    assert_eq!(outcome.found, None);
    outcome
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn t08_a_cut_loses_messages_in_flight_and_later_ones_and_then_heals() {
    fine(Faults::none(), |world| {
        let [a, b] = two_nodes(world);
        // The least latency is 100 µs: at 150 the request of a is in flight, or its reply.
        for in_flight in [50, 150] {
            tell(world, "a", Do::Ask("probe@b".into()))?;
            world.run_for(Duration::from_micros(in_flight))?;
            world.partition(a, b, SECOND);
            world.run_for(SECOND / 2)?;
            assert_eq!(world.facts().get("a/probe", "answered"), None);
            tell(world, "a", Do::Ask("probe@b".into()))?;
            world.run_for(SECOND / 4)?;
            assert_eq!(world.facts().get("a/probe", "answered"), None, "sent while it was cut");
            world.run_for(SECOND)?;
        }
        tell(world, "a", Do::Ask("probe@b".into()))?;
        world.run_for(SECOND)?;
        assert_eq!(world.facts().get("a/probe", "answered"), Some(1));
        Ok(())
    });
}

#[test]
fn a_notice_waits_for_the_link_to_heal() {
    fine(Faults::none(), |world| {
        let [a, b] = two_nodes(world);
        tell(world, "a", Do::Watch("probe@b".into()))?;
        world.run_for(SECOND)?;
        world.partition(b, a, 3 * SECOND);
        tell(world, "b", Do::Die)?;
        world.run_for(2 * SECOND)?;
        assert_eq!(world.facts().get("a/probe", "down"), None);
        world.run_for(2 * SECOND)?;
        assert_eq!(world.facts().get("a/probe", "down"), Some(4_000_000_000));
        assert_eq!(world.facts().get("a/probe", "down by loss"), Some(0));
        Ok(())
    });
}

#[test]
fn a_link_that_is_cut_for_long_is_a_node_lost_to_both_ends() {
    fine(Faults::none(), |world| {
        let [a, b] = two_nodes(world);
        for (here, there) in [("a", "probe@b"), ("b", "probe@a")] {
            tell(world, here, Do::Watch(there.into()))?;
            world.run_for(SECOND)?;
            assert_eq!(world.facts().get(&format!("{here}/probe"), "down"), None);
        }
        world.partition(a, b, 20 * SECOND);
        tell(world, "a", Do::Ask("probe@b".into()))?;
        world.run_for(10 * SECOND)?;
        for path in ["a/probe", "b/probe"] {
            assert_eq!(world.facts().get(path, "down"), Some(7_000_000_000), "{path}");
            assert_eq!(world.facts().get(path, "down by loss"), Some(1), "{path}");
        }
        assert_eq!(world.facts().get("a/probe", "lost"), Some(1));
        world.heal(a, b);
        tell(world, "a", Do::Ask("probe@b".into()))?;
        world.run_for(SECOND)?;
        assert_eq!(world.facts().get("a/probe", "answered"), Some(1));
        Ok(())
    });
}

/// Beats of one probe on a node of its own, a hundred, one every 10 ms.
fn beats(faults: Faults, seed: u64) -> (Outcome, impl Program) {
    let config = WorldConfig { faults, ..WorldConfig::default() };
    let body = |world: &mut World| -> anyhow::Result<()> {
        world.node("a", probe);
        let to = world.address("probe", "a")?;
        for nth in 0..100u64 {
            world.run_for(Duration::from_millis(10))?;
            match world.ask::<_, ()>(to, Do::Beat) {
                Ok(()) => {}
                Err(AskError::Failed(_)) => world.sometimes("a beat was missed", true),
                Err(e) => return Err(e.into()),
            }
            let late = world.facts().sum("beat") > (nth as i64 + 1) * 10_000_000;
            world.sometimes("a beat was late", late);
            world.sometimes("the clock was wrong", world.facts().sum("skew") != 1_577_836_800_000_000_000);
            tell(world, "a", Do::Append)?;
            world.sometimes("an append failed", world.facts().values("appended") == [0]);
        }
        Ok(())
    };
    let program = InWorld { config, program: body };
    (run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new()).0, program)
}

#[test]
fn faults_by_chance_happen_where_they_are_on_and_replay() {
    let none = Faults::none();
    for (faults, kind, mark) in [
        (none.clone(), "", ""),
        (
            Faults { pause: 200_000, pause_for: (100_000_000, 100_000_000), ..none.clone() },
            "pause",
            "a beat was late",
        ),
        (Faults { clock_jump: 200_000, ..none.clone() }, "clock jump", "the clock was wrong"),
        (Faults { effect_failed: 200_000, ..none.clone() }, "failed effect", "an append failed"),
    ] {
        let (mut happened, mut marked) = (0, 0);
        for seed in 0..20 {
            let (outcome, program) = beats(faults.clone(), seed);
            assert_eq!(outcome.found, None);
            assert!(outcome.stats.faults.keys().all(|k| k == kind), "{:?}", outcome.stats.faults);
            happened += outcome.stats.faults.get(kind).copied().unwrap_or_default();
            let marks = &outcome.stats.sometimes;
            assert!(marks.iter().all(|(name, seen)| !seen || name == mark), "{kind}: {marks:?}");
            marked += u32::from(marks.get(mark).copied().unwrap_or_default());
            let again = replay(&program, &RunConfig::seed(seed), &outcome.tape, true, Vec::new());
            let again = again.expect("a tape does not contradict itself");
            assert_eq!((again.replay_error, again.trace_hash), (None, outcome.trace_hash), "seed {seed}");
        }
        assert_eq!(
            (happened > 50, marked > 5),
            (!kind.is_empty(), !kind.is_empty()),
            "{kind} {happened} {marked}"
        );
    }
}

#[test]
fn partitions_by_chance_replay() {
    let faults = Faults { partition: 100_000, ..Faults::none() };
    let config = WorldConfig { faults, ..WorldConfig::default() };
    let program = InWorld {
        config,
        program: |world: &mut World| {
            two_nodes(world);
            for _ in 0..30 {
                for (here, there) in [("a", "probe@b"), ("b", "probe@a")] {
                    tell(world, here, Do::Ask(there.into()))?;
                }
                world.run_for(SECOND / 10)?;
            }
            Ok(())
        },
    };
    let mut cuts = Vec::new();
    for seed in 0..50 {
        let run = RunConfig::seed(seed);
        let (outcome, _) = run_with(&program, &run, StrategySpec::Random.build(), Vec::new());
        let again = replay(&program, &run, &outcome.tape, true, Vec::new());
        let again = again.expect("a tape does not contradict itself");
        assert_eq!((again.replay_error, again.trace_hash), (None, outcome.trace_hash), "seed {seed}");
        cuts.push(outcome.stats.faults.get("partition").copied().unwrap_or_default());
    }
    assert_eq!(cuts.iter().max(), Some(&3), "the budget of a run: {cuts:?}");
    assert!(cuts.iter().filter(|n| **n > 0).count() > 20);
}

#[test]
fn a_budget_bounds_nodes_that_are_down_and_faults_in_all() {
    let often = Faults {
        crash: 300_000,
        gap_min: 0,
        crashes_max: 100,
        down: (10_000_000, 400_000_000),
        ..Faults::none()
    };
    let most = |faults: Faults| {
        let (mut most_down, mut most_faults) = (0, 0);
        for seed in 0..50 {
            let config = WorldConfig { faults: faults.clone(), ..WorldConfig::default() };
            let program = InWorld {
                config,
                program: |world: &mut World| {
                    let nodes = two_nodes(world);
                    for _ in 0..30 {
                        for node in ["a", "b"] {
                            tell(world, node, Do::Beat)?;
                        }
                        world.run_for(SECOND / 10)?;
                        let down = nodes.iter().filter(|node| !world.is_up(**node)).count();
                        world.sometimes(&format!("down {down}"), true);
                    }
                    Ok(())
                },
            };
            let (outcome, _) =
                run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
            most_down = most_down.max(u32::from(outcome.stats.sometimes.contains_key("down 1")));
            most_down = most_down.max(2 * u32::from(outcome.stats.sometimes.contains_key("down 2")));
            most_faults = most_faults.max(outcome.stats.faults.get("crash").copied().unwrap_or_default());
        }
        (most_down, most_faults > 4)
    };
    assert_eq!(most(often.clone()), (2, true));
    assert_eq!(most(Faults { nodes_down_max: 1, ..often.clone() }), (1, true));
    assert_eq!(most(Faults { faults_max: 4, ..often.clone() }), (2, false));
    assert_eq!(most(Faults { faults_max: 0, ..often }), (0, false));
}

#[test]
fn a_delay_may_be_beyond_the_latency_of_the_link() {
    let faults =
        Faults { delay: 1_000_000, delay_by: Some((2_000_000_000, 3_000_000_000)), ..Faults::none() };
    let mut latest = Time::ZERO;
    for seed in 0..20 {
        let config = WorldConfig { faults: faults.clone(), ..WorldConfig::default() };
        let program = InWorld {
            config,
            program: |world: &mut World| {
                two_nodes(world);
                tell(world, "a", Do::Ask("probe@b".into()))?;
                Ok(())
            },
        };
        let (outcome, _) =
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
        latest = latest.max(outcome.time);
    }
    // The order, the request and its reply, each two to three seconds late.
    assert!(latest > Time::ZERO + 6 * SECOND && latest < Time::ZERO + 10 * SECOND, "{latest}");
}
