//! What a run that follows a tape is offered: choice points at which something could go wrong.
//!
//! Noted only if somebody asks, and only until faults stop.

use crate::strategy::FailureId;
use seedbed_core::ChoiceKey;

/// One choice point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its key on a tape.
    pub key: ChoiceKey,
    /// How many answers it has.
    pub n: u32,
    /// What it is like.
    pub id: FailureId,
}

/// The choice points of a run.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// Those at which something could have gone wrong, within the faults and the budget of the world, in order.
    pub points: Vec<Offer>,
    /// Answers of the tape that go beyond the budget.
    pub beyond: u32,
}

impl Offers {
    pub(crate) fn note(&mut self, offer: Offer, possible: bool, answer: u32) {
        if possible {
            self.points.push(offer);
        } else if answer > 0 {
            self.beyond += 1;
        }
    }
}
