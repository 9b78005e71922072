//! What may be asked of a running supervisor, as a message, and what it answers
//! (spec `supervision.md`, "Calls").

use super::spec::{ChildKind, ChildSpec, Flags, SpecError};
use crate::{ExitReason, Pid, RequestFailure, Time};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A call to a supervisor: asked like any request, answered by a [`SupervisorReply`].
///
/// [`SupervisorRef`](super::SupervisorRef) is the short way to make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SupervisorCall {
    /// Add a child at the end, and start it.
    StartChild(ChildSpec<EntryStart>),
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
    /// The one child with this id.
    Which(String),
    /// Replace flags and specs (rules U).
    Change {
        /// All of the new flags.
        flags: Flags,
        /// Specs that are replaced or new.
        children: Vec<ChildSpec<EntryStart>>,
    },
}

/// A child made by an entry of the node's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryStart {
    /// The entry. Empty = what makes it was given along with the call; if it was not, as when a
    /// recording is replayed, the entry with the child's own id.
    pub entry: String,
    /// What the child is given.
    pub args: Vec<u8>,
    /// The name it has registered while it lives.
    pub register: Option<String>,
    /// Whether mail for that name is held while nobody has it.
    pub hold: Option<Hold>,
}

/// How much mail for the name of a child is held while nobody has the name (rules H).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Messages and requests.
    pub count: u32,
    /// Their payload bytes.
    pub bytes: u32,
}

impl Default for Hold {
    /// 1 000 messages, 1 MiB.
    fn default() -> Hold {
        Hold { count: 1_000, bytes: 1 << 20 }
    }
}

impl EntryStart {
    /// A child made by this entry, without arguments and name.
    pub fn new(entry: impl Into<String>) -> EntryStart {
        EntryStart { entry: entry.into(), ..EntryStart::default() }
    }

    /// The same with arguments.
    #[must_use]
    pub fn args(mut self, args: impl Into<Vec<u8>>) -> EntryStart {
        self.args = args.into();
        self
    }

    /// The same with a registered name.
    #[must_use]
    pub fn registered(mut self, name: impl Into<String>) -> EntryStart {
        self.register = Some(name.into());
        self
    }

    /// The same, whose mail is held while nobody has its name.
    #[must_use]
    pub fn held(mut self, hold: Hold) -> EntryStart {
        self.hold = Some(hold);
        self
    }
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SupervisorReply {
    /// Stopped, deleted, changed.
    Done,
    /// Started.
    Started(Pid),
    /// The child chose not to run (S3).
    Ignored,
    /// The children, in reverse start order.
    Children(Vec<ChildLine>),
    /// One child.
    Child(ChildLine),
    /// Their numbers.
    Counts(Counts),
    /// It was refused.
    Refused(SupervisorError),
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
    /// How often it was started, or a start was tried, since its spec was added.
    pub starts: u64,
}

/// How a child is. A caller sees the first three only: calls wait while a child starts or stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildState<P> {
    /// It runs.
    Running(P),
    /// It waits to be started again; `until` when, if it has a backoff (B2).
    Restarting {
        /// When its delay ends.
        until: Option<Time>,
    },
    /// It does not run.
    Down,
    /// Its start is in hand; `None` between the command and its answer.
    Starting(Option<P>),
    /// It was asked to stop.
    Stopping(P),
}

impl<P: Copy> ChildState<P> {
    /// The child's pid, if it has one.
    pub fn pid(&self) -> Option<P> {
        match *self {
            ChildState::Running(pid) | ChildState::Stopping(pid) | ChildState::Starting(Some(pid)) => {
                Some(pid)
            }
            ChildState::Starting(None) | ChildState::Restarting { .. } | ChildState::Down => None,
        }
    }
}

/// Numbers of children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Specs known; 1 for a dynamic supervisor.
    pub specs: u64,
    /// Children that run.
    pub active: u64,
    /// Children that are supervisors, whether or not they run.
    pub supervisors: u64,
    /// Children that are workers, whether or not they run.
    pub workers: u64,
}

/// Why a call to a supervisor came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SupervisorError {
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
    /// The spec, or the plan, is bad.
    Spec(SpecError),
    /// A dynamic supervisor does not do that.
    Dynamic,
    /// Only a dynamic supervisor does that.
    NotDynamic,
    /// The node's table has no such entry.
    NoEntry(String),
    /// Who was asked is no supervisor, or one of another version: its answer cannot be read.
    NoSupervisor,
    /// The supervisor is gone; or it ended before it answered.
    NoProcess,
    /// Its mailbox was full.
    Full,
    /// Its node is lost.
    NoConnection,
    /// It did not answer in time. It may still do what was asked.
    Timeout,
    /// What makes a child cannot go to another node: name an entry of that node instead.
    Elsewhere,
    /// The run, or the system, ended before an answer.
    Ended,
}

impl From<RequestFailure> for SupervisorError {
    fn from(failure: RequestFailure) -> SupervisorError {
        match failure {
            RequestFailure::Dead => SupervisorError::NoProcess,
            RequestFailure::Refused => SupervisorError::Full,
            RequestFailure::NoConnection => SupervisorError::NoConnection,
            RequestFailure::Timeout => SupervisorError::Timeout,
        }
    }
}

impl From<SpecError> for SupervisorError {
    fn from(error: SpecError) -> SupervisorError {
        SupervisorError::Spec(error)
    }
}

impl fmt::Display for SupervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SupervisorError::NotFound => f.write_str("child not found"),
            SupervisorError::Running => f.write_str("child is running"),
            SupervisorError::Restarting => f.write_str("child is restarting"),
            SupervisorError::AlreadyStarted(pid) => write!(f, "child already started as {pid}"),
            SupervisorError::AlreadyPresent => f.write_str("child already present"),
            SupervisorError::StartFailed(reason) => write!(f, "child failed to start: {reason}"),
            SupervisorError::Spec(error) => error.fmt(f),
            SupervisorError::Dynamic => f.write_str("not possible under a dynamic supervisor"),
            SupervisorError::NotDynamic => f.write_str("only possible under a dynamic supervisor"),
            SupervisorError::NoEntry(entry) => write!(f, "the node has no entry `{entry}`"),
            SupervisorError::NoSupervisor => f.write_str("no supervisor answers there"),
            SupervisorError::NoProcess => f.write_str("the supervisor is gone"),
            SupervisorError::Full => f.write_str("the supervisor's mailbox is full"),
            SupervisorError::NoConnection => f.write_str("the supervisor's node is lost"),
            SupervisorError::Timeout => f.write_str("the supervisor did not answer in time"),
            SupervisorError::Elsewhere => {
                f.write_str("the supervisor is on another node: name an entry of that node")
            }
            SupervisorError::Ended => f.write_str("the run ended before an answer"),
        }
    }
}

impl core::error::Error for SupervisorError {}
