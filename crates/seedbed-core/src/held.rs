//! Mail that is held for a name that nobody has (rules H).
//!
//! A supervisor that starts a child with a name may have mail for that name held while nobody has
//! it: from the child's end to the next start, and longer if that start fails. The supervisor is the
//! name's *keeper*; when it gives the child up, or ends, what is held is lost as mail for nobody is.
//!
//! Invariant: `count` and `bytes` are those of `mail`, and of what the turn in hand has asked for.

use crate::mail::Sender;
use crate::pid::name_hash;
use seedbed_abi::Pid;
use seedbed_abi::supervisor::Hold;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// What is held for one name.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) name: Rc<str>,
    /// Whose child has it, or had it.
    pub(crate) keeper: Pid,
    pub(crate) max: Hold,
    pub(crate) count: u32,
    pub(crate) bytes: u32,
    /// In order of arrival; the signals are the arena's.
    pub(crate) mail: VecDeque<(Sender, u32)>,
}

impl Held {
    /// True if there is room for one more of this size (rule H2).
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.count < self.max.count && u64::from(self.bytes) + len as u64 <= u64::from(self.max.bytes)
    }

    pub(crate) fn reserve(&mut self, len: u32) {
        self.count += 1;
        self.bytes += len;
    }

    pub(crate) fn release(&mut self, len: u32) {
        self.count -= 1;
        self.bytes -= len;
    }
}

/// The names of a node whose mail is held, by the hash that an address carries.
#[derive(Clone, Default)]
pub(crate) struct Holds(BTreeMap<u64, Held>);

impl Holds {
    /// Mail for `name` is held from now on, or under other bounds. Gives the name's hash.
    pub(crate) fn keep(&mut self, name: &Rc<str>, keeper: Pid, max: Hold) -> u64 {
        let hash = name_hash(name);
        let new = || Held { name: name.clone(), keeper, max, count: 0, bytes: 0, mail: VecDeque::new() };
        let held = self.0.entry(hash).or_insert_with(new);
        (held.keeper, held.max) = (keeper, max);
        hash
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, hash: u64) -> Option<&Held> {
        self.0.get(&hash)
    }

    pub(crate) fn get_mut(&mut self, hash: u64) -> Option<&mut Held> {
        self.0.get_mut(&hash)
    }

    pub(crate) fn remove(&mut self, hash: u64) -> Option<Held> {
        self.0.remove(&hash)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.0.values()
    }
}

/// Mail that waits for a name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HeldInfo {
    /// The name.
    pub name: String,
    /// The supervisor whose child has it, or had it.
    pub keeper: Pid,
    /// Messages and requests that wait.
    pub count: u32,
    /// Their payload bytes.
    pub bytes: u32,
}
