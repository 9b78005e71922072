//! `seedbed why`: the causal chain of a finding, as it was kept.

use crate::args::Why;
use crate::block::{self, Beside};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity;
use crate::output::Output;
use serde_json::json;

pub(crate) fn run(args: &Why, out: Output) -> Result<Exit, Failure> {
    let finding = identity::read(&args.finding)?;
    for line in seedbed_hunt::block::why(&finding) {
        out.data(&line);
    }
    let mut event = block::object(&finding, &Beside { path: Some(&args.finding), ..Beside::default() });
    event["event"] = json!("why");
    out.result(event);
    Ok(Exit::Fine)
}
