//! Where signals are kept between being sent and being delivered.
//!
//! One arena a node: slots of 128 bytes, small payloads in the slot itself, larger ones in boxes
//! beside it. A slot that was freed is used again first, so a busy pair stays in two cache lines and
//! nothing is allocated for a message.

use seedbed_abi::Envelope;

/// Payloads up to this many bytes lie in the slot.
pub(crate) const INLINE: usize = 64;

/// No slot.
pub(crate) const NIL: u32 = u32::MAX;

/// One signal: an aligned pair of cache lines.
#[derive(Clone)]
#[repr(align(128))]
pub(crate) struct Signal {
    pub(crate) envelope: Envelope,
    /// The step in which it was sent.
    pub(crate) cause: u64,
    /// Next in its line, or next free.
    pub(crate) next: u32,
    /// Of a message whose sender waits for room: the receiver's slot. In a line: 1 for the copy of a message
    /// that came twice; the receiver's own number for an exit that no actor sent.
    pub(crate) aux: u32,
    inline: [u8; INLINE],
}

/// The arena.
pub(crate) struct Arena {
    slots: Vec<Signal>,
    free: u32,
    large: Vec<Option<Box<[u8]>>>,
    large_free: Vec<u32>,
}

impl Clone for Arena {
    fn clone(&self) -> Arena {
        Arena {
            free: self.free,
            slots: self.slots.clone(),
            large: self.large.clone(),
            large_free: self.large_free.clone(),
        }
    }

    /// Into the room that is there.
    fn clone_from(&mut self, from: &Arena) {
        let Arena { free, slots, large, large_free } = from;
        self.slots.clone_from(slots);
        self.large.clone_from(large);
        self.large_free.clone_from(large_free);
        self.free = *free;
    }
}

impl Arena {
    pub(crate) fn new() -> Arena {
        Arena { slots: Vec::new(), free: NIL, large: Vec::new(), large_free: Vec::new() }
    }

    /// How many slots are in use.
    pub(crate) fn live(&self) -> u32 {
        let next = |at: &u32| self.slots.get(*at as usize).map(|slot| slot.next);
        let free = std::iter::successors(Some(self.free), next).count() - 1;
        (self.slots.len() - free) as u32
    }

    /// Puts a signal in; `envelope.len` is set from the payload.
    #[inline(always)]
    pub(crate) fn insert(&mut self, envelope: Envelope, payload: &[u8], cause: u64) -> u32 {
        let len = u32::try_from(payload.len()).expect("payloads are bounded before they get here");
        // Where none is free, the number is none of a slot.
        if self.free as usize >= self.slots.len() {
            self.grow();
        }
        let index = self.free;
        let slot = &mut self.slots[index as usize];
        self.free = slot.next;
        // Field by field: they are in registers, and a copy in memory would be stored narrow and loaded wide.
        let Envelope { id, from, to, correlation, tag, len: _, flags } = envelope;
        slot.envelope.id = id;
        slot.envelope.from = from;
        slot.envelope.to = to;
        slot.envelope.correlation = correlation;
        slot.envelope.tag = tag;
        slot.envelope.len = len;
        slot.envelope.flags = flags;
        slot.cause = cause;
        slot.next = NIL;
        slot.aux = 0;
        if payload.len() <= INLINE {
            slot.inline[..payload.len()].copy_from_slice(payload);
        } else {
            self.insert_large(index, payload);
        }
        index
    }

    #[cold]
    fn grow(&mut self) {
        self.free = u32::try_from(self.slots.len()).expect("mailbox bounds keep the arena below 2^32 slots");
        self.slots.push(Signal::empty());
    }

    #[cold]
    fn insert_large(&mut self, index: u32, payload: &[u8]) {
        let boxed: Box<[u8]> = payload.into();
        let at = match self.large_free.pop() {
            Some(at) => {
                self.large[at as usize] = Some(boxed);
                at
            }
            None => {
                self.large.push(Some(boxed));
                (self.large.len() - 1) as u32
            }
        };
        // Where the box is, is written over the bytes that would be the payload.
        self.slots[index as usize].inline[..4].copy_from_slice(&at.to_le_bytes());
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> &Signal {
        &self.slots[index as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Signal {
        &mut self.slots[index as usize]
    }

    /// The envelope and the payload of a signal.
    #[inline]
    pub(crate) fn read(&self, index: u32) -> (&Envelope, &[u8]) {
        let slot = &self.slots[index as usize];
        let len = slot.envelope.len;
        let payload = if is_large(len) { self.large_payload(slot) } else { &slot.inline[..len as usize] };
        (&slot.envelope, payload)
    }

    #[cold]
    fn large_payload(&self, slot: &Signal) -> &[u8] {
        self.large[slot.large_index()].as_deref().expect("a large signal has its box")
    }

    /// The payload of a signal.
    #[inline]
    pub(crate) fn payload(&self, index: u32) -> &[u8] {
        self.read(index).1
    }

    /// Copies a signal to `out`, for who reads it while the arena is at work; a payload that does not lie
    /// in it goes to `large`, and is not here any more. Gives the payload's length: in the copy it was copied
    /// with its neighbours, which were written one by one, and such a copy waits until all have reached the
    /// cache.
    #[inline]
    pub(crate) fn copy_out(&mut self, index: u32, out: &mut Signal, large: &mut Box<[u8]>) -> u32 {
        let slot = &self.slots[index as usize];
        let len = slot.envelope.len;
        *out = slot.clone();
        if is_large(len) {
            self.take_large(index, large);
        }
        len
    }

    #[cold]
    fn take_large(&mut self, index: u32, large: &mut Box<[u8]>) {
        let at = self.slots[index as usize].large_index();
        *large = self.large[at].take().expect("a large signal has its box");
    }

    /// Frees a slot whose signal nobody will read any more.
    #[inline]
    pub(crate) fn discard(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.next = self.free;
        self.free = index;
        if is_large(slot.envelope.len) {
            self.discard_large(index);
        }
    }

    #[cold]
    fn discard_large(&mut self, index: u32) {
        let at = self.slots[index as usize].large_index();
        self.large[at] = None;
        self.large_free.push(at as u32);
    }
}

/// True if a payload of this length does not lie in its slot.
#[inline]
pub(crate) fn is_large(len: u32) -> bool {
    len as usize > INLINE
}

impl Signal {
    /// Nothing yet.
    pub(crate) fn empty() -> Signal {
        Signal { envelope: Envelope::default(), cause: 0, next: NIL, aux: 0, inline: [0; INLINE] }
    }

    /// The payload of this length, which [`copy_out`](Arena::copy_out) gave if it does not lie here.
    #[inline]
    pub(crate) fn payload<'a>(&'a self, len: u32, large: &'a [u8]) -> &'a [u8] {
        if is_large(len) { large } else { &self.inline[..len as usize] }
    }

    #[inline]
    fn large_index(&self) -> usize {
        let mut at = [0; 4];
        at.copy_from_slice(&self.inline[..4]);
        u32::from_le_bytes(at) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_two_cache_lines() {
        assert_eq!(size_of::<Signal>(), 128);
    }

    #[test]
    fn payloads_of_all_sizes_come_back_and_slots_are_used_again() {
        let mut arena = Arena::new();
        for round in 0..3u8 {
            let sizes = [0, 1, 63, 64, 65, 1000];
            let indices = sizes.map(|len| arena.insert(Envelope::default(), &vec![round; len], 7));
            assert!(indices.iter().all(|i| *i < 6), "slots are used again: {indices:?}");
            for (index, len) in indices.into_iter().zip(sizes) {
                assert_eq!(arena.payload(index), vec![round; len]);
                let (mut out, mut large) = (Signal::empty(), Box::default());
                let out_len = arena.copy_out(index, &mut out, &mut large);
                assert_eq!((out_len as usize, out.envelope.len, out.cause), (len, out_len, 7));
                assert_eq!(out.payload(out_len, &large), vec![round; len]);
                arena.discard(index);
            }
            assert_eq!(arena.live(), 0);
        }
        let index = arena.insert(Envelope::default(), &[1; 100], 0);
        arena.discard(index);
        assert_eq!((arena.live(), arena.large.len()), (0, 2));
    }
}
