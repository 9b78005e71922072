//! A run on the real reactor as it is kept: what entered each of its nodes.
//!
//! With the modules that it was made with, the simulator gives the same run back, node by node.

use crate::file::{self, FileError, Kind};
use crate::finding::Identity;
use seedbed_core::Recording;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the body of recordings.
pub const RECORDING_VERSION: u32 = 1;

/// What entered the nodes of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Name of the manifest.
    pub name: String,
    /// What ran.
    pub identity: Identity,
    /// What entered each node, in their order.
    pub nodes: Vec<Recording>,
}

impl Recorded {
    /// Reads a recording.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn read(path: &Path) -> Result<Recorded, FileError> {
        file::read(Kind::Recording, path)
    }

    /// Writes a recording, whole or not at all.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        file::write(Kind::Recording, path, self)
    }
}
