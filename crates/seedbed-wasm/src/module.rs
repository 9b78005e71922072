//! Compiled modules.
//!
//! A module is read, recognised, rewritten and compiled once a process, whoever asks for it again
//! by the same bytes. What is wrong with it is said here, before any actor starts: each kind of
//! mistake is its own error.

use crate::arena::Image;
use crate::blocking::Data;
use crate::dialect::{Dialect, Linked, lunatic, palladium};
use crate::engine::engine;
use crate::host::Host;
use crate::kept;
use crate::limits::WasmLimits;
use crate::rewrite::{self, Mode, RewriteError, Shape};
use seedbed_abi::Failure;
use seedbed_core::Failed;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use thiserror::Error;
use wasmtime::InstancePre;

/// A compiled module; clones share it.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    hash: ModuleHash,
    dialect: Dialect,
    shape: Shape,
    origin: Origin,
    linked: Linked,
    /// What a fresh instance holds; taken from the first one.
    image: OnceLock<Image>,
}

/// Where the compiled code of a module came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This process compiled it.
    Compiled,
    /// From the process that started this one, see [`Handed`](crate::Handed).
    HandedDown,
    /// From the directory of [`keep_compiled_in`](crate::keep_compiled_in).
    Kept,
}

/// The SHA-256 of a module's bytes, before rewriting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleHash(pub [u8; 32]);

impl ModuleHash {
    /// The hash of these bytes.
    pub fn of(wasm: &[u8]) -> ModuleHash {
        ModuleHash(Sha256::digest(wasm).into())
    }
}

impl fmt::Display for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a module cannot be an actor.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// The file could not be read.
    #[error("read {path}: {reason}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The bytes are not a module at all.
    #[error("not a WebAssembly module: it begins with {0:02x?}")]
    NotWasm(Vec<u8>),
    /// The module is not valid, or holds what cannot be snapshot.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// The module speaks no dialect.
    #[error("no dialect recognised: a handler exports `seedbed_on_message`")]
    NoDialect,
    /// The module has handlers, where a process is to be made of it.
    #[error("no process can be made of a module of the dialect `{0}`")]
    Dialect(Dialect),
    /// An import that the dialect does not offer.
    #[error("unknown import `{module}` `{name}`")]
    UnknownImport {
        /// Module of the import.
        module: String,
        /// Its name.
        name: String,
    },
    /// An import with another type than the dialect's.
    #[error("import `{name}` is a {found}, not a {expected}")]
    ImportType {
        /// Its name.
        name: String,
        /// What the dialect offers.
        expected: String,
        /// What the module asks for.
        found: String,
    },
    /// An export that the dialect needs.
    #[error("export `{0}` is missing")]
    MissingExport(&'static str),
    /// An export with another type than the dialect's.
    #[error("export `{name}` is a {found}, not a {expected}")]
    ExportType {
        /// Its name.
        name: &'static str,
        /// What the dialect needs.
        expected: String,
        /// What the module has.
        found: String,
    },
    /// What an instance begins with is more than its actor may have.
    #[error("the module begins with {begins} {what}, and its limit is {max}")]
    TooLarge {
        /// Of what: bytes of memory, table elements.
        what: &'static str,
        /// How much it begins with.
        begins: u64,
        /// How much there may be.
        max: u64,
    },
    /// The module has no room for messages.
    #[error(
        "no room for messages: export `seedbed_inbox`, or the globals `seedbed_inbox_ptr` and `seedbed_inbox_len`"
    )]
    MissingInbox,
    /// The room for messages makes no sense.
    #[error("the room of {len} bytes at {ptr} is not an inbox: {reason}")]
    BadInbox {
        /// Where it begins.
        ptr: u32,
        /// How long it is.
        len: u32,
        /// What is wrong.
        reason: &'static str,
    },
    /// The compiler refused it.
    #[error("compile: {0}")]
    Compile(String),
    /// The process that started this one handed compiled code down that cannot be used.
    #[error("take the compiled code that was handed down: {0}")]
    Handed(String),
}

impl Module {
    /// Reads and compiles a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no module that can be an actor.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Module, ModuleError> {
        let path = path.as_ref();
        let wasm = std::fs::read(path)
            .map_err(|e| ModuleError::Read { path: path.to_owned(), reason: e.to_string() })?;
        Module::from_bytes(&wasm)
    }

    /// Compiles a module, or finds it compiled.
    ///
    /// # Errors
    /// If it is no module that can be an actor.
    pub fn from_bytes(wasm: &[u8]) -> Result<Module, ModuleError> {
        Module::load(wasm, As::Itself)
    }

    /// The same for a module that may speak no dialect: one with an export of this name is then a
    /// `wasi` process, whose method it is.
    ///
    /// # Errors
    /// If it is no module that can be an actor.
    pub fn with_method(wasm: &[u8], method: &str) -> Result<Module, ModuleError> {
        Module::load(wasm, As::Method(method))
    }

    /// A module for processes of the `lunatic` dialect, whose functions it may import.
    ///
    /// # Errors
    /// If it is none, or has handlers.
    pub(crate) fn at_run_time(wasm: &[u8]) -> Result<Module, ModuleError> {
        Module::load(wasm, As::Process)
    }

    fn load(wasm: &[u8], what: As<'_>) -> Result<Module, ModuleError> {
        if !wasm.starts_with(b"\0asm") {
            return Err(ModuleError::NotWasm(wasm[..wasm.len().min(4)].to_vec()));
        }
        let hash = ModuleHash::of(wasm);
        let cell = cell_of((hash, what == As::Process));
        // Held while compiling: who else asks for this module waits, who asks for another does not.
        let mut known = cell.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inner) = known.upgrade() {
            return match what.dialect(&inner.shape) {
                None => Err(ModuleError::NoDialect),
                Some(_) => Ok(Module(inner)),
            };
        }
        let module = Module(Arc::new(compile(wasm, hash, what)?));
        *known = Arc::downgrade(&module.0);
        Ok(module)
    }

    /// Its identity.
    pub fn hash(&self) -> ModuleHash {
        self.0.hash
    }

    /// Where its compiled code came from.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// The dialect it speaks.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// Imports, as `module name: type`.
    pub fn imports(&self) -> Vec<String> {
        self.0.shape.imports.iter().map(|i| format!("{} {}: {}", i.module, i.name, i.entity)).collect()
    }

    /// Exports, as `name: type`.
    pub fn exports(&self) -> Vec<String> {
        self.0.shape.exports.iter().map(|e| format!("{}: {}", e.name, e.entity)).collect()
    }

    /// What it will do that its author may not mean, each in a sentence.
    pub fn warnings(&self) -> Vec<String> {
        match self.0.dialect {
            Dialect::Palladium => palladium::warnings(&self.0.shape),
            Dialect::Lunatic => lunatic::warnings(&self.0.shape),
            _ => Vec::new(),
        }
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// Checks that what an instance begins with is within the limits.
    ///
    /// # Errors
    /// If it is not: memory is used up before the start.
    pub(crate) fn fits(&self, limits: &WasmLimits) -> Result<(), Failed> {
        self.begins_within(limits).map_err(|error| Failed::new(Failure::OutOfMemory, error.to_string()))
    }

    /// The same, before anything is to start.
    ///
    /// # Errors
    /// [`ModuleError::TooLarge`] if no actor of the module can start within these limits.
    pub fn begins_within(&self, limits: &WasmLimits) -> Result<(), ModuleError> {
        let (pages, elements) = (self.0.shape.memory.unwrap_or(0), self.0.shape.table_elements);
        let too_large = |what, begins, max| Err(ModuleError::TooLarge { what, begins, max });
        match (pages.saturating_mul(1 << 16), limits.memory() as u64) {
            (bytes, max) if bytes > max => too_large("bytes of memory", bytes, max),
            _ if elements > limits.tables_max.into() => {
                too_large("table elements", elements, limits.tables_max.into())
            }
            _ => Ok(()),
        }
    }

    /// Its code.
    pub(crate) fn compiled(&self) -> &wasmtime::Module {
        match &self.0.linked {
            Linked::Handles(prepared) => prepared.module(),
            Linked::Waits(prepared) => prepared.module(),
        }
    }

    /// A module of handlers, ready to be instantiated.
    pub(crate) fn prepared(&self) -> &InstancePre<Host> {
        match &self.0.linked {
            Linked::Handles(prepared) => prepared,
            Linked::Waits(_) => unreachable!("a dialect knows its kind"),
        }
    }

    /// A module whose guests wait, ready to be instantiated.
    pub(crate) fn waiting(&self) -> &InstancePre<Data> {
        match &self.0.linked {
            Linked::Waits(prepared) => prepared,
            Linked::Handles(_) => unreachable!("a dialect knows its kind"),
        }
    }

    pub(crate) fn image(&self) -> &OnceLock<Image> {
        &self.0.image
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("hash", &self.0.hash).field("dialect", &self.0.dialect).finish()
    }
}

/// What a module is loaded as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As<'a> {
    /// What its dialect makes it.
    Itself,
    /// A `wasi` process with this method, if it speaks no dialect.
    Method(&'a str),
    /// A process of the `lunatic` dialect.
    Process,
}

impl As<'_> {
    fn dialect(self, shape: &Shape) -> Option<Dialect> {
        let own = Dialect::of(shape);
        match (self, own) {
            (As::Process, None | Some(Dialect::Wasi)) => Some(Dialect::Lunatic),
            (As::Method(method), None) => shape.export(method).map(|_| Dialect::Wasi),
            _ => own,
        }
    }
}

/// The bytes of a module, and whether it was loaded as a process of the `lunatic` dialect.
type Key = (ModuleHash, bool);

/// The place of a module in the process-wide table.
fn cell_of(key: Key) -> Arc<Mutex<Weak<Inner>>> {
    type Table = BTreeMap<Key, Arc<Mutex<Weak<Inner>>>>;
    static MODULES: Mutex<Table> = Mutex::new(BTreeMap::new());
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    // A place that nobody compiles at, and whose module is gone, makes room.
    modules.retain(|other, cell| {
        *other == key || Arc::strong_count(cell) > 1 || cell.try_lock().is_ok_and(|m| m.strong_count() > 0)
    });
    Arc::clone(modules.entry(key).or_default())
}

fn compile(wasm: &[u8], hash: ModuleHash, what: As<'_>) -> Result<Inner, ModuleError> {
    let mode = |shape: &Shape| what.dialect(shape).map_or(Mode::Stops, Dialect::mode);
    let (rewritten, shape) = rewrite::rewrite(wasm, &mut (), mode)?;
    let dialect = what.dialect(&shape).ok_or(ModuleError::NoDialect)?;
    if what == As::Process && dialect != Dialect::Lunatic {
        return Err(ModuleError::Dialect(dialect));
    }
    let handed = crate::handed::compiled(hash)?;
    let mut origin = Origin::Compiled;
    let compiled = || {
        // What a guest made is neither looked for nor kept.
        let is_kept = what != As::Process;
        let found = match handed {
            Some(compiled) => Some((compiled, Origin::HandedDown)),
            None if is_kept => kept::find(&rewritten).map(|compiled| (compiled, Origin::Kept)),
            None => None,
        };
        if let Some((compiled, from)) = found {
            origin = from;
            return Ok(compiled);
        }
        let compiled = wasmtime::Module::new(engine(), &rewritten)
            .map_err(|e| ModuleError::Compile(format!("{e:#}")))?;
        if is_kept {
            kept::keep(&rewritten, &compiled);
        }
        Ok(compiled)
    };
    let linked = dialect.link(&shape, compiled)?;
    Ok(Inner { hash, dialect, shape, origin, linked, image: OnceLock::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"(memory (export "memory") 1)
        (global (export "seedbed_inbox_ptr") i32 (i32.const 0))
        (global (export "seedbed_inbox_len") i32 (i32.const 1024))
        (func (export "seedbed_on_message") (param i32 i32 i32) (result i32) (i32.const 0))"#;

    fn load(text: &str) -> Result<Module, ModuleError> {
        Module::from_bytes(&wat::parse_str(format!("(module {text})")).unwrap())
    }

    fn refused(text: &str) -> String {
        load(text).expect_err("must be refused").to_string()
    }

    #[test]
    fn the_least_guest_is_a_module() {
        let module = load(LEAST).unwrap();
        assert_eq!(module.dialect(), Dialect::Seedbed);
        assert!(module.hash().to_string().starts_with("sha256:"));
        assert_eq!(module.exports()[3], "seedbed_on_message: function (i32, i32, i32) -> (i32)");
    }

    #[test]
    fn a_module_is_compiled_once_while_it_lives() {
        let one = load(LEAST).unwrap();
        let two = load(LEAST).unwrap();
        assert!(Arc::ptr_eq(&one.0, &two.0));
        let other = load(&format!("{LEAST} (func)")).unwrap();
        assert!(!Arc::ptr_eq(&one.0, &other.0));
    }

    #[test]
    fn every_mistake_has_a_text_of_its_own() {
        let without = |line: &str| LEAST.lines().filter(|l| !l.contains(line)).collect::<String>();
        let cases = [
            (without("\"memory\""), "export `memory` is missing"),
            (
                without("inbox_ptr"),
                "no room for messages: export `seedbed_inbox`, or the globals `seedbed_inbox_ptr` and `seedbed_inbox_len`",
            ),
            (without("on_message"), "no dialect recognised: a handler exports `seedbed_on_message`"),
            (
                LEAST.replace("(result i32) (i32.const 0)", ""),
                "export `seedbed_on_message` is a function (i32, i32, i32) -> (), not a function (i32, i32, i32) -> (i32)",
            ),
            (
                format!("{LEAST} (func (export \"seedbed_on_stop\"))"),
                "export `seedbed_on_stop` is a function () -> (), not a function (i32) -> ()",
            ),
            (
                format!("{LEAST} (global (export \"seedbed_inbox\") i32 (i32.const 0))"),
                "export `seedbed_inbox` is a global i32, not a function (i32) -> (i32)",
            ),
            (
                format!("{LEAST} (func (export \"_initialize\") (result i32) (i32.const 0))"),
                "export `_initialize` is a function () -> (i32), not a function () -> ()",
            ),
            (format!("(import \"seedbed\" \"sned\" (func)) {LEAST}"), "unknown import `seedbed` `sned`"),
            (format!("(import \"env\" \"send\" (func)) {LEAST}"), "unknown import `env` `send`"),
            (
                format!("(import \"seedbed\" \"now\" (func (result i32))) {LEAST}"),
                "import `now` is a function () -> (i32), not a function () -> (i64)",
            ),
            (
                format!("(import \"seedbed\" \"now\" (global i32)) {LEAST}"),
                "import `now` is a global i32, not a function () -> (i64)",
            ),
            (
                LEAST.replace("1024", "40"),
                "the room of 40 bytes at 0 is not an inbox: an envelope takes 48 bytes",
            ),
            (
                LEAST.replace("(i32.const 0))\n", "(i32.const 4))\n"),
                "the room of 1024 bytes at 4 is not an inbox: it is not 8-aligned",
            ),
            (
                LEAST.replace("1024", "65537"),
                "the room of 65537 bytes at 0 is not an inbox: it reaches outside of the memory",
            ),
            (
                "(memory (export \"memory\") 1) (func (export \"pd_actor_on_message\"))".into(),
                "export `pd_actor_on_message` is a function () -> (), not a function (i32, i32, i32, i32, i32) -> (i32)",
            ),
            (
                "(import \"pd\" \"pd_spawn\" (func)) (memory (export \"memory\") 1) (func (export \"pd_actor_on_message\"))".into(),
                "unknown import `pd` `pd_spawn`",
            ),
            (
                "(import \"lunatic::process\" \"kill\" (func (param i32)))".into(),
                "import `kill` is a function (i32) -> (), not a function (i64) -> ()",
            ),
            (
                "(import \"lunatic::process\" \"self\" (global i32))".into(),
                "unknown import `lunatic::process` `self`",
            ),
            (
                "(import \"lunatic::process\" \"kill\" (func (param i64))) (import \"env\" \"f\" (func))".into(),
                "unknown import `env` `f`",
            ),
            (
                "(import \"wasi_snapshot_preview1\" \"sched_yield\" (func (result i32))) (func (export \"_start\"))".into(),
                "export `memory` is missing",
            ),
            (
                "(memory (export \"memory\") 1) (func (export \"_start\") (param i32))".into(),
                "export `_start` is a function (i32) -> (), not a function () -> ()",
            ),
            (
                "(import \"wasi_snapshot_preview1\" \"fd_open\" (func))".into(),
                "unknown import `wasi_snapshot_preview1` `fd_open`",
            ),
            (
                format!("{LEAST} (memory 1)"),
                "not a valid WebAssembly module: multiple memories (at offset 0x18)",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(refused(&text), expected);
        }
    }

    #[test]
    fn bytes_and_files_that_are_no_modules_say_so() {
        assert_eq!(
            Module::from_bytes(b"#!/bin/sh").unwrap_err().to_string(),
            "not a WebAssembly module: it begins with [23, 21, 2f, 62]"
        );
        assert_eq!(Module::from_bytes(b"").unwrap_err(), ModuleError::NotWasm(Vec::new()));
        let error = Module::from_file("no/such/file.wasm").unwrap_err();
        assert!(error.to_string().starts_with("read no/such/file.wasm: "), "{error}");
    }
}
