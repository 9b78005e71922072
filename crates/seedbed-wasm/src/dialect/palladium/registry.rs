//! A registry of plugins: modules as factories of actors, by the types they say they have.

use super::INIT;
use super::plugin::{Namespaces, Plugin};
use crate::actor::WasmActor;
use crate::arena::Arena;
use crate::dialect::{Dialect, find};
use crate::limits::WasmLimits;
use crate::module::{Module, ModuleError};
use std::collections::BTreeMap;
use thiserror::Error;
use wasmtime::TypedFunc;

/// The version of the ABI that a plugin has to name.
const ABI_VERSION: u32 = 1;

/// Bytes of what `pd_plugin_init` points to, and of each type in its list.
const INFO_LEN: u32 = 32;
const TYPE_LEN: u32 = 16;

/// So many types a plugin may have.
const TYPES_MAX: u32 = 1_024;

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its version, `major.minor.patch`.
    pub version: String,
    /// Names of its actor types, sorted.
    pub types: Vec<String>,
}

/// Why a plugin is not taken into a registry, or a type not found in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The module cannot be an actor.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The module speaks another dialect.
    #[error("a module of the dialect `{0}` is no plugin")]
    Dialect(Dialect),
    /// `pd_plugin_init` is missing, or did not come back with what it should.
    #[error("`pd_plugin_init` {0}")]
    Init(String),
    /// The plugin is of another version of the ABI.
    #[error("the plugin is of ABI version {0}, not {ABI_VERSION}")]
    Version(u32),
    /// A plugin with this name is there.
    #[error("there is a plugin `{0}`")]
    NameTaken(String),
    /// Another plugin has a type with this name.
    #[error("the type `{name}` is that of the plugin `{plugin}`")]
    TypeTaken {
        /// The type.
        name: String,
        /// Whose it is.
        plugin: String,
    },
    /// No plugin or type with this name.
    #[error("there is no `{0}`")]
    Unknown(String),
}

/// Plugins by name, each kept to its namespaces.
#[derive(Clone, Debug, Default)]
pub struct Plugins {
    plugins: BTreeMap<String, PluginInfo>,
    /// By type: the plugin's name and what makes its actors.
    types: BTreeMap<String, (String, WasmActor)>,
}

impl Plugins {
    /// An empty registry.
    pub fn new() -> Plugins {
        Plugins::default()
    }

    /// Takes a module in: asks its `pd_plugin_init` what it is, under fuel and without imports, and
    /// makes a factory of each type. Its actors live in `/plugins/NAME` and may address that,
    /// `/system`, and what `namespaces` adds; see [`Namespaces`].
    ///
    /// # Errors
    /// See [`PluginError`]; the registry is what it was.
    pub fn load(
        &mut self,
        module: &Module,
        namespaces: impl FnOnce(Namespaces) -> Namespaces,
    ) -> Result<PluginInfo, PluginError> {
        if module.dialect() != Dialect::Palladium {
            return Err(PluginError::Dialect(module.dialect()));
        }
        let info = ask(module)?;
        if self.plugins.contains_key(&info.name) {
            return Err(PluginError::NameTaken(info.name));
        }
        if let Some((name, (plugin, _))) = info.types.iter().find_map(|t| self.types.get_key_value(t)) {
            return Err(PluginError::TypeTaken { name: name.clone(), plugin: plugin.clone() });
        }
        let namespaces = namespaces(Namespaces::of_plugin(&info.name));
        for name in &info.types {
            let plugin = Plugin { type_name: name.clone(), namespaces: Some(namespaces.clone()) };
            let actor = WasmActor::new(module.clone()).plugin(plugin);
            self.types.insert(name.clone(), (info.name.clone(), actor));
        }
        self.plugins.insert(info.name.clone(), info.clone());
        Ok(info)
    }

    /// What makes actors of a type.
    ///
    /// # Errors
    /// [`PluginError::Unknown`].
    pub fn factory(&self, type_name: &str) -> Result<WasmActor, PluginError> {
        let found = self.types.get(type_name).map(|(_, actor)| actor.clone());
        found.ok_or_else(|| PluginError::Unknown(type_name.to_owned()))
    }

    /// All plugins, by name.
    pub fn list(&self) -> impl Iterator<Item = &PluginInfo> {
        self.plugins.values()
    }

    /// Takes a plugin out. Actors that were made of it live on.
    ///
    /// # Errors
    /// [`PluginError::Unknown`].
    pub fn unload(&mut self, name: &str) -> Result<PluginInfo, PluginError> {
        let info = self.plugins.remove(name).ok_or_else(|| PluginError::Unknown(name.to_owned()))?;
        self.types.retain(|_, (plugin, _)| plugin != name);
        Ok(info)
    }
}

/// Asks a fresh instance what it is.
fn ask(module: &Module) -> Result<PluginInfo, PluginError> {
    let init = |text: &str| PluginError::Init(text.to_owned());
    let limits = WasmLimits::default();
    let arena = Arena::current();
    let mut arena = arena.borrow_mut();
    let guest =
        arena.take(module, &limits).map_err(|e| PluginError::Init(format!("was not reached: {e:#}")))?;
    let asked = (|| {
        let mut fuel = limits.fuel();
        for hook in guest.before.iter().flatten() {
            fuel = hook
                .call(&mut arena.store, fuel)
                .map_err(|e| PluginError::Init(format!("was not reached: {e:#}")))?;
        }
        let entry: Option<TypedFunc<i64, (u32, i64)>> = find(&guest.instance, &mut arena.store, INIT.name)
            .map_err(|e| PluginError::Init(e.to_string()))?;
        let entry = entry.ok_or_else(|| init("is missing"))?;
        entry.call(&mut arena.store, fuel).map_err(|e| PluginError::Init(format!("failed: {e:#}")))
    })();
    let info = asked.and_then(
        |(at, left)| {
            if left < 0 { Err(init("ran out of fuel")) } else { read(guest.bytes(), at) }
        },
    );
    arena.give_back(guest);
    info
}

/// Reads what `pd_plugin_init` pointed to.
fn read(memory: &[u8], at: u32) -> Result<PluginInfo, PluginError> {
    let bytes = |at: u32, len: u32| {
        let (at, len) = (at as usize, len as usize);
        memory.get(at..at + len).ok_or_else(|| PluginError::Init("points outside of the memory".into()))
    };
    let word = |at: u32, n: u32| {
        let at =
            at.checked_add(4 * n).ok_or_else(|| PluginError::Init("points outside of the memory".into()))?;
        Ok::<u32, PluginError>(u32::from_le_bytes(bytes(at, 4)?.try_into().expect("four bytes")))
    };
    let text = |at: u32, n: u32| {
        let text = std::str::from_utf8(bytes(word(at, n)?, word(at, n + 1)?)?);
        text.map(str::to_owned).map_err(|_| PluginError::Init("gives a name that is not UTF-8".into()))
    };
    bytes(at, INFO_LEN)?;
    let abi = word(at, 5)?;
    if abi != ABI_VERSION {
        return Err(PluginError::Version(abi));
    }
    let (count, list) = (word(at, 6)?, word(at, 7)?);
    if count > TYPES_MAX {
        return Err(PluginError::Init(format!("gives {count} types, of at most {TYPES_MAX}")));
    }
    bytes(list, count * TYPE_LEN)?;
    let mut types = (0..count).map(|n| text(list + n * TYPE_LEN, 0)).collect::<Result<Vec<_>, _>>()?;
    types.sort_unstable();
    if let Some(twice) = types.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(PluginError::Init(format!("gives the type `{}` twice", twice[0])));
    }
    let name = text(at, 0)?;
    seedbed_core::check_name(&name)
        .map_err(|_| PluginError::Init(format!("gives a name, `{name}`, that no path can hold")))?;
    let version = format!("{}.{}.{}", word(at, 2)?, word(at, 3)?, word(at, 4)?);
    Ok(PluginInfo { name, version, types })
}
