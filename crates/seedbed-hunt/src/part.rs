//! What a hunt, or one shard of it, leaves: enough to go on, and to be merged with other shards.

use crate::hunt::{Hunt, Shard};
use crate::summary::Summary;
use seedbed_trace::{FileError, Finding, Identity, Kind, file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// One shard of a hunt, as far as it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name of the test or manifest.
    pub name: String,
    /// What ran.
    pub identity: Identity,
    /// The hunt's seed.
    pub root: u64,
    /// The strategy, as on a command line.
    pub strategy: String,
    /// What strategies were told about the length of runs.
    pub steps_hint: u64,
    /// Which shard.
    pub shard: Shard,
    /// How many runs the whole hunt was asked for, if it was.
    pub asked: Option<u64>,
    /// How many runs of this shard are done: always the first.
    pub done: u64,
    /// True if the strategy had nothing left to try.
    pub exhausted: bool,
    /// What they did.
    pub summary: Summary,
    /// What they found.
    pub findings: Vec<Finding>,
}

/// Parts of one hunt, put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What all runs did.
    pub summary: Summary,
    /// What they found: each property once, with the run of the lowest index, by index.
    pub findings: Vec<Finding>,
    /// How many findings were duplicates.
    pub duplicates: u64,
    /// Shards of which there is no part.
    pub missing: Vec<u64>,
    /// Shards that are there and did not do all their runs.
    pub unfinished: Vec<u64>,
}

/// Why parts do not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// They belong to different hunts.
    #[error("put parts of different hunts together: {what} is {one} and {other}")]
    Other {
        /// In what they differ.
        what: &'static str,
        /// On one side.
        one: String,
        /// On the other.
        other: String,
    },
    /// The modules, the manifest, the world or a version changed.
    #[error("go on with a hunt of something else: {0}")]
    Stale(String),
    /// Two parts of one shard.
    #[error("merge two parts of shard {0}")]
    Twice(u64),
    /// No part at all.
    #[error("merge nothing")]
    Nothing,
    /// Runs of this strategy depend on those before, which are not kept.
    #[error("go on with a hunt by `{0}`: each of its runs depends on the ones before; begin again")]
    Sequential(String),
}

impl Part {
    /// A part that has done nothing.
    pub(crate) fn new(hunt: &Hunt<'_>, steps_hint: u64) -> Part {
        Part {
            name: hunt.name.clone(),
            identity: hunt.identity.clone(),
            root: hunt.root,
            strategy: hunt.decides(),
            steps_hint,
            shard: hunt.shard,
            asked: hunt.budget.runs,
            done: 0,
            exhausted: false,
            summary: Summary::of(&hunt.program.config()),
            findings: Vec::new(),
        }
    }

    /// The part to go on with, if it is of this very hunt.
    pub(crate) fn resumed(mut self, hunt: &Hunt<'_>) -> Result<Part, PartError> {
        if hunt.strategy.is_sequential() {
            return Err(PartError::Sequential(self.strategy));
        }
        self.fits(&Part::new(hunt, self.steps_hint))?;
        same("shard", self.shard.index + 1, hunt.shard.index + 1)?;
        self.asked = hunt.budget.runs;
        Ok(self)
    }

    /// Reads a part.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn read(path: &Path) -> Result<Part, FileError> {
        file::read(Kind::Part, path)
    }

    /// Writes a part, whole or not at all.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        file::write(Kind::Part, path, self)
    }

    /// True if every run that was asked for is done.
    pub fn is_complete(&self) -> bool {
        self.exhausted || self.asked.is_some_and(|runs| self.done >= self.shard.share_of(runs))
    }

    fn fits(&self, other: &Part) -> Result<(), PartError> {
        same("the name", &self.name, &other.name)?;
        same("the seed", format!("{:#x}", self.root), format!("{:#x}", other.root))?;
        same("the strategy", &self.strategy, &other.strategy)?;
        same("the number of shards", self.shard.of, other.shard.of)?;
        same("the length of a run", self.steps_hint, other.steps_hint)?;
        match self.identity.differences(&other.identity).first() {
            Some(difference) => Err(PartError::Stale(difference.to_string())),
            None => Ok(()),
        }
    }
}

/// Puts the parts of a hunt together.
///
/// # Errors
/// See [`PartError`].
pub fn merge(parts: &[Part]) -> Result<Merged, PartError> {
    let first = parts.first().ok_or(PartError::Nothing)?;
    let mut summary = Summary::default();
    let mut shards = BTreeSet::new();
    let mut findings = Vec::new();
    for part in parts {
        first.fits(part)?;
        if !shards.insert(part.shard.index) {
            return Err(PartError::Twice(part.shard.index + 1));
        }
        summary.merge(&part.summary);
        findings.extend(part.findings.iter().cloned());
    }
    findings.sort_by_key(|f| (f.origin, f.seed));
    let all = findings.len();
    let mut properties = BTreeSet::new();
    findings.retain(|f| properties.insert(f.property.clone()));
    let unfinished = parts.iter().filter(|p| !p.is_complete()).map(|p| p.shard.index + 1);
    Ok(Merged {
        summary,
        duplicates: (all - findings.len()) as u64,
        findings,
        missing: (0..first.shard.of).filter(|i| !shards.contains(i)).map(|i| i + 1).collect(),
        unfinished: unfinished.collect(),
    })
}

fn same<T: PartialEq + ToString>(what: &'static str, one: T, other: T) -> Result<(), PartError> {
    if one == other {
        return Ok(());
    }
    Err(PartError::Other { what, one: one.to_string(), other: other.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: what a part of version 2 looks like never changes.
    #[test]
    fn the_format_is_pinned() {
        let summary = Summary {
            runs: 1,
            steps: 2,
            virtual_ns: 3,
            choice_points: 4,
            checks: 5,
            properties: 6,
            dead_letters: 7,
            restarts: 8,
            fuel: 9,
            cut: 10,
            faults: [("drop".to_owned(), 11)].into(),
            sometimes: [("it rains".to_owned(), true)].into(),
        };
        let part = Part {
            name: "transfer".into(),
            identity: Identity { run_format: 1, ..Identity::default() },
            root: 7,
            strategy: "random".into(),
            steps_hint: 100,
            shard: Shard { index: 1, of: 3 },
            asked: Some(1_000),
            done: 12,
            exhausted: false,
            summary,
            findings: Vec::new(),
        };
        let bytes = file::encode(Kind::Part, &part);
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, include_str!("golden/part-2.hex").trim());
        assert_eq!(file::decode::<Part>(Kind::Part, &bytes).unwrap(), part);
    }
}
