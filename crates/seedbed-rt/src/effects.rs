//! Effects: what actors ask of the world, and how its answers come back (rules O1–O3).
//!
//! Every effect that begins ends in exactly one completion: a handler that panics, or is dropped
//! with its runtime, completes with an error.

use crate::files::Files;
use crate::inbox::{Command, Outlet};
use crate::sockets::Sockets;
use crate::store::Store;
use seedbed_core::abi::store;
use seedbed_core::{EffectError, EffectOutcome, EffectRequest, Pid};
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

type Running = Pin<Box<dyn Future<Output = EffectOutcome>>>;

/// An effect of the embedder's.
pub(crate) type Handler = Arc<dyn Fn(EffectRequest) -> Running + Send + Sync>;

/// The error code of an effect that ended without an outcome.
const NO_OUTCOME: u64 = 0;

/// An outcome on its way to the kernel.
pub(crate) type Completed = (Pid, u64, EffectOutcome);

/// All effects of a node.
pub(crate) struct Effects {
    handlers: BTreeMap<String, Handler>,
    store: Store,
    files: Files,
    sockets: Sockets,
    outlet: Outlet,
    /// How many have begun and not completed.
    pub(crate) pending: u64,
    /// Outcomes that were there at once.
    pub(crate) ready: VecDeque<Completed>,
    /// What the embedder's handlers are to do, from the next time on that the node's task is at work.
    begun: Vec<(Handler, EffectRequest, Completion)>,
}

impl Effects {
    pub(crate) fn new(
        handlers: BTreeMap<String, Handler>,
        store: Store,
        files: Files,
        outlet: Outlet,
    ) -> Effects {
        let sockets = Sockets::default();
        let (ready, begun) = (VecDeque::new(), Vec::new());
        Effects { handlers, store, files, sockets, outlet, pending: 0, ready, begun }
    }

    pub(crate) fn begin(&mut self, request: EffectRequest) {
        self.pending += 1;
        let EffectRequest { pid, correlation, path, .. } = request;
        let duty = |outlet: &Outlet| Completion { pid, correlation, to: Some(outlet.clone()) };
        if let Some(handler) = self.handlers.get(&request.effect).cloned() {
            let completion = duty(&self.outlet);
            self.begun.push((handler, request, completion));
            return;
        }
        if request.effect == seedbed_files::EFFECT {
            let completion = duty(&self.outlet);
            self.files.begin(pid.to_raw(), &request.payload, completion);
            return;
        }
        if request.effect == seedbed_sockets::EFFECT {
            let completion = duty(&self.outlet);
            self.sockets.begin(pid.to_raw(), &request.payload, completion);
            return;
        }
        debug_assert_eq!(request.effect, store::EFFECT, "the kernel lets only known effects pass");
        match &mut self.store {
            Store::Memory(memory) => {
                self.ready.push_back((pid, correlation, memory.perform(path, &request.payload)));
            }
            Store::Files(files) => {
                let text = request.path_text.as_ref().into();
                files.begin(path, text, request.payload, duty(&self.outlet));
            }
        }
    }

    /// Starts what the embedder's handlers are to do, as tasks beside the node's own: only that one is sure
    /// to be where it belongs.
    pub(crate) fn start(&mut self) {
        for (handler, request, completion) in self.begun.drain(..) {
            tokio::task::spawn_local(async move {
                let outcome = handler(request).await;
                completion.done(outcome);
            });
        }
    }

    /// An actor ended: what it has open is closed.
    pub(crate) fn forget(&self, pid: Pid) {
        self.files.forget(pid.to_raw());
        self.sockets.forget(pid.to_raw());
    }

    /// The node is done: its sockets are closed.
    pub(crate) fn close(&mut self) {
        self.sockets.close();
    }
}

/// The duty to complete an effect.
pub(crate) struct Completion {
    pid: Pid,
    correlation: u64,
    /// Nothing once it is done.
    to: Option<Outlet>,
}

impl Completion {
    pub(crate) fn done(mut self, outcome: EffectOutcome) {
        self.send(outcome);
    }

    fn send(&mut self, outcome: EffectOutcome) {
        if let Some(to) = self.to.take() {
            // A node that has stopped wants no outcome.
            let _ = to.send(Command::Completed((self.pid, self.correlation, outcome)));
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.send(Err(EffectError { code: NO_OUTCOME, text: "the effect ended without an outcome".into() }));
    }
}
