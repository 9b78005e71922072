//! What the tests of fixtures share.

use seedbed_core::{At, Event, Observer};
use std::cell::RefCell;
use std::rc::Rc;

/// Every event as text, but for what a module has of its own: the fuel it burnt, and texts for people.
#[derive(Clone, Default)]
pub(crate) struct Events(Rc<RefCell<Vec<String>>>);

impl Events {
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Observer for Events {
    fn event(&mut self, at: At, event: &Event<'_>) {
        let text = match event {
            Event::TurnEnd { who, now, unix, failed, .. } => format!("{who:?} {now:?} {unix:?} {failed}"),
            Event::Exited { who, reason, seen, cause, .. } => format!("{who:?} {reason:?} {seen} {cause}"),
            event => format!("{event:?}"),
        };
        self.0.borrow_mut().push(format!("{at:?} {text}"));
    }
}
