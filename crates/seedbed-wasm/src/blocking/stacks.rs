//! Stacks of suspended guests, in slots of a few large mappings.
//!
//! As guest memories: address space only until a page is touched, few mappings however many stacks.
//!
//! There is no guard page below a stack: it would cost two mappings each, and stop at 32 000. None
//! is needed, since nothing gets there: compiled code compares the stack pointer with its limit at
//! every function's entry, 1 MiB below where the guest was entered, and a slot has a second MiB for
//! the host call on top, whose frames do not depend on the guest.

use crate::memory::{Mapping, PAGE, zero_pages};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::{StackCreator, StackMemory};

/// Address space of one mapping in bytes.
const MAPPING: usize = 64 << 30;

/// So many free stacks keep the pages that they touched.
const WARM_MAX: usize = 256;

/// All stacks of an engine; each of the same size.
#[derive(Clone)]
pub(crate) struct Stacks(Arc<Mutex<Slots>>);

struct Slots {
    size: usize,
    mappings: Vec<Mapping>,
    /// Bottoms of slots that are not in use; the last freed goes first.
    free: Vec<Bottom>,
    warm: usize,
    /// Slots of the last mapping that were never used.
    fresh: usize,
}

/// Where a slot begins; the stack grows towards it.
struct Bottom(NonNull<u8>);

#[expect(unsafe_code, reason = "an address may go to another thread")]
// SAFETY: the address is of mapped memory that no thread owns; whoever holds the `Stack` has it alone.
unsafe impl Send for Bottom {}
#[expect(unsafe_code, reason = "an address may be seen by another thread")]
// SAFETY: a shared `Bottom` only gives its address away.
unsafe impl Sync for Bottom {}

impl Stacks {
    /// Stacks of this size in bytes, whole pages.
    pub(crate) fn new(size: usize) -> Stacks {
        assert!(size.is_multiple_of(PAGE), "stacks are whole pages");
        let slots = Slots { size, mappings: Vec::new(), free: Vec::new(), warm: 0, fresh: 0 };
        Stacks(Arc::new(Mutex::new(slots)))
    }

    fn take(&self) -> Result<Bottom, String> {
        // A panic under this lock leaves lists of free slots, which are right at every step.
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bottom) = slots.free.pop() {
            slots.warm = slots.warm.min(slots.free.len());
            return Ok(bottom);
        }
        let size = slots.size;
        if slots.fresh == 0 {
            let mapping = Mapping::new(MAPPING).map_err(|e| format!("no address space for stacks: {e}"))?;
            slots.mappings.push(mapping);
            slots.fresh = MAPPING / size;
        }
        slots.fresh -= 1;
        let at = slots.fresh * size;
        Ok(Bottom(slots.mappings.last().expect("one was just pushed").at(at, size)))
    }

    fn give_back(&self, bottom: Bottom) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.warm < WARM_MAX {
            slots.warm += 1;
        } else {
            #[expect(unsafe_code, reason = "gives pages of our own mapping back to the system")]
            // SAFETY: the slot is `size` bytes of whole pages of a private anonymous mapping, and
            // its stack is gone: nobody uses any of it.
            unsafe {
                zero_pages(bottom.0, slots.size);
            }
        }
        slots.free.push(bottom);
    }
}

#[expect(unsafe_code, reason = "wasmtime's trait is unsafe: it trusts the stacks that are made here")]
// SAFETY: a stack is `size` readable and writable bytes at a fixed address, whole pages, that nothing
// else hands out until it is dropped. Zeroing is not asked for by the configuration; a fresh slot is zero.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let ours = self.0.lock().unwrap_or_else(PoisonError::into_inner).size;
        if size > ours || zeroed {
            wasmtime::bail!("stacks have {ours} bytes and are not zeroed: {size} were asked for");
        }
        let bottom = self.take().map_err(wasmtime::Error::msg)?;
        Ok(Box::new(Stack { bottom: Some(bottom), size: ours, stacks: self.clone() }))
    }
}

/// One stack; gives its slot back when dropped.
struct Stack {
    /// `Some` until it is dropped.
    bottom: Option<Bottom>,
    size: usize,
    stacks: Stacks,
}

impl Stack {
    fn bottom(&self) -> NonNull<u8> {
        self.bottom.as_ref().expect("taken when it is dropped only").0
    }
}

#[expect(unsafe_code, reason = "wasmtime's trait is unsafe: it trusts top and range")]
// SAFETY: top and range are those of the slot, which this owns. The guard region is empty: see above.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        self.bottom().as_ptr().wrapping_add(self.size)
    }

    fn range(&self) -> Range<usize> {
        let bottom = self.bottom().addr().get();
        bottom..bottom + self.size
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let bottom = self.bottom().as_ptr();
        bottom..bottom
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(bottom) = self.bottom.take() {
            self.stacks.give_back(bottom);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_whole_pages_never_overlap_and_are_used_again() {
        let stacks = Stacks::new(64 << 10);
        let made: Vec<_> = (0..100).map(|_| stacks.new_stack(64 << 10, false).unwrap()).collect();
        let mut ranges: Vec<_> = made.iter().map(|stack| stack.range()).collect();
        ranges.sort_by_key(|range| range.start);
        assert!(ranges.iter().all(|range| range.start % PAGE == 0 && range.len() == 64 << 10));
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert!(made.iter().all(|stack| stack.top() as usize == stack.range().end));
        drop(made);
        let again = stacks.new_stack(4096, false).unwrap();
        assert!(ranges.contains(&again.range()));
        assert!(stacks.new_stack(65 << 10, false).is_err());
        assert!(stacks.new_stack(4096, true).is_err());
    }

    #[test]
    fn what_is_given_back_beyond_the_warm_ones_is_zero_again() {
        let stacks = Stacks::new(PAGE);
        let made: Vec<_> = (0..WARM_MAX + 10).map(|_| stacks.new_stack(PAGE, false).unwrap()).collect();
        for stack in &made {
            #[expect(unsafe_code, reason = "plays the guest")]
            // SAFETY: the stack has a page, and nobody else knows it.
            unsafe {
                stack.top().sub(1).write(7);
            }
        }
        drop(made);
        let last = stacks.new_stack(PAGE, false).unwrap();
        #[expect(unsafe_code, reason = "looks at the stack")]
        // SAFETY: as above.
        let byte = unsafe { last.top().sub(1).read() };
        assert_eq!(byte, 0, "given back last, when enough were warm");
    }
}
