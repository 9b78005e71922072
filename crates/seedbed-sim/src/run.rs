//! One run: a program, a seed, a strategy or a tape, and what came of it.

use crate::offers::Offers;
use crate::property::Broken;
use crate::replay::ReplayError;
use crate::sim::Stats;
use crate::strategy::{Plain, Strategy};
use crate::world::{End, Guide, World, WorldConfig};
use seedbed_core::{Observer, PathId, Tape, Time};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is run: a manifest, or the body of a test.
pub trait Program {
    /// What its worlds are made with.
    fn config(&self) -> WorldConfig;

    /// Builds the world and drives it. It may call [`World::run`]; if not, the runner does.
    ///
    /// # Errors
    /// An error is a finding, unless a property broke before.
    fn drive(&self, world: &mut World) -> anyhow::Result<()>;

    /// True if its worlds are data between any two turns: it only builds them, and leaves it to the runner to
    /// run them; and what it adds to them (properties, conditions, boot functions, effects) are functions
    /// of what they are given. Then runs of it can be kept and gone back to, see [`Run`](crate::Run).
    fn is_data(&self) -> bool {
        false
    }
}

/// A closure is a program with the usual world.
impl<F: Fn(&mut World) -> anyhow::Result<()>> Program for F {
    fn config(&self) -> WorldConfig {
        WorldConfig::default()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        self(world)
    }
}

/// A program in another world.
pub struct InWorld<P> {
    /// The world.
    pub config: WorldConfig,
    /// The program.
    pub program: P,
}

impl<P: Program> Program for InWorld<P> {
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        self.program.drive(world)
    }

    fn is_data(&self) -> bool {
        self.program.is_data()
    }
}

/// What tells one run of a program from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunConfig {
    /// The seed.
    pub seed: u64,
    /// About how many steps a run takes, for strategies that want to know.
    pub steps_hint: u64,
}

impl RunConfig {
    /// A run with this seed.
    pub fn seed(seed: u64) -> RunConfig {
        RunConfig { seed, steps_hint: 1_000 }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// The hash of all its events.
    pub trace_hash: u64,
    /// The hash of the state that its actors have at the end (guest memory).
    pub state_hash: u64,
    /// The hash of the fuel that each turn burnt.
    pub fuel_hash: u64,
    /// Virtual time at the end.
    pub time: Time,
    /// How it ended, if it did without a finding.
    pub end: Option<End>,
    /// The property it broke.
    pub found: Option<Broken>,
    /// Keys of the facts that the broken property reads.
    pub read: Vec<String>,
    /// Texts of the paths of all actors, nodes and clients.
    pub paths: BTreeMap<PathId, String>,
    /// The answers that were not plain.
    pub tape: Tape,
    /// What it did, in numbers.
    pub stats: Stats,
    /// In which step a strict replay could not go on, and why.
    pub replay_error: Option<(u64, ReplayError)>,
    /// Where a replay, strict or not, first left its tape, and why.
    pub left: Option<(u64, ReplayError)>,
    /// Entries of the replayed tape that were skipped.
    pub skipped: u32,
    /// Holds of the replayed tape that were given up, since nothing else could happen; they are among
    /// the skipped.
    pub released: u32,
    /// Entries of the replayed tape whose key was met.
    pub met: u32,
    /// How many properties the world had.
    pub properties: usize,
}

/// Name of the finding that a failing body is.
pub const BODY: &str = "the body of the test succeeds";

/// Runs a program once under a strategy, which is given back.
pub fn run_with(
    program: &dyn Program,
    run: &RunConfig,
    strategy: Box<dyn Strategy>,
    observers: Vec<Box<dyn Observer>>,
) -> (Outcome, Box<dyn Strategy>) {
    run_shown(program, run, strategy, observers, &mut |_| {})
}

/// The same, and shows the world as it stands at the end.
pub fn run_shown(
    program: &dyn Program,
    run: &RunConfig,
    strategy: Box<dyn Strategy>,
    observers: Vec<Box<dyn Observer>>,
    show: &mut dyn FnMut(&World),
) -> (Outcome, Box<dyn Strategy>) {
    let world = World::new(program.config(), run, strategy, Guide::None).expect("only a tape can be refused");
    drive(program, world, observers, show)
}

/// Runs a program along a tape; plain where the tape is silent. With `strict`, the first entry that
/// cannot be followed ends the run.
///
/// # Errors
/// If the tape contradicts itself.
pub fn replay(
    program: &dyn Program,
    run: &RunConfig,
    tape: &Tape,
    strict: bool,
    observers: Vec<Box<dyn Observer>>,
) -> Result<Outcome, ReplayError> {
    let world = World::new(
        program.config(),
        run,
        Box::new(Plain),
        Guide::Tape { tape: tape.clone(), strict, as_holds: false },
    )?;
    Ok(drive(program, world, observers, &mut |_| {}).0)
}

/// The same, but leaves the run as it stands when `step` turns have run, and shows it then; a run
/// that ends before is shown at its end.
///
/// # Errors
/// If the tape contradicts itself.
pub fn replay_until(
    program: &dyn Program,
    run: &RunConfig,
    tape: &Tape,
    strict: bool,
    step: u64,
    observers: Vec<Box<dyn Observer>>,
    show: &mut dyn FnMut(&World),
) -> Result<Outcome, ReplayError> {
    let guide = Guide::Tape { tape: tape.clone(), strict, as_holds: false };
    let mut world = World::new(program.config(), run, Box::new(Plain), guide)?;
    world.stop_after = Some(step);
    Ok(drive(program, world, observers, show).0)
}

/// Runs a program along a tape by name, and gives what it was offered.
pub(crate) fn replay_offered(program: &dyn Program, run: &RunConfig, tape: &Tape) -> Option<Offers> {
    let guide = Guide::Tape { tape: tape.clone(), strict: false, as_holds: false };
    let mut world = World::new(program.config(), run, Box::new(Plain), guide).ok()?;
    world.note_offers();
    let mut offers = None;
    drive(program, world, Vec::new(), &mut |world| offers = world.offers().cloned());
    offers
}

/// Runs a program along a tape; the tape of the outcome says the same order in holds alone.
pub(crate) fn replay_as_holds(program: &dyn Program, run: &RunConfig, tape: &Tape) -> Option<Outcome> {
    let guide = Guide::Tape { tape: tape.clone(), strict: true, as_holds: true };
    let world = World::new(program.config(), run, Box::new(Plain), guide).ok()?;
    Some(drive(program, world, Vec::new(), &mut |_| {}).0)
}

fn drive(
    program: &dyn Program,
    mut world: World,
    observers: Vec<Box<dyn Observer>>,
    show: &mut dyn FnMut(&World),
) -> (Outcome, Box<dyn Strategy>) {
    world.watch(observers);
    let body = catch_unwind(AssertUnwindSafe(|| program.drive(&mut world)));
    let error = match body {
        Ok(Ok(())) => None,
        Ok(Err(e)) => Some(format!("{e:#}")),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Some(text.map_or_else(|| "the body panicked".to_owned(), |t| format!("the body panicked: {t}")))
        }
    };
    let mut end = None;
    match error {
        // A body whose world stands still cannot go on.
        Some(_) if world.is_stopped() => {}
        Some(message) => world.body_failed(BODY, message),
        None if world.has_ended() => {}
        None => end = world.run().ok(),
    }
    show(&world);
    world.into_outcome(end)
}
