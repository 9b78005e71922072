//! A manifest on the real reactor: its trees as a service.
//!
//! Each node of the manifest is a node of this process, on a thread of its own; what the simulator
//! does with `[world]` beside that (latencies, faults, durations) is not done here. Inputs are
//! played in real time. When they are done and all is at rest, or somebody asked, the properties are
//! judged and the nodes shut down.
//!
//! Not modelled: properties between two turns. Nodes run at the same time, so that there is no
//! instant at which all facts are known but rest.

mod judge;
mod watch;

pub use judge::{Judged, Published};
pub use watch::Ended;

use crate::scenario::{Scenario, TREE, inputs};
use seedbed_core::{At, Event, ExitReason, InputStats, Observer, Recording, Shared, SpawnOptions, decision};
use seedbed_rt::{Builder, Cluster, Playing, SpawnError, StartError, StopHandle, System, Watch};
use seedbed_sim::Setup;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use watch::Watching;

/// How a service is run.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Where the logs of the effect `store` are kept, in a directory for each node; `None` = in memory.
    pub store: Option<PathBuf>,
    /// The path of an actor whose end is to be told.
    pub watch: Option<String>,
    /// Lets a process whose streams are to be inherited use those of this process.
    pub streams: bool,
    /// Until when.
    pub until: Until,
    /// How long at most; `None` = as long as it takes.
    pub time_max: Option<Duration>,
    /// How long the shutdown of each node may take before what is left is killed.
    pub shutdown_within: Duration,
    /// Writes down what enters each node, for a replay in the simulator.
    pub record: bool,
}

impl Default for ServiceConfig {
    fn default() -> ServiceConfig {
        ServiceConfig {
            store: None,
            watch: None,
            streams: false,
            until: Until::Rest,
            time_max: None,
            shutdown_within: Duration::from_secs(10),
            record: false,
        }
    }
}

/// How long a service runs, unless it is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until its inputs are done and all is at rest.
    Rest,
    /// Until it is asked.
    Stopped,
}

/// Why a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceEnd {
    /// Inputs are done, and all is at rest.
    Rest,
    /// It was asked to.
    Stopped,
    /// Its time was over.
    Time,
    /// No tree is left.
    Trees,
}

/// What came of a service.
#[derive(Clone, Debug)]
pub struct Served {
    /// Why it ended.
    pub end: ServiceEnd,
    /// How long it ran before its shutdown.
    pub time: Duration,
    /// Turns of all nodes, those of the shutdown too.
    pub turns: u64,
    /// Messages that reached nobody.
    pub dead_letters: u64,
    /// Actors that had to be killed in the shutdown.
    pub killed: usize,
    /// Inputs by name.
    pub inputs: BTreeMap<String, InputStats>,
    /// What was published, as it stood when the service ended.
    pub facts: Published,
    /// The properties, and whether they held.
    pub properties: Vec<(String, Judged)>,
    /// Nodes whose tree ended by itself, and why it did.
    pub trees_ended: BTreeMap<String, ExitReason>,
    /// Nodes whose tree gave up, and on which child.
    pub gave_up: BTreeMap<String, String>,
    /// How the actor that was watched ended, if it did.
    pub watched: Option<Ended>,
    /// What entered each node, if that was recorded.
    pub recordings: Vec<Arc<Recording>>,
}

/// Why a service did not come to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// There is no runtime.
    #[error("make a runtime: {0}")]
    Runtime(std::io::Error),
    /// A node did not start.
    #[error(transparent)]
    Node(#[from] StartError),
    /// A tree did not start.
    #[error("start the tree of node `{node}`: {error}")]
    Tree {
        /// Its node.
        node: String,
        /// Why not.
        error: SpawnError,
    },
}

/// Sees which trees give up.
#[derive(Clone, Default)]
struct GaveUp(Arc<Mutex<BTreeMap<String, String>>>);

impl GaveUp {
    fn take(&self) -> BTreeMap<String, String> {
        // A panic under this lock leaves what was seen before.
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for GaveUp {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let Event::Supervised { who, child, code: decision::GAVE_UP, .. } = event else { return };
        if let Some((node, TREE)) = who.text.split_once('/') {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(node.to_owned(), (*child).to_owned());
        }
    }
}

impl Scenario {
    /// Runs the trees on the real reactor, and plays the inputs.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub fn serve(&self, config: &ServiceConfig, stop: &StopHandle) -> Result<Served, ServiceError> {
        seedbed_rt::block_on(self.served(config, stop)).map_err(ServiceError::Runtime)?
    }

    /// What a recording of a node is replayed with; `None` if there is no such node.
    pub fn setup(&self, node: &str) -> Option<Setup> {
        let (_, tree) = self.trees().find(|(name, _)| *name == node)?;
        let setup =
            self.guests().iter().fold(Setup::default(), |setup, (id, guest)| setup.entry(id, guest.clone()));
        Some(match tree {
            Some(tree) => setup.root(TREE, Shared(Arc::clone(tree))),
            None => setup,
        })
    }

    async fn served(&self, config: &ServiceConfig, stop: &StopHandle) -> Result<Served, ServiceError> {
        let gave_up = GaveUp::default();
        let watching = config.watch.as_deref().map(Watching::new);
        let node = |(name, _)| self.node(name, config, watching.as_ref()).observe(gave_up.clone());
        let cluster = Cluster::start(self.trees().map(node).collect())?;
        let trees = match self.start_trees(&cluster).await {
            Ok(trees) => trees,
            Err(error) => {
                cluster.shutdown_within(config.shutdown_within).await;
                return Err(error);
            }
        };
        let (playing, ended) = (Playing::default(), RefCell::new(BTreeMap::new()));
        let end = self.run(&cluster, config, stop, &playing, trees, &ended).await;
        let time = cluster.elapsed();
        let watched = watching.and_then(|watching| watching.ended());
        let inputs = self.manifest().inputs.iter().map(|input| input.name.clone());
        let inputs: BTreeMap<String, InputStats> = inputs.zip(playing.stats()).collect();
        let nodes = self.trees().map(|(node, _)| node.to_owned()).collect();
        let facts = Published::collect(&cluster, nodes, &inputs).await;
        let properties = judge::judge(&self.manifest().properties, end == ServiceEnd::Rest, &facts);
        let finished = cluster.shutdown_within(config.shutdown_within).await;
        let finished = || finished.iter().flatten();
        Ok(Served {
            end,
            time,
            turns: finished().map(|f| f.turns).sum(),
            dead_letters: finished().map(|f| f.dead_letters).sum(),
            killed: finished().map(|f| f.killed).sum(),
            inputs,
            facts,
            properties,
            trees_ended: ended.into_inner(),
            gave_up: gave_up.take(),
            watched,
            recordings: finished().filter_map(|f| f.recording.clone()).collect(),
        })
    }

    fn node(&self, name: &str, config: &ServiceConfig, watching: Option<&Watching>) -> Builder {
        let mut node = System::builder().name(name).shutdown_within(config.shutdown_within);
        for (id, guest) in self.guests() {
            node = node.entry(id, guest.clone());
        }
        for (name, path) in self.directories() {
            node = node.directory(name, path);
        }
        if let Some(watching) = watching {
            node = node.observe(watching.clone());
        }
        if config.streams {
            node = node.standard_streams();
        }
        if let Some(dir) = &config.store {
            node = node.store_in(dir.join(name));
        }
        if config.record { node.record() } else { node }
    }

    /// Starts all trees at once, and waits for them; gives the nodes that have one, and its root.
    async fn start_trees(&self, cluster: &Cluster) -> Result<Vec<(String, Watch)>, ServiceError> {
        let trees = self.trees().zip(cluster.nodes()).filter_map(|((node, tree), system)| {
            let tree = Arc::clone(tree?);
            Some(async move {
                let started = system.spawn_with(SpawnOptions::named(TREE), tree).await;
                match started {
                    Ok(root) => Ok((node.to_owned(), system.monitor(root))),
                    Err(error) => Err(ServiceError::Tree { node: node.to_owned(), error }),
                }
            })
        });
        seedbed_rt::all(trees).await.into_iter().collect()
    }

    /// Plays the inputs, until there is a reason to end.
    async fn run(
        &self,
        cluster: &Cluster,
        config: &ServiceConfig,
        stop: &StopHandle,
        playing: &Playing,
        trees: Vec<(String, Watch)>,
        ended: &RefCell<BTreeMap<String, ExitReason>>,
    ) -> ServiceEnd {
        let played = pin!(async {
            cluster.play(inputs::inputs(self.manifest()), playing).await;
            if config.until == Until::Stopped || cluster.rest().await.is_err() {
                std::future::pending::<()>().await;
            }
            ServiceEnd::Rest
        });
        let has_trees = !trees.is_empty();
        let trees_ended = pin!(async {
            let each = trees.into_iter().map(|(node, watch)| async {
                if let Ok(reason) = watch.await {
                    ended.borrow_mut().insert(node, reason);
                }
            });
            seedbed_rt::all(each).await;
            if !has_trees {
                std::future::pending::<()>().await;
            }
            ServiceEnd::Trees
        });
        let stopped = pin!(async {
            stop.stopped().await;
            ServiceEnd::Stopped
        });
        let time = pin!(async {
            seedbed_rt::sleep(config.time_max).await;
            ServiceEnd::Time
        });
        seedbed_rt::first([stopped, trees_ended, played, time]).await
    }
}
