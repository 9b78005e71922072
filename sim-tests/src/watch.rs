//! The events of a run, owned, for tests that look at what the kernel said rather than at what
//! actors saw.

use seedbed_core::{At, Event, ExitReason, Flags, Hook, Lost, Observer, Pid};
use std::cell::RefCell;
use std::rc::Rc;

/// One event, as far as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Event`")]
pub enum Record {
    Turn { pid: Pid, path: String, hook: Hook, flags: Flags, from: Pid, correlation: u64 },
    TurnEnd { pid: Pid, failed: bool },
    Spawned { pid: Pid, path: String },
    Exited { pid: Pid, path: String, reason: ExitReason, seen: bool },
    Lost { why: Lost, to: Pid },
    Registered { pid: Pid, name: String },
    Unregistered { pid: Pid, name: String },
    Other(u8),
}

/// Everything that happened so far; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trace(Rc<RefCell<Vec<Record>>>);

impl Trace {
    /// An empty one.
    pub fn new() -> Trace {
        Trace::default()
    }

    /// All records.
    pub fn all(&self) -> Vec<Record> {
        self.0.borrow().clone()
    }

    /// Why messages reached nobody, in order.
    pub fn lost(&self) -> Vec<Lost> {
        let lost = |r: &Record| if let Record::Lost { why, .. } = r { Some(*why) } else { None };
        self.0.borrow().iter().filter_map(lost).collect()
    }

    /// How the actor at a path ended, each time.
    pub fn ends(&self, of: &str) -> Vec<ExitReason> {
        let end = |r: &Record| match r {
            Record::Exited { path, reason, .. } if path == of => Some(reason.clone()),
            _ => None,
        };
        self.0.borrow().iter().filter_map(end).collect()
    }

    /// The hooks that the actor at a path was called with.
    pub fn hooks(&self, of: &str) -> Vec<Hook> {
        let hook = |r: &Record| match r {
            Record::Turn { path, hook, .. } if path == of => Some(*hook),
            _ => None,
        };
        self.0.borrow().iter().filter_map(hook).collect()
    }
}

impl Observer for Trace {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let record = match event {
            Event::Turn { who, hook, envelope, .. } => Record::Turn {
                pid: who.pid,
                path: who.text.to_owned(),
                hook: *hook,
                flags: envelope.flags,
                from: Pid::from_raw(envelope.from),
                correlation: envelope.correlation,
            },
            Event::TurnEnd { who, failed, .. } => Record::TurnEnd { pid: who.pid, failed: *failed },
            Event::Spawned { who, .. } => Record::Spawned { pid: who.pid, path: who.text.to_owned() },
            Event::Exited { who, reason, seen, .. } => Record::Exited {
                pid: who.pid,
                path: who.text.to_owned(),
                reason: (*reason).clone(),
                seen: *seen,
            },
            Event::Lost { why, to, .. } => Record::Lost { why: *why, to: *to },
            Event::Registered { who, name } => Record::Registered { pid: who.pid, name: (*name).to_owned() },
            Event::Unregistered { who, name } => {
                Record::Unregistered { pid: who.pid, name: (*name).to_owned() }
            }
            other => Record::Other(other.code()),
        };
        self.0.borrow_mut().push(record);
    }
}
