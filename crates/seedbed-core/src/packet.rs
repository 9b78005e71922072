//! What crosses a node's boundary: packets to other nodes and the outside, effects and their outcomes.

use crate::path::{Life, PathId, SignalKind, SignalName};
use seedbed_abi::{EffectError, Envelope, ExitReason, Pid};
use serde::{Deserialize, Serialize};

/// Something on its way from an actor of one node to an actor of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// Who it is from; [`Pid::NOBODY`] if the answer of a node for somebody that is not there.
    pub from: Pid,
    /// The sender's path, see `id`.
    pub path: PathId,
    /// The sender's life, see `id`.
    pub life: Life,
    /// The pid or address it is for.
    pub to: Pid,
    /// Number of this among all that its sender's life sent, from 1. With path and life it names
    /// the packet. A node answers for somebody that is not there under the name of what it answers,
    /// with 2⁶² added. 0 until it leaves.
    pub id: u64,
    /// True for the second of a packet that the network brings twice: its name must differ.
    pub copy: bool,
    /// What it is.
    pub body: Body,
}

/// What a [`Packet`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A message, or (correlation not 0) a request.
    Message {
        /// Correlation of a request, else 0.
        correlation: u64,
        /// The sender's tag.
        tag: u64,
        /// The payload.
        payload: Vec<u8>,
    },
    /// The answer to a request: a reply, or (failed) a `RequestFailure` as `tag`.
    Answer {
        /// The asker's correlation.
        correlation: u64,
        /// The tag, or the failure.
        tag: u64,
        /// True if there is no reply.
        failed: bool,
        /// The reply.
        payload: Vec<u8>,
    },
    /// `exit(to, reason)`, or the death of the other side of a link.
    Exit {
        /// Why.
        reason: ExitReason,
        /// What the sender returned.
        value: Option<Vec<u8>>,
        /// True if a link carried it.
        link: bool,
    },
    /// End at once.
    Kill,
    /// Make a link.
    Link,
    /// Take it back.
    Unlink,
    /// Watch.
    Monitor {
        /// The watcher's reference.
        reference: u64,
    },
    /// Stop watching.
    Demonitor {
        /// The watcher's reference.
        reference: u64,
    },
    /// A watched actor ended.
    Down {
        /// The watcher's reference.
        reference: u64,
        /// Why.
        reason: ExitReason,
        /// What it returned.
        value: Option<Vec<u8>>,
    },
    /// Make a link with a tag. Apart from `Link`, which recordings hold as it is.
    TaggedLink {
        /// The tag, not 0.
        tag: u64,
    },
    /// What sockets of simulated nodes say to each other. No kernel is sent it.
    Socket {
        /// True for a part of a stream, which a network may not lose; else it is a datagram.
        stream: bool,
        /// What, as the simulator writes it.
        bytes: Vec<u8>,
    },
}

impl Packet {
    /// The stable name of the packet, for tapes.
    pub fn name(&self) -> SignalName {
        let n = self.id | u64::from(self.copy) << 63;
        SignalName { path: self.path, life: self.life, kind: SignalKind::Sent, n }
    }
}

/// An effect that an actor asked for (rule O1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRequest {
    /// Who asked.
    pub pid: Pid,
    /// Its path.
    pub path: PathId,
    /// Its life.
    pub life: Life,
    /// The path's text: stores are kept by it.
    pub path_text: std::rc::Rc<str>,
    /// What ties the outcome to the wish.
    pub correlation: u64,
    /// Name of the effect.
    pub effect: String,
    /// What it is given.
    pub payload: Vec<u8>,
}

/// How an effect ended.
pub type EffectOutcome = Result<Vec<u8>, EffectError>;

/// A signal as a client outside gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The envelope.
    pub envelope: Envelope,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Packet {
    /// Feeds the body to a running hash.
    pub(crate) fn body_hash(&self, h: &mut crate::hash::TraceHash) {
        let reason_hash = |h: &mut crate::hash::TraceHash, reason: &ExitReason, value: &Option<Vec<u8>>| {
            let mut bytes = Vec::new();
            reason.encode(&mut bytes);
            h.bytes(&bytes);
            h.bytes(value.as_deref().unwrap_or_default());
        };
        match &self.body {
            Body::Message { correlation, tag, payload, .. } => {
                h.pair(*correlation, *tag);
                h.bytes(payload);
            }
            Body::Answer { correlation, tag, failed, payload } => {
                h.pair(correlation << 1 | u64::from(*failed), *tag);
                h.bytes(payload);
            }
            Body::Exit { reason, value, .. } => reason_hash(h, reason, value),
            Body::Down { reference, reason, value } => {
                h.word(*reference);
                reason_hash(h, reason, value);
            }
            Body::Kill => h.word(1),
            Body::Link => h.word(2),
            Body::Unlink => h.word(3),
            Body::Monitor { reference } => h.pair(4, *reference),
            Body::Demonitor { reference } => h.pair(5, *reference),
            Body::TaggedLink { tag } => h.pair(6, *tag),
            Body::Socket { stream, bytes } => {
                h.pair(7, u64::from(*stream));
                h.bytes(bytes);
            }
        }
    }
}
