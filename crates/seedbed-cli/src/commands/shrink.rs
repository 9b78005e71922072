//! `seedbed shrink`: a finding is made smaller, in place.

use crate::args::{Emit, OfFinding, Shrink};
use crate::block::{self, Beside};
use crate::commands::hunt::cores;
use crate::commands::replay::{load, strictly};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity;
use crate::interrupt;
use crate::output::Output;
use seedbed_hunt::block::plain;
use seedbed_hunt::{ShrinkBudget, shrink_finding};
use seedbed_trace::Finding;
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
    match args.emit {
        Some(Emit::Tape) => out.data(&shrunk.finding.tape.to_string()),
        Some(Emit::Test) => out.data(&test(&shrunk.finding, &args.of)?),
        None => {}
    }
    let mut event = block::object(&shrunk.finding, &beside);
    event["tape_text"] = json!(shrunk.finding.tape.to_string());
    event["event"] = json!("shrink");
    out.result(event);
    let interrupted = interrupt::asked().load(Ordering::Relaxed);
    Ok(if interrupted { Exit::Incomplete } else { Exit::Fine })
}

/// The finding as a test that holds its tape: it fails until the mistake is mended.
fn test(finding: &Finding, of: &OfFinding) -> Result<String, Failure> {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = finding.name.chars().map(word).collect();
    let given = of.manifest.as_ref().map(|manifest| manifest.display().to_string());
    let manifest = given.or_else(|| identity::manifest_from_here(finding, &of.finding));
    let manifest = manifest.unwrap_or_else(|| "seedbed.toml".to_owned());
    let settings = identity::settings(&finding.identity)?;
    let load = if settings.values.is_empty() {
        format!(
            "    let program = seedbed_manifest::Scenario::load({manifest:?}.as_ref()).expect(\"the manifest loads\");\n"
        )
    } else {
        let set = |(id, value): (&String, &String)| {
            format!("    given.values.insert({id:?}.into(), {value:?}.into());\n")
        };
        format!(
            "    let mut given = seedbed_manifest::Given::default();
{}    let manifest = seedbed_manifest::Manifest::load({manifest:?}.as_ref()).expect(\"the manifest is right\");
    let program = seedbed_manifest::Scenario::given(manifest, &given).expect(\"its guests load\");\n",
            settings.values.iter().map(set).collect::<String>(),
        )
    };
    let (needs, world) = match &settings.faults {
        None => ("", String::new()),
        Some(profile) => {
            let faults = format!("seedbed_sim::Faults::profile({profile:?}).expect(\"a profile\")");
            (
                ", seedbed-sim",
                format!("    let program = program.in_world(|world| world.faults = {faults});\n"),
            )
        }
    };
    // A raw text: whatever is in a path stays as it is.
    let tape: String = finding.tape.to_string().lines().map(|line| format!("        {line}\n")).collect();
    let fence = "#".repeat(1 + tape.matches("\"#").count());
    Ok(format!(
        "/// `{}` ({}): {}
#[test]
fn {name}_{:x}() {{
    // Dev-dependencies: seedbed-manifest, seedbed-test{needs}. Paths are from the package's directory on.
{load}{world}    seedbed_test::follow(&program, {:#x}, r{fence}\"
{tape}    \"{fence});
}}",
        plain(&finding.property),
        plain(&finding.when),
        finding.message.lines().map(plain).collect::<Vec<_>>().join("\n/// "),
        finding.seed,
        finding.seed,
    ))
}
