//! A set of candidates from which one can be drawn, in constant time.

/// Numbers of candidates, and where each stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    all: Vec<u32>,
    places: Vec<u32>,
}

impl Set {
    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    #[inline]
    pub(super) fn insert(&mut self, id: u32) {
        let at = id as usize;
        if self.places.len() <= at {
            self.places.resize(at + 1, u32::MAX);
        }
        self.places[at] = self.all.len() as u32;
        self.all.push(id);
    }

    #[inline]
    pub(super) fn remove(&mut self, id: u32) {
        let place = self.places[id as usize] as usize;
        self.all.swap_remove(place);
        if let Some(moved) = self.all.get(place) {
            self.places[*moved as usize] = place as u32;
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> u32 {
        self.all[at]
    }
}
