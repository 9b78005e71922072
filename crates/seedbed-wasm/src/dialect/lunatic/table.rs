//! All functions of the dialect, with their types.

use crate::module::ModuleError;
use crate::rewrite::{Entity, Import, Shape};
use std::collections::BTreeSet;
use wasmparser::{FuncType, ValType};

/// Module, name, parameters and result: `i` is i32, `l` i64, `d` f64.
const FUNCTIONS: [(&str, &str, &str, &str); 114] = [
    ("error", "string_size", "l", "i"),
    ("error", "to_string", "li", ""),
    ("error", "drop", "l", ""),
    ("message", "create_data", "ll", ""),
    ("message", "write_data", "ii", "i"),
    ("message", "read_data", "ii", "i"),
    ("message", "seek_data", "l", ""),
    ("message", "get_tag", "", "l"),
    ("message", "get_process_id", "", "l"),
    ("message", "data_size", "", "l"),
    ("message", "push_module", "l", "l"),
    ("message", "take_module", "l", "l"),
    ("message", "push_tcp_stream", "l", "l"),
    ("message", "take_tcp_stream", "l", "l"),
    ("message", "push_tls_stream", "l", "l"),
    ("message", "take_tls_stream", "l", "l"),
    ("message", "send", "l", "i"),
    ("message", "send_receive_skip_search", "lll", "i"),
    ("message", "receive", "iil", "i"),
    ("message", "push_udp_socket", "l", "l"),
    ("message", "take_udp_socket", "l", "l"),
    ("metrics", "counter", "iil", ""),
    ("metrics", "increment_counter", "ii", ""),
    ("metrics", "gauge", "iid", ""),
    ("metrics", "increment_gauge", "iid", ""),
    ("metrics", "decrement_gauge", "iid", ""),
    ("metrics", "histogram", "iid", ""),
    ("networking", "resolve", "iili", "i"),
    ("networking", "drop_dns_iterator", "l", ""),
    ("networking", "resolve_next", "liiiii", "i"),
    ("networking", "tcp_bind", "iiiiii", "i"),
    ("networking", "drop_tcp_listener", "l", ""),
    ("networking", "tcp_local_addr", "li", "i"),
    ("networking", "tcp_accept", "lii", "i"),
    ("networking", "tcp_connect", "iiiiili", "i"),
    ("networking", "tcp_peer_addr", "li", "i"),
    ("networking", "drop_tcp_stream", "l", ""),
    ("networking", "clone_tcp_stream", "l", "l"),
    ("networking", "tcp_write_vectored", "liii", "i"),
    ("networking", "tcp_peek", "liii", "i"),
    ("networking", "tcp_read", "liii", "i"),
    ("networking", "set_read_timeout", "ll", ""),
    ("networking", "set_write_timeout", "ll", ""),
    ("networking", "set_peek_timeout", "ll", ""),
    ("networking", "get_read_timeout", "l", "l"),
    ("networking", "get_write_timeout", "l", "l"),
    ("networking", "get_peek_timeout", "l", "l"),
    ("networking", "tcp_flush", "li", "i"),
    ("networking", "udp_bind", "iiiiii", "i"),
    ("networking", "udp_local_addr", "li", "i"),
    ("networking", "udp_peer_addr", "li", "i"),
    ("networking", "drop_udp_socket", "l", ""),
    ("networking", "udp_receive", "liii", "i"),
    ("networking", "udp_receive_from", "liiii", "i"),
    ("networking", "udp_connect", "liiiiili", "i"),
    ("networking", "clone_udp_socket", "l", "l"),
    ("networking", "set_udp_socket_broadcast", "li", ""),
    ("networking", "get_udp_socket_broadcast", "l", "i"),
    ("networking", "set_udp_socket_ttl", "li", ""),
    ("networking", "get_udp_socket_ttl", "l", "i"),
    ("networking", "udp_send_to", "liiiiiiii", "i"),
    ("networking", "udp_send", "liii", "i"),
    ("process", "compile_module", "iii", "i"),
    ("process", "drop_module", "l", ""),
    ("process", "create_config", "", "l"),
    ("process", "drop_config", "l", ""),
    ("process", "config_set_max_memory", "ll", ""),
    ("process", "config_get_max_memory", "l", "l"),
    ("process", "config_set_max_fuel", "ll", ""),
    ("process", "config_get_max_fuel", "l", "l"),
    ("process", "config_can_compile_modules", "l", "i"),
    ("process", "config_set_can_compile_modules", "li", ""),
    ("process", "config_can_create_configs", "l", "i"),
    ("process", "config_set_can_create_configs", "li", ""),
    ("process", "config_can_spawn_processes", "l", "i"),
    ("process", "config_set_can_spawn_processes", "li", ""),
    ("process", "config_can_use_network", "l", "i"),
    ("process", "config_set_can_use_network", "li", ""),
    ("process", "spawn", "llliiiii", "i"),
    ("process", "get_or_spawn", "iillliiiiii", "i"),
    ("process", "sleep_ms", "l", ""),
    ("process", "die_when_link_dies", "i", ""),
    ("process", "process_id", "", "l"),
    ("process", "environment_id", "", "l"),
    ("process", "link", "ll", ""),
    ("process", "unlink", "l", ""),
    ("process", "monitor", "l", ""),
    ("process", "stop_monitoring", "l", ""),
    ("process", "kill", "l", ""),
    ("process", "exists", "l", "i"),
    ("registry", "put", "iill", ""),
    ("registry", "get", "iiii", "i"),
    ("registry", "remove", "ii", ""),
    ("timer", "send_after", "ll", "l"),
    ("timer", "cancel_timer", "l", "i"),
    ("trap", "catch", "ii", "i"),
    ("version", "major", "", "i"),
    ("version", "minor", "", "i"),
    ("version", "patch", "", "i"),
    ("wasi", "config_add_environment_variable", "liiii", ""),
    ("wasi", "config_add_command_line_argument", "lii", ""),
    ("wasi", "config_preopen_dir", "lii", ""),
    ("distributed", "nodes_count", "", "i"),
    ("distributed", "get_nodes", "ii", "i"),
    ("distributed", "node_id", "", "l"),
    ("distributed", "module_id", "", "l"),
    ("distributed", "spawn", "llliiiii", "i"),
    ("distributed", "send", "ll", "i"),
    ("distributed", "send_receive_skip_search", "llll", "i"),
    ("distributed", "exec_lookup_nodes", "iiiii", "i"),
    ("distributed", "copy_lookup_nodes_results", "liii", "i"),
    ("distributed", "test_root_cert", "i", "i"),
    ("distributed", "default_server_certificates", "iiiii", "i"),
    ("distributed", "sign_node", "iiiiiii", "i"),
];

/// What the modules of all imports begin with.
pub(super) const PREFIX: &str = "lunatic::";

/// All functions: module, name, type.
pub(super) fn functions() -> impl Iterator<Item = (String, &'static str, FuncType)> {
    FUNCTIONS.iter().map(|(module, name, params, result)| {
        let types = |text: &str| text.chars().map(value).collect::<Vec<_>>();
        (format!("{PREFIX}{module}"), *name, FuncType::new(types(params), types(result)))
    })
}

/// The interface that a function belongs to, for allow-lists; `None` if it is not there.
pub(crate) fn interface(import: &Import) -> Option<String> {
    let of = |module: &str| import.module.strip_prefix(PREFIX) == Some(module);
    let (module, ..) = FUNCTIONS.iter().find(|(module, name, ..)| of(module) && *name == import.name)?;
    Some(named(module))
}

/// All interfaces.
pub(crate) fn interfaces() -> BTreeSet<String> {
    FUNCTIONS.iter().map(|(module, ..)| named(module)).collect()
}

fn named(module: &str) -> String {
    format!("lunatic:{module}")
}

fn value(letter: char) -> ValType {
    match letter {
        'i' => ValType::I32,
        'l' => ValType::I64,
        _ => ValType::F64,
    }
}

/// Checks an import; false for a function of `lunatic::…` that is not there.
///
/// # Errors
/// For anything else that is not there, or has another type.
pub(super) fn check(import: &Import) -> Result<bool, ModuleError> {
    if !import.module.starts_with(PREFIX) {
        super::super::check_import(import, super::super::wasi::MODULE, &super::super::wasi::IMPORTS)?;
        return Ok(true);
    }
    let known = functions().find(|(module, name, _)| *name == import.name && *module == import.module);
    match (known, &import.entity) {
        (Some((_, _, expected)), found) => {
            let expected = Entity::Function(expected);
            if *found == expected {
                return Ok(true);
            }
            Err(ModuleError::ImportType {
                name: import.name.clone(),
                expected: expected.to_string(),
                found: found.to_string(),
            })
        }
        (None, Entity::Function(_)) => Ok(false),
        (None, _) => {
            Err(ModuleError::UnknownImport { module: import.module.clone(), name: import.name.clone() })
        }
    }
}

/// What a call of an import that is not there fails with.
pub(super) fn unknown(import: &Import) -> String {
    let tls = import.module == "lunatic::networking" && import.name.contains("tls_");
    let why = if tls { "is refused, there is no TLS" } else { "is not there" };
    format!("`{}::{}` {why}", import.module, import.name)
}

/// Imports that are not there: each call is a trap.
pub(crate) fn warnings(shape: &Shape) -> Vec<String> {
    let is_unknown = |import: &&Import| check(import) == Ok(false);
    let warning = |import: &Import| format!("{}: a call of it is a trap", unknown(import));
    shape.imports.iter().filter(is_unknown).map(warning).collect()
}
