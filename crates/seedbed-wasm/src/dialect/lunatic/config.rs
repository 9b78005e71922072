//! Configurations of processes to be: `lunatic::process::…config…` and `lunatic::wasi`.
//!
//! A new one denies everything and limits nothing. Who sets a permission that it has not itself
//! fails; limits of who spawns hold for what it spawns.

use super::abi::{Guest, functions, misuse, own, text};
use crate::blocking::Data;
use crate::dialect::wasi::WasiMount;
use crate::host::Stop;
use wasmtime::Linker;

/// Bytes of the longest text.
const TEXT_MAX: u32 = 64 << 10;

/// Bytes of all texts of one configuration.
const TEXTS_MAX: usize = 1 << 20;

/// A configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// In bytes.
    pub(super) max_memory: u64,
    /// In units of lunatic's.
    pub(super) max_fuel: Option<u64>,
    pub(super) can_compile: bool,
    pub(super) can_configure: bool,
    pub(super) can_spawn: bool,
    pub(super) can_use_network: bool,
    pub(super) env: Vec<(String, String)>,
    pub(super) args: Vec<String>,
    /// Directories of its maker that it has, too.
    pub(super) mounts: Vec<WasiMount>,
}

impl Config {
    fn new() -> Config {
        Config {
            max_memory: u32::MAX.into(),
            max_fuel: None,
            can_compile: false,
            can_configure: false,
            can_spawn: false,
            can_use_network: false,
            env: Vec::new(),
            args: Vec::new(),
            mounts: Vec::new(),
        }
    }

    fn has_room(&self, len: usize) -> bool {
        let texts = self.env.iter().flat_map(|(key, value)| [key, value]).chain(&self.args);
        // So many bytes a text takes besides its own.
        texts.map(|text| text.len() + 48).sum::<usize>() + len <= TEXTS_MAX
    }
}

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "process":
        create_config() -> i64;
        drop_config(id: u64);
        config_set_max_memory(id: u64, max: u64);
        config_get_max_memory(id: u64) -> u64;
        config_set_max_fuel(id: u64, max: u64);
        config_get_max_fuel(id: u64) -> u64;
        config_can_compile_modules(id: u64) -> u32;
        config_set_can_compile_modules(id: u64, can: u32);
        config_can_create_configs(id: u64) -> u32;
        config_set_can_create_configs(id: u64, can: u32);
        config_can_spawn_processes(id: u64) -> u32;
        config_set_can_spawn_processes(id: u64, can: u32);
        config_can_use_network(id: u64) -> u32;
        config_set_can_use_network(id: u64, can: u32);
    }
    functions! { linker, "wasi":
        config_add_environment_variable(id: u64, key: u32, key_len: u32, value: u32, value_len: u32);
        config_add_command_line_argument(id: u64, text: u32, len: u32);
        config_preopen_dir(id: u64, path: u32, len: u32);
    }
    Ok(())
}

fn create_config(caller: &mut Guest<'_>) -> Result<i64, Stop> {
    let own = own(caller);
    if !own.rights.configure {
        return Ok(-1);
    }
    Ok(own.configs.add("process::create_config", Config::new())? as i64)
}

fn drop_config(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    own(caller).configs.remove("process::drop_config", id).map(drop)
}

fn config_set_max_memory(caller: &mut Guest<'_>, id: u64, max: u64) -> Result<(), Stop> {
    own(caller).configs.get_mut("process::config_set_max_memory", id)?.max_memory = max;
    Ok(())
}

fn config_get_max_memory(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    Ok(own(caller).configs.get("process::config_get_max_memory", id)?.max_memory)
}

fn config_set_max_fuel(caller: &mut Guest<'_>, id: u64, max: u64) -> Result<(), Stop> {
    own(caller).configs.get_mut("process::config_set_max_fuel", id)?.max_fuel = (max != 0).then_some(max);
    Ok(())
}

fn config_get_max_fuel(caller: &mut Guest<'_>, id: u64) -> Result<u64, Stop> {
    Ok(own(caller).configs.get("process::config_get_max_fuel", id)?.max_fuel.unwrap_or(0))
}

/// Checks that a process may pass on what it sets.
fn grant(name: &str, has: bool, can: u32) -> Result<bool, Stop> {
    if can != 0 && !has {
        return Err(misuse(&format!("{name}: a process cannot grant what it may not do itself")));
    }
    Ok(can != 0)
}

fn config_can_compile_modules(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    Ok(own(caller).configs.get("process::config_can_compile_modules", id)?.can_compile.into())
}

fn config_set_can_compile_modules(caller: &mut Guest<'_>, id: u64, can: u32) -> Result<(), Stop> {
    const NAME: &str = "process::config_set_can_compile_modules";
    let own = own(caller);
    own.configs.get_mut(NAME, id)?.can_compile = grant(NAME, own.rights.compile, can)?;
    Ok(())
}

fn config_can_create_configs(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    Ok(own(caller).configs.get("process::config_can_create_configs", id)?.can_configure.into())
}

fn config_set_can_create_configs(caller: &mut Guest<'_>, id: u64, can: u32) -> Result<(), Stop> {
    const NAME: &str = "process::config_set_can_create_configs";
    let own = own(caller);
    own.configs.get_mut(NAME, id)?.can_configure = grant(NAME, own.rights.configure, can)?;
    Ok(())
}

fn config_can_spawn_processes(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    Ok(own(caller).configs.get("process::config_can_spawn_processes", id)?.can_spawn.into())
}

fn config_set_can_spawn_processes(caller: &mut Guest<'_>, id: u64, can: u32) -> Result<(), Stop> {
    const NAME: &str = "process::config_set_can_spawn_processes";
    let own = own(caller);
    own.configs.get_mut(NAME, id)?.can_spawn = grant(NAME, own.rights.permissions.spawn, can)?;
    Ok(())
}

/// Not of lunatic, where nobody can be kept from the network.
fn config_can_use_network(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    Ok(own(caller).configs.get("process::config_can_use_network", id)?.can_use_network.into())
}

fn config_set_can_use_network(caller: &mut Guest<'_>, id: u64, can: u32) -> Result<(), Stop> {
    const NAME: &str = "process::config_set_can_use_network";
    let own = own(caller);
    own.configs.get_mut(NAME, id)?.can_use_network = grant(NAME, own.rights.network, can)?;
    Ok(())
}

/// A text of a configuration, which has no zero byte: its reader is C.
fn given(caller: &mut Guest<'_>, name: &'static str, at: (u32, u32)) -> Result<String, Stop> {
    let given = text(caller, name, at, TEXT_MAX)?;
    if given.contains('\0') {
        return Err(misuse(&format!("{name}: the text holds a zero byte")));
    }
    Ok(given)
}

/// A configuration with room for so much more text.
fn roomy<'a>(
    caller: &'a mut Guest<'_>,
    name: &'static str,
    id: u64,
    len: usize,
) -> Result<&'a mut Config, Stop> {
    let config = own(caller).configs.get_mut(name, id)?;
    if config.has_room(len) {
        return Ok(config);
    }
    Err(misuse(&format!("{name}: a configuration has at most {TEXTS_MAX} bytes of text")))
}

fn config_add_environment_variable(
    caller: &mut Guest<'_>,
    id: u64,
    key: u32,
    key_len: u32,
    value: u32,
    value_len: u32,
) -> Result<(), Stop> {
    const NAME: &str = "wasi::config_add_environment_variable";
    let key = given(caller, NAME, (key, key_len))?;
    let value = given(caller, NAME, (value, value_len))?;
    roomy(caller, NAME, id, key.len() + value.len())?.env.push((key, value));
    Ok(())
}

fn config_add_command_line_argument(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32) -> Result<(), Stop> {
    const NAME: &str = "wasi::config_add_command_line_argument";
    let argument = given(caller, NAME, (ptr, len))?;
    roomy(caller, NAME, id, argument.len())?.args.push(argument);
    Ok(())
}

/// A process passes on the directories that it finds open itself, by their names.
fn config_preopen_dir(caller: &mut Guest<'_>, id: u64, ptr: u32, len: u32) -> Result<(), Stop> {
    const NAME: &str = "wasi::config_preopen_dir";
    let path = given(caller, NAME, (ptr, len))?;
    let own = own(caller);
    let config = own.configs.get_mut(NAME, id)?;
    let mount = own.rights.wasi.mounts.iter().find(|mount| mount.guest == path);
    let mount =
        mount.ok_or_else(|| misuse(&format!("{NAME}: the process has no directory `{path}` to pass on")))?;
    if !config.mounts.contains(mount) {
        config.mounts.push(mount.clone());
    }
    Ok(())
}
