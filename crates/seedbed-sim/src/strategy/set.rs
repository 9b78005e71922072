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
        match self.places.get_mut(id as usize) {
            Some(place) if self.all.len() < self.all.capacity() => {
                *place = self.all.len() as u32;
                self.all.push(id);
            }
            _ => self.insert_with_room(id),
        }
    }

    /// Inserts one that there was no room for.
    #[inline(never)]
    fn insert_with_room(&mut self, id: u32) {
        self.all.reserve(1);
        if self.places.len() <= id as usize {
            self.places.resize(id as usize + 1, u32::MAX);
        }
        self.insert(id);
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
