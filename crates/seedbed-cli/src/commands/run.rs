//! `seedbed run` and `seedbed record`: on the real reactor.

use crate::args::{Record, Run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::{self, Runnable};
use crate::output::{Output, count};
use crate::service::{self, How};
use crate::settings::Settings;
use crate::subject::{self, MAIN};
use seedbed_manifest::{DEFAULT_NODE, Given, Manifest, Scenario, ServiceEnd, TREE};
use seedbed_trace::Recorded;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(args: &Run, out: Output) -> Result<Exit, Failure> {
    if args.target == "list" {
        return list(args, out);
    }
    let (name, manifest, alone) = manifest(args)?;
    // What runs by itself has the streams, unless they are for objects.
    let streams_of = alone.clone().filter(|_| out.is_human());
    let given = Given { values: args.values.settings().values, streams_of };
    let scenario = loaded(subject::scenario(manifest, &given))?;
    let how = How {
        record: false,
        streams: given.streams_of.is_some(),
        watch: alone.as_ref().map(|id| format!("{DEFAULT_NODE}/{TREE}/{id}")),
    };
    let served = service::serve(&scenario, &args.service, how, out)?;
    let returned = served.watched.as_ref().and_then(|ended| {
        let guest = scenario.guest(alone.as_ref()?)?;
        guest.returned(ended.value.as_ref()?).filter(|text| !text.is_empty())
    });
    let exit = service::tell(&name, &served, returned.as_deref(), out);
    // A program that was cancelled has not done what it is for; other guests have no end of their own.
    let is_program = |id| scenario.guest(id).is_some_and(|guest| guest.module().dialect().is_program());
    let cancelled =
        exit == Exit::Fine && served.watched.is_none() && alone.as_deref().is_some_and(is_program);
    Ok(match served.end {
        ServiceEnd::Stopped if cancelled => Exit::Interrupted,
        ServiceEnd::Time if cancelled => Exit::Unexpected,
        _ => exit,
    })
}

/// From the target to what is run, its name, and the id of the entry that runs by itself.
fn manifest(args: &Run) -> Result<(String, Manifest, Option<String>), Failure> {
    let path = Path::new(&args.target);
    subject::check_network(path, args.network)?;
    if subject::is_module(path) {
        let manifest = subject::alone(path, &args.args, args.network)?;
        return Ok((subject::name(path), manifest, Some(MAIN.to_owned())));
    }
    if path.extension().is_some_and(|e| e == "toml") {
        if let Some(arg) = args.args.first() {
            return Err(Failure::usage(format_args!("a manifest takes no arguments, and there is `{arg}`")));
        }
        return Ok((subject::name(path), subject::manifest(path)?, None));
    }
    if !args.manifest.exists() {
        let failure = Failure::usage(format_args!(
            "`{}` is no manifest (.toml) and no module (.wasm), and there is no `{}` that it could be a command of",
            args.target,
            args.manifest.display()
        ));
        let inside = path.join("seedbed.toml");
        return Err(if inside.exists() {
            failure.help(format_args!("`seedbed run {}`", inside.display()))
        } else {
            failure.help("`-m FILE` says which manifest")
        });
    }
    let manifest = subject::manifest(&args.manifest)?;
    let id = manifest.command(&args.target).map(|process| process.id.clone()).ok_or_else(|| {
        let known: Vec<&str> = manifest.commands().map(|(command, _)| command.name.as_str()).collect();
        let failure = Failure::usage(format_args!(
            "`{}` is no manifest (.toml), no module (.wasm) and no command of `{}`",
            args.target,
            args.manifest.display()
        ));
        if known.is_empty() { failure } else { failure.help(format_args!("commands: {}", known.join(", "))) }
    })?;
    let manifest = subject::entry(manifest, &id, &args.args)?;
    Ok((args.target.clone(), manifest, Some(id)))
}

/// `run` leaves the codes from 100 on to what it runs: a guest that would not load is a wrong manifest.
fn loaded(scenario: Result<Scenario, Failure>) -> Result<Scenario, Failure> {
    scenario.map_err(|failure| match failure.exit {
        Exit::NotLoaded => failure.with(Exit::Usage),
        _ => failure,
    })
}

/// The commands of a manifest: name, short text, entry id.
fn list(args: &Run, out: Output) -> Result<Exit, Failure> {
    let manifest = subject::manifest(&args.manifest)?;
    let commands: Vec<_> = manifest.commands().collect();
    let width = |of: fn(&seedbed_manifest::Command) -> &str| {
        commands.iter().map(|(command, _)| of(command).chars().count()).max().unwrap_or(0)
    };
    let (names, shorts) = (width(|c| &c.name), width(|c| &c.short));
    for (command, process) in &commands {
        out.data(&format!("{:<names$}  {:<shorts$}  {}", command.name, command.short, process.id));
    }
    if commands.is_empty() {
        out.say(&format!("`{}` has no commands", args.manifest.display()));
    }
    let object = |command: &seedbed_manifest::Command, id: &str| -> Value {
        json!({ "name": command.name, "short": command.short, "process": id })
    };
    let objects: Vec<Value> = commands.iter().map(|(command, p)| object(command, &p.id)).collect();
    out.result(json!({ "event": "commands", "commands": objects }));
    Ok(Exit::Fine)
}

/// `seedbed record`.
pub(crate) fn record(args: &Record, out: Output) -> Result<Exit, Failure> {
    subject::check_network(&args.manifest, args.network)?;
    let kept_in = args.out.parent().unwrap_or(Path::new(""));
    let settings = Settings { network: args.network, ..args.values.settings() };
    let Runnable { scenario, identity } = identity::load_recorded(&args.manifest, &settings, kept_in)?;
    let name = subject::name(&args.manifest);
    let how = How { record: true, ..How::default() };
    let served = service::serve(&scenario, &args.service, how, out)?;
    let nodes = served.recordings.iter().map(|recording| recording.as_ref().clone()).collect();
    let recorded = Recorded { name, identity, nodes };
    recorded.write(&args.out)?;
    let exit = service::tell(&recorded.name, &served, None, out);
    let turns: u64 = recorded.nodes.iter().map(|node| node.turns).sum();
    out.say(&format!("            recorded {} in {}", count(turns, "turn"), args.out.display()));
    Ok(exit)
}
