//! How a system is made.

use crate::effects::{Effects, Handler};
use crate::error::StartError;
use crate::files::{self, Given};
use crate::inbox::{Command, Outlet};
use crate::neighbours::Neighbours;
use crate::node::Node;
use crate::reactor::RealReactor;
use crate::store::{Files, Memory, Store};
use crate::system::{SHUTDOWN_WITHIN, Shared, System};
use seedbed_core::abi::store;
use seedbed_core::{
    Boot, EffectOutcome, EffectRequest, Factory, Kernel, Key, NodeConfig, NodeId, Observer, RecordingReactor,
    check_name,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::mpsc;

type Setup = Box<dyn FnOnce(&mut Kernel) + Send>;

/// Settings of a node.
pub struct Builder {
    name: String,
    entries: BTreeMap<String, Arc<dyn Factory>>,
    handlers: BTreeMap<String, Handler>,
    observers: Vec<Box<dyn Observer + Send>>,
    store: Option<PathBuf>,
    files: Given,
    setup: Vec<Setup>,
    key: Option<Key>,
    record: bool,
    every_event: bool,
    shutdown_within: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            name: "main".into(),
            entries: BTreeMap::new(),
            handlers: BTreeMap::new(),
            observers: Vec::new(),
            store: None,
            files: Given::default(),
            setup: Vec::new(),
            key: None,
            record: false,
            every_event: false,
            shutdown_within: SHUTDOWN_WITHIN,
        }
    }
}

impl Builder {
    /// The node's name, the first part of every path on it; `main` if it is not given.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.name = name.into();
        self
    }

    /// Makes a factory known under an entry id, for [`Context::spawn_entry`](seedbed_core::Context::spawn_entry).
    #[must_use]
    pub fn entry(mut self, id: impl Into<String>, factory: impl Factory) -> Builder {
        self.entries.insert(id.into(), Arc::new(factory));
        self
    }

    /// Makes an effect known: what [`Context::perform`](seedbed_core::Context::perform) asks for by
    /// this name, the handler does. It runs on the node's thread, as a task of its own, and so must
    /// not block. One named `store` takes the place of the built-in one.
    #[must_use]
    pub fn effect<F, O>(mut self, name: impl Into<String>, handler: F) -> Builder
    where
        F: Fn(EffectRequest) -> O + Send + Sync + 'static,
        O: Future<Output = EffectOutcome> + 'static,
    {
        self.handlers.insert(name.into(), Arc::new(move |request| Box::pin(handler(request))));
        self
    }

    /// Keeps the logs of the effect `store` in files under this directory; without it they are in memory.
    #[must_use]
    pub fn store_in(mut self, dir: impl Into<PathBuf>) -> Builder {
        self.store = Some(dir.into());
        self
    }

    /// Names a directory, for guests that are given it (`WasiConfig::mounts`).
    #[must_use]
    pub fn directory(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Builder {
        self.files.directories.insert(name.into(), path.into());
        self
    }

    /// Lets guests that are told to (`WasiConfig::inherit`) read and write the standard streams of this
    /// process. Without it, their input is at its end, and what they write there goes nowhere.
    #[must_use]
    pub fn standard_streams(mut self) -> Builder {
        self.files.streams = true;
        self
    }

    /// Adds somebody who watches everything that happens.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + Send + 'static) -> Builder {
        self.observers.push(Box::new(observer));
        self
    }

    /// Prepares the kernel before anything runs, on the node's thread: [`Kernel::set_local`] above all.
    #[must_use]
    pub fn setup(mut self, setup: impl FnOnce(&mut Kernel) + Send + 'static) -> Builder {
        self.setup.push(Box::new(setup));
        self
    }

    /// The key of the node's random streams, in place of entropy.
    #[must_use]
    pub fn key(mut self, key: Key) -> Builder {
        self.key = Some(key);
        self
    }

    /// Writes down what enters the node, for [`System::recording`] and [`Finished`](crate::Finished).
    #[must_use]
    pub fn record(mut self) -> Builder {
        self.record = true;
        self
    }

    /// The same with every event, so that a replay can name the first that differs. Dear: for tests.
    #[must_use]
    pub fn record_every_event(mut self) -> Builder {
        self.record = true;
        self.every_event = true;
        self
    }

    /// How long the shutdown may take that follows the end of the last handle.
    #[must_use]
    pub fn shutdown_within(mut self, time: Duration) -> Builder {
        self.shutdown_within = time;
        self
    }

    /// Starts the node on a thread of its own.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(self) -> Result<System, StartError> {
        let place = Place::alone(&self.name);
        self.start_at(place)
    }

    /// Starts one of several nodes.
    pub(crate) fn start_at(self, place: Place) -> Result<System, StartError> {
        let (system, made) = self.make(place)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(StartError::Thread)?;
        let node = move || {
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, made.run());
        };
        std::thread::Builder::new()
            .name(format!("seedbed-{}", system.node_id().0))
            .spawn(node)
            .map_err(StartError::Thread)?;
        Ok(system)
    }

    /// Starts the node as a task of the caller's `LocalSet`.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Panics
    /// Outside of a `LocalSet`, and on a runtime without timers, as tokio does.
    pub fn run_local(self) -> Result<System, StartError> {
        let place = Place::alone(&self.name);
        let (system, made) = self.make(place)?;
        tokio::task::spawn_local(made.run());
        Ok(system)
    }

    /// The node's name, if it can be one.
    pub(crate) fn checked_name(&self) -> Result<&str, StartError> {
        match check_name(&self.name) {
            Ok(()) => Ok(&self.name),
            Err(code) => Err(StartError::Name { name: self.name.clone(), code }),
        }
    }

    fn make(self, place: Place) -> Result<(System, Made), StartError> {
        self.checked_name()?;
        let Place { id, nodes, outlet, inbox, neighbours } = place;
        let name = self.name;
        let mut entropy = [0; 34];
        getrandom::fill(&mut entropy).map_err(StartError::Entropy)?;
        let [a, b, key @ ..] = entropy;
        let mut effects: Vec<String> = self.handlers.keys().cloned().collect();
        if !self.handlers.contains_key(store::EFFECT) {
            effects.push(store::EFFECT.to_owned());
        }
        effects.push(seedbed_files::EFFECT.to_owned());
        effects.push(seedbed_sockets::EFFECT.to_owned());
        let config = NodeConfig {
            id,
            name,
            boot: Boot(u16::from_le_bytes([a, b]) % Boot::COUNT),
            key: self.key.unwrap_or(Key(key)),
            entries: self.entries,
            effects,
            nodes: nodes.clone(),
        };
        let store = match self.store {
            None => Store::Memory(Memory::default()),
            Some(dir) => Store::Files(Files::open(&dir).map_err(StartError::Store)?),
        };
        let clients = AtomicU64::new(0);
        let shared =
            Shared { outlet: outlet.clone(), node: id, nodes, neighbours: neighbours.clone(), clients };
        let made = Made {
            config,
            handlers: self.handlers,
            store,
            files: self.files,
            outlet,
            inbox,
            neighbours,
            observers: self.observers,
            setup: self.setup,
            record: self.record,
            every_event: self.every_event,
            shutdown_within: self.shutdown_within,
        };
        Ok((System::new(Arc::new(shared)), made))
    }
}

/// Where among others a node is.
pub(crate) struct Place {
    pub(crate) id: NodeId,
    pub(crate) nodes: BTreeMap<String, NodeId>,
    pub(crate) outlet: Outlet,
    pub(crate) inbox: mpsc::UnboundedReceiver<Command>,
    pub(crate) neighbours: Neighbours,
}

impl Place {
    /// A node without others.
    fn alone(name: &str) -> Place {
        let mut places = Place::for_all(&[name.to_owned()]);
        places.pop().expect("there is one node")
    }

    /// The places of several nodes that reach each other.
    pub(crate) fn for_all(names: &[String]) -> Vec<Place> {
        let (outlets, inboxes): (Vec<_>, Vec<_>) = names.iter().map(|_| mpsc::unbounded_channel()).unzip();
        let outlets: Arc<[Outlet]> = outlets.into();
        let ids = (0..names.len()).map(Neighbours::id);
        let nodes: BTreeMap<String, NodeId> = names.iter().cloned().zip(ids).collect();
        let place = |(me, inbox)| Place {
            id: Neighbours::id(me),
            nodes: nodes.clone(),
            outlet: outlets[me].clone(),
            inbox,
            neighbours: Neighbours::new(Arc::clone(&outlets), me),
        };
        inboxes.into_iter().enumerate().map(place).collect()
    }
}

/// A node that is ready to be put where it runs.
struct Made {
    config: NodeConfig,
    handlers: BTreeMap<String, Handler>,
    store: Store,
    files: Given,
    outlet: Outlet,
    inbox: mpsc::UnboundedReceiver<Command>,
    neighbours: Neighbours,
    observers: Vec<Box<dyn Observer + Send>>,
    setup: Vec<Setup>,
    record: bool,
    every_event: bool,
    shutdown_within: Duration,
}

impl Made {
    async fn run(self) {
        let (files, outlet) = (files::Files::new(self.files), self.outlet);
        let effects = Effects::new(self.handlers, self.store, files, outlet.clone());
        let reactor = RealReactor::new(self.config.id, self.neighbours, effects, self.observers);
        let mut kernel = Kernel::new(self.config.clone());
        self.setup.into_iter().for_each(|setup| setup(&mut kernel));
        let (inbox, within) = (self.inbox, self.shutdown_within);
        if self.record {
            let mut reactor = RecordingReactor::new(reactor, &self.config);
            if self.every_event {
                reactor = reactor.every_event();
            }
            Node::new(kernel, reactor, inbox, within).run(outlet).await;
        } else {
            Node::new(kernel, reactor, inbox, within).run(outlet).await;
        }
    }
}
