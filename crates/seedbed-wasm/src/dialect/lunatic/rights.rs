//! What a process may use and do, and what it can pass on: never more than it has.

use super::config::Config;
use crate::dialect::wasi::WasiConfig;
use crate::limits::WasmLimits;
use seedbed_core::{Limits, Permissions};

/// Instructions of one unit of lunatic's fuel.
pub(super) const FUEL_UNIT: u64 = 100_000;

/// What a process is given.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) wasm: WasmLimits,
    pub(crate) limits: Limits,
    pub(crate) permissions: Permissions,
    pub(crate) compile: bool,
    pub(crate) configure: bool,
    pub(crate) network: bool,
    /// So many actors its node may have for it to spawn another.
    pub(crate) processes_max: u32,
    pub(crate) wasi: WasiConfig,
}

impl Rights {
    /// What a process has that is made with a configuration: at most this.
    pub(super) fn with(&self, config: &Config) -> Rights {
        let fuel = config.max_fuel.map(|units| units.saturating_mul(FUEL_UNIT));
        let wasm = WasmLimits {
            memory_max: self.wasm.memory_max.min(config.max_memory),
            fuel_max: match (self.wasm.fuel_max, fuel) {
                (Some(own), Some(other)) => Some(own.min(other)),
                (own, other) => own.or(other),
            },
            ..self.wasm
        };
        let permissions =
            Permissions { spawn: self.permissions.spawn && config.can_spawn, ..self.permissions.clone() };
        Rights {
            wasm,
            limits: self.limits,
            permissions,
            compile: self.compile && config.can_compile,
            configure: self.configure && config.can_configure,
            network: self.network && config.can_use_network,
            processes_max: self.processes_max,
            wasi: WasiConfig {
                args: config.args.clone(),
                env: config.env.clone(),
                mounts: config.mounts.clone(),
                cwd: None,
                ..self.wasi.clone()
            },
        }
    }
}
