//! `seedbed check`: every seed twice, in two processes; and what those processes run.

use crate::args::{Check as Args, SERVE, Serve};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, hex};
use crate::progress::Shown;
use crate::settings::Settings;
use crate::{identity, interrupt, subject};
use seedbed_hunt::block::spent;
use seedbed_hunt::check::{Check, Commands, serve as answer};
use seedbed_wasm::{Handed, WasmActor};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "people are told how long it took; no run sees it")]
pub(crate) fn run(args: &Args, out: Output) -> Result<Exit, Failure> {
    let settings = args.explore.settings();
    // What is wrong with the manifest or its guests is said here, once.
    let scenario = identity::load(&args.target, &settings, Path::new(""))?.scenario;
    // A process is fresh for each seed: it need not compile what is compiled.
    let guests = scenario.modules().filter_map(|(id, _)| scenario.guest(id)).map(WasmActor::module);
    let handed = Handed::new(guests)
        .map_err(|e| Failure::unexpected(format_args!("keep the compiled modules: {e}")))?;
    let itself = std::env::current_exe()
        .map_err(|e| Failure::unexpected(format_args!("find the command's own executable: {e}")))?;
    let children = Commands(|| {
        let mut command = Command::new(&itself);
        command.arg(SERVE).arg(&args.target);
        command.arg(format!("--settings={settings}"));
        handed.to(&mut command);
        command
    });
    let check =
        Check { children: &children, root: args.seed.0, seeds: args.seeds, strategy: args.explore.strategy };
    interrupt::watch()?;
    let (start, mut shown) = (Instant::now(), Shown::new(out));
    let checked = check.run(&mut |done| {
        shown.check(done, args.seeds, start.elapsed());
        !interrupt::asked().load(Ordering::Relaxed)
    });
    shown.end();
    let checked = checked.map_err(|e| Failure::unexpected(format_args!("failed to {e}")))?;
    let exit = match &checked.difference {
        Some(_) => Exit::Nondeterminism,
        None if checked.same < args.seeds => Exit::Incomplete,
        None => Exit::Fine,
    };
    let name = subject::name(&args.target);
    let word = match exit {
        Exit::Fine => out.paint().good("SAME"),
        Exit::Incomplete => out.paint().warning("INTERRUPTED"),
        _ => out.paint().error("NONDETERMINISM"),
    };
    out.say(&format!(
        "   {word}  {name}  {} of {} seeds the same in two processes   ({} events, {} steps, {} actors' states, {})",
        checked.same,
        args.seeds,
        checked.events,
        checked.steps,
        checked.states,
        spent(start.elapsed()),
    ));
    if let Some(difference) = &checked.difference {
        out.data(&difference.to_string());
    }
    out.result(json!({
        "event": "check",
        "name": name,
        "seed": hex(args.seed.0),
        "strategy": args.explore.strategy.to_string(),
        "seeds": args.seeds,
        "same": checked.same,
        "events": checked.events,
        "steps": checked.steps,
        "states": checked.states,
        "difference": checked.difference.as_ref().map(|difference| json!({
            "seed": hex(difference.seed),
            "leak": difference.leak,
            "text": difference.to_string(),
        })),
    }));
    Ok(exit)
}

/// What a process of a check does: it runs what its standard input asks for.
pub(crate) fn serve(args: &Serve) -> Result<Exit, Failure> {
    let settings = Settings::of(&args.settings)
        .ok_or_else(|| Failure::usage(format_args!("`{}` are no settings", args.settings)))?;
    let runnable = identity::load(&args.target, &settings, Path::new(""))?;
    answer(&runnable.scenario, std::io::stdin().lock(), std::io::stdout())
        .map_err(|e| Failure::unexpected(format_args!("failed to {e}")))?;
    Ok(Exit::Fine)
}
