//! What a hunt does first: findings that are kept must not come back, and a planted bug must be found.

use crate::args::Hunt as Args;
use crate::block::{self, millis};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Runnable;
use crate::interrupt;
use crate::output::{Output, count};
use seedbed_hunt::block::{labelled, lines, plain, spent};
use seedbed_hunt::{Canary, Hunt, REGRESSIONS, Regression, Verdict, hunt_canary, run_regressions};
use seedbed_manifest::Scenario;
use seedbed_sim::Program;
use seedbed_trace::Finding;
use serde_json::{Value, json};
use std::path::Path;

/// What was found before must hold, or there is no need to look for more.
pub(crate) fn regressions(
    args: &Args,
    name: &str,
    runnable: &Runnable,
    out: Output,
) -> Result<Option<Exit>, Failure> {
    if args.shard.index > 1 {
        return Ok(None);
    }
    let dir = args.manifest.parent().unwrap_or(Path::new("")).join(REGRESSIONS);
    let program = |finding: &Finding| match finding.drawn {
        None => Ok(Box::new(runnable.scenario.clone()) as Box<dyn Program>),
        Some(_) => Err("it is of a test, which draws values".to_owned()),
    };
    let kept = run_regressions(program, name, &runnable.identity, &dir)?;
    for Regression { path, verdict, notes, met, .. } in &kept {
        for note in notes {
            out.warn(&format!("{}: {note}", path.display()));
        }
        let (held, broken) = match verdict {
            Verdict::Holds => (true, None),
            Verdict::Broken(broken, _) => (false, Some(broken)),
            Verdict::Dead => {
                let text = format_args!("{}: nothing on its tape was met: it tests nothing", path.display());
                return Err(Failure::new(Exit::Stale, text).help("delete it, or hunt anew"));
            }
            Verdict::Unreadable(why) => {
                return Err(Failure::new(Exit::Stale, format_args!("{}: {why}", path.display())));
            }
        };
        let event = json!({
            "event": "regression",
            "file": path.display().to_string(),
            "held": held,
            "met": met.0,
            "skipped": met.1,
            "broken": broken.map(block::broken_object),
        });
        if let Some(broken) = broken {
            out.say(&format!(
                "   {}  {}\n            broken: `{}` ({}): {}\n            replay   seedbed replay {} --lenient",
                out.paint().error("REGRESSION"),
                path.display(),
                plain(&broken.property),
                plain(&broken.when),
                lines(&broken.message),
                path.display(),
            ));
            out.result(event);
            return Ok(Some(Exit::Finding));
        }
        out.event(event);
    }
    if !kept.is_empty() {
        out.say(labelled("held", [count(kept.len() as u64, "regression")]).trim_start_matches('\n'));
    }
    Ok(None)
}

/// The manifest's planted bug must be found, or finding nothing means nothing.
pub(crate) fn canary(hunt: &Hunt<'_>, scenario: &Scenario, out: Output) -> Result<Option<Canary>, Failure> {
    let (Some(planted), Some(spec)) = (scenario.with_canary(), &scenario.manifest().canary) else {
        return Ok(None);
    };
    let canary = hunt_canary(hunt, &planted, spec.runs, interrupt::asked());
    let canary = canary.map_err(|e| Failure::unexpected(format_args!("hunt the canary: {e}")))?;
    if let Some((property, index)) = &canary.found {
        let text = format!("found in run {}: `{}`, {}", index + 1, plain(property), spent(canary.took));
        out.say(labelled("canary", [text]).trim_start_matches('\n'));
    }
    let mut event = canary_object(&canary);
    event["event"] = json!("canary");
    out.event(event);
    Ok(Some(canary))
}

pub(crate) fn canary_object(canary: &Canary) -> Value {
    let (property, index) = canary.found.clone().unzip();
    json!({
        "found": canary.found.is_some(),
        "property": property,
        "index": index,
        "runs": canary.runs,
        "elapsed_ms": millis(canary.took),
    })
}
