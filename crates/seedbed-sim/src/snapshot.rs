//! Runs that can be stopped between two turns, kept, gone back to, and gone on with otherwise.
//!
//! A snapshot never changes a result: a run that goes on from one is, event for event, the run that was never
//! interrupted. Where something cannot be kept (a guest that waits, with a stack of its own; a native actor
//! without [`Actor::snapshot`](seedbed_core::Actor::snapshot)), going back runs the program again up to
//! there, with the same result.

use crate::property::Broken;
use crate::run::{Outcome, Program, RunConfig};
use crate::strategy::Strategy;
use crate::world::{End, Fork, Guide, NotKept, World, WorldSnapshot};
use seedbed_core::Observer;

/// A run of a program whose worlds are data, as it stands between two turns.
///
/// # Examples
/// ```
/// use seedbed_core::{Actor, Context, Result};
/// use seedbed_sim::{Program, Random, Run, RunConfig, World, WorldConfig};
///
/// #[derive(Clone)]
/// struct Counter(u64);
/// impl Actor for Counter {
///     type Message = u64;
///     fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
///         self.0 += n;
///         cx.observe("sum", self.0 as i64);
///         Ok(())
///     }
///     fn snapshot(&self) -> Option<Self> { Some(self.clone()) }
/// }
///
/// struct Sums;
/// impl Program for Sums {
///     fn config(&self) -> WorldConfig { WorldConfig::default() }
///     fn drive(&self, world: &mut World) -> anyhow::Result<()> {
///         let counter = world.spawn("counter", || Counter(0));
///         (1..=4u64).for_each(|n| world.send(counter, n));
///         Ok(())
///     }
///     fn is_data(&self) -> bool { true }
/// }
///
/// let mut run = Run::begin(&Sums, &RunConfig::seed(7), Box::new(Random::default()), Vec::new())?;
/// run.to_step(3);
/// let after_three = run.snapshot();
/// let once = run.finish();
/// run.restore(&after_three);
/// assert_eq!(run.world().step(), 3);
/// assert_eq!(run.finish(), once, "nothing tells it from the run that was never interrupted");
/// run.restore(&after_three);
/// run.fork(8); // the same three turns, and then what the seed 8 makes of it
/// run.run()?;
/// assert_eq!(run.world().facts().sum("sum"), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Run<'p> {
    program: &'p dyn Program,
    config: RunConfig,
    /// As it was before the run, for a run that has to be run again.
    strategy: Option<Box<dyn Strategy>>,
    world: World,
    /// How the run ended, if it did.
    end: Option<End>,
    /// What came of it was taken out of the world.
    finished: bool,
}

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The program drives its worlds itself: what it knows in between is nowhere in them.
    #[error("keep a run of a program that drives its world itself")]
    Driven,
    /// The program failed to build its world.
    #[error("build the world: {0:#}")]
    Build(anyhow::Error),
}

/// Where a run stood: a snapshot, or how to get there again.
pub struct RunSnapshot {
    step: u64,
    forks: Vec<Fork>,
    end: Option<End>,
    state: Result<WorldSnapshot, NotKept>,
}

impl RunSnapshot {
    /// So many turns had run.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Why the state was not kept, if it was not: going back there runs the program again.
    pub fn not_kept(&self) -> Option<&NotKept> {
        self.state.as_ref().err()
    }
}

impl<'p> Run<'p> {
    /// Builds the world of a program; nothing has run in it.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn begin(
        program: &'p dyn Program,
        config: &RunConfig,
        strategy: Box<dyn Strategy>,
        observers: Vec<Box<dyn Observer>>,
    ) -> Result<Run<'p>, BeginError> {
        if !program.is_data() {
            return Err(BeginError::Driven);
        }
        let before = strategy.snapshot();
        let world = build(program, config, strategy, observers).map_err(BeginError::Build)?;
        Ok(Run { program, config: *config, strategy: before, world, end: None, finished: false })
    }

    /// The world as it stands.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Runs until so many turns have run, or to the end. False if the run ended before.
    ///
    /// # Panics
    /// If it was finished and not restored.
    pub fn to_step(&mut self, step: u64) -> bool {
        self.go(Some(step));
        self.world.paused
    }

    /// Runs until every actor that a boot function spawned has started or ended, and inputs can begin. False if
    /// the run ended before.
    ///
    /// # Panics
    /// If it was finished and not restored.
    pub fn to_started(&mut self) -> bool {
        while self.to_step(self.world.step() + u64::from(self.world.is_begun())) {
            if self.world.has_started() {
                return true;
            }
        }
        false
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// The finding, if there is one.
    ///
    /// # Panics
    /// If it was finished and not restored.
    pub fn run(&mut self) -> Result<End, Broken> {
        self.go(None);
        match self.world.found() {
            Some(found) => Err(found.clone()),
            None => Ok(self.end.expect("a run that is over has an end")),
        }
    }

    /// Runs to the end, and gives what came of it. Then this is of no use until it is restored.
    ///
    /// # Panics
    /// If it was finished and not restored.
    pub fn finish(&mut self) -> Outcome {
        self.go(None);
        self.finished = true;
        self.world.take_outcome(self.end.filter(|_| self.world.found().is_none()))
    }

    fn go(&mut self, step: Option<u64>) {
        assert!(!self.finished, "a run that was finished is restored before it goes on");
        if self.end.is_some() || self.world.found().is_some() {
            return;
        }
        self.world.stop_after = step;
        let end = self.world.run();
        self.end = end.ok().filter(|_| !self.world.paused);
        self.world.stop_after = None;
    }

    /// Keeps where the run stands.
    ///
    /// # Panics
    /// If it was finished and not restored.
    pub fn snapshot(&mut self) -> RunSnapshot {
        assert!(!self.finished, "a run that was finished is restored before it is kept");
        RunSnapshot {
            step: self.world.step(),
            forks: self.world.forks().to_vec(),
            end: self.end,
            state: self.world.snapshot(),
        }
    }

    /// Goes back, or ahead, to where this run stood once. Observers are not told again what led there.
    ///
    /// # Panics
    /// If the snapshot is of a run of another program; or if its state was not kept and the strategy gives no
    /// snapshot, so that the program cannot be run again.
    pub fn restore(&mut self, to: &RunSnapshot) {
        match &to.state {
            Ok(state) => self.world.restore(state),
            Err(_) => self.run_again(to),
        }
        self.end = to.end;
        self.finished = false;
    }

    /// Runs the program again up to where it stood.
    fn run_again(&mut self, to: &RunSnapshot) {
        let strategy = self.strategy.as_ref().and_then(|strategy| strategy.snapshot());
        let strategy = strategy.expect("a strategy that gives a snapshot decides a run that is run again");
        let world = build(self.program, &self.config, strategy, Vec::new()).expect("it was built once");
        let observers = self.world.take_observers();
        self.world = world;
        (self.end, self.finished) = (None, false);
        for fork in &to.forks {
            self.to_step(fork.step);
            self.world.fork(fork.seed);
        }
        self.to_step(to.step);
        self.world.watch(observers);
    }

    /// Lets another seed decide from here on, see [`World::fork`].
    pub fn fork(&mut self, seed: u64) {
        self.world.fork(seed);
    }
}

fn build(
    program: &dyn Program,
    config: &RunConfig,
    strategy: Box<dyn Strategy>,
    observers: Vec<Box<dyn Observer>>,
) -> anyhow::Result<World> {
    let world = World::new(program.config(), config, strategy, Guide::None);
    let mut world = world.expect("only a tape can be refused");
    world.watch(observers);
    program.drive(&mut world)?;
    Ok(world)
}
