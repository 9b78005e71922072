//! The `seedbed` dialect, version 1 (`docs/guest-abi.md`).
//!
//! Names and types are `seedbed_abi::dialect`'s; here is what each import does, in `handler` where
//! bytes go. Every pointer is checked; a bad one, or text that is not UTF-8, fails the turn. Wishes
//! are answered with a code.

mod handler;

pub(crate) use handler::{Handler, Hooks, payload_max};

use super::{entity_of, export_is, import};
use crate::host::{Call, Host, Stop, fuel_left};
use crate::module::ModuleError;
use crate::rewrite::{Entity, Shape};
use seedbed_abi::dialect::{self, INBOX_LEN, INBOX_PTR, MODULE};
use seedbed_abi::{
    Cancelled, Code, Correlation, ENVELOPE_LEN, Failure, Level, MonitorRef, Pid, Reason, Request, SpawnFlags,
    TimerId,
};
use seedbed_core::{Refusals, SpawnOptions};
use std::sync::LazyLock;
use std::time::Duration;
use wasmparser::ValType;
use wasmtime::{Caller, Linker};

/// A length that stands for "my own module" in `spawn`.
const OWN: u32 = u32::MAX;

/// The room of fixed size of a guest without `seedbed_inbox`: pointer and length.
pub(crate) fn fixed_inbox(shape: &Shape) -> Option<(u32, u32)> {
    if shape.export(dialect::INBOX.name).is_some() {
        return None;
    }
    Some((shape.constant(INBOX_PTR)? as u32, shape.constant(INBOX_LEN)? as u32))
}

/// Checks exports against the dialect.
pub(crate) fn check_exports(shape: &Shape) -> Result<(), ModuleError> {
    for function in &dialect::EXPORTS {
        export_is(shape, function.name, &entity_of(function))?;
    }
    if shape.export(dialect::INBOX.name).is_none() {
        for name in [INBOX_PTR, INBOX_LEN] {
            export_is(shape, name, &Entity::Global(ValType::I32))?;
        }
        check_fixed_inbox(shape)?;
    }
    Ok(())
}

fn check_fixed_inbox(shape: &Shape) -> Result<(), ModuleError> {
    let (ptr, len) = fixed_inbox(shape).ok_or(ModuleError::MissingInbox)?;
    let bytes = shape.memory.unwrap_or(0) << 16;
    let reason = if (len as usize) < ENVELOPE_LEN {
        "an envelope takes 48 bytes"
    } else if !ptr.is_multiple_of(8) {
        "it is not 8-aligned"
    } else if u64::from(ptr) + u64::from(len) > bytes {
        "it reaches outside of the memory"
    } else {
        return Ok(());
    };
    Err(ModuleError::BadInbox { ptr, len, reason })
}

/// The imports.
pub(crate) fn linker() -> &'static Linker<Host> {
    static LINKER: LazyLock<Linker<Host>> = LazyLock::new(|| {
        let mut linker = Linker::new(crate::engine::engine());
        mail(&mut linker)
            .and_then(|()| names(&mut linker))
            .and_then(|()| time(&mut linker))
            .and_then(|()| actors(&mut linker))
            .and_then(|()| reports(&mut linker))
            .expect("every import is defined once");
        linker
    });
    &LINKER
}

/// 0, or the code.
fn code(done: Result<(), Code>) -> i32 {
    done.map_or_else(|code| code as i32, |()| 0)
}

/// An id, or the code.
fn id(made: Result<u64, Code>) -> i64 {
    made.map_or_else(|code| i64::from(code as i32), |id| id as i64)
}

fn mail(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, MODULE, "send", refused by Mail, |call, to: u64, tag: u64, ptr: u32, len: u32| -> i32 {
        let payload = call.bytes(ptr, len)?;
        Ok(code(call.cx.send_tagged(Pid::from_raw(to), tag, payload)))
    });
    import!(linker, MODULE, "request", refused by Mail, |call,
                                        to: u64,
                                        tag: u64,
                                        ptr: u32,
                                        len: u32,
                                        timeout_ns: u64|
     -> i64 {
        let payload = call.bytes(ptr, len)?;
        let timeout = Duration::from_nanos(timeout_ns);
        Ok(id(call.cx.ask_tagged(Pid::from_raw(to), tag, payload, timeout).map(|c| c.0)))
    });
    import!(linker, MODULE, "reply", refused by Limit, |call,
                                      to: u64,
                                      correlation: u64,
                                      tag: u64,
                                      ptr: u32,
                                      len: u32|
     -> i32 {
        let payload = call.bytes(ptr, len)?;
        let request = Request { from: Pid::from_raw(to), correlation: Correlation(correlation) };
        Ok(code(call.cx.reply_tagged(request, tag, payload)))
    });
    Ok(())
}

fn names(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, MODULE, "self", |call| -> u64 { Ok(call.cx.me().to_raw()) });
    import!(linker, MODULE, "parent", |call| -> u64 { Ok(call.cx.parent().to_raw()) });
    import!(linker, MODULE, "address", |call, ptr: u32, len: u32| -> i64 {
        let name = call.text(ptr, len)?;
        Ok(id(call.cx.address(name).map(Pid::to_raw)))
    });
    import!(linker, MODULE, "whereis", |call, ptr: u32, len: u32| -> i64 {
        let name = call.text(ptr, len)?;
        Ok(call.cx.whereis(name).map_or(0, Pid::to_raw) as i64)
    });
    import!(linker, MODULE, "register", |call, ptr: u32, len: u32| -> i32 {
        let name = call.text(ptr, len)?;
        Ok(code(call.cx.register(name)))
    });
    import!(linker, MODULE, "unregister", |call| -> i32 { Ok(code(call.cx.unregister())) });
    Ok(())
}

fn time(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, MODULE, "now", |call| -> u64 { Ok(call.cx.now().as_nanos()) });
    import!(linker, MODULE, "unix_time", |call| -> u64 { Ok(call.cx.unix_time().as_nanos()) });
    import!(linker, MODULE, "random", |call, ptr: u32, len: u32| -> () { Ok(call.random(ptr, len)?) });
    import!(linker, MODULE, "set_timer", refused by Limit, |call, after_ns: u64, tag: u64| -> i64 {
        Ok(id(call.cx.set_timer(Duration::from_nanos(after_ns), tag).map(|t| t.0)))
    });
    import!(linker, MODULE, "set_interval", refused by Limit, |call, every_ns: u64, tag: u64| -> i64 {
        Ok(id(call.cx.set_interval(Duration::from_nanos(every_ns), tag).map(|t| t.0)))
    });
    import!(linker, MODULE, "cancel_timer", |call, timer: u64| -> i32 {
        Ok(match call.cx.cancel_timer(TimerId(timer)) {
            Cancelled::Cancelled => 1,
            Cancelled::Fired => 0,
            Cancelled::Unknown => -1,
        })
    });
    Ok(())
}

fn actors(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, MODULE, "spawn", refused by Limit, |call,
                                      entry: u32,
                                      entry_len: u32,
                                      args: u32,
                                      args_len: u32,
                                      flags: u32,
                                      name: u32,
                                      name_len: u32|
     -> i64 {
        let entry = if entry_len == OWN { None } else { Some(call.text(entry, entry_len)?) };
        let args = call.bytes(args, args_len)?;
        let name = call.text(name, name_len)?;
        Ok(id(spawn(&mut call, entry, args, flags, name).map(Pid::to_raw)))
    });
    import!(linker, MODULE, "link", refused by Limit, |call, pid: u64| -> i32 { Ok(code(call.cx.link(Pid::from_raw(pid)))) });
    import!(linker, MODULE, "unlink", refused by Limit, |call, pid: u64| -> i32 {
        Ok(code(call.cx.unlink(Pid::from_raw(pid))))
    });
    import!(linker, MODULE, "monitor", refused by Limit, |call, pid: u64| -> i64 {
        Ok(id(call.cx.monitor(Pid::from_raw(pid)).map(|r| r.0)))
    });
    import!(linker, MODULE, "demonitor", refused by Limit, |call, reference: u64, flush: u32| -> i32 {
        Ok(code(call.cx.demonitor(MonitorRef(reference), flush != 0)))
    });
    import!(linker, MODULE, "trap_exits", |call, on: u32| -> () {
        call.cx.trap_exits(on != 0);
        Ok(())
    });
    import!(linker, MODULE, "exit", refused by Limit, |call, pid: u64, reason: i32| -> i32 {
        let pid = Pid::from_raw(pid);
        let done = match Reason::from_i32(reason) {
            Some(reason) => call.cx.exit(pid, reason),
            None => call.cx.kill(pid),
        };
        // An exit of oneself does not return. Whether it was one is the kernel's to know: an
        // address may be the caller's own.
        if done.is_ok() && call.cx.has_ended() { Err(Stop::Ended.into()) } else { Ok(code(done)) }
    });
    import!(linker, MODULE, "stop", |call, reason: i32| -> () {
        match Reason::from_i32(reason) {
            Some(reason) => call.cx.stop(reason),
            None => return Err(Stop::Failed(Failure::Protocol("stop with reason 2".into())).into()),
        }
        Ok(())
    });
    Ok(())
}

fn spawn(call: &mut Call<'_>, entry: Option<&str>, args: &[u8], flags: u32, name: &str) -> Result<Pid, Code> {
    let known = SpawnFlags::LINK.with(SpawnFlags::MONITOR).with(SpawnFlags::NOTIFY);
    if !known.has(SpawnFlags(flags)) {
        return Err(Code::Invalid);
    }
    let options = if name.is_empty() { SpawnOptions::default() } else { SpawnOptions::registered(name) };
    let options = options.flags(SpawnFlags(flags)).args(args);
    let (pid, _reference) = match entry {
        Some(entry) => call.cx.spawn_entry(entry, options)?,
        None => call.cx.spawn_own(options)?,
    };
    Ok(pid)
}

fn reports(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, MODULE, "log", |call, level: i32, ptr: u32, len: u32| -> () {
        let text = call.text(ptr, len)?;
        call.cx.log(Level::from_i32(level), text);
        Ok(())
    });
    import!(linker, MODULE, "observe", |call, ptr: u32, len: u32, value: i64| -> i32 {
        let key = call.text(ptr, len)?;
        Ok(code(call.cx.try_observe(key, value)))
    });
    linker.func_wrap(MODULE, "fuel_left", |mut caller: Caller<'_, Host>| -> wasmtime::Result<i64> {
        Ok(fuel_left(&mut caller)?)
    })?;
    import!(linker, MODULE, "buggify", |call, ptr: u32, len: u32| -> i32 {
        let site = call.text(ptr, len)?;
        Ok(i32::from(call.cx.buggify(site)))
    });
    import!(linker, MODULE, "always", |call, ptr: u32, len: u32, holds: u32| -> () {
        let name = call.text(ptr, len)?;
        call.cx.always(name, holds != 0);
        Ok(())
    });
    import!(linker, MODULE, "sometimes", |call, ptr: u32, len: u32, holds: u32| -> () {
        let name = call.text(ptr, len)?;
        call.cx.sometimes(name, holds != 0);
        Ok(())
    });
    import!(linker, MODULE, "perform", refused by Limit, |call, effect: u32, effect_len: u32, ptr: u32, len: u32| -> i64 {
        let effect = call.text(effect, effect_len)?;
        let payload = call.bytes(ptr, len)?;
        // Files and sockets are for those that were given them, by calls of their dialect.
        if [seedbed_files::EFFECT, seedbed_sockets::EFFECT].contains(&effect) {
            return Ok((Code::NotFound as i32).into());
        }
        Ok(id(call.cx.perform(effect, payload).map(|c| c.0)))
    });
    Ok(())
}
