//! What a `wasi` process is given, checked against its module.

use super::method::Invocation;
use super::{START, mounts};
use crate::dialect::{Dialect, interface, interfaces};
use crate::module::Module;
use std::time::Duration;
use thiserror::Error;

/// What a process is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasiConfig {
    /// The program's name, its argument 0.
    pub program: String,
    /// The arguments after it.
    pub args: Vec<String>,
    /// Environment variables, by name.
    pub env: Vec<(String, String)>,
    /// The export to call; `None` = `_start`.
    pub method: Option<String>,
    /// The method's arguments, parsed by the export's types.
    pub method_args: Vec<String>,
    /// Interfaces that the module may import, and the modules of processes that it spawns; `None` = all.
    pub imports: Option<Vec<String>>,
    /// Directories that it sees, in this order.
    pub mounts: Vec<WasiMount>,
    /// Where relative paths begin, absolute: a directory of a mount.
    pub cwd: Option<String>,
    /// Its standard streams are those of the service around it, if that lets it; else its input is at
    /// its end, and what it writes goes to the log by lines.
    pub inherit: bool,
    /// How long a life may take, from its start; `None` = as long as it likes.
    pub max_execution: Option<Duration>,
}

impl Default for WasiConfig {
    fn default() -> WasiConfig {
        WasiConfig {
            program: "guest".into(),
            args: Vec::new(),
            env: Vec::new(),
            method: None,
            method_args: Vec::new(),
            imports: None,
            mounts: Vec::new(),
            cwd: None,
            inherit: false,
            max_execution: None,
        }
    }
}

/// A directory that a process sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasiMount {
    /// The name that the reactor knows it by: `System::builder().directory(…)`, `World::directory`.
    pub directory: String,
    /// Where the process sees it, absolute.
    pub guest: String,
    /// Nothing in it may change.
    pub read_only: bool,
}

/// Why a module cannot be a process of this configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WasiError {
    /// The module speaks another dialect.
    #[error("a module of the dialect `{0}` is no `wasi` process")]
    Dialect(Dialect),
    /// There is no such export.
    #[error("there is no export `{0}` to call{hint}", hint = if .0 == START { ": a manifest can name another one, as `method`" } else { "" })]
    NoMethod(String),
    /// The export is no function.
    #[error("the method `{method}` is a {found}, not a function")]
    NotAFunction {
        /// The method.
        method: String,
        /// What it is.
        found: String,
    },
    /// The method takes or gives something else than numbers.
    #[error("the method `{method}` has the type {ty} in it: i32, i64, f32 and f64 can be called")]
    MethodType {
        /// The method.
        method: String,
        /// The type.
        ty: String,
    },
    /// Too few or too many arguments.
    #[error("the method `{method}` takes {expected} arguments, not {found}")]
    ArgumentCount {
        /// The method.
        method: String,
        /// How many it takes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An argument is not of its type.
    #[error("argument {position} of the method `{method}` is `{text}`, not an {ty}")]
    Argument {
        /// The method.
        method: String,
        /// Which, from 1.
        position: usize,
        /// What it should be.
        ty: String,
        /// What it is.
        text: String,
    },
    /// An interface that does not exist.
    #[error("there is no interface `{name}`: known are {known}")]
    UnknownInterface {
        /// Its name.
        name: String,
        /// Those that a module of this dialect may import from.
        known: String,
    },
    /// The module imports what is not on its list.
    #[error("the module imports `{name}` of `{interface}`, which is not among its `imports`")]
    Import {
        /// The function.
        name: String,
        /// Its interface.
        interface: String,
    },
    /// A path of the guest that is not absolute, or leads up.
    #[error("`{0}` is not an absolute path without `..`")]
    GuestPath(String),
    /// Two mounts at one place.
    #[error("there are two mounts at `{0}`")]
    SameMount(String),
    /// A working directory that is not there.
    #[error("the working directory `{0}` lies in no mount")]
    Cwd(String),
    /// A working directory that programs could not tell from `/`.
    #[error(
        "with a mount at `/`, the working directory is `/`, not `{0}`: programs take relative paths from there"
    )]
    CwdNotRoot(String),
    /// Text that no C string can hold.
    #[error("`{0}` holds a zero byte")]
    Zero(String),
}

impl WasiConfig {
    /// Checks all of it against a module; gives the call to make.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn check(&self, module: &Module) -> Result<Invocation, Vec<WasiError>> {
        if !matches!(module.dialect(), Dialect::Wasi | Dialect::Lunatic) {
            return Err(vec![WasiError::Dialect(module.dialect())]);
        }
        let mut errors = Vec::new();
        if let Some(imports) = &self.imports {
            let known = interfaces(module.dialect());
            let unknown = imports.iter().filter(|i| !known.contains(i));
            let known = || known.join(", ");
            errors.extend(unknown.map(|i| WasiError::UnknownInterface { name: i.clone(), known: known() }));
            errors.extend(forbidden(module, imports));
        }
        let variables = self.env.iter().flat_map(|(name, value)| [name, value]);
        let paths = self.mounts.iter().map(|mount| &mount.guest).chain(&self.cwd);
        let texts = std::iter::once(&self.program).chain(&self.args).chain(variables).chain(paths);
        errors.extend(texts.filter(|t| t.contains('\0')).map(|t| WasiError::Zero(t.clone())));
        errors.extend(mounts::check(self));
        let method = self.method.as_deref().unwrap_or(START);
        match Invocation::parse(module.shape(), method, &self.method_args) {
            Ok(call) if errors.is_empty() => Ok(call),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }
}

/// What a module imports from interfaces that are not among these. What is linked to a trap is not asked
/// after.
pub(crate) fn forbidden(module: &Module, allowed: &[String]) -> impl Iterator<Item = WasiError> {
    let imports = module.shape().imports.iter();
    imports.filter_map(|import| {
        let interface = interface(import).filter(|interface| !allowed.contains(interface))?;
        Some(WasiError::Import { name: import.name.clone(), interface })
    })
}
