//! What is asked of sockets, and what is answered.
//!
//! Recordings hold both: variants are only added, at the end.

use crate::{Address, Fault};
use serde::{Deserialize, Serialize};

/// How an operation ended.
pub type Outcome = Result<Answer, Fault>;

/// One operation. The reactor gives sockets numbers, counted on each node; a number is for those lives
/// that hold the socket, and as often as they do. It is closed when nobody holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Finds the addresses of a host.
    Resolve {
        /// `host:port`.
        host: String,
        /// In milliseconds.
        timeout_ms: u64,
    },
    /// Makes a listener.
    Listen {
        /// Where; port 0 = any that is free.
        at: Address,
    },
    /// Waits for a connection.
    Accept {
        /// The listener.
        socket: u64,
    },
    /// Connects a stream.
    Connect {
        /// To whom.
        to: Address,
        /// In milliseconds.
        timeout_ms: u64,
    },
    /// Waits until a stream has bytes, and reads some.
    Read {
        /// The stream.
        socket: u64,
        /// How many at most.
        len: u32,
        /// They stay where they are.
        peek: bool,
    },
    /// Waits until a stream takes bytes, and writes some.
    Write {
        /// The stream.
        socket: u64,
        /// What.
        data: Vec<u8>,
    },
    /// Makes a socket for datagrams.
    Bind {
        /// Where; port 0 = any that is free.
        at: Address,
    },
    /// Says whom a socket for datagrams speaks with.
    Aim {
        /// The socket.
        socket: u64,
        /// With whom.
        to: Address,
    },
    /// Waits for a datagram; what does not fit is lost.
    Receive {
        /// The socket.
        socket: u64,
        /// How many bytes at most.
        len: u32,
        /// Only of a socket that was aimed.
        aimed: bool,
    },
    /// Sends a datagram.
    Send {
        /// The socket.
        socket: u64,
        /// What.
        data: Vec<u8>,
        /// To whom; `None` = as it was aimed.
        to: Option<Address>,
    },
    /// Tells where a socket is.
    Local {
        /// Which.
        socket: u64,
    },
    /// Tells where the other side of a socket is.
    Peer {
        /// Of which.
        socket: u64,
    },
    /// Changes a setting, for all that hold the socket.
    Set {
        /// Of which.
        socket: u64,
        /// What.
        setting: Setting,
        /// To this.
        value: u64,
    },
    /// Tells a setting.
    Get {
        /// Of which.
        socket: u64,
        /// Which setting.
        setting: Setting,
    },
    /// Holds a socket once more.
    Hold {
        /// Which.
        socket: u64,
    },
    /// Holds it once less.
    Close {
        /// Which.
        socket: u64,
    },
    /// Holds it once less, and another actor of the node once more.
    Give {
        /// Which.
        socket: u64,
        /// The pid.
        to: u64,
    },
}

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Setting {
    /// How long a read of a stream waits, in milliseconds.
    ReadTimeout,
    /// How long a write waits.
    WriteTimeout,
    /// How long a read waits that takes nothing.
    PeekTimeout,
    /// Datagrams may go to all (1) or not (0).
    Broadcast,
    /// How many routers a datagram passes at most.
    Ttl,
}

/// What an operation gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Nothing more: it is done.
    Done,
    /// A socket that the asker holds from now on.
    Socket {
        /// Its number.
        socket: u64,
        /// Who is on the other side, of one that was accepted.
        peer: Option<Address>,
    },
    /// What was read; empty at the end of a stream.
    Data {
        /// The bytes.
        data: Vec<u8>,
        /// Whose datagram it was.
        from: Option<Address>,
    },
    /// How many bytes were written.
    Written(u32),
    /// Where something is; of a host, all its addresses.
    Addresses(Vec<Address>),
    /// A setting's value.
    Value(u64),
}

impl Op {
    /// The payload of the effect.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("an operation is plain data")
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if it is none.
    pub fn decode(payload: &[u8]) -> Result<Op, Fault> {
        match postcard::take_from_bytes(payload) {
            Ok((op, [])) => Ok(op),
            _ => Err(Fault::Invalid),
        }
    }
}

impl Answer {
    /// An outcome, as the effect completes with it.
    pub fn encode(outcome: &Outcome) -> Vec<u8> {
        postcard::to_allocvec(outcome).expect("an answer is plain data")
    }

    /// What an effect completed with; bytes that are no outcome are a fault, too.
    ///
    /// # Errors
    /// Why the operation was not done.
    pub fn decode(outcome: &[u8]) -> Outcome {
        postcard::from_bytes(outcome).unwrap_or_else(|_| Err(Fault::Other("no outcome".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_and_outcomes_come_back_and_nothing_else_does() {
        let at = Address::V6 { ip: [7; 16], port: 80, flow_info: 1, scope_id: 2 };
        let op = Op::Send { socket: 3, data: vec![0, 255], to: Some(at) };
        let bytes = op.encode();
        assert_eq!(Op::decode(&bytes), Ok(op));
        assert_eq!(Op::decode(&bytes[..bytes.len() - 1]), Err(Fault::Invalid));
        assert_eq!(Op::decode(&[&bytes[..], &[0]].concat()), Err(Fault::Invalid));
        for outcome in [Ok(Answer::Addresses(vec![at])), Err(Fault::Other("x".into()))] {
            assert_eq!(Answer::decode(&Answer::encode(&outcome)), outcome);
        }
        assert_eq!(Answer::decode(b"\xff"), Err(Fault::Other("no outcome".into())));
        assert_eq!(Address::from(std::net::SocketAddr::from(at)), at);
        assert_eq!(at.to_string(), "[707:707:707:707:707:707:707:707%2]:80");
    }
}
