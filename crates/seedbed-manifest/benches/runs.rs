//! What a whole simulated run of a fixture costs, on one core.
//!
//! `cargo bench -p seedbed-manifest --bench runs`; prints runs and turns a second, each the best of
//! five rounds.

#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]

use seedbed_manifest::Scenario;
use seedbed_sim::{RunConfig, StrategySpec, run_with};
use std::path::Path;
use std::time::Instant;

const RUNS: u64 = 500;

fn main() {
    println!("{:<16} {:>10} {:>12} {:>12} {:>10}", "fixture", "runs/s", "turns/s", "turns a run", "findings");
    for name in ["hello", "counter", "crasher", "transfer", "transfer-fixed"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name).join("seedbed.toml");
        let scenario = Scenario::load(&path).expect("the fixtures load");
        let (mut best, mut steps, mut findings) = (f64::MAX, 0, 0);
        for _ in 0..5 {
            (steps, findings) = (0, 0);
            let start = Instant::now();
            for seed in 0..RUNS {
                let strategy = StrategySpec::Random.build();
                let (outcome, _) = run_with(&scenario, &RunConfig::seed(seed), strategy, Vec::new());
                steps += outcome.stats.steps;
                findings += u32::from(outcome.found.is_some());
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        let (runs, turns) = (RUNS as f64 / best, steps as f64 / best);
        println!("{name:<16} {runs:>10.0} {turns:>12.0} {:>12} {findings:>10}", steps / RUNS);
    }
}
