//! `seedbed run`: on the real reactor.

use crate::args::Run;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject;
use serde_json::{Value, json};

pub(crate) fn run(args: &Run, out: Output) -> Result<Exit, Failure> {
    list(args, out)
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
