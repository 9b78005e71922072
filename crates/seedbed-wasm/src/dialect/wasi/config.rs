//! What a `wasi` process is given, checked against its module.

use super::method::Invocation;
use super::{INTERFACES, START, interface};
use crate::dialect::Dialect;
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
    /// Interfaces that the module may import; `None` = all.
    pub imports: Option<Vec<String>>,
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
            max_execution: None,
        }
    }
}

/// Why a module cannot be a process of this configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WasiError {
    /// The module speaks another dialect.
    #[error("a module of the dialect `{0}` is no `wasi` process")]
    Dialect(Dialect),
    /// There is no such export.
    #[error("there is no export `{0}` to call")]
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
    #[error("there is no interface `{name}`: known are {}", INTERFACES.join(", "))]
    UnknownInterface {
        /// Its name.
        name: String,
    },
    /// The module imports what is not on its list.
    #[error("the module imports `{name}` of `{interface}`, which is not among its `imports`")]
    Import {
        /// The function.
        name: String,
        /// Its interface.
        interface: &'static str,
    },
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
            let unknown = imports.iter().filter(|i| !INTERFACES.contains(&i.as_str()));
            errors.extend(unknown.map(|i| WasiError::UnknownInterface { name: i.clone() }));
            for import in &module.shape().imports {
                let interface = interface(&import.name);
                if !imports.iter().any(|i| i == interface) {
                    errors.push(WasiError::Import { name: import.name.clone(), interface });
                }
            }
        }
        let variables = self.env.iter().flat_map(|(name, value)| [name, value]);
        let texts = std::iter::once(&self.program).chain(&self.args).chain(variables);
        errors.extend(texts.filter(|t| t.contains('\0')).map(|t| WasiError::Zero(t.clone())));
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
