//! WebAssembly actors: engine, rewriting pass, module store, dialects, limits.
//!
//! The only crate that knows wasmtime. From the bottom up: `engine` is the one configuration that
//! makes runs equal, `memory` the slab that guest memories live in, `rewrite` what is done to a
//! module before it is compiled, `module` what a compiled module is and offers, `handed` how its code
//! goes to other processes, `kept` to later ones, `dialect` the guest
//! ABIs, `host` what a store knows of the turn in it, `arena` the store of a thread with its
//! instances, `actor` a module as an actor, `pump` the way from one guest to the next, `blocking` guests that wait, each on a stack of its own.
//!
//! ```no_run
//! use seedbed_wasm::WasmActor;
//!
//! let counter = WasmActor::from_file("counter.wasm")?; // a factory: spawn it like any other
//! # Ok::<(), seedbed_wasm::ModuleError>(())
//! ```

mod actor;
mod arena;
mod blocking;
mod dialect;
mod engine;
mod growth;
mod handed;
mod host;
mod kept;
mod limits;
mod memory;
mod module;
mod pump;
mod rewrite;
mod snapshot;
mod trap;

pub use actor::{LunaticRights, WasmActor};
pub use dialect::palladium::{Namespaces, Plugin, PluginError, PluginInfo, Plugins};
pub use dialect::wasi::{WasiConfig, WasiError, WasiMount};
pub use dialect::{Dialect, HostFunction, host_functions};
pub use engine::{EngineId, WASMTIME_VERSION, engine_id};
pub use handed::Handed;
pub use kept::{keep_compiled, keep_compiled_in};
pub use limits::WasmLimits;
pub use module::{Module, ModuleError, ModuleHash, Origin};
pub use rewrite::{REWRITE_VERSION, RewriteError};
