//! What each invariant is: it sees what happens, and says when something is wrong.

use super::roster::Roster;
use super::seen::Seen;
use seedbed_core::At;

/// An invariant. What it says is wrong stays wrong.
pub(super) trait Rule {
    /// Something happened; the roster is as it was before, but for what is known of supervisors.
    ///
    /// # Errors
    /// What is wrong.
    fn see(&mut self, at: At, seen: &Seen, roster: &Roster) -> Result<(), String>;

    /// The events of a turn, and what came before it, are all told.
    ///
    /// # Errors
    /// What is wrong.
    fn told(&mut self, roster: &Roster) -> Result<(), String> {
        let _ = roster;
        Ok(())
    }

    /// Nothing is left to do.
    ///
    /// # Errors
    /// What is wrong.
    fn idle(&mut self, roster: &Roster) -> Result<(), String> {
        let _ = roster;
        Ok(())
    }
}
