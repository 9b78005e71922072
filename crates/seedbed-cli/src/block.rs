//! A finding, as people see it (spec `cli.md`), and as data.

use crate::output::{Painter, hex, plain};
use seedbed_core::Time;
use seedbed_sim::Broken;
use seedbed_trace::{Finding, Origin, WhyLine};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Which run of how many a finding came from, and how long the hunt had taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// From 0.
    pub(crate) index: u64,
    /// `None` if the hunt is not bounded by runs.
    pub(crate) of: Option<u64>,
    pub(crate) took: Duration,
}

/// What is known of a finding beside itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) place: Option<Place>,
    pub(crate) shrink_time: Option<Duration>,
    /// Where it is kept.
    pub(crate) path: Option<&'a Path>,
}

/// The whole block.
pub(crate) fn block(paint: Painter, finding: &Finding, beside: &Beside<'_>) -> String {
    let broken = Broken {
        property: finding.property.clone(),
        when: finding.when.clone(),
        message: finding.message.clone(),
        step: finding.step,
        time: finding.time,
    };
    let mut text = head(paint, &finding.name, finding.seed, &broken, beside.place);
    text += &labelled("why", why(finding));
    text += &labelled("shrunk", shrunk(finding, beside.shrink_time));
    text += &labelled("replay", beside.path.map(replay));
    text
}

/// The first two lines: which run, and what it broke.
pub(crate) fn head(paint: Painter, name: &str, seed: u64, broken: &Broken, place: Option<Place>) -> String {
    let place = place.map_or_else(String::new, |Place { index, of, took }| {
        let of = of.map_or_else(String::new, |of| format!(" of {of}"));
        format!("   (run {}{of}, {})", index + 1, spent(took))
    });
    format!(
        "   {}  {}  seed {}  step {}  t {}{place}\n            broken: `{}` ({}): {}",
        paint.error("FINDING"),
        plain(name),
        hex(seed),
        broken.step,
        seconds(broken.time),
        plain(&broken.property),
        plain(&broken.when),
        plain(&broken.message),
    )
}

/// The causal chain: kind, text and time of each link, in columns.
pub(crate) fn why(finding: &Finding) -> Vec<String> {
    let width =
        |of: fn(&WhyLine) -> &str| finding.why.iter().map(|line| of(line).chars().count()).max().unwrap_or(0);
    let (kinds, texts) = (width(|line| &line.kind), width(|line| &line.text).min(WHY_TEXT));
    let line = |line: &WhyLine| {
        format!("{:<kinds$} {:<texts$}   t {}", plain(&line.kind), plain(&line.text), seconds(line.time))
    };
    finding.why.iter().map(line).collect()
}

/// From what width on texts of a why-line no longer push the times of the others aside.
const WHY_TEXT: usize = 88;

fn shrunk(finding: &Finding, took: Option<Duration>) -> Option<String> {
    let before = &finding.original;
    let took = took.map_or_else(String::new, |took| format!(", in {}", tenths(took)));
    let least = if before.minimal { "" } else { ", could be less" };
    (before.shrink_runs > 0).then(|| {
        format!(
            "{} → {} choices, {} → {} faults{took}{least}",
            before.choices,
            finding.tape.entries.len(),
            before.faults,
            finding.tape.faults(),
        )
    })
}

fn replay(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,".contains(c);
    if path.chars().all(plain) {
        format!("seedbed replay {path}")
    } else {
        format!("seedbed replay '{}'", path.replace('\'', r"'\''"))
    }
}

/// A finding as data.
pub(crate) fn object(finding: &Finding, beside: &Beside<'_>) -> Value {
    let index = match finding.origin {
        Origin::Hunt { index, .. } => Some(index),
        _ => None,
    };
    let why = |line: &WhyLine| json!({ "kind": line.kind, "text": line.text, "step": line.step, "time_ns": line.time.as_nanos() });
    json!({
        "event": "finding",
        "name": finding.name,
        "seed": hex(finding.seed),
        "index": index,
        "strategy": finding.strategy,
        "property": finding.property,
        "when": finding.when,
        "message": finding.message,
        "step": finding.step,
        "time_ns": finding.time.as_nanos(),
        "trace_hash": hex(finding.trace_hash),
        "state_hash": hex(finding.state_hash),
        "why": finding.why.iter().map(why).collect::<Vec<_>>(),
        "tape": { "choices": finding.tape.entries.len(), "faults": finding.tape.faults() },
        "original": {
            "steps": finding.original.steps,
            "choices": finding.original.choices,
            "faults": finding.original.faults,
            "shrink_runs": finding.original.shrink_runs,
            "minimal": finding.original.minimal,
        },
        "shrink_ms": beside.shrink_time.map(millis),
        "file": beside.path.map(|path| path.display().to_string()),
    })
}

/// A broken property as data.
pub(crate) fn broken_object(broken: &Broken) -> Value {
    json!({
        "property": broken.property,
        "when": broken.when,
        "message": broken.message,
        "step": broken.step,
        "time_ns": broken.time.as_nanos(),
    })
}

/// Lines under a label: the label in front of the first.
pub(crate) fn labelled(label: &str, lines: impl IntoIterator<Item = String>) -> String {
    let line =
        |(i, line): (usize, String)| format!("\n            {:<9}{line}", if i == 0 { label } else { "" });
    lines.into_iter().enumerate().map(line).collect()
}

/// A virtual time, `3.207s`.
pub(crate) fn seconds(time: Time) -> String {
    let millis = time.as_nanos() / 1_000_000;
    format!("{}.{:03}s", millis / 1000, millis % 1000)
}

/// A real time, `0.41 s`.
pub(crate) fn spent(time: Duration) -> String {
    let hundredths = time.as_millis() / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

/// A real time, `0.8 s`.
fn tenths(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// A real time as data.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
