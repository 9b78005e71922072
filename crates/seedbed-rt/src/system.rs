//! The handle of a node that runs in a service.

use crate::builder::Builder;
use crate::client::{ASK_TIMEOUT, Client, Line, Watch};
use crate::error::{AskError, SendError, SpawnError, StartError, StopError, Stopped};
use crate::inbox::{Command, Outlet};
use crate::neighbours::Neighbours;
use crate::node::Finished;
use crate::reactor::{Crossed, Fact, RealReactor};
use seedbed_core::{
    ActorInfo, Bytes, Code, ExitReason, Factory, Kernel, Mail, Message, NodeId, Pid, Reason, Recording,
    SpawnOptions, Tree, address_of, check_name,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a [`shutdown`](System::shutdown) waits for actors before it kills them.
pub(crate) const SHUTDOWN_WITHIN: Duration = Duration::from_secs(10);

/// What all handles of a system share; the last one to go shuts it down.
pub(crate) struct Shared {
    pub(crate) outlet: Outlet,
    pub(crate) node: NodeId,
    pub(crate) nodes: BTreeMap<String, NodeId>,
    pub(crate) neighbours: Neighbours,
    pub(crate) clients: AtomicU64,
}

impl Shared {
    fn line(&self) -> Line {
        let pid = self.neighbours.client(self.clients.fetch_add(1, Relaxed));
        Line::new(pid, &format!("client-{}", pid.to_raw()), self.outlet.clone())
    }

    fn named_line(&self, name: &str) -> Line {
        Line::new(self.neighbours.client(self.clients.fetch_add(1, Relaxed)), name, self.outlet.clone())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // It may have been shut down before.
        let _ = self.outlet.send(Command::Abandoned);
    }
}

/// A handle of a running node, for any thread and any executor.
///
/// Every clone is a client of its own: it has a pid, and its messages to one actor stay in order.
/// When the last handle is dropped, the system shuts down.
pub struct System {
    shared: Arc<Shared>,
    line: Line,
}

impl Clone for System {
    fn clone(&self) -> Self {
        System::new(Arc::clone(&self.shared))
    }
}

impl System {
    pub(crate) fn new(shared: Arc<Shared>) -> System {
        System { line: shared.line(), shared }
    }

    /// Starts a node with the usual settings, on a thread of its own.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start() -> Result<System, StartError> {
        Builder::default().start()
    }

    /// Starts a node with the usual settings, as a task of the caller's `LocalSet`.
    ///
    /// # Errors
    /// See [`StartError`].
    ///
    /// # Panics
    /// As [`Builder::run_local`].
    pub fn local() -> Result<System, StartError> {
        Builder::default().run_local()
    }

    /// A node with settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// This handle's pid.
    pub fn pid(&self) -> Pid {
        self.line.pid
    }

    /// A handle whose messages come from the path `outside/NAME`.
    pub(crate) fn named(&self, name: &str) -> System {
        System { line: self.shared.named_line(name), shared: Arc::clone(&self.shared) }
    }

    /// The node's number.
    pub fn node_id(&self) -> NodeId {
        self.shared.node
    }

    /// A client that can be sent messages.
    ///
    /// # Errors
    /// If the system has stopped.
    pub fn client(&self) -> Result<Client, Stopped> {
        Client::new(self.shared.line())
    }
}

/// Mail.
impl System {
    /// Sends a message. That it is sent says nothing about the receiver: a message to nobody, or to
    /// a full mailbox, is lost and counted (rules M7, M8); ask if you need to know.
    ///
    /// # Errors
    /// If the system has stopped; the message comes back.
    pub fn send<M: Message>(&self, to: Pid, message: M) -> Result<(), SendError<M>> {
        self.line.send(to, message)
    }

    /// Sends bytes under a tag.
    ///
    /// # Errors
    /// If the system has stopped; the bytes come back.
    pub fn send_raw(&self, to: Pid, tag: u64, payload: impl Into<Bytes>) -> Result<(), SendError<Bytes>> {
        self.line.send_raw(to, tag, payload)
    }

    /// Asks, and waits 5 seconds for the reply.
    ///
    /// # Errors
    /// See [`AskError`]; a mailbox without room is [`RequestFailure::Refused`](seedbed_core::RequestFailure).
    pub async fn ask<M: Message, R: Message>(&self, to: Pid, message: M) -> Result<R, AskError> {
        self.line.ask(to, &message, ASK_TIMEOUT).await
    }

    /// Asks, and waits this long for the reply.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_with<M: Message, R: Message>(
        &self,
        to: Pid,
        message: M,
        timeout: Duration,
    ) -> Result<R, AskError> {
        self.line.ask(to, &message, timeout).await
    }

    /// Asks at this call; the future only waits.
    pub(crate) fn begin_ask(
        &self,
        to: Pid,
        tag: u64,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Mail, AskError>> + use<> {
        self.line.begin_ask(to, tag, payload, timeout, Vec::new())
    }

    /// The same for a supervisor; what makes children goes along with it.
    pub(crate) fn begin_ask_giving(
        &self,
        to: Pid,
        payload: Vec<u8>,
        timeout: Duration,
        given: Vec<Arc<dyn Factory>>,
    ) -> impl Future<Output = Result<Mail, AskError>> + use<> {
        self.line.begin_ask(to, 0, payload, timeout, given)
    }

    /// Asks with bytes under a tag.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_raw(
        &self,
        to: Pid,
        tag: u64,
        payload: impl Into<Bytes>,
        timeout: Duration,
    ) -> Result<Mail, AskError> {
        self.line.ask_raw(to, tag, payload.into().0, timeout).await
    }
}

/// Actors.
impl System {
    /// Spawns an actor with a registered name, and waits until its start is done.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub async fn spawn(&self, name: &str, factory: impl Factory) -> Result<Pid, SpawnError> {
        self.spawn_with(SpawnOptions::registered(name), Arc::new(factory)).await
    }

    /// Spawns an actor in any way, and waits until its start is done.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub async fn spawn_with(
        &self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
    ) -> Result<Pid, SpawnError> {
        self.line.ask_node(|done| Command::Spawn { options, factory, done }).await?
    }

    /// Asks an actor to stop by way of its `on_stop`, and waits until it is gone; gives its exit reason.
    ///
    /// # Errors
    /// See [`StopError`].
    pub async fn stop(&self, pid: Pid, reason: Reason) -> Result<ExitReason, StopError> {
        self.line.ask_node(|done| Command::Stop { pid, reason: reason.into(), done }).await?
    }

    /// Kills an actor: no code of it runs any more (rule E5).
    ///
    /// # Errors
    /// See [`StopError`].
    pub async fn kill(&self, pid: Pid) -> Result<(), StopError> {
        self.line.ask_node(|done| Command::Kill { pid, done }).await?
    }

    /// Watches an actor from this call on; the future gives its exit reason, `NoProcess` if it is
    /// gone already.
    pub fn monitor(&self, pid: Pid) -> Watch {
        self.line.monitor(pid)
    }

    /// The handle of `name` or `name@node`, which follows whoever has the name (rule P4).
    ///
    /// # Errors
    /// [`Code::Invalid`], or [`Code::NotFound`] for an unknown node.
    pub fn address(&self, name: &str) -> Result<Pid, Code> {
        let (name, node) = match name.split_once('@') {
            None => (name, self.shared.node),
            Some((name, node)) => (name, *self.shared.nodes.get(node).ok_or(Code::NotFound)?),
        };
        check_name(name)?;
        Ok(address_of(node, name))
    }
}

/// Looking.
impl System {
    /// Who has a name on this node now.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn whereis(&self, name: &str) -> Result<Option<Pid>, Stopped> {
        let address = address_of(self.shared.node, name);
        self.look(move |kernel, _| kernel.find(address)).await
    }

    /// The node's tree: all actors that live, and the children that its supervisors know besides, with
    /// pids, states, restarts and waiting mail. It can be printed.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn tree(&self) -> Result<Tree, Stopped> {
        self.look(|kernel, _| kernel.tree()).await
    }

    /// All actors that live, by path.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn actors(&self) -> Result<Vec<ActorInfo>, Stopped> {
        let mut actors = self.look(|kernel, _| kernel.actors()).await?;
        actors.sort_by(|a, b| (&a.path, a.life).cmp(&(&b.path, b.life)));
        Ok(actors)
    }

    /// What the actors that live have published.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn facts(&self) -> Result<Vec<Fact>, Stopped> {
        self.look(|_, reactor| reactor.facts().collect()).await
    }

    /// Messages that reached nobody, so far.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn dead_letters(&self) -> Result<u64, Stopped> {
        self.look(|kernel, _| kernel.dead_letters()).await
    }

    /// What entered the node up to now, if it is recorded.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn recording(&self) -> Result<Option<Recording>, Stopped> {
        self.line.ask_node(Command::Recording).await
    }

    /// Turns that the node has run.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn turns(&self) -> Result<u64, Stopped> {
        self.look(|_, reactor| reactor.turns()).await
    }

    /// Starts of paths that had lived before.
    ///
    /// # Errors
    /// If the system has stopped.
    pub async fn restarts(&self) -> Result<u64, Stopped> {
        self.look(|_, reactor| reactor.restarts()).await
    }

    /// Waits until the node is at rest: no mail, no effect, no one-shot timer, no request of a client.
    pub(crate) async fn rest(&self) -> Result<Crossed, Stopped> {
        self.line.ask_node(Command::Rest).await
    }

    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Kernel, &RealReactor) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let command = |done: oneshot::Sender<T>| {
            Command::Look(Box::new(move |kernel, reactor| {
                // Who asked may have gone.
                let _ = done.send(look(kernel, reactor));
            }))
        };
        self.line.ask_node(command).await
    }
}

/// The end.
impl System {
    /// Stops the actors without a parent, the last one first, each by way of its `on_stop`, then what
    /// outlived them, and then the node. What is left after 10 seconds is killed.
    ///
    /// # Errors
    /// If the system has stopped already.
    pub async fn shutdown(&self) -> Result<Finished, Stopped> {
        self.shutdown_within(SHUTDOWN_WITHIN).await
    }

    /// The same with another time.
    ///
    /// # Errors
    /// As [`shutdown`](Self::shutdown).
    pub async fn shutdown_within(&self, within: Duration) -> Result<Finished, Stopped> {
        self.line.ask_node(|done| Command::Shutdown { within, done }).await
    }
}
