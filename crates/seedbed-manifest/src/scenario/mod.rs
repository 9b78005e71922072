//! A manifest as a program: what a simulated run, or a service, is made of.
//!
//! Modules are compiled once and shared by all runs on all threads; a run makes its own world. One
//! tree a node, with the supervisor `tree` at its root; inputs are clients of their own; conditions
//! read the facts of the world.
//!
//! - `guests.rs`: from entries to factories of actors.
//! - `trees.rs`: from trees to supervisors.
//! - `worlds.rs`: from `[world]` to what the simulator is made with.
//! - `inputs.rs`: from `[[input]]` to what clients send.
//! - `mounts.rs`: what mounted directories hold.
//! - `facts.rs`: what conditions ask of a world.

pub(crate) mod facts;
mod guests;
pub(crate) mod inputs;
mod mounts;
mod trees;
mod worlds;

pub use guests::{Given, GuestError, GuestProblem};
pub use mounts::MountError;

use crate::plan::PlanLine;
use crate::property::{Asks, Property, When};
use crate::{Hash, Manifest, ManifestError, tree};
use seedbed_core::{Factory, SpawnOptions};
use seedbed_files::Image;
use seedbed_sim::{PlanError, Program, World, WorldConfig};
use seedbed_wasm::{ModuleHash, WasmActor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use thiserror::Error;

/// Name of the supervisor at the root of a node's tree: the second part of all its paths.
pub const TREE: &str = "tree";

/// How long a request of an input waits that says nothing else.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// A manifest whose guests are loaded, ready to be run; clones share all.
///
/// It is a [`Program`]: the same manifest, seed and strategy give the same run, on any thread.
///
/// # Examples
/// ```no_run
/// use seedbed_manifest::Scenario;
/// use seedbed_sim::{RunConfig, StrategySpec, run_with};
///
/// let transfer = Scenario::load("fixtures/transfer/seedbed.toml".as_ref())?;
/// let (outcome, _) = run_with(&transfer, &RunConfig::seed(7), StrategySpec::Random.build(), Vec::new());
/// println!("trace hash {:#018x}", outcome.trace_hash);
/// # Ok::<(), seedbed_manifest::LoadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    manifest: Manifest,
    config: WorldConfig,
    guests: BTreeMap<String, WasmActor>,
    /// The tree of each node, in their order.
    trees: Vec<Option<Tree>>,
    /// What mounted directories hold, read when a simulation first needs it.
    images: Arc<OnceLock<Images>>,
}

/// Directories by their names, or why one cannot be had.
type Images = Result<BTreeMap<String, Image>, MountError>;

/// The root of a node's tree.
struct Tree(Arc<dyn Factory>);

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tree")
    }
}

/// Why a manifest cannot be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It cannot be read, or is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Guests that would not load: all of them.
    #[error("{}", lines(.0))]
    Guests(Vec<GuestError>),
    /// A directory that is mounted cannot be simulated.
    #[error(transparent)]
    Mount(#[from] MountError),
}

fn lines<T: ToString>(all: &[T]) -> String {
    all.iter().map(T::to_string).collect::<Vec<_>>().join("\n")
}

impl Scenario {
    /// Reads a manifest and loads its guests.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(path: &Path) -> Result<Scenario, LoadError> {
        Scenario::new(Manifest::load(path)?)
    }

    /// Loads the guests of a manifest.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn new(manifest: Manifest) -> Result<Scenario, LoadError> {
        Scenario::given(manifest, &Given::default())
    }

    /// The same with what its `wasi` processes are given: environment variables, and streams.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn given(manifest: Manifest, given: &Given) -> Result<Scenario, LoadError> {
        let guests = guests::load(&manifest, given).map_err(LoadError::Guests)?;
        let config = worlds::config(&manifest.world);
        Ok(Scenario::of(manifest, config, guests, Arc::default()))
    }

    fn of(
        manifest: Manifest,
        config: WorldConfig,
        guests: BTreeMap<String, WasmActor>,
        images: Arc<OnceLock<Images>>,
    ) -> Scenario {
        let tree = |node| manifest.tree_of(node).map(|tree| Tree(Arc::new(trees::supervisor(tree, &guests))));
        let trees = manifest.world.nodes.iter().map(tree).collect();
        Scenario(Arc::new(Inner { manifest, config, guests, trees, images }))
    }

    /// The same with the manifest's planted bug in it, if there is one.
    pub fn with_canary(&self) -> Option<Scenario> {
        let Inner { manifest, config, guests, images, .. } = &*self.0;
        let mut planted = guests.clone();
        for (id, by) in &manifest.canary.as_ref()?.replace {
            planted.insert(id.clone(), guests[by].clone());
        }
        Some(Scenario::of(manifest.clone(), config.clone(), planted, Arc::clone(images)))
    }

    /// The same in another world: with other faults, say, than the manifest's.
    #[must_use]
    pub fn in_world(&self, change: impl FnOnce(&mut WorldConfig)) -> Scenario {
        let Inner { manifest, config, guests, trees, images } = &*self.0;
        let mut config = config.clone();
        change(&mut config);
        let trees = trees.iter().map(|tree| tree.as_ref().map(|tree| Tree(Arc::clone(&tree.0)))).collect();
        let (manifest, guests, images) = (manifest.clone(), guests.clone(), Arc::clone(images));
        Scenario(Arc::new(Inner { manifest, config, guests, trees, images }))
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Entry ids and their modules: with the manifest's hash, part of a run's identity.
    pub fn modules(&self) -> impl Iterator<Item = (&str, ModuleHash)> {
        self.0.guests.iter().map(|(id, guest)| (id.as_str(), guest.module().hash()))
    }

    /// What mounted directories hold when a simulated run begins, by their paths: read from the disk
    /// the first time it is asked for, and the same from then on. With the hashes of the modules, part
    /// of a run's identity; a recording needs none of it.
    ///
    /// # Errors
    /// See [`MountError`].
    pub fn images(&self) -> Result<&BTreeMap<String, Image>, MountError> {
        let Inner { manifest, images, .. } = &*self.0;
        images.get_or_init(|| mounts::read_all(manifest)).as_ref().map_err(Clone::clone)
    }

    /// The hash of each of them.
    ///
    /// # Errors
    /// See [`MountError`].
    pub fn image_hashes(&self) -> Result<BTreeMap<String, Hash>, MountError> {
        Ok(self.images()?.iter().map(|(name, image)| (name.clone(), mounts::hash(image))).collect())
    }

    /// Mounted directories, by the names that guests know them by.
    pub(crate) fn directories(&self) -> impl Iterator<Item = (String, PathBuf)> {
        mounts::directories(&self.0.manifest)
    }

    /// What makes actors of each entry.
    pub(crate) fn guests(&self) -> &BTreeMap<String, WasmActor> {
        &self.0.guests
    }

    /// The nodes and what makes the tree of each, in their order.
    pub(crate) fn trees(&self) -> impl Iterator<Item = (&str, Option<&Arc<dyn Factory>>)> {
        let nodes = self.0.manifest.world.nodes.iter().map(|node| node.name.as_str());
        nodes.zip(self.0.trees.iter().map(|tree| tree.as_ref().map(|tree| &tree.0)))
    }

    /// What makes actors of an entry.
    pub fn guest(&self, id: &str) -> Option<&WasmActor> {
        self.0.guests.get(id)
    }
}

impl Program for Scenario {
    fn config(&self) -> WorldConfig {
        self.0.config.clone()
    }

    fn drive(&self, world: &mut World) -> anyhow::Result<()> {
        let Inner { manifest, guests, trees, .. } = &*self.0;
        for (id, guest) in guests {
            world.entry(id, guest.clone());
        }
        for (name, image) in self.images()? {
            world.directory(name, image.clone());
        }
        for (node, tree) in manifest.world.nodes.iter().zip(trees) {
            let smaller = manifest.tree_of(node).and_then(|tree| smaller(world, &node.name, tree, guests));
            let tree = smaller.or_else(|| tree.as_ref().map(|tree| Arc::clone(&tree.0)));
            let id = world.node(&node.name, move |boot| {
                if let Some(tree) = &tree {
                    boot.spawn(SpawnOptions::named(TREE), Arc::clone(tree)).expect("a node boots empty");
                }
            });
            world.costs(id, worlds::costs(&manifest.world, node));
            if node.clock_skew != 0 {
                world.skew(id, node.clock_skew);
            }
            if node.clock_drift != 0 {
                world.drift(id, node.clock_drift);
            }
        }
        for link in &manifest.world.links {
            let (a, b) = &link.between;
            world.link(a, b, worlds::link(link))?;
        }
        for line in &manifest.world.plan {
            plan(world, line)?;
        }
        for input in inputs::inputs(manifest) {
            world.input(input);
        }
        for property in &manifest.properties {
            watch(world, property);
        }
        Ok(())
    }

    fn is_data(&self) -> bool {
        true
    }
}

/// The tree of a node without what the tape leaves out; `None` if that is nothing.
fn smaller(
    world: &mut World,
    node: &str,
    tree: &tree::Tree,
    guests: &BTreeMap<String, WasmActor>,
) -> Option<Arc<dyn Factory>> {
    let root = format!("{node}/{TREE}");
    let mut left_out = trees::optional(&root, tree).into_iter().collect::<BTreeSet<String>>();
    left_out.retain(|child| world.is_left_out(child));
    (!left_out.is_empty())
        .then(|| Arc::new(trees::supervisor_without(&left_out, &root, tree, guests)) as Arc<dyn Factory>)
}

/// Plans a line.
fn plan(world: &mut World, line: &PlanLine) -> Result<(), PlanError> {
    match line {
        PlanLine::Timed(planned) => world.plan_fault(planned.clone()),
        PlanLine::When { when, deed, lasts, times } => {
            let (reads, when) = (facts::reads(when.reads()), when.clone());
            let holds = move |world: &World| facts::judge(&when, &facts::OfWorld(world)).is_ok();
            world.when_deed(*times, reads, holds, deed.clone(), *lasts)
        }
    }
}

/// Adds a property to a world.
fn watch(world: &mut World, property: &Property) {
    match &property.asks {
        Asks::Condition { when, sometimes, holds } => {
            let (reads, holds) = (facts::reads(holds.reads()), holds.clone());
            let check = move |world: &World| facts::judge(&holds, &facts::OfWorld(world));
            let simulated = seedbed_sim::Property::new(&property.name, simulated(*when), check).reads(reads);
            world.add_property(if *sometimes { simulated.sometimes() } else { simulated });
        }
        Asks::Linearizable { history, model } => {
            let calls = world.linearizable_as(&property.name, history, *model);
            // A history that nobody writes is linearizable, and proves nothing.
            let written = format!("history `{history}` is written");
            let check = move |_: &World| !calls.is_empty();
            world.add_property(
                seedbed_sim::Property::new(&written, seedbed_sim::When::End, check)
                    .reads(seedbed_sim::Reads::default())
                    .sometimes(),
            );
        }
    }
}

fn simulated(when: When) -> seedbed_sim::When {
    match when {
        When::Always => seedbed_sim::When::Always,
        When::Idle => seedbed_sim::When::Idle,
        When::End => seedbed_sim::When::End,
        When::Never => seedbed_sim::When::Never,
        When::AgainWithin(within) => seedbed_sim::When::Again(within),
        When::EventuallyWithin(within) => seedbed_sim::When::Eventually(within),
    }
}
