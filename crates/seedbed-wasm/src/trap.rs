//! From what ended a guest's call to the failure that the exit reason shows.
//!
//! A failure is data, the same in every run; wasmtime's own texts go beside it, for people.

use crate::host::Stop;
use crate::rewrite::Halt;
use seedbed_abi::{Failure, TrapKind};
use seedbed_core::Failed;
use wasmtime::Trap;

/// How a turn ended that did not end well.
pub(crate) enum Ended {
    /// The actor ended itself; what it asked for before counts (rule T4).
    Itself,
    Failed(Failed),
}

/// What is known beside the error itself.
pub(crate) struct Circumstances {
    pub(crate) halt: Option<Halt>,
    /// The guest asked for memory beyond its limit in this turn.
    pub(crate) growth_refused: bool,
}

/// Reads a call's error. Fuel comes first: a turn that used more than it had ran out of it,
/// whatever else happened (see [`Halt`]).
pub(crate) fn ended(error: &wasmtime::Error, circumstances: &Circumstances) -> Ended {
    if circumstances.halt == Some(Halt::OutOfFuel) {
        return Ended::Failed(Failure::OutOfFuel.into());
    }
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Ended | Stop::Exit(0) => Ended::Itself,
            Stop::Exit(code) => Ended::Failed(Failure::ExitCode(*code).into()),
            Stop::Failed(failure) => Ended::Failed(failure.clone().into()),
        };
    }
    let failure = match error.downcast_ref::<Trap>() {
        Some(trap) => trapped(*trap, circumstances),
        None => Failure::HostPanic,
    };
    Ended::Failed(Failed::new(failure, format!("{error:#}")))
}

fn trapped(trap: Trap, circumstances: &Circumstances) -> Failure {
    let kind = match trap {
        Trap::UnreachableCodeReached if circumstances.halt == Some(Halt::StackOverflow) => {
            return Failure::StackOverflow;
        }
        // Rust and C guests end so when an allocation fails.
        Trap::UnreachableCodeReached if circumstances.growth_refused => return Failure::OutOfMemory,
        // Our own limit is far below the native one; who meets that has met a fault of ours.
        Trap::StackOverflow => return Failure::HostPanic,
        Trap::UnreachableCodeReached => TrapKind::Unreachable,
        Trap::MemoryOutOfBounds => TrapKind::MemoryOutOfBounds,
        Trap::TableOutOfBounds => TrapKind::TableOutOfBounds,
        Trap::IndirectCallToNull => TrapKind::IndirectCallToNull,
        Trap::BadSignature => TrapKind::BadSignature,
        Trap::IntegerOverflow => TrapKind::IntegerOverflow,
        Trap::IntegerDivisionByZero => TrapKind::DivisionByZero,
        Trap::BadConversionToInteger => TrapKind::BadConversion,
        _ => TrapKind::Other,
    };
    Failure::Trap(kind, "".into())
}
