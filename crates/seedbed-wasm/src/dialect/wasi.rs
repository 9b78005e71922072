//! The `wasi` dialect: programs of WASI preview 1, and single methods of a module.
//!
//! Our own, small: what a guest sees of the world is the node's. Clocks are the node's clocks,
//! randomness is the life's own stream, output goes to the log by lines, and files, if there are
//! mounts, are an effect of the reactor: a recording has all that they tell, and its replay touches no
//! disk. A call that has to wait, as all of files do, suspends the guest and ends its turn.
//!
//! - `config.rs`: what a process is given, checked against its module. `method.rs`: typed arguments.
//! - `mounts.rs`: the directories that it finds open. `files.rs`: the way to the reactor and back.
//! - `abi.rs`: numbers of preview 1. `table.rs`: descriptors. `output.rs`: lines for the log.
//! - `calls/`: the imports.
//!
//! Not modelled: sockets, signals, and rights of descriptors beyond reading and writing.

mod abi;
mod calls;
mod config;
mod files;
mod method;
mod mounts;
mod output;
mod table;

pub(crate) use config::forbidden;
pub use config::{WasiConfig, WasiError, WasiMount};
pub(crate) use files::open_mounts;
pub(crate) use method::Invocation;

use crate::blocking::Data;
use mounts::Preopen;
use output::Lines;
use seedbed_abi::Level;
use seedbed_abi::dialect::Function;
use seedbed_abi::dialect::Value::{I32, I64};
use std::sync::LazyLock;
use table::Table;
use wasmtime::Linker;

/// The module that every import comes from.
pub(super) const MODULE: &str = "wasi_snapshot_preview1";

/// The export that is called if no method is named.
pub(super) const START: &str = "_start";

const fn function(name: &'static str, params: &'static [seedbed_abi::dialect::Value]) -> Function {
    Function { name, params, result: Some(I32) }
}

/// All functions of preview 1, with their types.
pub(super) const IMPORTS: [Function; 46] = [
    function("args_get", &[I32, I32]),
    function("args_sizes_get", &[I32, I32]),
    function("environ_get", &[I32, I32]),
    function("environ_sizes_get", &[I32, I32]),
    function("clock_res_get", &[I32, I32]),
    function("clock_time_get", &[I32, I64, I32]),
    function("random_get", &[I32, I32]),
    function("sched_yield", &[]),
    function("poll_oneoff", &[I32, I32, I32, I32]),
    Function { name: "proc_exit", params: &[I32], result: None },
    function("proc_raise", &[I32]),
    function("fd_advise", &[I32, I64, I64, I32]),
    function("fd_allocate", &[I32, I64, I64]),
    function("fd_close", &[I32]),
    function("fd_datasync", &[I32]),
    function("fd_fdstat_get", &[I32, I32]),
    function("fd_fdstat_set_flags", &[I32, I32]),
    function("fd_fdstat_set_rights", &[I32, I64, I64]),
    function("fd_filestat_get", &[I32, I32]),
    function("fd_filestat_set_size", &[I32, I64]),
    function("fd_filestat_set_times", &[I32, I64, I64, I32]),
    function("fd_pread", &[I32, I32, I32, I64, I32]),
    function("fd_prestat_get", &[I32, I32]),
    function("fd_prestat_dir_name", &[I32, I32, I32]),
    function("fd_pwrite", &[I32, I32, I32, I64, I32]),
    function("fd_read", &[I32, I32, I32, I32]),
    function("fd_readdir", &[I32, I32, I32, I64, I32]),
    function("fd_renumber", &[I32, I32]),
    function("fd_seek", &[I32, I64, I32, I32]),
    function("fd_sync", &[I32]),
    function("fd_tell", &[I32, I32]),
    function("fd_write", &[I32, I32, I32, I32]),
    function("path_create_directory", &[I32, I32, I32]),
    function("path_filestat_get", &[I32, I32, I32, I32, I32]),
    function("path_filestat_set_times", &[I32, I32, I32, I32, I64, I64, I32]),
    function("path_link", &[I32, I32, I32, I32, I32, I32, I32]),
    function("path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32]),
    function("path_readlink", &[I32, I32, I32, I32, I32, I32]),
    function("path_remove_directory", &[I32, I32, I32]),
    function("path_rename", &[I32, I32, I32, I32, I32, I32]),
    function("path_symlink", &[I32, I32, I32, I32, I32]),
    function("path_unlink_file", &[I32, I32, I32]),
    function("sock_accept", &[I32, I32, I32]),
    function("sock_recv", &[I32, I32, I32, I32, I32, I32]),
    function("sock_send", &[I32, I32, I32, I32, I32]),
    function("sock_shutdown", &[I32, I32]),
];

/// The interface that a function belongs to, for allow-lists.
pub(super) fn interface(name: &str) -> &'static str {
    match name {
        "clock_res_get" | "clock_time_get" => "wasi:clocks",
        "random_get" => "wasi:random",
        "poll_oneoff"
        | "fd_close"
        | "fd_read"
        | "fd_write"
        | "fd_seek"
        | "fd_tell"
        | "fd_renumber"
        | "fd_fdstat_get"
        | "fd_fdstat_set_flags"
        | "fd_fdstat_set_rights"
        | "fd_prestat_get"
        | "fd_prestat_dir_name" => "wasi:io",
        _ if name.starts_with("sock_") => "wasi:sockets",
        _ if name.starts_with("fd_") || name.starts_with("path_") => "wasi:filesystem",
        _ => "wasi:cli",
    }
}

/// The interfaces there are.
pub(super) const INTERFACES: [&str; 6] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// The variable that says where a program begins.
const PWD: &str = "PWD";

/// What a life's store keeps for the imports.
pub(crate) struct Wasi {
    /// Each ended by a zero, the program's name first.
    args: Vec<Vec<u8>>,
    /// `NAME=value`, each ended by a zero.
    env: Vec<Vec<u8>>,
    table: Table,
    /// What is to be opened in the start.
    preopens: Vec<Preopen>,
    /// Its streams are the service's.
    inherit: bool,
    out: Lines,
    err: Lines,
}

impl Wasi {
    pub(crate) fn new(config: &WasiConfig) -> Wasi {
        let ended = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.push(0);
            bytes
        };
        let has_pwd = config.env.iter().any(|(name, _)| name == PWD);
        let pwd = config.cwd.iter().filter(|_| !has_pwd).map(|cwd| (PWD, cwd.as_str()));
        let env = config.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(pwd);
        let args = std::iter::once(config.program.as_str()).chain(config.args.iter().map(String::as_str));
        Wasi {
            args: args.map(ended).collect(),
            env: env.map(|(name, value)| ended(&format!("{name}={value}"))).collect(),
            table: Table::new(),
            preopens: mounts::preopens(config),
            inherit: config.inherit,
            out: Lines::new(Level::Info),
            err: Lines::new(Level::Warn),
        }
    }

    /// Logs what was written of lines that are not ended.
    pub(crate) fn flush(&mut self) {
        self.out.flush();
        self.err.flush();
    }
}

/// The imports.
pub(super) fn linker() -> &'static Linker<Data> {
    static LINKER: LazyLock<Linker<Data>> = LazyLock::new(|| {
        let mut linker = Linker::new(crate::engine::engine());
        calls::define(&mut linker).expect("every import is defined once");
        linker
    });
    &LINKER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_linked_with_its_type() {
        let text: String = IMPORTS
            .iter()
            .map(|f| {
                let ty = |v: &seedbed_abi::dialect::Value| if *v == I32 { "i32 " } else { "i64 " };
                let params: String = f.params.iter().map(ty).collect();
                let result = if f.result.is_some() { "(result i32)" } else { "" };
                format!("(import \"{MODULE}\" \"{}\" (func (param {params}) {result}))", f.name)
            })
            .collect();
        let text = format!("(module {text} (memory (export \"memory\") 1) (func (export \"_start\")))");
        crate::module::Module::from_bytes(&wat::parse_str(text).unwrap()).unwrap();
        assert!(IMPORTS.iter().all(|f| INTERFACES.contains(&interface(f.name))));
    }
}
