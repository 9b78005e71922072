//! Where the bytes of the `palladium` dialect go: to fixed places, or into room from `pd_alloc`.

use super::envelope::PdEnvelope;
use super::peer::Peer;
use super::plugin::Plugin;
use super::{ALLOC, CREATE, ENVELOPE_AT, ON_MESSAGE, ON_START, ON_STOP, has_alloc};
use crate::actor::Turn;
use crate::dialect::{self, find};
use crate::host::{Call, Host, Stop};
use crate::rewrite::Shape;
use seedbed_abi::{Envelope, Failure, StopCode};
use seedbed_core::{Context, Failed, Hook};
use std::sync::Arc;
use wasmtime::{Instance, Store, TypedFunc};

type OnMessage = TypedFunc<(i64, u32, u32, u32, u32, u32), (i32, i64)>;
type OnStart = TypedFunc<(i64, u32, u32), (i32, i64)>;
type OnStop = TypedFunc<(i64, u32, u32, i32), i64>;
type Create = TypedFunc<(i64, u32, u32, u32, u32), (u32, i64)>;
type Alloc = TypedFunc<(i64, u32), (u32, i64)>;

/// The entries of one instance. Each takes fuel first, and gives what is left last.
pub(crate) struct Hooks {
    on_message: OnMessage,
    on_start: Option<OnStart>,
    on_stop: Option<OnStop>,
    create: Option<Create>,
    alloc: Option<Alloc>,
}

impl Hooks {
    /// Looks the entries up.
    ///
    /// # Errors
    /// If one has a type that `check` does not let pass.
    pub(crate) fn find(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Hooks> {
        Ok(Hooks {
            on_message: find(instance, store, ON_MESSAGE.name)?.expect("the dialect is known by it"),
            on_start: find(instance, store, ON_START.name)?,
            on_stop: find(instance, store, ON_STOP.name)?,
            create: find(instance, store, CREATE.name)?,
            alloc: find(instance, store, ALLOC.name)?,
        })
    }
}

/// What the hooks are given for a context: plugins in WASM have no use for one.
const NO_CONTEXT: u32 = 0;

const FINE: i32 = 0;

/// One life of a plugin's actor.
#[derive(Clone)]
pub(crate) struct Handler {
    /// With the store while a turn runs.
    peer: Option<Box<Peer>>,
    /// What `pd_actor_create` gave.
    state: u32,
    allocates: bool,
    /// The room that `pd_alloc` gave last.
    room: (u32, usize),
}

impl Handler {
    /// Whoever starts in this turn.
    ///
    /// # Errors
    /// If it lives outside of its namespace.
    pub(crate) fn new(cx: &mut Context<'_>, shape: &Shape, plugin: &Arc<Plugin>) -> Result<Handler, Failed> {
        let peer = Some(Box::new(Peer::new(cx, plugin)?));
        Ok(Handler { peer, state: 0, allocates: has_alloc(shape), room: (0, 0) })
    }

    /// Lends what the imports know to the store, for one call of a hook.
    fn entered<T>(
        &mut self,
        turn: &mut Turn<'_, '_>,
        call: impl FnOnce(&mut Handler, &mut Turn<'_, '_>) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        turn.entered.store.data_mut().peer = self.peer.take();
        let result = call(self, turn);
        self.peer = turn.entered.store.data_mut().peer.take();
        result
    }

    /// Makes room for `len` bytes; gives where.
    fn room(&mut self, turn: &mut Turn<'_, '_>, len: usize) -> wasmtime::Result<u32> {
        let broken = |rule: &str| wasmtime::Error::new(Stop::Failed(Failure::Protocol(rule.into())));
        let Some(alloc) = hooks(turn).alloc.as_ref().filter(|_| self.allocates) else {
            if ENVELOPE_AT as usize + len > turn.entered.memory_len() {
                return Err(broken("a message does not fit the plugin's memory"));
            }
            return Ok(ENVELOPE_AT);
        };
        if len > self.room.1 {
            // Nothing is given back, so the next room is a good deal larger.
            let asked = u32::try_from(len.next_power_of_two())
                .map_err(|_| broken("a message is larger than a plugin's memory"))?;
            turn.entered.imports(false);
            let (ptr, left) = alloc.call(&mut *turn.entered.store, (turn.fuel, asked))?;
            turn.entered.imports(true);
            turn.fuel = left;
            if ptr as usize + asked as usize > turn.entered.memory_len() {
                return Err(broken("`pd_alloc` gave room outside of the memory"));
            }
            self.room = (ptr, asked as usize);
        }
        Ok(self.room.0)
    }

    fn create(&mut self, turn: &mut Turn<'_, '_>, args: &[u8]) -> wasmtime::Result<()> {
        let Some(create) = &hooks(turn).create else { return Ok(()) };
        let name = self.peer.as_ref().map(|peer| peer.type_name().to_owned()).unwrap_or_default();
        let name_ptr = self.room(turn, name.len() + args.len())?;
        let args_ptr = name_ptr + name.len() as u32;
        turn.entered.write(name_ptr, [name.as_bytes()])?;
        turn.entered.write(args_ptr, [args])?;
        let arguments = (turn.fuel, name_ptr, name.len() as u32, args_ptr, args.len() as u32);
        let (state, left) = self.entered(turn, |_, turn| create.call(&mut *turn.entered.store, arguments))?;
        (self.state, turn.fuel) = (state, left);
        Ok(())
    }
}

#[inline]
fn hooks<'t>(turn: &Turn<'t, '_>) -> &'t Hooks {
    match &turn.guest.hooks {
        dialect::Hooks::Palladium(hooks) => hooks,
        dialect::Hooks::Seedbed(_) => unreachable!("the guest is of this handler's module"),
    }
}

impl dialect::Handler for Handler {
    fn start(&mut self, turn: &mut Turn<'_, '_>, args: &[u8]) -> wasmtime::Result<i32> {
        self.create(turn, args)?;
        let Some(hook) = &hooks(turn).on_start else { return Ok(FINE) };
        let arguments = (turn.fuel, self.state, NO_CONTEXT);
        let (code, left) = self.entered(turn, |_, turn| hook.call(&mut *turn.entered.store, arguments))?;
        turn.fuel = left;
        Ok(code)
    }

    fn deliver(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope,
        payload: &[u8],
    ) -> wasmtime::Result<i32> {
        let peer = self.peer.as_mut().expect("taken back after every call");
        let call = Call::new(turn.entered.store.data_mut(), ON_MESSAGE.name)?;
        let Some(envelope) = peer.receive(call.cx, envelope) else { return Ok(FINE) };
        let at = self.room(turn, PdEnvelope::LEN + payload.len())?;
        turn.entered.write(at, [&envelope.to_bytes(), payload])?;
        let payload_at = if payload.is_empty() { 0 } else { at + PdEnvelope::LEN as u32 };
        let on_message = &hooks(turn).on_message;
        let arguments = (turn.fuel, self.state, NO_CONTEXT, at, payload_at, payload.len() as u32);
        let (code, left) =
            self.entered(turn, |_, turn| on_message.call(&mut *turn.entered.store, arguments))?;
        turn.fuel = left;
        Ok(code)
    }

    fn stop(&mut self, turn: &mut Turn<'_, '_>, reason: StopCode) -> wasmtime::Result<()> {
        let Some(hook) = &hooks(turn).on_stop else { return Ok(()) };
        let arguments = (turn.fuel, self.state, NO_CONTEXT, reason as i32);
        turn.fuel = self.entered(turn, |_, turn| hook.call(&mut *turn.entered.store, arguments))?;
        Ok(())
    }

    fn finish(_: &mut Context<'_>, _: Hook, code: i32) -> Result<(), Failed> {
        if code == FINE { Ok(()) } else { Err(Failure::HandlerError(code).into()) }
    }
}
