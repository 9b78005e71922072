//! A world: nodes, network, clock, faults, properties, one seed.
//!
//! - `step.rs`: how it moves.
//! - `turns.rs`: how turns follow each other, and what comes after each.
//! - `node.rs`: how nodes come and go.
//! - `client.rs`: the outside.
//! - `supervisors.rs`: calls to supervisors.
//! - `input.rs`: what the outside sends by a timetable.
//! - `plan.rs`: what goes wrong by plan.
//! - `rules.rs`: what rules do to messages.
//! - `snapshot.rs`: a world between two turns, kept, put back, and gone on with under another seed.

mod client;
mod input;
mod node;
mod plan;
mod rules;
mod snapshot;
mod step;
mod supervisors;
mod turns;

pub use client::{AskError, Client};
pub use node::NodeBoot;
pub(crate) use snapshot::WorldSnapshot;
pub use snapshot::{Fork, NotKept};
pub use step::End;

use crate::busy::Costs;
use crate::facts::Facts;
use crate::fault::{Chance, Faults};
use crate::history::Book;
use crate::holds::Holds;
use crate::latency::Latency;
use crate::links::{Link, Stop, ends};
use crate::offers::Offers;
use crate::property::{Broken, Property, Seen, Verdict, When};
use crate::replay::{Finished, Replay, ReplayError};
use crate::run::{Outcome, RunConfig};
use crate::sim::{Mode, NodePort, Sim, Stats};
use crate::strategy::{Footprint, Kinds, RunStart, Strategy};
use node::Host;
use seedbed_core::{
    ActorInfo, ChoiceKind, Code, EffectOutcome, EffectRequest, ExitReason, Factory, Failure, Key, NodeId,
    Observer, Pid, SpawnOptions, Tape, TapeEntry, Time, Tree, address_of, node_of,
};
use seedbed_files::Image;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What a world is made with, beside its seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldConfig {
    /// A run ends at this virtual time at the latest; that is fine.
    pub duration: Duration,
    /// More turns than this are a finding.
    pub steps_max: u64,
    /// After faults stopped, how long the world may take to come to rest.
    pub converge_within: Duration,
    /// Between nodes.
    pub latency: Latency,
    /// Bytes a second in each direction of every link, from 1; `None` = no bound.
    pub bandwidth: Option<u64>,
    /// How long after its crash a node counts as lost.
    pub loss_after: Duration,
    /// What may go wrong.
    pub faults: Faults,
    /// Failures that nobody sees are no finding.
    pub allow_failures: bool,
}

impl Default for WorldConfig {
    fn default() -> Self {
        WorldConfig {
            duration: Duration::from_secs(60),
            steps_max: 1_000_000,
            converge_within: Duration::from_secs(60),
            latency: Latency::default(),
            bandwidth: None,
            loss_after: Duration::from_secs(5),
            faults: Faults::none(),
            allow_failures: false,
        }
    }
}

/// What stands for the clients in [`World::link`].
pub const OUTSIDE: &str = "outside";

/// What decides a run beside its strategy.
pub(crate) enum Guide {
    /// Nothing.
    None,
    /// A tape.
    Tape {
        /// The tape.
        tape: Tape,
        /// Whether the first entry that cannot be followed ends the run.
        strict: bool,
        /// Whether the run is written down as holds.
        as_holds: bool,
    },
}

type EffectHandler = Rc<dyn Fn(&EffectRequest, Time) -> EffectOutcome>;

/// A simulation: nodes, network, clocks, faults, properties, one seed.
///
/// Made by the runner of a hunt or test ([`run_with`](crate::run_with)), which hands it to the test's body.
pub struct World {
    config: WorldConfig,
    seed: u64,
    steps_hint: u64,
    key: Key,
    sim: Sim,
    hosts: Vec<Host>,
    names: BTreeMap<String, NodeId>,
    entries: BTreeMap<String, Arc<dyn Factory>>,
    handlers: BTreeMap<String, EffectHandler>,
    properties: Vec<Property>,
    seen: Seen,
    clients: Vec<client::Numbers>,
    inputs: input::Inputs,
    plan: plan::Plan,
    ended: bool,
    begun: bool,
    replay_error: Option<(u64, ReplayError)>,
    /// The step after which the run is left as it stands.
    pub(crate) stop_after: Option<u64>,
    /// It is left as it stands where it had come to rest.
    rested: bool,
    /// Faults have stopped, and it has not ended.
    converging: Option<step::Converging>,
    /// [`run`](World::run) came back before the end.
    pub(crate) paused: bool,
    /// What is written down of calls.
    pub(crate) books: Vec<Rc<RefCell<Book>>>,
    /// The name of a monitor, if there is one.
    pub(crate) monitored: Option<String>,
    /// Where others began to decide, and under which seeds.
    pub(crate) forks: Vec<Fork>,
}

/// Building.
impl World {
    pub(crate) fn new(
        config: WorldConfig,
        run: &RunConfig,
        strategy: Box<dyn Strategy>,
        guide: Guide,
    ) -> Result<World, ReplayError> {
        let key = Key::from_seed(run.seed);
        // Drawn for the run where the strategy begins.
        let chance = Chance::whole(&config.faults, key.stream());
        let (mode, holds) = match guide {
            Guide::None => (Mode::Explore, None),
            Guide::Tape { tape, strict, as_holds } => {
                let holds = Holds::of(&tape, as_holds);
                (Mode::Replay(Replay::new(&tape, strict)?, tape), holds)
            }
        };
        let mut sim = Sim::new(strategy, mode, chance, config.latency);
        sim.holds = holds;
        sim.allow_failures = config.allow_failures;
        sim.bandwidth = config.bandwidth;
        sim.loss_after = config.loss_after;
        let mut world = World {
            config,
            seed: run.seed,
            steps_hint: run.steps_hint,
            key,
            sim,
            hosts: Vec::new(),
            names: BTreeMap::new(),
            entries: BTreeMap::new(),
            handlers: BTreeMap::new(),
            properties: Vec::new(),
            seen: Seen::default(),
            clients: Vec::new(),
            inputs: input::Inputs::default(),
            plan: plan::Plan::default(),
            ended: false,
            begun: false,
            replay_error: None,
            stop_after: None,
            rested: false,
            converging: None,
            paused: false,
            books: Vec::new(),
            monitored: None,
            forks: Vec::new(),
        };
        world.begin_strategy();
        Ok(world)
    }

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The run's key: for what a test draws itself, under a purpose of its own.
    pub fn key(&self) -> Key {
        self.key
    }

    /// What the world is made with.
    pub fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// Changes what the world is made with; before anything is spawned.
    ///
    /// # Panics
    /// If there is an actor already: faults and latencies belong to the whole run.
    pub fn configure(&mut self, change: impl FnOnce(&mut WorldConfig)) {
        assert!(!self.begun && self.sim.order.is_empty(), "a world is configured before its first actor");
        change(&mut self.config);
        self.sim.latency = self.config.latency;
        self.sim.bandwidth = self.config.bandwidth;
        self.sim.allow_failures = self.config.allow_failures;
        self.sim.loss_after = self.config.loss_after;
        self.begin_strategy();
    }

    /// Notes what could go wrong, of all that may in some run.
    pub(crate) fn note_offers(&mut self) {
        self.sim.offers = Some(Offers::default());
        self.begin_strategy();
    }

    /// What could have gone wrong, if it was noted.
    pub(crate) fn offers(&self) -> Option<&Offers> {
        self.sim.offers.as_ref()
    }

    fn begin_strategy(&mut self) {
        self.decide_under(self.key, |sim, chance, run| {
            sim.chance = chance;
            sim.strategy.begin(&run(&sim.chance));
        });
    }

    /// Lets the strategy `begin` with what is drawn of the faults under this key; with all of them, if it is
    /// one that decides itself what goes wrong.
    fn decide_under(&mut self, key: Key, begin: impl Fn(&mut Sim, Chance, &dyn Fn(&Chance) -> RunStart)) {
        let (steps_hint, now) = (self.steps_hint, self.sim.now);
        let run = |chance: &Chance| RunStart {
            key: key.derive("strategy", 0, 0),
            steps_hint,
            clock_rate: chance.faults.clock,
            possible: ChoiceKind::ALL
                .into_iter()
                .filter(|kind| chance.possible(*kind, now))
                .fold(Kinds::default(), Kinds::with),
        };
        for chance in [Chance::of_run, Chance::whole] {
            let chance = chance(&self.config.faults, key.derive("faults", 0, 0).stream());
            begin(&mut self.sim, chance, &run);
            if !self.sim.strategy.wants_all_faults() && self.sim.offers.is_none() {
                break;
            }
        }
        self.sim.footprint = self.sim.strategy.wants_footprints().then(Footprint::default);
    }

    /// Makes a factory known to all nodes under an entry id.
    pub fn entry(&mut self, id: impl Into<String>, factory: impl Factory) {
        self.entries.insert(id.into(), Arc::new(factory));
    }

    /// All factories that are known to all nodes, by entry id.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &dyn Factory)> {
        self.entries.iter().map(|(id, factory)| (id.as_str(), &**factory))
    }

    /// The factory that is known under an entry id.
    pub fn factory(&self, id: &str) -> Option<Arc<dyn Factory>> {
        self.entries.get(id).cloned()
    }

    /// Makes an effect of the embedder's known to all nodes. It must answer from its arguments and
    /// the virtual time alone.
    pub fn effect(
        &mut self,
        name: impl Into<String>,
        handler: impl Fn(&EffectRequest, Time) -> EffectOutcome + 'static,
    ) {
        self.handlers.insert(name.into(), Rc::new(handler));
    }

    /// Gives every node a directory of this name, which holds this at first: guests that are given it
    /// (`WasiConfig::mounts`) find it on their own node's disk, with all that was written there.
    pub fn directory(&mut self, name: impl Into<String>, image: Image) {
        Rc::make_mut(&mut self.sim.directories).insert(name.into(), image);
    }

    pub(crate) fn watch(&mut self, observers: Vec<Box<dyn Observer>>) {
        self.sim.observers.extend(observers);
    }

    pub(crate) fn take_observers(&mut self) -> Vec<Box<dyn Observer>> {
        std::mem::take(&mut self.sim.observers)
    }

    /// True once it has begun to move.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun
    }

    /// The body of a test failed; a finding unless there is one.
    pub(crate) fn body_failed(&mut self, property: &str, message: String) {
        self.sim.find(property, "at the end", message);
    }

    /// Says what the link between two nodes, or a node and `outside`, is like, in both directions.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such node.
    ///
    /// # Panics
    /// If a bandwidth is 0.
    pub fn link(&mut self, a: &str, b: &str, link: impl Into<Link>) -> Result<(), Code> {
        let link = link.into();
        assert_ne!(link.bandwidth, Some(0), "a link with a bandwidth of 0 lets nothing through: cut it");
        let (a, b) = self.node_named(a).zip(self.node_named(b)).ok_or(Code::NotFound)?;
        self.sim.links.insert(ends(a, b), link);
        Ok(())
    }

    /// The node of this name, or the outside.
    fn node_named(&self, name: &str) -> Option<NodeId> {
        match name {
            OUTSIDE => Some(NodeId::OUTSIDE),
            _ => self.names.get(name).copied(),
        }
    }

    /// Cuts the link between two nodes, in both directions, for a while: messages and replies that
    /// are on it or sent over it are lost.
    pub fn partition(&mut self, a: NodeId, b: NodeId, time: Duration) {
        self.sim.stop_link(a, b, Stop::Cut, seedbed_core::abi::nanos(time));
    }

    /// Cuts the way from one node to another for a while, and not the way back.
    pub fn partition_one_way(&mut self, from: NodeId, to: NodeId, time: Duration) {
        self.sim.stop_way((from, to), Stop::Cut, self.sim.now + time);
    }

    /// Clogs the link between two nodes, in both directions, for a while: everything that is on it or
    /// sent over it waits, and comes when it clears.
    pub fn clog(&mut self, a: NodeId, b: NodeId, time: Duration) {
        self.sim.stop_link(a, b, Stop::Clog, seedbed_core::abi::nanos(time));
    }

    /// Clogs the way from one node to another for a while, and not the way back.
    pub fn clog_one_way(&mut self, from: NodeId, to: NodeId, time: Duration) {
        self.sim.stop_way((from, to), Stop::Clog, self.sim.now + time);
    }

    /// Heals and clears the link between two nodes, in both directions. What was held back arrives
    /// when it was to, or now.
    pub fn heal(&mut self, a: NodeId, b: NodeId) {
        self.sim.lift(|(from, to), _, _| ends(from, to) == ends(a, b));
    }

    /// Says what turns cost on a node: they take that much virtual time, and the node does nothing
    /// else meanwhile.
    pub fn costs(&mut self, node: NodeId, costs: Costs) {
        if costs == Costs::default() {
            self.sim.costs.remove(&node);
        } else {
            self.sim.costs.insert(node, costs);
        }
    }

    /// Lets a node's clocks run so many parts per million faster, within [`DRIFT`](crate::DRIFT): its
    /// timers fire by them.
    pub fn drift(&mut self, node: NodeId, ppm: i32) {
        self.sim.looked = None;
        self.sim.clocks.drift(node, ppm, self.sim.now);
    }

    /// Sets a node's wall clock off by so many nanoseconds.
    pub fn skew(&mut self, node: NodeId, by: i64) {
        self.sim.clocks.skew(node, by);
    }

    /// Lets a node's wall clock jump by so many nanoseconds.
    pub fn jump(&mut self, node: NodeId, by: i64) {
        self.sim.clocks.jump(node, by);
    }

    /// Adds an observer of everything that happens.
    pub fn observe(&mut self, observer: impl Observer + 'static) {
        self.sim.observers.push(Box::new(observer));
    }
}

/// Properties.
impl World {
    /// Must hold after every turn that changed a fact.
    pub fn always<V: Verdict>(&mut self, name: &str, check: impl FnMut(&World) -> V + 'static) {
        self.property(name, When::Always, check);
    }

    /// Must not hold after any turn that changed a fact.
    pub fn never(&mut self, name: &str, check: impl FnMut(&World) -> bool + 'static) {
        self.property(name, When::Never, check);
    }

    /// Whenever it does not hold, it must hold again within this time, and at the end.
    pub fn again<V: Verdict>(
        &mut self,
        name: &str,
        within: Duration,
        check: impl FnMut(&World) -> V + 'static,
    ) {
        self.property(name, When::Again(within), check);
    }

    /// Must hold whenever the world is at rest.
    pub fn idle<V: Verdict>(&mut self, name: &str, check: impl FnMut(&World) -> V + 'static) {
        self.property(name, When::Idle, check);
    }

    /// Must hold after faults stopped and the world came to rest.
    pub fn end<V: Verdict>(&mut self, name: &str, check: impl FnMut(&World) -> V + 'static) {
        self.property(name, When::End, check);
    }

    /// Must come to hold within this time after faults stopped.
    pub fn eventually<V: Verdict>(
        &mut self,
        name: &str,
        within: Duration,
        check: impl FnMut(&World) -> V + 'static,
    ) {
        self.property(name, When::Eventually(within), check);
    }

    /// Adds a property.
    pub fn property<V: Verdict>(&mut self, name: &str, when: When, check: impl FnMut(&World) -> V + 'static) {
        self.add_property(Property::new(name, when, check));
    }

    /// Adds a property that was made with more than a name.
    pub fn add_property(&mut self, property: Property) {
        if property.is_sometimes() {
            self.sometimes(property.name(), false);
        }
        self.properties.push(property);
    }

    /// Says that a condition should be seen in some run of a hunt.
    pub fn sometimes(&mut self, name: &str, holds: bool) {
        *self.sim.stats.sometimes.entry(name.to_owned()).or_default() |= holds;
    }

    /// How many properties there are.
    pub fn property_count(&self) -> usize {
        self.properties.len()
    }
}

/// Looking.
impl World {
    /// What actors published.
    pub fn facts(&self) -> &Facts {
        &self.sim.facts
    }

    /// True if time moves only when nothing can run, or a guest runs on and on: no fault of the clock, no pause,
    /// no turn that costs time can have it pass meanwhile.
    pub fn is_exact(&self) -> bool {
        let faults = &self.config.faults;
        faults.clock == 0 && faults.pause == 0 && self.sim.costs.is_empty()
    }

    /// Virtual time since the start.
    pub fn now(&self) -> Time {
        self.sim.now
    }

    /// Turns so far.
    pub fn step(&self) -> u64 {
        self.sim.step
    }

    /// The running hash of all events so far.
    pub fn trace_hash(&self) -> u64 {
        self.sim.hash.value()
    }

    /// What the run did so far, in numbers.
    pub fn stats(&self) -> &Stats {
        &self.sim.stats
    }

    /// The finding, if there is one.
    pub fn found(&self) -> Option<&Broken> {
        self.sim.found.as_ref()
    }

    /// An actor that lives, by pid or address.
    pub fn actor(&self, pid: Pid) -> Option<ActorInfo> {
        self.host(node_of(pid))?.kernel.as_ref()?.actor(pid)
    }

    /// All actors that live, by node.
    pub fn actors(&self) -> Vec<ActorInfo> {
        self.hosts.iter().filter_map(|h| h.kernel.as_ref()).flat_map(seedbed_core::Kernel::actors).collect()
    }

    /// The tree of each node that is up.
    pub fn trees(&self) -> Vec<Tree> {
        self.hosts.iter().filter_map(|h| h.kernel.as_ref()).map(seedbed_core::Kernel::tree).collect()
    }

    /// Signals that wait anywhere: when the world is at rest, only mail that is held.
    pub fn signals(&self) -> u32 {
        self.hosts.iter().filter_map(|h| h.kernel.as_ref()).map(seedbed_core::Kernel::signals).sum()
    }

    /// The behaviour of an actor, for those who know its type.
    pub fn behaviour(&self, pid: Pid) -> Option<&dyn seedbed_core::Behaviour> {
        self.host(node_of(pid))?.kernel.as_ref()?.behaviour(pid)
    }

    /// The handle of a name on a node.
    ///
    /// # Errors
    /// [`Code::NotFound`] if there is no such node.
    pub fn address(&self, name: &str, node: &str) -> Result<Pid, Code> {
        self.names.get(node).map(|id| address_of(*id, name)).ok_or(Code::NotFound)
    }

    fn host(&self, node: NodeId) -> Option<&Host> {
        self.hosts.get(usize::from(node.0).checked_sub(1)?)
    }
}

/// Acting on actors.
impl World {
    /// Spawns an actor with a registered name on the node [`main`](World::main), which is made if need be.
    ///
    /// # Panics
    /// If the name is taken or malformed.
    pub fn spawn(&mut self, name: &str, factory: impl Factory) -> Pid {
        let node = self.main();
        match self.spawn_on(node, SpawnOptions::registered(name), Arc::new(factory)) {
            Ok(pid) => pid,
            Err(code) => panic!("failed to spawn `{name}`: {code}"),
        }
    }

    /// Spawns an actor without a parent on a node.
    ///
    /// # Errors
    /// As [`Context::spawn`](seedbed_core::Context::spawn); [`Code::NotFound`] if the node is down.
    pub fn spawn_on(
        &mut self,
        node: NodeId,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
    ) -> Result<Pid, Code> {
        let (kernel, mut port) = self.split(node).ok_or(Code::NotFound)?;
        kernel.spawn(&mut port, options, factory)
    }

    /// Kills an actor; false if it is gone.
    pub fn kill(&mut self, pid: Pid) -> bool {
        self.split(node_of(pid)).is_some_and(|(kernel, mut port)| kernel.kill(&mut port, pid))
    }

    /// Makes an actor fail without `on_stop`, as a trap would; false if it is gone.
    pub fn fail(&mut self, pid: Pid, failure: Failure) -> bool {
        self.split(node_of(pid)).is_some_and(|(kernel, mut port)| kernel.fail(&mut port, pid, failure))
    }

    /// Asks an actor to stop by way of its `on_stop`; false if it is gone.
    pub fn stop(&mut self, pid: Pid, reason: ExitReason) -> bool {
        self.split(node_of(pid)).is_some_and(|(kernel, mut port)| kernel.stop(&mut port, pid, reason))
    }

    fn split(&mut self, node: NodeId) -> Option<(&mut seedbed_core::Kernel, NodePort<'_>)> {
        let host = self.hosts.get_mut(usize::from(node.0).checked_sub(1)?)?;
        let kernel = host.kernel.as_mut()?;
        self.sim.looked = None;
        kernel.set_step(self.sim.step);
        Some((kernel, NodePort { sim: &mut self.sim, node }))
    }
}

/// Ending.
impl World {
    /// Takes the world apart after its run.
    pub(crate) fn into_outcome(mut self, end: Option<End>) -> (Outcome, Box<dyn Strategy>) {
        (self.take_outcome(end), self.sim.strategy)
    }

    /// Takes what came of the run out of the world, which is of no use then, unless it is put back.
    pub(crate) fn take_outcome(&mut self, end: Option<End>) -> Outcome {
        let mut state = seedbed_core::TraceHash::default();
        for kernel in self.hosts.iter().filter_map(|h| h.kernel.as_ref()) {
            state.word(kernel.state_hash());
        }
        let (step, stopped) = (self.sim.step, self.is_stopped());
        let mut followed = Finished::default();
        if let Mode::Replay(replay, tape) = std::mem::replace(&mut self.sim.mode, Mode::Explore) {
            let strict = replay.is_strict();
            followed = replay.finish(step, &tape, !stopped);
            self.replay_error = self.replay_error.take().or(followed.left.clone().filter(|_| strict));
        }
        if let Some(passes) = self.sim.holds.as_mut().and_then(Holds::passes) {
            self.sim.tape.retain(|entry| matches!(entry, TapeEntry::Choice { .. }));
            self.sim.tape.extend(passes);
        }
        let mut stats = std::mem::take(&mut self.sim.stats);
        stats.steps = step;
        // Texts are for people, who look at the tape of a run that broke something.
        let named = self.sim.found.as_ref().map(|_| Tape::named(&self.sim.tape)).unwrap_or_default();
        let text = |path| self.sim.paths.get(&path).map(|text| (path, text.clone()));
        let paths: BTreeMap<_, _> = named.into_iter().filter_map(text).collect();
        Outcome {
            seed: self.seed,
            trace_hash: self.sim.hash.value(),
            state_hash: state.value(),
            fuel_hash: self.sim.fuel_hash.value(),
            time: self.sim.now,
            end,
            found: self.sim.found.take(),
            read: std::mem::take(&mut self.sim.read),
            paths: std::mem::take(&mut self.sim.paths),
            tape: Tape { entries: std::mem::take(&mut self.sim.tape), paths },
            stats,
            replay_error: self.replay_error.take(),
            left: followed.left,
            skipped: followed.skipped,
            released: followed.released,
            met: followed.met,
            properties: self.properties.len(),
        }
    }
}
