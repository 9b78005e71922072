//! The loop around one kernel.
//!
//! A node is a task of its thread. Another task of that thread that asks it for something runs a batch
//! of it by itself (`here.rs`), by the same functions.
//!
//! Turns run in batches of [`BUDGET`]; between two batches the node looks at its clock and its
//! inbox, and lets the runtime's other tasks go on. So neither mail from outside nor timers wait for
//! actors that never rest, and a node that has nothing to do costs nothing.

use crate::error::{SpawnError, StopError};
use crate::here::{Batch, Here};
use crate::inbox::{Command, Outlet};
use crate::reactor::{Crossed, RealReactor};
use seedbed_core::{
    Delivery, EffectOutcome, ExitReason, Factory, Kernel, NodeId, Packet, Pid, Reactor, Recording,
    RecordingReactor, RequestFailure, Schedule, SpawnOptions, Time, node_of,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Turns, and commands from outside, between two looks at the clock.
const BUDGET: u64 = 256;

/// What a system leaves behind.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Turns in all.
    pub turns: u64,
    /// Actors that had to be killed, since the time for the shutdown was over.
    pub killed: usize,
    /// Messages that reached nobody.
    pub dead_letters: u64,
    /// What entered the node, if it was recorded.
    pub recording: Option<Arc<Recording>>,
}

/// The real reactor, recorded or not.
pub(crate) trait Real: Reactor {
    fn real(&mut self) -> &mut RealReactor;
    fn seen(&self) -> &RealReactor;
    fn recording(&self) -> Option<Recording>;
}

impl Real for RealReactor {
    #[inline]
    fn real(&mut self) -> &mut RealReactor {
        self
    }

    fn seen(&self) -> &RealReactor {
        self
    }

    fn recording(&self) -> Option<Recording> {
        None
    }
}

impl Real for RecordingReactor<RealReactor> {
    #[inline]
    fn real(&mut self) -> &mut RealReactor {
        self.inner_mut()
    }

    fn seen(&self) -> &RealReactor {
        self.inner()
    }

    fn recording(&self) -> Option<Recording> {
        Some(self.recording())
    }
}

/// The turns of one batch: first enabled, first out (rule M4).
struct PlainOrder {
    /// The last step that may run in it; when that has, something may be left.
    last: u64,
}

impl<R: Real> Schedule<R> for PlainOrder {
    #[inline]
    fn next(&mut self, kernel: &Kernel, r: &mut R) -> Option<Delivery> {
        let real = r.real();
        if real.step >= self.last { None } else { real.order.pop(kernel) }
    }

    #[inline]
    fn begins(&mut self, r: &mut R) -> u64 {
        let real = r.real();
        real.step += 1;
        real.step
    }
}

/// A shutdown under way.
struct Closing {
    /// When those that are left are killed.
    deadline: Time,
    /// The root that is stopping.
    stopping: Option<Pid>,
    /// What outlived its roots (rule L5) and was asked to stop.
    asked: BTreeSet<Pid>,
    killed: usize,
    done: Vec<oneshot::Sender<Finished>>,
}

/// A kernel, its reactor and its inbox.
pub(crate) struct Node<R> {
    kernel: Kernel,
    reactor: R,
    inbox: mpsc::UnboundedReceiver<Command>,
    /// Actors without a parent, in the order of their spawns; some are gone.
    roots: Vec<Pid>,
    closing: Option<Closing>,
    /// Who waits for the node to be at rest.
    resting: Vec<oneshot::Sender<Crossed>>,
    /// How long a shutdown that nobody asked for may take.
    shutdown_within: Duration,
    /// What ended the wait for a command.
    first: Option<Command>,
    /// The node's task, while it waits for a command.
    task: Option<Waker>,
    /// Another task ran a batch: what the node's own waits for may not be what it was.
    ran: bool,
}

/// What a node's task does next.
enum Next {
    /// There is more to do, when the thread's other tasks have had their turn.
    Again,
    /// Nothing, until there is a command, or this time has come.
    Wait(Option<Time>),
    /// The node was shut down.
    Finish,
}

impl<R: Real> Batch for Node<R> {
    fn batch(&mut self, command: &mut Option<Command>) {
        if self.closing.is_some() || self.first.is_some() || !self.inbox.is_empty() || self.is_awake() {
            return;
        }
        let Some(command) = command.take() else { return };
        self.ran = true;
        if let Some(task) = self.task.take() {
            task.wake();
        }
        let now = self.pass_time();
        self.obey(command, Some(now));
        self.take_in();
        self.turns();
    }
}

impl<R: Real + 'static> Node<R> {
    /// Runs the node until it was shut down; `outlet` is the way to it.
    pub(crate) async fn run(mut self, outlet: Outlet) {
        self.kernel.boot(&mut self.reactor);
        let node = Rc::new(RefCell::new(self));
        let _here = Here::new(outlet, node.clone());
        loop {
            let next = node.borrow_mut().go();
            match next {
                Next::Again => tokio::task::yield_now().await,
                Next::Wait(until) => wait(&node, until).await,
                Next::Finish => return node.borrow_mut().finish(),
            }
        }
    }
}

/// Waits for a command or a time.
async fn wait<R: Real>(node: &RefCell<Node<R>>, until: Option<Time>) {
    let mut command = poll_fn(|cx| node.borrow_mut().poll_command(cx));
    match until {
        None => command.await,
        Some(at) => {
            let until = node.borrow().reactor.seen().clock.instant(at);
            // If it is over, the node sees that by its clock.
            let _ = tokio::time::timeout_at(until, &mut command).await;
        }
    }
}

impl<R: Real> Node<R> {
    pub(crate) fn new(
        kernel: Kernel,
        reactor: R,
        inbox: mpsc::UnboundedReceiver<Command>,
        shutdown_within: Duration,
    ) -> Node<R> {
        Node {
            kernel,
            reactor,
            inbox,
            roots: Vec::new(),
            closing: None,
            resting: Vec::new(),
            shutdown_within,
            first: None,
            task: None,
            ran: false,
        }
    }

    /// Runs batches until there is nothing to do, or others are to have their turn.
    fn go(&mut self) -> Next {
        self.ran = false;
        loop {
            self.look();
            let more = self.turns();
            self.reactor.real().effects.start();
            if self.closing.is_some() && self.close() {
                return Next::Finish;
            }
            if more {
                return Next::Again;
            }
            if !self.is_awake() {
                self.tell_rest();
                return Next::Wait(self.next_deadline());
            }
        }
    }

    /// Runs a batch of turns; true if there may be more to run.
    fn turns(&mut self) -> bool {
        let last = self.reactor.seen().step + BUDGET;
        self.kernel.run_batch(&mut self.reactor, &mut PlainOrder { last });
        self.reactor.seen().step == last
    }

    /// True if something is to be done at once.
    fn is_awake(&self) -> bool {
        let real = self.reactor.seen();
        !real.order.is_empty() || !real.effects.ready.is_empty() || !real.unreachable.is_empty()
    }

    /// Tells who waits for it that the node is at rest, if it is.
    fn tell_rest(&mut self) {
        let real = self.reactor.seen();
        if real.effects.pending > 0 || !real.outside.is_answered() || self.kernel.one_shots() > 0 {
            return;
        }
        let crossed = Crossed { turns: real.turns(), ..real.crossed };
        for waiting in self.resting.drain(..) {
            let _ = waiting.send(crossed); // who waited may have gone
        }
    }

    /// The first time at which there is something to do.
    fn next_deadline(&self) -> Option<Time> {
        let closing = self.closing.as_ref().map(|c| c.deadline);
        let next = [self.kernel.next_deadline(), self.reactor.seen().outside.next_deadline(), closing];
        next.into_iter().flatten().min()
    }

    /// Ready when there is a command, which is kept, or what is waited for may have changed.
    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ran {
            return Poll::Ready(());
        }
        let command = self.inbox.poll_recv(cx);
        if command.is_pending() && !self.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            self.task = Some(cx.waker().clone());
        }
        command.map(|command| {
            self.first = Some(command.expect("the node's own effects keep its inbox open"));
        })
    }

    /// Takes in what is due: timers, commands, completions.
    fn look(&mut self) {
        let now = self.pass_time();
        if let Some(first) = self.first.take() {
            self.obey(first, Some(now));
        }
        for _ in 0..BUDGET {
            let Ok(command) = self.inbox.try_recv() else { break };
            self.obey(command, None);
        }
        self.take_in();
    }

    /// Reads the clock, and lets pass what is due by it.
    fn pass_time(&mut self) -> Time {
        let now = self.reactor.real().clock.now();
        self.kernel.fire_timers(&mut self.reactor, now);
        self.reactor.real().outside.time_out(now);
        now
    }

    /// Takes in what came of what turns asked for.
    fn take_in(&mut self) {
        while let Some((pid, correlation, outcome)) = self.reactor.real().effects.ready.pop_front() {
            self.complete(pid, correlation, &outcome);
        }
        while let Some(answer) = self.reactor.real().unreachable.pop_front() {
            self.arrive(answer);
        }
    }

    /// Does what was asked for, before `now` if that is known. Who asked may have gone, and need not be told then.
    fn obey(&mut self, command: Command, now: Option<Time>) {
        match command {
            Command::Arrive(packet) => self.arrive(packet),
            Command::Ask { packet, correlation, timeout, given, reply } => {
                let asked = node_of(packet.to);
                if asked == NodeId::OUTSIDE {
                    let _ = reply.send(Err(RequestFailure::Dead));
                    return;
                }
                let real = self.reactor.real();
                let now = now.unwrap_or_else(|| real.clock.now());
                real.outside.ask(packet.from, correlation, now + timeout, asked, reply);
                self.kernel.give(packet.from, correlation, given);
                self.arrive(packet);
            }
            Command::Watch { packet, reference, down } => {
                let watched = node_of(packet.to);
                if watched == NodeId::OUTSIDE {
                    let _ = down.send(ExitReason::NoProcess);
                    return;
                }
                self.reactor.real().outside.watch(packet.from, reference, watched, down);
                self.arrive(packet);
            }
            Command::Unwatch { packet, reference } => {
                self.reactor.real().outside.unwatch(packet.from, reference);
                self.arrive(packet);
            }
            Command::Open(client, inbox) => self.reactor.real().outside.open(client, inbox),
            Command::Close(client) => self.reactor.real().outside.close(client),
            Command::Spawn { options, factory, done } => self.spawn(options, factory, done),
            Command::Stop { pid, reason, done } => match self.kernel.find(pid) {
                Some(pid) => {
                    self.reactor.real().outside.await_exit(pid, done);
                    self.kernel.stop(&mut self.reactor, pid, reason);
                }
                None => {
                    let _ = done.send(Err(StopError::Gone(pid)));
                }
            },
            Command::Kill { pid, done } => {
                let killed = self.kernel.kill(&mut self.reactor, pid);
                let _ = done.send(if killed { Ok(()) } else { Err(StopError::Gone(pid)) });
            }
            Command::Look(look) => look(&self.kernel, self.reactor.seen()),
            Command::Completed((pid, correlation, outcome)) => {
                self.complete(pid, correlation, &outcome);
            }
            Command::Cross(packet) => {
                self.reactor.real().crossed.taken += 1;
                self.arrive(packet);
            }
            Command::Lost(node) => {
                self.reactor.real().outside.lose(node);
                self.kernel.lose_node(&mut self.reactor, node);
            }
            Command::Rest(done) => self.resting.push(done),
            Command::Recording(done) => {
                let _ = done.send(self.reactor.recording());
            }
            Command::Shutdown { within, done } => self.begin_closing(within, Some(done)),
            Command::Abandoned => self.begin_closing(self.shutdown_within, None),
        }
    }

    /// A packet of a client or of another node, for whatever node.
    fn arrive(&mut self, packet: Packet) {
        let here = self.reactor.seen().node_for(packet.to) == self.kernel.id();
        match node_of(packet.to) {
            NodeId::OUTSIDE if here => self.reactor.real().outside.take(packet),
            _ if here => self.kernel.arrive(&mut self.reactor, packet),
            _ => self.reactor.real().cross(packet),
        }
    }

    fn complete(&mut self, pid: Pid, correlation: u64, outcome: &EffectOutcome) {
        self.reactor.real().effects.pending -= 1;
        self.kernel.complete(&mut self.reactor, pid, correlation, outcome);
    }

    fn spawn(
        &mut self,
        options: SpawnOptions,
        factory: Arc<dyn Factory>,
        done: oneshot::Sender<Result<Pid, SpawnError>>,
    ) {
        if self.closing.is_some() {
            let _ = done.send(Err(SpawnError::Stopped(crate::error::Stopped)));
            return;
        }
        match self.kernel.spawn(&mut self.reactor, options, factory) {
            Ok(pid) => {
                self.reactor.real().outside.await_start(pid, done);
                if self.roots.len() > 2 * self.kernel.alive() as usize + 64 {
                    self.roots.retain(|root| self.kernel.find(*root).is_some());
                }
                self.roots.push(pid);
            }
            Err(code) => {
                let _ = done.send(Err(SpawnError::Refused(code)));
            }
        }
    }

    fn begin_closing(&mut self, within: Duration, done: Option<oneshot::Sender<Finished>>) {
        let deadline = self.reactor.real().clock.now() + within;
        let closing = self.closing.get_or_insert_with(|| Closing {
            deadline,
            stopping: None,
            asked: BTreeSet::new(),
            killed: 0,
            done: Vec::new(),
        });
        closing.deadline = closing.deadline.min(deadline);
        closing.done.extend(done);
    }

    /// The next move of a shutdown; true if it is done.
    fn close(&mut self) -> bool {
        let Some(closing) = &mut self.closing else { return false };
        let (kernel, reactor) = (&mut self.kernel, &mut self.reactor);
        let find = |kernel: &Kernel, pid: Option<Pid>| pid.is_some_and(|pid| kernel.find(pid).is_some());
        if reactor.real().clock.now() >= closing.deadline {
            for actor in kernel.actors() {
                closing.killed += usize::from(kernel.kill(reactor, actor.pid));
            }
        }
        while !find(kernel, closing.stopping) {
            closing.stopping = self.roots.pop();
            let Some(root) = closing.stopping else { break };
            kernel.stop(reactor, root, ExitReason::Shutdown);
        }
        if closing.stopping.is_none() && (closing.asked.is_empty() || reactor.real().order.is_empty()) {
            for actor in kernel.actors().into_iter().rev() {
                if closing.asked.insert(actor.pid) {
                    kernel.stop(reactor, actor.pid, ExitReason::Shutdown);
                }
            }
        }
        kernel.alive() == 0
    }

    fn finish(&mut self) {
        let Some(closing) = self.closing.take() else { return };
        self.inbox.close();
        self.reactor.real().effects.close();
        self.reactor.seen().say_goodbye();
        let finished = Finished {
            turns: self.reactor.seen().step,
            killed: closing.killed,
            dead_letters: self.kernel.dead_letters(),
            recording: self.reactor.recording().map(Arc::new),
        };
        for done in closing.done {
            let _ = done.send(finished.clone());
        }
    }
}
