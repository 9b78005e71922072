//! A finding is run again: strictly, or as far as its tape can be followed.

use crate::quiet::quietly;
use seedbed_sim::{Outcome, Program, ReplayError, RunConfig, World, replay_until};
use seedbed_trace::{Collector, Finding, Identity, Mismatch, Trace};
use std::fmt;

/// How a finding is run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Goes on where the tape or the modules do not fit, and says so.
    pub lenient: bool,
    /// Leaves the run as it stands after this step.
    pub until: Option<u64>,
}

/// What a replay came to.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The run.
    pub outcome: Outcome,
    /// Everything that happened in it.
    pub trace: Trace,
    /// In what the modules and versions differ from those of the finding; only if lenient.
    pub notes: Vec<Mismatch>,
    /// In what the run is not that of the finding; empty if it is the same, or was left early.
    pub unlike: Vec<String>,
}

/// Why a finding could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayFailure {
    /// Modules or versions are not those of the finding (exit code 103).
    #[error("replay a stale finding: {}", Listed(.0))]
    Stale(Vec<Mismatch>),
    /// A decision on the tape cannot be taken.
    #[error("follow the tape in step {step}: failed to {error}")]
    Diverged {
        /// After so many turns.
        step: u64,
        /// The tape's side and the run's side.
        error: ReplayError,
    },
    /// The tape contradicts itself.
    #[error(transparent)]
    Tape(#[from] ReplayError),
}

impl Replayed {
    /// True if the run broke the same property as the finding.
    pub fn breaks_the_same(&self, finding: &Finding) -> bool {
        self.outcome.found.as_ref().is_some_and(|f| f.property == finding.property)
    }
}

/// Runs a finding again. `now` is what there is to run; `show` sees the world as it stands at the end.
///
/// # Errors
/// See [`ReplayFailure`]. That the run is not the same although every decision could be taken is no
/// error here: [`Replayed::unlike`] says it.
pub fn replay_finding(
    program: &dyn Program,
    finding: &Finding,
    now: &Identity,
    options: &ReplayOptions,
    show: &mut dyn FnMut(&World),
) -> Result<Replayed, ReplayFailure> {
    let notes = finding.identity.differences(now);
    if !notes.is_empty() && !options.lenient {
        return Err(ReplayFailure::Stale(notes));
    }
    let config = RunConfig { seed: finding.seed, steps_hint: finding.steps_hint };
    let until = options.until.unwrap_or(u64::MAX);
    let (collector, collected) = Collector::full();
    let observers: Vec<Box<dyn seedbed_core::Observer>> = vec![Box::new(collector)];
    let outcome =
        quietly(|| replay_until(program, &config, &finding.tape, !options.lenient, until, observers, show))?;
    if let Some((step, error)) = outcome.replay_error {
        return Err(ReplayFailure::Diverged { step, error });
    }
    let mut trace = collected.take_with(&outcome.paths);
    trace.name.clone_from(&finding.name);
    trace.seed = finding.seed;
    trace.trace_hash = outcome.trace_hash;
    let early = options.until.is_some_and(|until| until < finding.step);
    let unlike = if early { Vec::new() } else { unlike(finding, &outcome) };
    Ok(Replayed { outcome, trace, notes, unlike })
}

fn unlike(finding: &Finding, outcome: &Outcome) -> Vec<String> {
    let found = outcome.found.as_ref();
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
    let hash = |n: u64| format!("{n:#x}");
    let sides = [
        (
            "property",
            format!("`{}`", finding.property),
            or_nothing(found.map(|f| format!("`{}`", f.property))),
        ),
        ("message", finding.message.clone(), or_nothing(found.map(|f| f.message.clone()))),
        ("step", finding.step.to_string(), or_nothing(found.map(|f| f.step.to_string()))),
        ("time", finding.time.to_string(), or_nothing(found.map(|f| f.time.to_string()))),
        ("trace hash", hash(finding.trace_hash), hash(outcome.trace_hash)),
        ("fuel hash", hash(finding.fuel_hash), hash(outcome.fuel_hash)),
        ("state hash", hash(finding.state_hash), hash(outcome.state_hash)),
    ];
    let differ = sides.into_iter().filter(|(_, then, now)| then != now);
    differ.map(|(what, then, now)| format!("{what}: the finding has {then}, the replay {now}")).collect()
}

struct Listed<'a>(&'a [Mismatch]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}
