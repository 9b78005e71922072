//! The manifest: processes, trees, worlds, inputs, CEL properties.
//!
//! `seedbed.toml` becomes a [`Manifest`]: plain data that was checked as a whole. Either every key
//! is known, every value right, every reference met, every file what its hash says and every
//! condition compiled, or there is a [`Report`] with all that is wrong, each with its place.
//! `docs/manifest.md` is the reference of the keys.
//!
//! Not modelled: whether a module's imports and exports fit its entry; that needs the module
//! (`seedbed verify`).

mod canary;
mod cel;
mod decode;
mod files;
mod input;
mod nearest;
mod payload;
mod plan;
mod process;
mod property;
mod report;
mod scenario;
mod service;
mod tree;
mod world;

pub use canary::Canary;
pub use cel::{CelErrors, CelProblem, CompiledProperty, EvalError, FactSource, Reads, Verdict};
pub use files::Hash;
pub use input::{Input, InputKind, Repeat, Target};
pub use plan::PlanLine;
pub use process::{Command, EnvVar, Limits, MailboxPolicy, Mount, Permissions, Process, Wasi};
pub use property::{Asks, Property, When};
pub use report::{Code, Problem, Related, Report};
pub use scenario::{Given, GuestError, GuestProblem, LoadError, MountError, REQUEST_TIMEOUT, Scenario, TREE};
pub use seedbed_rt::StopHandle;
pub use seedbed_sim::units::duration as parse_duration;
pub use service::{Ended, Judged, Published, Served, ServiceConfig, ServiceEnd, ServiceError, Until};
pub use tree::{AutoShutdown, Backoff, Child, Restart, Shutdown, Start, Strategy, Tree};
pub use world::{Between, Budget, DEFAULT_NODE, Faults, Link, NodeSpec, OUTSIDE, Profile, Shape, WorldSpec};

use decode::{Fields, Problems};
use files::Files;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::de::DeTable;

/// A manifest that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The directory that paths are relative to.
    pub root: PathBuf,
    /// Hash of the manifest's own text: with those of the modules, part of a run's identity.
    pub hash: Hash,
    /// The entries.
    pub processes: Vec<Process>,
    /// The tree of each node that has none of its own.
    pub tree: Option<Tree>,
    /// The world around the trees.
    pub world: WorldSpec,
    /// What the outside sends.
    pub inputs: Vec<Input>,
    /// What must hold.
    pub properties: Vec<Property>,
    /// The planted bug that a hunt must find first.
    pub canary: Option<Canary>,
}

/// Why there is no manifest.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file, or its directory, cannot be read.
    #[error("cannot read manifest `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is wrong.
    #[error(transparent)]
    Wrong(Report),
}

impl Manifest {
    /// Reads a manifest and the files that it names, and checks all.
    ///
    /// # Errors
    /// If the file cannot be read, or with all that is wrong with it and with its files.
    pub fn load(path: &Path) -> Result<Manifest, ManifestError> {
        let unreadable = |source| ManifestError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let root = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let files = Files::new(root).map_err(unreadable)?;
        read(&path.display().to_string(), &bytes, root, Some(&files)).map_err(ManifestError::Wrong)
    }

    /// Checks a manifest without looking at any file: no module is read, no hash compared.
    ///
    /// `name` stands for the file in the report.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn parse(name: &str, bytes: &[u8], root: &Path) -> Result<Manifest, Report> {
        read(name, bytes, root, None)
    }

    /// The entry with this id.
    pub fn process(&self, id: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.id == id)
    }

    /// The entry that a command runs.
    pub fn command(&self, name: &str) -> Option<&Process> {
        self.commands().find(|(command, _)| command.name == name).map(|(_, process)| process)
    }

    /// The commands and their entries, in the order of the manifest.
    pub fn commands(&self) -> impl Iterator<Item = (&Command, &Process)> {
        self.processes.iter().filter_map(|process| process.command.as_ref().map(|command| (command, process)))
    }

    /// The node with this name.
    pub fn node(&self, name: &str) -> Option<&NodeSpec> {
        self.world.nodes.iter().find(|node| node.name == name)
    }

    /// The tree that a node runs at every boot: its own, or that of the manifest.
    pub fn tree_of<'a>(&'a self, node: &'a NodeSpec) -> Option<&'a Tree> {
        node.tree.as_ref().or(self.tree.as_ref())
    }
}

fn read(name: &str, bytes: &[u8], root: &Path, files: Option<&Files>) -> Result<Manifest, Report> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let at = e.valid_up_to();
            let problem = Problem::new(Code::NotUtf8, at..at + 1, format!("not UTF-8 at byte {at}"));
            return Err(Report::new(name, &String::from_utf8_lossy(bytes), vec![problem]));
        }
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What was recovered lacks things, which would be noted as problems of their own.
        let syntax = |e: &toml::de::Error| {
            let message = e.message().replace(char::is_control, " ");
            Problem::new(
                Code::Syntax,
                e.span().unwrap_or(0..text.len()),
                format!("not TOML: {}", message.trim()),
            )
        };
        return Err(Report::new(name, text, errors.iter().map(syntax).collect()));
    }
    let problems = Problems::default();
    let fields = Fields::new(document.get_ref(), 0..0, "the manifest", &problems);
    let processes = process::read_all(&fields, files, &problems);
    let entries: BTreeSet<String> = processes.iter().map(|process| process.id.clone()).collect();
    let tree = fields.table("tree", "a tree").map(|tree| tree::read(tree, &entries, &problems));
    let world = world::read(&fields, &entries, tree.as_ref(), text, &problems);
    let inputs = input::read_all(&fields, &world.nodes, tree.as_ref(), &problems);
    let properties = property::read_all(&fields, text, &problems);
    let canary = fields.table("canary", "a canary").map(|canary| canary::read(canary, &entries, &problems));
    fields.finish();
    let problems = problems.into_vec();
    if !problems.is_empty() {
        return Err(Report::new(name, text, problems));
    }
    let (root, hash) = (root.to_owned(), Hash::of(bytes));
    Ok(Manifest { root, hash, processes, tree, world, inputs, properties, canary })
}
