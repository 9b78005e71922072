//! What an actor is, to its author and to the kernel.

use crate::context::Context;
use crate::kernel::Pump;
use crate::limits::{Limits, Permissions};
use crate::snapshot::Snapshot;
use seedbed_abi::{Envelope, ExitReason, Failure, Flags, HandlerCode, Message, Result, Signal, StopCode};
use std::any::Any;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// A plain Rust actor.
///
/// The kernel calls one hook at a time. What a hook asks for through [`Context`] is applied when it
/// returns `Ok`, in order, and not at all when it returns an error or panics (rules T2, T3).
pub trait Actor: 'static {
    /// What it is sent: any serde type, or [`Bytes`](seedbed_abi::Bytes).
    type Message: Message;

    /// Its first turn. An error is a start error (rule S3).
    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// A message or a request.
    fn on_message(&mut self, cx: &mut Context, message: Self::Message) -> Result<()>;

    /// Anything else that reaches it: exits, downs, timers, replies, completions, starts of children.
    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        let _ = (cx, signal);
        Ok(())
    }

    /// Its last turn, unless it was killed or failed (spec `supervision.md`). Only `send` and
    /// `reply` work here.
    fn on_stop(&mut self, cx: &mut Context, reason: StopCode) -> Result<()> {
        let _ = (cx, reason);
        Ok(())
    }

    /// The same actor once more, in the state that it is in between two turns: for snapshots of a world
    /// that it lives in. `None`, and there are none of a world with it: the run is run again instead.
    ///
    /// In an actor that is `Clone`, and shares nothing that changes with its clones, one line:
    ///
    /// ```
    /// # use seedbed_core::{Actor, Context, Result};
    /// #[derive(Clone)]
    /// struct Counter(u64);
    ///
    /// impl Actor for Counter {
    ///     type Message = u64;
    ///     fn on_message(&mut self, _: &mut Context, n: u64) -> Result<()> { self.0 += n; Ok(()) }
    ///     fn snapshot(&self) -> Option<Self> { Some(self.clone()) }
    /// }
    /// ```
    fn snapshot(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// A turn that failed: what the exit reason will be, and a text for people.
///
/// One pointer, so that what a turn gives back is in a register when all went well.
#[derive(Debug)]
pub struct Failed(Box<(Failure, Option<Detail>)>);

/// What people are told beside an exit reason: an error chain, a backtrace, a panic text. It is never part of
/// a trace, and is made into text where somebody looks at it.
#[derive(Clone)]
pub struct Detail(Told);

#[derive(Clone)]
enum Told {
    Text(String),
    Error(Arc<anyhow::Error>),
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Told::Text(text) => f.write_str(text),
            Told::Error(error) => write!(f, "{error:#}"),
        }
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Failed {
    /// A failure with an error chain, backtrace or panic text, which is never part of a trace.
    pub fn new(failure: Failure, detail: impl Into<String>) -> Failed {
        Failed(Box::new((failure, Some(Detail(Told::Text(detail.into()))))))
    }

    /// The failure, and what is for people.
    pub fn into_parts(self) -> (Failure, Option<Detail>) {
        *self.0
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Failed(Box::new((failure, None)))
    }
}

/// An actor as the kernel sees it: native and WASM alike.
pub trait Behaviour: 'static {
    /// The first turn.
    ///
    /// # Errors
    /// A start error.
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed>;

    /// A message, request or any other signal.
    ///
    /// # Errors
    /// How the turn failed.
    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed>;

    /// The turn that it asked for by [`Context::go_on`].
    ///
    /// # Errors
    /// How the turn failed.
    fn go_on(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        let _ = cx;
        Ok(())
    }

    /// Goes on in the turn that runs, after what it asked for so far was applied at its request, by
    /// [`Context::apply_now`].
    ///
    /// # Errors
    /// How the turn failed; what was applied stays so.
    fn resume(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        let _ = cx;
        Ok(())
    }

    /// The last turn.
    ///
    /// # Errors
    /// How the turn failed; the exit reason stays what it was.
    fn stop(&mut self, cx: &mut Context<'_>, reason: StopCode) -> Result<(), Failed>;

    /// Its state as a hash, if it has one that is the same in every run (guest memory, say).
    fn state_hash(&self) -> Option<u64> {
        None
    }

    /// The parts of that state by name, each with a hash: what is named where two states differ.
    fn state_parts(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// Its state between two turns, kept; `None` if it cannot be.
    fn snapshot(&self) -> Option<Box<dyn Snapshot>> {
        None
    }

    /// For those who know the concrete type: introspection of supervisors.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// What can call it for a signal with a payload of so many bytes, and others like it after it,
    /// without coming back between them; `None`, and the kernel calls [`deliver`](Self::deliver).
    fn pump(&self, payload_len: usize) -> Option<Rc<dyn Pump>> {
        let _ = payload_len;
        None
    }

    /// For such a pump: the concrete type of an actor that may be one of its own.
    fn as_any_mut(&mut self) -> Option<&mut dyn Any> {
        None
    }
}

/// Makes actors of one kind: for a spawn, and for every restart.
pub trait Factory: Send + Sync + 'static {
    /// Makes the actor. Runs in the child's own first turn, with `args` as the spawner gave them.
    ///
    /// # Errors
    /// A start error.
    fn create(&self, cx: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed>;

    /// What such an actor may use.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// What such an actor may do.
    fn permissions(&self) -> Permissions {
        Permissions::default()
    }

    /// True for supervisors: they are listed as such, and D9 applies.
    fn is_supervisor(&self) -> bool {
        false
    }
}

/// A closure that makes an actor is a factory of it.
impl<F, A> Factory for F
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Actor,
{
    fn create(&self, _: &mut Context<'_>, _: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Native(self())))
    }
}

/// A closure that makes an actor from its arguments.
pub struct WithArgs<F>(pub F);

impl<F, A> Factory for WithArgs<F>
where
    F: Fn(&[u8]) -> Result<A> + Send + Sync + 'static,
    A: Actor,
{
    fn create(&self, _: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        Ok(Box::new(Native((self.0)(args).map_err(failed)?)))
    }
}

/// A factory with limits and permissions other than the usual.
pub struct Limited<F> {
    /// The factory.
    pub factory: F,
    /// What its actors may use.
    pub limits: Limits,
    /// What its actors may do.
    pub permissions: Permissions,
}

impl<F: Factory> Factory for Limited<F> {
    fn create(&self, cx: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        self.factory.create(cx, args)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn permissions(&self) -> Permissions {
        self.permissions.clone()
    }

    fn is_supervisor(&self) -> bool {
        self.factory.is_supervisor()
    }
}

/// A factory that is shared.
#[derive(Clone)]
pub struct Shared(pub Arc<dyn Factory>);

impl Factory for Shared {
    fn create(&self, cx: &mut Context<'_>, args: &[u8]) -> Result<Box<dyn Behaviour>, Failed> {
        self.0.create(cx, args)
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn permissions(&self) -> Permissions {
        self.0.permissions()
    }

    fn is_supervisor(&self) -> bool {
        self.0.is_supervisor()
    }
}

/// A native actor behind [`Behaviour`]: decodes, and turns errors into failures.
struct Native<A>(A);

impl<A: Actor> Native<A> {
    /// What is no message. Apart, since a signal takes room that a message need not make.
    #[inline(never)]
    fn signal(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        let done = match Signal::decode(envelope, payload) {
            Some(signal) => self.0.on_signal(cx, signal),
            None => {
                let message = A::Message::decode(payload).map_err(anyhow::Error::from);
                message.and_then(|message| self.0.on_message(cx, message))
            }
        };
        done.map_err(failed)
    }
}

impl<A: Actor> Behaviour for Native<A> {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Failed> {
        self.0.on_start(cx).map_err(failed)
    }

    #[inline]
    fn deliver(&mut self, cx: &mut Context<'_>, envelope: &Envelope, payload: &[u8]) -> Result<(), Failed> {
        if envelope.flags != Flags::MESSAGE {
            return self.signal(cx, envelope, payload);
        }
        let done = match A::Message::decode(payload) {
            Ok(message) => self.0.on_message(cx, message),
            Err(e) => Err(e.into()),
        };
        done.map_err(failed)
    }

    fn stop(&mut self, cx: &mut Context<'_>, reason: StopCode) -> Result<(), Failed> {
        self.0.on_stop(cx, reason).map_err(failed)
    }

    fn snapshot(&self) -> Option<Box<dyn Snapshot>> {
        self.0.snapshot().map(|actor| Box::new(Native(actor)) as Box<dyn Snapshot>)
    }
}

impl<A: Actor> Snapshot for Native<A> {
    fn restore(&self) -> Box<dyn Behaviour> {
        Box::new(Native(self.0.snapshot().expect("it gave itself once")))
    }
}

fn failed(error: anyhow::Error) -> Failed {
    let failure = Failure::HandlerError(HandlerCode::of(&error).0);
    Failed(Box::new((failure, Some(Detail(Told::Error(Arc::new(error)))))))
}

/// The number that `on_stop` is told for a reason (spec `supervision.md`).
pub(crate) fn stop_code(reason: &ExitReason, by_parent: bool, by_other: bool) -> StopCode {
    match reason {
        ExitReason::Failed(Failure::HandlerError(_)) if !by_other => StopCode::Failed,
        _ if by_parent => StopCode::Parent,
        ExitReason::Shutdown | ExitReason::ShutdownWith(_) => StopCode::Shutdown,
        _ if by_other => StopCode::Requested,
        ExitReason::Normal => StopCode::Normal,
        _ => StopCode::Failed,
    }
}
