//! Guest memories, in slots of a few large mappings.
//!
//! Invariants: a memory never moves; a slot handed out reads as zeros; every access is
//! bounds-checked in code, so the bytes after a memory, in its slot and the next one, need no
//! guard. A mapping costs address space only (`MAP_NORESERVE`); pages count once they are touched,
//! so 100 000 memories fit where one mapping each would stop at `vm.max_map_count`.
//!
//! Not modelled: giving address space back. Mappings live as long as the engine, the process.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Sizes of slots in bytes. A memory lives in the smallest that holds what it may grow to: the
/// denser memories lie, the fewer pages of page tables lead to them.
const CLASSES: [usize; 5] = [128 << 10, 1 << 20, 16 << 20, 256 << 20, 4 << 30];

/// Address space of one mapping in bytes: 350 000 slots of the least size, 15 of the largest.
const MAPPING: usize = 64 << 30;

/// Bytes between slots. Slots that begin at multiples of a power of two would meet in few sets of
/// the caches: an odd number of pages, and a first line that differs, spread them.
const GAP: usize = 17 * PAGE;

/// The grain in which the system takes memory back, and a cache line, in bytes.
pub(crate) const PAGE: usize = 4096;
const LINE: usize = 64;

/// What a memory without a maximum of its own gets room for, where nobody said otherwise.
const DEFAULT_ROOM: usize = 16 << 20;

thread_local! {
    static ROOM: Cell<usize> = const { Cell::new(DEFAULT_ROOM) };
    static MADE: RefCell<Option<Size>> = const { RefCell::new(None) };
}

/// The size of one memory in bytes, which its owner may set back.
///
/// wasmtime asks a memory for its size after every growth, also after one by nothing: so a memory
/// whose size was set back and that is then grown by 0 pages has shrunk.
#[derive(Clone, Default)]
pub(crate) struct Size(Arc<AtomicUsize>);

impl Size {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// Runs `instantiate`; a memory made by it has room to grow to `bytes`, the actor's `memory_max`,
/// and its size comes with the result. wasmtime tells a memory creator the declared maximum only,
/// and limits are per actor.
pub(crate) fn with_room<R>(bytes: usize, instantiate: impl FnOnce() -> R) -> (R, Option<Size>) {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            ROOM.set(self.0);
        }
    }
    let _restore = Restore(ROOM.replace(bytes));
    MADE.take();
    let result = instantiate();
    (result, MADE.take())
}

/// All guest memories of an engine.
#[derive(Clone)]
pub(crate) struct Slab {
    classes: Arc<[Mutex<Class>; CLASSES.len()]>,
}

/// The slots of one size.
#[derive(Default)]
struct Class {
    mappings: Vec<Mapping>,
    /// Slots that were used and are zero again; the last freed goes first, as it is warm.
    free: Vec<SlotBase>,
    /// Slots of the last mapping that were never used.
    fresh: usize,
}

impl Slab {
    pub(crate) fn new() -> Slab {
        Slab { classes: Arc::new(Default::default()) }
    }

    fn class(&self, index: usize) -> MutexGuard<'_, Class> {
        // A panic under this lock leaves lists of free slots, which are right at every step.
        self.classes[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A zeroed slot with room for `room` bytes.
    fn allocate(&self, room: usize) -> Result<Slot, String> {
        let index = CLASSES
            .iter()
            .position(|size| room <= *size)
            .ok_or_else(|| format!("a memory of {room} bytes is larger than 4 GiB"))?;
        let size = CLASSES[index];
        let mut class = self.class(index);
        let base = match class.free.pop() {
            Some(base) => base,
            None => {
                if class.fresh == 0 {
                    let mapping = Mapping::largest(MAPPING, size + GAP)
                        .map_err(|e| format!("no address space for memories: {e}"))?;
                    class.fresh = mapping.len / (size + GAP);
                    class.mappings.push(mapping);
                }
                class.fresh -= 1;
                let first_line = class.fresh * LINE % PAGE;
                let at = class.fresh * (size + GAP) + first_line;
                class.mappings.last().expect("one was just pushed").slot(at, size)
            }
        };
        Ok(Slot { base, capacity: size, class: index, slab: self.clone() })
    }
}

#[expect(
    unsafe_code,
    reason = "wasmtime's trait is unsafe: it trusts base, size and zeroes of what is made here"
)]
// SAFETY: a slot is `capacity` readable and writable bytes at a fixed address, all zero, that
// nothing else hands out until the memory is dropped. The engine is configured with neither
// reservation nor guard, so compiled code checks every access against `byte_size`.
unsafe impl MemoryCreator for Slab {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        assert_eq!(
            (reserved_size_in_bytes.unwrap_or(0), guard_size_in_bytes),
            (0, 0),
            "the engine is configured without guards"
        );
        let room = maximum.unwrap_or(usize::MAX).min(ROOM.get()).max(minimum);
        let memory = SlabMemory::new(self.allocate(room)?, minimum);
        MADE.replace(Some(memory.size.clone()));
        Ok(Box::new(memory))
    }
}

/// One guest memory.
struct SlabMemory {
    slot: Slot,
    size: Size,
    /// The largest size it had, in bytes.
    largest: usize,
}

impl SlabMemory {
    fn new(slot: Slot, bytes: usize) -> SlabMemory {
        let size = Size::default();
        size.set(bytes);
        SlabMemory { slot, size, largest: bytes }
    }
}

#[expect(unsafe_code, reason = "wasmtime's trait is unsafe: it trusts base and size")]
// SAFETY: `size` is what `grow_to` let pass or less, and so within the slot's capacity; the base
// never changes.
unsafe impl LinearMemory for SlabMemory {
    fn byte_size(&self) -> usize {
        self.size.get().min(self.slot.capacity)
    }

    fn byte_capacity(&self) -> usize {
        self.slot.capacity
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > self.slot.capacity {
            wasmtime::bail!("a memory has room for {} bytes, not {new_size}", self.slot.capacity);
        }
        self.size.set(new_size);
        self.largest = self.largest.max(new_size);
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.base.0.as_ptr()
    }
}

impl Drop for SlabMemory {
    fn drop(&mut self) {
        self.slot.zero(self.largest);
    }
}

/// The right to use one slot; gives it back when dropped.
struct Slot {
    base: SlotBase,
    capacity: usize,
    class: usize,
    slab: Slab,
}

impl Slot {
    fn zero(&mut self, len: usize) {
        assert!(len <= self.capacity);
        #[expect(unsafe_code, reason = "gives pages of our own mapping back to the system")]
        // SAFETY: the slot owns `capacity >= len` bytes from `base` and the pages around them, and
        // `&mut self` says that nobody reads or writes them meanwhile.
        unsafe {
            zero_pages(self.base.0, len);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let base = SlotBase(self.base.0);
        self.slab.class(self.class).free.push(base);
    }
}

/// Makes `len` bytes from `base` read as zero, and gives their pages back where the system can.
///
/// # Safety
/// The whole pages around them must belong to a private anonymous mapping, and nobody may use any
/// of it.
#[expect(unsafe_code, reason = "the caller owns the bytes, as said above")]
pub(crate) unsafe fn zero_pages(base: NonNull<u8>, len: usize) {
    if len == 0 {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        let before = base.addr().get() % PAGE;
        // SAFETY: as the caller promised: the pages around the bytes are all of that mapping. On
        // Linux they read as zero afterwards.
        let advised = unsafe {
            let first = base.as_ptr().sub(before).cast::<c_void>();
            madvise(first, (before + len).next_multiple_of(PAGE), Advice::LinuxDontNeed)
        };
        if advised.is_ok() {
            return;
        }
    }
    // SAFETY: as the caller promised.
    unsafe { base.as_ptr().write_bytes(0, len) };
}

/// So many pages stay with a memory that is cleared for its next use.
const KEEP: usize = 64;

/// Makes `len` bytes from `base` read as zero. A few pages that are there stay there, so that the
/// next use need not fault them in; of pages that were never touched, none is.
///
/// # Safety
/// As for [`zero_pages`].
#[expect(unsafe_code, reason = "the caller owns the bytes, as said above")]
pub(crate) unsafe fn clear(base: NonNull<u8>, len: usize) {
    let start = base.addr().get();
    let Some(pages) = resident_pages(start, start + len) else {
        // SAFETY: as the caller promised.
        return unsafe { zero_pages(base, len) };
    };
    for page in pages {
        let from = page.max(start) - start;
        let to = (page + PAGE).min(start + len) - start;
        // SAFETY: `from..to` is inside the `len` bytes that the caller owns.
        let bytes = unsafe { std::slice::from_raw_parts_mut(base.add(from).as_ptr(), to - from) };
        // A page that was only read is the system's one zero page: writing would make it a page.
        if !is_zero(bytes) {
            bytes.fill(0);
        }
    }
}

/// True if all bytes of a page, or less, are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    static ZERO: [u8; PAGE] = [0; PAGE];
    *bytes == ZERO[..bytes.len()]
}

/// Addresses of the pages between two addresses that have memory behind them; `None` if the system
/// does not say, or there are more than [`KEEP`].
#[cfg(target_os = "linux")]
fn resident_pages(start: usize, end: usize) -> Option<Vec<usize>> {
    use std::cell::RefCell;
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::sync::LazyLock;
    static PAGEMAP: LazyLock<Option<File>> = LazyLock::new(|| {
        // On x86-64 there is no other size, and asking reads the vDSO, which valgrind takes away.
        let fits = cfg!(target_arch = "x86_64") || rustix::param::page_size() == PAGE;
        fits.then(|| File::open("/proc/self/pagemap").ok())?
    });
    /// A page is in memory, or swapped out.
    const THERE: u64 = 0b11 << 62;
    thread_local! {
        /// Room for what the system says: zeroing it would take longer than reading most of what it says.
        static WORDS: RefCell<[u8; PAGE]> = const { RefCell::new([0; PAGE]) };
    }

    let mut pages = Vec::with_capacity(KEEP);
    let (mut page, end) = (start / PAGE, end.div_ceil(PAGE));
    WORDS.with_borrow_mut(|words| {
        while page < end {
            let window = &mut words[..((end - page) * 8).min(PAGE)];
            PAGEMAP.as_ref()?.read_exact_at(window, page as u64 * 8).ok()?;
            for word in window.chunks_exact(8) {
                let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
                if word & THERE != 0 {
                    if pages.len() == KEEP {
                        return None;
                    }
                    pages.push(page * PAGE);
                }
                page += 1;
            }
        }
        Some(pages)
    })
}

#[cfg(not(target_os = "linux"))]
fn resident_pages(_: usize, _: usize) -> Option<Vec<usize>> {
    None
}

/// Where a slot begins.
struct SlotBase(NonNull<u8>);

#[expect(unsafe_code, reason = "an address may go to another thread")]
// SAFETY: the address is of mapped memory that no thread owns; whoever holds the `Slot` has it alone.
unsafe impl Send for SlotBase {}
#[expect(unsafe_code, reason = "an address may be seen by another thread")]
// SAFETY: a shared `SlotBase` only gives its address away.
unsafe impl Sync for SlotBase {}

/// One private, anonymous, unreserved mapping.
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

#[expect(unsafe_code, reason = "a mapping belongs to the process, not to a thread")]
// SAFETY: only its address and length are read after it was made.
unsafe impl Send for Mapping {}

impl Mapping {
    /// As much as there is room for, where address space is bounded (`ulimit -v`, valgrind): `most`
    /// bytes, or half as many, and so on, but not fewer than `least`.
    fn largest(most: usize, least: usize) -> rustix::io::Result<Mapping> {
        let mut len = most;
        loop {
            match Mapping::new(len) {
                Err(_) if len / 2 >= least => len /= 2,
                result => return result,
            }
        }
    }

    pub(crate) fn new(len: usize) -> rustix::io::Result<Mapping> {
        use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        #[expect(unsafe_code, reason = "asks for new memory; nothing existing is touched")]
        // SAFETY: no address is given, so that no existing mapping is replaced.
        let base =
            unsafe { mmap_anonymous(std::ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, flags)? };
        let base = NonNull::new(base.cast::<u8>()).expect("mmap without a fixed address never answers 0");
        // A huge page would back two megabytes for the few pages that a guest touches. Advice: a
        // system that does not know it loses memory, nothing else.
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "advice about our own new mapping")]
        // SAFETY: the mapping is `len` bytes long, and this advice changes no contents.
        let _ =
            unsafe { rustix::mm::madvise(base.as_ptr().cast(), len, rustix::mm::Advice::LinuxNoHugepage) };
        Ok(Mapping { base, len })
    }

    fn slot(&self, at: usize, size: usize) -> SlotBase {
        SlotBase(self.at(at, size))
    }

    /// Where `size` bytes begin at this offset.
    pub(crate) fn at(&self, at: usize, size: usize) -> NonNull<u8> {
        assert!(at + size <= self.len);
        #[expect(unsafe_code, reason = "address arithmetic inside the mapping")]
        // SAFETY: `at` is inside the mapping, as asserted.
        unsafe {
            self.base.add(at)
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "gives back what `new` mapped")]
        // SAFETY: every `Slot` holds the slab, and so its mappings: none is alive any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast::<c_void>(), self.len) };
        unmapped.expect("a mapping of our own can be unmapped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::engine;
    use wasmtime::{Instance, Module, Store};

    fn module(text: &str) -> Module {
        Module::new(engine(), wat::parse_str(text).unwrap()).unwrap()
    }

    #[test]
    fn a_slot_is_used_again_and_zero_again() {
        let slab = Slab::new();
        let first = {
            let mut memory = SlabMemory::new(slab.allocate(100_000).unwrap(), 65_536);
            memory.grow_to(131_072).unwrap();
            #[expect(unsafe_code, reason = "plays the guest")]
            // SAFETY: the memory has 131072 bytes.
            unsafe {
                memory.as_ptr().write_bytes(7, 131_072);
            }
            memory.as_ptr() as usize
        };
        let again = slab.allocate(1).unwrap();
        assert_eq!(first, again.base.0.as_ptr() as usize);
        #[expect(unsafe_code, reason = "looks at the slot")]
        // SAFETY: the slot has a capacity of 1 MiB.
        let bytes = unsafe { std::slice::from_raw_parts(again.base.0.as_ptr(), 131_072) };
        assert!(bytes.iter().all(|b| *b == 0));
    }

    #[test]
    fn less_address_space_than_wished_for_is_made_do_with() {
        let all = 1 << 60;
        let mapping = Mapping::largest(all, PAGE).unwrap();
        assert!((PAGE..all).contains(&mapping.len));
        assert!(Mapping::largest(all, all).is_err());
    }

    #[test]
    fn clearing_zeroes_every_page_and_touches_none_that_was_not_there() {
        let slab = Slab::new();
        for touched in [0, 1, 3, KEEP, KEEP + 1, 200] {
            let slot = slab.allocate(1 << 20).unwrap();
            let (base, len) = (slot.base.0, 1 << 20);
            #[expect(unsafe_code, reason = "plays the guest and the arena")]
            // SAFETY: the slot has a capacity of 1 MiB, and nobody else knows it.
            let bytes = unsafe { std::slice::from_raw_parts_mut(base.as_ptr(), len) };
            for n in 0..touched {
                bytes[n * PAGE + 17] = 1;
            }
            #[expect(unsafe_code, reason = "plays the guest and the arena")]
            // SAFETY: as above.
            unsafe {
                clear(base, len);
            }
            if let Some(pages) = resident_pages(base.addr().get(), base.addr().get() + len) {
                assert!(pages.len() <= touched.min(KEEP) + 1, "{} of {touched}", pages.len());
            }
            assert!(bytes.iter().all(|b| *b == 0), "{touched}");
        }
    }

    #[test]
    fn slots_never_overlap() {
        let slab = Slab::new();
        let slots: Vec<Slot> =
            [1, 1 << 20, 1, 2 << 20, 3 << 20, 1].map(|room| slab.allocate(room).unwrap()).into();
        let mut ranges: Vec<(usize, usize)> = slots
            .iter()
            .map(|s| (s.base.0.as_ptr() as usize, s.base.0.as_ptr() as usize + s.capacity))
            .collect();
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|w| w[0].1 <= w[1].0));
    }

    #[test]
    fn room_is_what_was_asked_for_or_declared() {
        let grown = |text: &str, room: usize, pages: u64| {
            let module = module(text);
            let mut store = Store::new(engine(), ());
            let instance = with_room(room, || Instance::new(&mut store, &module, &[])).0.unwrap();
            let memory = instance.get_memory(&mut store, "m").unwrap();
            memory.grow(&mut store, pages).is_ok()
        };
        let open = "(module (memory (export \"m\") 1))";
        assert!(grown(open, 1 << 20, 15));
        assert!(!grown(open, 1 << 20, 16), "a slot is never left");
        assert!(grown(open, 2 << 20, 16));
        assert!(grown(open, 4 << 30, 65_535));
        assert!(!grown("(module (memory (export \"m\") 1 2))", 2 << 20, 2));
        assert!(grown("(module (memory (export \"m\") 400))", 1 << 20, 1), "a minimum always fits");
    }

    #[test]
    fn a_memory_set_back_and_grown_by_nothing_has_shrunk() {
        let module = module(
            "(module (memory (export \"m\") 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))
                (func (export \"size\") (result i32) (memory.size))
                (func (export \"load\") (result i32) (i32.load (i32.const 65536))))",
        );
        let mut store = Store::new(engine(), ());
        let (instance, size) = with_room(1 << 20, || Instance::new(&mut store, &module, &[]));
        let (instance, size) = (instance.unwrap(), size.unwrap());
        let memory = instance.get_memory(&mut store, "m").unwrap();
        let call = |name: &str, store: &mut Store<()>| {
            instance.get_typed_func::<(), i32>(&mut *store, name).unwrap().call(store, ())
        };
        for _ in 0..3 {
            assert_eq!(call("size", &mut store).unwrap(), 1);
            assert!(call("load", &mut store).is_err());
            assert_eq!(call("grow", &mut store).unwrap(), 1);
            assert_eq!(call("size", &mut store).unwrap(), 2);
            assert_eq!(call("load", &mut store).unwrap(), 0);
            size.set(65_536);
            memory.grow(&mut store, 0).unwrap();
        }
    }

    #[test]
    fn an_access_past_the_end_traps_though_the_slot_goes_on() {
        let module = module(
            "(module (memory 1) (func (export \"f\") (param i32) (result i32) (i32.load (local.get 0))))",
        );
        let mut store = Store::new(engine(), ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<u32, u32>(&mut store, "f").unwrap();
        assert_eq!(f.call(&mut store, 65_532).unwrap(), 0);
        for address in [65_533, 65_536, 70_000, u32::MAX] {
            let error = f.call(&mut store, address).unwrap_err();
            assert_eq!(error.downcast_ref::<wasmtime::Trap>(), Some(&wasmtime::Trap::MemoryOutOfBounds));
        }
    }

    #[test]
    fn many_memories_need_few_mappings() {
        // More than `vm.max_map_count` allows when each has a mapping of its own.
        let slab = Slab::new();
        let slots: Vec<Slot> = (0..140_000).map(|_| slab.allocate(1 << 20).unwrap()).collect();
        assert_eq!(slab.class(1).mappings.len(), 3);
        drop(slots);
        assert_eq!(slab.class(1).free.len(), 140_000);
    }
}
