//! The outside, as the node sees it: who waits there, and for what.
//!
//! Clients have pids on node 0. Their mail reaches the kernel as packets, and what leaves the kernel
//! for them is handed over here.
//! Not modelled: links to a client and monitors on it; a client has no end that could be told of.

use crate::error::{SpawnError, StopError};
use seedbed_core::{
    Armed, Body, Deadlines, Detail, Envelope, Event, ExitReason, Failure, Few, Flags, Mail, NodeId, Packet,
    Pid, RequestFailure, Time,
};
use tokio::sync::{mpsc, oneshot};

pub(crate) type Reply = oneshot::Sender<Result<Mail, RequestFailure>>;

type Stopping = oneshot::Sender<Result<ExitReason, StopError>>;

/// A request that waits for its reply.
struct Asked {
    /// The asker and its correlation.
    by: (Pid, u64),
    /// The node that was asked.
    node: NodeId,
    reply: Reply,
}

/// Everybody outside who waits for something.
#[derive(Default)]
pub(crate) struct Outside {
    asked: Deadlines<Asked>,
    /// The same by asker and correlation.
    asks: Few<(Pid, u64), Armed>,
    /// Monitors by watcher and reference.
    watches: Few<(Pid, u64), (NodeId, oneshot::Sender<ExitReason>)>,
    inboxes: Few<Pid, mpsc::UnboundedSender<Mail>>,
    starts: Few<Pid, oneshot::Sender<Result<Pid, SpawnError>>>,
    /// Those who wait for an end, in the order in which they asked for it.
    stops: Few<Pid, Few<usize, Stopping>>,
}

impl Outside {
    pub(crate) fn ask(&mut self, asker: Pid, correlation: u64, deadline: Time, node: NodeId, reply: Reply) {
        let by = (asker, correlation);
        let armed = self.asked.arm(deadline, Asked { by, node, reply });
        self.asks.insert(by, armed);
    }

    /// Ends a request; who asked may have gone.
    fn end_ask(&mut self, by: (Pid, u64), outcome: Result<Mail, RequestFailure>) {
        if let Some(armed) = self.asks.remove(&by)
            && let Some(asked) = self.asked.cancel(armed)
        {
            let _ = asked.reply.send(outcome);
        }
    }

    /// When the next request is over.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.asked.next()
    }

    /// Ends the requests whose time is over (rule Q4).
    pub(crate) fn time_out(&mut self, now: Time) {
        while let Some((_, asked)) = self.asked.pop_due(now) {
            self.asks.remove(&asked.by);
            let _ = asked.reply.send(Err(RequestFailure::Timeout)); // who asked may have gone
        }
    }

    /// Ends what waits for a node that is lost (rule N5).
    pub(crate) fn lose(&mut self, lost: NodeId) {
        let of_lost = |armed: &Armed| self.asked.get(*armed).is_some_and(|asked| asked.node == lost);
        let ended: Vec<(Pid, u64)> =
            self.asks.iter().filter(|(_, armed)| of_lost(armed)).map(|(by, _)| *by).collect();
        for by in ended {
            self.end_ask(by, Err(RequestFailure::NoConnection));
        }
        let ended: Vec<(Pid, u64)> =
            self.watches.iter().filter(|(_, (watched, _))| *watched == lost).map(|(key, _)| *key).collect();
        for (_, down) in ended.into_iter().filter_map(|key| self.watches.remove(&key)) {
            let _ = down.send(ExitReason::NoConnection); // a watch that was dropped wants nothing
        }
    }

    /// True if nobody waits for a reply.
    pub(crate) fn is_answered(&self) -> bool {
        self.asked.is_empty()
    }

    pub(crate) fn watch(
        &mut self,
        watcher: Pid,
        reference: u64,
        watched: NodeId,
        down: oneshot::Sender<ExitReason>,
    ) {
        self.watches.insert((watcher, reference), (watched, down));
    }

    pub(crate) fn unwatch(&mut self, watcher: Pid, reference: u64) {
        self.watches.remove(&(watcher, reference));
    }

    pub(crate) fn open(&mut self, client: Pid, inbox: mpsc::UnboundedSender<Mail>) {
        self.inboxes.insert(client, inbox);
    }

    pub(crate) fn close(&mut self, client: Pid) {
        self.inboxes.remove(&client);
    }

    pub(crate) fn await_start(&mut self, pid: Pid, done: oneshot::Sender<Result<Pid, SpawnError>>) {
        self.starts.insert(pid, done);
    }

    pub(crate) fn await_exit(&mut self, pid: Pid, done: Stopping) {
        match self.stops.get_mut(&pid) {
            Some(waiting) => drop(waiting.insert(waiting.len(), done)),
            None => {
                let mut waiting = Few::default();
                waiting.insert(0, done);
                self.stops.insert(pid, waiting);
            }
        }
    }

    /// A packet for a client.
    pub(crate) fn take(&mut self, packet: Packet) {
        let Packet { from, to, id, body, .. } = packet;
        match body {
            Body::Answer { correlation, failed: true, tag, .. } => {
                let failure = RequestFailure::from_u64(tag).unwrap_or(RequestFailure::Dead);
                self.end_ask((to, correlation), Err(failure));
            }
            Body::Answer { correlation, tag, payload, .. } => {
                let mail = mail(from, to, 0, correlation, tag, Flags::REPLY, payload);
                self.end_ask((to, correlation), Ok(mail));
            }
            Body::Down { reference, reason, .. } => {
                if let Some((_, down)) = self.watches.remove(&(to, reference)) {
                    let _ = down.send(reason); // a watch that was dropped wants nothing
                }
            }
            Body::Message { correlation, tag, payload } => {
                let mail = mail(from, to, id, correlation, tag, Flags::MESSAGE, payload);
                let taken = self.inboxes.get(&to).is_some_and(|inbox| inbox.send(mail).is_ok());
                if !taken {
                    tracing::debug!(target: "seedbed", %from, %to, tag, "a message for a client that takes none is lost");
                }
            }
            Body::Exit { .. }
            | Body::Kill
            | Body::Link
            | Body::TaggedLink { .. }
            | Body::Unlink
            | Body::Monitor { .. }
            | Body::Demonitor { .. }
            | Body::Socket { .. } => {}
        }
    }

    /// Looks at what happens for those who wait for a start or an end.
    pub(crate) fn observe(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { who } => {
                if let Some(done) = self.starts.remove(&who.pid) {
                    let _ = done.send(Ok(who.pid));
                }
            }
            Event::Exited { who, reason, detail, .. } => {
                if let Some(done) = self.starts.remove(&who.pid) {
                    let _ = done.send(Err(start_error(reason, *detail)));
                }
                for done in self.stops.remove(&who.pid).unwrap_or_default().into_values() {
                    let _ = done.send(Ok((*reason).clone()));
                }
            }
            _ => {}
        }
    }
}

fn start_error(reason: &ExitReason, detail: Option<&Detail>) -> SpawnError {
    let reason = match reason {
        ExitReason::Normal => return SpawnError::Ignored,
        ExitReason::Failed(Failure::StartFailed(cause)) => (**cause).clone(),
        other => other.clone(),
    };
    SpawnError::Ended { reason, detail: detail.map(ToString::to_string) }
}

fn mail(from: Pid, to: Pid, id: u64, correlation: u64, tag: u64, flags: Flags, payload: Vec<u8>) -> Mail {
    let (from, to) = (from.to_raw(), to.to_raw());
    let len = u32::try_from(payload.len()).expect("payloads are bounded before they get here");
    Mail { envelope: Envelope { id, from, to, correlation, tag, len, flags }, payload }
}
