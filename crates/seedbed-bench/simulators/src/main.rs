//! Does one simulated program by one other simulator, and prints how long it took: wall and
//! processor time in nanoseconds.
//!
//! - `sim-ping-pong`: two nodes pass a number to and fro over a network that takes 1 to 10 ms;
//!   n messages.
//! - `sim-lossy-requests`: a client asks a server and asks again when no answer came in 100 ms; one in
//!   ten packets is lost; until n requests are answered.
//! - `sim-pairs-P`: P pairs of tasks pass a number to and fro, all at once; n messages.
//! - `sim-orders`: every order of messages to one actor is tried; n steps of them.

#[cfg(not(madsim))]
compile_error!("build this from its own directory, whose .cargo/config.toml says `--cfg madsim`");

mod madsim;
mod shuttle;
mod stateright;
mod strontium;
mod turmoil;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// A program under way: what is left of it is done when this is called.
type Ready = Box<dyn FnOnce()>;

/// The shortest and longest that a packet takes.
const LATENCY: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(10));
/// The share of packets that are lost.
const LOSS: f64 = 0.1;
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_millis(100);

fn ready(peer: &str, work: &str, n: u64) -> Result<Ready> {
    Ok(match (peer, work) {
        ("madsim", "sim-ping-pong") => madsim::ping_pong(n),
        ("madsim", "sim-lossy-requests") => madsim::lossy_requests(n),
        ("turmoil", "sim-ping-pong") => turmoil::ping_pong(n),
        ("turmoil", "sim-lossy-requests") => turmoil::lossy_requests(n),
        ("shuttle", "sim-ping-pong") => shuttle::ping_pong(n),
        ("shuttle", "sim-lossy-requests") => shuttle::lossy_requests(n),
        ("strontium", "sim-pairs-1") => strontium::pairs(n, 1),
        ("strontium", "sim-pairs-10") => strontium::pairs(n, 10),
        ("strontium", "sim-pairs-1000") => strontium::pairs(n, 1_000),
        ("stateright", "sim-orders") => stateright::orders(n),
        _ => bail!("{peer} does no {work}"),
    })
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [peer, work, n] = args.as_slice() else { bail!("usage: seedbed-bench-simulators PEER WORK N") };
    let work = ready(peer, work, n.parse().context("N is a number")?)?;
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    work();
    println!("{} {}", wall.elapsed().as_nanos(), cpu.elapsed().as_nanos());
    Ok(())
}
