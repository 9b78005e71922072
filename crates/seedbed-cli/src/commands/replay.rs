//! `seedbed replay`: a finding is run again.

use crate::args::{OfFinding, Replay};
use crate::block::{self, Beside};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::{self, Runnable};
use crate::output::Output;
use crate::{outcome, recording};
use seedbed_hunt::block::{labelled, plain};
use seedbed_hunt::{ReplayFailure, ReplayOptions, Replayed, replay_finding};
use seedbed_sim::World;
use seedbed_trace::{Finding, Kind};
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) fn run(args: &Replay, out: Output) -> Result<Exit, Failure> {
    if is_recording(&args.file) {
        return recording::replay(args, out);
    }
    let of = OfFinding { finding: args.file.clone(), manifest: args.manifest.clone() };
    let (mut finding, runnable) = load(&of)?;
    if let Some(path) = &args.tape {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::new(Exit::Usage, format_args!("failed to read {}: {e}", path.display())))?;
        finding.tape = text.parse().map_err(|e| Failure::new(Exit::Usage, format_args!("failed to {e}")))?;
    }
    let options = ReplayOptions { lenient: args.lenient, until: args.until };
    let (mut trees, mut facts) = (Vec::new(), Vec::<(String, String, i64)>::new());
    let replayed = replay(&finding, &runnable, &options, &mut |world| {
        trees = world.trees();
        let of = |key: &str| {
            let all = world.facts().all(key);
            all.map(|(path, value)| (path.to_owned(), key.to_owned(), value)).collect::<Vec<_>>()
        };
        facts = world.facts().keys().flat_map(of).collect();
        facts.sort();
    })?;
    for note in &replayed.notes {
        out.warn(&note.to_string());
    }
    if let Some((step, why)) = &replayed.outcome.left {
        out.warn(&format!("the tape was left in step {step}: failed to {why}"));
    }
    let left_early = args.until.is_some_and(|step| step < finding.step) && replayed.outcome.found.is_none();
    let end = if left_early { "left early" } else { outcome::end(&replayed.outcome) };
    let tree = left_early.then_some(trees.as_slice());
    if replayed.breaks_the_same(&finding) {
        out.say(&block::block(out.paint(), &finding, &Beside::default()));
    }
    let same = replayed.unlike.is_empty() && !left_early;
    if same {
        let text = "the finding: property, step, time, trace hash and state";
        out.say(labelled("same as", [text.to_owned()]).trim_start_matches('\n'));
    }
    out.data(&outcome::text(&replayed.outcome, end, tree));
    if left_early {
        for (path, key, value) in &facts {
            out.data(&format!("{}  {} = {value}", plain(path), plain(key)));
        }
    }
    let mut event = outcome::object(&replayed.outcome, end, tree);
    event["event"] = json!("replay");
    event["name"] = json!(finding.name);
    event["same"] = json!(same);
    event["breaks_the_same"] = json!(replayed.breaks_the_same(&finding));
    event["unlike"] = json!(replayed.unlike);
    event["notes"] = json!(replayed.notes.iter().map(ToString::to_string).collect::<Vec<_>>());
    if left_early {
        let objects =
            facts.iter().map(|(path, key, value)| json!({ "path": path, "key": key, "value": value }));
        event["facts"] = json!(objects.collect::<Vec<_>>());
    }
    // Another tape is another run; whether it breaks the same is what is asked.
    if !replayed.unlike.is_empty() && !args.lenient && args.tape.is_none() {
        return Err(unlike(&replayed));
    }
    out.result(event);
    for difference in &replayed.unlike {
        out.warn(difference);
    }
    Ok(if replayed.breaks_the_same(&finding) { Exit::Finding } else { Exit::Fine })
}

/// True if the file says that it is one; anything else is read as a finding, and judged there.
fn is_recording(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && Kind::of(&head) == Some(Kind::Recording)
}

/// Reads a finding, and loads what it is of.
pub(crate) fn load(of: &OfFinding) -> Result<(Finding, Runnable), Failure> {
    let finding = identity::read(&of.finding)?;
    let runnable = identity::of_finding(&finding, &of.finding, of.manifest.as_deref())?;
    Ok((finding, runnable))
}

/// Replays strictly; that it is not the same run is a failure.
pub(crate) fn strictly(finding: &Finding, runnable: &Runnable) -> Result<Replayed, Failure> {
    let replayed = replay(finding, runnable, &ReplayOptions::default(), &mut |_| {})?;
    if replayed.unlike.is_empty() { Ok(replayed) } else { Err(unlike(&replayed)) }
}

fn replay(
    finding: &Finding,
    runnable: &Runnable,
    options: &ReplayOptions,
    show: &mut dyn FnMut(&World),
) -> Result<Replayed, Failure> {
    replay_finding(&runnable.scenario, finding, &runnable.identity, options, show).map_err(|error| {
        let exit = match error {
            ReplayFailure::Stale(_) => Exit::Stale,
            ReplayFailure::Diverged { .. } => Exit::Nondeterminism,
            _ => Exit::Usage,
        };
        let failure = Failure::new(exit, format_args!("failed to {error}"));
        match exit {
            Exit::Stale => failure.help("`--lenient` follows the tape as far as it goes"),
            _ => failure,
        }
    })
}

fn unlike(replayed: &Replayed) -> Failure {
    Failure::new(
        Exit::Nondeterminism,
        format_args!("the replay is another run: {}", replayed.unlike.join("; ")),
    )
}
