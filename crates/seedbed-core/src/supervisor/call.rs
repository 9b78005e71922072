//! What may be asked of a running supervisor, as a message (spec `supervision.md`, "Calls").

use super::{Actors, ChildStart};
use crate::context::Context;
use crate::supervise::{
    Answer, Call, CallError, ChildKind, ChildSpec, ChildState, Counts, Reply, Restart, Shutdown, Which,
};
use seedbed_abi::{ExitReason, Pid};
use serde::{Deserialize, Serialize};

/// A call to a supervisor: asked like any request, answered by a [`SupervisorReply`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SupervisorCall {
    /// Add a child at the end, made by an entry of the node's table, and start it.
    StartChild {
        /// The child's id.
        id: String,
        /// The entry that makes it.
        entry: String,
        /// What the child is given.
        args: Vec<u8>,
        /// The name it has registered while it lives.
        register: Option<String>,
        /// Which exits restart it.
        restart: Restart,
        /// How it is stopped.
        shutdown: Shutdown,
        /// Whether its end may end the supervisor.
        significant: bool,
    },
    /// Start an instance of a dynamic supervisor's template, with these arguments.
    StartInstance(Vec<u8>),
    /// Stop a child; it is not restarted.
    StopChild(String),
    /// Stop an instance of a dynamic supervisor.
    StopInstance(Pid),
    /// Start a child that is down.
    RestartChild(String),
    /// Forget a child that is down.
    DeleteChild(String),
    /// List the children.
    Children,
    /// Count them.
    Counts,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SupervisorReply {
    /// Stopped or deleted.
    Done,
    /// Started.
    Started(Pid),
    /// The child chose not to run.
    Ignored,
    /// The children, in reverse start order.
    Children(Vec<ChildLine>),
    /// Their numbers.
    Counts(Counts),
    /// No child has that id or pid.
    NotFound,
    /// The child runs.
    Running,
    /// The child is being restarted.
    Restarting,
    /// A child with that id runs, as this pid.
    AlreadyStarted(Pid),
    /// A child with that id is known, and does not run.
    AlreadyPresent,
    /// The child could not start.
    StartFailed(ExitReason),
    /// The spec is bad, or names no entry.
    Refused(String),
    /// A dynamic supervisor does not do that, or only a dynamic one does.
    WrongKind,
}

/// A line of the list of children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildLine {
    /// Its id; of an instance, the template's.
    pub id: String,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// How it is.
    pub state: ChildState<Pid>,
}

impl SupervisorCall {
    /// The call as the machine takes it.
    pub(super) fn into_machine(self, cx: &Context<'_>) -> Result<Call<Actors>, SupervisorReply> {
        Ok(match self {
            SupervisorCall::StartChild { id, entry, args, register, restart, shutdown, significant } => {
                let factory = cx
                    .entry(&entry)
                    .ok_or_else(|| SupervisorReply::Refused(format!("no entry `{entry}`")))?;
                let kind = if factory.is_supervisor() { ChildKind::Supervisor } else { ChildKind::Worker };
                let start = ChildStart { factory, args, register };
                let spec = ChildSpec { restart, shutdown, significant, kind, ..ChildSpec::worker(id, start) };
                Call::StartChild(spec)
            }
            SupervisorCall::StartInstance(args) => Call::StartInstance(args),
            SupervisorCall::StopChild(id) => Call::StopChild(Which::Id(id.into())),
            SupervisorCall::StopInstance(pid) => Call::StopChild(Which::Pid { pid, alive: cx.is_alive(pid) }),
            SupervisorCall::RestartChild(id) => Call::RestartChild(id.into()),
            SupervisorCall::DeleteChild(id) => Call::DeleteChild(id.into()),
            SupervisorCall::Children => Call::Children,
            SupervisorCall::Counts => Call::Counts,
        })
    }
}

impl SupervisorReply {
    pub(super) fn from_machine(reply: Reply<Pid>) -> SupervisorReply {
        match reply {
            Ok(Answer::Done) => SupervisorReply::Done,
            Ok(Answer::Started(pid)) => SupervisorReply::Started(pid),
            Ok(Answer::Ignored) => SupervisorReply::Ignored,
            Ok(Answer::Counts(counts)) => SupervisorReply::Counts(counts),
            Ok(Answer::Children(children)) => SupervisorReply::Children(
                children
                    .into_iter()
                    .map(|c| ChildLine { id: c.id.to_string(), kind: c.kind, state: c.state })
                    .collect(),
            ),
            Err(CallError::NotFound) => SupervisorReply::NotFound,
            Err(CallError::Running) => SupervisorReply::Running,
            Err(CallError::Restarting) => SupervisorReply::Restarting,
            Err(CallError::AlreadyStarted(pid)) => SupervisorReply::AlreadyStarted(pid),
            Err(CallError::AlreadyPresent) => SupervisorReply::AlreadyPresent,
            Err(CallError::StartFailed(reason)) => SupervisorReply::StartFailed(reason),
            Err(CallError::Spec(e)) => SupervisorReply::Refused(e.to_string()),
            Err(CallError::Dynamic | CallError::NotDynamic) => SupervisorReply::WrongKind,
        }
    }
}
