//! A tape that stands in a test, as text.

use seedbed_core::Tape;
use seedbed_hunt::quietly;
use seedbed_sim::{Program, RunConfig, replay};

/// Follows a tape that is given as text (`seedbed shrink --emit test` writes such tests): by name, as far
/// as its keys are met, then in plain order.
///
/// # Panics
/// If a property breaks, the text is no tape, or nothing on it was met, so that it tests nothing: that
/// is how a test fails.
pub fn follow(program: &dyn Program, seed: u64, tape: &str) {
    if let Err(failure) = try_follow(program, seed, tape) {
        panic!("\n\n{failure}\n");
    }
}

pub(crate) fn try_follow(program: &dyn Program, seed: u64, text: &str) -> Result<(), String> {
    let tape: Tape = text.parse().map_err(|e| format!("failed to {e}"))?;
    // What a strategy would be told of the program's length matters to no tape.
    let outcome = quietly(|| replay(program, &RunConfig::seed(seed), &tape, false, Vec::new()));
    let outcome = outcome.map_err(|e| format!("failed to {e}"))?;
    match outcome.found {
        Some(broken) => Err(format!("   BROKEN on its tape: {broken}")),
        None if outcome.met == 0 && !tape.entries.is_empty() => {
            Err("   DEAD TAPE: nothing on it was met, so it tests nothing; delete it, or hunt anew"
                .to_owned())
        }
        None => Ok(()),
    }
}
