//! Runs that are kept between turns, of native actors (rules W14 and W15).

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_core::supervise::ChildSpec;
use seedbed_core::{
    Actor, ChildStart, Context, Input, Message, NotSnapshot, Result, Signal, SpawnOptions, Supervisor,
};
use seedbed_sim::{
    BeginError, Faults, NotKept, Program, Random, Run, RunConfig, World, WorldConfig, run_with,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Counts, keeps records, passes on what it is told to the counter of the other node, and fails at thirteen.
#[derive(Clone)]
struct Counter {
    can_be_kept: bool,
    n: u64,
}

impl Actor for Counter {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.set_interval(Duration::from_millis(300), 1)?;
        cx.store_read()?;
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        self.n += 1 + cx.random_u64() % 3 + u64::from(cx.buggify("one more"));
        anyhow::ensure!(self.n != 13, "thirteen");
        cx.observe("n", self.n as i64);
        cx.store_append(&n.to_le_bytes())?;
        if n > 1 {
            let other = if cx.path().starts_with("a/") { "counter@b" } else { "counter@a" };
            let other = cx.address(other)?;
            cx.ask(other, &(n - 1), Duration::from_secs(1))?;
        }
        if cx.request().is_some() {
            cx.reply(self.n)?;
        }
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Timer { .. } = signal {
            self.n += 1;
        }
        cx.observe("signals", self.n as i64);
        Ok(())
    }

    fn snapshot(&self) -> Option<Self> {
        self.can_be_kept.then(|| self.clone())
    }
}

/// Two nodes with a counter each, under a supervisor.
struct Counters {
    can_be_kept: bool,
    is_data: bool,
    faults: Faults,
}

impl Program for Counters {
    fn config(&self) -> WorldConfig {
        let (faults, duration) = (self.faults.clone(), Duration::from_secs(20));
        WorldConfig { faults, duration, allow_failures: true, ..WorldConfig::default() }
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        let can_be_kept = self.can_be_kept;
        for name in ["a", "b"] {
            let counter = ChildStart::new(move || Counter { can_be_kept, n: 0 }).registered("counter");
            let tree = Supervisor::one_for_one()
                .intensity(50, Duration::from_secs(1))
                .child(ChildSpec::worker("counter", counter))
                .build()?;
            let tree = Arc::new(tree);
            world.node(name, move |boot| {
                boot.spawn(SpawnOptions::named("tree"), tree.clone()).expect("a node boots empty");
            });
        }
        let mut payload = Vec::new();
        6u64.encode(&mut payload);
        for (name, node) in [("one", "a"), ("two", "b")] {
            let to = world.address("counter", node)?;
            world.input(Input {
                name: name.into(),
                to,
                tag: 0,
                payload: payload.clone(),
                at: Duration::ZERO,
                every: Some(Duration::from_millis(700)),
                count: Some(12),
                timeout: Some(Duration::from_secs(2)),
                optional: false,
            });
        }
        Ok(())
    }

    fn is_data(&self) -> bool {
        self.is_data
    }
}

fn counters(can_be_kept: bool) -> Counters {
    let faults = Faults { crash: 20_000, kill: 20_000, torn: 500_000, slow: 20_000, ..Faults::chaos() };
    Counters { can_be_kept, is_data: true, faults }
}

fn begin<'p>(program: &'p Counters, config: &RunConfig) -> Run<'p> {
    Run::begin(program, config, Box::new(Random::default()), Vec::new()).unwrap()
}

#[test]
fn native_actors_join_by_one_line() {
    let program = counters(true);
    let (mut restarts, mut faults) = (0, 0);
    for seed in 0..12 {
        let config = RunConfig::seed(seed);
        let (whole, _) = run_with(&program, &config, Box::new(Random::default()), Vec::new());
        restarts += whole.stats.restarts;
        faults += whole.stats.faults.len();
        let mut run = begin(&program, &config);
        for step in (0..whole.stats.steps).step_by(7) {
            run.to_step(step);
            let kept = run.snapshot();
            assert_eq!((kept.step(), kept.not_kept()), (step, None), "seed {seed}");
            for seed in [1, 2] {
                run.fork(seed);
                run.finish();
                run.restore(&kept);
            }
            assert_eq!(run.finish(), whole, "seed {seed}, from step {step}");
            run.restore(&kept);
        }
    }
    assert!(restarts > 10 && faults > 25, "{restarts} restarts, {faults} kinds of faults");
}

#[test]
fn who_cannot_be_kept_is_named_and_run_again() {
    let program = counters(false);
    let config = RunConfig::seed(3);
    let (whole, _) = run_with(&program, &config, Box::new(Random::default()), Vec::new());
    let mut run = begin(&program, &config);
    assert!(run.to_started());
    let kept = run.snapshot();
    let path = "a/tree/counter".to_owned();
    assert_eq!(kept.not_kept(), Some(&NotKept::Node(NotSnapshot::Actor { path })));
    run.fork(4);
    run.to_step(kept.step() + 10);
    let forked = run.snapshot();
    let other = run.finish();
    assert_ne!(other.trace_hash, whole.trace_hash);
    run.restore(&kept);
    assert_eq!(run.finish(), whole);
    run.restore(&forked);
    assert_eq!(run.finish(), other);
}

#[test]
fn a_program_that_drives_its_world_has_no_runs_to_keep() {
    let program = Counters { is_data: false, ..counters(true) };
    let begun = Run::begin(&program, &RunConfig::seed(1), Box::new(Random::default()), Vec::new());
    assert!(matches!(begun, Err(BeginError::Driven)));
}

#[test]
fn a_fork_keeps_to_the_budget_of_the_run() {
    let faults = Faults { kill: 500_000, kills_max: 2, gap_min: 0, crashes_max: 0, ..Faults::none() };
    let program = Counters { faults, ..counters(true) };
    let kills = |run: &Run<'_>| run.world().stats().faults.get("kill").copied().unwrap_or_default();
    let mut spent = 0;
    for seed in 0..8 {
        let mut run = begin(&program, &RunConfig::seed(seed));
        run.to_step(60);
        let kept = run.snapshot();
        let before = kills(&run);
        spent += before;
        for fork in 0..8 {
            run.restore(&kept);
            run.fork(fork);
            let _ = run.run();
            assert!(
                kills(&run) <= 2,
                "seed {seed}, fork {fork}: {before} before the fork, {} in all",
                kills(&run)
            );
        }
    }
    assert!(spent >= 8, "{spent} kills before forks: there was a budget to keep to");
}

#[test]
fn a_fork_draws_anew_what_can_go_wrong() {
    let faults = Faults { kill: 1_000_000, gap_min: 0, ..Faults::none() };
    let program = Counters { faults, ..counters(true) };
    let is_killed = |run: &mut Run<'_>| {
        let _ = run.run();
        run.world().stats().faults.contains_key("kill")
    };
    // Kills are on in two of three runs, and of forks, whatever the run that they are of has drawn.
    let mut seen = BTreeSet::new();
    for seed in 0..6 {
        let mut run = begin(&program, &RunConfig::seed(seed));
        let kept = run.snapshot();
        let whole = is_killed(&mut run);
        for fork in 0..6 {
            run.restore(&kept);
            run.fork(fork);
            seen.insert((whole, is_killed(&mut run)));
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}
