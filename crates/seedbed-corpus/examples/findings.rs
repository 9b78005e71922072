//! Prints what becomes of findings in the corpus: what shrinking leaves of them, and whether their
//! explanation names the cause. The tables are those of `docs/finding-bugs.md`.
//!
//! `cargo run --release -p seedbed-corpus --example findings -- [options] [BUG…]`
//!
//! Each bug is hunted with the seeds from `--seed N` (1) on, as many as `--findings N` (20) says, by the
//! `--strategy S` that a hunt has if nothing is said, over `--runs N` (20000) runs at most and `--time S` (60)
//! seconds; `--jobs N` (1) is how many candidates of the shrinker run at a time. `--tapes` prints the smallest
//! tape of each bug as `corpus.toml` holds it, and `--explain` every explanation, not only those that do not name
//! the cause.

use anyhow::{Context, Result, bail};
use seedbed_corpus::{Entry, entries};
use seedbed_hunt::{Budget, Hunt, ShrinkBudget, shrink_finding};
use seedbed_manifest::Scenario;
use seedbed_sim::StrategySpec;
use seedbed_trace::Finding;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

struct Options {
    findings: u64,
    seed: u64,
    strategy: Option<StrategySpec>,
    runs: u64,
    time: Duration,
    jobs: u32,
    tapes: bool,
    explain: bool,
    bugs: Vec<String>,
}

/// A bug and its findings.
struct Bug {
    entry: Entry,
    found: Vec<Found>,
}

/// A finding, and how long it took the processor to shrink and to explain it.
struct Found {
    finding: Finding,
    seconds: f64,
}

fn main() -> Result<()> {
    let options = options()?;
    let wanted = |entry: &Entry| options.bugs.is_empty() || options.bugs.contains(&entry.name);
    let mut bugs = Vec::new();
    for entry in entries()?.into_iter().filter(wanted) {
        let scenario = entry.broken()?;
        let seeds = options.seed..options.seed + options.findings;
        let found = seeds.map(|seed| find(&entry, &scenario, seed, &options)).collect::<Result<Vec<_>>>()?;
        let found: Vec<Found> = found.into_iter().flatten().collect();
        eprintln!("{}: {} found", entry.name, found.len());
        for large in found.iter().filter(|found| left(found) > 2.0 * smallest(&entry)) {
            eprintln!(
                "{} is left of the finding with the seed {:#x}:\n{}",
                left(large),
                large.finding.seed,
                large.finding.tape
            );
        }
        bugs.push(Bug { entry, found });
    }
    println!("{}\n{}", shrinking(&bugs), explaining(&bugs, options.explain));
    if options.tapes {
        bugs.iter().filter_map(Bug::smallest_tape).for_each(|tape| println!("{tape}"));
    }
    Ok(())
}

fn find(entry: &Entry, scenario: &Scenario, seed: u64, options: &Options) -> Result<Option<Found>> {
    let mut hunt = Hunt::new(scenario, &entry.name, seed);
    hunt.budget = Budget { runs: Some(options.runs), time: Some(options.time) };
    hunt.strategy = options.strategy.unwrap_or(hunt.strategy);
    hunt.shrink.runs = 0;
    let found = hunt.run(&AtomicBool::new(false), &mut |_| {})?.found;
    let Some(found) = found.filter(|found| found.finding.property == entry.property) else { return Ok(None) };
    let budget =
        ShrinkBudget { jobs: options.jobs, time: Duration::from_secs(600), ..ShrinkBudget::default() };
    let begin = processor_seconds()?;
    let shrunk = shrink_finding(scenario, &found.finding, &found.outcome, &budget, &mut |_| true);
    let seconds = processor_seconds()? - begin;
    Ok(Some(Found { finding: shrunk.finding, seconds }))
}

/// What this process has used of processors, so that what else runs on the machine shows less.
fn processor_seconds() -> Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat =
        std::fs::read_to_string("/proc/self/stat").context("only Linux tells the time of processors")?;
    // The second field is a name in brackets; the 14th and 15th are what user and system took.
    let (_, fields) = stat.rsplit_once(')').context("it has a name")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| Ok(field.parse::<f64>()?));
    Ok(ticks.sum::<Result<f64>>()? / TICKS_PER_SECOND)
}

/// What shrinking leaves.
fn shrinking(bugs: &[Bug]) -> String {
    let mut text = String::from(
        "| bug | findings | choices | left | at most | smallest known | of what could go, went | runs | seconds | at most |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for Bug { entry, found } in bugs {
        if found.is_empty() {
            text += &format!("| `{}` | 0 | | | | {} | | | | |\n", entry.name, entry.smallest);
            continue;
        }
        let of = |value: &dyn Fn(&Found) -> f64| median(found.iter().map(value).collect());
        let most = |value: &dyn Fn(&Found) -> f64| found.iter().map(value).fold(0.0, f64::max);
        text += &format!(
            "| `{}` | {} | {} | {} | {} | {} | {:.0} % | {} | {:.2} | {:.2} |\n",
            entry.name,
            found.len(),
            of(&choices),
            of(&left),
            most(&left),
            smallest(entry),
            of(&|found| 100.0 * share_gone(entry, found)),
            of(&|found| found.finding.original.shrink_runs as f64),
            of(&seconds),
            most(&seconds),
        );
    }
    let all = || bugs.iter().flat_map(|bug| bug.found.iter().map(move |found| (&bug.entry, found)));
    let of = |value: &dyn Fn(&Entry, &Found) -> f64| median(all().map(|(e, f)| value(e, f)).collect());
    let fewer = |found: &Found| 1.0 - left(found) / choices(found).max(1.0);
    let fewest = |entry: &Entry, found: &Found| 1.0 - smallest(entry) / choices(found).max(1.0);
    let many = all().filter(|(entry, found)| fewest(entry, found) >= 0.95);
    let twice = all().filter(|(entry, found)| left(found) > 2.0 * smallest(entry)).count();
    let slow = all().filter(|(_, found)| seconds(found) > 2.0).count();
    text += &format!(
        "\n{} findings. Median: {:.1} % fewer choices, where the smallest known tapes have {:.1} % fewer; of what could go, \
         {:.1} % went; {:.2} s. Of the {} that began with so many choices that 95 % can go, the median has {:.1} % \
         fewer. More than twice the smallest known: {twice}. Longer than 2 s: {slow}.\n",
        all().count(),
        of(&|_, found| 100.0 * fewer(found)),
        of(&|entry, found| 100.0 * fewest(entry, found)),
        of(&|entry, found| 100.0 * share_gone(entry, found)),
        of(&|_, found| seconds(found)),
        many.clone().count(),
        median(many.map(|(_, found)| 100.0 * fewer(found)).collect()),
    );
    text
}

/// Whether explanations name the cause.
fn explaining(bugs: &[Bug], tell_all: bool) -> String {
    let mut text = String::from("| bug | names the cause | what is not told |\n|---|---|---|\n");
    let (mut all, mut named, mut others) = (0, 0, 0);
    for Bug { entry, found } in bugs {
        let mut untold: Vec<&str> = Vec::new();
        let mut named_here = 0;
        for Found { finding, .. } in found {
            let explanation: Vec<String> =
                finding.why.iter().map(|line| format!("{} {}", line.kind, line.text)).collect();
            let here = entry.untold(&explanation);
            named_here += usize::from(here.is_empty());
            let other = |bug: &&Bug| {
                bug.entry.property != entry.property && bug.entry.untold(&explanation).is_empty()
            };
            others += bugs.iter().filter(other).count();
            if tell_all || !here.is_empty() {
                let lines = explanation.join("\n");
                eprintln!("{} (seed {:#x}): {}\n{lines}\n{here:?}\n", entry.name, finding.seed, entry.cause);
            }
            untold.extend(here);
        }
        untold.sort_unstable();
        untold.dedup();
        text += &format!("| `{}` | {named_here} of {} | {} |\n", entry.name, found.len(), untold.join(", "));
        all += found.len();
        named += named_here;
    }
    text + &format!("\n{named} of {all} name the cause; {others} would do for another bug.\n")
}

impl Bug {
    /// The smallest tape, as `corpus.toml` holds it.
    fn smallest_tape(&self) -> Option<String> {
        let found = self.found.iter().min_by_key(|found| found.finding.tape.choices())?;
        let (name, finding) = (&self.entry.name, &found.finding);
        Some(format!("# {name}\nseed = \"{:#x}\"\nsmallest = '''\n{}\n'''\n", finding.seed, finding.tape))
    }
}

fn smallest(entry: &Entry) -> f64 {
    entry.smallest.choices() as f64
}

fn choices(found: &Found) -> f64 {
    found.finding.original.choices as f64
}

fn left(found: &Found) -> f64 {
    found.finding.tape.choices() as f64
}

fn seconds(found: &Found) -> f64 {
    found.seconds
}

/// The share that went of what could go.
fn share_gone(entry: &Entry, found: &Found) -> f64 {
    let could = choices(found) - smallest(entry);
    if could > 0.0 { (choices(found) - left(found)) / could } else { 1.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn options() -> Result<Options> {
    let mut options = Options {
        findings: 20,
        seed: 1,
        strategy: None,
        runs: 20_000,
        time: Duration::from_secs(60),
        jobs: 1,
        tapes: false,
        explain: false,
        bugs: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("`{arg}` needs a value"));
        let number = |value: String| value.parse::<u64>().context("it is no number");
        match arg.as_str() {
            "--findings" => options.findings = number(value()?)?,
            "--seed" => options.seed = number(value()?)?,
            "--strategy" => options.strategy = Some(value()?.parse().map_err(|e| anyhow::anyhow!("{e}"))?),
            "--runs" => options.runs = number(value()?)?,
            "--time" => options.time = Duration::from_secs(number(value()?)?),
            "--jobs" => options.jobs = u32::try_from(number(value()?)?)?,
            "--tapes" => options.tapes = true,
            "--explain" => options.explain = true,
            bug if !bug.starts_with('-') => options.bugs.push(bug.to_owned()),
            other => bail!("`{other}` is no option"),
        }
    }
    Ok(options)
}
