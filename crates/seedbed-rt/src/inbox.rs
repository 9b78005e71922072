//! What handles, effects and clients ask of a node, and the way there.

use crate::effects::Completed;
use crate::error::{SpawnError, StopError};
use crate::node::Finished;
use crate::outside::Reply;
use crate::reactor::Crossed;
use crate::reactor::RealReactor;
use seedbed_core::{ExitReason, Factory, Kernel, Mail, NodeId, Packet, Pid, Recording, SpawnOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The way to a node.
pub(crate) type Outlet = mpsc::UnboundedSender<Command>;

/// A look at a node between two turns.
pub(crate) type Look = Box<dyn FnOnce(&Kernel, &RealReactor) + Send>;

/// What can be asked of a node.
pub(crate) enum Command {
    /// A packet from a client.
    Arrive(Packet),
    /// A packet from another node.
    Cross(Packet),
    /// Another node has stopped.
    Lost(NodeId),
    /// A request from a client.
    Ask {
        packet: Packet,
        correlation: u64,
        timeout: Duration,
        /// What makes children, for a supervisor of this node.
        given: Vec<Arc<dyn Factory>>,
        reply: Reply,
    },
    /// A monitor of a client.
    Watch {
        packet: Packet,
        reference: u64,
        down: oneshot::Sender<ExitReason>,
    },
    /// The end of one.
    Unwatch {
        packet: Packet,
        reference: u64,
    },
    /// A client wants its mail.
    Open(Pid, mpsc::UnboundedSender<Mail>),
    /// It is gone.
    Close(Pid),
    Spawn {
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
        done: oneshot::Sender<Result<Pid, SpawnError>>,
    },
    Stop {
        pid: Pid,
        reason: ExitReason,
        done: oneshot::Sender<Result<ExitReason, StopError>>,
    },
    Kill {
        pid: Pid,
        done: oneshot::Sender<Result<(), StopError>>,
    },
    Look(Look),
    /// An effect completed.
    Completed(Completed),
    /// Somebody waits for the node to be at rest.
    Rest(oneshot::Sender<Crossed>),
    Recording(oneshot::Sender<Option<Recording>>),
    Shutdown {
        within: Duration,
        done: oneshot::Sender<Finished>,
    },
    /// The last handle is gone.
    Abandoned,
}
