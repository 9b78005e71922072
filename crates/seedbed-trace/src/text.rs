//! Records as people read them: one line each.

use crate::record::{Happening, Head, Parcel, ParcelBody, Record};
use crate::trace::Trace;
use seedbed_core::{Flags, Hook, Lost, SignalKind, SignalName, Tape, Time};
use std::fmt;

/// A record with the names that its trace knows.
pub struct Shown<'a>(pub &'a Trace, pub &'a Record);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(trace, record) = *self;
        write!(f, "step {} t {} {}: ", record.step, seconds(record.time), trace.node(record.node))?;
        f.write_str(&happening(trace, &record.what))
    }
}

/// Seconds with three digits after the point, or as many as it takes.
pub(crate) fn seconds(time: Time) -> String {
    let nanos = time.as_nanos();
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    match rest {
        _ if rest % 1_000_000 == 0 => format!("{whole}.{:03}s", rest / 1_000_000),
        _ if rest % 1_000 == 0 => format!("{whole}.{:06}s", rest / 1_000),
        _ => format!("{whole}.{rest:09}s"),
    }
}

/// A payload: text if it is, else its first bytes.
pub(crate) fn payload(bytes: &[u8]) -> String {
    const MOST: usize = 24;
    let printable = |b: &u8| b.is_ascii_graphic() || *b == b' ';
    match bytes {
        [] => "nothing".to_owned(),
        _ if bytes.len() >= 3 && bytes.iter().all(printable) => {
            let cut = &bytes[..bytes.len().min(MOST)];
            let more = if bytes.len() > MOST { "…" } else { "" };
            format!("{:?}{more}", String::from_utf8_lossy(cut))
        }
        _ => {
            let hex: Vec<String> = bytes.iter().take(MOST / 2).map(|b| format!("{b:02x}")).collect();
            let more =
                if bytes.len() > MOST / 2 { format!(" … ({} bytes)", bytes.len()) } else { String::new() };
            format!("[{}]{more}", hex.join(" "))
        }
    }
}

/// What somebody said, in quotes, cut if it is long.
pub(crate) fn quoted(said: &str) -> String {
    const MOST: usize = 60;
    match said.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}…\"", &said[..end]),
        None => format!("\"{said}\""),
    }
}

/// The first line of a text for people, cut if it is long.
pub(crate) fn first_line(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// What a message is, without from whom to whom.
pub(crate) fn content(tag: u64, bytes: &[u8]) -> String {
    if tag == 0 { payload(bytes) } else { format!("tag {tag} {}", payload(bytes)) }
}

/// A signal by its stable name: `message 3 of a/teller`.
pub(crate) fn signal(trace: &Trace, name: &SignalName) -> String {
    let path = trace.path(name.path);
    let life = if name.life.0 > 1 { format!(" life {}", name.life.0) } else { String::new() };
    let again = if name.n >> 63 == 1 { " (again)" } else { "" };
    let n = name.n & !(1 << 63);
    match name.kind {
        // What a node sends in an actor's place, and answers, have no number of their own.
        SignalKind::Sent if n == 0 || n >> 62 == 1 => format!("answer of {path}{life}"),
        SignalKind::Sent => format!("message {n}{again} of {path}{life}"),
        SignalKind::Answer => format!("answer {n} to {path}{life}"),
        SignalKind::Exit => format!("exit {n} of {path}{life}"),
        SignalKind::Down => format!("down {n} for {path}{life}"),
        SignalKind::Started => format!("started notice of {path}{life}"),
        SignalKind::Timer => format!("timer {} of {path}{life}", n >> 32),
        SignalKind::Completion => format!("completion {n} of {path}{life}"),
        SignalKind::Start => format!("start of {path}{life}"),
        SignalKind::Stop => format!("stop of {path}{life}"),
        SignalKind::GoOn => format!("turn {} of {path}{life}", n + 1),
    }
}

/// What kind of signal it is, in one word.
pub(crate) fn signal_kind(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Sent => "message",
        SignalKind::Answer => "answer",
        SignalKind::Exit => "exit",
        SignalKind::Down => "down",
        SignalKind::Started => "started notice",
        SignalKind::Timer => "timer",
        SignalKind::Completion => "completion",
        SignalKind::Start => "start",
        SignalKind::Stop => "stop",
        SignalKind::GoOn => "go on",
    }
}

pub(crate) fn hook(code: u8) -> &'static str {
    match code {
        c if c == Hook::Start as u8 => "start",
        c if c == Hook::Message as u8 => "message",
        c if c == Hook::Stop as u8 => "stop",
        _ => "unknown",
    }
}

pub(crate) fn lost(code: u8) -> &'static str {
    match code {
        c if c == Lost::Dead as u8 => "nobody there",
        c if c == Lost::Full as u8 => "mailbox full",
        c if c == Lost::Late as u8 => "too late",
        _ => "unknown",
    }
}

pub(crate) fn kind(flags: u32) -> &'static str {
    match Flags(flags).kind() {
        Flags::MESSAGE => "message",
        Flags::REPLY => "reply",
        Flags::EXIT => "exit",
        Flags::DOWN => "down",
        Flags::TIMER => "timer",
        Flags::COMPLETION => "completion",
        Flags::STARTED => "started",
        _ => "lifecycle",
    }
}

fn head(trace: &Trace, head: &Head) -> String {
    let request = if head.correlation != 0 { format!(" #{}", head.correlation) } else { String::new() };
    let failed = if Flags(head.flags).has(Flags::FAILED) { " failed" } else { "" };
    format!("{}{failed}{request} from {} tag {}", kind(head.flags), trace.pid(head.from), head.tag)
}

fn parcel(trace: &Trace, p: &Parcel) -> String {
    let what = match &p.body {
        ParcelBody::Message { correlation: 0, tag, payload } => format!("message {}", content(*tag, payload)),
        ParcelBody::Message { correlation, tag, payload } => {
            format!("request #{correlation} {}", content(*tag, payload))
        }
        ParcelBody::Answer { correlation, tag, failed: false, payload } => {
            format!("reply #{correlation} {}", content(*tag, payload))
        }
        ParcelBody::Answer { correlation, tag, .. } => format!("failure {tag} of request #{correlation}"),
        ParcelBody::Exit(reason) => format!("exit ({reason})"),
        ParcelBody::Down { reference, reason } => format!("down #{reference} ({reason})"),
        ParcelBody::Kill => "kill".to_owned(),
        ParcelBody::Link => "link".to_owned(),
        ParcelBody::Unlink => "unlink".to_owned(),
        ParcelBody::Monitor { reference } => format!("monitor #{reference}"),
        ParcelBody::Demonitor { reference } => format!("demonitor #{reference}"),
        ParcelBody::Socket { stream: true, len } => format!("part of a stream ({len} bytes)"),
        ParcelBody::Socket { stream: false, len } => format!("datagram ({len} bytes)"),
    };
    format!("{what}, {} → {}", trace.pid(p.from), trace.pid(p.to))
}

fn happening(trace: &Trace, what: &Happening) -> String {
    let who = what.who().map(|who| trace.actor(who)).unwrap_or_default();
    let on_off = |on: &bool, yes: &'static str, no: &'static str| if *on { yes } else { no };
    match what {
        Happening::Chosen(entry) => {
            let tape = Tape { entries: Vec::new(), paths: trace.paths.clone() };
            format!("chosen: {}", tape.describe(entry))
        }
        Happening::Booted { boot } => format!("boot {}", boot.0),
        Happening::Turn { hook: 2, head: h, payload: p, cause, .. } => {
            format!("{who} takes {} {} (sent in step {cause})", head(trace, h), payload(p))
        }
        Happening::Turn { hook: code, .. } => format!("{who} takes its {}", hook(*code)),
        Happening::TurnEnd { fuel, failed, .. } => {
            format!("{who} ends its turn{}, fuel {fuel}", on_off(failed, ", failed", ""))
        }
        Happening::Transmitted(p) => format!("leaves: {}", parcel(trace, p)),
        Happening::Arrived(p) => format!("arrives: {}", parcel(trace, p)),
        Happening::TimersDue { now } => format!("timers up to {} fire", seconds(*now)),
        Happening::Completed { pid, correlation, code: None, payload: p } => {
            format!("effect #{correlation} of {} gave {}", trace.pid(*pid), payload(p))
        }
        Happening::Completed { pid, correlation, code: Some(code), .. } => {
            format!("effect #{correlation} of {} failed with {code}", trace.pid(*pid))
        }
        Happening::Spawned { parent, .. } => format!("{who} spawned by {}", trace.pid(*parent)),
        Happening::Started { .. } => format!("{who} started"),
        Happening::Stopping { reason, .. } => format!("{who} is to stop: {reason}"),
        Happening::Exited { reason, seen, .. } => {
            format!("{who} ended: {reason}{}", on_off(seen, "", ", and nobody was told"))
        }
        Happening::Lost { why, to, name, tag } => {
            format!("{} (tag {tag}) to {} lost: {}", signal(trace, name), trace.pid(*to), lost(*why))
        }
        Happening::Registered { name, .. } => format!("{who} took the name `{name}`"),
        Happening::Unregistered { name, .. } => format!("{who} gave back the name `{name}`"),
        Happening::Linked { other, on, .. } => {
            format!("{who} {} {}", on_off(on, "linked with", "unlinked from"), trace.pid(*other))
        }
        Happening::Monitored { other, reference, on, .. } => {
            format!(
                "{who} {} {} (#{reference})",
                on_off(on, "watches", "no longer watches"),
                trace.pid(*other)
            )
        }
        Happening::TimerArmed { id, deadline, .. } => {
            format!("{who} armed timer {id} for {}", seconds(*deadline))
        }
        Happening::TimerCancelled { id, .. } => format!("{who} cancelled timer {id}"),
        Happening::Performed { effect, correlation, payload: p, .. } => {
            format!("{who} asked for effect `{effect}` #{correlation} with {}", payload(p))
        }
        Happening::Observed { key, value, .. } => format!("{who} says {key} = {value}"),
        Happening::Condition { name, always, holds, .. } => {
            format!("{who}: {} `{name}` is {holds}", on_off(always, "always", "sometimes"))
        }
        Happening::Logged { text, .. } => format!("{who} logs {text:?}"),
        Happening::Supervised { child, text, code, figure, .. } => {
            format!("{who} about `{child}`: {text} (code {code}, figure {figure})")
        }
        Happening::Vanished(p) => format!("lost on its way: {}", parcel(trace, p)),
        Happening::Fault { text } => format!("fault: {text}"),
        Happening::Other { code } => format!("event {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_payloads_are_short() {
        for (nanos, text) in
            [(0, "0.000s"), (3_207_000_000, "3.207s"), (1_000, "0.000001s"), (7, "0.000000007s")]
        {
            assert_eq!(seconds(Time::from_nanos(nanos)), text);
        }
        for (bytes, text) in [
            (&b""[..], "nothing"),
            (b"credit 30", "\"credit 30\""),
            (&[1, 60], "[01 3c]"),
            (&[0; 13], "[00 00 00 00 00 00 00 00 00 00 00 00] … (13 bytes)"),
        ] {
            assert_eq!(payload(bytes), text);
        }
    }
}
