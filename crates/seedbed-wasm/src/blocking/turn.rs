//! The turn that runs, as the host calls of a guest that waits find it.
//!
//! The guest's store is inside its suspended future, where the turn's context cannot be put; so the
//! context is lent to the thread for as long as the future is polled.

use seedbed_abi::Envelope;
use seedbed_core::{Context, Want};
use std::cell::RefCell;
use std::future::poll_fn;
use std::ptr::NonNull;
use std::task::Poll;

/// What a guest waits for.
#[derive(Clone, Debug)]
pub(crate) enum Wait {
    /// That others had their turn.
    Yield,
    /// The same, though it could have gone on at once, again and again: that takes time.
    Spin,
    /// One of these; if there is none, until it is told to go on.
    For(Vec<Want>),
    /// That what it asked for is applied: its turn goes on (rule G8).
    Applied,
}

impl Wait {
    /// For one thing.
    pub(crate) fn one(want: Want) -> Wait {
        Wait::For(vec![want])
    }
}

/// What brings a guest on.
#[derive(Debug)]
pub(crate) enum Woken {
    /// Nothing but its turn.
    GoOn,
    /// One of those that it waited for.
    Signal(Envelope, Vec<u8>),
}

/// One turn of a guest that waits.
pub(crate) struct Turn {
    cx: NonNull<Context<'static>>,
    /// What it brings; taken by who waits.
    woken: Option<Woken>,
    /// For what the guest waits now.
    pub(crate) wait: Option<Wait>,
    /// Meanwhile its timers go off, whichever they are.
    pub(crate) timers: bool,
    /// Fuel that was burnt since the turn began.
    pub(crate) fuel: u64,
    /// The guest's start is done.
    pub(crate) started: bool,
}

impl Turn {
    /// What the turn can see and ask for.
    pub(crate) fn cx(&mut self) -> &mut Context<'static> {
        #[expect(unsafe_code, reason = "the turn's context, lent for the length of the turn")]
        // SAFETY: `poll` holds the one mutable borrow of the context while the turn is in its place,
        // and does not use it; what is lent here ends with the borrow of the turn, of which there
        // is one at a time.
        unsafe {
            self.cx.as_mut()
        }
    }
}

thread_local! {
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Polls with a turn in its place; gives the turn back as it was left.
pub(super) fn poll<T>(cx: &mut Context<'_>, woken: Woken, poll: impl FnOnce() -> T) -> (T, Turn) {
    /// Takes the turn out again, also when the poll panics.
    struct Lent;
    impl Drop for Lent {
        fn drop(&mut self) {
            TURN.take();
        }
    }
    let cx = NonNull::from(cx).cast::<Context<'static>>();
    TURN.set(Some(Turn { cx, woken: Some(woken), wait: None, timers: false, fuel: 0, started: false }));
    let lent = Lent;
    let result = poll();
    let turn = TURN.take().expect("put there above, and polls do not nest");
    drop(lent);
    (result, turn)
}

/// The turn that runs. Only host calls of a guest that is polled may ask.
pub(crate) fn with_turn<T>(with: impl FnOnce(&mut Turn) -> T) -> T {
    TURN.with_borrow_mut(|turn| with(turn.as_mut().expect("a guest runs in a turn only")))
}

/// Suspends the guest, and comes back with what brings it on.
pub(super) async fn wait(wait: Wait) -> Woken {
    let mut wait = Some(wait);
    poll_fn(move |_| {
        with_turn(|turn| match wait.take() {
            Some(wait) => {
                turn.wait = Some(wait);
                Poll::Pending
            }
            None => turn.woken.take().map_or(Poll::Pending, Poll::Ready),
        })
    })
    .await
}

/// Has what the guest asked for so far applied, before it goes on (rule G8).
pub(crate) async fn applied() {
    if with_turn(|turn| turn.cx().has_asked()) {
        wait(Wait::Applied).await;
    }
}
