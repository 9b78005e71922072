//! The `lunatic` dialect: processes of lunatic, unchanged.
//!
//! A process is a guest that waits; what it asks for is applied at its call. Its mailbox, links and
//! monitors are the kernel's, read as lunatic reads them (`seedbed_core::lunatic`). Resources are
//! numbers of one process, counted from 0 and never used again.
//!
//! - `table.rs`: all functions with their types. `abi.rs`: how they meet the guest.
//! - One file a group of functions: `error.rs`, `message.rs`, `metrics.rs`, `process.rs`, `config.rs`,
//!   `registry.rs`, `timer.rs`, `trap.rs`, `version.rs`, `distributed.rs`, `networking/`.
//! - `spawn.rs`: processes made of a module, a function and its parameters. `rights.rs`: what a
//!   process may do and pass on. `parcel.rs`: resources on their way. `resources.rs`: numbers of them.
//!
//! Not there: TLS and sqlite (traps that name themselves), other environments than one a node, and processes
//! spawned on another node.

mod abi;
mod config;
mod distributed;
mod error;
mod message;
mod metrics;
mod networking;
mod parcel;
mod process;
mod registry;
mod resources;
mod rights;
mod spawn;
mod table;
mod timer;
mod trap;
mod version;

pub(crate) use rights::Rights;
pub(crate) use table::{interface, interfaces, warnings};

use crate::blocking::Data;
use crate::module::{Module, ModuleError};
use crate::rewrite::{Entity, Shape};
use config::Config;
use message::Scratch;
use resources::Resources;
use seedbed_core::Context;
use seedbed_core::lunatic::Process;
use std::sync::{Arc, LazyLock};
use wasmtime::{FuncType, InstancePre, Linker, ValType};

/// What a process keeps, beside the kernel.
pub(crate) struct Lunatic {
    rights: Arc<Rights>,
    module: Module,
    signals: Process,
    /// The message that is written or was received.
    scratch: Option<Scratch>,
    late: message::Late,
    modules: Resources<Module>,
    configs: Resources<Config>,
    errors: Resources<String>,
    timers: timer::Timers,
    network: networking::Network,
    metrics: metrics::Metrics,
    /// Its start is done.
    initialized: bool,
    /// How many calls of `trap::catch` it is in.
    catches: u32,
    /// Modules that it has compiled so far.
    compiled: u32,
}

impl Lunatic {
    pub(crate) fn new(rights: Arc<Rights>, module: Module) -> Lunatic {
        Lunatic {
            rights,
            module,
            signals: Process::new(),
            scratch: None,
            late: message::Late::default(),
            modules: Resources::new("module"),
            configs: Resources::new("config"),
            errors: Resources::new("error"),
            timers: timer::Timers::default(),
            network: networking::Network::new(),
            metrics: metrics::Metrics::default(),
            initialized: false,
            catches: 0,
            compiled: 0,
        }
    }

    /// Its body begins.
    pub(crate) fn initialized(&mut self) {
        self.initialized = true;
    }

    /// True if it has timers whose messages are to be sent while it waits for something else.
    pub(crate) fn has_timers(&self) -> bool {
        !self.timers.is_empty()
    }

    /// Sends the message of a timer, if this is one of those.
    pub(crate) fn fire(&mut self, cx: &mut Context<'_>, timer: u64) -> bool {
        let Some((to, message)) = self.timers.take(timer) else { return false };
        let (asked, left) = message::send_late(cx, to, message);
        self.network.asked(asked);
        self.discard(left);
        true
    }
}

/// The names under which a process is registered, for the report of its failure.
pub(crate) fn names(cx: &mut Context<'_>) -> Vec<String> {
    let me = cx.me();
    registry::names_of(cx, me)
}

/// Checks a module against the dialect, and links its imports: those of `lunatic::…` that are not
/// there to traps that name themselves.
pub(super) fn link(
    shape: &Shape,
    compile: impl FnOnce() -> Result<wasmtime::Module, ModuleError>,
) -> Result<InstancePre<Data>, ModuleError> {
    let mut linker = None;
    for import in &shape.imports {
        if table::check(import)? {
            continue;
        }
        let Entity::Function(ty) = &import.entity else { unreachable!("only functions can be unknown") };
        let ty = FuncType::new(
            crate::engine::engine(),
            ty.params().iter().map(|ty| value_type(*ty)),
            ty.results().iter().map(|ty| value_type(*ty)),
        );
        let text = table::unknown(import);
        let trap = move |_: wasmtime::Caller<'_, Data>, _: &[wasmtime::Val], _: &mut [wasmtime::Val]| {
            Err(abi::misuse(&text).into())
        };
        let linker = linker.get_or_insert_with(|| self::linker().clone());
        // The same import may stand there twice.
        linker.allow_shadowing(true);
        linker.func_new(&import.module, &import.name, ty, trap).expect("shadowing is allowed");
    }
    let linker = linker.as_ref().unwrap_or_else(|| self::linker());
    linker.instantiate_pre(&compile()?).map_err(|e| ModuleError::Compile(format!("{e:#}")))
}

/// A type that the engine's language has, as the engine names it.
fn value_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(_) => ValType::FUNCREF,
    }
}

/// All functions, and those of WASI.
pub(super) fn linker() -> &'static Linker<Data> {
    static LINKER: LazyLock<Linker<Data>> = LazyLock::new(|| {
        let mut linker = super::wasi::linker().clone();
        define(&mut linker).expect("every import is defined once");
        linker
    });
    &LINKER
}

fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    error::define(linker)?;
    message::define(linker)?;
    metrics::define(linker)?;
    networking::define(linker)?;
    process::define(linker)?;
    config::define(linker)?;
    registry::define(linker)?;
    timer::define(linker)?;
    trap::define(linker)?;
    version::define(linker)?;
    distributed::define(linker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn load(imports: &str) -> Result<Module, ModuleError> {
        let text = format!("(module {imports} (memory (export \"memory\") 1) (func (export \"_start\")))");
        Module::from_bytes(&wat::parse_str(text).unwrap())
    }

    #[test]
    fn every_function_is_linked_with_its_type() {
        let import = |(module, name, ty): (String, &str, wasmparser::FuncType)| {
            let types =
                |types: &[wasmparser::ValType]| types.iter().map(|t| format!("{t} ")).collect::<String>();
            let (params, results) = (types(ty.params()), types(ty.results()));
            format!("(import \"{module}\" \"{name}\" (func (param {params}) (result {results})))")
        };
        let text: String = table::functions().map(import).collect();
        let module = load(&text).unwrap();
        assert_eq!((module.dialect(), module.imports().len()), (Dialect::Lunatic, 114));
        assert_eq!(module.warnings(), Vec::<String>::new());
    }

    #[test]
    fn functions_that_are_not_there_are_listed() {
        let text = r#"(import "lunatic::networking" "tls_connect" (func (param i32 f32) (result i64)))
            (import "lunatic::sqlite" "open" (func (param i32)))
            (import "lunatic::process" "process_id" (func (result i64)))
            (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))"#;
        let warnings = load(text).unwrap().warnings();
        let listed = [
            "`lunatic::networking::tls_connect` is refused, there is no TLS: a call of it is a trap",
            "`lunatic::sqlite::open` is not there: a call of it is a trap",
        ];
        assert_eq!(warnings, listed);
        let refused = |text: &str| load(&format!("{text} (import \"lunatic::a\" \"b\" (func))")).unwrap_err();
        let wrong = refused("(import \"wasi_snapshot_preview1\" \"fd_open\" (func))");
        assert_eq!(wrong.to_string(), "unknown import `wasi_snapshot_preview1` `fd_open`");
    }
}
