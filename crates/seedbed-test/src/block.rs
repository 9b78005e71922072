//! A finding, as a failing test prints it (spec `cli.md`).

use seedbed_hunt::Examined;
use seedbed_trace::Finding;
use std::fmt::Write;

/// The block, without the line to paste.
pub(crate) fn block(examined: &Examined, run: Option<(u64, u64)>) -> String {
    let finding = &examined.finding;
    let mut out = String::new();
    let of = run.map_or_else(String::new, |(index, of)| format!("   (run {} of {of})", index + 1));
    let Finding { name, seed, step, time, property, when, message, original, tape, .. } = finding;
    let _ = writeln!(out, "   FINDING  {name}  seed {seed:#x}  step {step}  t {time}{of}");
    let _ = writeln!(out, "            broken: `{property}` ({when}): {message}");
    for (i, line) in finding.why.iter().enumerate() {
        let label = if i == 0 { "why" } else { "" };
        let _ = writeln!(out, "            {label:<9}{:<8}{}   t {}", line.kind, line.text, line.time);
    }
    if let Some(unstable) = &examined.unstable {
        let _ = writeln!(out, "            NOT DETERMINISTIC: {unstable}");
    }
    if original.shrink_runs > 0 {
        let _ = writeln!(
            out,
            "            shrunk   {} → {} choices, {} → {} faults, in {} runs",
            original.choices,
            tape.entries.len(),
            original.faults,
            tape.faults(),
            original.shrink_runs,
        );
    }
    for entry in tape.entries.iter().take(12) {
        let _ = writeln!(out, "            tape     {}", tape.describe(entry));
    }
    out
}
