//! A test, from its settings to its verdict.

use crate::draw::{Body, Case, Drawable, Drawing, Found};
use crate::follow::try_follow;
use crate::log::LogPrinter;
use crate::second::{Itself, Second, Watch};
use crate::settings::Settings;
use proptest::strategy::Strategy;
use seedbed_core::{Observer, RUN_FORMAT};
use seedbed_hunt::check::{Check, Threads};
use seedbed_hunt::{
    Block, Budget, End, Examined, Hunt, Place, REGRESSIONS, ReplayOptions, Report, ShrinkBudget, Subject,
    Verdict, died, examine, keep_regression, profile, replay_finding, run_regressions,
};
use seedbed_sim::{Faults, Outcome, Program, RunConfig, StrategySpec, World, WorldConfig, run_with};
use seedbed_trace::{Finding, Identity, Origin};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// A simulated test to be: what `#[seedbed::test]` makes of its arguments.
pub struct Test {
    pub(crate) name: &'static str,
    package: &'static str,
    directory: PathBuf,
    by_name: bool,
    runs: u64,
    strategy: String,
    faults: String,
    seed: u64,
    tape: Option<String>,
    config: Option<fn(&mut WorldConfig)>,
}

impl Test {
    /// A test of 100 runs of the portfolio without faults.
    pub fn new(name: &'static str, package: &'static str, directory: &str) -> Test {
        Test {
            name,
            package,
            directory: directory.into(),
            by_name: false,
            runs: 100,
            strategy: "portfolio".to_owned(),
            faults: "none".to_owned(),
            seed: 0,
            tape: None,
            config: None,
        }
    }

    /// Says that the harness knows this test by its name, so that it can be run alone in a process of its
    /// own: what `SEEDBED_CHECK` needs, and what tells the seed should this process die. Others are
    /// checked on threads.
    #[must_use]
    pub fn by_name(mut self) -> Test {
        self.by_name = true;
        self
    }

    /// How many runs.
    #[must_use]
    pub fn runs(mut self, runs: u64) -> Test {
        self.runs = runs;
        self
    }

    /// Who decides the order.
    #[must_use]
    pub fn strategy(mut self, strategy: &str) -> Test {
        strategy.clone_into(&mut self.strategy);
        self
    }

    /// What may go wrong.
    #[must_use]
    pub fn faults(mut self, profile: &str) -> Test {
        profile.clone_into(&mut self.faults);
        self
    }

    /// The root seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Test {
        self.seed = seed;
        self
    }

    /// One run, on this tape: the seed is that of the run.
    #[must_use]
    pub fn tape(mut self, text: &str) -> Test {
        self.tape = Some(text.to_owned());
        self
    }

    /// Changes what the worlds are made with.
    #[must_use]
    pub fn config(mut self, change: fn(&mut WorldConfig)) -> Test {
        self.config = Some(change);
        self
    }

    /// Runs the test, as the environment says.
    ///
    /// # Panics
    /// If a property breaks, a setting is malformed, or a file cannot be read or written: that is
    /// how a test fails.
    pub fn run<B>(self, body: B)
    where
        B: Fn(&mut World) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
    {
        self.run_case(|config| Body { config, body });
    }

    /// The same for a body that draws: `strategy` makes the strategy of its values, which are shown
    /// under these names, in the same order.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn run_drawn<F, S, B>(
        self,
        strategy: F,
        names: &'static [&'static str],
        show: fn(&S::Value) -> Vec<String>,
        body: B,
    ) where
        F: Fn() -> S + Clone + Send + Sync + 'static,
        S: Strategy<Value: Drawable> + 'static,
        B: Fn(&mut World, S::Value) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
    {
        self.run_case(|config| Drawing { config, strategy, names, show, body });
    }

    fn run_case<C: Case>(self, case: impl FnOnce(WorldConfig) -> C) {
        let settings = Settings::read(|name| std::env::var(name).ok());
        let settings = settings.unwrap_or_else(|e| panic!("{e}"));
        seedbed_wasm::keep_compiled().unwrap_or_else(|e| panic!("{e}"));
        if let Err(failure) = self.run_with(&settings, case) {
            panic!("\n\n{failure}\n");
        }
    }

    fn run_with<C: Case>(
        &self,
        settings: &Settings,
        case: impl FnOnce(WorldConfig) -> C,
    ) -> Result<(), String> {
        let strategy = settings.strategy.as_ref().unwrap_or(&self.strategy);
        let strategy: StrategySpec = strategy.parse().map_err(|e| format!("{e}"))?;
        let profile = settings.faults.as_ref().unwrap_or(&self.faults);
        let faults = Faults::profile(profile).ok_or_else(|| {
            format!("`{profile}` is not a profile of faults; there are {}", Faults::PROFILES.join(", "))
        })?;
        let mut config = WorldConfig { faults, ..WorldConfig::default() };
        if let Some(change) = self.config {
            change(&mut config);
        }
        let session = Session { test: self, settings, strategy, identity: self.identity(&config) };
        let case = case(config);
        if let Some(second) = Second::of(self) {
            return second.play(self, &case, |died| session.paste(died.seed, None));
        }
        if let Some(path) = &settings.replay {
            return session.replay(&case, path);
        }
        if let Some(seed) = settings.seed {
            return session.single(&case, seed);
        }
        if let Some(tape) = &self.tape {
            return try_follow(&case, self.seed, tape);
        }
        if settings.check {
            return session.check(case);
        }
        session.regressions(&case)?;
        session.hunt(&case)
    }

    fn identity(&self, config: &WorldConfig) -> Identity {
        Identity {
            world: format!("{config:?}"),
            run_format: RUN_FORMAT,
            seedbed: env!("CARGO_PKG_VERSION").to_owned(),
            ..Identity::default()
        }
    }

    /// What `cargo test` is to be told to run this test alone.
    pub(crate) fn filter(&self) -> &str {
        self.name.split_once("::").map_or(self.name, |(_, rest)| rest)
    }
}

/// Where it is said which runs are on: beside the test's executable, since another one is another test.
fn running() -> PathBuf {
    let executable = std::env::current_exe().ok();
    let beside = executable.as_deref().and_then(Path::parent).map(Path::to_owned);
    beside.unwrap_or_else(std::env::temp_dir).join("seedbed-running")
}

/// The longest tape that a failing test prints, in entries.
const TAPE_SHOWN: usize = 12;

/// One execution of a test.
struct Session<'a> {
    test: &'a Test,
    settings: &'a Settings,
    strategy: StrategySpec,
    identity: Identity,
}

impl Session<'_> {
    fn directory(&self) -> PathBuf {
        self.test.directory.join(REGRESSIONS)
    }

    fn shrink_budget(&self) -> ShrinkBudget {
        let budget = ShrinkBudget { jobs: self.settings.jobs.unwrap_or(1), ..ShrinkBudget::default() };
        if self.settings.no_shrink { ShrinkBudget { runs: 0, ..budget } } else { budget }
    }

    fn observers(&self) -> Vec<Box<dyn Observer>> {
        self.settings.log.map(|level| Box::new(LogPrinter(level)) as Box<dyn Observer>).into_iter().collect()
    }

    /// The line to paste: it carries every setting that the test itself does not.
    fn paste(&self, seed: u64, path: Option<&Path>) -> String {
        let test = format!("cargo test -p {} {}", self.test.package, self.test.filter());
        if self.strategy.is_sequential()
            && let Some(path) = path
        {
            return format!("SEEDBED_REPLAY={} {test}", path.display());
        }
        let mut line = format!("SEEDBED_SEED={seed:#x} ");
        if let Some(strategy) = &self.settings.strategy {
            line += &format!("SEEDBED_STRATEGY={strategy} ");
        }
        if let Some(faults) = &self.settings.faults {
            line += &format!("SEEDBED_FAULTS={faults} ");
        }
        line + &test
    }

    /// What a finding is told as; it is kept on the way.
    fn report(&self, examined: &Examined, run: Option<(u64, u64)>) -> String {
        let finding = &examined.finding;
        let block = Block {
            place: run.map(|(index, of)| Place { index, of: Some(of), took: None }),
            shrink_time: Some(examined.shrink_time),
            unstable: examined.unstable.as_deref(),
            ..Block::new(finding)
        };
        let mut text = format!("{block}\n");
        let tape = finding.tape.to_string();
        if finding.tape.entries.len() <= TAPE_SHOWN && finding.drawn.is_none() {
            text += &format!("            inline   #[seedbed::test(seed = {:#x}, tape = \"\n", finding.seed);
            tape.lines().for_each(|line| text += &format!("                         {line}\n"));
            text += "                     \")]\n";
        }
        let path = match keep_regression(&self.directory(), &examined.finding) {
            Ok(path) => {
                text += &format!("            kept     {} (check it in: it runs first)\n", path.display());
                Some(path)
            }
            Err(e) => {
                text += &format!("            NOT kept: failed to {e}\n");
                None
            }
        };
        text +=
            &format!("            again    {}", self.paste(examined.finding.first_seed(), path.as_deref()));
        text
    }

    /// Shrinks what was drawn, then the order of deliveries.
    fn examine(&self, case: &impl Case, outcome: &Outcome, origin: Origin, steps_hint: u64) -> Examined {
        let budget = self.shrink_budget();
        let mut subject = Subject {
            program: case,
            name: self.test.name,
            identity: &self.identity,
            origin,
            strategy: self.strategy.to_string(),
            steps_hint,
        };
        let profile = profile(case);
        let found = Found { outcome, strategy: self.strategy, profile: &profile, steps_hint };
        #[expect(clippy::disallowed_methods, reason = "shrinking is bounded in real time; no run sees it")]
        let start = Instant::now();
        // Half of the budget is for the values.
        let mut left = budget.runs / 2;
        let smaller = case.shrink(&found, &mut || {
            let may = left > 0 && start.elapsed() < budget.time / 2;
            left -= u64::from(may);
            may
        });
        let Some(smaller) = smaller else { return examine(&subject, outcome, &budget, &mut |_| true) };
        subject.program = &*smaller.program;
        let rest = ShrinkBudget {
            runs: budget.runs.saturating_sub(smaller.runs),
            time: budget.time.saturating_sub(start.elapsed()),
            jobs: budget.jobs,
        };
        let mut examined = examine(&subject, &smaller.outcome, &rest, &mut |_| true);
        examined.shrink_time = start.elapsed();
        let original = &mut examined.finding.original;
        original.steps = outcome.stats.steps;
        original.choices = outcome.tape.choices() as u64;
        original.faults = outcome.tape.faults() as u64;
        original.trace_hash = outcome.trace_hash;
        original.shrink_runs += smaller.runs;
        original.minimal &= smaller.minimal;
        examined.finding.drawn = Some(smaller.drawn);
        examined
    }

    fn replay(&self, case: &impl Case, path: &Path) -> Result<(), String> {
        let finding = Finding::read(path).map_err(|e| format!("failed to {e}"))?;
        if finding.name != self.test.name {
            return Err(format!(
                "{} is a finding of `{}`, not of `{}`",
                path.display(),
                finding.name,
                self.test.name
            ));
        }
        let program = case.with(finding.drawn.as_ref()).map_err(|e| format!("failed to replay it: {e}"))?;
        let options = ReplayOptions::default();
        let replayed = replay_finding(&*program, &finding, &self.identity, &options, &mut |_| {});
        let replayed = replayed.map_err(|e| format!("failed to {e}"))?;
        match &replayed.outcome.found {
            Some(broken) => Err(format!("the finding is there again: {broken}")),
            None => Ok(()),
        }
    }

    fn single(&self, case: &impl Case, seed: u64) -> Result<(), String> {
        let profile = profile(case);
        let run = RunConfig { seed, steps_hint: profile.steps };
        let strategy = self.strategy.build_for(&profile);
        let (outcome, _) = run_with(case, &run, strategy, self.observers());
        eprintln!("seed {seed:#x}  steps {}  trace hash {:#x}", outcome.stats.steps, outcome.trace_hash);
        if outcome.found.is_none() {
            return Ok(());
        }
        let examined = self.examine(case, &outcome, Origin::Single, run.steps_hint);
        Err(self.report(&examined, None))
    }

    fn check(&self, case: impl Case) -> Result<(), String> {
        let (processes, threads) = (Itself(self.test), Threads(case));
        let check = Check {
            children: if self.test.by_name { &processes } else { &threads },
            root: self.test.seed,
            seeds: self.settings.runs.unwrap_or(self.test.runs),
            strategy: self.strategy,
        };
        let checked = check.run(&mut |_| true).map_err(|e| format!("failed to check: {e}"))?;
        match checked.difference {
            Some(difference) => Err(format!("NOT DETERMINISTIC: {difference}")),
            None => Ok(()),
        }
    }

    fn regressions(&self, case: &impl Case) -> Result<(), String> {
        let program = |finding: &Finding| {
            case.with(finding.drawn.as_ref()).map(|program| -> Box<dyn Program + '_> { program })
        };
        let kept = run_regressions(program, self.test.name, &self.identity, &self.directory());
        for regression in kept.map_err(|e| format!("failed to {e}"))? {
            let path = regression.path.display();
            for note in &regression.notes {
                eprintln!("note: {path}: {} was {}, is {}", note.what, note.finding, note.now);
            }
            match &regression.verdict {
                Verdict::Holds => {}
                Verdict::Broken(broken, _) => {
                    let again = self.paste(regression.finding.first_seed(), Some(&regression.path));
                    return Err(format!(
                        "   REGRESSION {path}\n            broken: {broken}\n            again    {again}"
                    ));
                }
                Verdict::Unreadable(why) => {
                    return Err(format!("   DEAD REGRESSION {path}: {why}; delete it, or hunt anew"));
                }
                Verdict::Dead => {
                    return Err(format!(
                        "   DEAD REGRESSION {path}: nothing on its tape was met, so it tests nothing; delete it, or hunt anew"
                    ));
                }
            }
        }
        Ok(())
    }

    fn hunt(&self, case: &impl Case) -> Result<(), String> {
        let mut hunt = Hunt::new(case, self.test.name, self.test.seed);
        hunt.identity = self.identity.clone();
        hunt.strategy = self.strategy;
        hunt.jobs = self.settings.jobs.unwrap_or(1);
        // It is shrunk here, with what it drew.
        hunt.shrink = ShrinkBudget { runs: 0, ..ShrinkBudget::default() };
        let time = self.settings.time;
        let runs = self.settings.runs.or((time.is_none()).then_some(self.test.runs));
        hunt.budget = Budget { runs, time };
        let running = running();
        for run in died(&running, self.test.name).map_err(|e| format!("failed to {e}"))? {
            let again = self.paste(run.seed, None);
            eprintln!("warning: {}: an earlier process died in a run: {again}", self.test.name);
        }
        let watch = self.test.by_name.then(|| Watch::start(self.test, &running)).transpose();
        // Without it all is as it was, but for what would be told of a death.
        let _watch = watch.unwrap_or_else(|e| {
            eprintln!("warning: {}: no process watches this one: {e}", self.test.name);
            None
        });
        hunt.witness_in = Some(running);
        let report = hunt.run(&AtomicBool::new(false), &mut |_| {}).map_err(|e| format!("failed to {e}"))?;
        let Some(found) = &report.found else {
            self.warn(&report);
            return Ok(());
        };
        let (finding, outcome) = (&found.finding, &found.outcome);
        let examined = match &found.unstable {
            Some(_) => found.clone(),
            None => self.examine(case, outcome, finding.origin, finding.steps_hint),
        };
        let run = match finding.origin {
            Origin::Hunt { index, .. } => runs.map(|runs| (index, runs)),
            Origin::Single => None,
        };
        Err(self.report(&examined, run))
    }

    /// A hunt that proved nothing says so.
    fn warn(&self, report: &Report) {
        debug_assert!(report.end != End::Finding, "a finding is told elsewhere");
        for warning in report.summary.warnings() {
            eprintln!("warning: {}: {warning}", self.test.name);
        }
    }
}
