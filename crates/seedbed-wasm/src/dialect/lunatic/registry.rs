//! `lunatic::registry`: names of processes, known on their node.
//!
//! A name is gone with its process. Nothing of a guest runs while a name is looked at, so that no
//! start can wait for another.

use super::abi::{Guest, functions, misuse, process, refused, text, writable, write};
use crate::blocking::{Data, with_turn};
use crate::host::Stop;
use seedbed_abi::{Code, Pid};
use seedbed_core::{Context, node_of};
use std::collections::BTreeMap;
use wasmtime::Linker;

/// Bytes of the longest name.
pub(super) const NAME_MAX: u32 = 4_096;

/// So many names a node has room for.
const NAMES_MAX: usize = 1 << 20;

/// With fewer the dead are not looked for.
const SWEEP_MIN: usize = 64;

/// The names of a node.
#[derive(Default)]
struct Registry {
    names: BTreeMap<String, Named>,
    /// With so many, those of the dead go.
    sweep_at: usize,
}

/// Who has a name.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) node: u64,
    pub(super) pid: Pid,
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "registry":
        put(name: u32, len: u32, node: u64, id: u64);
        get(name: u32, len: u32, node_to: u32, id_to: u32) -> u32;
        remove(name: u32, len: u32);
    }
    Ok(())
}

/// True if the process has its name no more. Of other nodes nothing is known.
fn is_gone(cx: &Context<'_>, pid: Pid) -> bool {
    node_of(pid) == cx.node_id() && !cx.is_alive(pid)
}

/// Who has a name; also an actor of another kind, if no process has it.
pub(super) fn find(cx: &mut Context<'_>, name: &str) -> Option<Named> {
    let named = cx.local_or_default::<Registry>().names.get(name).copied();
    match named {
        Some(named) if is_gone(cx, named.pid) => {
            cx.local_or_default::<Registry>().names.remove(name);
            find(cx, name)
        }
        Some(named) => Some(named),
        None => {
            cx.whereis(name).map(|pid| Named { node: super::distributed::number_of(cx, cx.node_id()), pid })
        }
    }
}

/// Gives a name, which may have been another's.
pub(super) fn name(cx: &mut Context<'_>, name: String, named: Named) -> Result<(), Code> {
    let mut registry = std::mem::take(cx.local_or_default::<Registry>());
    registry.names.insert(name, named);
    if registry.names.len() >= registry.sweep_at.max(SWEEP_MIN) {
        registry.names.retain(|_, named| !is_gone(cx, named.pid));
        registry.sweep_at = 2 * registry.names.len();
    }
    let full = registry.names.len() > NAMES_MAX;
    *cx.local_or_default() = registry;
    if full { Err(Code::LimitReached) } else { Ok(()) }
}

/// All names of a process, in their order.
pub(super) fn names_of(cx: &mut Context<'_>, pid: Pid) -> Vec<String> {
    let all = cx.local_or_default::<Registry>().names.iter();
    all.filter(|(_, named)| named.pid == pid).map(|(name, _)| name.clone()).collect()
}

/// True if the process may use names.
pub(super) fn may_register(caller: &mut Guest<'_>) -> bool {
    super::abi::own(caller).rights.permissions.register
}

fn put(caller: &mut Guest<'_>, ptr: u32, len: u32, node: u64, id: u64) -> Result<(), Stop> {
    const NAME: &str = "registry::put";
    let text = text(caller, NAME, (ptr, len), NAME_MAX)?;
    let pid = process(NAME, id)?;
    if !may_register(caller) {
        return Err(refused(NAME, Code::Denied));
    }
    with_turn(|turn| {
        let cx = turn.cx();
        let of = node_of(pid);
        let known = of == cx.node_id() || cx.nodes().any(|other| other == of);
        if !known || node != super::distributed::number_of(cx, of) {
            return Err(misuse(&format!("{NAME}: process {id} is not on node {node}")));
        }
        // Who is gone has no name.
        if is_gone(cx, pid) {
            return Ok(());
        }
        name(cx, text, Named { node, pid }).map_err(|code| refused(NAME, code))
    })
}

fn get(caller: &mut Guest<'_>, ptr: u32, len: u32, node_to: u32, id_to: u32) -> Result<u32, Stop> {
    const NAME: &str = "registry::get";
    let text = text(caller, NAME, (ptr, len), NAME_MAX)?;
    writable(caller, NAME, node_to, 8)?;
    writable(caller, NAME, id_to, 8)?;
    if !super::abi::own(caller).rights.permissions.lookup {
        return Err(refused(NAME, Code::Denied));
    }
    let Some(Named { node, pid }) = with_turn(|turn| find(turn.cx(), &text)) else { return Ok(1) };
    write(caller, NAME, node_to, &node.to_le_bytes())?;
    write(caller, NAME, id_to, &pid.to_raw().to_le_bytes())?;
    Ok(0)
}

fn remove(caller: &mut Guest<'_>, ptr: u32, len: u32) -> Result<(), Stop> {
    const NAME: &str = "registry::remove";
    let text = text(caller, NAME, (ptr, len), NAME_MAX)?;
    if !may_register(caller) {
        return Err(refused(NAME, Code::Denied));
    }
    with_turn(|turn| turn.cx().local_or_default::<Registry>().names.remove(&text));
    Ok(())
}
