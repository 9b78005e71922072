//! Actors by a hash of their path, for dialects that address so.
//!
//! Kept from the first look on: a node on which nobody addresses so pays nothing for it.

use crate::path::Life;
use std::collections::BTreeMap;

/// The hash of a path's text, as a dialect makes it.
pub(crate) type PathHash = fn(&str) -> u64;

/// Lives of each path, by its hash: the slot of each.
#[derive(Clone)]
pub(crate) struct Paths {
    hash: PathHash,
    lives: BTreeMap<u64, BTreeMap<Life, u32>>,
}

impl Paths {
    pub(crate) fn new(hash: PathHash) -> Paths {
        Paths { hash, lives: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, path: &str, life: Life, slot: u32) {
        self.lives.entry((self.hash)(path)).or_default().insert(life, slot);
    }

    pub(crate) fn remove(&mut self, path: &str, life: Life, slot: u32) {
        let hash = (self.hash)(path);
        let Some(lives) = self.lives.get_mut(&hash) else { return };
        if lives.get(&life) == Some(&slot) {
            lives.remove(&life);
        }
        if lives.is_empty() {
            self.lives.remove(&hash);
        }
    }

    /// The slot of one life of a path, or of its latest.
    pub(crate) fn find(&self, hash: u64, life: Option<Life>) -> Option<u32> {
        let lives = self.lives.get(&hash)?;
        match life {
            Some(life) => lives.get(&life).copied(),
            None => lives.last_key_value().map(|(_, slot)| *slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_life_has_the_path_until_it_ends() {
        let mut paths = Paths::new(|path| path.len() as u64);
        paths.insert("n/a", Life(1), 7);
        paths.insert("n/a", Life(2), 3);
        assert_eq!(paths.find(3, None), Some(3));
        assert_eq!(paths.find(3, Some(Life(1))), Some(7));
        paths.remove("n/a", Life(2), 4);
        assert_eq!(paths.find(3, None), Some(3), "another slot's end changes nothing");
        paths.remove("n/a", Life(2), 3);
        assert_eq!((paths.find(3, None), paths.find(3, Some(Life(2)))), (Some(7), None));
        paths.remove("n/a", Life(1), 7);
        assert_eq!((paths.find(3, None), paths.lives.len()), (None, 0));
    }
}
