//! A world between two turns: kept, put back, and gone on with under another seed.
//!
//! Only of worlds that are data ([`Program::is_data`](crate::Program::is_data)): what is around the kernels and the
//! simulation (properties, conditions of plans, boot functions) is made of functions that know nothing but
//! what they are given, and stays where it is.

use super::node::HostState;
use super::plan::PlanState;
use super::step::Converging;
use super::{World, client, input};
use crate::history::Book;
use crate::property::Seen;
use crate::replay::ReplayError;
use crate::sim::{Mode, Sim};
use crate::strategy::Candidate;
use seedbed_core::{Key, NotSnapshot, Time};

/// Where others began to decide: from this step on all that is drawn for the order and for faults is drawn
/// from this seed. With the run's own seed and strategy, it names a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// So many turns had run.
    pub step: u64,
    /// The seed from there on.
    pub seed: u64,
}

/// Why a run cannot be kept where it stands. It can be run again up to there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotKept {
    /// Something on a node.
    #[error(transparent)]
    Node(#[from] NotSnapshot),
    /// A strategy without [`Strategy::snapshot`](crate::Strategy::snapshot).
    #[error("no snapshot can be taken of the strategy")]
    Strategy,
    /// A monitor: a state machine of the test's own.
    #[error("no snapshot can be taken of the monitor `{0}`")]
    Monitor(String),
}

/// The state of a world between two turns.
pub(crate) struct WorldSnapshot {
    sim: Sim,
    hosts: Vec<HostState>,
    properties: Vec<(bool, Option<Time>)>,
    books: Vec<Book>,
    seen: Seen,
    clients: Vec<client::Numbers>,
    inputs: input::Inputs,
    plan: PlanState,
    ended: bool,
    begun: bool,
    rested: bool,
    converging: Option<Converging>,
    paused: bool,
    replay_error: Option<(u64, ReplayError)>,
    forks: Vec<Fork>,
}

impl World {
    /// Keeps the world as it stands.
    ///
    /// # Errors
    /// [`NotKept`] says what cannot be kept.
    pub(crate) fn snapshot(&mut self) -> Result<WorldSnapshot, NotKept> {
        let World {
            // What it is made with.
            config: _,
            seed: _,
            steps_hint: _,
            key: _,
            names: _,
            entries: _,
            handlers: _,
            // Whoever runs it says so each time.
            stop_after: _,
            sim,
            hosts,
            properties,
            seen,
            clients,
            inputs,
            plan,
            ended,
            begun,
            replay_error,
            rested,
            converging,
            paused,
            books,
            monitored,
            forks,
        } = self;
        if let Some(name) = monitored {
            return Err(NotKept::Monitor(name.clone()));
        }
        Ok(WorldSnapshot {
            sim: sim.kept().ok_or(NotKept::Strategy)?,
            hosts: hosts.iter_mut().map(super::node::Host::kept).collect::<Result<_, _>>()?,
            properties: properties.iter().map(crate::Property::kept).collect(),
            books: books.iter().map(|book| book.borrow().clone()).collect(),
            seen: *seen,
            clients: clients.clone(),
            inputs: inputs.clone(),
            plan: plan.kept(),
            ended: *ended,
            begun: *begun,
            rested: *rested,
            converging: converging.clone(),
            paused: *paused,
            replay_error: replay_error.clone(),
            forks: forks.clone(),
        })
    }

    /// Puts the world back to where it stood. It has to be of the same program.
    pub(crate) fn restore(&mut self, to: &WorldSnapshot) {
        let WorldSnapshot {
            sim,
            hosts,
            properties,
            books,
            seen,
            clients,
            inputs,
            plan,
            ended,
            begun,
            rested,
            converging,
            paused,
            replay_error,
            forks,
        } = to;
        let (here, there) = (self.hosts.len(), hosts.len());
        assert_eq!((here, self.properties.len()), (there, properties.len()), "a snapshot is of its program");
        self.sim.put_back(sim);
        for (host, from) in self.hosts.iter_mut().zip(hosts) {
            host.put_back(from);
        }
        for (property, from) in self.properties.iter_mut().zip(properties) {
            property.put_back(*from);
        }
        for (book, from) in self.books.iter().zip(books) {
            book.borrow_mut().clone_from(from);
        }
        self.seen = *seen;
        self.clients.clone_from(clients);
        self.inputs.put_back(inputs);
        self.plan.put_back(plan);
        (self.ended, self.begun, self.rested, self.paused) = (*ended, *begun, *rested, *paused);
        self.converging.clone_from(converging);
        self.replay_error.clone_from(replay_error);
        self.forks.clone_from(forks);
    }

    /// From here on, whatever is drawn for the order and for faults is drawn from this seed: the strategy
    /// begins anew, and which faults are on at all is drawn again, inside what is left of their budget.
    ///
    /// What was decided so far stays so, and what actors draw for themselves still comes from the run's
    /// own seed: that seed and the tape give the run back, as they do every run. The run's identity by
    /// seeds is its own and its [`Fork`]s. Along a tape nothing is drawn, and this changes nothing.
    pub fn fork(&mut self, seed: u64) {
        self.forks.push(Fork { step: self.sim.step, seed });
        if !matches!(self.sim.mode, Mode::Explore) {
            return;
        }
        self.decide_under(Key::from_seed(seed), |sim, chance, run| {
            sim.chance.go_on_as(chance);
            sim.strategy.fork(&run(&sim.chance));
        });
        let World { sim, hosts, .. } = self;
        for id in sim.order.iter() {
            let delivery = sim.order.delivery(id);
            let kernel = hosts[usize::from(delivery.node.0) - 1].kernel.as_ref();
            let chain = kernel.and_then(|kernel| kernel.chain(delivery));
            let chain = chain.expect("what is in the order is current, on a node that is up");
            sim.strategy.enabled(&Candidate { id, chain });
        }
    }

    /// Where others began to decide so far.
    pub fn forks(&self) -> &[Fork] {
        &self.forks
    }

    /// True once every actor that a boot function spawned has started or ended: inputs wait for that.
    pub fn has_started(&self) -> bool {
        self.begun && self.sim.starting.is_empty()
    }
}
