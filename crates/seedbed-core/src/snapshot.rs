//! The state of one actor, kept.

use crate::actor::Behaviour;

/// The state of an actor between two turns, kept: what [`Behaviour::snapshot`] gives.
///
/// A native actor need not know this: [`Actor::snapshot`](crate::Actor::snapshot) is all that it says.
pub trait Snapshot {
    /// An actor in this state, as often as it is asked for.
    ///
    /// # Panics
    /// If there is no memory for one more.
    fn restore(&self) -> Box<dyn Behaviour>;

    /// Puts an actor in this state, whatever it was before: one made from the same, most often the very life
    /// that was kept, and cheaper than a new one. False if it cannot be: then it is as it was, and
    /// [`restore`](Self::restore) makes one.
    fn put_back(&self, actor: &mut dyn Behaviour) -> bool {
        let _ = actor;
        false
    }
}
