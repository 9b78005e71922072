//! `seedbed hunt`: many runs in search of a finding.

use crate::args::Hunt as Args;
use crate::block::{self, Beside, millis};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, count, hex};
use crate::progress::Shown;
use crate::values::Shard;
use crate::{before, identity, interrupt, subject, summary};
use seedbed_hunt::block::spent;
use seedbed_hunt::{Budget, Canary, Died, End, Hunt, HuntError, Part, Place, Report, ShrinkBudget, died};
use seedbed_trace::{Finding, Origin};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where findings and the state of hunts are kept, under the current directory.
pub(crate) const KEPT_IN: &str = "target/seedbed";

/// Runs of a hunt that says neither how many nor how long.
const RUNS: u64 = 10_000;

pub(crate) fn run(args: &Args, out: Output) -> Result<Exit, Failure> {
    let runs = args.runs.or(if args.time.is_some() { None } else { Some(RUNS) });
    let runnable = identity::load(&args.manifest, &args.explore.settings(), Path::new(KEPT_IN))?;
    let name = subject::name(&args.manifest);
    let state = args.out.clone().unwrap_or_else(|| state_file(&name, args.shard));
    let resume = if args.resume { Some(Part::read(&state)?) } else { None };
    let before = resume.as_ref().map_or(0, |part| part.findings.len());
    if let Some(runs) = runs.filter(|runs| *runs < args.shard.index) {
        return Err(Failure::new(
            Exit::NothingToRun,
            format_args!("nothing to run: shard {} has none of {runs} runs", args.shard),
        ));
    }
    let hunt = Hunt {
        program: &runnable.scenario,
        name: name.clone(),
        identity: runnable.identity.clone(),
        root: args.seed.0,
        budget: Budget { runs, time: args.time },
        strategy: args.explore.strategy,
        jobs: u32::try_from(args.jobs.unwrap_or_else(cores)).unwrap_or(u32::MAX),
        shard: seedbed_hunt::Shard { index: args.shard.index - 1, of: args.shard.of },
        shrink: ShrinkBudget::default(),
        keep_in: Some(PathBuf::from(KEPT_IN)),
        witness_in: Some(PathBuf::from(KEPT_IN)),
        resume,
        forks: args.forks.unwrap_or(0),
    };
    for run in died(Path::new(KEPT_IN), &name)? {
        let Died { seed, start, strategy } = run;
        let fork = start.map(|start| format!(" from the start of seed {start:#x}")).unwrap_or_default();
        out.warn(&format!("an earlier hunt died in the run with seed {seed:#x}{fork}, strategy {strategy}"));
    }
    interrupt::watch()?;
    out.event(json!({
        "event": "hunting",
        "name": name,
        "seed": hex(hunt.root),
        "strategy": hunt.strategy.to_string(),
        "runs": runs,
        "time_ms": args.time.map(millis),
        "jobs": hunt.jobs,
        "forks": hunt.forks,
        "shard": args.shard.to_string(),
    }));
    if let Some(exit) = before::regressions(args, &name, &runnable, out)? {
        return Ok(exit);
    }
    let canary = before::canary(&hunt, &runnable.scenario, out)?;
    let mut shown = Shown::new(out);
    let report = hunt.run(interrupt::asked(), &mut |now| shown.hunt(now));
    shown.end();
    let report = match report {
        Ok(report) => report,
        Err(HuntError::Keep { finding, source }) => {
            out.say(&block::block(out.paint(), &finding, &Beside::default()));
            out.event(block::object(&finding, &Beside::default()));
            return Err(Failure::unexpected(format_args!("failed to keep the finding: {source}"))
                .help("the same hunt finds it again"));
        }
        Err(error @ HuntError::Panicked { .. }) => return Err(Failure::unexpected(error)),
        Err(error) => return Err(Failure::usage(format_args!("failed to {error}"))),
    };
    report.part.write(&state)?;
    let told = Told { name, hunt: &hunt, report: &report, runs, state: &state, before, canary };
    told.tell(out);
    Ok(told.exit())
}

fn state_file(name: &str, shard: Shard) -> PathBuf {
    let part = if shard.of > 1 { format!("{name}-{}of{}", shard.index, shard.of) } else { name.to_owned() };
    Path::new(KEPT_IN).join(format!("{part}.part"))
}

pub(crate) fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

/// What is told of a hunt that has ended.
struct Told<'a> {
    name: String,
    hunt: &'a Hunt<'a>,
    report: &'a Report,
    runs: Option<u64>,
    state: &'a Path,
    /// Findings of the hunt that was resumed.
    before: usize,
    canary: Option<Canary>,
}

impl Told<'_> {
    fn exit(&self) -> Exit {
        let unstable = self.report.found.as_ref().is_some_and(|found| found.unstable.is_some());
        match self.report.end {
            _ if unstable => Exit::Nondeterminism,
            _ if self.report.found.is_some() || self.before > 0 => Exit::Finding,
            End::Cancelled => Exit::Incomplete,
            End::Time if self.runs.is_some() => Exit::Incomplete,
            _ if self.canary.as_ref().is_some_and(Canary::lived) => Exit::Incomplete,
            _ => Exit::Fine,
        }
    }

    fn tell(&self, out: Output) {
        let report = self.report;
        let mut objects = Vec::new();
        if let Some(found) = &report.found {
            let place = self.place(&found.finding, report.elapsed.saturating_sub(found.shrink_time));
            let beside = Beside {
                place,
                shrink_time: (found.finding.original.shrink_runs > 0).then_some(found.shrink_time),
                path: report.path.as_deref(),
            };
            out.say(&block::block(out.paint(), &found.finding, &beside));
            let object = block::object(&found.finding, &beside);
            out.event(object.clone());
            objects.push(object);
            if let Some(why) = &found.unstable {
                out.warn(&format!("the run is not deterministic: {why}"));
            }
        } else {
            out.say(&self.headline(out));
            out.say(&summary::text(&report.summary));
        }
        let warnings: Vec<String> = if report.found.is_some() { Vec::new() } else { self.warnings() };
        warnings.iter().for_each(|warning| out.warn(warning));
        if !report.part.is_complete() && report.end != End::Finding && self.exit() == Exit::Incomplete {
            out.say(&format!("            resume   {}", self.resume()));
        }
        out.result(self.object(&objects, &warnings));
    }

    fn place(&self, finding: &Finding, took: Duration) -> Option<Place> {
        match finding.origin {
            Origin::Hunt { index, .. } => Some(Place { index, of: self.runs, took: Some(took) }),
            _ => None,
        }
    }

    fn headline(&self, out: Output) -> String {
        let Report { end, summary, elapsed, .. } = self.report;
        let (word, of) = match end {
            End::Cancelled => (out.paint().warning("INTERRUPTED"), self.of()),
            End::Time if self.runs.is_some() => (out.paint().warning("TIME IS UP"), self.of()),
            End::Exhausted => (out.paint().good("NOTHING FOUND"), ", all there are".to_owned()),
            _ => (out.paint().good("NOTHING FOUND"), String::new()),
        };
        let nothing = if *end == End::Cancelled { ", nothing found" } else { "" };
        format!(
            "   {word}  {}  seed {}  {}   ({}{of}{nothing}, {})",
            self.name,
            hex(self.hunt.root),
            self.hunt.strategy,
            count(summary.runs, "run"),
            spent(*elapsed),
        )
    }

    fn of(&self) -> String {
        self.runs.map_or_else(String::new, |runs| format!(" of {}", self.hunt.shard.share_of(runs)))
    }

    fn warnings(&self) -> Vec<String> {
        let lived = self.canary.as_ref().filter(|canary| canary.lived());
        let lived = lived.map(|Canary { runs, .. }| {
            format!("this hunt proves nothing: its canary, a planted bug, was not found in {runs} runs")
        });
        let little = self.report.summary.warnings();
        let little = little.iter().map(|warning| format!("this hunt proves little: {warning}"));
        lived.into_iter().chain(little).collect()
    }

    /// The line that goes on.
    fn resume(&self) -> String {
        let mut args: Vec<String> = std::env::args().skip(1).collect();
        if !args.iter().any(|arg| arg == "--resume") {
            args.push("--resume".to_owned());
        }
        format!("seedbed {}", args.join(" "))
    }

    fn object(&self, findings: &[Value], warnings: &[String]) -> Value {
        let report = self.report;
        json!({
            "event": "hunt",
            "name": self.name,
            "seed": hex(self.hunt.root),
            "strategy": self.hunt.strategy.to_string(),
            "end": match report.end {
                End::Finding => "finding",
                End::Runs => "runs",
                End::Time => "time",
                End::Exhausted => "exhausted",
                End::Cancelled => "interrupted",
            },
            "asked": self.runs,
            "shard": format!("{}/{}", self.hunt.shard.index + 1, self.hunt.shard.of),
            "elapsed_ms": millis(report.elapsed),
            "summary": summary::object(&report.summary),
            "canary": self.canary.as_ref().map(before::canary_object),
            "findings": findings,
            "warnings": warnings,
            "state": self.state.display().to_string(),
        })
    }
}
