//! What sockets of different nodes, or of one, say to each other.
//!
//! Streams are known by their numbers on their two nodes. No number is ever used twice in a run, so that
//! what is late is for nobody.

use seedbed_sockets::Address;
use serde::{Deserialize, Serialize};

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    /// A stream wants to connect.
    Connect { stream: u64, from: Address, to: Address },
    /// It is connected.
    Connected { to: u64, stream: u64 },
    /// Bytes of a stream, or its end.
    Bytes { to: u64, stream: u64, at: u64, bytes: Vec<u8>, end: Option<End> },
    /// So many bytes were read: there is room for more.
    Read { to: u64, read: u64 },
    /// There is no such stream, or (refused) nobody listens.
    Reset { to: u64, refused: bool },
    /// A datagram.
    Datagram { from: Address, to: Address, bytes: Vec<u8> },
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    /// All was said.
    Closed,
    /// It was closed with bytes in it that nobody had read.
    Reset,
}

impl Part {
    pub(super) fn is_of_stream(&self) -> bool {
        !matches!(self, Part::Datagram { .. })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a part is plain data")
    }

    pub(super) fn decode(bytes: &[u8]) -> Part {
        postcard::from_bytes(bytes).expect("only the simulator makes parts")
    }
}
