//! `seedbed diff`: where the runs of two findings part.

use crate::args::{Diff, OfFinding};
use crate::commands::replay::{load, strictly};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use seedbed_trace::{Trace, first_difference};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(args: &Diff, out: Output) -> Result<Exit, Failure> {
    let (a, b) = (trace(&args.a)?, trace(&args.b)?);
    let difference = first_difference(&a, &b);
    match &difference {
        Some(difference) => out.data(&difference.to_string()),
        None => out.say(&format!("the same, {} events", a.records.len())),
    }
    out.result(json!({
        "event": "diff",
        "same": difference.is_none(),
        "index": difference.as_ref().map(|d| d.index),
        "text": difference.as_ref().map(ToString::to_string),
    }));
    Ok(if difference.is_some() { Exit::Unexpected } else { Exit::Fine })
}

fn trace(path: &Path) -> Result<Trace, Failure> {
    let of = OfFinding { finding: path.to_owned(), manifest: None };
    let (finding, runnable) = load(&of)?;
    Ok(strictly(&finding, &runnable)?.trace)
}
