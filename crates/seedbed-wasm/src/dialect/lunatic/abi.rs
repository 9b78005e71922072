//! How the functions meet the guest: its memory, its failures, its waits.

use super::Lunatic;
use crate::blocking::{Bytes, Data, Wait, Woken, applied, charge, suspend, with_turn};
use crate::host::Stop;
use seedbed_abi::{Code, Failure, Pid, TimerId, TrapKind};
use seedbed_core::Want;
use std::time::Duration;
use wasmtime::Caller;

/// The caller of a function.
pub(super) type Guest<'a> = Caller<'a, Data>;

/// What a call answers that ran out of time.
pub(super) const TIMED_OUT: u32 = 9027;

/// A time-out that is none.
pub(super) const FOREVER: u64 = u64::MAX;

/// A thousand years.
const MILLIS_MAX: u64 = 31_557_600_000_000;

/// Defines functions that do not wait, under the names of their functions.
macro_rules! functions {
    ($linker:ident, $module:literal: $($name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {
        $($linker.func_wrap(
            concat!("lunatic::", $module),
            stringify!($name),
            #[allow(unused_parens, reason = "the result of a function without one")]
            |mut caller: Guest<'_> $(, $arg: $ty)*| -> wasmtime::Result<($($result)?)> {
                Ok($name(&mut caller $(, $arg)*)?)
            },
        )?;)*
    };
}
pub(super) use functions;

/// Defines functions that may wait, or whose effects are applied before they come back.
macro_rules! waiting {
    ($linker:ident, $module:literal: $($name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {
        $($linker.func_wrap_async(
            concat!("lunatic::", $module),
            stringify!($name),
            |mut caller: Guest<'_>, ($($arg,)*): ($($ty,)*)| {
                #[allow(unused_parens, reason = "the result of a function without one")]
                let result: Box<dyn Future<Output = wasmtime::Result<($($result)?)>> + Send> =
                    Box::new(async move { Ok($name(&mut caller $(, $arg)*).await?) });
                result
            },
        )?;)*
    };
}
pub(super) use waiting;

/// What was done is nothing that a process may do: it fails.
pub(super) fn misuse(text: &str) -> Stop {
    Stop::Failed(Failure::Trap(TrapKind::Other, text.into()))
}

/// The process asked for what it does not get.
pub(super) fn refused(name: &str, code: Code) -> Stop {
    misuse(&format!("{name}: {code}"))
}

/// What the caller keeps.
pub(super) fn own<'a>(caller: &'a mut Guest<'_>) -> &'a mut Lunatic {
    caller.data_mut().lunatic.as_mut().expect("a store of the dialect has it")
}

/// Memory and keepings of the caller.
pub(super) fn enter<'a>(
    caller: &'a mut Guest<'_>,
    name: &'static str,
) -> Result<(Bytes<'a>, &'a mut Lunatic), Stop> {
    let (bytes, data) = crate::blocking::enter_if(caller, name)
        .ok_or_else(|| misuse(&format!("{name}: the module exports no `memory`")))?;
    Ok((bytes, data.lunatic.as_mut().expect("a store of the dialect has it")))
}

/// A text of at most so many bytes, which are charged for.
pub(super) fn text(
    caller: &mut Guest<'_>,
    name: &'static str,
    (ptr, len): (u32, u32),
    max: u32,
) -> Result<String, Stop> {
    if len > max {
        return Err(misuse(&format!("{name}: a text of {len} bytes is longer than {max}")));
    }
    charge(caller, len);
    let (bytes, _) = enter(caller, name)?;
    let text = std::str::from_utf8(bytes.at(ptr, len)?);
    let text = text.map_err(|_| Stop::Failed(Failure::Trap(TrapKind::BadText, name.into())))?;
    Ok(text.to_owned())
}

/// Checks that so many bytes can be written.
pub(super) fn writable(caller: &mut Guest<'_>, name: &'static str, ptr: u32, len: u32) -> Result<(), Stop> {
    enter(caller, name)?.0.at(ptr, len).map(|_| ())
}

/// Writes into the memory.
pub(super) fn write(caller: &mut Guest<'_>, name: &'static str, ptr: u32, bytes: &[u8]) -> Result<(), Stop> {
    enter(caller, name)?.0.write(ptr, bytes)
}

/// A process by its number.
pub(super) fn process(name: &str, id: u64) -> Result<Pid, Stop> {
    let pid = Pid::from_raw(id);
    if pid.is_somebody() && !pid.is_address() {
        return Ok(pid);
    }
    Err(misuse(&format!("{name}: {id} is no process")))
}

/// A span as the guest says it.
pub(super) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms.min(MILLIS_MAX))
}

/// Asks for an effect, and has it applied.
pub(super) async fn effect(
    caller: &mut Guest<'_>,
    name: &'static str,
    ask: impl FnOnce(&mut Lunatic, &mut seedbed_core::Context<'static>) -> Result<(), Code>,
) -> Result<(), Stop> {
    let own = own(caller);
    let asked = with_turn(|turn| ask(own, turn.cx()));
    asked.map_err(|code| refused(name, code))?;
    apply().await
}

/// Has all that was asked for applied; an exit or kill of itself ends the process here.
pub(super) async fn apply() -> Result<(), Stop> {
    if with_turn(|turn| turn.cx().has_ended()) {
        return Err(Stop::Ended);
    }
    applied().await;
    Ok(())
}

/// Arms a timer of the process's own.
pub(super) fn arm(name: &str, ms: u64) -> Result<TimerId, Stop> {
    with_turn(|turn| turn.cx().set_timer(millis(ms), 0)).map_err(|code| refused(name, code))
}

/// Takes such a timer back.
pub(super) fn disarm(timer: Option<TimerId>) {
    if let Some(timer) = timer {
        with_turn(|turn| turn.cx().cancel_timer(timer));
    }
}

/// Waits for one of these.
pub(super) async fn until(caller: &mut Guest<'_>, wants: &[Want]) -> Result<Woken, Stop> {
    suspend(caller, Wait::For(wants.to_vec())).await
}
