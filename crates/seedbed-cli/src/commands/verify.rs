//! `seedbed verify`: everything that can be said of a manifest without running it.

use crate::args::Verify;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, count};
use crate::subject;
use seedbed_core::Limits;
use seedbed_manifest::Process;
use seedbed_wasm::{Module, WasmActor, WasmLimits, engine_id};
use serde_json::{Value, json};

pub(crate) fn run(args: &Verify, out: Output) -> Result<Exit, Failure> {
    let scenario = subject::load_to_look(&args.target)?;
    let manifest = scenario.manifest();
    let guests = || manifest.processes.iter().filter_map(|p| Some((p, scenario.guest(&p.id)?)));
    for (process, guest) in guests() {
        out.data(&text(process, guest));
    }
    out.say(&format!(
        "   {}  {}  {}, {}, {}, {}",
        out.paint().good("FINE"),
        subject::name(&args.target),
        count(manifest.processes.len() as u64, "module"),
        count(manifest.world.nodes.len() as u64, "node"),
        count(manifest.inputs.len() as u64, "input"),
        count(manifest.properties.len() as u64, "property"),
    ));
    let processes: Vec<Value> = guests().map(|(process, guest)| object(process, guest)).collect();
    out.result(json!({
        "event": "verify",
        "manifest": manifest.hash.to_string(),
        "engine": engine_id().to_string(),
        "processes": processes,
    }));
    Ok(Exit::Fine)
}

/// What is known of an entry.
struct Facts {
    dialect: String,
    imports: Vec<String>,
    exports: Vec<String>,
    /// What the module will do that its author may not mean.
    warnings: Vec<String>,
    /// What it may use up, as it will be: the entry's own, or the default.
    limits: Vec<(&'static str, u64)>,
}

fn facts(process: &Process, guest: &WasmActor) -> Facts {
    let module: &Module = guest.module();
    let (own, wasm, core) = (&process.limits, WasmLimits::default(), Limits::default());
    Facts {
        dialect: module.dialect().to_string(),
        imports: module.imports(),
        exports: module.exports(),
        warnings: module.warnings(),
        limits: vec![
            ("fuel_per_message", own.fuel_per_message.unwrap_or(wasm.fuel_per_message)),
            ("memory_max", own.memory_max_bytes.unwrap_or(wasm.memory_max)),
            ("stack_max", own.stack_max_bytes.unwrap_or(wasm.stack_max)),
            ("mailbox.count", own.mailbox_count_max.unwrap_or(core.mailbox_count).into()),
            ("mailbox.bytes", own.mailbox_bytes_max.unwrap_or(core.mailbox_bytes).into()),
            ("outbox_max", own.outbox_max.unwrap_or(core.outbox_max).into()),
        ],
    }
}

fn text(process: &Process, guest: &WasmActor) -> String {
    let facts = facts(process, guest);
    let limits: Vec<String> = facts.limits.iter().map(|(key, value)| format!("{key} {value}")).collect();
    let list = |label: &str, items: &[String]| {
        let lines = items.iter().enumerate();
        lines.map(|(i, item)| format!("  {:<9}{item}\n", if i == 0 { label } else { "" })).collect::<String>()
    };
    format!(
        "{}\n  module   {}\n  hash     {}\n  dialect  {}\n{}{}{}  limits   {}",
        process.id,
        process.path.display(),
        process.hash,
        facts.dialect,
        list("imports", &facts.imports),
        list("exports", &facts.exports),
        list("warning", &facts.warnings),
        limits.join(", "),
    )
}

fn object(process: &Process, guest: &WasmActor) -> Value {
    let facts = facts(process, guest);
    let limits: serde_json::Map<String, Value> =
        facts.limits.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "id": process.id,
        "path": process.path.display().to_string(),
        "hash": process.hash.to_string(),
        "dialect": facts.dialect,
        "imports": facts.imports,
        "exports": facts.exports,
        "warnings": facts.warnings,
        "limits": limits,
    })
}
