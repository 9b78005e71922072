//! The same seed, the same run (invariant 10).

use seedbed_hunt::quietly;
use seedbed_sim::{Outcome, Program, RunConfig, StrategySpec, run_with};

/// 10: runs a program twice with one seed; both runs must be the same. The second has its memory at
/// other addresses, and every hash map is seeded anew in each.
///
/// # Errors
/// In what they differ.
pub fn same_run(program: &dyn Program, run: &RunConfig, strategy: StrategySpec) -> Result<(), String> {
    let once = || quietly(|| run_with(program, run, strategy.build(), Vec::new()).0);
    let first = once();
    // Blocks of all sizes, every other one given back: what comes now lies elsewhere.
    let mut blocks: Vec<Option<Vec<u8>>> = (0..4096usize).map(|n| Some(vec![0; 8 + n * 7 % 2000])).collect();
    blocks.iter_mut().step_by(2).for_each(|block| *block = None);
    let second = deeper(once, 16);
    drop(blocks);
    let figures = |o: &Outcome| {
        [
            ("trace hash", format!("{:#x}", o.trace_hash)),
            ("steps", o.stats.steps.to_string()),
            ("virtual time", o.time.to_string()),
            ("state hash", format!("{:#x}", o.state_hash)),
            ("tape", format!("{:?}", o.tape.entries)),
            ("finding", format!("{:?}", o.found)),
        ]
    };
    let differs = figures(&first).into_iter().zip(figures(&second)).find(|(one, other)| one != other);
    match differs {
        Some(((what, one), (_, other))) => {
            Err(format!("seed {:#x}: {what} is {one} in one run and {other} in the next", run.seed))
        }
        None => Ok(()),
    }
}

/// Calls `f` with more on the stack.
#[inline(never)]
fn deeper<T>(f: impl FnOnce() -> T, depth: u32) -> T {
    let room = std::hint::black_box([depth; 64]);
    if room[0] == 0 { f() } else { deeper(f, depth - 1) }
}
