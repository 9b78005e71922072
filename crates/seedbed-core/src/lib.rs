//! The deterministic kernel: actors, mail, links, monitors, timers, names, supervisors, events.
//!
//! Sans-I/O and single-threaded. A [`Kernel`] is one node; what it needs of the world comes through
//! the [`Reactor`] trait. The rules it keeps are in `docs/semantics.md`.

mod actor;
mod arena;
mod context;
mod deadlines;
mod describe;
mod event;
mod few;
mod hash;
mod held;
mod input;
mod kernel;
mod limits;
pub mod lunatic;
mod mail;
mod names;
mod node;
mod outbox;
mod packet;
mod path;
mod paths;
mod pid;
mod reactor;
mod recording;
mod snapshot;
mod starve;
mod stream;
pub mod supervise;
mod supervisor;
mod table;
mod tape;
mod tape_text;
mod timer;
mod tree;
mod wait;

pub use actor::{Actor, Behaviour, Detail, Factory, Failed, Limited, Shared, WithArgs};
pub use context::Context;
pub use deadlines::{Armed, Deadlines};
pub use event::{Event, Hook, Lost, Who};
pub use few::Few;
pub use hash::{TraceHash, stable_hash};
pub use held::HeldInfo;
pub use input::{Input, InputStats};
pub use kernel::{
    ActorInfo, Delivered, Kernel, KernelSnapshot, NodeConfig, NotSnapshot, Pump, Ran, Schedule, Turns,
};
pub use limits::{Limits, MailboxPolicy, Permissions};
pub use node::Stage;
pub use outbox::SpawnOptions;
pub use packet::{Body, EffectOutcome, EffectRequest, Mail, Packet};
pub use path::{Life, NAME_MAX, PathId, SignalKind, SignalName, check_name};
pub use pid::{Boot, NodeId, Target, address_of, name_hash, node_of, pid_of, target_of};
pub use reactor::{At, Chain, ChoiceKind, ChoicePoint, Delivery, Observer, Port, Reactor};
pub use recording::{CHECKPOINT, Damaged, Entries, Entry, Recording, RecordingReactor, Seen};
pub use seedbed_abi as abi;
pub use seedbed_abi::supervisor::{
    Answered, Ask, CALL_TIMEOUT, Caller, ChildLine, EntryStart, Hold, Makes, SupervisorCall, SupervisorError,
    SupervisorRef, SupervisorReply, read_answer,
};
pub use seedbed_abi::{
    Bytes, Cancelled, Code, Correlation, EffectError, Envelope, ExitReason, Failure, Flags, HandlerCode,
    Level, Message, MonitorRef, Notice, Pid, Reason, Request, RequestFailure, Result, Signal, SpawnFlags,
    StartOutcome, StopCode, Time, TimerId, TrapKind,
};
pub use snapshot::Snapshot;
pub use starve::{Refusals, Starved, StarvedOf};
pub use stream::{Key, Stream};
pub use supervisor::{Actors, ChildStart, Supervisor, SupervisorActor, decision};
pub use tape::{ChoiceKey, Instead, OrderKey, Tape, TapeEntry, Until};
pub use tape_text::TapeTextError;
pub use tree::{Tree, TreeChild, TreeLine, TreeState, TreeSupervisor};
pub use wait::Want;

/// Number of the rules by which a run unfolds: raised by any change after which the same seed gives
/// another run.
pub const RUN_FORMAT: u32 = 3;
