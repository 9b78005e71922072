//! The outside, as the node sees it: who waits there, and for what.
//!
//! Clients have pids on node 0. Their mail reaches the kernel as packets, and what leaves the kernel
//! for them is handed over here.
//! Not modelled: links to a client and monitors on it; a client has no end that could be told of.

use crate::error::{SpawnError, StopError};
use seedbed_core::{
    Body, Envelope, Event, ExitReason, Failure, Flags, Mail, NodeId, Packet, Pid, RequestFailure, Time,
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::{mpsc, oneshot};

pub(crate) type Reply = oneshot::Sender<Result<Mail, RequestFailure>>;

/// Everybody outside who waits for something.
#[derive(Default)]
pub(crate) struct Outside {
    /// Requests by asker and correlation.
    asks: BTreeMap<(Pid, u64), (Time, NodeId, Reply)>,
    deadlines: BTreeSet<(Time, Pid, u64)>,
    /// Monitors by watcher and reference.
    watches: BTreeMap<(Pid, u64), (NodeId, oneshot::Sender<ExitReason>)>,
    inboxes: BTreeMap<Pid, mpsc::UnboundedSender<Mail>>,
    starts: BTreeMap<Pid, oneshot::Sender<Result<Pid, SpawnError>>>,
    stops: BTreeMap<Pid, Vec<oneshot::Sender<Result<ExitReason, StopError>>>>,
}

impl Outside {
    pub(crate) fn ask(&mut self, asker: Pid, correlation: u64, deadline: Time, asked: NodeId, reply: Reply) {
        self.asks.insert((asker, correlation), (deadline, asked, reply));
        self.deadlines.insert((deadline, asker, correlation));
    }

    /// Ends a request; who asked may have gone.
    fn end_ask(&mut self, asker: Pid, correlation: u64, outcome: Result<Mail, RequestFailure>) -> bool {
        let Some((deadline, _, reply)) = self.asks.remove(&(asker, correlation)) else { return false };
        self.deadlines.remove(&(deadline, asker, correlation));
        let _ = reply.send(outcome);
        true
    }

    /// When the next request is over.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, ..)| *at)
    }

    /// Ends the requests whose time is over (rule Q4).
    pub(crate) fn time_out(&mut self, now: Time) {
        while let Some((_, asker, correlation)) =
            self.deadlines.first().copied().filter(|(at, ..)| *at <= now)
        {
            self.end_ask(asker, correlation, Err(RequestFailure::Timeout));
        }
    }

    /// Ends what waits for a node that is lost (rule N5).
    pub(crate) fn lose(&mut self, lost: NodeId) {
        let ended: Vec<(Pid, u64)> =
            self.asks.iter().filter(|(_, (_, asked, _))| *asked == lost).map(|(key, _)| *key).collect();
        for (asker, correlation) in ended {
            self.end_ask(asker, correlation, Err(RequestFailure::NoConnection));
        }
        let ended: Vec<(Pid, u64)> =
            self.watches.iter().filter(|(_, (watched, _))| *watched == lost).map(|(key, _)| *key).collect();
        for (_, down) in ended.into_iter().filter_map(|key| self.watches.remove(&key)) {
            let _ = down.send(ExitReason::NoConnection); // a watch that was dropped wants nothing
        }
    }

    /// True if nobody waits for a reply.
    pub(crate) fn is_answered(&self) -> bool {
        self.asks.is_empty()
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

    pub(crate) fn await_exit(&mut self, pid: Pid, done: oneshot::Sender<Result<ExitReason, StopError>>) {
        self.stops.entry(pid).or_default().push(done);
    }

    /// A packet for a client.
    pub(crate) fn take(&mut self, packet: Packet) {
        let Packet { from, to, id, body, .. } = packet;
        match body {
            Body::Answer { correlation, failed: true, tag, .. } => {
                let failure = RequestFailure::from_u64(tag).unwrap_or(RequestFailure::Dead);
                self.end_ask(to, correlation, Err(failure));
            }
            Body::Answer { correlation, tag, payload, .. } => {
                let mail = mail(from, to, 0, correlation, tag, Flags::REPLY, payload);
                self.end_ask(to, correlation, Ok(mail));
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
                for done in self.stops.remove(&who.pid).unwrap_or_default() {
                    let _ = done.send(Ok((*reason).clone()));
                }
            }
            _ => {}
        }
    }
}

fn start_error(reason: &ExitReason, detail: Option<&str>) -> SpawnError {
    let reason = match reason {
        ExitReason::Normal => return SpawnError::Ignored,
        ExitReason::Failed(Failure::StartFailed(cause)) => (**cause).clone(),
        other => other.clone(),
    };
    SpawnError::Ended { reason, detail: detail.map(str::to_owned) }
}

fn mail(from: Pid, to: Pid, id: u64, correlation: u64, tag: u64, flags: Flags, payload: Vec<u8>) -> Mail {
    let (from, to) = (from.to_raw(), to.to_raw());
    let len = u32::try_from(payload.len()).expect("payloads are bounded before they get here");
    Mail { envelope: Envelope { id, from, to, correlation, tag, len, flags }, payload }
}
