//! `seedbed sim`: one simulated run.

use crate::args::Sim;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::log::{self, Lines, Narrator};
use crate::output::{Output, hex};
use crate::{block, identity, outcome, subject};
use seedbed_core::Observer;
use seedbed_hunt::profile;
use seedbed_sim::{Run, RunConfig, run_shown};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(args: &Sim, out: Output) -> Result<Exit, Failure> {
    let log = log::level()?;
    let scenario = identity::load(&args.target, &args.explore.settings(), Path::new(""))?.scenario;
    let profile = profile(&scenario);
    let config = RunConfig { seed: args.seed.0, steps_hint: profile.steps };
    let narrator = log.map(|from| Narrator(Lines { from, paint: out.paint() }));
    let observers = narrator.map(|n| Box::new(n) as Box<dyn Observer>).into_iter().collect();
    let mut trees = Vec::new();
    let strategy = args.explore.strategy.build_for(&profile);
    let run = match args.fork {
        None => run_shown(&scenario, &config, strategy, observers, &mut |world| trees = world.trees()).0,
        Some(seed) => {
            let run = Run::begin(&scenario, &config, strategy, observers);
            let mut run = run.map_err(|e| Failure::unexpected(format_args!("failed to {e}")))?;
            run.to_started();
            run.fork(seed.0);
            // Its finding is in the outcome.
            let _ = run.run();
            trees = run.world().trees();
            run.finish()
        }
    };

    let name = subject::name(&args.target);
    if let Some(broken) = &run.found {
        out.say(&block::head(out.paint(), &name, run.seed, broken));
    }
    let tree = args.tree.then_some(trees.as_slice());
    if let Some(fork) = args.fork {
        out.data(&format!("fork        {}", hex(fork.0)));
    }
    out.data(&outcome::text(&run, outcome::end(&run), tree));
    let mut event = outcome::object(&run, outcome::end(&run), tree);
    event["event"] = json!("sim");
    event["name"] = json!(name);
    event["strategy"] = json!(args.explore.strategy.to_string());
    event["seed"] = json!(hex(run.seed));
    if let Some(fork) = args.fork {
        event["fork"] = json!(hex(fork.0));
    }
    out.result(event);
    Ok(if run.found.is_some() { Exit::Finding } else { Exit::Fine })
}
