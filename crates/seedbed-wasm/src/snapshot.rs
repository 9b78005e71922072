//! Guests with handlers between two turns, kept.
//!
//! Of memory only the pages are kept that differ from those of a fresh instance; of all else, globals and what
//! the dialect's handler knows. Tables are as the module made them: what would change one is refused at load.
//! A guest that waits has a stack of its own, which nobody can copy: there is no snapshot of it.

use crate::actor::Running;
use crate::arena::{Arena, State};
use crate::dialect::Handler;
use crate::limits::WasmLimits;
use crate::module::Module;
use seedbed_core::{Behaviour, Snapshot};

/// One life of an actor, between two turns.
pub(crate) struct Kept<D> {
    module: Module,
    limits: WasmLimits,
    state: State,
    dialect: D,
    /// Until its start.
    args: Box<[u8]>,
}

impl<D: Handler> Kept<D> {
    pub(crate) fn of(running: &Running<D>) -> Kept<D> {
        let Running { guest, arena, limits, fuel: _, memory_max: _, dialect, args } = running;
        let guest = guest.as_ref().expect("given back at the end only");
        Kept {
            module: guest.module.clone(),
            limits: *limits,
            state: guest.state(&mut arena.borrow_mut().store),
            dialect: dialect.clone(),
            args: args.clone(),
        }
    }
}

impl<D: Handler> Snapshot for Kept<D> {
    fn restore(&self) -> Box<dyn Behaviour> {
        let arena = Arena::current();
        let mut guest = match arena.borrow_mut().take(&self.module, &self.limits) {
            Ok(guest) => guest,
            Err(error) => panic!("failed to make an instance for a guest of a snapshot: {error:#}"),
        };
        guest.set_state(&mut arena.borrow_mut().store, &self.state);
        Box::new(Running {
            guest: Some(guest),
            arena,
            limits: self.limits,
            fuel: self.limits.fuel(),
            memory_max: self.limits.memory(),
            dialect: self.dialect.clone(),
            args: self.args.clone(),
        })
    }

    fn put_back(&self, actor: &mut dyn Behaviour) -> bool {
        let running: Option<&mut Running<D>> = actor.as_any_mut().and_then(|any| any.downcast_mut());
        let Some(running) = running else { return false };
        let guest = running.guest.as_mut().expect("given back at the end only");
        if guest.module.hash() != self.module.hash() || running.limits != self.limits {
            return false;
        }
        let mut arena = running.arena.borrow_mut();
        guest.set_state(&mut arena.store, &self.state);
        running.dialect.clone_from(&self.dialect);
        if let Some(at) = guest.handler {
            arena.store.data_mut().entries[at as usize].note(guest.len, running.dialect.room());
        }
        running.args.clone_from(&self.args);
        true
    }
}
