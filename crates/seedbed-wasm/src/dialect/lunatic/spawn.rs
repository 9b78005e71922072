//! Processes made of a module, a function of it, and parameters.

use super::abi::{Guest, enter, text};
use super::abi::{misuse, own};
use super::{Lunatic, Rights};
use crate::blocking::{Plan, Process, charge};
use crate::dialect::wasi::{Invocation, Wasi, forbidden};
use crate::host::Stop;
use crate::module::Module;
use crate::rewrite::Entity;
use seedbed_core::{Behaviour, Context, Factory, Failed, Limits, Permissions};
use std::sync::Arc;
use wasmparser::{FuncType, ValType};
use wasmtime::Val;

/// Bytes of one parameter: a type, then a value.
const PARAM_LEN: usize = 17;

/// So many parameters a function may have.
const PARAMS_MAX: u32 = 1_000;

/// Bytes of the longest name of a function.
const FUNCTION_MAX: u32 = 4_096;

/// Makes processes of one kind.
#[derive(Clone)]
pub(super) struct Spawned {
    pub(super) module: Module,
    pub(super) rights: Arc<Rights>,
    pub(super) call: Invocation,
}

impl Factory for Spawned {
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        self.module.fits(&self.rights.wasm)?;
        Ok(Box::new(Process::new(Plan {
            module: self.module.clone(),
            limits: self.rights.wasm,
            wasi: Wasi::new(&self.rights.wasi),
            lunatic: Some(Lunatic::new(Arc::clone(&self.rights), self.module.clone())),
            call: self.call.clone(),
            max_execution: None,
        })))
    }

    fn limits(&self) -> Limits {
        self.rights.limits
    }

    fn permissions(&self) -> Permissions {
        self.rights.permissions.clone()
    }
}

/// What a spawn asks for, as the guest has it.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) config: i64,
    pub(super) module: i64,
    pub(super) function: (u32, u32),
    pub(super) params: (u32, u32),
}

/// From what is asked for to what makes the process; an error that the guest is told is inside.
pub(super) fn prepare(
    caller: &mut Guest<'_>,
    name: &'static str,
    asked: Asked,
) -> Result<Result<Spawned, String>, Stop> {
    let keeps = own(caller);
    if !keeps.rights.permissions.spawn {
        return Err(misuse(&format!("{name}: the process may not spawn")));
    }
    if !keeps.initialized {
        return Err(misuse(&format!("{name}: a module that is being initialized cannot spawn")));
    }
    let rights = match asked.config {
        -1 => Arc::clone(&keeps.rights),
        id => Arc::new(keeps.rights.with(keeps.configs.get(name, id.cast_unsigned())?)),
    };
    let module = match asked.module {
        -1 => keeps.module.clone(),
        id => keeps.modules.get(name, id.cast_unsigned())?.clone(),
    };
    let function = text(caller, name, asked.function, FUNCTION_MAX)?;
    let params = params(caller, name, asked.params)?;
    // A module that came from elsewhere may import what no process may that this one spawns.
    let allowed = rights.wasi.imports.as_ref();
    if let Some(error) = allowed.and_then(|allowed| forbidden(&module, allowed).next()) {
        return Ok(Err(error.to_string()));
    }
    Ok(call(&module, &function, params).map(|call| Spawned { module, rights, call }))
}

/// A call of an export.
fn call(module: &Module, function: &str, arguments: Vec<Val>) -> Result<Invocation, String> {
    let ty = match module.shape().export(function) {
        Some(Entity::Function(ty)) => ty,
        Some(other) => return Err(format!("`{function}` is a {other}, not a function")),
        None => return Err(format!("there is no function `{function}`")),
    };
    let given = FuncType::new(arguments.iter().map(type_of), []);
    if given.params() != ty.params() {
        let found = Entity::Function(ty.clone());
        return Err(format!("`{function}` is a {found}, and is called as a {}", Entity::Function(given)));
    }
    Ok(Invocation { export: function.to_owned(), arguments, results: ty.results().to_vec() })
}

fn type_of(value: &Val) -> ValType {
    match value {
        Val::I32(_) => ValType::I32,
        Val::I64(_) => ValType::I64,
        _ => ValType::V128,
    }
}

fn params(caller: &mut Guest<'_>, name: &'static str, (ptr, len): (u32, u32)) -> Result<Vec<Val>, Stop> {
    if len > PARAMS_MAX * PARAM_LEN as u32 {
        return Err(misuse(&format!("{name}: more than {PARAMS_MAX} parameters")));
    }
    charge(caller, len);
    let (bytes, _) = enter(caller, name)?;
    let (params, rest) = bytes.at(ptr, len)?.as_chunks::<PARAM_LEN>();
    if !rest.is_empty() {
        return Err(misuse(&format!("{name}: {} bytes are left behind the parameters", rest.len())));
    }
    let param = |param: &[u8; PARAM_LEN]| {
        let value = u128::from_le_bytes(param[1..].try_into().expect("sixteen bytes"));
        Ok(match param[0] {
            0x7f => Val::I32(value as i32),
            0x7e => Val::I64(value as i64),
            0x7b => Val::V128(value.into()),
            ty => return Err(misuse(&format!("{name}: {ty:#04x} is no type of a parameter"))),
        })
    };
    params.iter().map(param).collect()
}
