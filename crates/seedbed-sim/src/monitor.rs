//! Monitors: small state machines over what happens, with hot and cold states.
//!
//! A monitor sees every event. It says what is wrong at once, or that it is *hot*: something is owed, as
//! a reply to a request. Hot for longer than a bound, or at the end of the run, is a finding (the
//! liveness monitors of P#, Desai et al. 2015).

use crate::property::{Property, Reads, When};
use crate::world::World;
use seedbed_core::{At, Event, Observer};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A small state machine over what happens.
pub trait Monitor {
    /// Something happened.
    ///
    /// # Errors
    /// If it may not happen in this state, with what is wrong.
    fn event(&mut self, at: At, event: &Event<'_>) -> Result<(), String>;

    /// True while something is owed.
    fn is_hot(&self) -> bool {
        false
    }
}

struct Watched<M> {
    monitor: M,
    /// What was wrong first.
    wrong: Option<String>,
}

struct Watcher<M>(Rc<RefCell<Watched<M>>>);

impl<M: Monitor> Observer for Watcher<M> {
    fn event(&mut self, at: At, event: &Event<'_>) {
        let mut watched = self.0.borrow_mut();
        if watched.wrong.is_none() {
            watched.wrong = watched.monitor.event(at, event).err();
        }
    }
}

impl World {
    /// Adds a monitor, which may not be hot for longer than `within`, nor at the end.
    pub fn monitor(&mut self, name: &str, within: Duration, monitor: impl Monitor + 'static) {
        let watched = Rc::new(RefCell::new(Watched { monitor, wrong: None }));
        self.observe(Watcher(Rc::clone(&watched)));
        self.monitored.get_or_insert_with(|| name.to_owned());
        let wrong = {
            let watched = Rc::clone(&watched);
            move |_: &World| watched.borrow().wrong.clone().map_or(Ok(()), Err)
        };
        let cold = move |_: &World| if watched.borrow().monitor.is_hot() { Err("it is hot") } else { Ok(()) };
        self.add_property(Property::new(name, When::Always, wrong).reads(Reads::STEPS));
        self.add_property(Property::new(name, When::Again(within), cold).reads(Reads::STEPS));
    }
}
