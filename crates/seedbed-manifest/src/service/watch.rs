//! How one actor of a service ends, and what it returned.

use seedbed_abi::{Flags, Pid, Signal};
use seedbed_core::{At, Event, ExitReason, Observer};
use std::sync::{Arc, Mutex, PoisonError};

/// The end of an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: ExitReason,
    /// The value that it returned: its supervisor is told.
    pub value: Option<Vec<u8>>,
}

/// Looks out for the end of the actor with a path; clones share what they see.
#[derive(Clone)]
pub(super) struct Watching {
    path: Arc<str>,
    seen: Arc<Mutex<Option<(Pid, Ended)>>>,
}

impl Watching {
    pub(super) fn new(path: &str) -> Watching {
        Watching { path: path.into(), seen: Arc::default() }
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        // A panic under this lock leaves what was seen before it.
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|(_, ended)| ended.clone())
    }
}

impl Observer for Watching {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (event, &mut *seen) {
            (Event::Exited { who, reason, .. }, seen) if who.text == &*self.path => {
                *seen = Some((who.pid, Ended { reason: (*reason).clone(), value: None }));
            }
            // The supervisor is told of it, with the value.
            (Event::Turn { envelope, payload, .. }, Some((pid, ended)))
                if envelope.flags == Flags::EXIT && envelope.from == pid.to_raw() =>
            {
                if let Some(Signal::Exit { value: Some(value), .. }) = Signal::decode(envelope, payload) {
                    ended.value = Some(value.0);
                }
            }
            _ => {}
        }
    }
}
