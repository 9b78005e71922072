//! A run is a pure function of its seed, and its tape gives it back.

use seedbed_core::{Actor, Context, Pid, Result, Signal};
use seedbed_sim::{
    Faults, InWorld, Program, RunConfig, StrategySpec, World, WorldConfig, replay, replay_until, run_with,
    shrink,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
enum Ping {
    Start(Pid, u32),
    Ball(u32),
}

#[derive(Default)]
struct Player;

impl Actor for Player {
    type Message = Ping;

    fn on_message(&mut self, cx: &mut Context, message: Ping) -> Result<()> {
        match message {
            Ping::Start(other, n) => cx.send(other, &Ping::Ball(n))?,
            Ping::Ball(0) => {}
            Ping::Ball(n) => {
                let from = cx.from();
                cx.send(from, &Ping::Ball(n - 1))?;
            }
        }
        Ok(())
    }
}

fn ping_pong(world: &mut World) -> anyhow::Result<()> {
    let (a, b) = (world.spawn("a", Player::default), world.spawn("b", Player::default));
    let (c, d) = (world.spawn("c", Player::default), world.spawn("d", Player::default));
    world.send(a, Ping::Start(b, 20));
    world.send(c, Ping::Start(d, 20));
    world.run()?;
    assert_eq!(world.step(), 4 + 2 + 42);
    Ok(())
}

/// Last writer wins, and a reader that says what it saw.
struct Register(i64);

#[derive(Serialize, Deserialize)]
enum Op {
    Write(i64),
    Read,
}

impl Actor for Register {
    type Message = Op;

    fn on_message(&mut self, cx: &mut Context, op: Op) -> Result<()> {
        match op {
            Op::Write(value) => self.0 = value,
            Op::Read => cx.observe("seen", self.0),
        }
        Ok(())
    }
}

/// Sends one operation to the register when its timer fires.
struct Writer(i64);

impl Actor for Writer {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.set_timer(Duration::from_millis(1), 0)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, _: Signal) -> Result<()> {
        let register = cx.address("register")?;
        cx.send(register, &if self.0 == 0 { Op::Read } else { Op::Write(self.0) })?;
        Ok(())
    }
}

/// Breaks only if the write of 3 is the last before the read.
fn race(world: &mut World) -> anyhow::Result<()> {
    world.spawn("register", || Register(0));
    for value in [1, 2, 3, 4, 5, 0] {
        world.spawn(&format!("writer-{value}"), move || Writer(value));
    }
    world.always("3 is not seen", |w: &World| w.facts().values("seen") != [3]);
    Ok(())
}

fn once(program: &dyn Program, seed: u64, spec: &str) -> seedbed_sim::Outcome {
    let spec: StrategySpec = spec.parse().expect("a strategy of this test");
    run_with(program, &RunConfig::seed(seed), spec.build(), Vec::new()).0
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    for spec in ["plain", "random", "pct:3"] {
        let (a, b, c) = (once(&ping_pong, 1, spec), once(&ping_pong, 1, spec), once(&ping_pong, 2, spec));
        assert_eq!(a, b, "{spec}");
        assert_eq!(a.found, None, "{spec}");
        assert_ne!(a.trace_hash, c.trace_hash, "{spec}: the key of a node differs at least");
    }
}

#[test]
fn a_race_is_found_replayed_and_shrunk_to_a_few_decisions() {
    for spec in ["random", "pct:3", "dfs"] {
        let mut strategy = spec.parse::<StrategySpec>().unwrap().build();
        let mut found = None;
        for seed in 0..2_000 {
            let (outcome, back) = run_with(&race, &RunConfig::seed(seed), strategy, Vec::new());
            strategy = back;
            if outcome.found.is_some() {
                found = Some(outcome);
                break;
            }
            if !strategy.end() {
                break;
            }
        }
        let found = found.unwrap_or_else(|| panic!("{spec} finds it"));
        let run = RunConfig::seed(found.seed);
        let again = replay(&race, &run, &found.tape, true, Vec::new()).unwrap();
        assert_eq!(again.replay_error, None);
        assert_eq!(
            (again.trace_hash, &again.found, &again.tape),
            (found.trace_hash, &found.found, &found.tape)
        );
        let shrunk = shrink(&race, &run, &found, |_| true);
        assert!(shrunk.minimal);
        assert!(shrunk.outcome.tape.entries.len() <= 2, "{spec}: {}", shrunk.outcome.tape.entries.len());
        let small = &shrunk.outcome.tape;
        let small_again = replay(&race, &run, small, true, Vec::new()).unwrap();
        assert_eq!((small_again.replay_error, small_again.trace_hash), (None, shrunk.outcome.trace_hash));
        for index in 0..small.entries.len() {
            let less = replay(&race, &run, &small.without(index), false, Vec::new()).unwrap();
            assert_eq!(less.found, None, "{spec}: entry {index} is needed");
        }
    }
}

#[test]
fn dfs_visits_every_schedule_once() {
    // Three writers of one message each to one register: their starts and timers interleave; here
    // only the messages, sent from outside by three clients, are free: 3! orders.
    fn three(world: &mut World) -> anyhow::Result<()> {
        let register = world.spawn("register", || Register(0));
        world.settle()?;
        for value in 1..=3 {
            let client = world.client();
            world.send_from(client, register, Op::Write(value));
        }
        Ok(())
    }
    let mut strategy = StrategySpec::Dfs(None).build();
    let mut hashes = std::collections::BTreeSet::new();
    let mut runs = 0;
    loop {
        let (outcome, back) = run_with(&three, &RunConfig::seed(0), strategy, Vec::new());
        strategy = back;
        runs += 1;
        hashes.insert(outcome.trace_hash);
        if !strategy.end() {
            break;
        }
    }
    assert_eq!((runs, hashes.len()), (6, 6));
}

#[test]
fn a_chaotic_run_replays_from_its_tape() {
    struct Echo;
    impl Actor for Echo {
        type Message = u64;
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            let from = cx.from();
            if n > 0 {
                cx.send(from, &(n - 1))?;
            }
            cx.reply(n)
        }
    }
    let program = InWorld {
        config: WorldConfig { faults: Faults::chaos(), ..WorldConfig::default() },
        program: |world: &mut World| {
            for (a, b) in [("a", "b"), ("b", "a")] {
                world.node(a, move |boot| {
                    use std::sync::Arc;
                    let options = seedbed_core::SpawnOptions::registered("echo");
                    boot.spawn(options, Arc::new(|| Echo)).expect("the name is free");
                    let to = format!("echo@{b}");
                    let options = seedbed_core::SpawnOptions::registered("caller");
                    boot.spawn(options, Arc::new(move || Caller(to.clone()))).expect("the name is free");
                });
            }
            Ok(())
        },
    };
    struct Caller(String);
    impl Actor for Caller {
        type Message = u64;
        fn on_start(&mut self, cx: &mut Context) -> Result<()> {
            for n in 0..5 {
                let to = cx.address(&self.0)?;
                cx.ask(to, &(10 + n), Duration::from_millis(50))?;
            }
            Ok(())
        }
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            let from = cx.from();
            if n > 0 {
                cx.send(from, &(n - 1))?;
            }
            Ok(())
        }
    }
    let mut with_faults = 0;
    for seed in 0..200 {
        let run = RunConfig::seed(seed);
        let a = once(&program, seed, "random");
        assert_eq!(a, once(&program, seed, "random"));
        let b = replay(&program, &run, &a.tape, true, Vec::new()).unwrap();
        assert_eq!((b.replay_error, b.trace_hash), (None, a.trace_hash), "seed {seed}");
        with_faults += u32::from(a.stats.faults.values().sum::<u64>() > 0);
    }
    assert!(with_faults > 100, "{with_faults}");
}

#[test]
fn a_replay_can_be_left_at_a_step_and_looked_at() {
    let found =
        (0..).map(|seed| once(&race, seed, "random")).find(|o| o.found.is_some()).expect("one is found");
    assert_eq!(found.read, ["seen"]);
    assert!(found.paths.values().any(|p| p == "main/writer-3"));
    let (run, last) = (RunConfig::seed(found.seed), found.stats.steps);
    for (until, steps, broken) in [(0, 0, false), (5, 5, false), (last, last, true), (u64::MAX, last, true)] {
        let mut shown = None;
        let show = &mut |w: &World| shown = Some((w.step(), w.actors().len()));
        let outcome = replay_until(&race, &run, &found.tape, true, until, Vec::new(), show).unwrap();
        assert_eq!((outcome.replay_error, outcome.found.is_some()), (None, broken), "until {until}");
        assert_eq!(shown, Some((steps, 7)), "until {until}");
    }
}
