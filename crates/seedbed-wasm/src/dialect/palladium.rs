//! The `palladium` dialect: plugins of the framework palladium, version 1 of their ABI, unchanged.
//!
//! Envelope and payload stand at fixed places, or in room from `pd_alloc`. What a plugin sends is
//! checked at the call; a source that it claims is not looked at. Where palladium's own host leaves
//! the lifecycle (no time, no log, sends of `on_start` late and of `on_stop` lost, a trapped
//! instance entered again, start sections without fuel), this one keeps it (`docs/guest-abi.md`).
//!
//! - `envelope.rs`: the 80 bytes. `address.rs`: who is meant by 128 bits.
//! - `handler.rs`: where bytes go. `peer.rs`: what an actor is to its imports.
//! - `plugin.rs`: type names and namespaces. `registry.rs`: modules as factories.
//!
//! Not modelled: priorities. Lines know none (rule M1), so the bits are not passed on.

mod address;
mod envelope;
mod handler;
mod peer;
mod plugin;
mod registry;

pub(crate) use handler::{Handler, Hooks};
pub(crate) use peer::Peer;
pub use plugin::{Namespaces, Plugin};
pub use registry::{PluginError, PluginInfo, Plugins};

use super::{entity_of, export_is, import};
use crate::host::{Call, Host};
use crate::module::ModuleError;
use crate::rewrite::Shape;
use envelope::PdEnvelope;
use seedbed_abi::dialect::Function;
use seedbed_abi::dialect::Value::{I32, I64};
use seedbed_abi::{Code, Level};
use seedbed_core::Refusals;
use std::sync::LazyLock;
use wasmtime::{Caller, Linker};

/// The module that every import comes from.
pub(super) const MODULE: &str = "pd";

pub(crate) const ON_MESSAGE: Function =
    Function { name: "pd_actor_on_message", params: &[I32, I32, I32, I32, I32], result: Some(I32) };
const ON_START: Function = Function { name: "pd_actor_on_start", params: &[I32, I32], result: Some(I32) };
const ON_STOP: Function = Function { name: "pd_actor_on_stop", params: &[I32, I32, I32], result: None };
const CREATE: Function =
    Function { name: "pd_actor_create", params: &[I32, I32, I32, I32], result: Some(I32) };
const ALLOC: Function = Function { name: "pd_alloc", params: &[I32], result: Some(I32) };
const INIT: Function = Function { name: "pd_plugin_init", params: &[], result: Some(I32) };

const EXPORTS: [Function; 6] = [ON_MESSAGE, ON_START, ON_STOP, CREATE, ALLOC, INIT];

pub(super) const IMPORTS: [Function; 3] = [
    Function { name: "pd_send", params: &[I32, I32, I32, I32], result: Some(I32) },
    Function { name: "pd_now_micros", params: &[], result: Some(I64) },
    Function { name: "pd_log", params: &[I32, I32, I32], result: None },
];

/// Where the envelope stands in a module without `pd_alloc`; the payload follows.
const ENVELOPE_AT: u32 = 0;

/// Answers of `pd_send`.
const SENT: i32 = 0;
/// The envelope is not one, or something lies outside of memory.
const MALFORMED: i32 = -1;
/// A limit, a full mailbox, a missing permission, a namespace out of reach.
const REFUSED: i32 = -2;
/// A response to nothing that the actor was asked.
const NO_REQUEST: i32 = -3;

/// Checks exports against the dialect.
pub(crate) fn check_exports(shape: &Shape) -> Result<(), ModuleError> {
    EXPORTS.iter().try_for_each(|function| export_is(shape, function.name, &entity_of(function)))
}

/// Payload bytes that a guest can have room for at all.
pub(crate) fn payload_max(shape: &Shape, memory_max: usize) -> u32 {
    let place = if has_alloc(shape) { 0 } else { ENVELOPE_AT as usize };
    let room = memory_max.saturating_sub(place + PdEnvelope::LEN);
    u32::try_from(room).unwrap_or(u32::MAX)
}

fn has_alloc(shape: &Shape) -> bool {
    shape.export(ALLOC.name).is_some()
}

/// What a plugin will do that its author may not mean.
pub(crate) fn warnings(shape: &Shape) -> Vec<String> {
    if has_alloc(shape) {
        return Vec::new();
    }
    let end = u64::from(ENVELOPE_AT) + PdEnvelope::LEN as u64;
    let mut warnings = Vec::new();
    let mut gap: Option<u64> = None;
    for (at, len) in shape.data.iter().map(|(at, len)| (u64::from(*at), u64::from(*len))) {
        if len == 0 {
            continue;
        }
        if at < end {
            warnings.push(format!(
                "the envelope overwrites the data at {at}: without `pd_alloc` it stands at {ENVELOPE_AT} to {}",
                end - 1
            ));
        }
        if at + len > end {
            let free = at.saturating_sub(end);
            gap = Some(gap.map_or(free, |gap| gap.min(free)));
        }
    }
    if let Some(gap) = gap {
        warnings.push(format!(
            "a payload of more than {gap} bytes overwrites data: without `pd_alloc` it stands at {end} and behind"
        ));
    }
    warnings
}

/// The imports.
pub(crate) fn linker() -> &'static Linker<Host> {
    static LINKER: LazyLock<Linker<Host>> = LazyLock::new(|| {
        let mut linker = Linker::new(crate::engine::engine());
        imports(&mut linker).expect("every import is defined once");
        linker
    });
    &LINKER
}

fn imports(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "pd_send",
        |mut caller: Caller<'_, Host>,
         envelope: u32,
         envelope_len: u32,
         payload: u32,
         payload_len: u32|
         -> wasmtime::Result<i32> {
            let host = caller.data_mut();
            let Some(mut peer) = host.peer.take() else {
                return Ok(MALFORMED);
            };
            let sent = send(host, &mut peer, (envelope, envelope_len), (payload, payload_len));
            host.peer = Some(peer);
            sent
        },
    )?;
    import!(linker, MODULE, "pd_now_micros", |call| -> u64 { Ok(call.cx.now().as_nanos() / 1_000) });
    import!(linker, MODULE, "pd_log", |call, level: i32, ptr: u32, len: u32| -> () {
        let text = call.text(ptr, len)?;
        // Theirs count from 0 = error.
        call.cx.log(Level::from_i32(level.saturating_add(1)), text);
        Ok(())
    });
    Ok(())
}

fn send(
    host: &mut Host,
    peer: &mut Peer,
    (envelope, envelope_len): (u32, u32),
    (payload, payload_len): (u32, u32),
) -> wasmtime::Result<i32> {
    let mut call = Call::new(host, "pd_send")?;
    let fits =
        call.reaches(envelope, envelope_len) && (payload_len == 0 || call.reaches(payload, payload_len));
    if envelope_len as usize != PdEnvelope::LEN || !fits {
        return Ok(MALFORMED);
    }
    let envelope = PdEnvelope::from_bytes(call.bytes(envelope, envelope_len)?);
    let payload = if payload_len == 0 { &[] } else { call.bytes(payload, payload_len)? };
    if call.refused(Refusals::Limit).is_some() {
        return Ok(REFUSED);
    }
    Ok(match peer.send(call.cx, &envelope, payload) {
        Ok(()) => SENT,
        Err(Code::NotYours) => NO_REQUEST,
        Err(_) => REFUSED,
    })
}

#[cfg(test)]
mod tests {
    use crate::module::Module;

    fn warnings(data: &str) -> Vec<String> {
        let text = format!(
            r#"(module (memory (export "memory") 1) {data}
            (func (export "pd_actor_on_message") (param i32 i32 i32 i32 i32) (result i32) (i32.const 0)))"#
        );
        Module::from_bytes(&wat::parse_str(text).unwrap()).unwrap().warnings()
    }

    #[test]
    fn data_where_the_host_writes_is_warned_of() {
        assert_eq!(warnings(""), Vec::<String>::new());
        let envelope = "the envelope overwrites the data at 16: without `pd_alloc` it stands at 0 to 79";
        let payload = |gap| {
            format!(
                "a payload of more than {gap} bytes overwrites data: without `pd_alloc` it stands at 80 and behind"
            )
        };
        assert_eq!(warnings("(data (i32.const 16) \"abc\")"), [envelope.to_owned()]);
        assert_eq!(warnings("(data (i32.const 1104) \"abc\") (data (i32.const 512) \"d\")"), [payload(432)]);
        assert_eq!(
            warnings("(data (i32.const 16) \"abc\") (data (i32.const 79) \"de\")"),
            [envelope.to_owned(), envelope.replace("at 16", "at 79"), payload(0)]
        );
        let alloc = "(data (i32.const 16) \"abc\") (func (export \"pd_alloc\") (param i32) (result i32) (i32.const 4096))";
        assert_eq!(warnings(alloc), Vec::<String>::new());
    }
}
