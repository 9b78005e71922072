//! Compiled code, handed down from a process to those that it starts.
//!
//! A process of `check` is fresh on purpose, and would compile again what its parent has compiled.
//! Instead the parent writes the code to a file in a directory of its own, and tells each child where
//! that is and what its SHA-256 is, in an environment variable. A child takes nothing from a file
//! with another sum, or of another engine, and says so; modules that are not in it are compiled.

use crate::engine::{engine, engine_id};
use crate::module::{Module, ModuleError, ModuleHash};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::process::Command;
use std::sync::LazyLock;

/// Where a process finds what was handed down to it: the SHA-256 of the file, a colon, its path.
const VARIABLE: &str = "SEEDBED_COMPILED";

/// What a file begins with.
const MAGIC: &[u8; 8] = b"seedbed\x01";

/// Compiled code of modules, kept for processes to come; gone when dropped.
pub struct Handed {
    /// Holds the file, and nobody else's.
    _directory: tempfile::TempDir,
    value: OsString,
}

impl Handed {
    /// Writes down the compiled code of these modules.
    ///
    /// # Errors
    /// If no file can be made.
    pub fn new<'a>(modules: impl IntoIterator<Item = &'a Module>) -> io::Result<Handed> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&engine_id().0.to_le_bytes());
        for module in modules {
            let code = module.compiled().serialize().map_err(io::Error::other)?;
            bytes.extend_from_slice(&module.hash().0);
            bytes.extend_from_slice(&(code.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&code);
        }
        let directory = tempfile::Builder::new().prefix("seedbed-").tempdir()?;
        let path = directory.path().join("compiled");
        std::fs::write(&path, &bytes)?;
        let mut value = OsString::from(format!("{}:", ModuleHash(Sha256::digest(&bytes).into())));
        value.push(path);
        Ok(Handed { _directory: directory, value })
    }

    /// Lets a process that is to be started find them.
    pub fn to(&self, command: &mut Command) {
        command.env(VARIABLE, &self.value);
    }
}

/// What was handed down to this process.
struct Inherited {
    bytes: Vec<u8>,
    code: BTreeMap<ModuleHash, Range<usize>>,
}

/// The compiled code of a module, if it was handed down to this process.
///
/// # Errors
/// If something was, and it is damaged, or not for this engine.
pub(crate) fn compiled(module: ModuleHash) -> Result<Option<wasmtime::Module>, ModuleError> {
    static INHERITED: LazyLock<Option<Result<Inherited, String>>> =
        LazyLock::new(|| std::env::var_os(VARIABLE).map(|value| Inherited::read(&value)));
    let inherited = match &*INHERITED {
        None => return Ok(None),
        Some(Err(error)) => return Err(ModuleError::Handed(error.clone())),
        Some(Ok(inherited)) => inherited,
    };
    let Some(range) = inherited.code.get(&module) else { return Ok(None) };
    let code = &inherited.bytes[range.clone()];
    #[expect(unsafe_code, reason = "wasmtime takes it on trust that it made this code itself")]
    // SAFETY: the code is part of bytes with the SHA-256 that stands in this process's environment.
    // `Handed` alone puts one there, of bytes that `Module::serialize` gave it for this engine. It can
    // be put there otherwise only by who starts this process, and may run any code in it anyway, or
    // by `std::env::set_var` within it, which is unsafe itself.
    let made = unsafe { wasmtime::Module::deserialize(engine(), code) };
    made.map(Some).map_err(|e| ModuleError::Handed(format!("{e:#}")))
}

impl Inherited {
    fn read(value: &OsString) -> Result<Inherited, String> {
        let text = value.to_str().ok_or("its name is not UTF-8")?;
        // The sum has a colon of its own, behind its algorithm.
        let (sum, path) = text
            .match_indices(':')
            .nth(1)
            .map(|(at, _)| (&text[..at], &text[at + 1..]))
            .ok_or_else(|| format!("`{text}` is no sum and path"))?;
        let bytes = std::fs::read(path).map_err(|e| format!("read {path}: {e}"))?;
        if ModuleHash(Sha256::digest(&bytes).into()).to_string() != sum {
            return Err(format!("{path} is damaged: it has another sum than {sum}"));
        }
        let code = parse(&bytes).ok_or_else(|| format!("{path} is of another engine"))?;
        Ok(Inherited { bytes, code })
    }
}

/// Where the code of each module is; `None` for another format or engine.
fn parse(bytes: &[u8]) -> Option<BTreeMap<ModuleHash, Range<usize>>> {
    let mut at = 0..bytes.len();
    let mut take = |len: usize| {
        let range = at.start..at.start.checked_add(len).filter(|end| *end <= bytes.len())?;
        at.start = range.end;
        Some(range)
    };
    let magic = take(MAGIC.len())?;
    let engine = take(8)?;
    if bytes[magic] != *MAGIC || bytes[engine] != engine_id().0.to_le_bytes() {
        return None;
    }
    let mut code = BTreeMap::new();
    while let Some(hash) = take(32) {
        let hash = ModuleHash(bytes[hash].try_into().expect("as long as was taken"));
        let len = u64::from_le_bytes(bytes[take(8)?].try_into().expect("as long as was taken"));
        code.insert(hash, take(usize::try_from(len).ok()?)?);
    }
    at.is_empty().then_some(code)
}
