//! What a store knows of the turn that runs in it.
//!
//! A node's guests share one store, so the store's data says whose turn it is. Host calls reach the
//! turn's [`Context`] through it.

use crate::dialect::palladium::Peer;
use crate::growth::{Grows, Growth, limits_growth};
use crate::pump::{Batch, Entry};
use seedbed_abi::{Code, Failure, TrapKind};
use seedbed_core::{Context, Failed, Refusals};
use std::marker::PhantomData;
use std::ptr::NonNull;
use thiserror::Error;
use wasmtime::{Caller, Global, Store, Val};

/// Data of a store.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) turn: Turn,
    /// The batch that the store's pump goes through.
    pub(crate) batch: Option<Batch>,
    /// What the pump calls guests by, each where its handler is in the store's loop.
    pub(crate) entries: Vec<Entry>,
    pub(crate) growth: Growth,
    /// What imports of the dialect `palladium` know of the actor whose turn it is.
    pub(crate) peer: Option<Box<Peer>>,
}

/// The turn that runs. Its fields are written one by one where it begins: what is put together first and
/// then moved waits for all of its parts to reach the cache.
pub(crate) struct Turn {
    /// Lent for the length of the turn, see [`Turn::begin`]; `None` between turns.
    cx: Option<Context<'static>>,
    memory: NonNull<u8>,
    /// The counter in the guest.
    fuel: Option<Global>,
    /// Fuel that the turn had at its beginning.
    budget: i64,
    /// Fuel that host calls took, beside the counter in the guest.
    charged: i64,
    /// False while a hook runs that may call no import.
    imports: bool,
}

#[expect(unsafe_code, reason = "wasmtime wants a limiter that could go to another thread")]
// SAFETY: a turn is in a store only while `Entered` or `Pumping` borrows that store, and neither can
// go to another thread, since each holds (as a marker) a borrow of what is not `Send`.
unsafe impl Send for Turn {}

impl Default for Turn {
    fn default() -> Turn {
        Turn { cx: None, memory: NonNull::dangling(), fuel: None, budget: 0, charged: 0, imports: false }
    }
}

impl Turn {
    /// Begins a turn of a guest with this memory (its base) and fuel counter.
    #[inline(always)]
    pub(crate) fn begin(&mut self, cx: Context<'_>, memory: NonNull<u8>, fuel: Global, budget: i64) {
        #[expect(unsafe_code, reason = "a store's data cannot name the lifetime of a turn")]
        // SAFETY: only the lifetime changes. Turns are begun by `Entered` and `Pumping`, which hold the
        // borrow that `cx` is made of for as long as it is there, and do not use it meanwhile; it is
        // taken out, and goes, before that borrow is used again.
        let cx = unsafe { std::mem::transmute::<Context<'_>, Context<'static>>(cx) };
        self.cx = Some(cx);
        self.memory = memory;
        self.fuel = Some(fuel);
        self.budget = budget;
        self.charged = 0;
        self.imports = true;
    }

    /// What it lends to host calls.
    ///
    /// # Panics
    /// If none runs.
    #[inline]
    pub(crate) fn cx(&mut self) -> &mut Context<'static> {
        self.cx.as_mut().expect("a guest runs in a turn")
    }

    /// It is over.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.cx = None;
    }

    /// What its fuel came to.
    #[inline]
    pub(crate) fn spent(&self) -> Spent {
        Spent { budget: self.budget, charged: self.charged }
    }
}

/// Fuel of a turn whose guest does not run any more.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    budget: i64,
    charged: i64,
}

impl Spent {
    /// Tells how much the turn used, if the guest's counter says that so much is left.
    ///
    /// # Errors
    /// If that was more than it had.
    #[inline]
    pub(crate) fn account(self, cx: &mut Context<'_>, left: i64) -> Result<(), Failed> {
        let used = (self.budget - left).checked_add(self.charged).unwrap_or(i64::MAX);
        cx.set_fuel_used(used.cast_unsigned());
        if used > self.budget { Err(Failure::OutOfFuel.into()) } else { Ok(()) }
    }
}

/// Why a host call does not return to the guest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Stop {
    /// The actor ended itself: the turn counts up to here (rule T4).
    #[error("the actor ended itself")]
    Ended,
    /// The guest exits by itself, with a code: only those that wait do.
    #[error("the guest exited with code {0}")]
    Exit(i32),
    /// The turn fails.
    #[error("{0}")]
    Failed(Failure),
}

/// A turn in a store: from its beginning until this is dropped, host calls find its context.
pub(crate) struct Entered<'a> {
    pub(crate) store: &'a mut Store<Host>,
    memory: NonNull<u8>,
    _cx: PhantomData<&'a mut Context<'a>>,
}

impl<'a> Entered<'a> {
    /// Begins a turn for a guest with this memory (its base and size in bytes) and fuel counter.
    pub(crate) fn new(
        store: &'a mut Store<Host>,
        cx: &'a mut Context<'_>,
        (memory, len): (NonNull<u8>, usize),
        fuel: Global,
        budget: i64,
        memory_max: usize,
    ) -> Entered<'a> {
        let host = store.data_mut();
        host.growth = Growth { len, max: memory_max, ..Growth::default() };
        host.turn.begin(cx.lend(), memory, fuel, budget);
        Entered { store, memory, _cx: PhantomData }
    }

    /// Forbids or allows imports.
    pub(crate) fn imports(&mut self, allowed: bool) {
        self.store.data_mut().turn.imports = allowed;
    }

    /// Size of the guest's memory now, in bytes.
    #[inline]
    pub(crate) fn memory_len(&self) -> usize {
        self.store.data().growth.len
    }

    /// Writes into the guest's memory, which must have room, one behind the other.
    #[inline]
    pub(crate) fn write<const N: usize>(&mut self, at: u32, parts: [&[u8]; N]) -> Result<(), Stop> {
        let turn = self.store.data();
        write(self.memory, turn.growth.len, at, parts)
    }

    /// Ends the turn.
    #[inline]
    pub(crate) fn over(self) -> Spent {
        self.store.data().turn.spent()
    }
}

/// Writes into a guest's memory (its base and size in bytes), which must have room, one behind the other.
#[inline(always)]
pub(crate) fn write<const N: usize>(
    memory: NonNull<u8>,
    memory_len: usize,
    at: u32,
    parts: [&[u8]; N],
) -> Result<(), Stop> {
    let len: usize = parts.iter().map(|bytes| bytes.len()).sum();
    let mut at = at as usize;
    if at.checked_add(len).is_none_or(|end| end > memory_len) {
        return Err(Stop::Failed(Failure::Protocol("the inbox reaches outside of the memory".into())));
    }
    for bytes in parts {
        #[expect(unsafe_code, reason = "a copy into guest memory by its cached base")]
        // SAFETY: `memory` is the base of a guest's slab memory, which cannot move, and has
        // `memory_len` bytes; all parts together were just found inside. No guest code runs and
        // no reference into the memory is alive; `bytes` is the host's own.
        unsafe {
            copy(bytes.as_ptr(), memory.add(at).as_ptr(), bytes.len());
        }
        at += bytes.len();
    }
    Ok(())
}

/// Copies what mostly is short, by pieces that are as large as those in which the kernel wrote it: a
/// larger one would have to wait until all that it is made of has reached the cache.
///
/// # Safety
/// As for [`std::ptr::copy_nonoverlapping`].
#[expect(unsafe_code, reason = "for guest memory, which is known by its base only")]
#[inline(always)]
unsafe fn copy(mut from: *const u8, mut to: *mut u8, len: usize) {
    /// The next so many bytes.
    macro_rules! piece {
        ($len:literal) => {
            // SAFETY: pieces are as the bits of `len` say, so that all together are `len` bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(from, to, $len);
                (from, to) = (from.add($len), to.add($len));
            }
        };
    }
    if len >= 128 {
        // SAFETY: the caller's.
        return unsafe { std::ptr::copy_nonoverlapping(from, to, len) };
    }
    if len & 64 != 0 {
        piece!(64);
        if len == 64 {
            return;
        }
    }
    if len & 32 != 0 {
        piece!(32);
    }
    if len & 16 != 0 {
        piece!(16);
    }
    if len & 8 != 0 {
        piece!(8);
    }
    for _ in 0..len & 7 {
        piece!(1);
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.store.data_mut().turn.end();
    }
}

/// One host call: the context, and the caller's memory and fuel.
pub(crate) struct Call<'c> {
    pub(crate) cx: &'c mut Context<'static>,
    memory: NonNull<u8>,
    len: usize,
    name: &'static str,
    budget: i64,
    charged: &'c mut i64,
    fuel: &'c Option<Global>,
}

impl<'c> Call<'c> {
    /// Enters the host call `name`.
    #[inline]
    pub(crate) fn new(host: &'c mut Host, name: &'static str) -> Result<Call<'c>, Stop> {
        let len = host.growth.len;
        let Turn { cx, memory, fuel, budget, charged, imports } = &mut host.turn;
        let (Some(cx), true) = (cx, *imports) else {
            let text = "an import was called where none may be";
            return Err(Stop::Failed(Failure::Protocol(text.into())));
        };
        Ok(Call { cx, memory: *memory, len, name, budget: *budget, charged, fuel })
    }

    /// The code with which a fault refuses this call.
    #[inline]
    pub(crate) fn refused(&mut self, refusals: Refusals) -> Option<Code> {
        self.cx.refuses_call(self.name, refusals)
    }

    /// The counter in the guest.
    pub(crate) fn fuel(&self) -> Global {
        self.fuel.expect("a turn has begun with it")
    }

    /// Fuel that host calls took.
    pub(crate) fn charged(&self) -> i64 {
        *self.charged
    }

    /// True if a pointer and length lie in the caller's memory.
    pub(crate) fn reaches(&self, ptr: u32, len: u32) -> bool {
        ptr as usize + len as usize <= self.len
    }

    /// Checks a pointer and length, and charges for the bytes.
    #[inline]
    fn range(&mut self, ptr: u32, len: u32) -> Result<(usize, usize), Stop> {
        let (at, len) = (ptr as usize, len as usize);
        if at + len > self.len {
            return Err(Stop::Failed(Failure::Trap(TrapKind::BadPointer, self.name.into())));
        }
        *self.charged += len as i64;
        if *self.charged > self.budget {
            return Err(Stop::Failed(Failure::OutOfFuel));
        }
        Ok((at, len))
    }

    /// Bytes of the caller's memory.
    #[inline]
    pub(crate) fn bytes(&mut self, ptr: u32, len: u32) -> Result<&'c [u8], Stop> {
        let (at, len) = self.range(ptr, len)?;
        #[expect(unsafe_code, reason = "reads guest memory by its cached base")]
        // SAFETY: the range is inside the memory, which cannot move or shrink; no guest code runs,
        // and nothing writes to it, until this host call (`'c`) has ended: `random` alone writes,
        // and it reads nothing.
        Ok(unsafe { std::slice::from_raw_parts(self.memory.add(at).as_ptr(), len) })
    }

    /// A text in the caller's memory.
    pub(crate) fn text(&mut self, ptr: u32, len: u32) -> Result<&'c str, Stop> {
        let bytes = self.bytes(ptr, len)?;
        let bad = || Stop::Failed(Failure::Trap(TrapKind::BadText, self.name.into()));
        std::str::from_utf8(bytes).map_err(|_| bad())
    }

    /// Fills bytes of the caller's memory from the actor's random stream.
    pub(crate) fn random(&mut self, ptr: u32, len: u32) -> Result<(), Stop> {
        let (at, len) = self.range(ptr, len)?;
        #[expect(unsafe_code, reason = "writes guest memory by its cached base")]
        // SAFETY: as for `bytes`; this is the only reference into the memory, and ends here.
        let out = unsafe { std::slice::from_raw_parts_mut(self.memory.add(at).as_ptr(), len) };
        self.cx.random(out);
        Ok(())
    }
}

/// Fuel left in the turn that calls.
pub(crate) fn fuel_left(caller: &mut Caller<'_, Host>) -> Result<i64, Stop> {
    let (fuel, charged) = {
        let call = Call::new(caller.data_mut(), "fuel_left")?;
        (call.fuel(), call.charged())
    };
    let Val::I64(left) = fuel.get(&mut *caller) else { unreachable!("the rewriting made it an i64") };
    Ok((left - charged).max(0))
}

impl Grows for Host {
    fn growth(&mut self) -> &mut Growth {
        &mut self.growth
    }

    fn fault_refuses(&mut self) -> bool {
        self.turn.cx.as_mut().is_some_and(Context::refuses_growth)
    }
}

limits_growth!(Host);
