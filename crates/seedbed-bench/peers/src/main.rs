//! Does one work by one peer, and prints how long it took: wall and processor time in nanoseconds.
//!
//! `seedbed-bench` calls this once a round, between its own contenders. What it takes to start a
//! process, a runtime and the actors that a work begins with is outside of what is measured.

mod actix;
mod kameo;
mod ractor;
mod shuttle;

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use std::time::{Duration, Instant};

/// A work under way: what is left of it is done when this is called.
type Ready = Box<dyn FnOnce()>;

/// Long enough for every wait here to end before.
const SOON: Duration = Duration::from_secs(60);

fn ready(peer: &str, work: &str, n: u64) -> Result<Ready> {
    let ready = match (peer, work) {
        ("actix", _) => actix::ready(work, n),
        ("kameo", _) => kameo::ready(work, n),
        ("ractor", _) => ractor::ready(work, n),
        ("shuttle", "short-runs") => Some(shuttle::short_runs(n)),
        _ => None,
    };
    ready.with_context(|| format!("{peer} does no {work}"))
}

/// A runtime on this thread.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A runtime on a thread of its own, until the process ends.
fn elsewhere() -> tokio::runtime::Handle {
    let runtime = runtime();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    handle
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
