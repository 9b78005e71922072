//! Turns one after the other, as a reactor says.
//!
//! The kernel begins a turn, calls the hook, ends the turn, and asks the [`Schedule`] for the next. Where
//! entering what runs an actor is dear (a WebAssembly guest is), the actor names a [`Pump`]: entered
//! once, that gets hold of the [`Turns`] and goes through all that are for its actors, from the
//! inside. A turn is a turn: both ways begin and end it by the same functions, in the same order.

use super::Kernel;
use super::turn::{Begun, host_panic};
use crate::actor::{Behaviour, Failed};
use crate::context::Context;
use crate::reactor::{Delivery, Reactor};
use seedbed_abi::Envelope;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Says which turns a batch is made of.
pub trait Schedule<R> {
    /// What goes next on this node, between two turns; `None` ends the batch. What is stale is passed over, and
    /// another is asked for.
    fn next(&mut self, kernel: &Kernel, r: &mut R) -> Option<Delivery>;

    /// The turn of what [`next`](Self::next) gave last begins; gives the number of its step.
    fn begins(&mut self, r: &mut R) -> u64;
}

/// Calls actors of one kind for the turns of a batch.
pub trait Pump {
    /// Runs the turn that has begun, which is for an actor that named this pump, and those that follow it;
    /// comes back when none has begun, or one that is not for it, and that nobody was called for yet.
    ///
    /// # Panics
    /// If host code does in a turn: that is then a failure of the actor whose turn it is (rule T8).
    fn run(&self, turns: &mut dyn Turns);
}

/// The turns of a batch, in the hands of a [`Pump`].
pub trait Turns {
    /// What the turn that has begun is for.
    ///
    /// # Panics
    /// If none has, or one that delivers no signal to an actor that has started.
    fn delivered(&mut self) -> Delivered<'_>;

    /// Ends the turn that runs, with what its hook came to, and begins the next; gives what that is for, if
    /// there is one and it delivers a signal to an actor that has started.
    fn next(&mut self, done: Result<(), Failed>) -> Option<Delivered<'_>>;
}

/// A signal on its way to its actor: what [`Behaviour::deliver`] is called with.
pub struct Delivered<'t> {
    /// The turn.
    pub cx: Context<'t>,
    /// The signal's envelope.
    pub envelope: &'t Envelope,
    /// Its payload.
    pub payload: &'t [u8],
    /// The actor.
    pub behaviour: &'t mut dyn Behaviour,
}

impl Kernel {
    /// Runs turns until the schedule ends the batch.
    pub fn run_batch<R: Reactor>(&mut self, r: &mut R, schedule: &mut impl Schedule<R>) {
        let mut batch = Batch { kernel: self, r, schedule, turn: Begun::none(), begun: false };
        batch.begin();
        while batch.begun {
            batch.run();
        }
    }
}

/// A batch under way.
struct Batch<'b, R, S> {
    kernel: &'b mut Kernel,
    r: &'b mut R,
    schedule: &'b mut S,
    turn: Begun,
    /// A turn has begun, and its hook has not come back: what panics is its actor's then.
    begun: bool,
}

impl<R: Reactor, S: Schedule<R>> Batch<'_, R, S> {
    /// Begins the next turn, if there is one.
    #[inline(always)]
    fn begin(&mut self) {
        let Batch { kernel, r, schedule, turn, begun } = self;
        while !*begun && let Some(delivery) = schedule.next(kernel, r) {
            *begun = kernel.begin(*r, delivery, turn, |r| schedule.begins(r));
        }
    }

    /// Runs the turn that has begun, and others if that is done by a pump.
    fn run(&mut self) {
        let len = self.turn.payload_len();
        let pump = match &self.turn.behaviour {
            Some(behaviour) if self.kernel.delivers(&self.turn) => behaviour.pump(len),
            _ => None,
        };
        let Some(pump) = pump else {
            let done = self.kernel.call(self.r, &mut self.turn);
            return self.go_on(done);
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| pump.run(self))) {
            if !self.begun {
                // It was the kernel's or the reactor's, between two turns: no actor's failure.
                resume_unwind(panic);
            }
            self.go_on(Err(host_panic(&*panic)));
        }
    }

    /// Ends the turn that runs, and begins the next.
    #[inline(always)]
    fn go_on(&mut self, done: Result<(), Failed>) {
        self.begun = false;
        self.kernel.end(self.r, &mut self.turn, done);
        self.begin();
    }
}

impl<R: Reactor, S: Schedule<R>> Turns for Batch<'_, R, S> {
    #[inline]
    fn delivered(&mut self) -> Delivered<'_> {
        self.turn.delivered(&mut self.kernel.node, self.r)
    }

    fn next(&mut self, done: Result<(), Failed>) -> Option<Delivered<'_>> {
        let done = self.kernel.outcome(Ok(done));
        self.go_on(done);
        if self.begun && self.kernel.delivers(&self.turn) { Some(self.delivered()) } else { None }
    }
}
