//! The built-in effect `store`: a log of records for each path (rules O2, O3).

mod files;
mod memory;

pub(crate) use files::Files;
pub(crate) use memory::Memory;

use seedbed_core::EffectError;

/// Where the logs are.
pub(crate) enum Store {
    /// In memory: gone with the system.
    Memory(Memory),
    /// In files.
    Files(Files),
}

/// The error codes of the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Wrong {
    /// The payload is neither an append nor a read.
    Payload = 1,
    /// The operating system refused.
    Io = 2,
}

fn error(wrong: Wrong, text: impl Into<Box<str>>) -> EffectError {
    EffectError { code: wrong as u64, text: text.into() }
}

fn bad_payload() -> EffectError {
    error(Wrong::Payload, "neither an append nor a read")
}
