//! The descriptors of a guest.

use super::abi::Errno;
use std::collections::BTreeMap;

/// What a descriptor stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Descriptor {
    /// Always at its end.
    Stdin,
    Stdout,
    Stderr,
}

/// Descriptors by number.
pub(super) struct Table(BTreeMap<u32, Descriptor>);

impl Table {
    /// The standard streams.
    pub(super) fn new() -> Table {
        Table(BTreeMap::from([(0, Descriptor::Stdin), (1, Descriptor::Stdout), (2, Descriptor::Stderr)]))
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(&fd).ok_or(Errno::Badf)
    }

    pub(super) fn close(&mut self, fd: u32) -> Result<(), Errno> {
        self.0.remove(&fd).map(drop).ok_or(Errno::Badf)
    }

    /// Gives a descriptor another number; what had it is closed.
    pub(super) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        let descriptor = self.0.remove(&from).ok_or(Errno::Badf)?;
        self.0.insert(to, descriptor);
        Ok(())
    }
}
