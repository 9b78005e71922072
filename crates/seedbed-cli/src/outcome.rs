//! A simulated run in a few lines, and as data.

use crate::block;
use crate::output::hex;
use seedbed_core::Tree;
use seedbed_hunt::block::seconds;
use seedbed_sim::{End, Outcome};
use serde_json::{Value, json};

/// How a run ended.
pub(crate) fn end(run: &Outcome) -> &'static str {
    match (&run.found, run.end) {
        (Some(_), _) => "a property broke",
        (None, Some(End::Rest)) => "at rest",
        (None, Some(End::Duration)) => "duration",
        (None, None) => "left",
    }
}

/// Seed, steps, virtual time, end and trace hash; then the tree, if it is wanted.
pub(crate) fn text(run: &Outcome, end: &str, trees: Option<&[Tree]>) -> String {
    let mut text = format!(
        "seed        {}\nsteps       {}\ntime        {}\nend         {}\ntrace hash  {}",
        hex(run.seed),
        run.stats.steps,
        seconds(run.time),
        end,
        hex(run.trace_hash),
    );
    for tree in trees.unwrap_or_default() {
        text.push_str(&format!("\n{tree}"));
    }
    text
}

/// The same and more as an object.
pub(crate) fn object(run: &Outcome, end: &str, trees: Option<&[Tree]>) -> Value {
    let mut object = json!({
        "seed": hex(run.seed),
        "steps": run.stats.steps,
        "time_ns": run.time.as_nanos(),
        "end": end,
        "trace_hash": hex(run.trace_hash),
        "state_hash": hex(run.state_hash),
        "choice_points": run.stats.choice_points,
        "faults": run.stats.faults,
        "dead_letters": run.stats.dead_letters,
        "restarts": run.stats.restarts,
        "broken": run.found.as_ref().map(block::broken_object),
    });
    if let Some(trees) = trees {
        object["trees"] = json!(trees);
    }
    object
}
