//! The `seedbed` dialect, version 1 (`docs/guest-abi.md`).
//!
//! Names and types are `seedbed_abi::dialect`'s; here is what each import does. Every pointer is
//! checked; a bad one, or text that is not UTF-8, fails the turn. Wishes are answered with a code.

use crate::host::{Call, Host, Stop, fuel_left};
use crate::module::ModuleError;
use crate::rewrite::{Entity, START, Shape, entry};
use seedbed_abi::dialect::{self, Function, INBOX_LEN, INBOX_PTR, MEMORY, MODULE, Value};
use seedbed_abi::{
    Cancelled, Code, Correlation, ENVELOPE_LEN, Failure, Level, MonitorRef, Pid, Reason, Request, SpawnFlags,
    TimerId,
};
use seedbed_core::SpawnOptions;
use std::sync::LazyLock;
use std::time::Duration;
use wasmparser::{FuncType, ValType};
use wasmtime::{Caller, Instance, Linker, Store, TypedFunc};

/// Constructors, as `wasm-ld` names them.
const INITIALIZE: &str = "_initialize";

/// A length that stands for "my own module" in `spawn`.
const OWN: u32 = u32::MAX;

type OnMessage = TypedFunc<(i64, u32, u32, u32), (i32, i64)>;
type OnStart = TypedFunc<(i64, u32, u32), (i32, i64)>;
type OnStop = TypedFunc<(i64, i32), i64>;
type Inbox = TypedFunc<(i64, u32), (u32, i64)>;
type Before = TypedFunc<i64, i64>;

/// The entries of one instance. Each takes fuel first, and gives what is left last.
pub(crate) struct Hooks {
    pub(crate) on_message: OnMessage,
    pub(crate) on_start: Option<OnStart>,
    pub(crate) on_stop: Option<OnStop>,
    pub(crate) inbox: Option<Inbox>,
    /// The start section, then constructors.
    pub(crate) before: [Option<Before>; 2],
}

impl Hooks {
    /// Looks the entries up.
    ///
    /// # Errors
    /// If one has a type that `check` does not let pass.
    pub(crate) fn find(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Hooks> {
        let on_message = instance.get_typed_func(&mut *store, &entry(dialect::ON_MESSAGE.name))?;
        let mut has = |name: &str| instance.get_func(&mut *store, name).is_some();
        let names =
            [dialect::ON_START.name, dialect::ON_STOP.name, dialect::INBOX.name, INITIALIZE].map(entry);
        let [start, stop, inbox, initialize] = [&names[0], &names[1], &names[2], &names[3]].map(|n| has(n));
        let has_start_section = has(START);
        Ok(Hooks {
            on_message,
            on_start: start.then(|| instance.get_typed_func(&mut *store, &names[0])).transpose()?,
            on_stop: stop.then(|| instance.get_typed_func(&mut *store, &names[1])).transpose()?,
            inbox: inbox.then(|| instance.get_typed_func(&mut *store, &names[2])).transpose()?,
            before: [
                has_start_section.then(|| instance.get_typed_func(&mut *store, START)).transpose()?,
                initialize.then(|| instance.get_typed_func(&mut *store, &names[3])).transpose()?,
            ],
        })
    }
}

/// The room of fixed size of a guest without `seedbed_inbox`: pointer and length.
pub(crate) fn fixed_inbox(shape: &Shape) -> Option<(u32, u32)> {
    if shape.export(dialect::INBOX.name).is_some() {
        return None;
    }
    Some((shape.constant(INBOX_PTR)? as u32, shape.constant(INBOX_LEN)? as u32))
}

/// Checks imports and exports against the dialect.
pub(crate) fn check(shape: &Shape) -> Result<(), ModuleError> {
    for import in &shape.imports {
        let known = dialect::IMPORTS.iter().find(|f| import.module == MODULE && f.name == import.name);
        let Some(function) = known else {
            return Err(ModuleError::UnknownImport {
                module: import.module.clone(),
                name: import.name.clone(),
            });
        };
        let expected = entity_of(function);
        if import.entity != expected {
            return Err(ModuleError::ImportType {
                name: import.name.clone(),
                expected: expected.to_string(),
                found: import.entity.to_string(),
            });
        }
    }
    let constructors = Function { name: INITIALIZE, params: &[], result: None };
    for function in dialect::EXPORTS.iter().chain([&constructors]) {
        export_is(shape, function.name, &entity_of(function))?;
    }
    if shape.export(MEMORY).is_none() {
        return Err(ModuleError::MissingExport(MEMORY));
    }
    export_is(shape, MEMORY, &Entity::Memory)?;
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

fn export_is(shape: &Shape, name: &'static str, expected: &Entity) -> Result<(), ModuleError> {
    match shape.export(name) {
        Some(found) if found != expected => {
            Err(ModuleError::ExportType { name, expected: expected.to_string(), found: found.to_string() })
        }
        _ => Ok(()),
    }
}

fn entity_of(function: &Function) -> Entity {
    let ty = |v: &Value| match v {
        Value::I32 => ValType::I32,
        Value::I64 => ValType::I64,
    };
    Entity::Function(FuncType::new(function.params.iter().map(ty), function.result.iter().map(ty)))
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

/// Defines one import: its name, its parameters, and what it does with a [`Call`].
macro_rules! import {
    ($linker:ident, $name:literal, |$call:ident $(, $arg:ident: $ty:ty)*| -> $result:ty $body:block) => {
        $linker.func_wrap(
            MODULE,
            $name,
            |mut caller: Caller<'_, Host> $(, $arg: $ty)*| -> wasmtime::Result<$result> {
                #[allow(unused_mut, reason = "not every import reads memory")]
                let mut $call = Call::new(caller.data_mut(), $name)?;
                $body
            },
        )?;
    };
}

fn mail(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, "send", |call, to: u64, tag: u64, ptr: u32, len: u32| -> i32 {
        let payload = call.bytes(ptr, len)?;
        Ok(code(call.cx.send_tagged(Pid::from_raw(to), tag, payload)))
    });
    import!(linker, "request", |call, to: u64, tag: u64, ptr: u32, len: u32, timeout_ns: u64| -> i64 {
        let payload = call.bytes(ptr, len)?;
        let timeout = Duration::from_nanos(timeout_ns);
        Ok(id(call.cx.ask_tagged(Pid::from_raw(to), tag, payload, timeout).map(|c| c.0)))
    });
    import!(linker, "reply", |call, to: u64, correlation: u64, tag: u64, ptr: u32, len: u32| -> i32 {
        let payload = call.bytes(ptr, len)?;
        let request = Request { from: Pid::from_raw(to), correlation: Correlation(correlation) };
        Ok(code(call.cx.reply_tagged(request, tag, payload)))
    });
    Ok(())
}

fn names(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, "self", |call| -> u64 { Ok(call.cx.me().to_raw()) });
    import!(linker, "parent", |call| -> u64 { Ok(call.cx.parent().to_raw()) });
    import!(linker, "address", |call, ptr: u32, len: u32| -> i64 {
        let name = call.text(ptr, len)?;
        Ok(id(call.cx.address(name).map(Pid::to_raw)))
    });
    import!(linker, "whereis", |call, ptr: u32, len: u32| -> i64 {
        let name = call.text(ptr, len)?;
        Ok(call.cx.whereis(name).map_or(0, Pid::to_raw) as i64)
    });
    import!(linker, "register", |call, ptr: u32, len: u32| -> i32 {
        let name = call.text(ptr, len)?;
        Ok(code(call.cx.register(name)))
    });
    import!(linker, "unregister", |call| -> i32 { Ok(code(call.cx.unregister())) });
    Ok(())
}

fn time(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, "now", |call| -> u64 { Ok(call.cx.now().as_nanos()) });
    import!(linker, "unix_time", |call| -> u64 { Ok(call.cx.unix_time().as_nanos()) });
    import!(linker, "random", |call, ptr: u32, len: u32| -> () { Ok(call.random(ptr, len)?) });
    import!(linker, "set_timer", |call, after_ns: u64, tag: u64| -> i64 {
        Ok(id(call.cx.set_timer(Duration::from_nanos(after_ns), tag).map(|t| t.0)))
    });
    import!(linker, "set_interval", |call, every_ns: u64, tag: u64| -> i64 {
        Ok(id(call.cx.set_interval(Duration::from_nanos(every_ns), tag).map(|t| t.0)))
    });
    import!(linker, "cancel_timer", |call, timer: u64| -> i32 {
        Ok(match call.cx.cancel_timer(TimerId(timer)) {
            Cancelled::Cancelled => 1,
            Cancelled::Fired => 0,
            Cancelled::Unknown => -1,
        })
    });
    Ok(())
}

fn actors(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    import!(linker, "spawn", |call,
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
    import!(linker, "link", |call, pid: u64| -> i32 { Ok(code(call.cx.link(Pid::from_raw(pid)))) });
    import!(linker, "unlink", |call, pid: u64| -> i32 { Ok(code(call.cx.unlink(Pid::from_raw(pid)))) });
    import!(linker, "monitor", |call, pid: u64| -> i64 {
        Ok(id(call.cx.monitor(Pid::from_raw(pid)).map(|r| r.0)))
    });
    import!(linker, "demonitor", |call, reference: u64, flush: u32| -> i32 {
        Ok(code(call.cx.demonitor(MonitorRef(reference), flush != 0)))
    });
    import!(linker, "trap_exits", |call, on: u32| -> () {
        call.cx.trap_exits(on != 0);
        Ok(())
    });
    import!(linker, "exit", |call, pid: u64, reason: i32| -> i32 {
        let pid = Pid::from_raw(pid);
        let done = match Reason::from_i32(reason) {
            Some(reason) => call.cx.exit(pid, reason),
            None => call.cx.kill(pid),
        };
        // An exit of oneself does not return. Whether it was one is the kernel's to know: an
        // address may be the caller's own.
        if done.is_ok() && call.cx.has_ended() { Err(Stop::Ended.into()) } else { Ok(code(done)) }
    });
    import!(linker, "stop", |call, reason: i32| -> () {
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
    import!(linker, "log", |call, level: i32, ptr: u32, len: u32| -> () {
        let text = call.text(ptr, len)?;
        call.cx.log(Level::from_i32(level), text);
        Ok(())
    });
    import!(linker, "observe", |call, ptr: u32, len: u32, value: i64| -> i32 {
        let key = call.text(ptr, len)?;
        Ok(code(call.cx.try_observe(key, value)))
    });
    linker.func_wrap(MODULE, "fuel_left", |mut caller: Caller<'_, Host>| -> wasmtime::Result<i64> {
        Ok(fuel_left(&mut caller)?)
    })?;
    import!(linker, "buggify", |call, ptr: u32, len: u32| -> i32 {
        let site = call.text(ptr, len)?;
        Ok(i32::from(call.cx.buggify(site)))
    });
    import!(linker, "always", |call, ptr: u32, len: u32, holds: u32| -> () {
        let name = call.text(ptr, len)?;
        call.cx.always(name, holds != 0);
        Ok(())
    });
    import!(linker, "sometimes", |call, ptr: u32, len: u32, holds: u32| -> () {
        let name = call.text(ptr, len)?;
        call.cx.sometimes(name, holds != 0);
        Ok(())
    });
    import!(linker, "perform", |call, effect: u32, effect_len: u32, ptr: u32, len: u32| -> i64 {
        let effect = call.text(effect, effect_len)?;
        let payload = call.bytes(ptr, len)?;
        Ok(id(call.cx.perform(effect, payload).map(|c| c.0)))
    });
    Ok(())
}
