//! A WASM module as an actor.
//!
//! [`WasmActor`] is a factory: a module with its limits, spawned and restarted like any native
//! actor. What it makes drives one instance through the lifecycle; what bytes a hook is given and
//! what its code means, the module's dialect says (a [`Handler`]). A turn that did not come back is
//! the instance's last; the next life gets a fresh one.

use crate::arena::{Arena, Guest, Left, Shared};
use crate::blocking::{Plan, Process};
use crate::dialect::lunatic::{Lunatic, Rights};
use crate::dialect::palladium::{self, Plugin};
use crate::dialect::wasi::{Invocation, Wasi, WasiConfig, WasiError};
use crate::dialect::{Dialect, Handler, seedbed};
use crate::host::{Entered, Spent};
use crate::limits::WasmLimits;
use crate::module::{Module, ModuleError};
use crate::rewrite::Halt;
use crate::snapshot::Kept;
use crate::trap::{Circumstances, Ended, ended};
use seedbed_abi::{Envelope, Failure, StopCode};
use seedbed_core::{
    Behaviour, Context, Factory, Failed, Hook, Limits, MailboxPolicy, Permissions, Pump, Snapshot,
};
use std::any::Any;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Makes actors of a module.
#[derive(Clone, Debug)]
pub struct WasmActor {
    module: Module,
    wasm: WasmLimits,
    limits: Limits,
    permissions: Permissions,
    /// What plugins of the `palladium` dialect are told and may address.
    plugin: Arc<Plugin>,
    /// What a `wasi` process is given, and the call to make; `None` until it is said, or usual.
    wasi: Option<Arc<(WasiConfig, Invocation)>>,
    /// What a process of the `lunatic` dialect may do beside.
    lunatic: LunaticRights,
}

/// What a process of the `lunatic` dialect may do, beside spawning and using names, and pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LunaticRights {
    /// Compile modules at run time.
    pub compile: bool,
    /// Make configurations for its children.
    pub configure: bool,
    /// Make sockets, and look for hosts.
    pub network: bool,
    /// So many actors its node may have for it to spawn another.
    pub processes_max: u32,
}

impl Default for LunaticRights {
    fn default() -> LunaticRights {
        LunaticRights { compile: true, configure: true, network: false, processes_max: 32_768 }
    }
}

impl WasmActor {
    /// Actors of the module in this file.
    ///
    /// # Errors
    /// If it cannot be read, or is no module that can be an actor.
    pub fn from_file(path: impl AsRef<Path>) -> Result<WasmActor, ModuleError> {
        Module::from_file(path).map(WasmActor::new)
    }

    /// Actors of the module with these bytes.
    ///
    /// # Errors
    /// If it is no module that can be an actor.
    pub fn from_bytes(wasm: &[u8]) -> Result<WasmActor, ModuleError> {
        Module::from_bytes(wasm).map(WasmActor::new)
    }

    /// Actors of a module, with the usual limits and permissions.
    pub fn new(module: Module) -> WasmActor {
        let (wasm, mut limits, permissions) = <(WasmLimits, Limits, Permissions)>::default();
        if module.dialect() == Dialect::Lunatic {
            limits.policy = MailboxPolicy::Wait;
        }
        let config = WasiConfig::default();
        let wasi = config.check(&module).ok().map(|call| Arc::new((config, call)));
        let (plugin, lunatic) = Default::default();
        WasmActor { module, wasm, limits, permissions, plugin, wasi, lunatic }
    }

    /// With these bounds on fuel, memory, tables and stack.
    #[must_use]
    pub fn wasm_limits(mut self, limits: WasmLimits) -> WasmActor {
        self.wasm = limits;
        self
    }

    /// With these bounds on mail, outbox, spawns and log.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> WasmActor {
        self.limits = limits;
        self
    }

    /// With these permissions.
    #[must_use]
    pub fn permissions(mut self, permissions: Permissions) -> WasmActor {
        self.permissions = permissions;
        self
    }

    /// As an actor type of a plugin; means nothing for other dialects than `palladium`.
    #[must_use]
    pub fn plugin(mut self, plugin: Plugin) -> WasmActor {
        self.plugin = Arc::new(plugin);
        self
    }

    /// With these rights; they mean nothing for other dialects than `lunatic`.
    #[must_use]
    pub fn lunatic(mut self, rights: LunaticRights) -> WasmActor {
        self.lunatic = rights;
        self
    }

    /// As a process that is given this.
    ///
    /// # Errors
    /// Everything that the module and the configuration have against each other.
    pub fn wasi(mut self, config: WasiConfig) -> Result<WasmActor, Vec<WasiError>> {
        let call = config.check(&self.module)?;
        self.wasi = Some(Arc::new((config, call)));
        Ok(self)
    }

    /// What the method of a `wasi` process returned, as text: the value that its exit bears. `None` if
    /// it is no such value.
    pub fn returned(&self, value: &[u8]) -> Option<String> {
        self.wasi.as_ref()?.1.text_of(value)
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

impl Factory for WasmActor {
    fn create(&self, cx: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        self.module.fits(&self.wasm)?;
        let shape = self.module.shape();
        match self.module.dialect() {
            Dialect::Palladium => {
                let handler = palladium::Handler::new(cx, shape, &self.plugin)?;
                self.running(handler, args)
            }
            Dialect::Wasi | Dialect::Lunatic => self.process(),
            // No other dialect gets past `Module`.
            _ => self.running(seedbed::Handler::new(shape), args),
        }
    }

    fn limits(&self) -> Limits {
        let mut limits = self.limits;
        let largest = match self.module.dialect() {
            Dialect::Palladium => palladium::payload_max(self.module.shape(), self.wasm.memory()),
            // Nothing reads its messages.
            Dialect::Wasi => u32::MAX,
            // What a process reads, it reads by pieces.
            Dialect::Lunatic => u32::MAX,
            _ => seedbed::payload_max(self.module.shape()),
        };
        // What there can be no room for is refused at the sender.
        limits.message_bytes = limits.message_bytes.min(largest);
        limits
    }

    fn permissions(&self) -> Permissions {
        self.permissions.clone()
    }
}

impl WasmActor {
    fn process(&self) -> Result<Box<dyn Behaviour>, Failed> {
        let Some(wasi) = &self.wasi else {
            let rule = "a `wasi` process without `_start` is told its method";
            return Err(Failure::Protocol(rule.into()).into());
        };
        let (config, call) = (&wasi.0, wasi.1.clone());
        Ok(Box::new(Process::new(Plan {
            module: self.module.clone(),
            limits: self.wasm,
            wasi: Wasi::new(config),
            lunatic: (self.module.dialect() == Dialect::Lunatic)
                .then(|| Lunatic::new(Arc::new(self.rights(config)), self.module.clone())),
            call,
            max_execution: config.max_execution,
        })))
    }

    fn rights(&self, wasi: &WasiConfig) -> Rights {
        let LunaticRights { compile, configure, network, processes_max } = self.lunatic;
        Rights {
            wasm: self.wasm,
            limits: Factory::limits(self),
            permissions: self.permissions.clone(),
            compile,
            configure,
            network,
            processes_max,
            wasi: wasi.clone(),
        }
    }

    fn running<D: Handler>(&self, dialect: D, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        let arena = Arena::current();
        let guest = arena.borrow_mut().take(&self.module, &self.wasm);
        let guest = guest.map_err(|error| {
            let none = Circumstances { halt: None, growth_refused: false };
            match ended(&error, &none) {
                Ended::Failed(failed) => failed,
                Ended::Itself => unreachable!("an instantiation makes no host call"),
            }
        })?;
        let guest = Some(guest);
        let limits = self.wasm;
        let (fuel, memory_max) = (limits.fuel(), limits.memory());
        Ok(Box::new(Running { guest, arena, limits, fuel, memory_max, dialect, args: args.into() }))
    }
}

/// One life of a WASM actor.
pub(crate) struct Running<D> {
    /// Given back to the arena at the end; `Some` until then.
    pub(crate) guest: Option<Box<Guest>>,
    pub(crate) arena: Rc<Shared>,
    pub(crate) limits: WasmLimits,
    /// What `limits` say of fuel and memory.
    pub(crate) fuel: i64,
    pub(crate) memory_max: usize,
    pub(crate) dialect: D,
    pub(crate) args: Box<[u8]>,
}

/// One turn of a guest: fuel that is left, and the store it runs in.
pub(crate) struct Turn<'t, 's> {
    pub(crate) entered: &'t mut Entered<'s>,
    pub(crate) guest: &'t Guest,
    /// Fuel for the next call.
    pub(crate) fuel: i64,
}

impl<D> Running<D> {
    #[inline]
    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.guest.as_mut().expect("given back at the end only")
    }
}

impl<D: Handler> Running<D> {
    /// Runs one turn, with fuel set afresh (less if a fault cuts it), and accounts for it. `None`: the actor ended itself.
    #[inline]
    fn turn(
        &mut self,
        cx: &mut Context<'_>,
        run: impl FnOnce(&mut D, &mut Turn<'_, '_>) -> wasmtime::Result<i32>,
    ) -> Result<Option<i32>, Failed> {
        let mut arena = self.arena.borrow_mut();
        let guest = self.guest.as_mut().expect("given back at the end only");
        let (memory, budget) = (guest.memory(), cx.fuel_of(self.fuel.cast_unsigned()).cast_signed());
        let mut entered =
            Entered::new(&mut arena.store, &mut *cx, memory, guest.fuel, budget, self.memory_max);
        let mut turn = Turn { entered: &mut entered, guest, fuel: budget };
        let result = run(&mut self.dialect, &mut turn);
        let left = turn.fuel;
        let spent = entered.over();
        match result {
            Ok(code) => {
                let host = arena.store.data_mut();
                guest.len = host.growth.len;
                if let Some(at) = guest.handler {
                    host.entries[at as usize].note(guest.len, self.dialect.room());
                }
                spent.account(cx, left)?;
                Ok(Some(code))
            }
            Err(error) => stopped(cx, guest.left_behind(&mut arena.store), spent, &error).map(|()| None),
        }
    }
}

/// Accounts for a turn whose guest did not come back, and was left so. `Ok`: the actor ended itself.
#[cold]
pub(crate) fn stopped(
    cx: &mut Context<'_>,
    left: Left,
    spent: Spent,
    error: &wasmtime::Error,
) -> Result<(), Failed> {
    let Left { fuel, stack, growth_refused } = left;
    spent.account(cx, fuel)?;
    let halt = Halt::from_counters(fuel, stack);
    match ended(error, &Circumstances { halt, growth_refused }) {
        Ended::Itself => Ok(()),
        Ended::Failed(failed) => Err(failed),
    }
}

impl<D: Handler> Behaviour for Running<D> {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        let args = std::mem::take(&mut self.args);
        let code = self.turn(cx, |dialect, turn| {
            let guest = turn.guest;
            for hook in guest.before.iter().flatten() {
                turn.fuel = hook.call(&mut *turn.entered.store, turn.fuel)?;
            }
            dialect.start(turn, &args)
        })?;
        code.map_or(Ok(()), |code| D::finish(cx, Hook::Start, code))
    }

    #[inline]
    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let code = self.turn(cx, |dialect, turn| dialect.deliver(turn, envelope, payload))?;
        code.map_or(Ok(()), |code| D::finish(cx, Hook::Message, code))
    }

    fn stop(&mut self, cx: &mut Context<'_>, reason: StopCode) -> Result<(), Failed> {
        self.turn(cx, |dialect, turn| {
            dialect.stop(turn, reason)?;
            Ok(0)
        })?;
        Ok(())
    }

    #[inline]
    fn pump(&self, payload_len: usize) -> Option<Rc<dyn Pump>> {
        let fits = self.dialect.room().fits(payload_len);
        fits.then(|| Rc::clone(&self.arena) as Rc<dyn Pump>)
    }

    fn as_any_mut(&mut self) -> Option<&mut dyn Any> {
        Some(self)
    }

    fn snapshot(&self) -> Option<Box<dyn Snapshot>> {
        Some(Box::new(Kept::of(self)))
    }

    fn state_parts(&self) -> Vec<(String, u64)> {
        let mut arena = self.arena.borrow_mut();
        self.guest.as_ref().map_or_else(Vec::new, |guest| guest.state_parts(&mut arena.store))
    }

    fn state_hash(&self) -> Option<u64> {
        let mut arena = self.arena.borrow_mut();
        self.guest.as_ref().map(|guest| guest.state_hash(&mut arena.store))
    }
}

impl<D> Drop for Running<D> {
    fn drop(&mut self) {
        if let Some(guest) = self.guest.take() {
            self.arena.give_back(guest);
        }
    }
}
