//! A test, from its settings to its verdict.

use crate::log::LogPrinter;
use crate::settings::Settings;
use seedbed_core::{Observer, RUN_FORMAT};
use seedbed_hunt::check::{Check, Threads};
use seedbed_hunt::{
    Block, Budget, End, Examined, Hunt, REGRESSIONS, ReplayOptions, Report, ShrinkBudget, Subject, Verdict,
    examine, keep_regression, replay_finding, run_regressions, steps_hint,
};
use seedbed_sim::{Faults, Program, RunConfig, StrategySpec, World, WorldConfig, run_with};
use seedbed_trace::{Finding, Identity, Origin};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A simulated test to be: what `#[seedbed::test]` makes of its arguments.
pub struct Test {
    name: &'static str,
    package: &'static str,
    directory: PathBuf,
    runs: u64,
    strategy: String,
    faults: String,
    seed: u64,
    config: Option<fn(&mut WorldConfig)>,
}

impl Test {
    /// A test of 100 runs in random order without faults.
    pub fn new(name: &'static str, package: &'static str, directory: &str) -> Test {
        Test {
            name,
            package,
            directory: directory.into(),
            runs: 100,
            strategy: "random".to_owned(),
            faults: "none".to_owned(),
            seed: 0,
            config: None,
        }
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
        let settings = Settings::read(|name| std::env::var(name).ok());
        let settings = settings.unwrap_or_else(|e| panic!("{e}"));
        if let Err(failure) = self.run_with(&settings, body) {
            panic!("\n\n{failure}\n");
        }
    }

    fn run_with<B>(&self, settings: &Settings, body: B) -> Result<(), String>
    where
        B: Fn(&mut World) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
    {
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
        let program = Body { config, body };
        let session = Session { test: self, settings, strategy, identity: self.identity(&program.config) };
        if let Some(path) = &settings.replay {
            return session.replay(&program, path);
        }
        if let Some(seed) = settings.seed {
            return session.single(&program, seed);
        }
        if settings.check {
            return session.check(program);
        }
        session.regressions(&program)?;
        session.hunt(&program)
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
    fn filter(&self) -> &str {
        self.name.split_once("::").map_or(self.name, |(_, rest)| rest)
    }
}

/// The body of a test in its world.
#[derive(Clone)]
struct Body<B> {
    config: WorldConfig,
    body: B,
}

impl<B: Fn(&mut World) -> anyhow::Result<()>> Program for Body<B> {
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        (self.body)(world)
    }
}

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
        let budget = ShrinkBudget::default();
        if self.settings.no_shrink { ShrinkBudget { runs: 0, ..budget } } else { budget }
    }

    fn observers(&self) -> Vec<Box<dyn Observer>> {
        self.settings.log.map(|level| Box::new(LogPrinter(level)) as Box<dyn Observer>).into_iter().collect()
    }

    /// The line to paste: it carries every setting that the test itself does not.
    fn paste(&self, finding: &Finding, path: Option<&Path>) -> String {
        let test = format!("cargo test -p {} {}", self.test.package, self.test.filter());
        if self.strategy.is_sequential()
            && let Some(path) = path
        {
            return format!("SEEDBED_REPLAY={} {test}", path.display());
        }
        let mut line = format!("SEEDBED_SEED={:#x} ", finding.seed);
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
            run: run.map(|(index, of)| (index + 1, Some(of))),
            shrink_time: Some(examined.shrink_time),
            unstable: examined.unstable.as_deref(),
            ..Block::new(finding)
        };
        let mut text = format!("{block}\n");
        for entry in finding.tape.entries.iter().take(12) {
            text += &format!("            tape     {}\n", finding.tape.describe(entry));
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
        text += &format!("            again    {}", self.paste(&examined.finding, path.as_deref()));
        text
    }

    fn replay(&self, program: &dyn Program, path: &Path) -> Result<(), String> {
        let finding = Finding::read(path).map_err(|e| format!("failed to {e}"))?;
        if finding.name != self.test.name {
            return Err(format!(
                "{} is a finding of `{}`, not of `{}`",
                path.display(),
                finding.name,
                self.test.name
            ));
        }
        let options = ReplayOptions::default();
        let replayed = replay_finding(program, &finding, &self.identity, &options, &mut |_| {});
        let replayed = replayed.map_err(|e| format!("failed to {e}"))?;
        match &replayed.outcome.found {
            Some(broken) => Err(format!("the finding is there again: {broken}")),
            None => Ok(()),
        }
    }

    fn single(&self, program: &dyn Program, seed: u64) -> Result<(), String> {
        let run = RunConfig { seed, steps_hint: steps_hint(program) };
        let (outcome, _) = run_with(program, &run, self.strategy.build(), self.observers());
        eprintln!("seed {seed:#x}  steps {}  trace hash {:#x}", outcome.stats.steps, outcome.trace_hash);
        if outcome.found.is_none() {
            return Ok(());
        }
        let subject = Subject {
            program,
            name: self.test.name,
            identity: &self.identity,
            origin: Origin::Single,
            strategy: self.strategy.to_string(),
            steps_hint: run.steps_hint,
        };
        let examined = examine(&subject, &outcome, &self.shrink_budget(), &mut |_| true);
        Err(self.report(&examined, None))
    }

    fn check<P: Program + Clone + Send + 'static>(&self, program: P) -> Result<(), String> {
        let check = Check {
            children: &Threads(program),
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

    fn regressions(&self, program: &dyn Program) -> Result<(), String> {
        let kept = run_regressions(program, self.test.name, &self.identity, &self.directory());
        for regression in kept.map_err(|e| format!("failed to {e}"))? {
            let path = regression.path.display();
            for note in &regression.notes {
                eprintln!("note: {path}: {} was {}, is {}", note.what, note.finding, note.now);
            }
            match &regression.verdict {
                Verdict::Holds => {}
                Verdict::Broken(broken, _) => {
                    let again = self.paste(&regression.finding, Some(&regression.path));
                    return Err(format!(
                        "   REGRESSION {path}\n            broken: {broken}\n            again    {again}"
                    ));
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

    fn hunt(&self, program: &(dyn Program + Sync)) -> Result<(), String> {
        let mut hunt = Hunt::new(program, self.test.name, self.test.seed);
        hunt.identity = self.identity.clone();
        hunt.strategy = self.strategy;
        hunt.jobs = self.settings.jobs.unwrap_or(1);
        hunt.shrink = self.shrink_budget();
        let time = self.settings.time;
        let runs = self.settings.runs.or((time.is_none()).then_some(self.test.runs));
        hunt.budget = Budget { runs, time };
        let report = hunt.run(&AtomicBool::new(false), &mut |_| {}).map_err(|e| format!("failed to {e}"))?;
        match &report.found {
            Some(examined) => {
                let Origin::Hunt { index, .. } = examined.finding.origin else {
                    return Err(self.report(examined, None));
                };
                Err(self.report(examined, runs.map(|runs| (index, runs))))
            }
            None => {
                self.warn(&report);
                Ok(())
            }
        }
    }

    /// A hunt that proved nothing says so.
    fn warn(&self, report: &Report) {
        debug_assert!(report.end != End::Finding, "a finding is told elsewhere");
        for warning in report.summary.warnings() {
            eprintln!("warning: {}: {warning}", self.test.name);
        }
    }
}
