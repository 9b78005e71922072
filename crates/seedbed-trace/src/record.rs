//! Events that own what they say, to be kept, compared and written down.
//!
//! One [`Happening`] for each [`Event`] of the kernel, and one for each choice that was not plain.
//! Texts of paths are kept once, in the trace.

use seedbed_core::{
    At, Body, Boot, Envelope, Event, ExitReason, Hook, Life, Lost, NodeId, Packet, PathId, Pid, SignalName,
    TapeEntry, Time, Who,
};
use serde::{Deserialize, Serialize};

/// Something that happened, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// In which step of the world: how many turns have begun.
    pub step: u64,
    /// At which virtual time.
    pub time: Time,
    /// On which node.
    pub node: NodeId,
    /// What.
    pub what: Happening,
}

/// Who a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// Pid.
    pub pid: Pid,
    /// Path; its text is in the trace.
    pub path: PathId,
    /// Life.
    pub life: Life,
}

/// An envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number among what its sender sent.
    pub id: u64,
    /// The sender.
    pub from: Pid,
    /// The receiver as the sender wrote it.
    pub to: Pid,
    /// What ties an answer to its wish.
    pub correlation: u64,
    /// Chosen by the sender.
    pub tag: u64,
    /// Bytes of the payload.
    pub len: u32,
    /// What kind of signal it is.
    pub flags: u32,
}

/// A packet between nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Its name.
    pub name: SignalName,
    /// Who it is from.
    pub from: Pid,
    /// Who it is for.
    pub to: Pid,
    /// What it carries.
    pub body: ParcelBody,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParcelBody {
    /// A message or request.
    Message {
        /// Correlation of a request, else 0.
        correlation: u64,
        /// The sender's tag.
        tag: u64,
        /// The payload.
        payload: Vec<u8>,
    },
    /// The answer to a request.
    Answer {
        /// The asker's correlation.
        correlation: u64,
        /// The tag, or the failure.
        tag: u64,
        /// True if there is no reply.
        failed: bool,
        /// The reply.
        payload: Vec<u8>,
    },
    /// An exit.
    Exit(#[serde(with = "reason")] ExitReason),
    /// A down.
    Down {
        /// The watcher's reference.
        reference: u64,
        /// Why.
        #[serde(with = "reason")]
        reason: ExitReason,
    },
    /// A kill.
    Kill,
    /// A link.
    Link,
    /// The end of a link.
    Unlink,
    /// A monitor.
    Monitor {
        /// The watcher's reference.
        reference: u64,
    },
    /// The end of a monitor.
    Demonitor {
        /// The watcher's reference.
        reference: u64,
    },
    /// What a socket said.
    Socket {
        /// True for a part of a stream, false for a datagram.
        stream: bool,
        /// Bytes, with what tells of them.
        len: u64,
    },
}

/// What happened; see [`Event`] for the meaning of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the variants and fields are those of `seedbed_core::Event`")]
pub enum Happening {
    /// The reactor decided something in a way that was not plain.
    Chosen(TapeEntry),
    Booted {
        boot: Boot,
    },
    Turn {
        who: Actor,
        hook: u8,
        name: SignalName,
        head: Head,
        payload: Vec<u8>,
        cause: u64,
    },
    TurnEnd {
        who: Actor,
        fuel: u64,
        now: Option<Time>,
        unix: Option<Time>,
        failed: bool,
    },
    Transmitted(Parcel),
    Arrived(Parcel),
    TimersDue {
        now: Time,
    },
    Completed {
        pid: Pid,
        correlation: u64,
        code: Option<u64>,
        payload: Vec<u8>,
    },
    Spawned {
        who: Actor,
        parent: Pid,
    },
    Started {
        who: Actor,
    },
    Stopping {
        who: Actor,
        #[serde(with = "reason")]
        reason: ExitReason,
    },
    Exited {
        who: Actor,
        #[serde(with = "reason")]
        reason: ExitReason,
        detail: Option<String>,
        seen: bool,
        cause: u64,
    },
    Lost {
        why: u8,
        to: Pid,
        name: SignalName,
        tag: u64,
    },
    Registered {
        who: Actor,
        name: String,
    },
    Unregistered {
        who: Actor,
        name: String,
    },
    Linked {
        who: Actor,
        other: Pid,
        on: bool,
    },
    Monitored {
        who: Actor,
        other: Pid,
        reference: u64,
        on: bool,
    },
    TimerArmed {
        who: Actor,
        id: u64,
        deadline: Time,
    },
    TimerCancelled {
        who: Actor,
        id: u64,
    },
    Performed {
        who: Actor,
        effect: String,
        correlation: u64,
        payload: Vec<u8>,
    },
    Observed {
        who: Actor,
        key: String,
        value: i64,
    },
    Condition {
        who: Actor,
        name: String,
        always: bool,
        holds: bool,
    },
    Logged {
        who: Actor,
        level: u8,
        text: String,
    },
    Supervised {
        who: Actor,
        child: String,
        code: u32,
        figure: u64,
        text: String,
    },
    /// An event that this version does not know.
    Other {
        code: u8,
    },
    Vanished(Parcel),
    Fault {
        text: String,
    },
}

impl Record {
    /// What happened at a place in the run.
    pub fn new(at: At, what: Happening) -> Record {
        Record { step: at.step, time: at.time, node: at.node, what }
    }

    /// Who it is about, if it is about an actor.
    pub fn who(&self) -> Option<Actor> {
        self.what.who()
    }
}

impl From<&Who<'_>> for Actor {
    fn from(who: &Who<'_>) -> Actor {
        Actor { pid: who.pid, path: who.path, life: who.life }
    }
}

impl From<&Envelope> for Head {
    fn from(e: &Envelope) -> Head {
        Head {
            id: e.id,
            from: Pid::from_raw(e.from),
            to: Pid::from_raw(e.to),
            correlation: e.correlation,
            tag: e.tag,
            len: e.len,
            flags: e.flags.0,
        }
    }
}

impl From<&Packet> for Parcel {
    fn from(packet: &Packet) -> Parcel {
        let body = match &packet.body {
            Body::Message { correlation, tag, payload } => {
                ParcelBody::Message { correlation: *correlation, tag: *tag, payload: payload.clone() }
            }
            Body::Answer { correlation, tag, failed, payload } => ParcelBody::Answer {
                correlation: *correlation,
                tag: *tag,
                failed: *failed,
                payload: payload.clone(),
            },
            Body::Exit { reason, .. } => ParcelBody::Exit(reason.clone()),
            Body::Down { reference, reason, .. } => {
                ParcelBody::Down { reference: *reference, reason: reason.clone() }
            }
            Body::Kill => ParcelBody::Kill,
            Body::Link | Body::TaggedLink { .. } => ParcelBody::Link,
            Body::Unlink => ParcelBody::Unlink,
            Body::Monitor { reference } => ParcelBody::Monitor { reference: *reference },
            Body::Socket { stream, bytes } => ParcelBody::Socket { stream: *stream, len: bytes.len() as u64 },
            Body::Demonitor { reference } => ParcelBody::Demonitor { reference: *reference },
        };
        Parcel { name: packet.name(), from: packet.from, to: packet.to, body }
    }
}

impl Happening {
    /// True for a turn of `on_start`.
    pub fn is_start(&self) -> bool {
        matches!(self, Happening::Turn { hook, .. } if *hook == Hook::Start as u8)
    }

    /// True for a message that found no room.
    pub fn is_overflow(&self) -> bool {
        matches!(self, Happening::Lost { why, .. } if *why == Lost::Full as u8)
    }

    /// Who it is about, if it is about an actor.
    pub fn who(&self) -> Option<Actor> {
        match self {
            Happening::Turn { who, .. }
            | Happening::TurnEnd { who, .. }
            | Happening::Spawned { who, .. }
            | Happening::Started { who }
            | Happening::Stopping { who, .. }
            | Happening::Exited { who, .. }
            | Happening::Registered { who, .. }
            | Happening::Unregistered { who, .. }
            | Happening::Linked { who, .. }
            | Happening::Monitored { who, .. }
            | Happening::TimerArmed { who, .. }
            | Happening::TimerCancelled { who, .. }
            | Happening::Performed { who, .. }
            | Happening::Observed { who, .. }
            | Happening::Condition { who, .. }
            | Happening::Logged { who, .. }
            | Happening::Supervised { who, .. } => Some(*who),
            Happening::Chosen(_)
            | Happening::Booted { .. }
            | Happening::Transmitted(_)
            | Happening::Arrived(_)
            | Happening::TimersDue { .. }
            | Happening::Completed { .. }
            | Happening::Lost { .. }
            | Happening::Vanished(_)
            | Happening::Fault { .. }
            | Happening::Other { .. } => None,
        }
    }
}

impl From<&Event<'_>> for Happening {
    fn from(event: &Event<'_>) -> Happening {
        match event {
            Event::Booted { boot, .. } => Happening::Booted { boot: *boot },
            Event::Turn { who, hook, name, envelope, payload, cause } => Happening::Turn {
                who: who.into(),
                hook: *hook as u8,
                name: *name,
                head: (*envelope).into(),
                payload: payload.to_vec(),
                cause: *cause,
            },
            Event::TurnEnd { who, fuel, now, unix, failed } => {
                Happening::TurnEnd { who: who.into(), fuel: *fuel, now: *now, unix: *unix, failed: *failed }
            }
            Event::Transmitted { packet } => Happening::Transmitted((*packet).into()),
            Event::Arrived { packet } => Happening::Arrived((*packet).into()),
            Event::TimersDue { now } => Happening::TimersDue { now: *now },
            Event::Completed { pid, correlation, outcome } => {
                let (code, payload) = match outcome {
                    Ok(bytes) => (None, bytes.clone()),
                    Err(e) => (Some(e.code), e.text.as_bytes().to_vec()),
                };
                Happening::Completed { pid: *pid, correlation: *correlation, code, payload }
            }
            Event::Spawned { who, parent } => Happening::Spawned { who: who.into(), parent: *parent },
            Event::Started { who } => Happening::Started { who: who.into() },
            Event::Stopping { who, reason } => {
                Happening::Stopping { who: who.into(), reason: (*reason).clone() }
            }
            Event::Exited { who, reason, detail, seen, cause } => Happening::Exited {
                who: who.into(),
                reason: (*reason).clone(),
                detail: detail.map(ToString::to_string),
                seen: *seen,
                cause: *cause,
            },
            Event::Lost { why, to, name, tag } => {
                Happening::Lost { why: *why as u8, to: *to, name: *name, tag: *tag }
            }
            Event::Registered { who, name } => {
                Happening::Registered { who: who.into(), name: (*name).to_owned() }
            }
            Event::Unregistered { who, name } => {
                Happening::Unregistered { who: who.into(), name: (*name).to_owned() }
            }
            Event::Linked { who, other, on } => Happening::Linked { who: who.into(), other: *other, on: *on },
            Event::Monitored { who, other, reference, on } => {
                Happening::Monitored { who: who.into(), other: *other, reference: *reference, on: *on }
            }
            Event::TimerArmed { who, id, deadline } => {
                Happening::TimerArmed { who: who.into(), id: *id, deadline: *deadline }
            }
            Event::TimerCancelled { who, id } => Happening::TimerCancelled { who: who.into(), id: *id },
            Event::Performed { who, effect, correlation, payload } => Happening::Performed {
                who: who.into(),
                effect: (*effect).to_owned(),
                correlation: *correlation,
                payload: payload.to_vec(),
            },
            Event::Observed { who, key, value } => {
                Happening::Observed { who: who.into(), key: (*key).to_owned(), value: *value }
            }
            Event::Condition { who, name, always, holds } => Happening::Condition {
                who: who.into(),
                name: (*name).to_owned(),
                always: *always,
                holds: *holds,
            },
            Event::Logged { who, level, text } => {
                Happening::Logged { who: who.into(), level: *level as u8, text: (*text).to_owned() }
            }
            Event::Supervised { who, child, code, figure, text } => Happening::Supervised {
                who: who.into(),
                child: (*child).to_owned(),
                code: *code,
                figure: *figure,
                text: text.to_string(),
            },
            Event::Vanished { packet } => Happening::Vanished((*packet).into()),
            Event::Fault { text } => Happening::Fault { text: (*text).to_owned() },
            other => Happening::Other { code: other.code() },
        }
    }
}

/// A reason as its own encoding, which bounds how deep it is nested.
mod reason {
    use seedbed_core::ExitReason;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(reason: &ExitReason, s: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        reason.encode(&mut bytes);
        bytes.serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ExitReason, D::Error> {
        let bytes = Vec::<u8>::deserialize(d)?;
        match ExitReason::decode(&bytes) {
            Some((reason, [])) => Ok(reason),
            _ => Err(D::Error::custom("not an exit reason")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{self, Kind};
    use crate::trace::Trace;
    use seedbed_core::{Failure, Instead, OrderKey, SignalKind, TrapKind};

    fn every() -> Vec<Happening> {
        let who = Actor { pid: Pid::from_raw(5), path: PathId(11), life: Life(2) };
        let name = SignalName { path: PathId(11), life: Life(2), kind: SignalKind::Sent, n: 3 };
        let (from, to) = (Pid::from_raw(5), Pid::from_raw(6));
        let head = Head { id: 3, from, to, correlation: 4, tag: 7, len: 2, flags: 0 };
        let reason = ExitReason::start_failed(Failure::Trap(TrapKind::Unreachable, "at 5".into()).into());
        let parcel = |body| Parcel { name, from, to, body };
        let payload = vec![1, 2];
        vec![
            Happening::Chosen(TapeEntry::Order {
                key: OrderKey { plain: name, passed: 1 },
                instead: Instead::Clock,
            }),
            Happening::Booted { boot: Boot(1) },
            Happening::Turn { who, hook: 2, name, head, payload: payload.clone(), cause: 9 },
            Happening::TurnEnd { who, fuel: 300, now: Some(Time::from_nanos(1)), unix: None, failed: true },
            Happening::Transmitted(parcel(ParcelBody::Message {
                correlation: 4,
                tag: 7,
                payload: payload.clone(),
            })),
            Happening::Arrived(parcel(ParcelBody::Answer {
                correlation: 4,
                tag: 7,
                failed: false,
                payload: payload.clone(),
            })),
            Happening::Arrived(parcel(ParcelBody::Exit(reason.clone()))),
            Happening::Arrived(parcel(ParcelBody::Down { reference: 1, reason: ExitReason::Normal })),
            Happening::Arrived(parcel(ParcelBody::Kill)),
            Happening::Arrived(parcel(ParcelBody::Link)),
            Happening::Arrived(parcel(ParcelBody::Unlink)),
            Happening::Arrived(parcel(ParcelBody::Monitor { reference: 1 })),
            Happening::Arrived(parcel(ParcelBody::Demonitor { reference: 1 })),
            Happening::TimersDue { now: Time::from_nanos(5) },
            Happening::Completed { pid: to, correlation: 4, code: Some(2), payload: payload.clone() },
            Happening::Spawned { who, parent: to },
            Happening::Started { who },
            Happening::Stopping { who, reason: ExitReason::Shutdown },
            Happening::Exited { who, reason, detail: Some("text".into()), seen: true, cause: 9 },
            Happening::Lost { why: 2, to, name, tag: 7 },
            Happening::Registered { who, name: "ledger".into() },
            Happening::Unregistered { who, name: "ledger".into() },
            Happening::Linked { who, other: to, on: true },
            Happening::Monitored { who, other: to, reference: 1, on: false },
            Happening::TimerArmed { who, id: 1, deadline: Time::from_nanos(7) },
            Happening::TimerCancelled { who, id: 1 },
            Happening::Performed { who, effect: "store".into(), correlation: 4, payload },
            Happening::Observed { who, key: "balance".into(), value: -30 },
            Happening::Condition { who, name: "holds".into(), always: true, holds: false },
            Happening::Logged { who, level: 3, text: "credited".into() },
            Happening::Supervised { who, child: "a".into(), code: 1, figure: 2, text: "1 of 3".into() },
            Happening::Other { code: 99 },
        ]
    }

    /// What came after the golden was made.
    fn later() -> Vec<Happening> {
        let name = SignalName { path: PathId(11), life: Life(2), kind: SignalKind::Sent, n: 3 };
        let (from, to) = (Pid::from_raw(5), Pid::from_raw(6));
        vec![
            Happening::Vanished(Parcel { name, from, to, body: ParcelBody::Kill }),
            Happening::Fault { text: "crash b".into() },
            Happening::Arrived(Parcel { name, from, to, body: ParcelBody::Socket { stream: true, len: 9 } }),
            Happening::Vanished(Parcel {
                name,
                from,
                to,
                body: ParcelBody::Socket { stream: false, len: 9 },
            }),
        ]
    }

    /// Golden: what a trace of version 1 looks like never changes.
    #[test]
    fn the_format_is_pinned() {
        let record = |what| Record { step: 1482, time: Time::from_nanos(3_207), node: NodeId(2), what };
        let trace = Trace {
            name: "transfer".into(),
            seed: 7,
            trace_hash: 8,
            paths: [(PathId(11), "a/ledger".to_owned())].into(),
            actors: [(Pid::from_raw(5), Actor { pid: Pid::from_raw(5), path: PathId(11), life: Life(2) })]
                .into(),
            names: [(Pid::from_raw(6), "ledger@a".to_owned())].into(),
            dropped: 3,
            records: every().into_iter().map(record).collect(),
        };
        let bytes = file::encode(Kind::Trace, &trace);
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, include_str!("golden/trace-1.hex").trim());
        assert_eq!(file::decode::<Trace>(Kind::Trace, &bytes).unwrap(), trace);
    }

    #[test]
    fn every_kind_of_record_has_a_line_for_people_and_one_for_machines() {
        let record = |what| Record { step: 1, time: Time::ZERO, node: NodeId(1), what };
        let all = every().into_iter().chain(later());
        let trace = Trace { records: all.map(record).collect(), ..Trace::default() };
        let mut out = Vec::new();
        crate::export::jsonl(&trace, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        assert_eq!(lines.lines().count(), trace.records.len() + 1);
        for (record, json) in trace.records.iter().zip(lines.lines().skip(1)) {
            let text = crate::Shown(&trace, record).to_string();
            assert!(text.len() > "step 1 t 0.000s node 1: ".len() && !text.contains('{'), "{text}");
            let object: serde_json::Value = serde_json::from_str(json).unwrap();
            assert!(object["v"] == 1 && object["event"].is_string(), "{json}");
        }
    }
}
