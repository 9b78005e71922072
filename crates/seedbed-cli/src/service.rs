//! A manifest on the real reactor, and what is told of it.

use crate::args::Service;
use crate::block::millis;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::log::{self, Lines, Logger};
use crate::output::{Output, count};
use seedbed_core::{ExitReason, Failure as Failed, InputStats};
use seedbed_hunt::block::{labelled, plain, spent};
use seedbed_manifest::{Judged, Scenario, Served, ServiceConfig, ServiceEnd, Until};
use seedbed_rt::StopHandle;
use serde_json::{Value, json};

/// How something is run, beside what the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// Writes down what enters the nodes.
    pub(crate) record: bool,
    /// What runs has the standard streams.
    pub(crate) streams: bool,
    /// The path of the actor whose end is told.
    pub(crate) watch: Option<String>,
}

/// Runs it to its end.
pub(crate) fn serve(scenario: &Scenario, args: &Service, how: How, out: Output) -> Result<Served, Failure> {
    if let Some(from) = log::level()? {
        let logger = Logger(Lines { from, paint: out.paint() });
        tracing::subscriber::set_global_default(logger).map_err(Failure::unexpected)?;
    }
    let stop = StopHandle::default();
    let handle = stop.clone();
    interrupt::watch_with(move || handle.stop())?;
    let config = ServiceConfig {
        store: args.store.clone(),
        until: if args.stay { Until::Stopped } else { Until::Rest },
        time_max: args.time,
        record: how.record,
        streams: how.streams,
        watch: how.watch,
        ..ServiceConfig::default()
    };
    scenario.serve(&config, &stop).map_err(|error| Failure::unexpected(format_args!("failed to {error}")))
}

/// Tells what came of it, and what was returned, and gives the exit code.
pub(crate) fn tell(name: &str, served: &Served, returned: Option<&str>, out: Output) -> Exit {
    let broken = served.properties.iter().any(|(_, judged)| matches!(judged, Judged::Broken(_)));
    let is_failure = |reason: &ExitReason| matches!(reason, ExitReason::Failed(_));
    let program = served.watched.as_ref().map(|ended| &ended.reason);
    let failed = !served.gave_up.is_empty() || served.trees_ended.values().chain(program).any(is_failure);
    let word = match served.end {
        _ if broken => out.paint().error("BROKEN"),
        _ if failed => out.paint().error("FAILED"),
        ServiceEnd::Stopped => out.paint().warning("STOPPED"),
        ServiceEnd::Time => out.paint().warning("TIME IS UP"),
        ServiceEnd::Rest | ServiceEnd::Trees => out.paint().good("DONE"),
    };
    let end = end(served.end);
    let lines = |label, lines: Vec<String>| labelled(label, lines);
    out.say(&format!("   {word}  {name}  {end}   ({}, {})", count(served.turns, "turn"), spent(served.time)));
    let inputs = served.inputs.iter().map(|(name, stats)| format!("{}: {}", plain(name), input(stats)));
    let trees = served.trees_ended.iter().map(|(node, reason)| format!("{}: {reason}", plain(node)));
    let gave_up =
        served.gave_up.iter().map(|(node, child)| format!("{}: on `{}`", plain(node), plain(child)));
    let program_ended = program.map(|reason| format!("{}: {reason}", plain(name)));
    let checked = served.properties.iter().map(|(name, judged)| match judged {
        Judged::Held => format!("`{}` held", plain(name)),
        Judged::Broken(why) => format!("`{}` is broken: {}", plain(name), plain(why)),
        Judged::Unknown(why) => format!("`{}` cannot be judged: {why}", plain(name)),
    });
    let mut notes = Vec::new();
    if served.facts.restarts > 0 {
        notes.push(count(served.facts.restarts, "restart"));
    }
    if served.dead_letters > 0 {
        notes.push(count(served.dead_letters, "dead letter"));
    }
    if served.killed > 0 {
        notes.push(format!("{} killed in the shutdown", count(served.killed as u64, "actor")));
    }
    let text = lines("inputs", inputs.collect())
        + &lines("ended", program_ended.into_iter().chain(trees).collect())
        + &lines("gave up", gave_up.collect())
        + &lines("checked", checked.collect())
        + &lines("noted", if notes.is_empty() { notes } else { vec![notes.join(", ")] });
    if !text.is_empty() {
        out.say(text.trim_start_matches('\n'));
    }
    let by_key = served.facts.facts.iter();
    let mut facts: Vec<(&str, &str, i64)> = by_key
        .flat_map(|(key, values)| values.iter().map(|(path, value)| (path.as_str(), key.as_str(), *value)))
        // Those of the inputs stand above.
        .filter(|(path, ..)| !path.starts_with("outside/"))
        .collect();
    facts.sort_unstable();
    for (path, key, value) in facts {
        out.data(&format!("{}  {} = {value}", plain(path), plain(key)));
    }
    if let Some(returned) = returned {
        out.data(returned);
    }
    out.result(object(name, served, returned));
    match program {
        _ if broken => Exit::Unexpected,
        Some(ExitReason::Failed(Failed::ExitCode(code))) => {
            // A code that the shell cannot be told is no success either.
            u8::try_from(*code).map_or(Exit::Unexpected, Exit::Program)
        }
        _ if failed => Exit::Unexpected,
        _ => Exit::Fine,
    }
}

fn input(stats: &InputStats) -> String {
    let mut parts = vec![format!("{} sent", stats.sent)];
    if stats.replied > 0 {
        parts.push(format!("{} answered", stats.replied));
    }
    parts.extend(stats.failed.iter().map(|(failure, n)| format!("{n} × {failure}")));
    parts.join(", ")
}

fn end(end: ServiceEnd) -> &'static str {
    match end {
        ServiceEnd::Rest => "at rest",
        ServiceEnd::Stopped => "interrupted",
        ServiceEnd::Time => "after its time",
        ServiceEnd::Trees => "no tree is left",
    }
}

fn object(name: &str, served: &Served, returned: Option<&str>) -> Value {
    let property = |(name, judged): &(String, Judged)| {
        let (judged, why) = match judged {
            Judged::Held => ("held", None),
            Judged::Broken(why) => ("broken", Some(why.as_str())),
            Judged::Unknown(why) => ("unknown", Some(*why)),
        };
        json!({ "name": name, "judged": judged, "why": why })
    };
    let input = |(name, stats): (&String, &InputStats)| {
        let failed: u64 = stats.failed.values().sum();
        json!({ "name": name, "sent": stats.sent, "answered": stats.replied, "failed": failed })
    };
    let trees = served.trees_ended.iter().map(|(node, reason)| (node.clone(), json!(reason.to_string())));
    json!({
        "event": "run",
        "name": name,
        "end": end(served.end),
        "elapsed_ms": millis(served.time),
        "turns": served.turns,
        "returned": returned,
        "restarts": served.facts.restarts,
        "dead_letters": served.dead_letters,
        "killed": served.killed,
        "inputs": served.inputs.iter().map(input).collect::<Vec<_>>(),
        "properties": served.properties.iter().map(property).collect::<Vec<_>>(),
        "trees_ended": trees.collect::<serde_json::Map<_, _>>(),
        "gave_up": served.gave_up,
        "facts": served.facts.facts,
    })
}
