//! Registered names of a node (rules P4, P5).

use crate::few::Few;
use crate::pid::name_hash;
use seedbed_abi::Code;
use std::rc::Rc;

/// Who has which name. Keyed by the part of the name's hash that an address carries.
#[derive(Clone)]
pub(crate) struct Names(Few<u64, (Rc<str>, u32)>);

impl Names {
    pub(crate) fn new() -> Names {
        Names(Few::default())
    }

    /// Gives `name` to the actor in `slot`.
    ///
    /// # Errors
    /// [`Code::NameTaken`], also in the case (below one in 10¹⁰ for a million names) that another
    /// name has the same hash: an address must never mean two names.
    pub(crate) fn register(&mut self, name: &str, slot: u32) -> Result<Rc<str>, Code> {
        let hash = name_hash(name);
        if self.0.contains_key(&hash) {
            return Err(Code::NameTaken);
        }
        let name: Rc<str> = name.into();
        self.0.insert(hash, (name.clone(), slot));
        Ok(name)
    }

    pub(crate) fn release(&mut self, name: &str) {
        self.0.remove(&name_hash(name));
    }

    pub(crate) fn find_hash(&self, hash: u64) -> Option<u32> {
        self.0.get(&hash).map(|(_, slot)| *slot)
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.0.get(&name_hash(name)).filter(|(n, _)| &**n == name).map(|(_, slot)| *slot)
    }
}
