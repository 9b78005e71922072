//! What is done to a module before it is compiled.
//!
//! 1. *Fuel*: a counter in a hidden global, charged ahead of every straight run of code and
//!    checked at function entries, loop heads and bulk operations (`meter`).
//! 2. *Stack*: a counter of bytes left, charged at function entries, so that a guest never meets
//!    the native limit, which differs between engines (`stack`).
//! 3. *State in reach*: mutable globals, tables and the memory are exported under reserved names;
//!    what could not be put back from a snapshot is refused by name.
//! 4. *Entries*: each exported function, and the start section, gets a twin that takes the turn's
//!    fuel in front of its arguments and gives what is left behind its results, so that setting
//!    fuel costs a guest call nothing on the host's side.
//!
//! A module that waits ([`Mode::Waits`]) is not stopped where fuel or stack run out: there it calls
//! the host, through a table of its own, which suspends it and gives more fuel, or stops it.
//!
//! Both counters are ordinary WebAssembly: exact after a trap, and the same on any engine. The
//! law for the host is in [`Halt`]. A module keeps its behaviour otherwise, and its custom
//! sections are dropped.

mod analyse;
mod emit;
mod meter;
mod stack;

pub(crate) use analyse::{Entity, Import, Shape};
pub(crate) use stack::STACK_MAX;

use thiserror::Error;

/// Version of the rewriting. A change that moves fuel, stack or names raises it, and with it every
/// run's engine identity.
pub const REWRITE_VERSION: u32 = 1;

/// Names that a module may neither import from nor export begin with this.
pub(crate) const RESERVED: &str = "seedbed:";
/// Global, i64: fuel left.
pub(crate) const FUEL: &str = "seedbed:fuel";
/// Global, i64: bytes of stack left.
pub(crate) const STACK: &str = "seedbed:stack";
/// The memory, if there is one.
pub(crate) const MEMORY: &str = "seedbed:memory";
/// Table of one function, set by the host: called where a counter ran out, if the module waits.
pub(crate) const OUT: &str = "seedbed:out";
/// The start section's function, as an entry.
pub(crate) const START: &str = "seedbed:start";

/// The export that enters the guest's export `name`.
pub(crate) fn entry(name: &str) -> String {
    format!("{RESERVED}enter:{name}")
}

/// The export of the `n`-th mutable global (counted among those in [`Shape::mutable_globals`]).
pub(crate) fn global(n: usize) -> String {
    format!("{RESERVED}global:{n}")
}

/// The export of table `n`.
pub(crate) fn table(n: u32) -> String {
    format!("{RESERVED}table:{n}")
}

/// What the counters say after a call that did not come back. Fuel is looked at first: whatever
/// else a turn did, if it used more than it had, it ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    OutOfFuel,
    StackOverflow,
}

impl Halt {
    pub(crate) fn from_counters(fuel: i64, stack: i64) -> Option<Halt> {
        match (fuel < 0, stack < 0) {
            (true, _) => Some(Halt::OutOfFuel),
            (_, true) => Some(Halt::StackOverflow),
            _ => None,
        }
    }
}

/// Code that is put at the head of each straight run: the place for coverage counters.
///
/// `run` counts the runs of one function in the order of its code.
pub(crate) trait Probe {
    fn at(&mut self, function: u32, run: u32, out: &mut wasm_encoder::Function);
}

/// No probe.
impl Probe for () {
    fn at(&mut self, _function: u32, _run: u32, _out: &mut wasm_encoder::Function) {}
}

/// Why a module is refused before it is compiled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// Not a valid module in the language that Seedbed takes.
    #[error("not a valid WebAssembly module: {0}")]
    Invalid(String),
    /// A component, not a core module.
    #[error("a component, where a core module is needed")]
    Component,
    /// An instruction changes what a snapshot cannot hold.
    #[error("`{instruction}` in function {function} cannot be put back from a snapshot")]
    Instruction {
        /// The instruction, as text.
        instruction: &'static str,
        /// Name or index of the function.
        function: String,
    },
    /// A mutable global holds a reference.
    #[error("mutable global {index} holds a reference, which cannot be put back from a snapshot")]
    ReferenceGlobal {
        /// Its index.
        index: u32,
    },
    /// An import or export uses a reserved name.
    #[error("the name `{0}` is reserved")]
    Reserved(String),
}

/// What happens where fuel or stack run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The module stops for good.
    Stops,
    /// It calls the host, and goes on if that comes back.
    Waits,
}

/// Rewrites a module, in the mode that its shape asks for.
///
/// # Errors
/// If it is not valid, or holds what cannot be snapshot.
pub(crate) fn rewrite(
    wasm: &[u8],
    probe: &mut dyn Probe,
    mode: impl FnOnce(&Shape) -> Mode,
) -> Result<(Vec<u8>, Shape), RewriteError> {
    let (shape, bodies) = analyse::analyse(wasm)?;
    let rewritten = emit::emit(wasm, &shape, &bodies, mode(&shape), probe)?;
    Ok((rewritten, shape))
}

#[cfg(test)]
mod tests;
