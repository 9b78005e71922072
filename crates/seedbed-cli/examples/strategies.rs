//! Prints the tables of `docs/finding-bugs.md` on what each strategy finds how soon.
//!
//! `cargo run --release -p seedbed-cli --example strategies -- [options] [DIR]`
//!
//! `DIR` (default `fixtures/corpus`) holds a `corpus.toml` and its programs. Options: `--hunts N` of each bug by
//! each strategy (20), `--runs N` at most in one hunt (5000), `--time S` seconds at most for the hunts of one bug
//! by one strategy (30), `--jobs N` hunted side by side (one a core), `--only A,B` bugs, `--strategies A,B` (the
//! first is what the others are held against), `--twins N` runs of each twin by the portfolio (0).
//!
//! The hunts of one bug by one strategy go side by side, one run of each at a time, and end when
//! the median is known: more than half have found the bug, or all have had their runs. Those of the
//! portfolio go on until each has found it, so that the slowest is known too.

#![expect(clippy::disallowed_methods, reason = "a benchmark needs a clock and threads")]

use seedbed_corpus::Entry;
use seedbed_hunt::{profile, quietly, run_seed};
use seedbed_manifest::Scenario;
use seedbed_sim::{Profile, RunConfig, StrategySpec, run_with};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const STRATEGIES: &str = "random,pct:3,pctcp:3,pos,surw,delay-bound:4,fate:2,fate:5,portfolio";

struct Options {
    dir: PathBuf,
    hunts: usize,
    runs: u64,
    time: Duration,
    jobs: usize,
    only: Vec<String>,
    strategies: Vec<StrategySpec>,
    twins: u64,
}

fn main() {
    let options = options();
    let bugs = bugs(&options);
    let names: Vec<String> = options.strategies.iter().map(ToString::to_string).collect();
    println!("Runs to find, and seconds on one thread: medians of {} hunts.\n", options.hunts);
    println!("| bug | depth | {} |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(names.len()));
    let show = |bug: &Bug, row: &[Hunts]| {
        let cells: Vec<String> = row.iter().map(Hunts::cell).collect();
        println!("| {} | {} | {} |", bug.entry.name, bug.entry.depth, cells.join(" | "));
    };
    let all = hunt_all(&bugs, &options, show);
    println!("\nAll bugs:\n\n{}", means(&names, &bugs, &all, 0));
    println!("Bugs of depth 2 and more:\n\n{}", means(&names, &bugs, &all, 2));
    if let Some(nth) = options.strategies.iter().position(|spec| *spec == StrategySpec::Portfolio) {
        portfolio(&bugs, all.iter().map(|row| &row[nth]));
    }
    if options.twins > 0 {
        twins(&bugs, &options);
    }
}

struct Bug {
    entry: Entry,
    dir: PathBuf,
    scenario: Scenario,
    profile: Profile,
}

// --- Hunting ---

/// What one hunt came to.
#[derive(Clone, Copy, Default)]
struct Hunt {
    /// `None` = not found.
    runs: Option<u64>,
    seconds: f64,
}

/// What several hunts for one bug by one strategy came to.
struct Hunts {
    hunts: Vec<Hunt>,
    /// How many runs each of those had that did not find it.
    given: u64,
}

/// Every bug by every strategy, `--jobs` at a time; a row is shown when it and all before it are there.
fn hunt_all(bugs: &[Bug], options: &Options, show: impl Fn(&Bug, &[Hunts])) -> Vec<Vec<Hunts>> {
    let columns = options.strategies.len();
    let (next, (out, done)) = (AtomicUsize::new(0), mpsc::channel());
    let mut cells: Vec<Option<Hunts>> = (0..bugs.len() * columns).map(|_| None).collect();
    let mut rows: Vec<Vec<Hunts>> = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            let (next, out) = (&next, out.clone());
            scope.spawn(move || {
                loop {
                    let cell = next.fetch_add(1, Ordering::Relaxed);
                    let Some(bug) = bugs.get(cell / columns) else { break };
                    let hunts = hunts(bug, options.strategies[cell % columns], options);
                    out.send((cell, hunts)).expect("the table is waited for");
                }
            });
        }
        drop(out);
        for (cell, hunts) in done {
            cells[cell] = Some(hunts);
            while let Some(row) = cells.get_mut(rows.len() * columns..(rows.len() + 1) * columns)
                && row.iter().all(Option::is_some)
            {
                let row: Vec<Hunts> = row.iter_mut().filter_map(Option::take).collect();
                show(&bugs[rows.len()], &row);
                rows.push(row);
                if rows.len() == bugs.len() {
                    break;
                }
            }
        }
    });
    rows
}

fn hunts(bug: &Bug, spec: StrategySpec, options: &Options) -> Hunts {
    let mut out = Hunts { hunts: vec![Hunt::default(); options.hunts], given: 0 };
    let mut strategy = spec.build_for(&bug.profile);
    let enough = if spec == StrategySpec::Portfolio { options.hunts } else { options.hunts / 2 + 1 };
    let start = Instant::now();
    for index in 0..options.runs {
        for (root, hunt) in out.hunts.iter_mut().enumerate().filter(|(_, hunt)| hunt.runs.is_none()) {
            let begin = Instant::now();
            let run = RunConfig { seed: run_seed(root as u64 + 1, index), steps_hint: bug.profile.steps };
            let (outcome, back) = quietly(|| run_with(&bug.scenario, &run, strategy, Vec::new()));
            strategy = back;
            hunt.seconds += begin.elapsed().as_secs_f64();
            if outcome.found.is_some() {
                hunt.runs = Some(index + 1);
            }
        }
        out.given = index + 1;
        let found = out.hunts.iter().filter(|hunt| hunt.runs.is_some()).count();
        if found >= enough || start.elapsed() > options.time {
            break;
        }
    }
    out.hunts.sort_by_key(|hunt| hunt.runs.unwrap_or(u64::MAX));
    out
}

impl Hunts {
    /// The median of runs, and of seconds; `None` if half of the hunts did not find it.
    fn median(&self) -> Option<(f64, f64)> {
        let (low, high) = (self.hunts[(self.hunts.len() - 1) / 2], self.hunts[self.hunts.len() / 2]);
        let runs = low.runs? as f64 + high.runs? as f64;
        Some((runs / 2.0, (low.seconds + high.seconds) / 2.0))
    }

    /// The median of runs, or the least that it can be.
    fn least(&self) -> f64 {
        self.median().map_or(self.given as f64, |(runs, _)| runs)
    }

    fn found(&self) -> usize {
        self.hunts.iter().filter(|hunt| hunt.runs.is_some()).count()
    }

    fn cell(&self) -> String {
        match self.median() {
            Some((runs, seconds)) => format!("{runs:.0} ({seconds:.2})"),
            None => format!("> {} ({} of {})", self.given, self.found(), self.hunts.len()),
        }
    }
}

/// How many times fewer runs a strategy needs than the first. Where one did not find the bug, its runs
/// are counted as if it had with the last; where none did, nothing is known.
fn fewer(first: &Hunts, other: &Hunts) -> Option<f64> {
    match (first.median(), other.median()) {
        (None, None) => None,
        // It had fewer runs than the first needed: it may have been no slower.
        (Some((runs, _)), None) => Some(runs / other.least().max(runs)),
        (_, Some((runs, _))) => Some(first.least() / runs),
    }
}

/// Geometric means of the runs beside those of the first strategy, over bugs of at least this depth.
fn means(names: &[String], bugs: &[Bug], all: &[Vec<Hunts>], depth: u32) -> String {
    let rows: Vec<(&Bug, &Vec<Hunts>)> =
        bugs.iter().zip(all).filter(|(bug, _)| bug.entry.depth >= depth).collect();
    let mut text =
        format!("| strategy | found | fewer runs than `{}` | first to find |\n|---|---|---|---|\n", names[0]);
    for (nth, name) in names.iter().enumerate() {
        let logs: Vec<f64> =
            rows.iter().filter_map(|(_, row)| Some(fewer(&row[0], &row[nth])?.ln())).collect();
        let mean = (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp();
        let found = rows.iter().filter(|(_, row)| row[nth].median().is_some()).count();
        let runs = |hunts: &Hunts| hunts.median().map(|(runs, _)| runs);
        let first = rows.iter().filter(|(_, row)| {
            let others = row.iter().enumerate().filter(|(other, _)| *other != nth);
            runs(&row[nth])
                .is_some_and(|own| others.filter_map(|(_, hunts)| runs(hunts)).all(|other| own < other))
        });
        let first: Vec<String> = first.map(|(bug, _)| format!("`{}`", bug.entry.name)).collect();
        let first = if first.is_empty() { "–".to_owned() } else { first.join(", ") };
        text += &format!(
            "| `{name}` | {found} of {} | {mean:.2}× (over {}) | {first} |\n",
            rows.len(),
            logs.len()
        );
    }
    text
}

/// Every hunt of the portfolio, to its end.
fn portfolio<'a>(bugs: &[Bug], all: impl Iterator<Item = &'a Hunts>) {
    println!(
        "The portfolio, every hunt:\n\n| bug | found | slowest, runs | slowest, seconds |\n|---|---|---|---|"
    );
    for (bug, hunts) in bugs.iter().zip(all) {
        let most = hunts.hunts.iter().filter_map(|hunt| hunt.runs).max();
        let slowest = hunts.hunts.iter().map(|hunt| hunt.seconds).fold(0.0, f64::max);
        println!(
            "| {} | {} of {} | {} | {slowest:.2} |",
            bug.entry.name,
            hunts.found(),
            hunts.hunts.len(),
            most.map_or_else(|| "–".to_owned(), |runs| runs.to_string()),
        );
    }
    println!();
}

// --- Twins ---

/// No fixed twin may be flagged.
fn twins(bugs: &[Bug], options: &Options) {
    println!("\n| twin | runs | flagged |\n|---|---|---|");
    for bug in bugs {
        let scenario = load(&bug.dir.join("fixed.toml"));
        let profile = profile(&scenario);
        let mut strategy = StrategySpec::Portfolio.build_for(&profile);
        let mut flagged = 0;
        for index in 0..options.twins {
            let run = RunConfig { seed: run_seed(0, index), steps_hint: profile.steps };
            let (outcome, back) = quietly(|| run_with(&scenario, &run, strategy, Vec::new()));
            strategy = back;
            if let Some(found) = outcome.found {
                eprintln!("{}: seed {:#x}: {found}", bug.entry.name, run.seed);
                flagged += 1;
            }
        }
        println!("| {} | {} | {flagged} |", bug.entry.name, options.twins);
    }
}

// --- What is hunted, and how ---

fn bugs(options: &Options) -> Vec<Bug> {
    let entries = seedbed_corpus::read(&options.dir.join("corpus.toml"));
    let mut entries = entries.unwrap_or_else(|e| fail(&format!("failed to {e}")));
    for name in &options.only {
        if !entries.iter().any(|entry| entry.name == *name) {
            fail(&format!("there is no bug `{name}` in {}", options.dir.display()));
        }
    }
    entries.retain(|entry| options.only.is_empty() || options.only.contains(&entry.name));
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let bug = |entry: Entry| {
        let dir = options.dir.join(&entry.name);
        let scenario = load(&dir.join("seedbed.toml"));
        Bug { profile: profile(&scenario), entry, dir, scenario }
    };
    entries.into_iter().map(bug).collect()
}

fn load(path: &std::path::Path) -> Scenario {
    Scenario::load(path).unwrap_or_else(|e| fail(&format!("failed to {e}")))
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(2);
}

fn options() -> Options {
    let mut options = Options {
        dir: PathBuf::from("fixtures/corpus"),
        hunts: 20,
        runs: 5_000,
        time: Duration::from_secs(30),
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        only: Vec::new(),
        strategies: strategies(STRATEGIES),
        twins: 0,
    };
    fn number<T: std::str::FromStr>(text: String) -> T {
        text.parse().unwrap_or_else(|_| fail(&format!("`{text}` is no number")))
    }
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| fail(&format!("{arg} needs a value")));
        match arg.as_str() {
            "--hunts" => options.hunts = number::<usize>(value()).max(1),
            "--runs" => options.runs = number::<u64>(value()).max(1),
            "--time" => options.time = Duration::from_secs(number(value())),
            "--jobs" => options.jobs = number::<usize>(value()).max(1),
            "--only" => options.only = value().split(',').map(str::to_owned).collect(),
            "--strategies" => options.strategies = strategies(&value()),
            "--twins" => options.twins = number(value()),
            _ if arg.starts_with("--") => fail(&format!("there is no option `{arg}`")),
            _ => options.dir = PathBuf::from(arg),
        }
    }
    options
}

fn strategies(text: &str) -> Vec<StrategySpec> {
    let parse = |name: &str| name.parse().unwrap_or_else(|e| fail(&format!("{e}")));
    let all: Vec<StrategySpec> = text.split(',').map(parse).collect();
    if let Some(spec) = all.iter().find(|spec| spec.is_sequential()) {
        fail(&format!("`{spec}` has one hunt, not several"));
    }
    all
}
