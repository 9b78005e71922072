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

#[cfg(test)]
mod tests {
    use super::*;
    use seedbed_core::{Boot, Life, NodeId, PathId};
    use std::collections::BTreeMap;

    fn sample() -> Recorded {
        let node = Recording {
            run_format: 1,
            node: NodeId(2),
            name: "b".into(),
            boot: Boot(7),
            key: [0x5e; 32],
            effects: vec!["store".into()],
            nodes: BTreeMap::from([("a".into(), NodeId(1)), ("b".into(), NodeId(2))]),
            lives: BTreeMap::from([(PathId(11), Life(3))]),
            simulated: false,
            log: vec![1, 2, 3],
            turns: 300,
            hash: 0xfeed,
            checkpoints: vec![5],
            events: None,
        };
        Recorded { name: "transfer".into(), identity: Identity::default(), nodes: vec![node] }
    }

    /// Golden: recordings are kept by people, so what version 1 looks like never changes.
    #[test]
    fn the_format_is_pinned() {
        let bytes = file::encode(Kind::Recording, &sample());
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, include_str!("golden/recording-1.hex").trim());
        assert_eq!(file::decode::<Recorded>(Kind::Recording, &bytes).unwrap(), sample());
    }
}
