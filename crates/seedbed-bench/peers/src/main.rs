//! Does one work by one peer, and prints how long it took: wall and processor time in nanoseconds.
//!
//! `seedbed-bench` calls this once a round, between its own contenders. What it takes to start a
//! process, a runtime and the actors is outside of what is measured.

mod actix;
mod kameo;
mod ractor;
mod shuttle;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use std::time::Instant;

/// A work under way: what is left of it is done when this is called.
type Ready = Box<dyn FnOnce()>;

fn ready(peer: &str, work: &str, n: u64) -> Result<Ready> {
    Ok(match (peer, work) {
        ("actix", "ping-pong-1") => actix::ping_pong(n, 1),
        ("actix", "ping-pong-64") => actix::ping_pong(n, 64),
        ("kameo", "ping-pong-1") => kameo::ping_pong(n, 1),
        ("kameo", "ping-pong-64") => kameo::ping_pong(n, 64),
        ("ractor", "ping-pong-1") => ractor::ping_pong(n, 1),
        ("ractor", "ping-pong-64") => ractor::ping_pong(n, 64),
        ("shuttle", "short-runs") => shuttle::short_runs(n),
        _ => bail!("{peer} does no {work}"),
    })
}

/// A runtime on this thread.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [peer, work, n] = args.as_slice() else { bail!("usage: seedbed-bench-peers PEER WORK N") };
    let work = ready(peer, work, n.parse().context("N is a number")?)?;
    let (wall, cpu) = (Instant::now(), ProcessTime::now());
    work();
    println!("{} {}", wall.elapsed().as_nanos(), cpu.elapsed().as_nanos());
    Ok(())
}
