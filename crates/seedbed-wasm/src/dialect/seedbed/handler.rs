//! Where the bytes of the `seedbed` dialect go: into room that the guest gives.

use super::fixed_inbox;
use crate::actor::Turn;
use crate::dialect::{self, Room, find};
use crate::host::{Host, Stop};
use crate::rewrite::Shape;
use seedbed_abi::dialect as abi;
use seedbed_abi::{ENVELOPE_LEN, Envelope, Failure, Reason, StopCode};
use seedbed_core::{Context, Failed, Hook};
use wasmtime::{Instance, Store, TypedFunc};

type OnMessage = TypedFunc<(i64, u32, u32, u32), (i32, i64)>;
type OnStart = TypedFunc<(i64, u32, u32), (i32, i64)>;
type OnStop = TypedFunc<(i64, i32), i64>;
type Inbox = TypedFunc<(i64, u32), (u32, i64)>;

/// The entries of one instance. Each takes fuel first, and gives what is left last.
pub(crate) struct Hooks {
    pub(crate) on_message: OnMessage,
    on_start: Option<OnStart>,
    on_stop: Option<OnStop>,
    inbox: Option<Inbox>,
}

impl Hooks {
    /// Looks the entries up.
    ///
    /// # Errors
    /// If one has a type that `check` does not let pass.
    pub(crate) fn find(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Hooks> {
        Ok(Hooks {
            on_message: find(instance, store, abi::ON_MESSAGE.name)?.expect("the dialect is known by it"),
            on_start: find(instance, store, abi::ON_START.name)?,
            on_stop: find(instance, store, abi::ON_STOP.name)?,
            inbox: find(instance, store, abi::INBOX.name)?,
        })
    }
}

/// Payload bytes that a guest can have room for at all.
pub(crate) fn payload_max(shape: &Shape) -> u32 {
    fixed_inbox(shape).map_or(u32::MAX, |(_, len)| len - ENVELOPE_LEN as u32)
}

/// Codes of the hooks.
const FINE: i32 = 0;
const STOP: i32 = 1;
const IGNORE: i32 = 2;

/// Where in its memory a guest takes what the host writes: the room it gave last.
#[derive(Clone)]
pub(crate) struct Handler(Room);

impl Handler {
    pub(crate) fn new(shape: &Shape) -> Handler {
        let (ptr, len) = fixed_inbox(shape).unwrap_or((0, 0));
        Handler(Room { ptr, len })
    }

    /// Makes room for `len` bytes; gives where.
    #[inline]
    fn room_for(&mut self, turn: &mut Turn<'_, '_>, len: usize) -> wasmtime::Result<u32> {
        if len > self.0.len as usize { self.ask_for_room(turn, len) } else { Ok(self.0.ptr) }
    }

    #[cold]
    fn ask_for_room(&mut self, turn: &mut Turn<'_, '_>, len: usize) -> wasmtime::Result<u32> {
        let broken = |rule: &str| wasmtime::Error::new(Stop::Failed(Failure::Protocol(rule.into())));
        let Some(inbox) = &hooks(turn).inbox else {
            return Err(broken("a signal does not fit the guest's fixed inbox"));
        };
        let asked = u32::try_from(len).map_err(|_| broken("a signal is larger than a guest's memory"))?;
        turn.entered.imports(false);
        let (ptr, left) = inbox.call(&mut *turn.entered.store, (turn.fuel, asked))?;
        turn.entered.imports(true);
        turn.fuel = left;
        if !ptr.is_multiple_of(8) {
            return Err(broken("`seedbed_inbox` gave a pointer that is not 8-aligned"));
        }
        if ptr as usize + len > turn.entered.memory_len() {
            return Err(broken("`seedbed_inbox` gave room outside of the memory"));
        }
        self.0 = Room { ptr, len: asked };
        Ok(ptr)
    }
}

#[inline]
fn hooks<'t>(turn: &Turn<'t, '_>) -> &'t Hooks {
    match &turn.guest.hooks {
        dialect::Hooks::Seedbed(hooks) => hooks,
        dialect::Hooks::Palladium(_) => unreachable!("the guest is of this handler's module"),
    }
}

impl dialect::Handler for Handler {
    fn start(&mut self, turn: &mut Turn<'_, '_>, args: &[u8]) -> wasmtime::Result<i32> {
        let Some(hook) = &hooks(turn).on_start else { return Ok(FINE) };
        let at = self.room_for(turn, args.len())?;
        turn.entered.write(at, [args])?;
        let (code, left) = hook.call(&mut *turn.entered.store, (turn.fuel, at, args.len() as u32))?;
        turn.fuel = left;
        Ok(code)
    }

    #[inline]
    fn room(&self) -> Room {
        self.0
    }

    #[inline]
    fn deliver(
        &mut self,
        turn: &mut Turn<'_, '_>,
        envelope: &Envelope,
        payload: &[u8],
    ) -> wasmtime::Result<i32> {
        let at = self.room_for(turn, ENVELOPE_LEN + payload.len())?;
        turn.entered.write(at, [&envelope.to_bytes(), payload])?;
        let to = at + ENVELOPE_LEN as u32;
        let arguments = (turn.fuel, at, to, payload.len() as u32);
        let (code, left) = hooks(turn).on_message.call(&mut *turn.entered.store, arguments)?;
        turn.fuel = left;
        Ok(code)
    }

    fn stop(&mut self, turn: &mut Turn<'_, '_>, reason: StopCode) -> wasmtime::Result<()> {
        if let Some(hook) = &hooks(turn).on_stop {
            turn.fuel = hook.call(&mut *turn.entered.store, (turn.fuel, reason as i32))?;
        }
        Ok(())
    }

    #[inline]
    fn finish(cx: &mut Context<'_>, hook: Hook, code: i32) -> Result<(), Failed> {
        match (code, hook) {
            (FINE, _) => {}
            (STOP, _) => cx.stop(Reason::Normal),
            (IGNORE, Hook::Start) => cx.ignore(),
            (code, _) => return Err(Failure::HandlerError(code).into()),
        }
        Ok(())
    }
}
