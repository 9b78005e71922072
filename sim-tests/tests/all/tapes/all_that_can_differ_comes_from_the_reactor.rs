//! K1, trap 3: all that can differ between two runs enters as the time, the key, the choice of a
//! delivery, or the answer to a choice point; nothing is carried from one run into the next.

use super::corpus::corpus;
use seedbed_sim::InWorld;
use sim_tests::{SEEDS, once, strategy};

#[test]
fn t03_the_same_seed_gives_the_same_run_after_and_beside_any_others() {
    let run = |entry: &super::corpus::Entry, seed: u64| {
        let program = InWorld { config: entry.1.clone(), program: entry.2 };
        once(&program, seed, strategy(seed))
    };
    let corpus = corpus();
    let forward: Vec<_> = corpus.iter().flat_map(|e| (0..SEEDS).map(move |s| run(e, s))).collect();
    let mut backward: Vec<_> =
        corpus.iter().rev().flat_map(|e| (0..SEEDS).rev().map(move |s| run(e, s))).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let hashes: std::collections::BTreeSet<u64> = forward.iter().map(|o| o.trace_hash).collect();
    assert_eq!(hashes.len(), forward.len(), "another seed is another run");
}
