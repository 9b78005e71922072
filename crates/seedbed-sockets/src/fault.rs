//! Why an operation with sockets is not done: the same words on both reactors.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why not. Recordings hold it: variants are only added, at the end.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Fault {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// The other side gave the stream up, or is lost.
    #[error("connection reset")]
    Reset,
    /// The other side has closed the stream.
    #[error("broken pipe")]
    Closed,
    /// It took longer than who asked wanted to wait.
    #[error("timed out")]
    TimedOut,
    /// The other side does not answer.
    #[error("connection timed out")]
    Lost,
    /// Something else is bound to that address.
    #[error("address in use")]
    InUse,
    /// This machine has no such address.
    #[error("address not available")]
    NotAvailable,
    /// No way leads there.
    #[error("network unreachable")]
    Unreachable,
    /// The socket has no other side.
    #[error("not connected")]
    NotConnected,
    /// There is no such host.
    #[error("unknown host")]
    UnknownHost,
    /// What was asked for makes no sense.
    #[error("invalid argument")]
    Invalid,
    /// The system does not permit it.
    #[error("permission denied")]
    Denied,
    /// The datagram is too long.
    #[error("message too long")]
    TooLong,
    /// There is no such socket, or it is of another kind.
    #[error("no such socket")]
    NoSocket,
    /// All ports, or all descriptors, are in use.
    #[error("too many sockets")]
    TooMany,
    /// None of the others, in the words of the system.
    #[error("{0}")]
    Other(String),
}
