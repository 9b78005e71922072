//! The outside: clients with a pid on node 0, whose mail is delayed and ordered like any other.

use super::World;
use super::step::Advance;
use crate::property::Broken;
use seedbed_core::{
    Body, Boot, Flags, Life, Mail, Message, NodeId, Packet, PathId, Pid, RequestFailure, Target, Time,
    pid_of, target_of,
};
use std::time::Duration;

/// A client outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its pid.
    pub pid: Pid,
}

/// What a client has counted, and what its packets are named by.
#[derive(Clone)]
pub(super) struct Numbers {
    path: PathId,
    sent: u64,
    asked: u64,
}

impl Numbers {
    pub(super) fn path(&self) -> PathId {
        self.path
    }
}

/// Why an ask from outside got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The request ended without a reply.
    #[error(transparent)]
    Failed(#[from] RequestFailure),
    /// The reply is not of the type that was asked for.
    #[error("reply of {len} bytes is not of the type asked for")]
    Type {
        /// Its length.
        len: usize,
    },
    /// A property broke while waiting.
    #[error("{0}")]
    Broken(Broken),
    /// The run ended: `steps_max`, or a replay that cannot go on.
    #[error("the run ended before a reply")]
    Ended,
}

/// How long [`World::ask`] waits, in virtual time.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

impl World {
    /// A new client.
    pub fn client(&mut self) -> Client {
        self.named_client(&format!("client-{}", self.clients.len()))
    }

    /// A new client with the path `outside/NAME`.
    pub(super) fn named_client(&mut self, name: &str) -> Client {
        let slot = u32::try_from(self.clients.len()).expect("clients fit in memory");
        let text = format!("outside/{name}");
        let path = PathId::of(&text);
        let known = self.sim.paths.insert(path, text);
        assert!(known.is_none(), "there is a client `{name}` already");
        self.clients.push(Numbers { path, sent: 0, asked: 0 });
        Client { pid: pid_of(NodeId::OUTSIDE, Boot(0), slot, 1) }
    }

    pub(super) fn default_client(&mut self) -> Client {
        let first = pid_of(NodeId::OUTSIDE, Boot(0), 0, 1);
        if self.clients.is_empty() { self.client() } else { Client { pid: first } }
    }

    pub(super) fn path_of(&mut self, client: Client) -> PathId {
        self.numbers(client).path
    }

    /// The next message of a client is not sent, and what it sends later is named as if it had been.
    pub(super) fn pass_number(&mut self, client: Client, correlated: bool) {
        let numbers = self.numbers(client);
        numbers.sent += 1;
        numbers.asked += u64::from(correlated);
    }

    fn numbers(&mut self, client: Client) -> &mut Numbers {
        let Target::Actor { slot, .. } = target_of(client.pid) else { unreachable!("a client is no name") };
        self.clients.get_mut(slot as usize).expect("a client is known to its world")
    }

    fn post(&mut self, client: Client, to: Pid, correlation: u64, tag: u64, payload: Vec<u8>) {
        let numbers = self.numbers(client);
        numbers.sent += 1;
        let (id, path) = (numbers.sent, numbers.path);
        let body = Body::Message { correlation, tag, payload };
        let packet = Packet { from: client.pid, path, life: Life(1), to, id, copy: false, body };
        self.sim.send_from_outside(packet);
    }

    /// Sends a message from the first client; it arrives when the world moves.
    pub fn send<M: Message>(&mut self, to: Pid, message: M) {
        let client = self.default_client();
        self.send_from(client, to, message);
    }

    /// Sends a message from a client.
    pub fn send_from<M: Message>(&mut self, client: Client, to: Pid, message: M) {
        let mut payload = Vec::new();
        message.encode(&mut payload);
        self.post(client, to, 0, 0, payload);
    }

    /// Sends bytes under a tag from a client; as a request, if `correlated`: gives its correlation.
    pub fn send_raw(&mut self, client: Client, to: Pid, tag: u64, payload: Vec<u8>, correlated: bool) -> u64 {
        let correlation = if correlated {
            let numbers = self.numbers(client);
            numbers.asked += 1;
            numbers.asked
        } else {
            0
        };
        self.post(client, to, correlation, tag, payload);
        correlation
    }

    /// Asks from the first client, and runs the world until the reply, or 5 virtual seconds.
    ///
    /// # Errors
    /// See [`AskError`].
    pub fn ask<M: Message, R: Message>(&mut self, to: Pid, message: M) -> Result<R, AskError> {
        let client = self.default_client();
        self.ask_from(client, to, message, ASK_TIMEOUT)
    }

    /// Asks from a client, and runs the world until the reply or the timeout.
    ///
    /// # Errors
    /// See [`AskError`].
    pub fn ask_from<M: Message, R: Message>(
        &mut self,
        client: Client,
        to: Pid,
        message: M,
        timeout: Duration,
    ) -> Result<R, AskError> {
        let mut payload = Vec::new();
        message.encode(&mut payload);
        let correlation = self.send_raw(client, to, 0, payload, true);
        let reply = self.await_reply(client, correlation, self.sim.now + timeout)?;
        R::decode(&reply.payload).map_err(|_| AskError::Type { len: reply.payload.len() })
    }

    /// Runs the world until the reply to a request of a client, or the deadline.
    ///
    /// # Errors
    /// See [`AskError`].
    pub fn await_reply(
        &mut self,
        client: Client,
        correlation: u64,
        deadline: Time,
    ) -> Result<Mail, AskError> {
        loop {
            self.deliver_due();
            if let Some(mail) = self.take_reply(client, correlation) {
                if mail.envelope.flags.has(Flags::FAILED) {
                    let failure = RequestFailure::from_u64(mail.envelope.tag).unwrap_or(RequestFailure::Dead);
                    return Err(failure.into());
                }
                return Ok(mail);
            }
            match self.advance(deadline) {
                Advance::Moved => {}
                Advance::Quiet => {
                    self.sim.now = self.sim.now.max(deadline);
                    return Err(RequestFailure::Timeout.into());
                }
                Advance::Stopped => {
                    return Err(self.sim.found.clone().map_or(AskError::Ended, AskError::Broken));
                }
            }
        }
    }

    fn take_reply(&mut self, client: Client, correlation: u64) -> Option<Mail> {
        let inbox = self.sim.inboxes.get_mut(&client.pid)?;
        let at = inbox
            .iter()
            .position(|m| m.envelope.flags.kind() == Flags::REPLY && m.envelope.correlation == correlation)?;
        Some(inbox.remove(at))
    }

    /// Takes everything that has arrived for a client.
    pub fn receive(&mut self, client: Client) -> Vec<Mail> {
        self.sim.inboxes.get_mut(&client.pid).map(std::mem::take).unwrap_or_default()
    }
}
