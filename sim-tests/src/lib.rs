//! What the simulation tests share: actors made of one closure, a diary that they write, and
//! [`holds`], which runs a world under many seeds, each twice.

mod actors;
mod bare;
mod watch;

pub use actors::{Told, timed, watcher};
pub use bare::Bare;
pub use watch::{Record, Trace};

use seedbed_core::{
    Actor, At, Context, Event, ExitReason, Failure, HandlerCode, Observer, Pid, Result, Signal, StopCode,
};
use seedbed_sim::{
    Faults, InWorld, Outcome, Program, RunConfig, StrategySpec, World, WorldConfig, replay, run_with,
};
use std::sync::{Arc, Mutex, PoisonError};

/// Seeds that a claim is run under. The first runs in plain order, the others in random order.
pub const SEEDS: u64 = 24;

/// What an actor is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Its start.
    Start,
    /// A message or request.
    Message(u64),
    /// Any other signal.
    Signal(Signal),
    /// Its stop.
    Stop(StopCode),
}

/// An actor made of one closure.
#[derive(Clone)]
pub struct Closure<F>(F);

impl<F> Actor for Closure<F>
where
    F: Fn(&mut Context, Input) -> Result<()> + 'static,
{
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        (self.0)(cx, Input::Start)
    }

    fn on_message(&mut self, cx: &mut Context, message: u64) -> Result<()> {
        (self.0)(cx, Input::Message(message))
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        (self.0)(cx, Input::Signal(signal))
    }

    fn on_stop(&mut self, cx: &mut Context, code: StopCode) -> Result<()> {
        (self.0)(cx, Input::Stop(code))
    }
}

/// A factory of actors that call `behave` for all that reaches them.
pub fn actor<F>(behave: F) -> impl Fn() -> Closure<F> + Clone + Send + Sync
where
    F: Fn(&mut Context, Input) -> Result<()> + Clone + Send + Sync + 'static,
{
    move || Closure(behave.clone())
}

/// An actor that lets everything pass.
pub struct Idle;

impl Actor for Idle {
    type Message = u64;

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }
}

/// A factory of actors that let everything pass.
pub fn idle() -> fn() -> Idle {
    || Idle
}

/// What actors of one run write down, in the order in which they do.
#[derive(Debug)]
pub struct Diary<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Diary<T> {
    fn clone(&self) -> Self {
        Diary(Arc::clone(&self.0))
    }
}

impl<T> Default for Diary<T> {
    fn default() -> Self {
        Diary(Arc::default())
    }
}

impl<T: Clone> Diary<T> {
    /// An empty one.
    pub fn new() -> Diary<T> {
        Diary::default()
    }

    /// Writes.
    pub fn push(&self, entry: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// All that was written.
    pub fn all(&self) -> Vec<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The failure that a handler's `bail!` is.
pub fn handler_error() -> ExitReason {
    Failure::HandlerError(HandlerCode::OTHER.0).into()
}

/// The pid that stands in a raw number of a message.
pub fn pid(raw: u64) -> Pid {
    Pid::from_raw(raw)
}

/// A world in which failures that nobody sees are fine.
pub fn lenient() -> WorldConfig {
    WorldConfig { allow_failures: true, ..WorldConfig::default() }
}

/// A lenient world with these faults.
pub fn faulty(faults: Faults) -> WorldConfig {
    WorldConfig { faults, ..lenient() }
}

/// Runs a program once.
///
/// # Panics
/// If an actor panicked with a text that does not begin with `planned`: an assertion in an actor is
/// an assertion of its test.
pub fn once(program: &dyn Program, seed: u64, strategy: StrategySpec) -> Outcome {
    let panics = Panics::default();
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(panics.clone())];
    let outcome = run_with(program, &RunConfig::seed(seed), strategy.build(), observers).0;
    assert_eq!(panics.0.all(), Vec::<String>::new(), "seed {seed}");
    outcome
}

/// The texts of panics that no test planned.
#[derive(Clone, Default)]
struct Panics(Diary<String>);

impl Observer for Panics {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Exited { reason, detail: Some(text), .. } = event {
            let text = text.to_string();
            let panicked = **reason == Failure::HostPanic.into() || text.starts_with("assertion");
            if panicked && !text.starts_with("planned") {
                self.0.push(text);
            }
        }
    }
}

/// The strategy of the n-th seed of a claim.
pub fn strategy(seed: u64) -> StrategySpec {
    if seed == 0 { StrategySpec::Plain } else { StrategySpec::Random }
}

/// Runs `body` in a lenient world under [`SEEDS`] seeds; its assertions are the claim. Every run's
/// tape must give the very same run again (rule K5), so each claim is a test of replay too.
pub fn holds(body: impl Fn(&mut World) -> anyhow::Result<()>) {
    holds_in(&lenient(), body);
}

/// The same in another world.
pub fn holds_in(config: &WorldConfig, body: impl Fn(&mut World) -> anyhow::Result<()>) {
    let program = InWorld { config: config.clone(), program: body };
    for seed in 0..SEEDS {
        checked(&program, seed);
    }
}

/// One run that must succeed and replay; gives its outcome.
pub fn checked(program: &dyn Program, seed: u64) -> Outcome {
    let outcome = once(program, seed, strategy(seed));
    assert_eq!(outcome.found, None, "seed {seed}");
    let again = replay(program, &RunConfig::seed(seed), &outcome.tape, true, Vec::new());
    match again {
        Ok(again) => {
            assert_eq!((again.found, again.replay_error), (None, None), "replay of seed {seed}");
            assert_eq!(
                (again.trace_hash, again.time, &again.tape),
                (outcome.trace_hash, outcome.time, &outcome.tape),
                "replay of seed {seed}"
            );
        }
        Err(e) => panic!("failed to replay seed {seed}: {e}"),
    }
    outcome
}
