//! A WASM module as an actor.
//!
//! [`WasmActor`] is a factory: a module with its limits, spawned and restarted like any native
//! actor. What it makes drives one instance through the lifecycle of the `seedbed` dialect. A turn
//! that did not come back is the instance's last; the next life gets a fresh one.

use crate::arena::{Arena, Guest};
use crate::dialect::seedbed::fixed_inbox;
use crate::host::{Entered, Stop};
use crate::limits::WasmLimits;
use crate::module::{Module, ModuleError};
use crate::rewrite::Halt;
use crate::trap::{Circumstances, Ended, ended};
use seedbed_abi::{ENVELOPE_LEN, Envelope, Failure, Reason, StopCode};
use seedbed_core::{Behaviour, Context, Factory, Failed, Limits, Permissions};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// Makes actors of a module.
#[derive(Clone, Debug)]
pub struct WasmActor {
    module: Module,
    wasm: WasmLimits,
    limits: Limits,
    permissions: Permissions,
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
        let (wasm, limits, permissions) = <(WasmLimits, Limits, Permissions)>::default();
        WasmActor { module, wasm, limits, permissions }
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

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

impl Factory for WasmActor {
    fn create(&self, _: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        let shape = self.module.shape();
        let pages = shape.memory.unwrap_or(0);
        if (pages << 16) > self.wasm.memory() as u64 || shape.table_elements > u64::from(self.wasm.tables_max)
        {
            let detail = format!(
                "the module begins with {pages} pages of memory and {} table elements",
                shape.table_elements
            );
            return Err(Failed { failure: Failure::OutOfMemory, detail: Some(detail) });
        }
        let arena = Arena::current();
        let guest = arena.borrow_mut().take(&self.module, &self.wasm);
        let guest = guest.map_err(|error| {
            let none = Circumstances { halt: None, growth_refused: false };
            match ended(&error, &none) {
                Ended::Failed(failed) => failed,
                Ended::Itself => unreachable!("an instantiation makes no host call"),
            }
        })?;
        let (ptr, len) = fixed_inbox(shape).unwrap_or((0, 0));
        let (fuel, memory_max) = (self.wasm.fuel(), self.wasm.memory());
        let room = Room { ptr, len: len as usize };
        let guest = Some(guest);
        Ok(Box::new(Running { guest, arena, fuel, memory_max, room, args: args.into() }))
    }

    fn limits(&self) -> Limits {
        let mut limits = self.limits;
        if let Some((_, len)) = fixed_inbox(self.module.shape()) {
            // What a fixed room cannot hold is refused at the sender.
            limits.message_bytes = limits.message_bytes.min(len - ENVELOPE_LEN as u32);
        }
        limits
    }

    fn permissions(&self) -> Permissions {
        self.permissions.clone()
    }
}

/// One life of a WASM actor.
struct Running {
    /// Given back to the arena at the end; `Some` until then.
    guest: Option<Box<Guest>>,
    arena: Rc<RefCell<Arena>>,
    fuel: i64,
    memory_max: usize,
    room: Room,
    args: Box<[u8]>,
}

/// Where in its memory the guest takes what the host writes.
#[derive(Clone, Copy)]
struct Room {
    ptr: u32,
    len: usize,
}

/// One turn of a guest: fuel that is left, and the store it runs in.
struct Turn<'t, 's> {
    entered: &'t mut Entered<'s>,
    guest: &'t Guest,
    room: &'t mut Room,
    /// Fuel for the next call.
    fuel: i64,
}

impl Turn<'_, '_> {
    /// Makes room for `len` bytes; gives where.
    #[inline]
    fn room(&mut self, len: usize) -> wasmtime::Result<u32> {
        if len > self.room.len { self.ask_for_room(len) } else { Ok(self.room.ptr) }
    }

    #[cold]
    fn ask_for_room(&mut self, len: usize) -> wasmtime::Result<u32> {
        let broken = |rule: &str| wasmtime::Error::new(Stop::Failed(Failure::Protocol(rule.into())));
        let Some(inbox) = &self.guest.hooks.inbox else {
            return Err(broken("a signal does not fit the guest's fixed inbox"));
        };
        let asked = u32::try_from(len).map_err(|_| broken("a signal is larger than a guest's memory"))?;
        self.entered.imports(false);
        let (ptr, left) = inbox.call(&mut *self.entered.store, (self.fuel, asked))?;
        self.entered.imports(true);
        self.fuel = left;
        if !ptr.is_multiple_of(8) {
            return Err(broken("`seedbed_inbox` gave a pointer that is not 8-aligned"));
        }
        if ptr as usize + len > self.entered.memory_len() {
            return Err(broken("`seedbed_inbox` gave room outside of the memory"));
        }
        *self.room = Room { ptr, len };
        Ok(ptr)
    }
}

impl Running {
    /// Runs one turn, with fuel set afresh, and accounts for it. `None`: the actor ended itself.
    #[inline]
    fn turn(
        &mut self,
        cx: &mut Context<'_>,
        run: impl FnOnce(&mut Turn<'_, '_>) -> wasmtime::Result<i32>,
    ) -> Result<Option<i32>, Failed> {
        let mut arena = self.arena.borrow_mut();
        let guest = self.guest.as_mut().expect("given back at the end only");
        let (memory, budget) = (guest.memory(), self.fuel);
        let mut entered =
            Entered::new(&mut arena.store, &mut *cx, memory, guest.fuel, budget, self.memory_max);
        let mut turn = Turn { entered: &mut entered, guest, room: &mut self.room, fuel: budget };
        let result = run(&mut turn);
        let mut left = turn.fuel;
        let mut stack = 0;
        if result.is_err() {
            (left, stack) = guest.counters(entered.store);
        }
        let used = (budget - left).saturating_add(entered.charged());
        let growth_refused = entered.growth_refused();
        guest.len = entered.memory_len();
        drop(entered);
        cx.set_fuel_used(used.unsigned_abs());
        if used > budget {
            return Err(Failure::OutOfFuel.into());
        }
        let error = match result {
            Ok(code) => return Ok(Some(code)),
            Err(error) => error,
        };
        let halt = Halt::from_counters(left, stack);
        match ended(&error, &Circumstances { halt, growth_refused }) {
            Ended::Itself => Ok(None),
            Ended::Failed(failed) => Err(failed),
        }
    }
}

impl Behaviour for Running {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        let args = std::mem::take(&mut self.args);
        let code = self.turn(cx, |turn| {
            let guest = turn.guest;
            for hook in guest.hooks.before.iter().flatten() {
                turn.fuel = hook.call(&mut *turn.entered.store, turn.fuel)?;
            }
            let Some(hook) = &guest.hooks.on_start else { return Ok(FINE) };
            let at = turn.room(args.len())?;
            turn.entered.write(at, &args)?;
            let (code, left) = hook.call(&mut *turn.entered.store, (turn.fuel, at, args.len() as u32))?;
            turn.fuel = left;
            Ok(code)
        })?;
        match code {
            Some(IGNORE) => cx.ignore(),
            Some(code) => finish(cx, code)?,
            None => {}
        }
        Ok(())
    }

    #[inline]
    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let code = self.turn(cx, |turn| {
            let at = turn.room(ENVELOPE_LEN + payload.len())?;
            turn.entered.write(at, &envelope.to_bytes())?;
            let to = at + ENVELOPE_LEN as u32;
            turn.entered.write(to, payload)?;
            let arguments = (turn.fuel, at, to, payload.len() as u32);
            let (code, left) = turn.guest.hooks.on_message.call(&mut *turn.entered.store, arguments)?;
            turn.fuel = left;
            Ok(code)
        })?;
        code.map_or(Ok(()), |code| finish(cx, code))
    }

    fn stop(&mut self, cx: &mut Context<'_>, reason: StopCode) -> Result<(), Failed> {
        self.turn(cx, |turn| {
            if let Some(hook) = &turn.guest.hooks.on_stop {
                turn.fuel = hook.call(&mut *turn.entered.store, (turn.fuel, reason as i32))?;
            }
            Ok(FINE)
        })?;
        Ok(())
    }

    fn state_hash(&self) -> Option<u64> {
        let mut arena = self.arena.borrow_mut();
        self.guest.as_ref().map(|guest| guest.state_hash(&mut arena.store))
    }
}

/// Codes of the hooks.
const FINE: i32 = 0;
const STOP: i32 = 1;
const IGNORE: i32 = 2;

fn finish(cx: &mut Context<'_>, code: i32) -> Result<(), Failed> {
    match code {
        FINE => {}
        STOP => cx.stop(Reason::Normal),
        code => return Err(Failure::HandlerError(code).into()),
    }
    Ok(())
}

impl Drop for Running {
    fn drop(&mut self) {
        // The arena is borrowed only while a turn runs, and no actor is dropped in its own turn;
        // should it be so in a panic, the instance is lost until its store goes.
        if let (Some(guest), Ok(mut arena)) = (self.guest.take(), self.arena.try_borrow_mut()) {
            arena.give_back(guest);
        }
    }
}
