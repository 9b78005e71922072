//! Prints the tables of `docs/finding-bugs.md` on what each strategy finds how soon.
//!
//! `cargo run --release -p seedbed-cli --example strategies -- [options] [DIR]`
//!
//! `DIR` (default `fixtures/corpus`) holds directories with a `seedbed.toml` each. Options: `--hunts N`
//! hunts a bug and strategy (20), `--runs N` at most in one hunt (2000), `--only A,B` directories,
//! `--strategies A,B`, `--twins N` runs of each `fixed.toml` by the portfolio (0), `--time S` seconds at most in the
//! hunts of one bug by one strategy (60).
//!
//! Of each bug `DIR/corpus.toml` says how deep it is.

#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock")]

use seedbed_hunt::{profile, quietly, run_seed};
use seedbed_manifest::Scenario;
use seedbed_sim::{Profile, RunConfig, StrategySpec, run_with};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use toml::{Table, Value};

const STRATEGIES: &str = "random,pct:2,pct:3,pos,surw,delay-bound:1,delay-bound:2,delay-bound:4,portfolio";

struct Options {
    dir: PathBuf,
    hunts: u64,
    runs: u64,
    only: Vec<String>,
    strategies: Vec<StrategySpec>,
    twins: u64,
    time: Duration,
}

fn main() {
    let options = options();
    let bugs = bugs(&options);
    let names: Vec<String> = options.strategies.iter().map(ToString::to_string).collect();
    println!(
        "Runs to find, and seconds: medians of {} hunts, at most {} runs each.\n",
        options.hunts, options.runs
    );
    println!("| bug | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    let mut all: Vec<Vec<Hunts>> = Vec::new();
    for bug in &bugs {
        let mut row = Vec::new();
        for spec in &options.strategies {
            row.push(hunts(bug, *spec, &options));
        }
        println!("| {} | {} |", bug.name, row.iter().map(Hunts::cell).collect::<Vec<_>>().join(" | "));
        all.push(row);
    }
    println!("\nAll bugs:\n\n{}", means(&names, &all.iter().collect::<Vec<_>>()));
    let deep = all.iter().zip(&bugs).filter(|(_, bug)| bug.depth.is_some_and(|depth| depth >= 2));
    println!("Bugs of depth 2 and more:\n\n{}", means(&names, &deep.map(|(row, _)| row).collect::<Vec<_>>()));
    if options.twins > 0 {
        twins(&options);
    }
}

struct Bug {
    name: String,
    scenario: Scenario,
    profile: Profile,
    /// How many odd decisions it takes.
    depth: Option<i64>,
}

/// What several hunts for one bug came to.
struct Hunts {
    /// Runs of each; `None` = not found.
    runs: Vec<Option<u64>>,
    seconds: f64,
}

fn hunts(bug: &Bug, spec: StrategySpec, options: &Options) -> Hunts {
    let mut out = Hunts { runs: Vec::new(), seconds: 0.0 };
    let mut strategy = spec.build_for(&bug.profile);
    let start = Instant::now();
    let mut times = Vec::new();
    for root in 1..=options.hunts {
        let begin = Instant::now();
        let mut found = None;
        for index in 0..options.runs {
            if start.elapsed() > options.time {
                break;
            }
            let run = RunConfig { seed: run_seed(root, index), steps_hint: bug.profile.steps };
            let (outcome, back) = quietly(|| run_with(&bug.scenario, &run, strategy, Vec::new()));
            strategy = back;
            if outcome.found.is_some() {
                found = Some(index + 1);
                break;
            }
        }
        times.push(begin.elapsed().as_secs_f64());
        out.runs.push(found);
        if start.elapsed() > options.time {
            // What was not hunted any more was not found.
            out.runs.resize(options.hunts as usize, None);
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    out.seconds = times[times.len() / 2];
    out
}

impl Hunts {
    /// The median; `None` if most hunts did not find it.
    fn median(&self) -> Option<u64> {
        let mut runs: Vec<u64> = self.runs.iter().map(|runs| runs.unwrap_or(u64::MAX)).collect();
        runs.sort_unstable();
        let middle = (runs[(runs.len() - 1) / 2], runs[runs.len() / 2]);
        (middle.1 != u64::MAX).then(|| middle.0.midpoint(middle.1))
    }

    fn cell(&self) -> String {
        match self.median() {
            Some(runs) => format!("{runs} ({:.2})", self.seconds),
            None => format!("– ({} of {})", self.runs.iter().flatten().count(), self.runs.len()),
        }
    }
}

/// Geometric means of the runs beside those of the first strategy, over the bugs that both found in most hunts.
fn means(names: &[String], all: &[&Vec<Hunts>]) -> String {
    let mut text = format!(
        "| strategy | found | fewer runs than `{}` | bugs it finds first |\n|---|---|---|---|\n",
        names[0]
    );
    for (nth, name) in names.iter().enumerate() {
        let both = all.iter().filter_map(|row| row[0].median().zip(row[nth].median()));
        let logs: Vec<f64> = both.map(|(one, other)| (one as f64 / other as f64).ln()).collect();
        let mean = (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp();
        let found = all.iter().filter(|row| row[nth].median().is_some()).count();
        let best = |row: &&&Vec<Hunts>| row.iter().filter_map(Hunts::median).min();
        let first = all.iter().filter(|row| row[nth].median().is_some() && row[nth].median() == best(row));
        text += &format!(
            "| `{name}` | {found} of {} | {mean:.2}× (over {}) | {} |\n",
            all.len(),
            logs.len(),
            first.count()
        );
    }
    text
}

/// No fixed twin may be flagged.
fn twins(options: &Options) {
    println!("\n| twin | runs | flagged |\n|---|---|---|");
    for dir in directories(options) {
        let Ok(scenario) = Scenario::load(&dir.join("fixed.toml")) else { continue };
        let profile = profile(&scenario);
        let mut strategy = StrategySpec::Portfolio.build_for(&profile);
        let mut flagged = 0;
        for index in 0..options.twins {
            let run = RunConfig { seed: run_seed(0, index), steps_hint: profile.steps };
            let (outcome, back) = quietly(|| run_with(&scenario, &run, strategy, Vec::new()));
            strategy = back;
            if let Some(found) = outcome.found {
                eprintln!("{}: seed {:#x}: {found}", dir.display(), run.seed);
                flagged += 1;
            }
        }
        println!("| {} | {} | {flagged} |", name(&dir), options.twins);
    }
}

fn bugs(options: &Options) -> Vec<Bug> {
    let table = std::fs::read_to_string(options.dir.join("corpus.toml")).unwrap_or_default();
    let table: Table = table.parse().unwrap_or_else(|e| panic!("corpus.toml: {e}"));
    let known = table.get("entry").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut out = Vec::new();
    for dir in directories(options) {
        let path = dir.join("seedbed.toml");
        let scenario = match Scenario::load(&path) {
            Ok(scenario) => scenario,
            Err(e) => {
                eprintln!("{} is left out: failed to {e}", path.display());
                continue;
            }
        };
        let (name, profile) = (name(&dir), profile(&scenario));
        let entry = known.iter().find(|entry| entry.get("name").and_then(Value::as_str) == Some(&name));
        let depth = entry.and_then(|entry| entry.get("depth")?.as_integer());
        out.push(Bug { depth, name, scenario, profile });
    }
    out
}

fn directories(options: &Options) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(&options.dir).unwrap_or_else(|e| panic!("{}: {e}", options.dir.display()));
    let mut all: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.retain(|dir| dir.join("seedbed.toml").is_file());
    all.retain(|dir| options.only.is_empty() || options.only.contains(&name(dir)));
    all.sort();
    all
}

fn name(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn options() -> Options {
    let mut options = Options {
        dir: PathBuf::from("fixtures/corpus"),
        hunts: 20,
        runs: 2_000,
        only: Vec::new(),
        strategies: strategies(STRATEGIES),
        twins: 0,
        time: Duration::from_secs(60),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
        let number = |text: String| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"));
        match arg.as_str() {
            "--hunts" => options.hunts = number(value()),
            "--runs" => options.runs = number(value()),
            "--twins" => options.twins = number(value()),
            "--time" => options.time = Duration::from_secs(number(value())),
            "--only" => options.only = value().split(',').map(str::to_owned).collect(),
            "--strategies" => options.strategies = strategies(&value()),
            _ if arg.starts_with("--") => panic!("there is no option `{arg}`"),
            _ => options.dir = PathBuf::from(arg),
        }
    }
    options
}

fn strategies(text: &str) -> Vec<StrategySpec> {
    text.split(',').map(|name| name.parse().unwrap_or_else(|e| panic!("{e}"))).collect()
}
