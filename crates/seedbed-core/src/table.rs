//! A small hash table from (u32, u64) to u32, for the hot path.
//!
//! Its hash is fixed and it is never iterated, so its order cannot get into a run.

use crate::arena::NIL;

#[derive(Clone, Copy)]
struct Entry {
    a: u32,
    value: u32,
    b: u64,
}

const EMPTY: Entry = Entry { a: 0, value: NIL, b: 0 };

/// Open addressing, linear probing, deletion by shifting back.
pub(crate) struct Table {
    entries: Vec<Entry>,
    len: usize,
}

impl Clone for Table {
    fn clone(&self) -> Table {
        Table { len: self.len, entries: self.entries.clone() }
    }

    /// Into the room that is there.
    fn clone_from(&mut self, from: &Table) {
        let Table { len, entries } = from;
        self.entries.clone_from(entries);
        self.len = *len;
    }
}

impl Table {
    pub(crate) fn new() -> Table {
        Table { entries: vec![EMPTY; 16], len: 0 }
    }

    #[inline]
    fn home(&self, a: u32, b: u64) -> usize {
        let mixed = (b ^ (u64::from(a) << 32 | u64::from(a))).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize & (self.entries.len() - 1)
    }

    #[inline]
    fn find(&self, a: u32, b: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = self.home(a, b);
        loop {
            let e = &self.entries[at];
            if e.value == NIL || (e.a == a && e.b == b) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    pub(crate) fn get(&self, a: u32, b: u64) -> Option<u32> {
        let value = self.entries[self.find(a, b)].value;
        (value != NIL).then_some(value)
    }

    pub(crate) fn insert(&mut self, a: u32, b: u64, value: u32) {
        debug_assert!(value != NIL);
        if (self.len + 1) * 2 > self.entries.len() {
            let old = std::mem::take(&mut self.entries);
            self.entries = vec![EMPTY; old.len() * 2];
            for e in old.into_iter().filter(|e| e.value != NIL) {
                let at = self.find(e.a, e.b);
                self.entries[at] = e;
            }
        }
        let at = self.find(a, b);
        self.len += usize::from(self.entries[at].value == NIL);
        self.entries[at] = Entry { a, value, b };
    }

    pub(crate) fn remove(&mut self, a: u32, b: u64) {
        let mask = self.entries.len() - 1;
        let mut hole = self.find(a, b);
        if self.entries[hole].value == NIL {
            return;
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let e = self.entries[at];
            if e.value == NIL {
                break;
            }
            // An entry may move back into the hole unless its home lies after the hole.
            let from_home = at.wrapping_sub(self.home(e.a, e.b)) & mask;
            let from_hole = at.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.entries[hole] = e;
                hole = at;
            }
        }
        self.entries[hole] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map(program in proptest::collection::vec((0u32..8, 0u64..16, proptest::option::of(0u32..9)), 0..400)) {
            let (mut table, mut model) = (Table::new(), BTreeMap::new());
            for (a, b, value) in program {
                match value {
                    Some(v) => { table.insert(a, b, v); model.insert((a, b), v); }
                    None => { table.remove(a, b); model.remove(&(a, b)); }
                }
                for a in 0..8 { for b in 0..16 {
                    prop_assert_eq!(table.get(a, b), model.get(&(a, b)).copied());
                } }
                prop_assert_eq!(table.len, model.len());
            }
        }
    }
}
