//! Values that a test draws: from the run's seed, shrunk by proptest, kept in the finding.
//!
//! A value is drawn under a purpose of its own from the run's key, so it moves no other stream. A
//! smaller value is taken if it breaks the same property in some run of a small hunt: under the seed
//! of the finding, then under a few seeds derived from it. Nothing in it depends on the time, unless
//! the budget's ends.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seedbed_core::Key;
use seedbed_hunt::{quietly, run_seed};
use seedbed_sim::{Outcome, Profile, Program, RunConfig, StrategySpec, World, WorldConfig, run_with};
use seedbed_trace::Drawn;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// What a test can draw: it can be printed, and kept in a finding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be drawn by a simulated test",
    label = "not a value that a finding can show and keep",
    note = "a drawn value is `Clone + Debug + Sync`, and `Serialize + DeserializeOwned` of serde"
)]
pub trait Drawable: Clone + Debug + Serialize + DeserializeOwned + Sync + 'static {}

impl<T: Clone + Debug + Serialize + DeserializeOwned + Sync + 'static> Drawable for T {}

/// What a test runs: a body that draws something, or nothing.
pub(crate) trait Case: Program + Clone + Send + Sync + 'static {
    /// The same with the values of a finding.
    ///
    /// # Errors
    /// If they cannot be read: their type is another by now.
    fn with(&self, drawn: Option<&Drawn>) -> Result<Box<dyn Program + Sync + '_>, String>;

    /// Makes what was drawn smaller; `None` if nothing was.
    fn shrink(&self, found: &Found<'_>, go_on: &mut dyn FnMut() -> bool) -> Option<Smaller<'_>>;
}

/// A run that broke a property.
pub(crate) struct Found<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) strategy: StrategySpec,
    /// What its strategy knew.
    pub(crate) profile: &'a Profile,
    pub(crate) steps_hint: u64,
}

/// The smallest values that break the same property, and a run in which they do.
pub(crate) struct Smaller<'a> {
    pub(crate) program: Box<dyn Program + Sync + 'a>,
    pub(crate) drawn: Drawn,
    pub(crate) outcome: Outcome,
    pub(crate) runs: u64,
    /// Nothing smaller is left to try.
    pub(crate) minimal: bool,
}

/// A body that draws nothing.
#[derive(Clone)]
pub(crate) struct Body<B> {
    pub(crate) config: WorldConfig,
    pub(crate) body: B,
}

impl<B: Fn(&mut World) -> anyhow::Result<()>> Program for Body<B> {
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        (self.body)(world)
    }
}

impl<B> Case for Body<B>
where
    B: Fn(&mut World) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
{
    fn with(&self, drawn: Option<&Drawn>) -> Result<Box<dyn Program + Sync + '_>, String> {
        match drawn {
            None => Ok(Box::new(self.clone())),
            Some(_) => Err("the finding has drawn values, and the test draws none".to_owned()),
        }
    }

    fn shrink(&self, _: &Found<'_>, _: &mut dyn FnMut() -> bool) -> Option<Smaller<'_>> {
        None
    }
}

/// A body that draws.
pub(crate) struct Drawing<F, T, B> {
    pub(crate) config: WorldConfig,
    /// Makes the strategy.
    pub(crate) strategy: F,
    pub(crate) names: &'static [&'static str],
    pub(crate) show: fn(&T) -> Vec<String>,
    pub(crate) body: B,
}

impl<F: Clone, T, B: Clone> Clone for Drawing<F, T, B> {
    fn clone(&self) -> Self {
        Drawing {
            config: self.config.clone(),
            strategy: self.strategy.clone(),
            names: self.names,
            show: self.show,
            body: self.body.clone(),
        }
    }
}

/// The body with values that are given.
struct Given<'a, T, B> {
    config: &'a WorldConfig,
    value: T,
    body: &'a B,
}

impl<T: Clone, B: Fn(&mut World, T) -> anyhow::Result<()>> Program for Given<'_, T, B> {
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        (self.body)(world, self.value.clone())
    }
}

/// In how many orders a smaller value is tried.
const ORDERS: u64 = 6;

impl<F, S, B> Drawing<F, S::Value, B>
where
    F: Fn() -> S,
    S: Strategy<Value: Drawable>,
    B: Fn(&mut World, S::Value) -> anyhow::Result<()>,
{
    fn draw(&self, key: Key) -> Result<S::Tree, String> {
        tree(&(self.strategy)(), key)
    }

    fn given(&self, value: S::Value) -> Given<'_, S::Value, B> {
        Given { config: &self.config, value, body: &self.body }
    }

    fn drawn(&self, seed: u64, value: &S::Value) -> Drawn {
        let names = self.names.iter().map(|name| (*name).to_owned());
        Drawn { seed, value: encode(value), shown: names.zip((self.show)(value)).collect() }
    }

    /// A run in which this value breaks the property.
    fn breaks(
        &self,
        value: &S::Value,
        found: &Found<'_>,
        runs: &mut u64,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Outcome> {
        // Runs of a sequential strategy depend on those before.
        let strategy = if found.strategy.is_sequential() { StrategySpec::Random } else { found.strategy };
        let program = self.given(value.clone());
        for n in 0..ORDERS {
            if !go_on() {
                return None;
            }
            *runs += 1;
            let first = found.outcome.seed;
            let seed = if n == 0 { first } else { run_seed(first, n) };
            let run = RunConfig { seed, steps_hint: found.steps_hint };
            let (outcome, _) =
                quietly(|| run_with(&program, &run, strategy.build_for(found.profile), Vec::new()));
            if outcome.found.as_ref().map(|f| &f.property)
                == found.outcome.found.as_ref().map(|f| &f.property)
            {
                return Some(outcome);
            }
        }
        None
    }
}

impl<F, S, B> Program for Drawing<F, S::Value, B>
where
    F: Fn() -> S,
    S: Strategy<Value: Drawable>,
    B: Fn(&mut World, S::Value) -> anyhow::Result<()>,
{
    fn config(&self) -> WorldConfig {
        self.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        let value = self.draw(world.key()).map_err(anyhow::Error::msg)?.current();
        (self.body)(world, value)
    }
}

impl<F, S, B> Case for Drawing<F, S::Value, B>
where
    F: Fn() -> S + Clone + Send + Sync + 'static,
    S: Strategy<Value: Drawable> + 'static,
    B: Fn(&mut World, S::Value) -> anyhow::Result<()> + Clone + Send + Sync + 'static,
{
    fn with(&self, drawn: Option<&Drawn>) -> Result<Box<dyn Program + Sync + '_>, String> {
        let drawn = drawn.ok_or("the finding has no drawn values, and the test draws some")?;
        let value = decode(&drawn.value).ok_or("its drawn values are of another type than the test's")?;
        Ok(Box::new(self.given(value)))
    }

    fn shrink(&self, found: &Found<'_>, go_on: &mut dyn FnMut() -> bool) -> Option<Smaller<'_>> {
        let seed = found.outcome.seed;
        let mut tree = self.draw(Key::from_seed(seed)).ok()?;
        let (mut best, mut outcome) = (tree.current(), found.outcome.clone());
        let mut tried = BTreeSet::from([encode(&best)]);
        let (mut runs, mut stopped) = (0, false);
        let mut go_on = || {
            stopped = stopped || !go_on();
            !stopped
        };
        let mut another = tree.simplify();
        while another && go_on() {
            let value = tree.current();
            // Many simplifications come to the same value, or change nothing.
            let same = encode(&value) == encode(&best);
            let broke = if same || !tried.insert(encode(&value)) {
                same
            } else if let Some(smaller) = self.breaks(&value, found, &mut runs, &mut go_on) {
                (best, outcome) = (value, smaller);
                true
            } else {
                false
            };
            another = if broke { tree.simplify() } else { tree.complicate() };
        }
        let drawn = self.drawn(seed, &best);
        Some(Smaller { program: Box::new(self.given(best)), drawn, outcome, runs, minimal: !another })
    }
}

/// What a run with this key draws.
pub(crate) fn tree<S: Strategy>(strategy: &S, key: Key) -> Result<S::Tree, String> {
    let seed = key.derive("drawn", 0, 0).0;
    // What proptest would read from its environment is said here: a seed means one value.
    let config = Config {
        max_local_rejects: 65_536,
        max_flat_map_regens: 1_000_000,
        max_default_size_range: 100,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    strategy.new_tree(&mut runner).map_err(|why| format!("the strategy draws nothing: {why}"))
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain data in memory can always be encoded")
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}
