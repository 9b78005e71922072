//! Plans: what goes wrong, and when, said in a line.
//!
//! ```text
//! at 3s partition a|b for 2s
//! every 10s crash b for 1s
//! at 1s hold a/tree/teller -> b tag 3 for 500ms
//! ```
//!
//! A plan is part of the program: it stands on no tape, and what it does happens in every run, as far
//! as the fault budget lets it. When faults stop, it stops, and what it began is put right.
//!
//! - `deed.rs`: what can go wrong.
//! - `parse.rs`: lines.

mod deed;
mod parse;

pub use deed::{Deed, Ends, Messages, Shortage, StoreFault, Ways};
pub use parse::PlanError;

use crate::units::show;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub moment: Moment,
    /// What.
    pub deed: Deed,
    /// After how long it is put right again; `None` = not before faults stop.
    pub lasts: Option<Duration>,
}

/// When something is planned, in virtual time from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Once. A run does not come to rest before.
    At(Duration),
    /// Again and again, the first time after that long. A world may come to rest meanwhile.
    Every(Duration),
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.moment {
            Moment::At(at) => write!(f, "at {} {}", show(at), self.deed),
            Moment::Every(every) => write!(f, "every {} {}", show(every), self.deed),
        }?;
        self.lasts.map_or(Ok(()), |lasts| write!(f, " for {}", show(lasts)))
    }
}

impl FromStr for Planned {
    type Err = PlanError;

    fn from_str(line: &str) -> Result<Planned, PlanError> {
        parse::planned(line)
    }
}

/// A deed and how long it lasts, without a moment: what a condition brings about.
///
/// # Errors
/// With what is wrong.
pub fn parse_deed(text: &str) -> Result<(Deed, Option<Duration>), PlanError> {
    parse::deed(text)
}
