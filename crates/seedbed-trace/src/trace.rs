//! A trace: everything that happened in one run, in order.

use crate::file::{self, FileError, Kind};
use crate::record::{Actor, Record};
use seedbed_core::{NodeId, PathId, Pid, Target, address_of, target_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the body of trace files.
pub const TRACE_VERSION: u32 = 1;

/// What happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Name of the test or manifest.
    pub name: String,
    /// The run's seed.
    pub seed: u64,
    /// The hash of all events of the run.
    pub trace_hash: u64,
    /// Texts of all paths.
    pub paths: BTreeMap<PathId, String>,
    /// Path of every actor that appears, by pid.
    pub actors: BTreeMap<Pid, Actor>,
    /// What addresses mean: `name@node`.
    pub names: BTreeMap<Pid, String>,
    /// How many records before the first one were let go, to stay within a bound.
    pub dropped: u64,
    /// What happened.
    pub records: Vec<Record>,
}

impl Trace {
    /// Reads a trace file.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn read(path: &Path) -> Result<Trace, FileError> {
        file::read(Kind::Trace, path)
    }

    /// Writes a trace file, whole or not at all.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        file::write(Kind::Trace, path, self)
    }

    /// The text of a path; its number if nobody of that path appears.
    pub fn path(&self, path: PathId) -> String {
        self.paths.get(&path).cloned().unwrap_or_else(|| format!("path {:x}", path.0))
    }

    /// An actor as people name it: its path, and its life unless that is the first.
    pub fn actor(&self, who: Actor) -> String {
        let path = self.path(who.path);
        if who.life.0 > 1 { format!("{path} life {}", who.life.0) } else { path }
    }

    /// Whoever a pid or address means, as far as the trace knows.
    pub fn pid(&self, pid: Pid) -> String {
        match (self.actors.get(&pid), target_of(pid)) {
            (Some(who), _) => self.actor(*who),
            (None, Target::Nobody) => "nobody".to_owned(),
            (None, Target::Name { .. }) if self.names.contains_key(&pid) => self.names[&pid].clone(),
            (None, Target::Actor { node: NodeId::OUTSIDE, slot, .. }) => format!("outside client {slot}"),
            // Sockets are a node's, and have the address of no name.
            (None, Target::Name { node, .. }) if pid == address_of(node, "") => self.node(node),
            (None, _) => pid.to_string(),
        }
    }

    /// The name of a node, from the paths on it; its number if nobody lived there.
    pub fn node(&self, node: NodeId) -> String {
        let of = |pid: &Pid| seedbed_core::node_of(*pid) == node;
        let first = self.actors.iter().find(|(pid, _)| of(pid)).map(|(_, who)| self.path(who.path));
        let name = first.and_then(|path| path.split('/').next().map(str::to_owned));
        match name {
            _ if node == NodeId::OUTSIDE => "outside".to_owned(),
            Some(name) => name,
            None => format!("node {}", node.0),
        }
    }
}
