//! From a run that broke a property to a finding: replayed, shrunk, explained, kept.

use crate::crew::Crew;
use crate::quiet::quietly;
use seedbed_sim::{Outcome, Program, RunConfig, Shrunk, replay, shrink, shrink_with};
use seedbed_trace::{Broke, Collector, FileError, Finding, Identity, Origin, Original, Trace, file, why};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What broke a property.
pub struct Subject<'a> {
    /// What ran.
    pub program: &'a (dyn Program + Sync),
    /// Name of the test or manifest.
    pub name: &'a str,
    /// What must be the same for a tape to hold.
    pub identity: &'a Identity,
    /// Which run it was.
    pub origin: Origin,
    /// The strategy, as on a command line.
    pub strategy: String,
    /// What it was told about the length of runs.
    pub steps_hint: u64,
}

/// How long a finding is shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShrinkBudget {
    /// Runs; 0 = it is not shrunk.
    pub runs: u64,
    /// Real time.
    pub time: Duration,
    /// Candidates that run at a time; what comes of it is the same for any number.
    pub jobs: u32,
}

/// A finding, and how it came about.
#[derive(Clone, Debug)]
pub struct Examined {
    /// What is to be kept.
    pub finding: Finding,
    /// The run that it describes.
    pub outcome: Outcome,
    /// Everything that happened in it.
    pub trace: Trace,
    /// Real time that shrinking took.
    pub shrink_time: Duration,
    /// Set if the replay of the run's own tape was not the same run: something in it is not
    /// deterministic. The finding is then as it was found, and its tape may not give it back.
    pub unstable: Option<String>,
}

impl Default for ShrinkBudget {
    fn default() -> Self {
        ShrinkBudget { runs: 5_000, time: Duration::from_secs(10), jobs: 1 }
    }
}

/// Replays a run that broke a property, shrinks it, and says why it did. `go_on` is told before each
/// run of the shrinker how many there were; false stops it with the best so far.
///
/// # Panics
/// If the run broke nothing.
pub fn examine(
    subject: &Subject<'_>,
    found: &Outcome,
    budget: &ShrinkBudget,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Examined {
    let sizes = Original {
        steps: found.stats.steps,
        choices: found.tape.choices() as u64,
        faults: found.tape.faults() as u64,
        trace_hash: found.trace_hash,
        shrink_runs: 0,
        minimal: false,
    };
    examine_sized(subject, found, sizes, budget, go_on)
}

/// Shrinks a finding further, from where it is; `outcome` is its replay.
pub fn shrink_finding(
    program: &(dyn Program + Sync),
    finding: &Finding,
    outcome: &Outcome,
    budget: &ShrinkBudget,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Examined {
    let subject = Subject {
        program,
        name: &finding.name,
        identity: &finding.identity,
        origin: finding.origin,
        strategy: finding.strategy.clone(),
        steps_hint: finding.steps_hint,
    };
    examine_sized(&subject, outcome, finding.original, budget, go_on)
}

#[expect(clippy::disallowed_methods, reason = "shrinking is bounded in real time; no run sees it")]
fn examine_sized(
    subject: &Subject<'_>,
    found: &Outcome,
    mut sizes: Original,
    budget: &ShrinkBudget,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Examined {
    let config = RunConfig { seed: found.seed, steps_hint: subject.steps_hint };
    let (again, mut trace) = watched(subject.program, &config, found);
    let mut unstable = again.as_ref().map_or_else(|e| Some(e.clone()), |again| unlike(found, again));
    let mut outcome = found.clone();
    let start = Instant::now();
    if unstable.is_none() && budget.runs > 0 {
        let may = |runs| runs < budget.runs && start.elapsed() < budget.time && go_on(runs);
        let Shrunk { outcome: smaller, runs, minimal } = match budget.jobs {
            0 | 1 => quietly(|| shrink(subject.program, &config, found, may)),
            jobs => std::thread::scope(|scope| {
                let mut crew = Crew::new(scope, subject.program, &config, jobs);
                quietly(|| shrink_with(&mut crew, found, may))
            }),
        };
        sizes.shrink_runs += runs;
        sizes.minimal = minimal;
        let (again, of_smaller) = watched(subject.program, &config, &smaller);
        match again.map_or_else(Some, |again| unlike(&smaller, &again)) {
            None => (outcome, trace) = (smaller, of_smaller),
            different => unstable = different,
        }
    }
    let shrink_time = start.elapsed();
    trace.name = subject.name.to_owned();
    trace.seed = found.seed;
    trace.trace_hash = outcome.trace_hash;
    let broken = outcome.found.clone().expect("a run is examined because it broke a property");
    let why = why(&trace, &Broke { property: &broken.property, step: broken.step, read: &outcome.read });
    let finding = Finding {
        name: subject.name.to_owned(),
        identity: subject.identity.clone(),
        origin: subject.origin,
        seed: found.seed,
        steps_hint: subject.steps_hint,
        strategy: subject.strategy.clone(),
        tape: outcome.tape.clone(),
        property: broken.property,
        when: broken.when,
        message: broken.message,
        step: broken.step,
        time: broken.time,
        trace_hash: outcome.trace_hash,
        state_hash: outcome.state_hash,
        fuel_hash: outcome.fuel_hash,
        original: sizes,
        why,
        drawn: None,
    };
    Examined { finding, outcome, trace, shrink_time, unstable }
}

/// Replays the tape of a run strictly, and keeps what happens.
fn watched(program: &dyn Program, config: &RunConfig, run: &Outcome) -> (Result<Outcome, String>, Trace) {
    let (collector, collected) = Collector::full();
    let again = quietly(|| replay(program, config, &run.tape, true, vec![Box::new(collector)]));
    let again = again.map_err(|e| format!("failed to {e}"));
    let trace = match &again {
        Ok(outcome) => collected.take_with(&outcome.paths),
        Err(_) => collected.take(),
    };
    (again, trace)
}

/// In what a replay is not the run that it replays.
fn unlike(run: &Outcome, again: &Outcome) -> Option<String> {
    if let Some((step, error)) = &again.replay_error {
        return Some(format!("its replay failed in step {step} to {error}"));
    }
    let property = |o: &Outcome| o.found.as_ref().map(|f| f.property.clone());
    if property(run) != property(again) {
        let broke = property(again).map_or_else(|| "nothing".to_owned(), |p| format!("`{p}`"));
        return Some(format!("its replay broke {broke}"));
    }
    if run.trace_hash != again.trace_hash {
        return Some(format!(
            "its replay has the trace hash {:#x} instead of {:#x}",
            again.trace_hash, run.trace_hash
        ));
    }
    if run.fuel_hash != again.fuel_hash {
        return Some("its replay burnt other fuel, though every event is the same".to_owned());
    }
    (run.state_hash != again.state_hash).then(|| {
        format!("its replay left the state {:#x} instead of {:#x}", again.state_hash, run.state_hash)
    })
}

/// Writes a finding into a directory, and says where. A file of another finding is never
/// overwritten: then the name gets a number.
///
/// # Errors
/// If it cannot be written.
pub fn keep(dir: &Path, finding: &Finding) -> Result<PathBuf, FileError> {
    let name = finding.file_name();
    let stem = name.trim_end_matches(".seedbed");
    for n in 1_u64.. {
        let path = dir.join(if n == 1 { name.clone() } else { format!("{stem}-{n}.seedbed") });
        let free = match Finding::read(&path) {
            Ok(there) => there.is_same(finding),
            Err(FileError::Io { source, .. }) => source.kind() == std::io::ErrorKind::NotFound,
            Err(_) => false,
        };
        if free {
            file::write(seedbed_trace::Kind::Finding, &path, finding)?;
            return Ok(path);
        }
    }
    unreachable!("there is a free name among all numbers")
}
