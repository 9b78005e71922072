//! From the module's exports to the actor's hooks.
//!
//! The host never enters a hook while another runs, nor asks for the inbox meanwhile; every cell
//! below is checked all the same.

#![expect(unsafe_code, reason = "the inbox is written by the host")]

use crate::sys::slices::log;
use crate::{
    Actor, Context, ENVELOPE_LEN, Envelope, Flags, HandlerCode, Level, Message, Result, Signal, StopCode,
};
use alloc::format;
use alloc::vec::Vec;
use anyhow::{Error, anyhow};
use core::cell::RefCell;

/// All that a guest is between two hooks.
pub struct Guest<A> {
    turn: RefCell<Turn<A>>,
    inbox: RefCell<Inbox>,
}

struct Turn<A> {
    actor: Option<A>,
    cx: Context<'static>,
}

// A module of the dialect has no threads: its memory is not shared.
#[cfg(not(target_feature = "atomics"))]
unsafe impl<A> Sync for Guest<A> {}

/// What makes an actor from arguments may give the actor, or a result with it.
pub trait IntoActor<A> {
    /// The actor.
    ///
    /// # Errors
    /// If it could not be made.
    fn into_actor(self) -> Result<A>;
}

impl<A: Actor> IntoActor<A> for A {
    fn into_actor(self) -> Result<A> {
        Ok(self)
    }
}

impl<A: Actor, E: Into<Error>> IntoActor<A> for core::result::Result<A, E> {
    fn into_actor(self) -> Result<A> {
        self.map_err(Into::into)
    }
}

/// What a start that was ignored answers.
const IGNORE: i32 = 2;

impl<A: Actor> Guest<A> {
    /// A guest that has not started.
    #[expect(clippy::new_without_default, reason = "it is made in a constant, once, by a macro")]
    pub const fn new() -> Guest<A> {
        let turn = Turn { actor: None, cx: Context::new() };
        Guest { turn: RefCell::new(turn), inbox: RefCell::new(Inbox(Vec::new())) }
    }

    /// `seedbed_inbox`.
    pub fn inbox(&self, len: usize) -> *mut u8 {
        self.inbox.borrow_mut().grow(len)
    }

    /// `seedbed_on_start`.
    pub fn start<I: IntoActor<A>>(&self, args: *const u8, len: usize, make: impl FnOnce(&[u8]) -> I) -> i32 {
        #[cfg(feature = "std")]
        std::panic::set_hook(std::boxed::Box::new(|info| log(Level::Error as i32, &format!("{info}"))));
        let inbox = self.inbox.borrow();
        let Turn { actor, cx } = &mut *self.turn.borrow_mut();
        cx.enter(Envelope::default(), true);
        let started =
            make(inbox.slice(args, len)).into_actor().and_then(|made| actor.insert(made).on_start(cx));
        match started {
            Ok(()) if cx.was_ignored() => IGNORE,
            result => code(result),
        }
    }

    /// `seedbed_on_message`.
    pub fn message(&self, envelope: *const u8, payload: *const u8, len: usize) -> i32 {
        let inbox = self.inbox.borrow();
        let Turn { actor, cx } = &mut *self.turn.borrow_mut();
        let actor = actor.as_mut().expect("the host starts an actor before it sends to it");
        let head = inbox.slice(envelope, ENVELOPE_LEN).try_into().expect("an envelope has its length");
        cx.enter(Envelope::from_bytes(head), false);
        code(deliver(actor, cx, inbox.slice(payload, len)))
    }

    /// `seedbed_on_stop`.
    pub fn stop(&self, why: i32) {
        let Turn { actor, cx } = &mut *self.turn.borrow_mut();
        let actor = actor.as_mut().expect("the host starts an actor before it stops it");
        cx.enter(Envelope::default(), false);
        let why = StopCode::from_i32(why).unwrap_or(StopCode::Requested);
        // There is no code to answer: a trap is how this hook fails its turn.
        if code(actor.on_stop(cx, why)) != 0 {
            core::arch::wasm32::unreachable();
        }
    }
}

fn deliver<A: Actor>(actor: &mut A, cx: &mut Context<'_>, payload: &[u8]) -> Result<()> {
    let envelope = *cx.envelope();
    if envelope.flags == Flags::MESSAGE {
        return actor.on_message(cx, A::Message::decode(payload)?);
    }
    let signal = Signal::decode(&envelope, payload)
        .ok_or_else(|| anyhow!("signal that this guest does not know: {:?}", envelope.flags))?;
    actor.on_signal(cx, signal)
}

/// The code of a hook's result; an error's text is logged, since only its code becomes the exit reason.
fn code(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            log(Level::Error as i32, &format!("{error:#}"));
            HandlerCode::of(&error).0
        }
    }
}

/// Room that the host writes to, in words, because it is to be 8-aligned.
struct Inbox(Vec<u64>);

impl Inbox {
    /// What is asked for at least, so that small messages need to ask once.
    const LEN_MIN: usize = 512;

    fn grow(&mut self, len: usize) -> *mut u8 {
        let words = len.max(Inbox::LEN_MIN).next_power_of_two() / size_of::<u64>();
        if self.0.len() < words {
            // Nothing in it is needed any more, so it need not be copied to its new place.
            self.0 = Vec::new();
            self.0.resize(words, 0);
        }
        self.0.as_mut_ptr().cast()
    }

    /// What the host says it wrote.
    ///
    /// # Panics
    /// If that is not in the room it was given.
    fn slice(&self, at: *const u8, len: usize) -> &[u8] {
        if len == 0 {
            return &[];
        }
        // Words are bytes, eight each, and this borrow keeps the room from moving.
        let room =
            unsafe { core::slice::from_raw_parts(self.0.as_ptr().cast::<u8>(), size_of_val(&*self.0)) };
        at.addr()
            .checked_sub(room.as_ptr().addr())
            .and_then(|start| room.get(start..start.checked_add(len)?))
            .expect("the host writes to the inbox only")
    }
}
