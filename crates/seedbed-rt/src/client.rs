//! One end of the outside: a pid on node 0, and the numbers of what it sent.

use crate::error::{AskError, SendError, Stopped};
use crate::here;
use crate::inbox::{Command, Outlet};
use seedbed_core::{
    Body, Bytes, ExitReason, Factory, Life, Mail, Message, Packet, PathId, Pid, RequestFailure,
};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long [`ask`](crate::System::ask) waits.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Room that is made for a payload before it is encoded: most are small.
const PAYLOAD: usize = 64;

/// A pid of the outside with the way to a node.
pub(crate) struct Line {
    pub(crate) pid: Pid,
    path: PathId,
    outlet: Outlet,
    sent: AtomicU64,
    /// Counts requests and monitors.
    made: AtomicU64,
}

impl Line {
    /// The line of a client with the path `outside/NAME`.
    pub(crate) fn new(pid: Pid, name: &str, outlet: Outlet) -> Line {
        let path = PathId::of(&format!("outside/{name}"));
        Line { pid, path, outlet, sent: AtomicU64::new(0), made: AtomicU64::new(0) }
    }

    fn packet(&self, to: Pid, body: Body) -> Packet {
        let id = self.sent.fetch_add(1, Relaxed) + 1;
        Packet { from: self.pid, path: self.path, life: Life(1), to, id, copy: false, body }
    }

    pub(crate) fn give(&self, command: Command) -> Result<(), Stopped> {
        self.outlet.send(command).map_err(|_| Stopped)
    }

    /// Asks the node for something, and waits for what comes of it.
    pub(crate) async fn ask_node<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Stopped> {
        let (done, outcome) = oneshot::channel();
        here::ask(&self.outlet, command(done))?;
        outcome.await.map_err(|_| Stopped)
    }

    pub(crate) fn send<M: Message>(&self, to: Pid, message: M) -> Result<(), SendError<M>> {
        let mut payload = Vec::with_capacity(PAYLOAD);
        message.encode(&mut payload);
        let body = Body::Message { correlation: 0, tag: 0, payload };
        self.give(Command::Arrive(self.packet(to, body))).map_err(|Stopped| SendError(message))
    }

    pub(crate) fn send_raw(
        &self,
        to: Pid,
        tag: u64,
        payload: impl Into<Bytes>,
    ) -> Result<(), SendError<Bytes>> {
        let body = Body::Message { correlation: 0, tag, payload: payload.into().0 };
        self.outlet.send(Command::Arrive(self.packet(to, body))).map_err(|e| match e.0 {
            Command::Arrive(Packet { body: Body::Message { payload, .. }, .. }) => SendError(Bytes(payload)),
            _ => unreachable!("what comes back is what was given"),
        })
    }

    pub(crate) async fn ask<M: Message, R: Message>(
        &self,
        to: Pid,
        message: &M,
        timeout: Duration,
    ) -> Result<R, AskError> {
        let mut payload = Vec::with_capacity(PAYLOAD);
        message.encode(&mut payload);
        let reply = self.ask_raw(to, 0, payload, timeout).await?;
        R::decode(&reply.payload).map_err(|_| AskError::Type { len: reply.payload.len() })
    }

    pub(crate) async fn ask_raw(
        &self,
        to: Pid,
        tag: u64,
        payload: Vec<u8>,
        timeout: Duration,
    ) -> Result<Mail, AskError> {
        let (request, outcome) = self.request(to, tag, payload, timeout, Vec::new());
        here::ask(&self.outlet, request)?;
        Ok(outcome.await.map_err(|_| Stopped)??)
    }

    /// Asks at this call; the future only waits. What makes children goes along with it.
    pub(crate) fn begin_ask(
        &self,
        to: Pid,
        tag: u64,
        payload: Vec<u8>,
        timeout: Duration,
        given: Vec<Arc<dyn Factory>>,
    ) -> impl Future<Output = Result<Mail, AskError>> + use<> {
        let (request, outcome) = self.request(to, tag, payload, timeout, given);
        let asked = self.give(request);
        async move {
            asked?;
            Ok(outcome.await.map_err(|_| Stopped)??)
        }
    }

    fn request(
        &self,
        to: Pid,
        tag: u64,
        payload: Vec<u8>,
        timeout: Duration,
        given: Vec<Arc<dyn Factory>>,
    ) -> (Command, oneshot::Receiver<Result<Mail, RequestFailure>>) {
        let correlation = self.made.fetch_add(1, Relaxed) + 1;
        let packet = self.packet(to, Body::Message { correlation, tag, payload });
        let (reply, outcome) = oneshot::channel();
        (Command::Ask { packet, correlation, timeout, given, reply }, outcome)
    }

    pub(crate) fn monitor(&self, target: Pid) -> Watch {
        let reference = self.made.fetch_add(1, Relaxed) + 1;
        let packet = self.packet(target, Body::Monitor { reference });
        let end = Packet { id: packet.id, ..self.packet(target, Body::Demonitor { reference }) };
        let (down, ended) = oneshot::channel();
        // If the system has stopped, the channel's end is dropped, and the watch says so.
        let _ = self.outlet.send(Command::Watch { packet, reference, down });
        Watch { ended, end: Some((end, reference)), outlet: self.outlet.clone() }
    }

    pub(crate) fn open(&self) -> Result<mpsc::UnboundedReceiver<Mail>, Stopped> {
        let (inbox, mail) = mpsc::unbounded_channel();
        self.give(Command::Open(self.pid, inbox))?;
        Ok(mail)
    }
}

/// Waits for the end of an actor: gives its exit reason, or that the system stopped before.
///
/// The monitor is in force from the call that made it on, not from the first poll; dropping it
/// takes it back.
#[must_use = "the monitor is taken back when this is dropped"]
pub struct Watch {
    ended: oneshot::Receiver<ExitReason>,
    /// What takes the monitor back.
    end: Option<(Packet, u64)>,
    outlet: Outlet,
}

impl Future for Watch {
    type Output = Result<ExitReason, Stopped>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = Pin::new(&mut self.ended).poll(cx);
        if poll.is_ready() {
            self.end = None;
        }
        poll.map_err(|_| Stopped)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((packet, reference)) = self.end.take() {
            // A node that has stopped watches nobody.
            let _ = self.outlet.send(Command::Unwatch { packet, reference });
        }
    }
}

/// A client that also takes mail: the outside as an actor sees it.
pub struct Client {
    line: Line,
    mail: mpsc::UnboundedReceiver<Mail>,
}

impl Client {
    pub(crate) fn new(line: Line) -> Result<Client, Stopped> {
        let mail = line.open()?;
        Ok(Client { line, mail })
    }

    /// Its pid: what it sends is from this, and what is sent to this it gets.
    pub fn pid(&self) -> Pid {
        self.line.pid
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As [`System::send`](crate::System::send).
    pub fn send<M: Message>(&self, to: Pid, message: M) -> Result<(), SendError<M>> {
        self.line.send(to, message)
    }

    /// Asks, and waits 5 seconds for the reply.
    ///
    /// # Errors
    /// As [`System::ask`](crate::System::ask).
    pub async fn ask<M: Message, R: Message>(&self, to: Pid, message: M) -> Result<R, AskError> {
        self.line.ask(to, &message, ASK_TIMEOUT).await
    }

    /// The next message that was sent to it; nothing once the system has stopped.
    pub async fn receive(&mut self) -> Option<Mail> {
        self.mail.recv().await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A node that has stopped has no inboxes.
        let _ = self.line.give(Command::Close(self.line.pid));
    }
}
