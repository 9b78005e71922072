//! `seedbed shrink`: a finding is made smaller, in place.

use crate::args::Shrink;
use crate::block::{self, Beside};
use crate::commands::hunt::cores;
use crate::commands::replay::{load, strictly};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use seedbed_hunt::{ShrinkBudget, shrink_finding};
use serde_json::json;
use std::sync::atomic::Ordering;

pub(crate) fn run(args: &Shrink, out: Output) -> Result<Exit, Failure> {
    let (finding, runnable) = load(&args.of)?;
    let replayed = strictly(&finding, &runnable)?;
    interrupt::watch()?;
    let jobs = u32::try_from(args.jobs.unwrap_or_else(cores)).unwrap_or(u32::MAX);
    let budget = ShrinkBudget { runs: args.runs, time: args.time, jobs };
    let go_on = &mut |_| !interrupt::asked().load(Ordering::Relaxed);
    let shrunk = shrink_finding(&runnable.scenario, &finding, &replayed.outcome, &budget, go_on);
    if let Some(why) = &shrunk.unstable {
        return Err(Failure::new(Exit::Nondeterminism, format_args!("the run is not deterministic: {why}")));
    }
    shrunk.finding.write(&args.of.finding)?;
    let beside = Beside { place: None, shrink_time: Some(shrunk.shrink_time), path: Some(&args.of.finding) };
    out.say(&block::block(out.paint(), &shrunk.finding, &beside));
    let mut event = block::object(&shrunk.finding, &beside);
    event["event"] = json!("shrink");
    out.result(event);
    let interrupted = interrupt::asked().load(Ordering::Relaxed);
    Ok(if interrupted { Exit::Incomplete } else { Exit::Fine })
}
