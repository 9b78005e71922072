//! Does one work by palladium, and prints how long it took: wall and processor time in nanoseconds.
//!
//! Its single-core engine, in a `LocalSet` on tokio's current-thread runtime. What it takes to start the
//! engine and the actors that a work begins with is outside of what is measured.

mod native;
mod user;
mod wasm;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use std::time::Instant;

/// A measurement that runs.
pub struct Watch(Instant, ProcessTime);

impl Watch {
    pub fn start() -> Watch {
        Watch(Instant::now(), ProcessTime::now())
    }

    pub fn stop(self) {
        println!("{} {}", self.0.elapsed().as_nanos(), self.1.elapsed().as_nanos());
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [peer, work, n] = args.as_slice() else { bail!("usage: seedbed-bench-palladium palladium WORK N") };
    let n = n.parse().context("N is a number")?;
    match (peer.as_str(), work.as_str()) {
        ("palladium", "ping-pong-1") => native::ping_pong(n, 1),
        ("palladium", "ping-pong-64") => native::ping_pong(n, 64),
        ("palladium", "asks-from-a-task") => native::asks_from_a_task(n),
        ("palladium", "asks-from-another-thread") => native::asks_from_another_thread(n),
        ("palladium", "spawns-from-a-task") => native::spawns(n),
        ("palladium", "wasm-ping-pong") => wasm::ping_pong(n),
        ("palladium", "wasm-spawns") => wasm::spawns(n),
        _ => bail!("{peer} does no {work}"),
    }
    Ok(())
}
