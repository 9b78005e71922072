//! A dynamic supervisor at size, on the real reactor.
//!
//! ```text
//! cargo run --release -p seedbed-rt --example many_children -- start 100000
//! cargo run --release -p seedbed-rt --example many_children -- churn 1000000
//! ```
//!
//! `start N` starts N children, and stops their supervisor: turns a child, which must not grow with N.
//! `churn N` starts N children one after another, each of which ends at once: what the process holds in
//! memory meanwhile, which must not grow at all. Work is counted; for instructions see `perf stat`.

use seedbed_core::supervise::{ChildSpec, Restart};
use seedbed_core::{Actor, ChildStart, Context, Reason, Result, Supervisor};
use seedbed_rt::{System, block_on};

/// Ends after its start, if it was told so.
struct Child {
    ends: bool,
}

impl Actor for Child {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        if self.ends {
            cx.stop(Reason::Normal);
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }
}

fn pool() -> Supervisor {
    let child = ChildStart::typed(|ends: bool| Child { ends });
    Supervisor::dynamic(ChildSpec { restart: Restart::Temporary, ..ChildSpec::worker("child", child) })
}

/// What the process holds, in KiB, where the operating system says so.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

async fn start(system: &System, n: u64) -> Result<()> {
    let pool = system.spawn("pool", pool()).await?;
    let before = system.turns().await?;
    for _ in 0..n {
        system.supervisor(pool).start_instance(&false).await?;
    }
    let started = system.turns().await?;
    let counts = system.supervisor(pool).counts().await?;
    anyhow::ensure!(counts.active == n, "{counts:?}");
    println!(
        "{n} children live: {:.3} turns each to start, {} KiB",
        per(started - before, n),
        resident_kib()
    );
    let before = system.turns().await?;
    system.stop(pool, Reason::Shutdown).await?;
    let stopped = system.turns().await?;
    anyhow::ensure!(system.actors().await?.is_empty(), "somebody is left");
    println!("{n} children stopped: {:.3} turns each", per(stopped - before, n));
    Ok(())
}

async fn churn(system: &System, n: u64) -> Result<()> {
    let pool = system.spawn("pool", pool()).await?;
    for i in 1..=n {
        system.supervisor(pool).start_instance(&true).await?;
        if i % (n / 10).max(1) == 0 {
            let (actors, known) =
                (system.actors().await?.len(), system.supervisor(pool).counts().await?.active);
            println!(
                "{i} children came and went: {} KiB, {actors} actors, {known} children known",
                resident_kib()
            );
        }
    }
    Ok(())
}

fn per(turns: u64, n: u64) -> f64 {
    turns as f64 / n as f64
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (what, n) = (args.next(), args.next().and_then(|n| n.parse().ok()));
    block_on(async {
        let system = System::start()?;
        match (what.as_deref(), n) {
            (Some("start"), Some(n)) => start(&system, n).await?,
            (Some("churn"), Some(n)) => churn(&system, n).await?,
            _ => anyhow::bail!("say `start N` or `churn N`"),
        }
        system.shutdown().await?;
        Ok(())
    })?
}
