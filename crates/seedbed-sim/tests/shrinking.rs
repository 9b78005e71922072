//! Shrinking gets out of where deleting leads no further.

use seedbed_core::{
    Actor, ChoiceKey, ChoiceKind, Context, Life, PathId, Result, SpawnOptions, Tape, TapeEntry,
};
use seedbed_sim::{
    Faults, InWorld, Latency, Outcome, RunConfig, Shrunk, World, WorldConfig, replay, replay_by_name, shrink,
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
