//! The turn that runs, as the host calls of a guest that waits find it.
//!
//! The guest's store is inside its suspended future, where the turn's context cannot be put; so the
//! context is lent to the thread for as long as the future is polled.

use seedbed_core::{Context, Want};
use std::cell::RefCell;
use std::future::poll_fn;
use std::ptr::NonNull;
use std::task::Poll;

/// What a guest waits for when its turn ends.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    /// One of these.
    pub(crate) wants: Vec<Want>,
    /// Only that others had their turn.
    pub(crate) go_on: bool,
}

impl Wait {
    /// For others to have their turn.
    pub(crate) const YIELD: Wait = Wait { wants: Vec::new(), go_on: true };

    /// For one thing.
    pub(crate) fn one(want: Want) -> Wait {
        Wait { wants: vec![want], go_on: false }
    }
}

/// One turn of a guest that waits.
pub(crate) struct Turn {
    cx: NonNull<Context<'static>>,
    /// What the guest waited for is there.
    woken: bool,
    /// For what the guest waits now.
    pub(crate) wait: Option<Wait>,
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
pub(super) fn poll<T>(cx: &mut Context<'_>, poll: impl FnOnce() -> T) -> (T, Turn) {
    /// Takes the turn out again, also when the poll panics.
    struct Lent;
    impl Drop for Lent {
        fn drop(&mut self) {
            TURN.take();
        }
    }
    let cx = NonNull::from(cx).cast::<Context<'static>>();
    TURN.set(Some(Turn { cx, woken: true, wait: None, fuel: 0, started: false }));
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

/// Ends the turn, and comes back in the next one.
pub(super) async fn wait(wait: Wait) {
    let mut wait = Some(wait);
    poll_fn(move |_| {
        with_turn(|turn| match wait.take() {
            Some(wait) => {
                turn.wait = Some(wait);
                Poll::Pending
            }
            None if std::mem::take(&mut turn.woken) => Poll::Ready(()),
            None => Poll::Pending,
        })
    })
    .await;
}
