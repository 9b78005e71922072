//! How to spawn; the same as `seedbed_core::SpawnOptions`, as far as a guest may.

use crate::SpawnFlags;
use alloc::string::String;
use alloc::vec::Vec;

/// What a spawn asks for beside the child itself.
#[derive(Clone, Debug, Default)]
pub struct SpawnOptions {
    /// The last part of its path, and its name, registered with the spawn; without one it is `#n`.
    pub(crate) name: Option<String>,
    /// Link, monitor, tell.
    pub flags: SpawnFlags,
    /// What it is given at its start.
    pub args: Vec<u8>,
}

impl SpawnOptions {
    /// A child with a registered name.
    pub fn registered(name: impl Into<String>) -> SpawnOptions {
        SpawnOptions { name: Some(name.into()), ..SpawnOptions::default() }
    }

    /// With these flags too.
    #[must_use]
    pub fn flags(mut self, flags: SpawnFlags) -> SpawnOptions {
        self.flags = self.flags.with(flags);
        self
    }

    /// With these arguments.
    #[must_use]
    pub fn args(mut self, args: impl Into<Vec<u8>>) -> SpawnOptions {
        self.args = args.into();
        self
    }
}
