//! Turns one after the other, as a reactor says.
//!
//! The kernel begins a turn, calls the hook, ends the turn, and asks the [`Schedule`] for the next. Where
//! entering what runs an actor is dear (a WebAssembly guest is), the actor names a [`Pump`]: entered
//! once, that gets hold of the [`Turns`] and goes through all that are for its actors, from the
//! inside. A turn is a turn: both ways begin and end it by the same functions, in the same order.

use super::Kernel;
use super::turn::{Begun, STARTED, host_panic};
use crate::actor::{Behaviour, Failed};
use crate::context::Context;
use crate::node::Node;
use crate::reactor::{Delivery, Port, Reactor};
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

/// A signal on its way to its actor: what [`Behaviour::deliver`] is called with, but that what is there
/// to be read is not copied first, so that it can be read only before the turn asks for something.
pub struct Delivered<'t> {
    node: &'t mut Node,
    port: &'t mut dyn Port,
}

impl Delivered<'_> {
    /// The signal's envelope, and its payload.
    #[inline]
    pub fn signal(&self) -> (&Envelope, &[u8]) {
        self.node.arena.read(self.node.turn.signal)
    }

    /// What the pump with this id knows the actor by, if it said so in an earlier turn.
    #[inline]
    pub fn entry(&self, pump: usize) -> Option<u32> {
        let s = self.node.slot(self.node.turn.slot);
        (s.pump == pump).then_some(s.pump_entry)
    }

    /// Says what a pump knows the actor by, until the actor ends: then it need not be asked. The id is
    /// the pump's own as long as the actor lives, and not 0: its address, say.
    pub fn set_entry(&mut self, pump: usize, entry: u32) {
        let slot = self.node.turn.slot;
        let s = self.node.slot_mut(slot);
        (s.pump, s.pump_entry) = (pump, entry);
    }

    /// True if the turn may meet a fault of fuel, memory or host calls.
    #[inline]
    pub fn starves(&self) -> bool {
        self.node.turn.starves
    }

    /// The actor.
    pub fn behaviour(&mut self) -> &mut dyn Behaviour {
        let slot = self.node.turn.slot;
        self.node.slot_mut(slot).behaviour.as_deref_mut().expect(STARTED)
    }

    /// The turn.
    #[inline]
    pub fn context(&mut self) -> Context<'_> {
        Context { node: self.node, port: self.port }
    }
}

impl Kernel {
    /// Runs turns until the schedule ends the batch.
    pub fn run_batch<R: Reactor>(&mut self, r: &mut R, schedule: &mut impl Schedule<R>) {
        let mut turn = Begun::none();
        let begun = self.begin_next(r, schedule, &mut turn);
        let mut batch = Batch { kernel: self, r, schedule, turn, begun };
        while batch.begun {
            batch.run();
        }
    }

    /// Begins the next turn that the schedule names and that is not stale; false if it names none.
    #[inline(always)]
    fn begin_next<R: Reactor>(
        &mut self,
        r: &mut R,
        schedule: &mut impl Schedule<R>,
        turn: &mut Begun,
    ) -> bool {
        while let Some(delivery) = schedule.next(self, r) {
            if self.begin(r, delivery, turn, |r| schedule.begins(r)) {
                return true;
            }
        }
        false
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
    /// Runs the turn that has begun, and others if that is done by a pump.
    fn run(&mut self) {
        let pump = if self.kernel.delivers() {
            let mut delivered = self.delivered();
            let len = delivered.signal().1.len();
            delivered.behaviour().pump(len)
        } else {
            None
        };
        let Some(pump) = pump else {
            let done = self.kernel.call(self.r, &mut self.turn);
            self.go_on(done);
            return;
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| pump.run(self))) {
            if !self.begun {
                // It was the kernel's or the reactor's, between two turns: no actor's failure.
                resume_unwind(panic);
            }
            self.go_on(Err(host_panic(&*panic)));
        }
    }

    /// Ends the turn that runs, and begins the next; false if there is none.
    #[inline(always)]
    fn go_on(&mut self, done: Result<(), Failed>) -> bool {
        let Batch { kernel, r, schedule, turn, begun } = self;
        *begun = false;
        kernel.end(*r, turn, done);
        let next = kernel.begin_next(*r, *schedule, turn);
        *begun = next;
        next
    }
}

impl<R: Reactor, S: Schedule<R>> Turns for Batch<'_, R, S> {
    #[inline]
    fn delivered(&mut self) -> Delivered<'_> {
        Delivered { node: &mut self.kernel.node, port: self.r }
    }

    fn next(&mut self, done: Result<(), Failed>) -> Option<Delivered<'_>> {
        let done = self.kernel.outcome(Ok(done));
        (self.go_on(done) && self.kernel.delivers()).then(|| self.delivered())
    }
}
