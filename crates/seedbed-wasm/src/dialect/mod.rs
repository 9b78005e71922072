//! Which guest ABI a module speaks; one file for each that can be run.

pub(crate) mod seedbed;

use crate::rewrite::Shape;
use std::fmt;

/// A guest ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Handlers: exports `seedbed_on_message`.
    Seedbed,
    /// Palladium's plugins: exports `pd_actor_on_message`.
    Palladium,
    /// Lunatic's processes: imports from `lunatic::…`.
    Lunatic,
    /// A WASI program: imports preview 1, or exports `_start`.
    Wasi,
}

impl Dialect {
    /// What `shape` speaks.
    pub(crate) fn of(shape: &Shape) -> Option<Dialect> {
        let exports = |name| shape.export(name).is_some();
        let imports = |prefix: &str| shape.imports.iter().any(|i| i.module.starts_with(prefix));
        if exports("seedbed_on_message") {
            Some(Dialect::Seedbed)
        } else if exports("pd_actor_on_message") {
            Some(Dialect::Palladium)
        } else if imports("lunatic::") {
            Some(Dialect::Lunatic)
        } else if imports("wasi_snapshot_preview1") || exports("_start") {
            Some(Dialect::Wasi)
        } else {
            None
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Seedbed => "seedbed",
            Dialect::Palladium => "palladium",
            Dialect::Lunatic => "lunatic",
            Dialect::Wasi => "wasi",
        })
    }
}
