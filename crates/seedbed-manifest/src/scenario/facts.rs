//! What conditions ask of a world.

use super::TREE;
use crate::cel::{self, CompiledProperty, FactSource, Verdict};
use seedbed_sim::{Reads, World};

/// A simulated world, between two turns.
pub(super) struct OfWorld<'a>(pub(super) &'a World);

impl FactSource for OfWorld<'_> {
    fn facts(&self, key: &str, each: &mut dyn FnMut(i64)) {
        self.0.facts().all(key).for_each(|(_, value)| each(value));
    }

    fn fact(&self, node: Option<&str>, path: &str, key: &str) -> Option<i64> {
        let nodes = self.0.nodes().map(|(name, _)| name);
        find(|path| self.0.facts().get(path, key), nodes, node, path)
    }

    fn time_ns(&self) -> u64 {
        self.0.now().as_nanos()
    }

    fn dead_letters(&self) -> u64 {
        self.0.stats().dead_letters
    }

    fn restarts(&self) -> u64 {
        self.0.stats().restarts
    }
}

/// The fact of one actor. `/ledger` begins at the tree of a node: the one that is named, or else
/// the first, in the order of the nodes, on which there is such a fact. Any other path is whole.
pub(crate) fn find<'n>(
    get: impl Fn(&str) -> Option<i64>,
    mut nodes: impl Iterator<Item = &'n str>,
    node: Option<&str>,
    path: &str,
) -> Option<i64> {
    match (path.starts_with('/'), node) {
        (true, Some(node)) => get(&format!("{node}/{TREE}{path}")),
        (true, None) => nodes.find_map(|node| get(&format!("{node}/{TREE}{path}"))),
        (false, Some(node)) => get(&format!("{node}/{path}")),
        (false, None) => get(path),
    }
}

/// What is wrong, for people. A condition without a value does not hold.
pub(crate) fn judge(condition: &CompiledProperty, facts: &dyn FactSource) -> Result<(), String> {
    match condition.evaluate(facts) {
        Ok(Verdict::Holds) => Ok(()),
        Ok(Verdict::Broken(why)) => Err(why),
        Err(none) => Err(none.to_string()),
    }
}

/// What `always` looks again for.
pub(super) fn reads(reads: &cel::Reads) -> Reads {
    Reads::default()
        .with(Reads::FACTS, !reads.keys.is_empty())
        .with(Reads::TIME, reads.time)
        .with(Reads::DEAD_LETTERS, reads.dead_letters)
        .with(Reads::RESTARTS, reads.restarts)
}
