//! Arguments, environment, clocks, randomness.

use super::super::abi::{CLOCK_MONOTONIC, CLOCK_PROCESS, CLOCK_REALTIME, CLOCK_THREAD};
use super::{Done, Errno};
use crate::blocking::{Bytes, Data, charge, enter, with_turn};
use crate::host::Stop;
use wasmtime::Caller;

type Guest<'a> = Caller<'a, Data>;

pub(super) fn args_get(caller: &mut Guest<'_>, argv: u32, buffer: u32) -> Done {
    let (mut bytes, data) = enter(caller, "args_get");
    Ok(texts(&mut bytes, &data.wasi.args, argv, buffer)?)
}

pub(super) fn args_sizes_get(caller: &mut Guest<'_>, count: u32, len: u32) -> Done {
    let (mut bytes, data) = enter(caller, "args_sizes_get");
    Ok(sizes(&mut bytes, &data.wasi.args, count, len)?)
}

pub(super) fn environ_get(caller: &mut Guest<'_>, argv: u32, buffer: u32) -> Done {
    let (mut bytes, data) = enter(caller, "environ_get");
    Ok(texts(&mut bytes, &data.wasi.env, argv, buffer)?)
}

pub(super) fn environ_sizes_get(caller: &mut Guest<'_>, count: u32, len: u32) -> Done {
    let (mut bytes, data) = enter(caller, "environ_sizes_get");
    Ok(sizes(&mut bytes, &data.wasi.env, count, len)?)
}

/// Writes texts one after the other, and a pointer to each.
fn texts(bytes: &mut Bytes<'_>, texts: &[Vec<u8>], argv: u32, buffer: u32) -> Result<(), Stop> {
    let mut at = buffer;
    for (n, text) in texts.iter().enumerate() {
        let pointer = bytes.nth(argv, n as u32, 4)?;
        bytes.write(pointer, &at.to_le_bytes())?;
        bytes.write(at, text)?;
        at = bytes.nth(at, text.len() as u32, 1)?;
    }
    Ok(())
}

fn sizes(bytes: &mut Bytes<'_>, texts: &[Vec<u8>], count: u32, len: u32) -> Result<(), Stop> {
    let all: usize = texts.iter().map(Vec::len).sum();
    bytes.write(count, &(texts.len() as u32).to_le_bytes())?;
    bytes.write(len, &(all as u32).to_le_bytes())
}

pub(super) fn clock_res_get(caller: &mut Guest<'_>, clock: u32, to: u32) -> Done {
    if clock > CLOCK_THREAD {
        return Err(Errno::Inval.into());
    }
    let (mut bytes, _) = enter(caller, "clock_res_get");
    Ok(bytes.write(to, &1u64.to_le_bytes())?)
}

pub(super) fn clock_time_get(caller: &mut Guest<'_>, clock: u32, _precision: u64, to: u32) -> Done {
    let (mut bytes, data) = enter(caller, "clock_time_get");
    let ns = match clock {
        CLOCK_REALTIME => with_turn(|turn| turn.cx().unix_time().as_nanos()),
        CLOCK_MONOTONIC => with_turn(|turn| turn.cx().now().as_nanos()),
        // Time of a processor is fuel: the same in every run.
        CLOCK_PROCESS | CLOCK_THREAD => data.burnt(),
        _ => return Err(Errno::Inval.into()),
    };
    Ok(bytes.write(to, &ns.to_le_bytes())?)
}

pub(super) fn random_get(caller: &mut Guest<'_>, buffer: u32, len: u32) -> Done {
    charge(caller, len);
    let (mut bytes, _) = enter(caller, "random_get");
    let out = bytes.at_mut(buffer, len)?;
    with_turn(|turn| turn.cx().random(out));
    Ok(())
}

/// There are no signals.
pub(super) fn proc_raise(_: &mut Guest<'_>, _signal: u32) -> Done {
    Err(Errno::Nosys.into())
}
