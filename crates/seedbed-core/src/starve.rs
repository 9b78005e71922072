//! What a fault may keep from the turn of a guest: fuel, memory, a host call.
//!
//! Behaviours with limits of their own ask here, and meet what they would meet at the limit: so a
//! guest cannot tell a fault from it. Only simulated reactors do this, and only to actors that a
//! supervisor looks after. A start is left alone: nothing restarts what could not start at boot.
//! Native actors burn no fuel, and call no host.

use crate::context::Context;
use crate::event::Hook;
use crate::hash::stable_hash;
use crate::reactor::{ChoiceKind, ChoicePoint};
use crate::tape::ChoiceKey;
use seedbed_abi::Code;
use std::fmt;

/// To how many parts of its fuel a turn may be cut.
const CUTS: u32 = 96;

/// Codes that a refused call may have, the most harmless first.
const REFUSALS: [Code; 2] = [Code::LimitReached, Code::MailboxFull];

/// Host calls of other dialects that a fault may refuse.
const OTHERS: [&str; 1] = ["pd_send"];

/// Growths and calls of one turn that have names for a tape; those after them are left alone.
const NAMED: u32 = 1 << 16;

/// With which codes a host call may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusals {
    /// The limit of the caller.
    Limit,
    /// The limit of the caller, or a full mailbox.
    Mail,
}

impl Refusals {
    fn count(self) -> u32 {
        match self {
            Refusals::Limit => 1,
            Refusals::Mail => 2,
        }
    }
}

/// What is left of `fuel` by an answer from 1 to 96: four parts to an octave, from seven eighths down
/// to nearly nothing. A turn uses little of what it may, so that most of what hits is far down.
fn cut(fuel: u64, answer: u32) -> u64 {
    let (octave, quarter) = ((answer - 1) / 4, u64::from((answer - 1) % 4));
    let most = fuel >> octave;
    most - most / 8 * (1 + quarter)
}

/// How [`cut`] cuts, as people read it.
fn fuel_part(answer: u32) -> StarvedOf {
    let answer = answer.clamp(1, CUTS) - 1;
    let (octave, quarter) = (answer / 4, answer % 4);
    StarvedOf::Fuel(7 - quarter, 8 << octave)
}

/// The code of a refusal by its answer.
fn refusal(answer: u32) -> Option<Code> {
    REFUSALS.get((answer as usize).checked_sub(1)?).copied()
}

/// What a fault kept from a turn, as a tape has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starved {
    /// Which turn of its life.
    pub turn: u64,
    /// What.
    pub of: StarvedOf,
}

/// What a fault kept from a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StarvedOf {
    /// Fuel beyond so many of so many parts of what it was to have.
    Fuel(u32, u32),
    /// A growth of memory.
    Growth,
    /// A host call of this name, if the name is known, and the code it had.
    Call(Option<&'static str>, Option<Code>),
}

impl Starved {
    /// From an entry of a tape; `None` if it is about something else.
    pub fn of(key: &ChoiceKey, answer: u32) -> Option<Starved> {
        let (turn, of) = match key.kind {
            ChoiceKind::FuelCut => (key.ordinal, fuel_part(answer)),
            ChoiceKind::GrowRefused => (key.ordinal / u64::from(NAMED), StarvedOf::Growth),
            ChoiceKind::CallRefused => {
                let names = seedbed_abi::dialect::IMPORTS.iter().map(|f| f.name).chain(OTHERS);
                let mut names = names.filter(|name| stable_hash(name.as_bytes()) == key.site);
                (key.ordinal / u64::from(NAMED), StarvedOf::Call(names.next(), refusal(answer)))
            }
            _ => return None,
        };
        Some(Starved { turn, of })
    }
}

impl fmt::Display for Starved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            StarvedOf::Fuel(parts, of) => write!(f, "fuel beyond {parts}/{of}")?,
            StarvedOf::Growth => f.write_str("a growth of its memory")?,
            StarvedOf::Call(name, code) => {
                write!(f, "`{}`", name.unwrap_or("a host call"))?;
                code.map_or(Ok(()), |code| write!(f, ": {code}"))?;
            }
        }
        write!(f, ", in its turn {}", self.turn)
    }
}

/// What a fault may keep from a turn.
impl Context<'_> {
    /// True if this turn may meet a fault here.
    #[inline]
    pub fn starves(&self) -> bool {
        self.node.turn.starves
    }

    /// What a turn gets of the fuel that it should have: all of it, but for a fault.
    #[inline]
    pub fn fuel_of(&mut self, fuel: u64) -> u64 {
        if self.starves() { self.cut_fuel(fuel) } else { fuel }
    }

    #[cold]
    fn cut_fuel(&mut self, fuel: u64) -> u64 {
        let turn = self.turns();
        match self.starve(ChoiceKind::FuelCut, 0, turn, CUTS + 1) {
            0 => fuel,
            answer => cut(fuel, answer),
        }
    }

    /// True if a fault refuses a growth of memory that would fit.
    #[inline]
    pub fn refuses_growth(&mut self) -> bool {
        self.starves() && self.ask_nth(ChoiceKind::GrowRefused, 0, 2) == 1
    }

    /// The code with which a fault refuses a host call.
    #[inline]
    pub fn refuses_call(&mut self, call: &str, refusals: Refusals) -> Option<Code> {
        if !self.starves() {
            return None;
        }
        let site = stable_hash(call.as_bytes());
        refusal(self.ask_nth(ChoiceKind::CallRefused, site, refusals.count() + 1))
    }

    #[cold]
    fn ask_nth(&mut self, kind: ChoiceKind, site: u64, n: u32) -> u32 {
        let nth = self.node.turn.starvable + 1;
        if nth == NAMED {
            return 0;
        }
        self.node.turn.starvable = nth;
        let ordinal = self.turns() * u64::from(NAMED) + u64::from(nth);
        self.starve(kind, site, ordinal, n)
    }

    fn starve(&mut self, kind: ChoiceKind, site: u64, ordinal: u64, n: u32) -> u32 {
        let slot = self.node.slot(self.node.turn.slot);
        let (path, life) = (slot.path, slot.life);
        self.port.choose(&ChoicePoint { kind, site, path, life, ordinal: Some(ordinal), n })
    }

    /// How many turns of this life have begun.
    fn turns(&self) -> u64 {
        self.node.slot(self.node.turn.slot).turns
    }
}

impl crate::node::Node {
    /// True if a turn of this actor may meet faults, where there are any.
    pub(crate) fn may_starve(&self, slot: u32, hook: Hook) -> bool {
        let cold = &self.slot(slot).cold;
        hook != Hook::Start && cold.supervised && cold.notify.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{Life, PathId};

    #[test]
    fn cuts_go_down_from_nearly_all_to_nearly_nothing() {
        let parts: Vec<u64> = (1..=CUTS).map(|answer| cut(1 << 40, answer)).collect();
        assert_eq!(parts[..5], [7 << 37, 6 << 37, 5 << 37, 4 << 37, 7 << 36]);
        assert!(parts.is_sorted_by(|a, b| a > b));
        assert_eq!(parts.last(), Some(&(1 << 16)));
        assert_eq!((cut(0, 1), cut(3, 96), cut(u64::MAX, 4)), (0, 0, (u64::MAX >> 1) + 4));
    }

    #[test]
    fn an_entry_of_a_tape_says_what_was_kept_from_which_turn() {
        let text = |kind, site, ordinal, answer| {
            let key = ChoiceKey { kind, site, path: PathId(1), life: Life(1), ordinal };
            Starved::of(&key, answer).map(|starved| starved.to_string())
        };
        let send = stable_hash(b"send");
        for (kind, site, ordinal, answer, expected) in [
            (ChoiceKind::FuelCut, 0, 7, 2, "fuel beyond 6/8, in its turn 7"),
            (ChoiceKind::FuelCut, 0, 7, 96, "fuel beyond 4/67108864, in its turn 7"),
            (ChoiceKind::GrowRefused, 0, 7 << 16 | 3, 1, "a growth of its memory, in its turn 7"),
            (
                ChoiceKind::CallRefused,
                send,
                1 << 16 | 65_535,
                2,
                "`send`: the receiver's mailbox is full, in its turn 1",
            ),
            (ChoiceKind::CallRefused, 5, 1 << 16, 9, "`a host call`, in its turn 1"),
        ] {
            assert_eq!(text(kind, site, ordinal, answer).as_deref(), Some(expected));
        }
        assert_eq!(text(ChoiceKind::Kill, 0, 1, 1), None);
    }

    #[test]
    fn every_answer_of_a_refusal_has_a_code() {
        assert_eq!(Refusals::Mail.count() as usize, REFUSALS.len());
        assert_eq!(
            [0, 1, 2, 3].map(refusal),
            [None, Some(Code::LimitReached), Some(Code::MailboxFull), None]
        );
    }
}
