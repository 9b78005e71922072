//! `seedbed merge`: the shards of a hunt are put together.

use crate::args::Merge;
use crate::block::{self, Beside};
use crate::commands::hunt::KEPT_IN;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, count};
use crate::summary;
use seedbed_hunt::{Part, PartError, keep, merge};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(args: &Merge, out: Output) -> Result<Exit, Failure> {
    let parts = args.parts.iter().map(|path| Part::read(path)).collect::<Result<Vec<_>, _>>()?;
    let merged = merge(&parts).map_err(|error| {
        let exit = match error {
            PartError::Stale(_) => Exit::Stale,
            _ => Exit::Usage,
        };
        Failure::new(exit, format_args!("failed to {error}"))
    })?;
    let mut objects = Vec::new();
    for finding in &merged.findings {
        let path = keep(Path::new(KEPT_IN), finding)?;
        let beside = Beside { path: Some(&path), ..Beside::default() };
        out.say(&block::block(out.paint(), finding, &beside));
        let object = block::object(finding, &beside);
        out.event(object.clone());
        objects.push(object);
    }
    out.say(&format!(
        "            merged   {}, {}, {}, {}",
        count(parts.len() as u64, "shard"),
        count(merged.summary.runs, "run"),
        count(merged.findings.len() as u64, "finding"),
        count(merged.duplicates, "duplicate"),
    ));
    out.say(&summary::text(&merged.summary));
    for (shards, what) in [(&merged.missing, "missing"), (&merged.unfinished, "unfinished")] {
        if !shards.is_empty() {
            let list: Vec<String> = shards.iter().map(u64::to_string).collect();
            out.warn(&format!("{what}: shard {}", list.join(", ")));
        }
    }
    out.result(json!({
        "event": "merge",
        "shards": parts.len(),
        "summary": summary::object(&merged.summary),
        "findings": objects,
        "duplicates": merged.duplicates,
        "missing": merged.missing,
        "unfinished": merged.unfinished,
    }));
    Ok(match (merged.findings.is_empty(), merged.missing.is_empty() && merged.unfinished.is_empty()) {
        (false, _) => Exit::Finding,
        (true, false) => Exit::Incomplete,
        (true, true) => Exit::Fine,
    })
}
