//! A hunt: runs until one breaks a property, or the budget is used up.
//!
//! Of several findings the one with the lowest index is reported, and the summary is that of the
//! runs up to it, so that it is the same whatever the number of jobs.

use crate::examine::{Examined, ShrinkBudget, Subject, examine, keep};
use crate::part::{Part, PartError};
use crate::seed::{PROFILE_SEED, profile, run_seed};
use crate::summary::Summary;
use crate::witness::Witness;
use crate::workers::{Plan, Stopped, run_all};
use seedbed_sim::{Profile, Program, StrategySpec};
use seedbed_trace::{FileError, Finding, Identity, Origin};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is hunted, and how.
pub struct Hunt<'a> {
    /// What runs.
    pub program: &'a (dyn Program + Sync),
    /// Name of the test or manifest.
    pub name: String,
    /// What must be the same for a tape to hold.
    pub identity: Identity,
    /// The hunt's seed.
    pub root: u64,
    /// How long.
    pub budget: Budget,
    /// Who decides.
    pub strategy: StrategySpec,
    /// Worker threads; at least one. A sequential strategy has one.
    pub jobs: u32,
    /// Which part of the runs.
    pub shard: Shard,
    /// How long a finding is shrunk.
    pub shrink: ShrinkBudget,
    /// Where a finding is written; `None` = nowhere.
    pub keep_in: Option<PathBuf>,
    /// Where it is written which run is on, in case the process dies; see [`died`](crate::died).
    pub witness_in: Option<PathBuf>,
    /// Goes on where this part of the same hunt was left.
    pub resume: Option<Part>,
    /// So many runs go on from the state after the start of one, which has the seed of the first of them, each
    /// under its own seed ([`World::fork`](seedbed_sim::World::fork)); 0 = each run begins at its beginning.
    pub forks: u64,
}

/// How long a hunt goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Runs with an index from this on are not run, in any shard. `None` = no limit.
    pub runs: Option<u64>,
    /// No run is begun after this real time.
    pub time: Option<Duration>,
}

/// One of several parts of a hunt: the runs with index ≡ `index` (mod `of`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    /// From 0.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

/// What a hunt is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It runs.
    Hunting,
    /// It shrinks a finding; so many runs so far.
    Shrinking(u64),
}

/// How far a hunt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Runs that ended, those before a resume among them.
    pub runs: u64,
    /// Runs to come in all, if that is known.
    pub of: Option<u64>,
    /// Findings so far; more than one if several jobs met one.
    pub findings: u64,
    /// Decisions with more than one possible answer.
    pub choice_points: u64,
    /// Real time since the start.
    pub elapsed: Duration,
    /// Real time that is left, if there is a limit.
    pub left: Option<Duration>,
}

impl Progress {
    /// Runs per second since the start.
    pub fn per_second(&self) -> u64 {
        let micros = self.elapsed.as_micros().max(1);
        u64::try_from(u128::from(self.runs) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

/// Why a hunt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A property broke.
    Finding,
    /// All runs that were asked for are done.
    Runs,
    /// The time is up.
    Time,
    /// The strategy has tried everything.
    Exhausted,
    /// Somebody cancelled it.
    Cancelled,
}

/// What a hunt came to.
#[derive(Debug)]
pub struct Report {
    /// Why it ended.
    pub end: End,
    /// What the runs did.
    pub summary: Summary,
    /// The finding, if there is one.
    pub found: Option<Examined>,
    /// Where the finding was written.
    pub path: Option<PathBuf>,
    /// Real time it took.
    pub elapsed: Duration,
    /// What is needed to go on, or to be merged with other shards.
    pub part: Part,
}

/// Why a hunt could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HuntError {
    /// Shards of a strategy whose runs depend on each other.
    #[error("split `{0}` into shards: each of its runs depends on the ones before")]
    Sequential(StrategySpec),
    /// A shard that is not there.
    #[error("hunt shard {index} of {of}: shards count from 1")]
    Shard {
        /// Counted from 1.
        index: u64,
        /// How many.
        of: u64,
    },
    /// Runs of a program that drives its world itself cannot go on from a state.
    #[error("go on from a state after start: the program drives its world itself")]
    Driven,
    /// Forks by a strategy whose runs depend on each other.
    #[error("fork runs by `{0}`: each of its runs depends on the ones before")]
    Dependent(StrategySpec),
    /// What should be resumed is another hunt.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Seedbed itself panicked in a run: a bug of ours.
    #[error("run seed {seed:#x}{} (index {index}): seedbed panicked: {text}", from_start(*.start))]
    Panicked {
        /// Index of the run.
        index: u64,
        /// Its seed.
        seed: u64,
        /// The seed of the run from whose start it went on, if it was a fork.
        start: Option<u64>,
        /// What it said.
        text: String,
    },
    /// The finding could not be written. It is in here, so that it is not lost.
    #[error("keep the finding: {source}")]
    Keep {
        /// The finding.
        finding: Box<Finding>,
        /// Why.
        source: FileError,
    },
}

impl Default for Shard {
    fn default() -> Self {
        Shard { index: 0, of: 1 }
    }
}

impl Shard {
    /// Index in the hunt of the n-th run of this shard.
    pub fn index_of(self, nth: u64) -> u64 {
        nth.saturating_mul(self.of).saturating_add(self.index)
    }

    /// How many of the first `runs` runs of a hunt are in this shard.
    pub fn share_of(self, runs: u64) -> u64 {
        runs.saturating_sub(self.index).div_ceil(self.of)
    }
}

fn from_start(start: Option<u64>) -> String {
    start.map(|start| format!(", from the start of seed {start:#x}")).unwrap_or_default()
}

impl<'a> Hunt<'a> {
    /// A thousand runs of the portfolio on one job.
    pub fn new(program: &'a (dyn Program + Sync), name: impl Into<String>, root: u64) -> Hunt<'a> {
        Hunt {
            program,
            name: name.into(),
            identity: Identity { run_format: seedbed_core::RUN_FORMAT, ..Identity::default() },
            root,
            budget: Budget { runs: Some(1_000), time: None },
            strategy: StrategySpec::Portfolio,
            jobs: 1,
            shard: Shard::default(),
            shrink: ShrinkBudget::default(),
            keep_in: None,
            witness_in: None,
            resume: None,
            forks: 0,
        }
    }

    /// Seed of the run with this index. A sequential strategy tells its runs apart itself, in one world.
    pub fn seed_of(&self, index: u64) -> u64 {
        run_seed(self.root, if self.strategy.is_sequential() { 0 } else { index })
    }

    /// Index of the run that a run of this hunt goes on from the start of, if it is a fork.
    pub(crate) fn start_of(&self, index: u64) -> Option<u64> {
        (self.forks > 0).then(|| index - index % self.forks)
    }

    /// Who decides, as a file and a screen have it.
    pub(crate) fn decides(&self) -> String {
        match self.forks {
            0 => self.strategy.to_string(),
            forks => format!("{}, {forks} forks a start", self.strategy),
        }
    }

    /// Plain runs come first: should the process die in one, that is told too, and any seed brings it back.
    fn profile(&self) -> Profile {
        let dir = self.witness_in.as_deref();
        let mut witness = dir.and_then(|dir| Witness::new(dir, &self.name, "plain, before the first run", 0));
        if let Some(witness) = &mut witness {
            witness.begin(PROFILE_SEED, None);
        }
        profile(self.program)
    }

    /// Hunts. `cancel` is looked at before every run and makes the hunt report what there is.
    ///
    /// # Errors
    /// See [`HuntError`].
    #[expect(clippy::disallowed_methods, reason = "a hunt is bounded in real time; no run sees it")]
    pub fn run(&self, cancel: &AtomicBool, progress: &mut dyn FnMut(&Progress)) -> Result<Report, HuntError> {
        let start = Instant::now();
        if self.shard.of == 0 || self.shard.index >= self.shard.of {
            return Err(HuntError::Shard { index: self.shard.index.saturating_add(1), of: self.shard.of });
        }
        if self.strategy.is_sequential() && self.shard.of > 1 {
            return Err(HuntError::Sequential(self.strategy));
        }
        if self.forks > 0 && !self.program.is_data() {
            return Err(HuntError::Driven);
        }
        if self.forks > 0 && self.strategy.is_sequential() {
            return Err(HuntError::Dependent(self.strategy));
        }
        let profile = self.profile();
        let mut part = match &self.resume {
            Some(part) => part.clone().resumed(self)?,
            None => Part::new(self, profile.steps),
        };
        let plan = Plan {
            hunt: self,
            profile,
            steps_hint: part.steps_hint,
            begin: part.done,
            end: self.budget.runs.map(|runs| self.shard.share_of(runs)),
            deadline: self.budget.time.and_then(|time| start.checked_add(time)),
            start,
            cancel,
            before: part.summary.clone(),
        };
        let done = run_all(&plan, progress)?;
        part.done = done.next;
        part.summary = done.summary;
        let mut report = Report {
            end: match done.stopped {
                Stopped::Found(..) => End::Finding,
                Stopped::Exhausted => End::Exhausted,
                Stopped::End => End::Runs,
                Stopped::Cancelled => End::Cancelled,
                Stopped::Deadline => End::Time,
            },
            summary: part.summary.clone(),
            found: None,
            path: None,
            elapsed: start.elapsed(),
            part,
        };
        report.part.exhausted = report.end == End::Exhausted;
        if let Stopped::Found(index, outcome) = done.stopped {
            let subject = Subject {
                program: self.program,
                name: &self.name,
                identity: &self.identity,
                origin: Origin::Hunt { root: self.root, index },
                strategy: self.decides(),
                steps_hint: report.part.steps_hint,
            };
            let mut now = Progress {
                phase: Phase::Shrinking(0),
                runs: report.summary.runs,
                of: plan.end,
                findings: 1,
                choice_points: report.summary.choice_points,
                elapsed: report.elapsed,
                left: None,
            };
            let budget = ShrinkBudget { jobs: self.shrink.jobs.max(self.jobs), ..self.shrink };
            let found = examine(&subject, &outcome, &budget, &mut |runs| {
                now.phase = Phase::Shrinking(runs);
                now.elapsed = start.elapsed();
                progress(&now);
                !cancel.load(Ordering::Relaxed)
            });
            if let Some(dir) = &self.keep_in {
                let kept = keep(dir, &found.finding);
                let finding = || Box::new(found.finding.clone());
                report.path = Some(kept.map_err(|source| HuntError::Keep { finding: finding(), source })?);
            }
            report.part.findings.push(found.finding.clone());
            report.found = Some(found);
            report.elapsed = start.elapsed();
        }
        Ok(report)
    }
}
