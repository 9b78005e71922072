//! Prints whether the explanations of findings name the planted causes: the table of `docs/finding-bugs.md`.
//!
//! `cargo run --release -p seedbed-corpus --example why -- [--findings N] [--seed S] [BUG…]`
//!
//! Of each bug, `N` findings (1) of hunts with the seeds `S` (7), `S` + 1, … are shrunk and explained. An explanation names
//! the cause if everything stands in it that `corpus.toml` says tells it.

use anyhow::{Context, Result, bail};
use seedbed_corpus::{Entry, entries};
use seedbed_hunt::{Budget, Hunt, ShrinkBudget};
use std::sync::atomic::AtomicBool;

/// More runs than any of the bugs takes.
const RUNS_MAX: u64 = 200_000;

struct Options {
    findings: u64,
    seed: u64,
    bugs: Vec<String>,
}

fn main() -> Result<()> {
    let options = options()?;
    let wanted = |entry: &Entry| options.bugs.is_empty() || options.bugs.contains(&entry.name);
    let (mut all, mut named) = (0, 0);
    println!("| bug | choices | shrunk to | names the cause | what is not told |\n|---|---|---|---|---|");
    for entry in entries()?.into_iter().filter(wanted) {
        for seed in options.seed..options.seed + options.findings {
            let found = find(&entry, seed)?;
            let lines: Vec<String> =
                found.why.iter().map(|line| format!("{} {}", line.kind, line.text)).collect();
            let explanation = lines.join("\n");
            let untold = entry.untold(&explanation);
            all += 1;
            named += usize::from(untold.is_empty());
            let yes = if untold.is_empty() { "yes" } else { "no" };
            let (before, after) = (found.original.choices, found.tape.entries.len());
            println!("| `{}` | {before} | {after} | {yes} | {} |", entry.name, untold.join(", "));
            if !untold.is_empty() {
                eprintln!("{}: {}\n{explanation}\n", entry.name, entry.cause);
            }
        }
    }
    println!("\n{named} of {all} name the cause.");
    Ok(())
}

fn find(entry: &Entry, seed: u64) -> Result<seedbed_trace::Finding> {
    let scenario = entry.broken()?;
    let mut hunt = Hunt::new(&scenario, &entry.name, seed);
    hunt.budget = Budget { runs: Some(RUNS_MAX), time: None };
    hunt.shrink = ShrinkBudget::default();
    let report = hunt.run(&AtomicBool::new(false), &mut |_| {})?;
    Ok(report.found.with_context(|| format!("{} is not found", entry.name))?.finding)
}

fn options() -> Result<Options> {
    let mut options = Options { findings: 1, seed: 7, bugs: Vec::new() };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().context("a number is missing")?.parse().context("it is no number");
        match arg.as_str() {
            "--findings" => options.findings = number()?,
            "--seed" => options.seed = number()?,
            bug if !bug.starts_with('-') => options.bugs.push(bug.to_owned()),
            other => bail!("`{other}` is no option"),
        }
    }
    Ok(options)
}
