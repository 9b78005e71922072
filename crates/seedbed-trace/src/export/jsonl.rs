//! JSON lines: one object a record, each with `"v"` (the format's version) and `"event"`.
//!
//! Numbers that may exceed 2⁵³ (pids, tags, hashes) are texts, so that no reader rounds them.

use crate::record::{Happening, Head, Parcel, ParcelBody, Record};
use crate::text;
use crate::trace::Trace;
use seedbed_core::{ExitReason, Pid, Tape, TapeEntry};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

const VERSION: u32 = 1;

/// Writes a trace as JSON lines: a `trace` object, then one a record.
///
/// # Errors
/// If the writer fails.
pub fn jsonl(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let first = json!({
        "v": VERSION,
        "event": "trace",
        "name": trace.name,
        "seed": format!("{:#x}", trace.seed),
        "trace_hash": format!("{:#x}", trace.trace_hash),
        "dropped": trace.dropped,
        "records": trace.records.len(),
    });
    writeln!(out, "{first}")?;
    for record in &trace.records {
        writeln!(out, "{}", object(trace, record))?;
    }
    Ok(())
}

fn object(trace: &Trace, record: &Record) -> Value {
    let (event, fields) = fields(trace, &record.what);
    let mut object = Map::new();
    object.insert("v".into(), VERSION.into());
    object.insert("event".into(), event.into());
    object.insert("step".into(), record.step.into());
    object.insert("t_ns".into(), record.time.as_nanos().into());
    object.insert("node".into(), trace.node(record.node).into());
    if let Some(who) = record.who() {
        object.insert("actor".into(), trace.path(who.path).into());
        object.insert("life".into(), who.life.0.into());
        object.insert("pid".into(), pid(who.pid));
    }
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object)
}

fn pid(pid: Pid) -> Value {
    format!("{:#x}", pid.to_raw()).into()
}

fn hex(bytes: &[u8]) -> Value {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<String>().into()
}

fn reason(reason: &ExitReason) -> Value {
    reason.to_string().into()
}

fn head(trace: &Trace, head: &Head) -> Value {
    json!({
        "id": head.id.to_string(),
        "from": pid(head.from),
        "from_actor": trace.pid(head.from),
        "to": pid(head.to),
        "correlation": head.correlation.to_string(),
        "tag": head.tag.to_string(),
        "len": head.len,
        "kind": text::kind(head.flags),
        "flags": head.flags,
    })
}

fn parcel(trace: &Trace, parcel: &Parcel) -> Value {
    let body = match &parcel.body {
        ParcelBody::Message { correlation, tag, payload } => json!({
            "kind": if *correlation == 0 { "message" } else { "request" },
            "correlation": correlation.to_string(), "tag": tag.to_string(), "payload": hex(payload),
        }),
        ParcelBody::Answer { correlation, tag, failed, payload } => json!({
            "kind": if *failed { "failure" } else { "reply" },
            "correlation": correlation.to_string(), "tag": tag.to_string(), "payload": hex(payload),
        }),
        ParcelBody::Exit(why) => json!({ "kind": "exit", "reason": reason(why) }),
        ParcelBody::Down { reference, reason: why } => {
            json!({ "kind": "down", "reference": reference.to_string(), "reason": reason(why) })
        }
        ParcelBody::Kill => json!({ "kind": "kill" }),
        ParcelBody::Link => json!({ "kind": "link" }),
        ParcelBody::Unlink => json!({ "kind": "unlink" }),
        ParcelBody::Socket { stream, len } => {
            json!({ "kind": if *stream { "stream" } else { "datagram" }, "bytes": len })
        }
        ParcelBody::Monitor { reference } => {
            json!({ "kind": "monitor", "reference": reference.to_string() })
        }
        ParcelBody::Demonitor { reference } => {
            json!({ "kind": "demonitor", "reference": reference.to_string() })
        }
    };
    json!({
        "from": pid(parcel.from),
        "from_actor": trace.pid(parcel.from),
        "to": pid(parcel.to),
        "to_actor": trace.pid(parcel.to),
        "name": text::signal(trace, &parcel.name),
        "packet": body,
    })
}

fn chosen(trace: &Trace, entry: &TapeEntry) -> Value {
    let tape = Tape { entries: Vec::new(), paths: trace.paths.clone() };
    let kind = match entry {
        TapeEntry::Order { .. } => "order".to_owned(),
        TapeEntry::Hold { .. } => "hold".to_owned(),
        TapeEntry::Choice { key, .. } => key.kind.to_string(),
    };
    json!({ "choice": kind, "fault": entry.is_fault(), "text": tape.describe(entry) })
}

fn fields(trace: &Trace, what: &Happening) -> (&'static str, Value) {
    match what {
        Happening::Chosen(entry) => ("chosen", chosen(trace, entry)),
        Happening::Booted { boot } => ("booted", json!({ "boot": boot.0 })),
        Happening::Turn { hook, name, head: h, payload, cause, .. } => (
            "turn",
            json!({
                "hook": text::hook(*hook), "name": text::signal(trace, name), "envelope": head(trace, h),
                "payload": hex(payload), "cause": cause,
            }),
        ),
        Happening::TurnEnd { fuel, now, unix, failed, .. } => (
            "turn_end",
            json!({
                "fuel": fuel.to_string(), "now_ns": now.map(|t| t.as_nanos()),
                "unix_ns": unix.map(|t| t.as_nanos()), "failed": failed,
            }),
        ),
        Happening::Transmitted(p) => ("transmitted", parcel(trace, p)),
        Happening::Arrived(p) => ("arrived", parcel(trace, p)),
        Happening::TimersDue { now } => ("timers_due", json!({ "now_ns": now.as_nanos() })),
        Happening::Completed { pid: p, correlation, code, payload } => (
            "completed",
            json!({
                "for": pid(*p), "for_actor": trace.pid(*p), "correlation": correlation.to_string(),
                "failed": code.map(|c| c.to_string()), "payload": hex(payload),
            }),
        ),
        Happening::Spawned { parent, .. } => {
            ("spawned", json!({ "parent": pid(*parent), "parent_actor": trace.pid(*parent) }))
        }
        Happening::Started { .. } => ("started", json!({})),
        Happening::Stopping { reason: why, .. } => ("stopping", json!({ "reason": reason(why) })),
        Happening::Exited { reason: why, detail, seen, cause, .. } => {
            ("exited", json!({ "reason": reason(why), "detail": detail, "seen": seen, "cause": cause }))
        }
        Happening::Lost { why, to, name, tag } => (
            "lost",
            json!({
                "why": text::lost(*why), "to": pid(*to), "to_actor": trace.pid(*to),
                "name": text::signal(trace, name), "tag": tag.to_string(),
            }),
        ),
        Happening::Registered { name, .. } => ("registered", json!({ "name": name })),
        Happening::Unregistered { name, .. } => ("unregistered", json!({ "name": name })),
        Happening::Linked { other, on, .. } => {
            ("linked", json!({ "other": pid(*other), "other_actor": trace.pid(*other), "on": on }))
        }
        Happening::Monitored { other, reference, on, .. } => (
            "monitored",
            json!({
                "other": pid(*other), "other_actor": trace.pid(*other), "reference": reference.to_string(),
                "on": on,
            }),
        ),
        Happening::TimerArmed { id, deadline, .. } => {
            ("timer_armed", json!({ "id": id.to_string(), "deadline_ns": deadline.as_nanos() }))
        }
        Happening::TimerCancelled { id, .. } => ("timer_cancelled", json!({ "id": id.to_string() })),
        Happening::Performed { effect, correlation, payload, .. } => (
            "performed",
            json!({ "effect": effect, "correlation": correlation.to_string(), "payload": hex(payload) }),
        ),
        Happening::Observed { key, value, .. } => {
            ("observed", json!({ "key": key, "value": value.to_string() }))
        }
        Happening::Condition { name, always, holds, .. } => {
            ("condition", json!({ "name": name, "always": always, "holds": holds }))
        }
        Happening::Logged { level, text, .. } => ("logged", json!({ "level": level, "text": text })),
        Happening::Supervised { child, code, figure, text, .. } => (
            "supervised",
            json!({ "child": child, "code": code, "figure": figure.to_string(), "text": text }),
        ),
        Happening::Vanished(p) => ("vanished", parcel(trace, p)),
        Happening::Fault { text } => ("fault", json!({ "text": text })),
        Happening::Other { code } => ("other", json!({ "code": code })),
    }
}
