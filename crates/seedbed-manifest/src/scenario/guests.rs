//! From entries to factories of actors: modules are compiled, limits and permissions set.
//!
//! What is wrong with any guest is reported at once: a run needs them all.

use crate::Manifest;
use crate::process::{EnvVar, Limits, MailboxPolicy, Mount, Permissions, Process, Wasi};
use crate::scenario::mounts;
use seedbed_wasm::{
    Dialect, LunaticRights, Module, ModuleError, WasiConfig, WasiError, WasiMount, WasmActor, WasmLimits,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use thiserror::Error;

/// What whoever runs a manifest gives its `wasi` processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Values for environment variables, by their ids.
    pub values: BTreeMap<String, String>,
    /// Id of the one process that reads and writes the standard streams of the service around it.
    pub streams_of: Option<String>,
}

impl Given {
    fn has_streams(&self, process: &Process) -> bool {
        self.streams_of.as_ref() == Some(&process.id)
    }
}

/// A guest that would not load.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("process `{process}` ({}): {problem}", path.display())]
pub struct GuestError {
    /// Id of its entry.
    pub process: String,
    /// Its module's file, relative to the manifest.
    pub path: PathBuf,
    /// Why not.
    pub problem: GuestProblem,
}

/// Why a guest would not load.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GuestProblem {
    /// The module is none that can be an actor.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The manifest was parsed without its files.
    #[error("its module was not read")]
    NotRead,
    /// A key that means nothing for the dialect that the module speaks.
    #[error("`{key}` means nothing for a module of the dialect `{dialect}`")]
    Key {
        /// The key.
        key: &'static str,
        /// What the module speaks.
        dialect: Dialect,
    },
    /// The module and what a `wasi` process is given do not go together.
    #[error(transparent)]
    Wasi(#[from] WasiError),
    /// A variable that is required has no value.
    #[error("the environment variable `{name}` is required, and nobody gives `{id}` a value")]
    NoValue {
        /// The guest's name for it.
        name: String,
        /// The embedder's.
        id: String,
    },
}

/// Compiles the modules of all entries.
pub(super) fn load(
    manifest: &Manifest,
    given: &Given,
) -> Result<BTreeMap<String, WasmActor>, Vec<GuestError>> {
    let (mut guests, mut errors) = (BTreeMap::new(), Vec::new());
    for process in &manifest.processes {
        match guest(process, given) {
            Ok(guest) => drop(guests.insert(process.id.clone(), guest)),
            Err(problems) => errors.extend(problems.into_iter().map(|problem| GuestError {
                process: process.id.clone(),
                path: process.path.clone(),
                problem,
            })),
        }
    }
    if errors.is_empty() { Ok(guests) } else { Err(errors) }
}

fn guest(process: &Process, given: &Given) -> Result<WasmActor, Vec<GuestProblem>> {
    let bytes = process.module.as_deref().ok_or_else(|| vec![GuestProblem::NotRead])?;
    let module = match &process.method {
        Some(method) => Module::with_method(bytes, method),
        None => Module::from_bytes(bytes),
    };
    let module = module.map_err(|e| vec![e.into()])?;
    let dialect = module.dialect();
    let strange = strange_keys(process, dialect);
    if !strange.is_empty() {
        return Err(strange.into_iter().map(|key| GuestProblem::Key { key, dialect }).collect());
    }
    let limits_of_guest = wasm_limits(&process.limits);
    module.begins_within(&limits_of_guest).map_err(|e| vec![e.into()])?;
    let mut actor = WasmActor::new(module);
    if matches!(dialect, Dialect::Wasi | Dialect::Lunatic) {
        let config = wasi(process, dialect, given)?;
        actor =
            actor.wasi(config).map_err(|errors| errors.into_iter().map(Into::into).collect::<Vec<_>>())?;
    }
    Ok(actor
        .wasm_limits(limits_of_guest)
        .limits(limits(&process.limits, dialect))
        .permissions(permissions(process, given))
        .lunatic(LunaticRights {
            compile: process.permissions.compile,
            configure: process.permissions.configure,
            network: process.permissions.network,
            ..LunaticRights::default()
        }))
}

/// What a process with a body is given.
fn wasi(process: &Process, dialect: Dialect, given: &Given) -> Result<WasiConfig, Vec<GuestProblem>> {
    let Wasi { args, cwd, env, mounts } = &process.wasi;
    let mut problems = Vec::new();
    let mut variables = Vec::new();
    for EnvVar { id, name, required, default } in env {
        match given.values.get(id).or(default.as_ref()) {
            Some(value) => variables.push((name.clone(), value.clone())),
            None if *required => {
                problems.push(GuestProblem::NoValue { name: name.clone(), id: id.clone() });
            }
            None => {}
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(WasiConfig {
        program: process.id.clone(),
        args: args.clone(),
        env: variables,
        method: process.method.clone(),
        method_args: process.args.clone(),
        imports: (!process.imports.is_empty()).then(|| process.imports.clone()),
        mounts: mounts.iter().map(mount).collect(),
        cwd: cwd.clone(),
        inherit: dialect == Dialect::Wasi && given.has_streams(process),
        max_execution: process.limits.max_execution,
    })
}

fn mount(mount: &Mount) -> WasiMount {
    let Mount { fs, guest, read_only } = mount;
    WasiMount { directory: mounts::name(fs), guest: guest.clone(), read_only: *read_only }
}

/// The keys of an entry that only other dialects have a use for.
fn strange_keys(process: &Process, dialect: Dialect) -> Vec<&'static str> {
    let Process { method, args, imports, wasi, limits, permissions, .. } = process;
    let handler = matches!(dialect, Dialect::Seedbed | Dialect::Palladium);
    let wasi_only = |given: bool| dialect != Dialect::Wasi && given;
    let lunatic_only = |given: bool| dialect != Dialect::Lunatic && given;
    let keys = [
        ("method", wasi_only(method.is_some())),
        ("args", wasi_only(!args.is_empty())),
        ("imports", handler && !imports.is_empty()),
        ("wasi", handler && *wasi != Wasi::default()),
        ("limits.fuel_slice", handler && limits.fuel_slice.is_some()),
        ("limits.fuel_max", handler && limits.fuel_max.is_some()),
        ("limits.max_execution", handler && limits.max_execution.is_some()),
        ("permissions.compile", lunatic_only(permissions.compile)),
        ("permissions.configure", lunatic_only(permissions.configure)),
        ("permissions.network", lunatic_only(permissions.network)),
    ];
    keys.into_iter().filter(|(_, strange)| *strange).map(|(key, _)| key).collect()
}

fn wasm_limits(limits: &Limits) -> WasmLimits {
    let default = WasmLimits::default();
    WasmLimits {
        fuel_per_message: limits.fuel_per_message.unwrap_or(default.fuel_per_message),
        memory_max: limits.memory_max_bytes.unwrap_or(default.memory_max),
        tables_max: limits.tables_max.unwrap_or(default.tables_max),
        stack_max: limits.stack_max_bytes.unwrap_or(default.stack_max),
        // What a turn may burn is a slice to a guest that waits.
        fuel_slice: limits.fuel_slice.or(limits.fuel_per_message).unwrap_or(default.fuel_slice),
        fuel_max: limits.fuel_max.or(default.fuel_max),
    }
}

fn limits(limits: &Limits, dialect: Dialect) -> seedbed_core::Limits {
    let default = seedbed_core::Limits::default();
    seedbed_core::Limits {
        mailbox_count: limits.mailbox_count_max.unwrap_or(default.mailbox_count),
        mailbox_bytes: limits.mailbox_bytes_max.unwrap_or(default.mailbox_bytes),
        message_bytes: limits.message_bytes_max.unwrap_or(default.message_bytes),
        policy: match limits.mailbox_policy {
            None if dialect == Dialect::Lunatic => seedbed_core::MailboxPolicy::Wait,
            None => default.policy,
            Some(MailboxPolicy::Refuse) => seedbed_core::MailboxPolicy::Refuse,
            Some(MailboxPolicy::Wait) => seedbed_core::MailboxPolicy::Wait,
            Some(MailboxPolicy::DropOldest) => seedbed_core::MailboxPolicy::DropOldest,
            Some(MailboxPolicy::DropNewest) => seedbed_core::MailboxPolicy::DropNewest,
        },
        outbox_max: limits.outbox_max.unwrap_or(default.outbox_max),
        outbox_bytes: limits.outbox_bytes_max.unwrap_or(default.outbox_bytes),
        spawn_max: limits.spawn_max.unwrap_or(default.spawn_max),
        pending_max: limits.pending_max.unwrap_or(default.pending_max),
        watch_max: limits.watch_max.unwrap_or(default.watch_max),
        log_max: limits.log_max_bytes.unwrap_or(default.log_max),
    }
}

fn permissions(process: &Process, given: &Given) -> seedbed_core::Permissions {
    let Permissions { spawn, register, lookup, network, mut effects, .. } = process.permissions.clone();
    // Who is given directories or streams may use them.
    let has_files = !process.wasi.mounts.is_empty() || given.has_streams(process);
    if let Some(effects) = effects.as_mut().filter(|_| has_files) {
        effects.push(seedbed_files::EFFECT.to_owned());
    }
    if let Some(effects) = effects.as_mut().filter(|_| network) {
        effects.push(seedbed_sockets::EFFECT.to_owned());
    }
    seedbed_core::Permissions { spawn, register, lookup, effects }
}
