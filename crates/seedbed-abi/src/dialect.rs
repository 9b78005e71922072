//! The names and types of the `seedbed` dialect, version 1, as data.
//!
//! Host, `verify`, documentation and tests read the one table; `docs/guest-abi.md` says what each means.

use Value::{I32, I64};

/// The module that every import comes from.
pub const MODULE: &str = "seedbed";

/// A value type of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Pointers, lengths, codes, flags, levels and truth values.
    I32,
    /// Pids, addresses, times, ids, correlations, references and tags.
    I64,
}

/// The name and type of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub params: &'static [Value],
    /// What it gives.
    pub result: Option<Value>,
}

/// The function that makes a module one of this dialect.
pub const ON_MESSAGE: Function = function("seedbed_on_message", &[I32, I32, I32], Some(I32));

/// Called once, before any message.
pub const ON_START: Function = function("seedbed_on_start", &[I32, I32], Some(I32));

/// Called once, after the last message.
pub const ON_STOP: Function = function("seedbed_on_stop", &[I32], None);

/// Asked for room for an envelope and a payload.
pub const INBOX: Function = function("seedbed_inbox", &[I32], Some(I32));

/// The functions that a guest may export; it needs only the first.
pub const EXPORTS: [Function; 4] = [ON_MESSAGE, ON_START, ON_STOP, INBOX];

/// The memory that every guest exports.
pub const MEMORY: &str = "memory";

/// The pointer to a room of fixed size: an i32 global, for guests without `seedbed_inbox`.
pub const INBOX_PTR: &str = "seedbed_inbox_ptr";

/// The length of a room of fixed size: an i32 global, for guests without `seedbed_inbox`.
pub const INBOX_LEN: &str = "seedbed_inbox_len";

/// The functions that a guest may import.
pub const IMPORTS: [Function; 30] = [
    function("send", &[I64, I64, I32, I32], Some(I32)),
    function("request", &[I64, I64, I32, I32, I64], Some(I64)),
    function("reply", &[I64, I64, I64, I32, I32], Some(I32)),
    function("self", &[], Some(I64)),
    function("parent", &[], Some(I64)),
    function("address", &[I32, I32], Some(I64)),
    function("whereis", &[I32, I32], Some(I64)),
    function("register", &[I32, I32], Some(I32)),
    function("unregister", &[], Some(I32)),
    function("now", &[], Some(I64)),
    function("unix_time", &[], Some(I64)),
    function("random", &[I32, I32], None),
    function("set_timer", &[I64, I64], Some(I64)),
    function("set_interval", &[I64, I64], Some(I64)),
    function("cancel_timer", &[I64], Some(I32)),
    function("spawn", &[I32, I32, I32, I32, I32, I32, I32], Some(I64)),
    function("link", &[I64], Some(I32)),
    function("unlink", &[I64], Some(I32)),
    function("monitor", &[I64], Some(I64)),
    function("demonitor", &[I64, I32], Some(I32)),
    function("trap_exits", &[I32], None),
    function("exit", &[I64, I32], Some(I32)),
    function("stop", &[I32], None),
    function("log", &[I32, I32, I32], None),
    function("observe", &[I32, I32, I64], Some(I32)),
    function("fuel_left", &[], Some(I64)),
    function("buggify", &[I32, I32], Some(I32)),
    function("always", &[I32, I32, I32], None),
    function("sometimes", &[I32, I32, I32], None),
    function("perform", &[I32, I32, I32, I32], Some(I64)),
];

const fn function(name: &'static str, params: &'static [Value], result: Option<Value>) -> Function {
    Function { name, params, result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        for (i, import) in IMPORTS.iter().enumerate() {
            assert!(IMPORTS[..i].iter().all(|other| other.name != import.name), "{}", import.name);
        }
    }

    #[test]
    fn the_page_gives_every_function_with_its_type() {
        let page = include_str!("../../../docs/guest-abi.md");
        for function in IMPORTS.iter().chain(&EXPORTS) {
            let mut line = alloc::format!("| `{}` | ", function.name);
            let mut types = function.params.iter().map(|v| if *v == I32 { "i32" } else { "i64" });
            line.extend(types.next());
            types.for_each(|t| line.extend([", ", t]));
            line.push_str(match function.result {
                None => " → nothing |",
                Some(I32) => " → i32 |",
                Some(I64) => " → i64 |",
            });
            let line = line.replace("|  →", "| →");
            assert!(page.contains(&line), "docs/guest-abi.md lacks: {line}");
        }
    }
}
