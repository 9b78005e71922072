//! Shrinking gets out of where deleting leads no further.

use seedbed_core::{
    Actor, ChoiceKey, ChoiceKind, Context, Input, Life, PathId, Result, SpawnOptions, Tape, TapeEntry,
};
use seedbed_sim::{
    Alone, Faults, InWorld, Latency, Outcome, Program, RunConfig, Runner, Shrunk, World, WorldConfig, replay,
    replay_by_name, shrink, shrink_with,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Passes a number on to its neighbour until it is zero, and says when that was.
struct Relay;

impl Actor for Relay {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context<'_>, n: u64) -> Result<()> {
        if n == 0 {
            let now = cx.now().as_nanos() as i64;
            cx.observe("came", now);
            return Ok(());
        }
        let next = cx.address(if n.is_multiple_of(2) { "relay@b" } else { "relay@a" })?;
        cx.send(next, &(n - 1))?;
        Ok(())
    }
}

/// A number goes to and fro between two nodes; it may take 40 ms.
fn relays(world: &mut World) -> anyhow::Result<()> {
    for node in ["a", "b"] {
        world.node(node, |boot| {
            boot.spawn(SpawnOptions::registered("relay"), Arc::new(|| Relay)).expect("the name is free");
        });
    }
    world.run_for(Duration::from_millis(1))?;
    let first = world.address("relay", "a")?;
    world.send(first, 6_u64);
    world.idle("it comes soon", |world: &World| match world.facts().sum("came") {
        came if came < 40_000_000 => Ok(()),
        came => Err(format!("it came at {came} ns")),
    });
    Ok(())
}

type Body = InWorld<fn(&mut World) -> anyhow::Result<()>>;

fn program() -> Body {
    let faults = Faults { delay: 100_000, ..Faults::none() };
    let config = WorldConfig { faults, latency: Latency::between(0, 60_000_000), ..WorldConfig::default() };
    InWorld { config, program: relays }
}

/// The n-th message of a relay takes so many steps of the latency longer.
fn delayed(of: &str, nth: u64, steps: u32) -> TapeEntry {
    let key =
        ChoiceKey { kind: ChoiceKind::Delay, site: 0, path: PathId::of(of), life: Life(1), ordinal: nth };
    TapeEntry::Choice { key, answer: steps }
}

fn run_of(program: &Body, entries: Vec<TapeEntry>) -> Outcome {
    let tape = Tape { entries, paths: BTreeMap::new() };
    replay(program, &RunConfig::seed(1), &tape, true, Vec::new())
        .expect("the tape does not contradict itself")
}

fn shrunk(program: &Body, found: &Outcome) -> Shrunk {
    shrink(program, &RunConfig::seed(1), found, |_| true)
}

#[test]
fn one_long_delay_does_the_work_of_several_short_ones() {
    let program = program();
    // Four times 12 ms: without any of them it is 36.
    let four = ["a/relay", "b/relay"].into_iter().flat_map(|of| [1, 2].map(|nth| delayed(of, nth, 3)));
    let found = run_of(&program, four.collect());
    assert_eq!(found.replay_error, None);
    assert_eq!(found.tape.entries.len(), 4);
    assert!(found.found.is_some());
    for index in 0..4 {
        let less = found.tape.without(index);
        assert_eq!(
            replay_by_name(&program, &RunConfig::seed(1), &less, None).expect("it is one").found,
            None
        );
    }
    let shrunk = shrunk(&program, &found);
    assert!(shrunk.minimal);
    let [TapeEntry::Choice { answer, .. }] = shrunk.outcome.tape.entries[..] else {
        panic!("{:?}", shrunk.outcome.tape)
    };
    assert_eq!(answer, 10, "40 ms of 60");
    assert!(shrunk.runs < 60, "{}", shrunk.runs);
}

/// Says how late each message came that was due at a tenth of a second, and how many of each number came.
#[derive(Default)]
struct Late(BTreeMap<u64, i64>);

impl Actor for Late {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context<'_>, n: u64) -> Result<()> {
        let late = cx.now().as_nanos() as i64 % 100_000_000;
        let came = self.0.entry(n).or_default();
        *came += 1;
        cx.observe(&format!("came {n}"), *came);
        cx.observe("late", late);
        Ok(())
    }
}

/// Two clients send five messages each, in turns. None may be late by 30 ms, and so many of the first must come.
fn late(world: &mut World, optional: bool, least: i64) -> anyhow::Result<()> {
    world.node("a", |boot| {
        boot.spawn(SpawnOptions::registered("late"), Arc::new(Late::default)).expect("the name is free");
    });
    let to = world.address("late", "a")?;
    let every = Some(Duration::from_millis(200));
    for n in [1, 2] {
        let (name, at, payload) = (format!("client-{n}"), Duration::from_millis(100 * n), vec![n as u8]);
        world.input(Input { name, to, tag: 0, payload, timeout: None, at, every, count: Some(5), optional });
    }
    let in_time = |world: &World| world.facts().values("late").iter().all(|late| *late < 30_000_000);
    world.always("none is late", in_time);
    world.idle("enough came", move |world: &World| world.facts().sum("came 1") >= least);
    Ok(())
}

#[test]
fn messages_of_optional_inputs_are_left_out_if_all_is_right_without_them() {
    // Whose messages are sent in the end, up to the one that is late.
    type Case = (fn(&mut World) -> anyhow::Result<()>, [u64; 2]);
    let cases: [Case; 3] = [
        (|world| late(world, true, 0), [0, 1]),
        (|world| late(world, true, 4), [2, 1]),
        (|world| late(world, false, 0), [3, 3]),
    ];
    for (body, sent) in cases {
        let program = InWorld { program: body, ..program() };
        let found =
            run_of(&program, vec![delayed("outside/client-2", 1, 4), delayed("outside/client-2", 3, 9)]);
        assert_eq!(found.found.as_ref().expect("it is late").property, "none is late");
        let shrunk = shrunk(&program, &found);
        let tape = &shrunk.outcome.tape;
        assert!(shrunk.minimal);
        assert_eq!(tape.choices(), 1, "{tape}");
        let inputs = &shrunk.outcome.stats.inputs;
        assert_eq!(["client-1", "client-2"].map(|name| inputs[name].sent), sent, "{tape}");
        let again = run_of(&program, tape.entries.clone());
        assert_eq!((again.replay_error, again.trace_hash), (None, shrunk.outcome.trace_hash));
        if sent == [0, 1] {
            let left_out =
                "choice left-out outside/client-1:1 #1 = 3\nchoice left-out outside/client-2:1 #1 = 2\n";
            assert_eq!(tape.to_string(), format!("{left_out}choice delay outside/client-2:1 #3 = 8"));
        }
    }
}

/// Passes on what it gets; one that has nobody to pass it to says when the first came.
struct Pass(&'static [&'static str]);

impl Actor for Pass {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context<'_>, n: u64) -> Result<()> {
        for next in self.0 {
            let next = cx.address(next)?;
            cx.send(next, &n)?;
        }
        if let (true, now) = (self.0.is_empty(), cx.now().as_nanos() as i64) {
            cx.observe("came", now);
        }
        Ok(())
    }
}

/// A number goes by three ways from one node to another; none of them may take 40 ms.
fn ways(world: &mut World) -> anyhow::Result<()> {
    const WAYS: [&str; 3] = ["pass@a", "pass@b", "pass@c"];
    for node in ["begin", "a", "b", "c", "end"] {
        let next: &[&str] = match node {
            "begin" => &WAYS,
            "end" => &[],
            _ => &["pass@end"],
        };
        world.node(node, move |boot| {
            boot.spawn(SpawnOptions::registered("pass"), Arc::new(move || Pass(next)))
                .expect("the name is free");
        });
    }
    world.run_for(Duration::from_millis(1))?;
    let first = world.address("pass", "begin")?;
    world.send(first, 6_u64);
    let first_came = |world: &World| world.facts().sum("came");
    let mut earliest = i64::MAX;
    world.always("the first comes soon", move |world: &World| {
        let came = first_came(world);
        earliest = if came > 0 { earliest.min(came) } else { earliest };
        earliest == i64::MAX || earliest < 40_000_000
    });
    Ok(())
}

/// Runs the candidates of a shrinker one after another, and claims to run several at a time.
struct Wide<'a>(Alone<'a>, usize);

impl Runner for Wide<'_> {
    fn width(&self) -> usize {
        self.1
    }

    fn first(
        &mut self,
        tapes: &[Tape],
        steps_max: Option<u64>,
        wanted: &(dyn Fn(&Outcome) -> bool + Sync),
    ) -> Option<(usize, Outcome)> {
        self.0.first(tapes, steps_max, wanted)
    }

    fn program(&self) -> (&dyn Program, &RunConfig) {
        self.0.program()
    }
}

#[test]
fn entries_are_exchanged_for_fewer_that_are_not_among_them_however_many_are_tried_at_a_time() {
    let program = InWorld { program: ways as fn(&mut World) -> anyhow::Result<()>, ..program() };
    let three = ["a/pass", "b/pass", "c/pass"].map(|of| delayed(of, 1, 12));
    let found = run_of(&program, three.to_vec());
    assert_eq!(found.tape.entries.len(), 3);
    assert!(found.found.is_some());
    let run = RunConfig::seed(1);
    // No part of them does, however long.
    for index in 0..3 {
        let less = found.tape.without(index);
        let longest = less.entries.iter().map(|entry| match entry {
            TapeEntry::Choice { key, .. } => TapeEntry::Choice { key: *key, answer: 15 },
            other => *other,
        });
        let less = found.tape.with_entries(longest.collect());
        assert_eq!(replay_by_name(&program, &run, &less, None).expect("it is one").found, None);
    }
    let shrunk = shrunk(&program, &found);
    assert!(shrunk.minimal);
    // What all three come from is late instead.
    assert_eq!(shrunk.outcome.tape.to_string(), "choice delay outside/client-0:1 #1 = 10");
    for width in [2, 3, 50] {
        let other = shrink_with(&mut Wide(Alone::new(&program, &run), width), &found, |_| true);
        assert_eq!((other.runs, &other.outcome.tape), (shrunk.runs, &shrunk.outcome.tape), "{width}");
    }
}

#[test]
fn what_a_run_is_offered_is_what_the_faults_of_its_world_allow() {
    let faults = Faults { drop: 100_000, faults_max: 1, ..Faults::none() };
    let config = WorldConfig { faults, ..program().config };
    let program = InWorld { config, program: ways as fn(&mut World) -> anyhow::Result<()> };
    let drop = |of: &str| match delayed(of, 1, 1) {
        TapeEntry::Choice { key, answer } => {
            TapeEntry::Choice { key: ChoiceKey { kind: ChoiceKind::Drop, ..key }, answer }
        }
        other => other,
    };
    let run = RunConfig::seed(1);
    for (drops, offered, beyond) in [(vec![], 6, 0), (vec!["b/pass"], 5, 0), (vec!["a/pass", "b/pass"], 4, 1)]
    {
        let tape = Tape { entries: drops.into_iter().map(drop).collect(), paths: BTreeMap::new() };
        let offers = Alone::new(&program, &run).offers(&tape).expect("the tape does not contradict itself");
        assert_eq!((offers.points.len(), offers.beyond), (offered, beyond), "{:?}", offers.points);
        assert!(offers.points.iter().all(|point| (point.key.kind, point.n) == (ChoiceKind::Drop, 2)));
    }
}
