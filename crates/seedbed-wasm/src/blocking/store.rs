//! What the store of a guest that waits knows: its memory, and its fuel by slices.
//!
//! `fuel_slice` is filled in at every wait and wherever it runs out; running out is itself a wait,
//! for others to have their turn. What was burnt adds up to the life's `fuel_max`.

use super::turn::{Wait, Woken, applied, wait, with_turn};
use crate::dialect::lunatic::Lunatic;
use crate::dialect::wasi::Wasi;
use crate::growth::{Grows, Growth, limits_growth};
use crate::host::Stop;
use seedbed_abi::{Failure, Flags, TrapKind};
use wasmtime::{AsContextMut, Caller, Global, Memory, Val};

/// Data of a store.
pub(crate) struct Data {
    pub(super) growth: Growth,
    pub(super) handles: Option<Handles>,
    pub(super) fuel: Fuel,
    pub(crate) wasi: Wasi,
    /// What a process of that dialect keeps.
    pub(crate) lunatic: Option<Box<Lunatic>>,
}

/// What of the instance is looked up once.
#[derive(Clone, Copy)]
pub(super) struct Handles {
    pub(super) fuel: Global,
    pub(super) stack: Global,
    /// None in a module that imports nothing.
    pub(super) memory: Option<Memory>,
}

/// Fuel of a life.
pub(super) struct Fuel {
    pub(super) slice: i64,
    pub(super) max: Option<u64>,
    pub(super) burnt: u64,
}

impl Grows for Data {
    fn growth(&mut self) -> &mut Growth {
        &mut self.growth
    }

    /// What it begins with is no growth.
    fn fault_refuses(&mut self) -> bool {
        self.handles.is_some() && with_turn(|turn| turn.cx().refuses_growth())
    }
}

limits_growth!(Data);

impl Data {
    /// Data of a store without an instance, for a life with so much fuel: a slice, and all of it.
    pub(crate) fn new(growth: Growth, wasi: Wasi, (slice, max): (i64, Option<u64>)) -> Data {
        Data { growth, handles: None, fuel: Fuel { slice, max, burnt: 0 }, wasi, lunatic: None }
    }

    pub(super) fn handles(&self) -> Handles {
        self.handles.expect("set before any code of the guest runs")
    }

    /// Fuel that the guest has burnt until its last wait.
    pub(crate) fn burnt(&self) -> u64 {
        self.fuel.burnt
    }
}

/// Accounts for what was burnt since the counter was filled, and fills it.
///
/// # Errors
/// If it is more than the life has.
pub(super) fn account(mut store: impl AsContextMut<Data = Data>) -> Result<(), Stop> {
    let handles = store.as_context_mut().data().handles();
    let left = i64_of(&handles.fuel, &mut store);
    let data = store.as_context_mut();
    let slice = data.data().fuel.slice;
    handles.fuel.set(&mut store, Val::I64(slice)).expect("it is a mutable i64");
    let mut context = store.as_context_mut();
    let data = context.data_mut();
    let burnt = u64::try_from(slice.saturating_sub(left)).unwrap_or(0);
    data.fuel.burnt = data.fuel.burnt.saturating_add(burnt);
    with_turn(|turn| turn.fuel = turn.fuel.saturating_add(burnt));
    if data.fuel.max.is_some_and(|max| data.fuel.burnt > max) {
        return Err(Stop::Failed(Failure::OutOfFuel));
    }
    Ok(())
}

fn i64_of(global: &Global, store: impl AsContextMut<Data = Data>) -> i64 {
    match global.get(store) {
        Val::I64(n) => n,
        _ => unreachable!("the rewriting made it an i64"),
    }
}

/// Ends the guest's turn until another, which brings what it waits for.
///
/// # Errors
/// If the guest has burnt more than it has.
pub(crate) async fn suspend<S>(store: &mut S, what: Wait) -> Result<Woken, Stop>
where
    S: AsContextMut<Data = Data>,
{
    account(&mut *store)?;
    store.as_context_mut().data_mut().growth.refused = false;
    let mut what = what;
    loop {
        let then = match &what {
            // It will be told to go on.
            Wait::Yield | Wait::Spin => Wait::For(Vec::new()),
            other => other.clone(),
        };
        let timers = store.as_context_mut().data().lunatic.as_ref().is_some_and(|l| l.has_timers());
        with_turn(|turn| turn.timers = timers);
        let woken = wait(what).await;
        if !timers || !fires(&mut *store, &woken) {
            return Ok(woken);
        }
        applied().await;
        what = then;
    }
}

/// Does what a timer of the guest is for that it does not wait for; false if it is none.
fn fires(mut store: impl AsContextMut<Data = Data>, woken: &Woken) -> bool {
    let Woken::Signal(envelope, _) = woken else { return false };
    let mut context = store.as_context_mut();
    let lunatic = context.data_mut().lunatic.as_mut();
    envelope.flags == Flags::TIMER
        && lunatic.is_some_and(|l| with_turn(|turn| l.fire(turn.cx(), envelope.correlation)))
}

/// Called by the guest where a counter ran out.
pub(super) async fn out(caller: &mut Caller<'_, Data>) -> wasmtime::Result<()> {
    let handles = caller.data().handles();
    if i64_of(&handles.stack, &mut *caller) < 0 {
        return Err(Stop::Failed(Failure::StackOverflow).into());
    }
    suspend(caller, Wait::Spin).await?;
    Ok(())
}

/// The guest's memory, for one host call; its name is in the failures.
pub(crate) struct Bytes<'a> {
    bytes: &'a mut [u8],
    name: &'static str,
}

/// Memory and data of the caller, with so many units of fuel taken for the call.
pub(crate) fn enter<'a>(caller: &'a mut Caller<'_, Data>, name: &'static str) -> (Bytes<'a>, &'a mut Data) {
    enter_if(caller, name).expect("a module with imports has a memory")
}

/// The same; nothing if the module has no memory.
pub(crate) fn enter_if<'a>(
    caller: &'a mut Caller<'_, Data>,
    name: &'static str,
) -> Option<(Bytes<'a>, &'a mut Data)> {
    let memory = caller.data().handles().memory?;
    let (bytes, data) = memory.data_and_store_mut(caller);
    Some((Bytes { bytes, name }, data))
}

/// What is left of the caller's stack.
pub(crate) struct StackLeft(i64);

/// Looks at it.
pub(crate) fn stack(caller: &mut Caller<'_, Data>) -> StackLeft {
    let stack = caller.data().handles().stack;
    StackLeft(i64_of(&stack, caller))
}

impl StackLeft {
    /// The frames above are gone.
    pub(crate) fn put_back(self, caller: &mut Caller<'_, Data>) {
        let stack = caller.data().handles().stack;
        stack.set(caller, Val::I64(self.0)).expect("it is a mutable i64");
    }
}

/// Takes fuel for work that grows with what the guest asks for.
pub(crate) fn charge(caller: &mut Caller<'_, Data>, fuel: u32) {
    let counter = caller.data().handles().fuel;
    let left = i64_of(&counter, &mut *caller).saturating_sub(fuel.into());
    counter.set(&mut *caller, Val::I64(left)).expect("it is a mutable i64");
}

impl Bytes<'_> {
    fn bad(&self) -> Stop {
        Stop::Failed(Failure::Trap(TrapKind::BadPointer, self.name.into()))
    }

    /// Bytes at a pointer.
    pub(crate) fn at(&self, ptr: u32, len: u32) -> Result<&[u8], Stop> {
        let (at, len) = (ptr as usize, len as usize);
        self.bytes.get(at..at + len).ok_or_else(|| self.bad())
    }

    /// The same, to be written.
    pub(crate) fn at_mut(&mut self, ptr: u32, len: u32) -> Result<&mut [u8], Stop> {
        let (at, len, bad) = (ptr as usize, len as usize, self.bad());
        self.bytes.get_mut(at..at + len).ok_or(bad)
    }

    pub(crate) fn u32(&self, ptr: u32) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.at(ptr, 4)?.try_into().expect("four bytes")))
    }

    pub(crate) fn write(&mut self, ptr: u32, bytes: &[u8]) -> Result<(), Stop> {
        let len = u32::try_from(bytes.len()).map_err(|_| self.bad())?;
        self.at_mut(ptr, len)?.copy_from_slice(bytes);
        Ok(())
    }

    /// A pointer to the n-th of some things of this size.
    pub(crate) fn nth(&self, ptr: u32, n: u32, size: u32) -> Result<u32, Stop> {
        n.checked_mul(size).and_then(|by| ptr.checked_add(by)).ok_or_else(|| self.bad())
    }
}
