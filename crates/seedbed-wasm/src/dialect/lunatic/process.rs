//! `lunatic::process`: modules, spawning, links, monitors, sleep.

use super::abi::{
    Guest, apply, arm, effect, enter, functions, misuse, own, process, refused, text, until, waiting,
    writable, write,
};
use super::message::signal;
use super::registry::{NAME_MAX, Named, find, may_register, name};
use super::spawn::{Asked, Spawned, prepare};
use crate::blocking::{Data, Wait, charge, suspend, with_turn};
use crate::host::Stop;
use crate::module::Module;
use seedbed_abi::{Code, Level, Pid, Signal, SpawnFlags, StartOutcome};
use seedbed_core::{SpawnOptions, Want};
use std::sync::Arc;
use wasmtime::Linker;

/// Bytes of the largest module that is compiled at run time.
const MODULE_MAX: u32 = 8 << 20;

/// So many modules a process may compile in its life.
const COMPILED_MAX: u32 = 256;

/// Fuel for compiling one byte.
const COMPILE_FUEL: u32 = 100;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "process":
        compile_module(ptr: u32, len: u32, id_to: u32) -> i32;
        drop_module(id: u64);
        die_when_link_dies(die: u32);
        process_id() -> u64;
        environment_id() -> u64;
        exists(id: u64) -> i32;
    }
    waiting! { linker, "process":
        spawn(link: i64, config: i64, module: i64, function: u32, function_len: u32, params: u32, params_len: u32, id_to: u32) -> u32;
        get_or_spawn(name: u32, name_len: u32, link: i64, config: i64, module: i64, function: u32, function_len: u32, params: u32, params_len: u32, node_to: u32, id_to: u32) -> u32;
        sleep_ms(ms: u64);
        link(tag: i64, id: u64);
        unlink(id: u64);
        monitor(id: u64);
        stop_monitoring(id: u64);
        kill(id: u64);
    }
    Ok(())
}

/// What is compiled is in the log by its hash: the same in every run.
fn compile_module(caller: &mut Guest<'_>, ptr: u32, len: u32, id_to: u32) -> Result<i32, Stop> {
    const NAME: &str = "process::compile_module";
    if !own(caller).rights.compile {
        return Ok(-1);
    }
    writable(caller, NAME, id_to, 8)?;
    let made = if len > MODULE_MAX {
        Err(format!("a module of {len} bytes is larger than {MODULE_MAX}"))
    } else if own(caller).compiled >= COMPILED_MAX {
        Err(format!("the process has compiled {COMPILED_MAX} modules"))
    } else {
        charge(caller, len.saturating_mul(COMPILE_FUEL));
        let (bytes, own) = enter(caller, NAME)?;
        let bytes = bytes.at(ptr, len)?;
        own.compiled += 1;
        Module::at_run_time(bytes).map_err(|error| error.to_string())
    };
    match made {
        Ok(module) => {
            with_turn(|turn| turn.cx().log(Level::Debug, &format!("compiled a module: {}", module.hash())));
            let id = own(caller).modules.add(NAME, module)?;
            write(caller, NAME, id_to, &id.to_le_bytes())?;
            Ok(0)
        }
        Err(error) => {
            fail(caller, NAME, error, id_to)?;
            Ok(1)
        }
    }
}

/// Makes an error of a text, and writes its number.
pub(super) fn fail(
    caller: &mut Guest<'_>,
    name: &'static str,
    error: String,
    id_to: u32,
) -> Result<(), Stop> {
    let id = own(caller).errors.add(name, error)?;
    write(caller, name, id_to, &id.to_le_bytes())
}

fn drop_module(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    own(caller).modules.remove("process::drop_module", id).map(drop)
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn spawn(
    caller: &mut Guest<'_>,
    link: i64,
    config: i64,
    module: i64,
    function: u32,
    function_len: u32,
    params: u32,
    params_len: u32,
    id_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "process::spawn";
    let asked = Asked { config, module, function: (function, function_len), params: (params, params_len) };
    let spawned = prepare(caller, NAME, asked)?;
    start(caller, NAME, link, spawned, id_to, None).await
}

/// Spawns, and waits until the start is over. Nobody is spawned whose number has no place to be written to.
pub(super) async fn start(
    caller: &mut Guest<'_>,
    call: &'static str,
    link: i64,
    spawned: Result<Spawned, String>,
    id_to: u32,
    registered: Option<String>,
) -> Result<u32, Stop> {
    writable(caller, call, id_to, 8)?;
    let outcome = match spawned {
        Ok(spawned) => began(caller, call, link, spawned, registered).await?,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(pid) => {
            write(caller, call, id_to, &pid.to_raw().to_le_bytes())?;
            Ok(0)
        }
        Err(error) => {
            fail(caller, call, error, id_to)?;
            Ok(1)
        }
    }
}

async fn began(
    caller: &mut Guest<'_>,
    call: &'static str,
    link: i64,
    spawned: Spawned,
    registered: Option<String>,
) -> Result<Result<Pid, String>, Stop> {
    let own = own(caller);
    let (signals, max) = (&mut own.signals, own.rights.processes_max);
    let pid = with_turn(|turn| {
        let cx = turn.cx();
        if cx.alive() >= max {
            return Err(misuse(&format!("{call}: the limit of {max} processes is reached")));
        }
        let options = SpawnOptions::default().flags(SpawnFlags::NOTIFY);
        let pid = signals.spawn(cx, (link != 0).then_some(link), options, Arc::new(spawned));
        let pid = pid.map_err(|code| refused(call, code))?;
        if let Some(text) = registered {
            let named = Named { node: super::distributed::number_of(cx, cx.node_id()), pid };
            name(cx, text, named).map_err(|code| refused(call, code))?;
        }
        Ok(pid)
    })?;
    apply().await?;
    let (envelope, payload) = signal(until(caller, &[Want::Started]).await?);
    Ok(match Signal::decode(&envelope, &payload) {
        Some(Signal::Started { outcome: StartOutcome::Failed(reason), .. }) => Err(reason.to_string()),
        _ => Ok(pid),
    })
}

#[expect(clippy::too_many_arguments, reason = "as the guest calls it")]
async fn get_or_spawn(
    caller: &mut Guest<'_>,
    name: u32,
    name_len: u32,
    link: i64,
    config: i64,
    module: i64,
    function: u32,
    function_len: u32,
    params: u32,
    params_len: u32,
    node_to: u32,
    id_to: u32,
) -> Result<u32, Stop> {
    const NAME: &str = "process::get_or_spawn";
    let name = text(caller, NAME, (name, name_len), NAME_MAX)?;
    if !may_register(caller) {
        return Err(refused(NAME, Code::Denied));
    }
    if let Some(Named { node, pid }) = with_turn(|turn| find(turn.cx(), &name)) {
        write(caller, NAME, node_to, &node.to_le_bytes())?;
        write(caller, NAME, id_to, &pid.to_raw().to_le_bytes())?;
        return Ok(2);
    }
    let node = with_turn(|turn| {
        let cx = turn.cx();
        super::distributed::number_of(cx, cx.node_id())
    });
    write(caller, NAME, node_to, &node.to_le_bytes())?;
    let asked = Asked { config, module, function: (function, function_len), params: (params, params_len) };
    let spawned = prepare(caller, NAME, asked)?;
    start(caller, NAME, link, spawned, id_to, Some(name)).await
}

async fn sleep_ms(caller: &mut Guest<'_>, ms: u64) -> Result<(), Stop> {
    if ms == 0 {
        suspend(caller, Wait::Spin).await?;
        return Ok(());
    }
    let timer = arm("process::sleep_ms", ms)?;
    until(caller, &[Want::Timer(timer.0)]).await?;
    Ok(())
}

fn die_when_link_dies(caller: &mut Guest<'_>, die: u32) -> Result<(), Stop> {
    let signals = &mut own(caller).signals;
    with_turn(|turn| signals.die_when_link_dies(turn.cx(), die != 0));
    Ok(())
}

fn process_id(_: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(with_turn(|turn| turn.cx().me().to_raw()))
}

/// A node is one environment.
fn environment_id(_: &mut Guest<'_>) -> Result<u64, Stop> {
    Ok(1)
}

async fn link(caller: &mut Guest<'_>, tag: i64, id: u64) -> Result<(), Stop> {
    const NAME: &str = "process::link";
    let pid = process(NAME, id)?;
    effect(caller, NAME, |own, cx| own.signals.link(cx, tag, pid)).await
}

async fn unlink(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "process::unlink";
    let pid = process(NAME, id)?;
    effect(caller, NAME, |own, cx| own.signals.unlink(cx, pid)).await
}

async fn monitor(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "process::monitor";
    let pid = process(NAME, id)?;
    effect(caller, NAME, |own, cx| own.signals.monitor(cx, pid)).await
}

async fn stop_monitoring(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "process::stop_monitoring";
    let pid = process(NAME, id)?;
    effect(caller, NAME, |own, cx| own.signals.stop_monitoring(cx, pid)).await
}

async fn kill(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    const NAME: &str = "process::kill";
    let pid = process(NAME, id)?;
    effect(caller, NAME, |own, cx| own.signals.kill(cx, pid)).await
}

fn exists(_: &mut Guest<'_>, id: u64) -> Result<i32, Stop> {
    let pid = Pid::from_raw(id);
    Ok(with_turn(|turn| !pid.is_address() && turn.cx().is_alive(pid)).into())
}
