//! `[canary]`: a planted bug that a hunt must find before its silence means anything.
//!
//! Some entries are replaced by others that hold a known mistake; everything else, properties and
//! faults too, stays as it is.

use crate::decode::{At, Fields, FromToml, Problems, shown};
use crate::nearest::advice;
use crate::report::{Code, Problem};
use std::collections::{BTreeMap, BTreeSet};

/// In how many runs a canary must be found, where nothing else is said.
const RUNS: u64 = 1_000;

/// A planted bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// Ids of entries, and of those that take their place.
    pub replace: BTreeMap<String, String>,
    /// In how many runs it must be found.
    pub runs: u64,
}

/// Reads the table, with the ids of all entries.
pub(crate) fn read(fields: Fields<'_>, entries: &BTreeSet<String>, problems: &Problems) -> Canary {
    let known = |id: &At<String>| {
        let known = entries.contains(&id.value);
        if !known {
            let message = format!("no process has the id `{}`", shown(&id.value));
            let problem = Problem::new(Code::UnknownReference, id.span.clone(), message);
            problems.add(problem.help_if(advice(&id.value, entries.iter().map(String::as_str))));
        }
        known
    };
    let mut replace = BTreeMap::new();
    if let Some(node) = fields.required_node("replace")
        && let Some(table) = Fields::of(node, "what a canary replaces", problems)
    {
        for (id, node) in table.entries() {
            let Some(by) = At::<String>::from_toml(node, problems) else { continue };
            if known(&id) & known(&by) {
                if id.value == by.value {
                    let message = format!("`{}` in its own place is no mistake", shown(&id.value));
                    problems.add(Problem::new(Code::InvalidValue, by.span, message));
                }
                replace.insert(id.value, by.value);
            }
        }
        if table.entries().next().is_none() {
            let message = "a canary replaces at least one process";
            problems.add(Problem::new(Code::InvalidValue, node.span(), message));
        }
    }
    let runs = fields.optional::<At<u64>>("runs");
    if let Some(runs) = runs.as_ref().filter(|runs| runs.value == 0) {
        let message = "0 is out of range: expected a number of runs from 1";
        problems.add(Problem::new(Code::OutOfRange, runs.span.clone(), message));
    }
    fields.finish();
    Canary { replace, runs: runs.map_or(RUNS, |runs| runs.value) }
}
