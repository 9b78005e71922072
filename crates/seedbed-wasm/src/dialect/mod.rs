//! Which guest ABI a module speaks; one file for each that can be run.
//!
//! Engine, lifecycle, limits and failures are shared. A dialect says which imports and exports
//! there are and what they mean, and where bytes go: the part of it that is alive is a [`Handler`].

pub(crate) mod lunatic;
pub(crate) mod palladium;
pub(crate) mod seedbed;
pub(crate) mod wasi;

use crate::actor::Turn;
use crate::blocking::Data;
use crate::engine::engine;
use crate::growth::Growth;
use crate::host::Host;
use crate::module::ModuleError;
use crate::rewrite::{Entity, Import, Mode, START, Shape, entry};
use seedbed_abi::dialect::{Function, IMPORTS, MEMORY, MODULE, Value};
use seedbed_abi::{ENVELOPE_LEN, Envelope, StopCode};
use seedbed_core::{Context, Failed, Hook};
use std::fmt;
use wasi::WasiConfig;
use wasmparser::{FuncType, ValType};
use wasmtime::{Instance, InstancePre, Linker, Store, TypedFunc, WasmParams, WasmResults};

/// A guest ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Handlers: exports `seedbed_on_message`.
    Seedbed,
    /// Palladium's plugins: exports `pd_actor_on_message`.
    Palladium,
    /// Lunatic's processes: imports from `lunatic::…`.
    Lunatic,
    /// A WASI program: imports preview 1, or exports `_start`.
    Wasi,
}

impl Dialect {
    /// What `shape` speaks.
    pub(crate) fn of(shape: &Shape) -> Option<Dialect> {
        let exports = |name| shape.export(name).is_some();
        let imports = |prefix: &str| shape.imports.iter().any(|i| i.module.starts_with(prefix));
        if exports("seedbed_on_message") {
            Some(Dialect::Seedbed)
        } else if exports(palladium::ON_MESSAGE.name) {
            Some(Dialect::Palladium)
        } else if imports("lunatic::") {
            Some(Dialect::Lunatic)
        } else if imports("wasi_snapshot_preview1") || exports("_start") {
            Some(Dialect::Wasi)
        } else {
            None
        }
    }

    /// True if its modules are programs, which run on a stack of their own until they end; others handle what
    /// comes.
    pub fn is_program(self) -> bool {
        matches!(self, Dialect::Lunatic | Dialect::Wasi)
    }

    /// What happens in its modules where a counter runs out.
    pub(crate) fn mode(self) -> Mode {
        if self.is_program() { Mode::Waits } else { Mode::Stops }
    }

    /// Checks a module against the dialect, and links its imports.
    pub(crate) fn link(
        self,
        shape: &Shape,
        compile: impl FnOnce() -> Result<wasmtime::Module, ModuleError>,
    ) -> Result<Linked, ModuleError> {
        match self {
            // By groups of functions, when they are linked.
            Dialect::Lunatic => {}
            Dialect::Palladium => check_imports(shape, palladium::MODULE, &palladium::IMPORTS)?,
            Dialect::Wasi => check_imports(shape, wasi::MODULE, &wasi::IMPORTS)?,
            _ => check_imports(shape, MODULE, &IMPORTS)?,
        }
        export_is(shape, INITIALIZE, &Entity::Function(FuncType::new([], [])))?;
        // A method that only computes needs none.
        let computes = match self {
            Dialect::Wasi => shape.imports.is_empty(),
            // Functions that need it say so when they are called.
            Dialect::Lunatic => true,
            _ => false,
        };
        if shape.export(MEMORY).is_none() && !computes {
            return Err(ModuleError::MissingExport(MEMORY));
        }
        export_is(shape, MEMORY, &Entity::Memory)?;
        let text = |e: wasmtime::Error| ModuleError::Compile(format!("{e:#}"));
        let linker: &Linker<Host> = match self {
            Dialect::Wasi => {
                export_is(shape, wasi::START, &Entity::Function(FuncType::new([], [])))?;
                return Ok(Linked::Waits(wasi::linker().instantiate_pre(&compile()?).map_err(text)?));
            }
            Dialect::Lunatic => {
                export_is(shape, wasi::START, &Entity::Function(FuncType::new([], [])))?;
                return Ok(Linked::Waits(lunatic::link(shape, compile)?));
            }
            Dialect::Palladium => {
                palladium::check_exports(shape)?;
                palladium::linker()
            }
            _ => {
                seedbed::check_exports(shape)?;
                seedbed::linker()
            }
        };
        Ok(Linked::Handles(linker.instantiate_pre(&compile()?).map_err(text)?))
    }
}

/// A function that a dialect offers to its guests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostFunction {
    /// The module that it is imported from.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The types of its parameters, as texts write them.
    pub params: Vec<String>,
    /// The types of its results.
    pub results: Vec<String>,
}

/// All functions that guests can import, of every dialect, by module and name.
pub fn host_functions() -> Vec<HostFunction> {
    let waiting = || Data::new(Growth::default(), wasi::Wasi::new(&WasiConfig::default()), (1, None));
    let mut all = defined(seedbed::linker(), Host::default());
    all.extend(defined(palladium::linker(), Host::default()));
    // With those of WASI.
    all.extend(defined(lunatic::linker(), waiting()));
    all.sort();
    all
}

fn defined<T: 'static>(linker: &Linker<T>, data: T) -> Vec<HostFunction> {
    let mut store = Store::new(engine(), data);
    let all: Vec<(String, String, wasmtime::Extern)> =
        linker.iter(&mut store).map(|(module, name, it)| (module.into(), name.into(), it)).collect();
    let function = |(module, name, it): (String, String, wasmtime::Extern)| {
        let ty = it.into_func()?.ty(&store);
        let texts =
            |types: &mut dyn Iterator<Item = wasmtime::ValType>| types.map(|t| t.to_string()).collect();
        Some(HostFunction {
            module,
            name,
            params: texts(&mut ty.params()),
            results: texts(&mut ty.results()),
        })
    };
    all.into_iter().filter_map(function).collect()
}

/// The interface that an import of a guest that waits belongs to, for allow-lists; `None` if a call of it
/// is a trap.
pub(crate) fn interface(import: &Import) -> Option<String> {
    if import.module == wasi::MODULE {
        return Some(wasi::interface(&import.name).to_owned());
    }
    lunatic::interface(import)
}

/// All interfaces that modules of a dialect import from.
pub(crate) fn interfaces(dialect: Dialect) -> Vec<String> {
    let mut all: Vec<String> = wasi::INTERFACES.map(str::to_owned).into();
    if dialect == Dialect::Lunatic {
        all.extend(lunatic::interfaces());
    }
    all.sort();
    all
}

/// A module with its imports, by the kind of its dialect.
pub(crate) enum Linked {
    Handles(InstancePre<Host>),
    Waits(InstancePre<Data>),
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dialect::Seedbed => "seedbed",
            Dialect::Palladium => "palladium",
            Dialect::Lunatic => "lunatic",
            Dialect::Wasi => "wasi",
        })
    }
}

/// Room in a guest's memory.
#[derive(Clone, Copy, Default)]
pub(crate) struct Room {
    pub(crate) ptr: u32,
    pub(crate) len: u32,
}

impl Room {
    /// True if an envelope and so many bytes behind it fit.
    #[inline]
    pub(crate) fn fits(self, payload_len: usize) -> bool {
        ENVELOPE_LEN + payload_len <= self.len as usize
    }
}

/// A dialect of handlers, alive in one actor: what the hooks are given, and what their codes mean.
pub(crate) trait Handler: Clone + 'static {
    /// The dialect's own part of the start, behind start section and constructors; gives a code.
    fn start(&mut self, turn: &mut Turn<'_, '_>, args: &[u8]) -> wasmtime::Result<i32>;

    /// Where the envelope and then the payload of a signal go, and for how many bytes there is room, if the
    /// hook for messages needs nothing else: fuel, envelope, payload and its length in, a code and what is
    /// left out.
    #[inline]
    fn room(&self) -> Room {
        Room::default()
    }

    /// A signal; gives a code.
    fn deliver(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope,
        payload: &[u8],
    ) -> wasmtime::Result<i32>;

    /// The end.
    fn stop(&mut self, turn: &mut Turn<'_, '_>, reason: StopCode) -> wasmtime::Result<()>;

    /// What a code of a start or a message means.
    fn finish(cx: &mut Context<'_>, hook: Hook, code: i32) -> Result<(), Failed>;
}

/// The entries of one instance, by its dialect.
pub(crate) enum Hooks {
    Seedbed(seedbed::Hooks),
    Palladium(palladium::Hooks),
}

impl Hooks {
    /// Looks the entries up.
    ///
    /// # Errors
    /// If one has a type that the dialect's check does not let pass.
    pub(crate) fn find(
        dialect: Dialect,
        instance: &Instance,
        store: &mut Store<Host>,
    ) -> wasmtime::Result<Hooks> {
        Ok(match dialect {
            Dialect::Palladium => Hooks::Palladium(palladium::Hooks::find(instance, store)?),
            _ => Hooks::Seedbed(seedbed::Hooks::find(instance, store)?),
        })
    }
}

/// Constructors, as `wasm-ld` names them.
const INITIALIZE: &str = "_initialize";

/// What runs before the dialect's own start: takes fuel, and gives what is left.
pub(crate) type Before = TypedFunc<i64, i64>;

/// The start section, then constructors.
pub(crate) fn before<T>(instance: &Instance, store: &mut Store<T>) -> wasmtime::Result<[Option<Before>; 2]> {
    let start = instance.get_func(&mut *store, START).map(|f| f.typed(&*store)).transpose()?;
    Ok([start, find(instance, store, INITIALIZE)?])
}

/// The entry of an export, if the module has it.
pub(crate) fn find<T, P: WasmParams, R: WasmResults>(
    instance: &Instance,
    store: &mut Store<T>,
    name: &str,
) -> wasmtime::Result<Option<TypedFunc<P, R>>> {
    instance.get_func(&mut *store, &entry(name)).map(|f| f.typed(&*store)).transpose()
}

/// Checks that all imports are functions of `module` in `known`, with their types.
fn check_imports(shape: &Shape, module: &str, known: &[Function]) -> Result<(), ModuleError> {
    shape.imports.iter().try_for_each(|import| check_import(import, module, known))
}

/// Checks that an import is a function of `module` in `known`, with its type.
fn check_import(import: &Import, module: &str, known: &[Function]) -> Result<(), ModuleError> {
    let found = known.iter().find(|f| import.module == module && f.name == import.name);
    let Some(function) = found else {
        return Err(ModuleError::UnknownImport { module: import.module.clone(), name: import.name.clone() });
    };
    let expected = entity_of(function);
    if import.entity == expected {
        return Ok(());
    }
    Err(ModuleError::ImportType {
        name: import.name.clone(),
        expected: expected.to_string(),
        found: import.entity.to_string(),
    })
}

/// Checks that an export, if it is there, is this.
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

/// Defines one import: its module, its name, how a fault may refuse it, its parameters, and what it does with a [`Call`](crate::host::Call).
macro_rules! import {
    ($linker:ident, $module:expr, $name:literal, $(refused by $refusals:ident,)? |$call:ident $(, $arg:ident: $ty:ty)*| -> $result:ty $body:block) => {
        $linker.func_wrap(
            $module,
            $name,
            |mut caller: Caller<'_, Host> $(, $arg: $ty)*| -> wasmtime::Result<$result> {
                #[allow(unused_mut, reason = "not every import reads memory")]
                let mut $call = Call::new(caller.data_mut(), $name)?;
                $(if let Some(code) = $call.refused(Refusals::$refusals) {
                    return Ok((code as i32).into());
                })?
                $body
            },
        )?;
    };
}
use import;
