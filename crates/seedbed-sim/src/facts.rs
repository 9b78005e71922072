//! What actors published with `observe`: the latest value of each key of each actor that lives (rule W5).

use seedbed_core::Pid;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The facts of a world.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    by_key: BTreeMap<String, BTreeMap<(String, Pid), i64>>,
    /// Who published which keys: an end costs as much as the actor has facts, not as all have.
    by_actor: BTreeMap<Pid, (String, BTreeSet<String>)>,
    version: u64,
    /// While somebody wants to know: the keys that were read.
    read: RefCell<Option<BTreeSet<String>>>,
}

impl Facts {
    pub(crate) fn publish(&mut self, pid: Pid, path: &str, key: &str, value: i64) {
        self.version += 1;
        if !self.by_key.contains_key(key) {
            self.by_key.insert(key.to_owned(), BTreeMap::new());
        }
        if let Some(of_key) = self.by_key.get_mut(key) {
            of_key.insert((path.to_owned(), pid), value);
        }
        let (_, keys) = self.by_actor.entry(pid).or_insert_with(|| (path.to_owned(), BTreeSet::new()));
        if !keys.contains(key) {
            keys.insert(key.to_owned());
        }
    }

    pub(crate) fn forget(&mut self, pid: Pid) {
        let Some((path, keys)) = self.by_actor.remove(&pid) else { return };
        let of = (path, pid);
        for key in keys {
            let known = self.by_key.get_mut(&key).and_then(|of_key| of_key.remove(&of));
            self.version += u64::from(known.is_some());
        }
    }

    pub(crate) fn forget_all(&mut self, mut gone: impl FnMut(Pid) -> bool) {
        self.version += 1;
        for of_key in self.by_key.values_mut() {
            of_key.retain(|(_, p), _| !gone(*p));
        }
        self.by_actor.retain(|pid, _| !gone(*pid));
    }

    /// The keys that are read meanwhile.
    pub(crate) fn keys_read(&self, look: impl FnOnce()) -> Vec<String> {
        self.read.replace(Some(BTreeSet::new()));
        look();
        self.read.take().into_iter().flatten().collect()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// All values of a key, by path.
    pub fn all(&self, key: &str) -> impl Iterator<Item = (&str, i64)> {
        if let Some(read) = self.read.borrow_mut().as_mut() {
            read.insert(key.to_owned());
        }
        self.by_key.get(key).into_iter().flatten().map(|((path, _), value)| (path.as_str(), *value))
    }

    /// The values of a key, ordered by path.
    pub fn values(&self, key: &str) -> Vec<i64> {
        self.all(key).map(|(_, value)| value).collect()
    }

    /// The sum of the values of a key.
    pub fn sum(&self, key: &str) -> i64 {
        self.all(key).map(|(_, value)| value).sum()
    }

    /// The value of a key of the actor at a path.
    pub fn get(&self, path: &str, key: &str) -> Option<i64> {
        self.all(key).find(|(p, _)| *p == path).map(|(_, value)| value)
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }
}
