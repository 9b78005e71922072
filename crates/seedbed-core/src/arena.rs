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
    /// In an outbox: the receiver's slot. In a line: 1 for the copy of a message that came twice;
    /// the receiver's own number for an exit that no actor sent.
    pub(crate) aux: u32,
    inline: [u8; INLINE],
}

/// The arena.
pub(crate) struct Arena {
    slots: Vec<Signal>,
    free: u32,
    large: Vec<Option<Box<[u8]>>>,
    large_free: Vec<u32>,
    live: u32,
}

impl Arena {
    pub(crate) fn new() -> Arena {
        Arena { slots: Vec::new(), free: NIL, large: Vec::new(), large_free: Vec::new(), live: 0 }
    }

    /// How many slots are in use.
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Puts a signal in; `envelope.len` is set from the payload.
    #[inline(always)]
    pub(crate) fn insert(&mut self, envelope: Envelope, payload: &[u8], cause: u64) -> u32 {
        self.insert_for(envelope, payload, cause, 0)
    }

    /// The same for the receiver in this slot.
    #[inline(always)]
    pub(crate) fn insert_for(&mut self, envelope: Envelope, payload: &[u8], cause: u64, aux: u32) -> u32 {
        let len = u32::try_from(payload.len()).expect("payloads are bounded before they get here");
        let at = self.free;
        let index = if at == NIL {
            self.grow()
        } else {
            self.free = self.slots[at as usize].next;
            at
        };
        self.live += 1;
        let slot = &mut self.slots[index as usize];
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
        slot.aux = aux;
        if payload.len() <= INLINE {
            slot.inline[..payload.len()].copy_from_slice(payload);
        } else {
            self.insert_large(index, payload);
        }
        index
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let index = u32::try_from(self.slots.len()).expect("mailbox bounds keep the arena below 2^32 slots");
        self.slots.push(Signal::empty());
        index
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

    /// The payload of a signal that stays.
    pub(crate) fn payload(&self, index: u32) -> &[u8] {
        let slot = &self.slots[index as usize];
        let len = slot.envelope.len as usize;
        if len <= INLINE {
            &slot.inline[..len]
        } else {
            self.large[slot.large_index()].as_deref().expect("a large signal has its box")
        }
    }

    /// Takes a signal out, to `out`, and frees its slot; a payload that does not lie in it is still to be
    /// taken. Gives the length of the payload.
    #[inline(always)]
    pub(crate) fn take(&mut self, index: u32, out: &mut Signal) -> u32 {
        let slot = &mut self.slots[index as usize];
        slot.next = self.free;
        self.free = index;
        self.live -= 1;
        *out = slot.clone();
        slot.envelope.len
    }

    /// Takes the payload of a signal that was taken out and did not lie in its slot.
    #[cold]
    pub(crate) fn take_large(&mut self, signal: &Signal) -> Box<[u8]> {
        self.take_box(signal.large_index())
    }

    #[cold]
    fn take_box(&mut self, at: usize) -> Box<[u8]> {
        self.large_free.push(at as u32);
        self.large[at].take().expect("a large signal has its box")
    }

    /// Frees a slot whose signal nobody will read.
    pub(crate) fn discard(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        if is_large(slot.envelope.len) {
            let at = slot.large_index();
            self.take_box(at);
        }
        let slot = &mut self.slots[index as usize];
        slot.next = self.free;
        self.free = index;
        self.live -= 1;
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

    /// The payload of this length, which [`take_large`](Arena::take_large) gave if it does not lie here.
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
                let mut taken = Signal::empty();
                let taken_len = arena.take(index, &mut taken);
                let large = if is_large(taken_len) { arena.take_large(&taken) } else { Box::default() };
                assert_eq!((taken_len as usize, taken.envelope.len, taken.cause), (len, taken_len, 7));
                assert_eq!(taken.payload(taken_len, &large), vec![round; len]);
            }
            assert_eq!(arena.live(), 0);
        }
        let index = arena.insert(Envelope::default(), &[1; 100], 0);
        arena.discard(index);
        assert_eq!((arena.live(), arena.large.len()), (0, 2));
    }
}
