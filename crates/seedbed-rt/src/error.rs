//! What can go wrong with a system, seen from its handles.

use seedbed_core::{Code, ExitReason, Pid, RequestFailure};
use std::fmt;

/// The system has stopped; nothing can be asked of it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("reach the system: it has stopped")]
pub struct Stopped;

/// A system could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The node's name is malformed.
    #[error("start a node named `{name}`: {code}")]
    Name {
        /// The name.
        name: String,
        /// Why.
        code: Code,
    },
    /// Two nodes have one name.
    #[error("start two nodes named `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// More nodes than there are numbers for.
    #[error("start {nodes} nodes: there are numbers for 511")]
    TooMany {
        /// How many.
        nodes: usize,
    },
    /// The operating system gave no entropy.
    #[error("get entropy for the node's key: {0}")]
    Entropy(getrandom::Error),
    /// The directory of the stores cannot be used.
    #[error("open the directory of the stores: {0}")]
    Store(std::io::Error),
    /// No thread, or no runtime in it.
    #[error("start the node's thread: {0}")]
    Thread(std::io::Error),
}

/// A message was not sent; it comes back.
pub struct SendError<M>(
    /// The message.
    pub M,
);

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("send the message: the system has stopped")
    }
}

impl<M> std::error::Error for SendError<M> {}

/// An ask got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The request ended without a reply.
    #[error("get a reply: {0}")]
    Failed(#[from] RequestFailure),
    /// The reply is not of the type that was asked for.
    #[error("read the reply: its {len} bytes are not of the type asked for")]
    Type {
        /// Its length.
        len: usize,
    },
    /// The system has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// An actor was not spawned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The spawn was refused.
    #[error("spawn the actor: {0}")]
    Refused(Code),
    /// It ended before its start was done.
    #[error("start the actor: {reason}{}", .detail.as_deref().map(|d| format!(" ({d})")).unwrap_or_default())]
    Ended {
        /// Why.
        reason: ExitReason,
        /// For people: error chain, panic text.
        detail: Option<String>,
    },
    /// It chose not to run.
    #[error("start the actor: it chose not to run")]
    Ignored,
    /// The system has stopped, or is about to.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// An actor was not stopped or killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// It is gone.
    #[error("reach {0}: it is gone")]
    Gone(Pid),
    /// The system has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}
