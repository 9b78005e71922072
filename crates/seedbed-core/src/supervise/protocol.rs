//! What the shell tells the machine, and what the machine tells the shell.

use seedbed_abi::ExitReason;
use seedbed_abi::supervisor::{ChildId, ChildKind, ChildSpec, Plan, SpecError};
pub(super) use seedbed_abi::supervisor::{ChildState, Counts};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The types that a machine is made over.
pub trait Parts {
    /// Names one life of a child; never used again.
    type Pid: Copy + Ord + Debug;
    /// How a child is made.
    type Start: Clone;
    /// What an instance of a dynamic supervisor's template is started with.
    type Args: Clone;
    /// Whom a call came from.
    type Caller: Clone;
}

/// A slot of a supervisor: the record of one child through all its lives. Slots started later have
/// higher numbers; none is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u64);

/// Names one timer, or one retry that the supervisor sent itself; none is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What happened.
pub enum Event<T: Parts> {
    /// The supervisor starts; the first event.
    Init,
    /// The child of the last [`Command::Start`] has this pid. The next event after the command.
    Spawned {
        /// The child.
        pid: T::Pid,
    },
    /// The child of the last [`Command::Start`] could not be spawned. The next event after the command.
    SpawnRefused {
        /// Why.
        reason: ExitReason,
    },
    /// A child finished its start.
    Started {
        /// The child.
        pid: T::Pid,
    },
    /// A child chose not to run.
    Ignored {
        /// The child.
        pid: T::Pid,
    },
    /// A child failed to start.
    StartFailed {
        /// The child.
        pid: T::Pid,
        /// Why.
        reason: ExitReason,
    },
    /// An exit or a down of a child, or of anyone.
    Exited {
        /// Who.
        pid: T::Pid,
        /// Why.
        reason: ExitReason,
    },
    /// The supervisor is to end: its parent or whoever may wants it.
    Shutdown {
        /// What it will exit with.
        reason: ExitReason,
    },
    /// A timer that was armed with [`Command::ArmTimer`] fired.
    TimerFired {
        /// Which.
        ticket: Ticket,
    },
    /// What [`Command::SendRetryToSelf`] sent has come.
    Retry {
        /// Which.
        ticket: Ticket,
    },
    /// Someone asks for something and waits for a reply.
    Call {
        /// Who.
        caller: T::Caller,
        /// What.
        call: Call<T>,
    },
    /// A message that means nothing to a supervisor (R3).
    Unknown,
}

/// What is to be done. The shell does it in order.
#[derive(Debug)]
pub enum Command<T: Parts> {
    /// Spawn this child, linked and with its start to be told; then feed [`Event::Spawned`] or
    /// [`Event::SpawnRefused`] at once. Always the last command of its batch.
    Start {
        /// The child's slot: the same for all its lives.
        slot: SlotId,
        /// What to start.
        spec: Arc<ChildSpec<T::Start>>,
        /// What to start it with; only for dynamic instances.
        args: Option<T::Args>,
        /// Number of this start among all of this supervisor, from 1. For one id it only grows.
        incarnation: u64,
    },
    /// Monitor this child, if it is not yet: its end must be told even if it unlinked itself (D1, D4).
    Monitor {
        /// The child.
        pid: T::Pid,
    },
    /// Send this child exit(`Shutdown`).
    Shutdown {
        /// The child.
        pid: T::Pid,
    },
    /// Kill this child.
    Kill {
        /// The child.
        pid: T::Pid,
    },
    /// Feed [`Event::TimerFired`] after this time.
    ArmTimer {
        /// Names the timer.
        ticket: Ticket,
        /// When, from now.
        after: Duration,
    },
    /// That timer is not needed any more.
    CancelTimer {
        /// Names the timer.
        ticket: Ticket,
    },
    /// Put [`Event::Retry`] behind what is in the supervisor's mailbox now (X1).
    SendRetryToSelf {
        /// To be given back.
        ticket: Ticket,
    },
    /// Answer a call.
    Reply {
        /// Who called.
        caller: T::Caller,
        /// What came of it.
        reply: Reply<T::Pid>,
    },
    /// All children of the plan have been started: the supervisor's own start is done.
    Ready,
    /// The supervisor has no live child any more, and exits. The last command ever.
    Exit {
        /// With this reason.
        reason: ExitReason,
    },
    /// For the trace.
    Note(Note<T::Pid>),
}

/// Something that a trace should show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note<P> {
    /// A restart is about to be attempted, or was one too many (I1).
    Counted {
        /// Whose; of a group, the child that caused it.
        slot: SlotId,
        /// Attempts in the window, this one too.
        attempts: u32,
        /// False: the supervisor gives up.
        allowed: bool,
    },
    /// A delay was chosen (B4).
    Backoff {
        /// Whose.
        slot: SlotId,
        /// How many delays came before, since the last reset.
        n: u32,
        /// The delay.
        delay: Duration,
    },
    /// A child that was to stop ended with another reason than that (D5).
    OddReason {
        /// Whose.
        slot: SlotId,
        /// The child.
        pid: P,
        /// Why it ended.
        reason: ExitReason,
    },
    /// A start took too long, and is killed (B5).
    StartOverdue {
        /// Whose.
        slot: SlotId,
        /// The child.
        pid: P,
    },
    /// A notice of a pid that is not a current child was ignored (R2).
    Stranger {
        /// Whose.
        pid: P,
    },
    /// A timer or retry that is not waited for any more was ignored (X3).
    Stale {
        /// Which.
        ticket: Ticket,
    },
    /// A message was dropped (R3).
    UnknownMessage,
}

/// What a caller may ask.
#[derive(Clone, Debug)]
pub enum Call<T: Parts> {
    /// Add a child at the end and start it.
    StartChild(ChildSpec<T::Start>),
    /// Start an instance of a dynamic supervisor's template.
    StartInstance(T::Args),
    /// Stop a child; it is not restarted.
    StopChild(Which<T::Pid>),
    /// Start a child that is down.
    RestartChild(ChildId),
    /// Forget a child that is down.
    DeleteChild(ChildId),
    /// List the children.
    Children,
    /// Count them.
    Counts,
    /// The one child with this id.
    Child(ChildId),
    /// Replace flags and specs (rules U).
    Change(Plan<T::Start>),
}

/// How a call names a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which<P> {
    /// By its id.
    Id(ChildId),
    /// By its pid: the only way under a dynamic supervisor.
    Pid {
        /// The child.
        pid: P,
        /// Whether an actor with this pid is alive when the call comes: a dead one counts as
        /// stopped, a live stranger is not found.
        alive: bool,
    },
}

/// What a call came to.
pub type Reply<P> = Result<Answer<P>, CallError<P>>;

/// A call that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<P> {
    /// Stopped, deleted, changed.
    Done,
    /// Started.
    Started(P),
    /// The child chose not to run (S3).
    Ignored,
    /// The children, in reverse start order.
    Children(Vec<ChildInfo<P>>),
    /// One child.
    Child(ChildInfo<P>),
    /// Their numbers.
    Counts(Counts),
}

/// A call that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError<P: Debug> {
    /// No child has that id or pid.
    #[error("child not found")]
    NotFound,
    /// The child runs.
    #[error("child is running")]
    Running,
    /// The child is being restarted.
    #[error("child is restarting")]
    Restarting,
    /// A child with that id runs, as this pid.
    #[error("child already started as {0:?}")]
    AlreadyStarted(P),
    /// A child with that id is known, and does not run.
    #[error("child already present")]
    AlreadyPresent,
    /// The child could not start.
    #[error("child failed to start: {0}")]
    StartFailed(ExitReason),
    /// The spec, or the plan, is bad.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A dynamic supervisor does not do that.
    #[error("not possible under a dynamic supervisor")]
    Dynamic,
    /// Only a dynamic supervisor does that.
    #[error("only possible under a dynamic supervisor")]
    NotDynamic,
}

/// A line of the list of children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo<P> {
    /// Its id; of an instance, the template's.
    pub id: ChildId,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// How it is.
    pub state: ChildState<P>,
    /// How often its start was begun since its spec was added.
    pub starts: u64,
}
