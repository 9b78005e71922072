//! `lunatic::trap`: calls whose failure the caller survives.
//!
//! The call runs on a stack of its own above that of the caller. What ends the process for good ends
//! it here too, however deep it is: a kill, an exit, fuel or time that are used up.

use super::abi::{Guest, misuse, own, waiting};
use crate::blocking::{Data, stack};
use crate::host::Stop;
use seedbed_abi::Failure;
use wasmtime::{Linker, Trap, TypedFunc};

/// What is called.
const CATCH: &str = "_lunatic_catch_trap";

/// So deep such calls may be in one another: each has a stack.
const DEPTH_MAX: u32 = 64;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    waiting! { linker, "trap":
        catch(function: i32, pointer: i32) -> i32;
    }
    Ok(())
}

async fn catch(caller: &mut Guest<'_>, function: i32, pointer: i32) -> Result<i32, Stop> {
    const NAME: &str = "trap::catch";
    let export = caller.get_export(CATCH).and_then(wasmtime::Extern::into_func);
    let export = export.ok_or_else(|| misuse(&format!("{NAME}: there is no export `{CATCH}` to call")))?;
    let call: TypedFunc<(i32, i32), i32> = export
        .typed(&*caller)
        .map_err(|_| misuse(&format!("{NAME}: `{CATCH}` is not a function (i32, i32) -> (i32)")))?;
    if own(caller).catches >= DEPTH_MAX {
        return Err(Stop::Failed(Failure::StackOverflow));
    }
    own(caller).catches += 1;
    let stack = stack(caller);
    let result = call.call_async(&mut *caller, (function, pointer)).await;
    own(caller).catches -= 1;
    let error = match result {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    match error.downcast_ref::<Stop>() {
        Some(Stop::Failed(Failure::Trap(..) | Failure::StackOverflow)) => {}
        Some(stop) => return Err(stop.clone()),
        None if error.downcast_ref::<Trap>().is_some_and(|trap| *trap != Trap::StackOverflow) => {}
        // A fault of the host is none of the guest's.
        None => return Err(Stop::Failed(Failure::HostPanic)),
    }
    // What the frames took that are gone.
    stack.put_back(caller);
    Ok(0)
}
