//! What several tests share: three nodes with an actor each that passes numbers on.
#![allow(dead_code, reason = "each test uses its part of it")]

use seedbed_core::{Actor, Context, Correlation, NodeId, Result, Signal, SpawnOptions, Time};
use seedbed_sim::{
    Faults, InWorld, Latency, NodeBoot, OUTSIDE, Outcome, Profile, Program, RunConfig, StrategySpec, World,
    WorldConfig, replay, run_with,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Do {
    /// Note a number and when it came.
    Take(u64),
    /// Send it to `probe` of another node under a tag.
    Pass(String, u64, u64),
    /// Wake up after so many nanoseconds, and note when.
    Sleep(u64),
    /// Append a record to the log, and note how that ends.
    Append,
    /// Read the log, and note how many records there are.
    Read,
}

#[derive(Default)]
pub(crate) struct Probe {
    reads: Vec<Correlation>,
    /// When it fell asleep.
    asleep: Time,
}

impl Actor for Probe {
    type Message = Do;

    fn on_message(&mut self, cx: &mut Context, order: Do) -> Result<()> {
        match order {
            Do::Take(n) => {
                let now = cx.now().as_nanos() as i64;
                cx.observe(&format!("at {n}"), now);
                cx.observe("count", 0);
                cx.observe(&format!("last {n}"), n as i64);
                cx.reply(n)?;
            }
            Do::Pass(node, n, tag) => {
                let to = cx.address(&format!("probe@{node}"))?;
                let mut bytes = Vec::new();
                seedbed_core::Message::encode(&Do::Take(n), &mut bytes);
                cx.send_tagged(to, tag, &bytes)?;
            }
            Do::Sleep(ns) => {
                self.asleep = cx.now();
                cx.set_timer(Duration::from_nanos(ns), 0)?;
            }
            Do::Append => drop(cx.store_append(b"record")?),
            Do::Read => self.reads.push(cx.store_read()?),
        }
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        match signal {
            Signal::Timer { .. } => {
                let now = cx.now();
                cx.observe("slept", now.since(self.asleep).as_nanos() as i64);
                let unix = cx.unix_time();
                cx.observe(
                    "skew",
                    unix.as_nanos() as i64 - 1_577_836_800_000_000_000 - now.as_nanos() as i64,
                );
            }
            Signal::Completion { correlation, outcome } => match outcome {
                Ok(bytes) if self.reads.contains(&correlation) => {
                    let records = seedbed_core::abi::store::Records::new(&bytes);
                    cx.observe("records", records.clone().count() as i64);
                    cx.observe("shortest", records.map(<[u8]>::len).min().unwrap_or_default() as i64);
                }
                Ok(_) => cx.observe("append", 0),
                Err(e) => {
                    cx.observe("append", e.code as i64);
                    cx.observe(&format!("code {}", e.code), 1);
                }
            },
            _ => {}
        }
        Ok(())
    }
}

fn probe(boot: &mut NodeBoot<'_>) {
    boot.spawn(SpawnOptions::registered("probe"), Arc::new(Probe::default)).expect("the name is free");
}

/// Nodes a, b and c; a millisecond from node to node and none from outside.
pub(crate) fn nodes(world: &mut World) -> anyhow::Result<[NodeId; 3]> {
    let nodes = ["a", "b", "c"].map(|name| world.node(name, probe));
    for (x, y) in [("a", "b"), ("a", "c"), ("b", "c"), (OUTSIDE, "a"), (OUTSIDE, "b"), (OUTSIDE, "c")] {
        world.link(x, y, Latency::fixed(if x == OUTSIDE { 0 } else { 1_000_000 }))?;
    }
    Ok(nodes)
}

/// Tells the probe of a node what to do, now.
pub(crate) fn tell(world: &mut World, node: &str, order: Do) -> anyhow::Result<()> {
    let to = world.address("probe", node)?;
    world.send(to, order);
    Ok(())
}

/// Lets the probe of a node send a number to another.
pub(crate) fn pass(world: &mut World, from: &str, to: &str, n: u64) -> anyhow::Result<()> {
    tell(world, from, Do::Pass(to.to_owned(), n, 0))
}

/// When a number came to a node.
pub(crate) fn came(world: &World, node: &str, n: u64) -> Option<Duration> {
    let at = world.facts().get(&format!("{node}/probe"), &format!("at {n}"))?;
    Some(Duration::from_nanos(at as u64))
}

/// A fact of the probe of a node.
pub(crate) fn fact(world: &World, node: &str, key: &str) -> Option<i64> {
    world.facts().get(&format!("{node}/probe"), key)
}

/// Runs a body in plain order; it must succeed.
pub(crate) fn fine(faults: Faults, body: impl Fn(&mut World) -> anyhow::Result<()>) -> Outcome {
    let config = WorldConfig { faults, allow_failures: true, ..WorldConfig::default() };
    let program = InWorld { config, program: body };
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new());
    assert_eq!(outcome.found, None);
    outcome
}

/// Runs a body under a seed in random order; it must succeed, and replay.
pub(crate) fn replays(
    faults: &Faults,
    seed: u64,
    body: impl Fn(&mut World) -> anyhow::Result<()>,
) -> Outcome {
    let config = WorldConfig { faults: faults.clone(), allow_failures: true, ..WorldConfig::default() };
    let program = InWorld { config, program: body };
    same_again(&program, seed)
}

fn same_again(program: &dyn Program, seed: u64) -> Outcome {
    let run = RunConfig::seed(seed);
    let (outcome, _) = run_with(program, &run, StrategySpec::Random.build(), Vec::new());
    assert_eq!(outcome.found, None, "seed {seed}");
    let again =
        replay(program, &run, &outcome.tape, true, Vec::new()).expect("a tape does not contradict itself");
    assert_eq!((again.replay_error, again.trace_hash), (None, outcome.trace_hash), "seed {seed}");
    outcome
}

/// The median of runs to find it, from several first seeds; `u64::MAX` = mostly not within so many.
pub(crate) fn median(program: &dyn Program, spec: &str, most: u64) -> u64 {
    let spec: StrategySpec = spec.parse().expect("one of this test");
    let profile = Profile::of(program);
    let mut strategy = spec.build_for(&profile);
    let mut all: Vec<u64> = (0..9_u64)
        .map(|hunt| {
            for n in 1..=most {
                let run = RunConfig { seed: hunt << 32 | n, steps_hint: profile.steps };
                let taken = std::mem::replace(&mut strategy, StrategySpec::Plain.build());
                let (outcome, back) = run_with(program, &run, taken, Vec::new());
                strategy = back;
                if outcome.found.is_some() {
                    return n;
                }
            }
            u64::MAX
        })
        .collect();
    all.sort_unstable();
    all[4]
}
