//! Clients that send by a timetable, links, and what properties look again for.

use seedbed_core::{Actor, Context, Input, RequestFailure, Result, SpawnOptions, Time};
use seedbed_sim::{
    End, Faults, Latency, OUTSIDE, Outcome, Property, Reads, RunConfig, StrategySpec, When, World, replay,
    run_with,
};
use std::sync::Arc;
use std::time::Duration;

/// Adds up; publishes the sum and when it was last asked; answers unless asked for nothing.
#[derive(Default)]
struct Sum(u64);

impl Actor for Sum {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        self.0 += n;
        cx.observe("sum", self.0 as i64);
        let now = cx.now();
        cx.observe("at", now.as_nanos() as i64);
        if n > 0 { cx.reply(self.0) } else { Ok(()) }
    }
}

fn summing(world: &mut World) {
    world.node("main", |boot| {
        boot.spawn(SpawnOptions::registered("sum"), Arc::new(Sum::default)).expect("the name is free");
    });
}

fn input(world: &World, name: &str, n: u8) -> Input {
    Input {
        name: name.to_owned(),
        to: world.address("sum", "main").expect("it is there"),
        tag: 0,
        payload: vec![n],
        timeout: None,
        at: Duration::ZERO,
        every: None,
        count: None,
        optional: false,
    }
}

fn plain(program: &dyn seedbed_sim::Program) -> Outcome {
    run_with(program, &RunConfig::seed(1), StrategySpec::Random.build(), Vec::new()).0
}

#[test]
fn inputs_go_by_their_timetable_and_hold_the_world_until_they_are_done() {
    let outcome = plain(&|world: &mut World| {
        summing(world);
        let every = Some(Duration::from_secs(2));
        let repeated =
            Input { at: Duration::from_secs(1), every, count: Some(3), ..input(world, "three", 5) };
        world.input(repeated);
        let once = input(world, "once", 1);
        world.input(once);
        assert_eq!(world.run()?, End::Rest);
        assert_eq!(world.facts().values("sum"), [16]);
        assert_eq!(world.facts().values("at"), [5_000_000_000]);
        assert_eq!(world.facts().get("outside/three", "input.sent"), Some(3));
        Ok(())
    });
    assert_eq!(outcome.found, None);
    assert_eq!(outcome.stats.inputs["three"].sent, 3);
}

#[test]
fn an_input_without_end_is_sent_until_the_run_ends() {
    let outcome = plain(&|world: &mut World| {
        summing(world);
        let endless = Input { every: Some(Duration::from_secs(20)), ..input(world, "endless", 1) };
        world.input(endless);
        assert_eq!(world.run()?, End::Duration);
        assert_eq!(world.facts().values("sum"), [4]);
        Ok(())
    });
    assert_eq!((outcome.found, outcome.time), (None, Time::ZERO + Duration::from_secs(60)));
}

#[test]
fn a_request_ends_in_a_reply_or_in_one_way_of_failing() {
    let outcome = plain(&|world: &mut World| {
        summing(world);
        let timeout = Some(Duration::from_secs(3));
        let answered = Input { timeout, ..input(world, "answered", 1) };
        world.input(answered);
        let ignored = Input { timeout, ..input(world, "ignored", 0) };
        world.input(ignored);
        let nobody = Input { timeout, to: world.address("nobody", "main")?, ..input(world, "nobody", 1) };
        world.input(nobody);
        world.run()?;
        assert_eq!(world.facts().sum("input.replied"), 1);
        assert_eq!(world.facts().sum("input.failed"), 2);
        Ok(())
    });
    assert_eq!(outcome.found, None);
    assert_eq!(outcome.time, Time::ZERO + Duration::from_secs(3));
    let inputs = outcome.stats.inputs;
    assert_eq!((inputs["answered"].replied, inputs["answered"].failed.len()), (1, 0));
    assert_eq!(inputs["ignored"].failed[&RequestFailure::Timeout], 1);
    assert_eq!(inputs["nobody"].failed[&RequestFailure::Dead], 1);
}

#[test]
fn a_request_to_a_lost_node_ends_in_no_connection() {
    let outcome = plain(&|world: &mut World| {
        let node = world.main();
        world.spawn("sum", Sum::default);
        let request = Input { timeout: Some(Duration::from_secs(30)), ..input(world, "asks", 0) };
        world.input(request);
        world.run_for(Duration::from_secs(1))?;
        world.crash(node);
        world.run()?;
        Ok(())
    });
    assert_eq!(outcome.stats.inputs["asks"].failed[&RequestFailure::NoConnection], 1);
}

#[test]
fn an_input_at_zero_finds_what_boot_functions_spawned() {
    struct Slow;
    impl Actor for Slow {
        type Message = u64;
        fn on_start(&mut self, cx: &mut Context) -> Result<()> {
            cx.spawn(SpawnOptions::registered("sum"), Sum::default)?;
            Ok(())
        }
        fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
            Ok(())
        }
    }
    for seed in 0..20 {
        let program = |world: &mut World| {
            world.node("main", |boot| {
                boot.spawn(SpawnOptions::named("slow"), Arc::new(|| Slow)).expect("the name is free");
            });
            let once = input(world, "once", 1);
            world.input(once);
            world.run()?;
            Ok(())
        };
        let (outcome, _) =
            run_with(&program, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new());
        assert_eq!(outcome.stats.dead_letters, 0, "seed {seed}");
    }
}

#[test]
fn runs_with_inputs_replay_from_their_tapes() {
    let program = seedbed_sim::InWorld {
        config: seedbed_sim::WorldConfig { faults: Faults::chaos(), ..Default::default() },
        program: |world: &mut World| {
            summing(world);
            for name in ["a", "b", "c"] {
                let every = Some(Duration::from_millis(40));
                let timeout = Some(Duration::from_millis(50));
                let repeated = Input { every, timeout, count: Some(5), ..input(world, name, 1) };
                world.input(repeated);
            }
            Ok(())
        },
    };
    let mut tapes = 0;
    for seed in 0..100 {
        let run = RunConfig::seed(seed);
        let (a, _) = run_with(&program, &run, StrategySpec::Random.build(), Vec::new());
        assert_eq!(a.found, None);
        let b = replay(&program, &run, &a.tape, true, Vec::new()).unwrap();
        assert_eq!((b.replay_error, b.trace_hash, &b.stats.inputs), (None, a.trace_hash, &a.stats.inputs));
        tapes += usize::from(!a.tape.entries.is_empty());
    }
    assert!(tapes > 50, "{tapes}");
}

#[test]
fn a_link_has_a_latency_of_its_own() {
    let outcome = plain(&|world: &mut World| {
        summing(world);
        world.link(OUTSIDE, "main", Latency::fixed(7))?;
        assert!(world.link("main", "nowhere", Latency::default()).is_err());
        let once = input(world, "once", 1);
        world.input(once);
        world.run()?;
        assert_eq!(world.facts().values("at"), [7]);
        Ok(())
    });
    assert_eq!(outcome.found, None);
}

#[test]
fn always_looks_again_when_what_it_reads_has_changed() {
    fn broken_at(reads: Reads, holds: impl Fn(&World) -> bool + Clone + 'static) -> Option<u64> {
        let program = move |world: &mut World| {
            let holds = holds.clone();
            summing(world);
            world.add_property(Property::new("it holds", When::Always, move |w| holds(w)).reads(reads));
            let lost = Input { to: world.address("nobody", "main")?, ..input(world, "lost", 1) };
            world.input(lost);
            let after = Input { at: Duration::from_secs(1), ..input(world, "after", 1) };
            world.input(after);
            world.run()?;
            Ok(())
        };
        plain(&program).found.map(|f| f.time.as_nanos())
    }
    let second = Some(1_000_000_000);
    assert_eq!(broken_at(Reads::FACTS, |w| w.facts().sum("sum") == 0), second);
    assert_eq!(broken_at(Reads::TIME, |w| w.now() < Time::from_nanos(5)), second);
    assert_eq!(broken_at(Reads::DEAD_LETTERS, |w| w.stats().dead_letters == 0), second);
    assert_eq!(broken_at(Reads::RESTARTS, |w| w.facts().sum("sum") == 0), None);
}

#[test]
fn a_sometimes_property_is_no_finding_and_says_whether_it_was_seen() {
    let outcome = plain(&|world: &mut World| {
        summing(world);
        let sum = |n| move |w: &World| w.facts().sum("sum") == n;
        world.add_property(Property::new("one", When::Always, sum(1)).sometimes());
        world.add_property(Property::new("two", When::Idle, sum(2)).sometimes());
        let once = input(world, "once", 1);
        world.input(once);
        world.run()?;
        Ok(())
    });
    assert_eq!(outcome.found, None);
    let seen: Vec<_> = outcome.stats.sometimes.iter().map(|(name, seen)| (name.as_str(), *seen)).collect();
    assert_eq!(seen, [("one", true), ("two", false)]);
}
