//! Maps that mostly hold nothing, or one entry.
//!
//! What an actor is linked with, watches, asks and is asked is a map each, and most actors have at most one
//! of each at a time, again and again. That one lies in the map itself; from two on it is a tree, in
//! the order of its keys like the one entry.

use std::collections::{BTreeMap, btree_map};

/// An ordered map that holds an only entry in itself.
#[derive(Clone, Debug)]
pub struct Few<K, V>(Entries<K, V>);

#[derive(Clone, Debug)]
enum Entries<K, V> {
    None,
    One(K, V),
    /// Never empty.
    Many(BTreeMap<K, V>),
}

impl<K, V> Default for Few<K, V> {
    #[inline]
    fn default() -> Self {
        Few(Entries::None)
    }
}

impl<K: Ord, V> Few<K, V> {
    /// True if it holds nothing.
    #[inline]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Entries::None)
    }

    /// How many entries it holds.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::None => 0,
            Entries::One(..) => 1,
            Entries::Many(map) => map.len(),
        }
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        match &self.0 {
            Entries::One(k, value) if k == key => Some(value),
            Entries::Many(map) => map.get(key),
            _ => None,
        }
    }

    /// The value of a key, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match &mut self.0 {
            Entries::One(k, value) if k == key => Some(value),
            Entries::Many(map) => map.get_mut(key),
            _ => None,
        }
    }

    /// True if it holds a key.
    #[inline]
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Puts an entry in; gives the value that it takes the place of.
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match &mut self.0 {
            Entries::None => {
                self.0 = Entries::One(key, value);
                None
            }
            Entries::One(k, old) if *k == key => Some(std::mem::replace(old, value)),
            _ => self.insert_more(key, value),
        }
    }

    #[inline(never)]
    fn insert_more(&mut self, key: K, value: V) -> Option<V> {
        let mut map = match std::mem::replace(&mut self.0, Entries::None) {
            Entries::None => BTreeMap::new(),
            Entries::One(k, value) => BTreeMap::from([(k, value)]),
            Entries::Many(map) => map,
        };
        let old = map.insert(key, value);
        self.0 = Entries::Many(map);
        old
    }

    /// Takes an entry out; gives its value.
    #[inline]
    pub fn remove(&mut self, key: &K) -> Option<V> {
        match &mut self.0 {
            Entries::One(k, _) if k == key => match std::mem::replace(&mut self.0, Entries::None) {
                Entries::One(_, value) => Some(value),
                Entries::None | Entries::Many(_) => None,
            },
            Entries::None | Entries::One(..) => None,
            Entries::Many(map) => {
                let value = map.remove(key);
                if map.is_empty() {
                    self.0 = Entries::None;
                }
                value
            }
        }
    }

    /// Takes all entries out, in the order of their keys.
    #[inline]
    pub fn drain(&mut self) -> IntoIter<K, V> {
        if self.is_empty() { IntoIter(None, None) } else { std::mem::take(self).into_iter() }
    }

    /// Keeps only the entries that `keep` says so of.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let empty = match &mut self.0 {
            Entries::None => false,
            Entries::One(k, value) => !keep(k, value),
            Entries::Many(map) => {
                map.retain(keep);
                map.is_empty()
            }
        };
        if empty {
            self.0 = Entries::None;
        }
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (one, many) = match &self.0 {
            Entries::None => (None, None),
            Entries::One(k, value) => (Some((k, value)), None),
            Entries::Many(map) => (None, Some(map.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.into_iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        match self.0 {
            Entries::None => IntoIter(None, None),
            Entries::One(k, value) => IntoIter(Some((k, value)), None),
            Entries::Many(map) => IntoIter(None, Some(map.into_iter())),
        }
    }
}

/// The entries of a [`Few`], in the order of their keys.
#[derive(Debug)]
pub struct IntoIter<K, V>(Option<(K, V)>, Option<btree_map::IntoIter<K, V>>);

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.0.take().or_else(|| self.1.as_mut()?.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_an_ordered_map(program in prop::collection::vec((0u8..4, 0u8..5, any::<u8>()), 0..200)) {
            let (mut few, mut model) = (Few::default(), BTreeMap::new());
            for (what, key, value) in program {
                match what {
                    0 | 1 => prop_assert_eq!(few.insert(key, value), model.insert(key, value)),
                    2 => prop_assert_eq!(few.remove(&key), model.remove(&key)),
                    _ => {
                        few.retain(|k, v| *k != key && *v >= value);
                        model.retain(|k, v| *k != key && *v >= value);
                    }
                }
                prop_assert_eq!((few.len(), few.is_empty()), (model.len(), model.is_empty()));
                prop_assert!(!matches!(&few, Few(Entries::Many(map)) if map.is_empty()));
                for key in 0..5 {
                    prop_assert_eq!(few.get(&key), model.get(&key));
                    prop_assert_eq!(few.get_mut(&key), model.get_mut(&key));
                    prop_assert_eq!(few.contains_key(&key), model.contains_key(&key));
                }
                prop_assert!(few.iter().eq(model.iter()) && few.keys().eq(model.keys()));
                prop_assert!(few.clone().into_iter().eq(model.clone()));
                let mut drained = few.clone();
                prop_assert!(drained.drain().eq(model.clone()) && drained.is_empty());
                prop_assert!(few.clone().into_values().eq(model.clone().into_values()));
            }
        }
    }
}
