//! A run of the real reactor, given back by the simulated one, node by node.

use crate::args::Replay;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity;
use crate::output::{Output, count, hex};
use seedbed_hunt::block::plain;
use seedbed_sim::{Mismatch, replay_recording};
use seedbed_trace::Recorded;
use serde_json::json;

pub(crate) fn replay(args: &Replay, out: Output) -> Result<Exit, Failure> {
    if args.until.is_some() || args.lenient {
        return Err(Failure::usage("--until and --lenient are for findings; this is a recording"));
    }
    let recorded = Recorded::read(&args.file)?;
    let runnable = identity::of_recording(&recorded.identity, &args.file, args.manifest.as_deref())?;
    let stale = recorded.identity.differences(&runnable.identity);
    if !stale.is_empty() {
        let differ: Vec<String> = stale
            .iter()
            .map(|m| format!("{}: the recording has {}, here is {}", m.what, m.finding, m.now))
            .collect();
        return Err(Failure::new(
            Exit::Stale,
            format_args!("failed to replay a stale recording: {}", differ.join("; ")),
        ));
    }
    let mut nodes = Vec::new();
    for node in &recorded.nodes {
        let setup = runnable.scenario.setup(&node.name).ok_or_else(|| {
            Failure::new(Exit::Stale, format_args!("the manifest has no node `{}`", plain(&node.name)))
        })?;
        let replayed = replay_recording(node, setup).map_err(|error| {
            let exit = match error {
                Mismatch::Format { .. } => Exit::Stale,
                Mismatch::Damaged(_) => Exit::Usage,
                _ => Exit::Nondeterminism,
            };
            Failure::new(exit, format_args!("node `{}`: failed to {error}", plain(&node.name)))
        })?;
        out.data(&format!(
            "{}  {}  trace hash {}",
            plain(&node.name),
            count(replayed.turns, "turn"),
            hex(replayed.trace_hash)
        ));
        nodes.push(json!({
            "node": node.name,
            "turns": replayed.turns,
            "trace_hash": hex(replayed.trace_hash),
            "state_hash": hex(replayed.state_hash),
        }));
    }
    out.say(&format!(
        "   {}  {}  every event as it was recorded",
        out.paint().good("SAME"),
        plain(&recorded.name)
    ));
    out.result(json!({ "event": "replay", "name": recorded.name, "same": true, "nodes": nodes }));
    Ok(Exit::Fine)
}
