//! What a turn touched: two turns that touch nothing in common commute.
//!
//! It is collected from the events of the turn, and only for strategies that ask for it.
//! Not in it: mail that was sent (it has its own turn), and what a turn read of the world beside its own
//! state; a strategy takes two turns for commuting that do not, and searches a little less, no more.

use seedbed_core::{Event, PathId};

/// The actors that one turn acted on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Paths: the receiver first, then those that ended, began to stop, were spawned, linked or monitored.
    pub touched: Vec<PathId>,
}

impl Footprint {
    pub(crate) fn note(&mut self, event: &Event<'_>) {
        let who = match event {
            Event::Turn { who, .. } => {
                self.touched.clear();
                who
            }
            Event::Exited { who, .. }
            | Event::Stopping { who, .. }
            | Event::Spawned { who, .. }
            | Event::Linked { who, .. }
            | Event::Monitored { who, .. } => who,
            _ => return,
        };
        if !self.touched.contains(&who.path) {
            self.touched.push(who.path);
        }
    }
}
