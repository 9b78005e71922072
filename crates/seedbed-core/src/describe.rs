//! Events as people read them: one line each.
//!
//! Never hashed and never compared; a text may be made better at any time.

use crate::event::{Event, Hook, Lost, Who};
use crate::packet::{Body, Packet};
use std::fmt;

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.text, self.life.0)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hook::Start => "start",
            Hook::Message => "turn",
            Hook::Stop => "stop",
        })
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lost::Dead => "nobody is there",
            Lost::Full => "the mailbox has no room",
            Lost::Late => "its request has ended",
        })
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            Body::Message { correlation: 0, tag, payload } => {
                write!(f, "message {} (tag {tag}, {} bytes)", self.id, payload.len())
            }
            Body::Message { correlation, tag, payload } => {
                write!(f, "request {correlation} (tag {tag}, {} bytes)", payload.len())
            }
            Body::Answer { correlation, failed: true, tag, .. } => {
                write!(f, "failure {tag} of request {correlation}")
            }
            Body::Answer { correlation, tag, payload, .. } => {
                write!(f, "reply to request {correlation} (tag {tag}, {} bytes)", payload.len())
            }
            Body::Exit { reason, link, .. } => {
                write!(f, "exit{}: {reason}", if *link { " of a link" } else { "" })
            }
            Body::Kill => f.write_str("kill"),
            Body::Socket { stream: true, bytes } => write!(f, "part of a stream ({} bytes)", bytes.len()),
            Body::Socket { stream: false, bytes } => write!(f, "datagram ({} bytes)", bytes.len()),
            Body::Link => f.write_str("link"),
            Body::TaggedLink { tag } => write!(f, "link (tag {tag})"),
            Body::Unlink => f.write_str("unlink"),
            Body::Monitor { reference } => write!(f, "monitor {reference}"),
            Body::Demonitor { reference } => write!(f, "demonitor {reference}"),
            Body::Down { reference, reason, .. } => write!(f, "down of monitor {reference}: {reason}"),
        }?;
        write!(f, " from {} to {}", self.from, self.to)
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |on: &bool| if *on { "" } else { " no more" };
        match self {
            Event::Booted { node, boot, .. } => write!(f, "node {} is up, boot {}", node.0, boot.0),
            Event::Turn { who, hook, name, envelope, .. } => {
                write!(
                    f,
                    "{hook} of {who}: {:?} {} of {:016x}:{}",
                    name.kind, name.n, name.path.0, name.life.0
                )?;
                write!(f, ", tag {}, {} bytes", envelope.tag, envelope.len)
            }
            Event::TurnEnd { who, fuel, now, unix, failed } => {
                write!(f, "end of turn of {who}, {}, fuel {fuel}", if *failed { "failed" } else { "done" })?;
                now.map_or(Ok(()), |t| write!(f, ", at {t}"))?;
                unix.map_or(Ok(()), |t| write!(f, ", unix time {t}"))
            }
            Event::Transmitted { packet } => write!(f, "left the node: {packet}"),
            Event::Arrived { packet } => write!(f, "arrived: {packet}"),
            Event::TimersDue { now } => write!(f, "timers are due at {now}"),
            Event::Completed { pid, correlation, outcome } => match outcome {
                Ok(bytes) => write!(f, "effect {correlation} of {pid} completed with {} bytes", bytes.len()),
                Err(e) => write!(f, "effect {correlation} of {pid} failed: {e}"),
            },
            Event::Spawned { who, parent } => write!(f, "{parent} spawned {who} as {}", who.pid),
            Event::Started { who } => write!(f, "{who} has started"),
            Event::Stopping { who, reason } => write!(f, "{who} is to stop: {reason}"),
            Event::Exited { who, reason, .. } => write!(f, "{who} ended: {reason}"),
            Event::Lost { why, to, name, tag } => {
                write!(f, "{:?} {} (tag {tag}) for {to} is lost: {why}", name.kind, name.n)
            }
            Event::Registered { who, name } => write!(f, "{who} registered {name:?}"),
            Event::Unregistered { who, name } => write!(f, "{who} gave {name:?} back"),
            Event::Linked { who, other, on: o } => write!(f, "{who} is linked to {other}{}", on(o)),
            Event::Monitored { who, other, reference, on: o } => {
                write!(f, "{who} watches {other}{} (monitor {reference})", on(o))
            }
            Event::TimerArmed { who, id, deadline } => write!(f, "{who} armed timer {id} for {deadline}"),
            Event::TimerCancelled { who, id } => write!(f, "{who} cancelled timer {id}"),
            Event::Performed { who, effect, correlation, payload } => {
                write!(f, "{who} asked for effect {correlation}, {effect:?} with {} bytes", payload.len())
            }
            Event::Observed { who, key, value } => write!(f, "{who} says {key} = {value}"),
            Event::Condition { who, name, always, holds } => {
                let (what, holds) = (if *always { "always" } else { "sometimes" }, holds);
                write!(f, "{who}: {what} {name:?} is {holds}")
            }
            Event::Logged { who, text, .. } => write!(f, "{who} logged {text:?}"),
            Event::Supervised { who, child, code, figure, text } => {
                write!(f, "{who} decided {code} ({figure}) about {child:?}: {text}")
            }
            Event::SpawnAsked { options } => match &options.name {
                Some(name) => write!(f, "the outside asked for {name:?}"),
                None => f.write_str("the outside asked for an actor without a name"),
            },
            Event::KillAsked { pid } => write!(f, "the outside killed {pid}"),
            Event::StopAsked { pid, reason } => write!(f, "the outside asked {pid} to stop: {reason}"),
            Event::FailAsked { pid, failure } => write!(f, "the outside made {pid} fail: {failure}"),
            Event::NodeLost { node } => write!(f, "node {} counts as lost", node.0),
            Event::Vanished { packet } => write!(f, "lost on its way: {packet}"),
            Event::Fault { text } => write!(f, "fault: {text}"),
        }
    }
}
