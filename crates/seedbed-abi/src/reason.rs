//! Why an actor ended (spec `supervision.md`, "Exit reasons").
//!
//! A reason is data: the same in every run. Backtraces and panic texts are for people and travel beside it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Why an actor ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was done.
    Normal,
    /// It was asked to, in an orderly way.
    Shutdown,
    /// The same, with a detail for whoever looks.
    ShutdownWith(Box<str>),
    /// It was killed; no code of it ran after that.
    Killed,
    /// The other side of a link or monitor was not alive.
    NoProcess,
    /// The node of the other side is lost.
    NoConnection,
    /// It failed.
    Failed(Failure),
}

/// How an actor failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Failure {
    /// It could not start; the reason is that of the start.
    StartFailed(Box<ExitReason>),
    /// A handler returned an error with this code.
    HandlerError(i32),
    /// It trapped.
    Trap(TrapKind, Box<str>),
    /// Its fuel ran out within one turn.
    OutOfFuel,
    /// It went over its memory limit in a way it cannot be told of.
    OutOfMemory,
    /// Its calls nested deeper than its limit.
    StackOverflow,
    /// It called `exit` with a code other than 0.
    ExitCode(i32),
    /// Host code panicked on its behalf.
    HostPanic,
    /// It broke the rules of its dialect; the text names the rule.
    Protocol(Box<str>),
}

/// Kinds of trap, the same on every engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u32)]
#[non_exhaustive]
pub enum TrapKind {
    /// An `unreachable` instruction: what a Rust guest's panic becomes.
    Unreachable = 0,
    /// An access outside of memory.
    MemoryOutOfBounds = 1,
    /// An access outside of a table.
    TableOutOfBounds = 2,
    /// An indirect call to an empty table element.
    IndirectCallToNull = 3,
    /// An indirect call with the wrong type.
    BadSignature = 4,
    /// An integer result does not fit.
    IntegerOverflow = 5,
    /// An integer was divided by zero.
    DivisionByZero = 6,
    /// A float was not a number, or did not fit the integer type.
    BadConversion = 7,
    /// A pointer or length given to a host function is a lie.
    BadPointer = 8,
    /// Text given to a host function is not UTF-8.
    BadText = 9,
    /// Something else.
    Other = 10,
    /// Injected by the simulator.
    Injected = 11,
}

impl TrapKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [TrapKind; 12] = [
        TrapKind::Unreachable,
        TrapKind::MemoryOutOfBounds,
        TrapKind::TableOutOfBounds,
        TrapKind::IndirectCallToNull,
        TrapKind::BadSignature,
        TrapKind::IntegerOverflow,
        TrapKind::DivisionByZero,
        TrapKind::BadConversion,
        TrapKind::BadPointer,
        TrapKind::BadText,
        TrapKind::Other,
        TrapKind::Injected,
    ];
}

/// The three columns of the restart table (spec R).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReasonClass {
    /// `Normal`.
    Normal,
    /// `Shutdown` and `ShutdownWith`.
    Shutdown,
    /// Anything else, `Killed` and `NoProcess` too.
    Abnormal,
}

impl ExitReason {
    /// Which column of the restart table this reason falls in.
    pub fn class(&self) -> ReasonClass {
        match self {
            ExitReason::Normal => ReasonClass::Normal,
            ExitReason::Shutdown | ExitReason::ShutdownWith(_) => ReasonClass::Shutdown,
            _ => ReasonClass::Abnormal,
        }
    }

    /// True for `Normal`, `Shutdown` and `ShutdownWith`.
    pub fn is_clean(&self) -> bool {
        self.class() != ReasonClass::Abnormal
    }

    /// A start failure that carries `reason`.
    #[must_use]
    pub fn start_failed(reason: ExitReason) -> ExitReason {
        ExitReason::Failed(Failure::StartFailed(Box::new(reason)))
    }

    /// Appends the encoding: kind u32, number u32, text length u32, text; a start failure is
    /// followed by the encoding of its cause.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (kind, number, text) = self.parts();
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&number.to_le_bytes());
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&text.as_bytes()[..len as usize]);
        if let ExitReason::Failed(Failure::StartFailed(cause)) = self {
            cause.encode(out);
        }
    }

    /// Reads a reason and what is left after it; `None` if the bytes are not one.
    pub fn decode(bytes: &[u8]) -> Option<(ExitReason, &[u8])> {
        ExitReason::decode_nested(bytes, 8)
    }

    fn decode_nested(bytes: &[u8], depth: u32) -> Option<(ExitReason, &[u8])> {
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let (kind, number, len) = (word(0)?, word(4)?, word(8)? as usize);
        let rest = &bytes[12..];
        let text: Box<str> = core::str::from_utf8(rest.get(..len)?).ok()?.into();
        let rest = &rest[len..];
        let failure = match kind {
            0 => return Some((ExitReason::Normal, rest)),
            1 => return Some((ExitReason::Shutdown, rest)),
            2 => return Some((ExitReason::ShutdownWith(text), rest)),
            3 => return Some((ExitReason::Killed, rest)),
            4 => return Some((ExitReason::NoProcess, rest)),
            5 => return Some((ExitReason::NoConnection, rest)),
            16 => {
                let (cause, rest) = ExitReason::decode_nested(rest, depth.checked_sub(1)?)?;
                return Some((ExitReason::start_failed(cause), rest));
            }
            17 => Failure::HandlerError(number as i32),
            18 => Failure::Trap(TrapKind::ALL.into_iter().find(|k| *k as u32 == number)?, text),
            19 => Failure::OutOfFuel,
            20 => Failure::OutOfMemory,
            21 => Failure::StackOverflow,
            22 => Failure::ExitCode(number as i32),
            23 => Failure::HostPanic,
            24 => Failure::Protocol(text),
            _ => return None,
        };
        Some((ExitReason::Failed(failure), rest))
    }

    fn parts(&self) -> (u32, u32, &str) {
        match self {
            ExitReason::Normal => (0, 0, ""),
            ExitReason::Shutdown => (1, 0, ""),
            ExitReason::ShutdownWith(text) => (2, 0, text),
            ExitReason::Killed => (3, 0, ""),
            ExitReason::NoProcess => (4, 0, ""),
            ExitReason::NoConnection => (5, 0, ""),
            ExitReason::Failed(failure) => match failure {
                Failure::StartFailed(_) => (16, 0, ""),
                Failure::HandlerError(code) => (17, *code as u32, ""),
                Failure::Trap(kind, text) => (18, *kind as u32, text),
                Failure::OutOfFuel => (19, 0, ""),
                Failure::OutOfMemory => (20, 0, ""),
                Failure::StackOverflow => (21, 0, ""),
                Failure::ExitCode(code) => (22, *code as u32, ""),
                Failure::HostPanic => (23, 0, ""),
                Failure::Protocol(text) => (24, 0, text),
            },
        }
    }
}

impl From<Failure> for ExitReason {
    fn from(failure: Failure) -> Self {
        ExitReason::Failed(failure)
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal => f.write_str("normal"),
            ExitReason::Shutdown => f.write_str("shutdown"),
            ExitReason::ShutdownWith(detail) => write!(f, "shutdown ({detail})"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::NoProcess => f.write_str("no process"),
            ExitReason::NoConnection => f.write_str("no connection"),
            ExitReason::Failed(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::StartFailed(cause) => write!(f, "start failed: {cause}"),
            Failure::HandlerError(code) => write!(f, "handler error {code}"),
            Failure::Trap(kind, text) if text.is_empty() => write!(f, "trap: {kind}"),
            Failure::Trap(kind, text) => write!(f, "trap: {kind}: {text}"),
            Failure::OutOfFuel => f.write_str("out of fuel"),
            Failure::OutOfMemory => f.write_str("out of memory"),
            Failure::StackOverflow => f.write_str("stack overflow"),
            Failure::ExitCode(code) => write!(f, "exit code {code}"),
            Failure::HostPanic => f.write_str("host panic"),
            Failure::Protocol(text) => write!(f, "protocol error: {text}"),
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrapKind::Unreachable => "unreachable executed",
            TrapKind::MemoryOutOfBounds => "memory access out of bounds",
            TrapKind::TableOutOfBounds => "table access out of bounds",
            TrapKind::IndirectCallToNull => "indirect call to null",
            TrapKind::BadSignature => "indirect call with the wrong type",
            TrapKind::IntegerOverflow => "integer overflow",
            TrapKind::DivisionByZero => "division by zero",
            TrapKind::BadConversion => "invalid conversion to integer",
            TrapKind::BadPointer => "bad pointer given to the host",
            TrapKind::BadText => "text given to the host is not UTF-8",
            TrapKind::Other => "other",
            TrapKind::Injected => "injected by the simulator",
        })
    }
}

/// Helper for callers that want the text of a reason without `std`.
impl From<&ExitReason> for String {
    fn from(reason: &ExitReason) -> String {
        use alloc::string::ToString;
        reason.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_reason() -> Vec<ExitReason> {
        let failures = [
            Failure::StartFailed(Box::new(ExitReason::Failed(Failure::OutOfFuel))),
            Failure::HandlerError(-7),
            Failure::Trap(TrapKind::BadPointer, "send".into()),
            Failure::OutOfFuel,
            Failure::OutOfMemory,
            Failure::StackOverflow,
            Failure::ExitCode(3),
            Failure::HostPanic,
            Failure::Protocol("no memory".into()),
        ];
        let mut all = alloc::vec![
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::ShutdownWith("limit".into()),
            ExitReason::Killed,
            ExitReason::NoProcess,
            ExitReason::NoConnection,
        ];
        all.extend(failures.map(ExitReason::Failed));
        all
    }

    #[test]
    fn every_reason_survives_its_encoding() {
        for reason in every_reason() {
            let mut out = Vec::new();
            reason.encode(&mut out);
            out.push(9);
            assert_eq!(ExitReason::decode(&out), Some((reason, &[9u8][..])));
        }
    }

    #[test]
    fn broken_bytes_are_no_reason() {
        assert_eq!(ExitReason::decode(&[]), None);
        assert_eq!(ExitReason::decode(&[99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(ExitReason::decode(&[2, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0]), None);
        let nested: Vec<u8> = [16u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].repeat(100);
        assert_eq!(ExitReason::decode(&nested), None);
    }

    #[test]
    fn only_three_reasons_are_clean() {
        assert_eq!(every_reason().iter().filter(|r| r.is_clean()).count(), 3);
    }
}
