//! Numbers for what a process holds: from 0, never used again.

use super::abi::misuse;
use crate::host::Stop;
use std::collections::BTreeMap;

/// So many of one kind a process may hold at once.
const HELD_MAX: usize = 65_536;

/// All of one kind.
pub(super) struct Resources<T> {
    /// What they are called in failures.
    what: &'static str,
    next: u64,
    all: BTreeMap<u64, T>,
}

impl<T> Resources<T> {
    pub(super) fn new(what: &'static str) -> Resources<T> {
        Resources { what, next: 0, all: BTreeMap::new() }
    }

    /// Adds one.
    pub(super) fn add(&mut self, name: &str, one: T) -> Result<u64, Stop> {
        if self.all.len() >= HELD_MAX {
            return Err(misuse(&format!("{name}: a process holds at most {HELD_MAX} {}s", self.what)));
        }
        let id = self.next;
        self.next += 1;
        self.all.insert(id, one);
        Ok(id)
    }

    pub(super) fn get(&self, name: &str, id: u64) -> Result<&T, Stop> {
        self.all.get(&id).ok_or_else(|| unknown(name, self.what, id))
    }

    pub(super) fn get_mut(&mut self, name: &str, id: u64) -> Result<&mut T, Stop> {
        let what = self.what;
        self.all.get_mut(&id).ok_or_else(|| unknown(name, what, id))
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, name: &str, id: u64) -> Result<T, Stop> {
        self.all.remove(&id).ok_or_else(|| unknown(name, self.what, id))
    }
}

/// A process asked for what it does not hold.
pub(super) fn unknown(name: &str, what: &str, id: u64) -> Stop {
    misuse(&format!("{name}: there is no {what} {id}"))
}
