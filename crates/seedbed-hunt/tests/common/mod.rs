//! Small programs with known mistakes.

#![allow(dead_code, reason = "each test file uses some of these")]

use seedbed_core::{Actor, Context, Result, Signal, SpawnOptions};
use seedbed_hunt::Hunt;
use seedbed_sim::{Faults, Program, World, WorldConfig};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Last writer wins, and a reader that says what it saw.
#[derive(Clone)]
pub(crate) struct Register(pub(crate) i64);

#[derive(Serialize, Deserialize)]
pub(crate) enum Op {
    Write(i64),
    Read,
}

impl Actor for Register {
    type Message = Op;

    fn on_message(&mut self, cx: &mut Context<'_>, op: Op) -> Result<()> {
        match op {
            Op::Write(value) => self.0 = value,
            Op::Read => cx.observe("seen", self.0),
        }
        Ok(())
    }

    fn snapshot(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Sends one operation to the register when its timer fires.
#[derive(Clone)]
pub(crate) struct Writer(pub(crate) i64);

impl Actor for Writer {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        cx.set_timer(Duration::from_millis(1), 0)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, _: Signal) -> Result<()> {
        let register = cx.address("register")?;
        cx.send(register, &if self.0 == 0 { Op::Read } else { Op::Write(self.0) })?;
        Ok(())
    }

    fn snapshot(&self) -> Option<Self> {
        Some(self.clone())
    }
}

fn writers(world: &mut World, values: &[i64]) {
    world.spawn("register", || Register(0));
    for value in values.iter().copied().chain([0]) {
        world.spawn(&format!("writer-{value}"), move || Writer(value));
    }
}

/// Breaks only if the write of 3 is the last before the read: about one run in twenty.
pub(crate) fn race(world: &mut World) -> anyhow::Result<()> {
    writers(world, &[1, 2, 3, 4, 5]);
    world.always("3 is not seen", |w: &World| w.facts().values("seen") != [3]);
    world.sometimes("it ran", true);
    Ok(())
}

/// A program that only builds its worlds, which are data.
pub(crate) struct Builds(pub(crate) fn(&mut World) -> anyhow::Result<()>);

impl Program for Builds {
    fn config(&self) -> WorldConfig {
        WorldConfig::default()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        self.0(world)
    }

    fn is_data(&self) -> bool {
        true
    }
}

/// The same with nothing that can break.
pub(crate) fn sound(world: &mut World) -> anyhow::Result<()> {
    writers(world, &[1, 2, 3, 4, 5]);
    world.always("something is seen", |w: &World| w.facts().values("seen").len() == 1);
    Ok(())
}

/// The same by a node that boots, whose actors have a start of some turns.
pub(crate) fn boots(world: &mut World) -> anyhow::Result<()> {
    world.node("n", |boot| {
        boot.spawn(SpawnOptions::registered("register"), Arc::new(|| Register(0))).expect("the name is free");
        for value in 1..=4 {
            boot.spawn(SpawnOptions::default(), Arc::new(move || Writer(value))).expect("there is room");
        }
    });
    Ok(())
}

/// A hunt in `program` without a time limit.
pub(crate) fn hunt<'a>(program: &'a (dyn Program + Sync), runs: u64) -> Hunt<'a> {
    let mut hunt = Hunt::new(program, "test", 7);
    hunt.budget.runs = Some(runs);
    hunt.shrink.time = Duration::from_secs(600);
    hunt
}

pub(crate) fn run(hunt: &Hunt<'_>) -> seedbed_hunt::Report {
    hunt.run(&AtomicBool::new(false), &mut |_| {}).expect("the hunt ends")
}

pub(crate) fn chaos() -> WorldConfig {
    WorldConfig { faults: Faults::chaos(), ..WorldConfig::default() }
}
