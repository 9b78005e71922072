//! What many runs covered.

use crate::output::count;
use seedbed_hunt::Summary;
use seedbed_hunt::block::labelled;
use serde_json::{Value, json};

/// What they covered, in a few lines.
pub(crate) fn text(summary: &Summary) -> String {
    let covered = format!(
        "{}, {}, {} of virtual time",
        count(summary.steps, "step"),
        count(summary.choice_points, "choice point"),
        virtual_time(summary.virtual_ns),
    );
    let faults: Vec<String> = summary.faults.iter().map(|(kind, n)| format!("{n} × {kind}")).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
    let seen = summary.sometimes.values().filter(|seen| **seen).count();
    let seen =
        (!summary.sometimes.is_empty()).then(|| format!("{seen} of {} `sometimes`", summary.sometimes.len()));
    let checked = format!("{}, looked at {} times", count(summary.properties, "property"), summary.checks);
    let text = labelled("covered", [covered])
        + &labelled("faults", [faults])
        + &labelled("seen", seen)
        + &labelled("checked", [checked]);
    text.trim_start_matches('\n').to_owned()
}

/// The same and more as data.
pub(crate) fn object(summary: &Summary) -> Value {
    json!({
        "runs": summary.runs,
        "steps": summary.steps,
        "virtual_ns": summary.virtual_ns,
        "choice_points": summary.choice_points,
        "properties": summary.properties,
        "checks": summary.checks,
        "dead_letters": summary.dead_letters,
        "restarts": summary.restarts,
        "fuel": summary.fuel,
        "cut": summary.cut,
        "faults": summary.faults,
        "sometimes": summary.sometimes,
    })
}

/// `41 s`, `12 min 3 s`, `5 h 12 min`, `3 d 4 h`.
fn virtual_time(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds == 0 => format!("{} ms", ns / 1_000_000),
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_has_two_units_at_most() {
        for (seconds, wanted) in
            [(41, "41 s"), (723, "12 min 3 s"), (18_720, "5 h 12 min"), (273_600, "3 d 4 h"), (0, "0 ms")]
        {
            assert_eq!(virtual_time(seconds * 1_000_000_000), wanted);
        }
    }
}
