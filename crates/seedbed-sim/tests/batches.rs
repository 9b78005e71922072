//! However many turns the kernel is let run one after the other, a run is the same: its events, its tape, what is
//! found and when. A property that is looked at after every turn lets each run by itself.

use seedbed_core::supervise::ChildSpec;
use seedbed_core::{
    Actor, At, ChildStart, Context, Event, Input, Observer, Result, Signal, SpawnOptions, Supervisor,
    TapeEntry,
};
use seedbed_sim::{
    Costs, Faults, InWorld, Latency, Outcome, Profile, Program, Property, Reads, RunConfig, StrategySpec,
    When, World, WorldConfig, replay, replay_until, run_with,
};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Passed on so many times; what its holder does meanwhile hangs on the number.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Token {
    left: u32,
    dice: u64,
}

/// Passes tokens on to workers of its node and of others, and does a little of everything.
#[derive(Default)]
struct Worker {
    later: Option<Token>,
}

impl Worker {
    fn pass(cx: &mut Context, token: Token) -> Result<()> {
        if token.left == 0 {
            return Ok(());
        }
        let dice = token.dice.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        let to = ["w0", "w1", "w2", "w0", "w1", "w2", "w2", "w0@a", "w1@b"][(dice % 9) as usize];
        let to = cx.address(to)?;
        // It may be down: then the token is gone.
        let _ = cx.send(to, &Token { left: token.left - 1, dice });
        Ok(())
    }
}

impl Actor for Worker {
    type Message = Token;

    fn on_message(&mut self, cx: &mut Context, token: Token) -> Result<()> {
        let me = cx.me();
        match token.dice >> 32 & 127 {
            0..=15 => cx.observe("left", i64::from(token.left)),
            16..=20 => {
                self.later = Some(token);
                cx.set_timer(MS, 0)?;
                return Ok(());
            }
            21 => drop(cx.store_append(b"record")?),
            22 => panic!("by the dice"),
            23 => anyhow::bail!("by the dice"),
            24 => drop(cx.ask(cx.address("w1@b")?, &Token { left: 0, dice: 0 }, 5 * MS)?),
            25 => cx.kill(me)?,
            26 => cx.sometimes("a 26", true),
            27 | 28 if cx.buggify("slow") => cx.observe("slow", 1),
            29 => cx.monitor(cx.address("w2")?).map(drop)?,
            30 => cx.always("no 30 with 3 left", token.left % 4 != 3),
            31 => drop(cx.send(cx.address("nobody")?, &token)),
            _ => {}
        }
        if cx.request().is_some() {
            return cx.reply(token.left);
        }
        Worker::pass(cx, token)
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match (signal, self.later.take()) {
            (Signal::Timer { .. }, Some(token)) => Worker::pass(cx, token),
            _ => Ok(()),
        }
    }
}

/// What the world around the workers is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// Nothing else.
    Nothing,
    /// Turns take time.
    Costs,
    /// A plan, at times and on a condition.
    Plan,
    /// Rules hold and delay messages.
    Rules,
    /// Properties of all kinds.
    Properties,
    /// Requests by a timetable and from the body.
    Requests,
}

const AROUND: [Around; 6] =
    [Around::Nothing, Around::Costs, Around::Plan, Around::Rules, Around::Properties, Around::Requests];

struct Working {
    around: Around,
    faults: Faults,
    one_by_one: bool,
    steps_max: u64,
}

impl Working {
    fn program(&self) -> impl Program + '_ {
        let config = WorldConfig {
            faults: self.faults.clone(),
            latency: Latency::between(500_000, 2_000_000),
            duration: Duration::from_secs(20),
            steps_max: self.steps_max,
            allow_failures: true,
            ..WorldConfig::default()
        };
        InWorld { config, program: |world: &mut World| self.drive(world) }
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        if self.one_by_one {
            world.add_property(
                Property::new("one by one", When::Always, |_: &World| true).reads(Reads::STEPS),
            );
        }
        for name in ["a", "b"] {
            world.node(name, |boot| {
                let child = |id: &str| ChildSpec::worker(id, ChildStart::new(Worker::default).registered(id));
                let top = ["w0", "w1", "w2"]
                    .into_iter()
                    .fold(Supervisor::one_for_one(), |s, id| s.child(child(id)));
                let top = top.intensity(1_000, MS);
                boot.spawn(SpawnOptions::registered("top"), Arc::new(top)).expect("the name is free");
            });
        }
        let mut guards = Vec::new();
        match self.around {
            Around::Nothing | Around::Requests => {}
            Around::Costs => {
                let node = world.nodes().next().expect("it has nodes").1;
                world.costs(node, Costs { ns_per_turn: 100_000, ns_per_fuel: 1 });
            }
            Around::Plan => {
                for line in
                    ["at 2ms partition a|b for 3ms", "every 5ms pause a for 1ms", "at 6ms crash b for 2ms"]
                {
                    world.plan(line)?;
                }
                world.when(
                    |w: &World| w.facts().values("left").iter().any(|n| *n % 5 == 3),
                    "kill a/top/w1",
                )?;
            }
            Around::Rules => {
                let nth = std::cell::Cell::new(0);
                guards.push(world.delay_when(MS, move |_| {
                    nth.set(nth.get() + 1);
                    nth.get() % 4 == 0
                }));
                guards.push(world.hold(|m| m.tag == 7));
            }
            Around::Properties => {
                world.always("left is no seven", |w: &World| w.facts().values("left") != [7]);
                world.again("left is even again", 4 * MS, |w: &World| w.facts().sum("left") % 2 == 0);
                world.eventually("nothing is left", 10 * MS, |w: &World| w.facts().sum("left") < 9);
                world.no_dead_letters();
            }
        }
        let w0 = world.address("w0", "a")?;
        if self.around == Around::Requests {
            world.input(Input {
                name: "asker".into(),
                to: world.address("w1", "b")?,
                tag: 0,
                payload: encoded(Token { left: 3, dice: 9 }),
                timeout: Some(4 * MS),
                at: MS,
                every: Some(2 * MS),
                count: Some(5),
                optional: false,
            });
        }
        world.run_for(MS)?;
        let seed = world.seed();
        for nth in 1..=4 {
            let dice = (4 * seed + nth).wrapping_mul(0xd6e8_feb8_6659_fd93);
            world.send(w0, Token { left: 30, dice });
        }
        if self.around == Around::Requests {
            let answer: std::result::Result<u32, _> = world.ask(w0, Token { left: 9, dice: 5 });
            let _ = answer;
            world.settle()?;
            world.send(w0, Token { left: 30, dice: 6 });
        }
        drop(guards.pop());
        world.run()?;
        Ok(())
    }
}

fn encoded(token: Token) -> Vec<u8> {
    let mut bytes = Vec::new();
    seedbed_core::Message::encode(&token, &mut bytes);
    bytes
}

/// Everything that an observer sees, as text.
#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Vec<String>>>);

impl Observer for Seen {
    fn event(&mut self, at: At, event: &Event<'_>) {
        self.0.borrow_mut().push(format!("{at:?} {event:?}"));
    }

    fn chosen(&mut self, at: At, entry: &TapeEntry) {
        self.0.borrow_mut().push(format!("{at:?} {entry:?}"));
    }
}

/// A run with all that is to be the same.
fn seen(run: impl FnOnce(Vec<Box<dyn Observer>>) -> Outcome) -> (Outcome, Vec<String>) {
    let seen = Seen::default();
    let mut outcome = run(vec![Box::new(seen.clone())]);
    // The property that lets turns run one by one is counted.
    (outcome.stats.checks, outcome.properties) = (0, 0);
    (outcome, seen.0.take())
}

fn assert_same(what: &str, (one, at_one): (Outcome, Vec<String>), (many, at_many): (Outcome, Vec<String>)) {
    for (nth, (one, many)) in at_one.iter().zip(&at_many).enumerate() {
        assert_eq!(one, many, "event {nth}, {what}");
    }
    assert_eq!(at_one.len(), at_many.len(), "{what}");
    assert_eq!(one, many, "{what}");
}

fn clock() -> Faults {
    Faults { clock: 200_000, ..Faults::none() }
}

fn worlds() -> impl Iterator<Item = (Around, Faults)> {
    AROUND.into_iter().flat_map(|around| {
        [Faults::none(), Faults::chaos(), clock()].into_iter().map(move |faults| (around, faults))
    })
}

const STRATEGIES: [&str; 9] =
    ["plain", "random", "pct:3", "pctcp:3", "pos", "surw", "delay-bound:4", "fate:3", "dfs:2"];

#[test]
fn a_run_is_the_same_however_its_turns_are_run() {
    let mut found = BTreeSet::new();
    for (around, faults) in worlds() {
        let working = |one_by_one| Working { around, faults: faults.clone(), one_by_one, steps_max: 1_000 };
        let (one, many) = (working(true), working(false));
        let profile = Profile::of(&many.program());
        for (nth, spec) in STRATEGIES.iter().enumerate() {
            for seed in 0..2 {
                let run = RunConfig { seed: seed * 100 + nth as u64, steps_hint: profile.steps };
                let strategy = || spec.parse::<StrategySpec>().expect("one of these").build_for(&profile);
                let what = format!("{around:?}, {spec}, seed {}", run.seed);
                let [a, b] = [&one, &many].map(|w| seen(|o| run_with(&w.program(), &run, strategy(), o).0));
                found.extend(a.0.found.iter().map(|found| found.property.clone()));
                let tape = a.0.tape.clone();
                assert_same(&what, a, b);
                let replayed = |w: &Working, observers| {
                    replay(&w.program(), &run, &tape, true, observers).expect("it does not contradict itself")
                };
                let [a, b] = [&one, &many].map(|w| seen(|o| replayed(w, o)));
                assert_eq!(a.0.replay_error, None, "{what}");
                assert_same(&format!("{what}, replayed"), a, b);
            }
        }
    }
    assert!(found.len() >= 4, "{found:?}");
}

#[test]
fn a_run_that_is_left_after_a_step_is_left_there() {
    for (around, faults) in worlds() {
        let working = |one_by_one| Working { around, faults: faults.clone(), one_by_one, steps_max: 1_000 };
        let (one, many) = (working(true), working(false));
        let run = RunConfig::seed(7);
        let tape = run_with(&many.program(), &run, StrategySpec::Random.build(), Vec::new()).0.tape;
        for tape in [tape, seedbed_core::Tape::default()] {
            for step in [1, 2, 7, 20, 21, 22, 40, 63] {
                let shown = RefCell::new(Vec::new());
                let [a, b] = [&one, &many].map(|w| {
                    let mut show =
                        |world: &World| shown.borrow_mut().push((world.step(), world.trace_hash()));
                    seen(|o| {
                        replay_until(&w.program(), &run, &tape, true, step, o, &mut show)
                            .expect("it does not contradict itself")
                    })
                });
                assert_same(&format!("{around:?}, left after {step}"), a, b);
                let shown = shown.into_inner();
                assert!(
                    shown[0] == shown[1] && shown[0].0 <= step,
                    "{around:?}, left after {step}: {shown:?}"
                );
            }
        }
    }
}

#[test]
fn a_run_that_takes_too_many_steps_is_found_at_that_step() {
    for (around, faults) in worlds() {
        for steps_max in [1, 30, 31, 40] {
            let working = |one_by_one| Working { around, faults: faults.clone(), one_by_one, steps_max };
            let [a, b] = [true, false].map(|one_by_one| {
                let working = working(one_by_one);
                seen(|o| run_with(&working.program(), &RunConfig::seed(3), StrategySpec::Random.build(), o).0)
            });
            let found = a.0.found.as_ref().map(|found| found.step);
            assert!(found.is_some_and(|step| step <= steps_max), "{around:?}: {found:?}");
            assert_same(&format!("{around:?}, at most {steps_max} steps"), a, b);
        }
    }
}
