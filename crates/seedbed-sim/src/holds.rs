//! Deliveries by name, and those of them that a tape holds back (rules K2–K4).
//!
//! Each delivery is named once, when it became possible, and only for a tape that speaks of deliveries. What is not held
//! stands in plain order; a signal that goes releases what waits for it. O(log n) for each delivery
//! that comes or goes.
//!
//! Not noticed: a signal that is lost before it could be delivered (on the network, or behind others
//! in its line). What waits for it waits until nothing else can happen.

use seedbed_core::{Delivery, SignalName, Tape, TapeEntry, Until};
use std::collections::{BTreeMap, BTreeSet};

/// The deliveries of a run that follows a tape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    holds: Vec<Hold>,
    /// Holds by what they hold, and by the signal that ends them.
    of: BTreeMap<SignalName, Vec<usize>>,
    until: BTreeMap<SignalName, Vec<usize>>,
    /// Holds in force that the clock ends.
    clocked: BTreeSet<usize>,
    /// What became possible, in plain order, and has no name yet.
    fresh: Vec<(u32, Delivery)>,
    /// What may have another name than it had.
    moved: Vec<Delivery>,
    /// By number.
    named: BTreeMap<u32, Named>,
    numbers: BTreeMap<SignalName, u32>,
    /// What is not held, by its place in plain order.
    free: BTreeMap<u64, u32>,
    places: u64,
    /// The last signal that was delivered.
    last: Option<SignalName>,
    /// What was passed over in favour of what, last; kept for a tape that is turned into holds.
    passes: Option<Passes>,
}

#[derive(Clone, Debug)]
struct Hold {
    what: SignalName,
    /// The entry of the tape.
    entry: usize,
    /// It is over: its signal has gone, or the clock passed often enough.
    over: bool,
    /// How often the clock has still to pass.
    left: u32,
}

#[derive(Clone, Debug)]
struct Named {
    name: SignalName,
    place: u64,
    /// Holds on it that are in force.
    held: u32,
}

/// What a run of orders comes to in holds: each delivery that others went before waits for the last
/// of them, or for the clock if that passed after them.
#[derive(Clone, Debug, Default)]
struct Passes {
    until: BTreeMap<SignalName, Until>,
    /// In which order they first were passed over.
    order: Vec<SignalName>,
    clocks: BTreeMap<SignalName, u32>,
}

impl Passes {
    fn note(&mut self, what: SignalName, until: Until) {
        if self.until.insert(what, until).is_none() {
            self.order.push(what);
        }
    }
}

impl Holds {
    /// What is needed to follow the tape; `None` if it says nothing of deliveries.
    pub(crate) fn of(tape: &Tape, note_passes: bool) -> Option<Holds> {
        let speaks = |e: &TapeEntry| !matches!(e, TapeEntry::Choice { .. });
        if !tape.entries.iter().any(speaks) {
            return None;
        }
        let mut holds = Holds { passes: note_passes.then(Passes::default), ..Holds::default() };
        for (entry, hold) in tape.entries.iter().enumerate() {
            let TapeEntry::Hold { what, until } = *hold else { continue };
            let index = holds.holds.len();
            let left = match until {
                Until::Signal(name) => {
                    holds.until.entry(name).or_default().push(index);
                    0
                }
                Until::Clock(times) => times,
            };
            holds.of.entry(what).or_default().push(index);
            holds.holds.push(Hold { what, entry, over: false, left });
        }
        Some(holds)
    }

    /// A delivery became possible.
    #[inline]
    pub(crate) fn enabled(&mut self, id: u32, delivery: Delivery) {
        self.fresh.push((id, delivery));
    }

    /// A delivery may have another name from now on.
    pub(crate) fn moved(&mut self, delivery: Delivery) {
        self.moved.push(delivery);
    }

    /// What may have another name; the caller looks.
    pub(crate) fn take_moved(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.moved)
    }

    /// What has no name yet; the caller names it.
    pub(crate) fn take_fresh(&mut self) -> Vec<(u32, Delivery)> {
        std::mem::take(&mut self.fresh)
    }

    /// Names a delivery; tells which entries of the tape it is held by.
    pub(crate) fn name(&mut self, id: u32, name: SignalName) -> Vec<usize> {
        self.places += 1;
        self.take_in(id, name, self.places)
    }

    fn take_in(&mut self, id: u32, name: SignalName, place: u64) -> Vec<usize> {
        let of = self.of.get(&name).map_or(&[][..], Vec::as_slice);
        let force: Vec<usize> = of.iter().copied().filter(|i| !self.holds[*i].over).collect();
        self.clocked.extend(force.iter().filter(|i| self.holds[**i].left > 0));
        self.named.insert(id, Named { name, place, held: force.len() as u32 });
        self.numbers.insert(name, id);
        if force.is_empty() {
            self.free.insert(place, id);
        }
        force.into_iter().map(|i| self.holds[i].entry).collect()
    }

    /// A delivery ran, or is not possible any more.
    pub(crate) fn gone(&mut self, id: u32) {
        if let Some(named) = self.leave(id) {
            self.end_those_until(named.name);
        }
    }

    /// A delivery is not possible while its node is busy: it has not gone.
    pub(crate) fn parked(&mut self, id: u32) {
        self.leave(id);
    }

    fn leave(&mut self, id: u32) -> Option<Named> {
        let Some(named) = self.named.remove(&id) else {
            self.fresh.retain(|(fresh, _)| *fresh != id);
            return None;
        };
        self.numbers.remove(&named.name);
        self.free.remove(&named.place);
        for index in self.of.get(&named.name).into_iter().flatten() {
            self.clocked.remove(index);
        }
        Some(named)
    }

    /// The name that a delivery has now: its signal may have been taken away, with another in its place.
    pub(crate) fn renamed(&mut self, id: u32, name: SignalName) -> Vec<usize> {
        match self.named.get(&id) {
            Some(named) if named.name != name => {
                let place = named.place;
                self.gone(id);
                self.take_in(id, name, place)
            }
            _ => Vec::new(),
        }
    }

    fn end_those_until(&mut self, name: SignalName) {
        for index in self.until.remove(&name).unwrap_or_default() {
            self.end(index);
        }
    }

    fn end(&mut self, index: usize) {
        let hold = &mut self.holds[index];
        if std::mem::replace(&mut hold.over, true) {
            return;
        }
        self.clocked.remove(&index);
        if let Some(id) = self.numbers.get(&hold.what)
            && let Some(named) = self.named.get_mut(id)
        {
            named.held -= 1;
            if named.held == 0 {
                self.free.insert(named.place, *id);
            }
        }
    }

    /// The first in plain order that is not held.
    pub(crate) fn first(&self) -> Option<u32> {
        self.free.first_key_value().map(|(_, id)| *id)
    }

    /// The name of a delivery that has one.
    pub(crate) fn name_of(&self, id: u32) -> SignalName {
        self.named[&id].name
    }

    /// The delivery of this name, if it is possible and not held.
    pub(crate) fn find(&self, name: &SignalName) -> Option<u32> {
        self.numbers.get(name).copied().filter(|id| self.named[id].held == 0)
    }

    /// The clock passed while deliveries waited.
    pub(crate) fn clock_passed(&mut self) {
        let due = |index: &usize| self.holds[*index].left == 1;
        let due: Vec<usize> = self.clocked.iter().copied().filter(due).collect();
        for index in &self.clocked {
            self.holds[*index].left -= 1;
        }
        due.into_iter().for_each(|index| self.end(index));
        if let Some(passes) = &mut self.passes {
            for named in self.named.values() {
                let times = passes.clocks.entry(named.name).or_default();
                *times += 1;
                let times = *times;
                passes.note(named.name, Until::Clock(times));
            }
        }
    }

    /// A delivery is to go.
    pub(crate) fn picked(&mut self, id: u32) {
        let Named { name, place, .. } = self.named[&id];
        self.last = Some(name);
        if let Some(passes) = &mut self.passes {
            for before in self.named.values().filter(|named| named.place < place) {
                passes.note(before.name, Until::Signal(name));
            }
        }
    }

    /// The last signal that was delivered.
    pub(crate) fn last(&self) -> Option<SignalName> {
        self.last
    }

    /// Everything is held and nothing can happen: ends the holds on the first in plain order, and
    /// tells their entries.
    pub(crate) fn release(&mut self) -> Vec<usize> {
        let first = self.named.values().min_by_key(|named| named.place).expect("something is held");
        let of = self.of.get(&first.name).cloned().unwrap_or_default();
        let force: Vec<usize> = of.into_iter().filter(|i| !self.holds[*i].over).collect();
        force.iter().for_each(|index| self.end(*index));
        force.into_iter().map(|i| self.holds[i].entry).collect()
    }

    /// The run's order as holds, if that was asked for.
    pub(crate) fn passes(&mut self) -> Option<Vec<TapeEntry>> {
        let Passes { until, order, .. } = self.passes.take()?;
        Some(order.into_iter().map(|what| TapeEntry::Hold { what, until: until[&what] }).collect())
    }
}
