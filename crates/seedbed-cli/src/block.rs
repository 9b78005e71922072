//! A finding, as people see it and as data.

use crate::output::{Painter, hex};
use seedbed_hunt::{Block, Place};
use seedbed_sim::Broken;
use seedbed_trace::{Finding, Origin, WhyLine};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

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
    let Beside { place, shrink_time, path } = *beside;
    let heading = &paint.error(FINDING);
    Block { heading, place, shrink_time, path, ..Block::new(finding) }.to_string()
}

/// The first two lines, of a run that is no finding yet.
pub(crate) fn head(paint: Painter, name: &str, seed: u64, broken: &Broken) -> String {
    seedbed_hunt::block::head(&paint.error(FINDING), name, seed, broken, None)
}

const FINDING: &str = "FINDING";

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
        "tape": { "choices": finding.tape.choices(), "faults": finding.tape.faults() },
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

/// A real time as data.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
