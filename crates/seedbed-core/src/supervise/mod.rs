//! The supervisor, as a pure state machine.
//!
//! [`Machine::handle`] takes what happened and the time, and says what is to be done; it sees no
//! reactor, no clock and no mailbox. The rules are those of `spec/supervision.md`; a rule's number
//! (F1 … B5) stands at the code that keeps it and in the name of its test
//! (`docs/rules-supervision.md`).
//!
//! Invariants: at most one start is in hand at a time, and at most one stop, except when a dynamic
//! supervisor ends; what arrives meanwhile waits in order of arrival. A child's slot number, which
//! is also its place in the order of starts, is never used again.
//!
//! Not modelled: links. A child stays linked while it stops (D6), so there is nothing to undo; an
//! actor that dies takes its linked children along without the machine's help.
//!
//! # The shell's part
//!
//! The shell is the actor around the machine. It feeds [`Event`]s and carries out [`Command`]s in
//! order:
//!
//! ```
//! use seedbed_core::supervise::{ChildSpec, Command, Event, Flags, Machine, Parts, Plan};
//! use seedbed_abi::{ExitReason, Time};
//!
//! struct Demo;
//! impl Parts for Demo {
//!     type Pid = u32;
//!     type Start = ();      // how to make the child: a factory, a module
//!     type Args = ();       // what tells instances of a dynamic supervisor apart
//!     type Caller = u64;    // whom to reply to
//! }
//!
//! let plan = Plan { flags: Flags::default(), children: vec![ChildSpec::worker("db", ())] };
//! let mut machine = Machine::<Demo>::new(plan)?;
//! let mut draw = || 0;   // the supervisor's own random stream, for jitter
//! let mut out = Vec::new();
//!
//! machine.handle(Time::ZERO, Event::Init, &mut draw, &mut out);
//! // A `Start` is always the last command of its batch. The shell spawns, linked and to be told,
//! // and answers at once, before any other event.
//! assert!(matches!(out.pop(), Some(Command::Start { .. })));
//! machine.handle(Time::ZERO, Event::Spawned { pid: 7 }, &mut draw, &mut out);
//!
//! machine.handle(Time::ZERO, Event::Started { pid: 7 }, &mut draw, &mut out);
//! assert!(matches!(out.pop(), Some(Command::Ready)));
//! machine.handle(Time::ZERO, Event::Exited { pid: 7, reason: ExitReason::Killed }, &mut draw, &mut out);
//! assert!(matches!(out.pop(), Some(Command::Start { .. })));
//! # Ok::<(), seedbed_core::supervise::SpecError>(())
//! ```
//!
//! - `Exited` is fed for an exit and for a down alike; the first one for a pid counts, the others
//!   are strangers (R2). It must mean a death: an exit signal that a living child sends is not one.
//! - `Ready` ends the supervisor's own start; an `Exit` before it is a start that failed (S4, S5).
//! - After `Exit` the machine takes no notice of anything. Callers that got no `Reply` by then are
//!   those of an actor that died: the kernel tells them so.

mod calls;
mod change;
mod dynamic;
mod intensity;
mod machine;
mod protocol;
mod restart;
mod start;
mod stop;
mod table;
#[cfg(test)]
mod tests;

pub use machine::Machine;
pub use protocol::{
    Answer, Call, CallError, ChildInfo, Command, Event, Note, Parts, Reply, SlotId, Ticket, Which,
};
pub use seedbed_abi::supervisor::{
    AutoShutdown, Backoff, ChildId, ChildKind, ChildSpec, ChildState, Counts, Flags, Plan, Restart, Shutdown,
    SpecError, Strategy,
};
