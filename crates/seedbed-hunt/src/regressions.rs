//! Findings that are kept with the code and run first.
//!
//! By name, as far as the keys of the tape are met, then in plain order: modules may have changed
//! since, that is a note. Only a broken property fails. A tape none of whose keys is met tests
//! nothing any more, and is refused as dead.

use crate::examine::keep;
use crate::quiet::quietly;
use seedbed_sim::{Broken, Outcome, Program, RunConfig, replay};
use seedbed_trace::{FileError, Finding, Identity, Mismatch};
use std::path::{Path, PathBuf};

/// The usual directory.
pub const DIR: &str = "seedbed-regressions";

/// One kept finding, run again.
#[derive(Debug)]
pub struct Regression {
    /// Its file.
    pub path: PathBuf,
    /// What it says.
    pub finding: Finding,
    /// What became of it.
    pub verdict: Verdict,
    /// What has changed since.
    pub notes: Vec<Mismatch>,
    /// Entries of the tape that could be followed, and that could not.
    pub met: (u32, u32),
}

/// What became of a kept finding.
#[derive(Debug)]
pub enum Verdict {
    /// No property broke.
    Holds,
    /// A property broke: the one of the finding, or another.
    Broken(Broken, Box<Outcome>),
    /// Not one key of its tape was met.
    Dead,
    /// What it drew is nothing that the program of today can be given.
    Unreadable(String),
}

impl Regression {
    /// True if it fails the test: a property broke, or it is dead.
    pub fn fails(&self) -> bool {
        !matches!(self.verdict, Verdict::Holds)
    }
}

/// Keeps a finding in a directory of regressions.
///
/// # Errors
/// If it cannot be written.
pub fn keep_regression(dir: &Path, finding: &Finding) -> Result<PathBuf, FileError> {
    keep(dir, finding)
}

/// Runs all findings of this name in a directory, by file name. No directory means none. `program`
/// gives what a finding is to be run with: its own drawn values, if it has any.
///
/// # Errors
/// If the directory or a file in it cannot be read: a regression that is not run is worse than one
/// that fails.
pub fn run_regressions<'p>(
    program: impl Fn(&Finding) -> Result<Box<dyn Program + 'p>, String>,
    name: &str,
    now: &Identity,
    dir: &Path,
) -> Result<Vec<Regression>, FileError> {
    let mut out = Vec::new();
    for path in files(dir)? {
        let finding = Finding::read(&path)?;
        if finding.name == name {
            out.push(match program(&finding) {
                Ok(program) => run_one(&*program, path, finding, now),
                Err(text) => Regression {
                    path,
                    notes: finding.identity.differences(now),
                    finding,
                    verdict: Verdict::Unreadable(text),
                    met: (0, 0),
                },
            });
        }
    }
    Ok(out)
}

fn run_one(program: &dyn Program, path: PathBuf, finding: Finding, now: &Identity) -> Regression {
    let notes = finding.identity.differences(now);
    let config = RunConfig { seed: finding.seed, steps_hint: finding.steps_hint };
    let (verdict, met) = match quietly(|| replay(program, &config, &finding.tape, false, Vec::new())) {
        Ok(outcome) => {
            let met = (outcome.met, outcome.skipped);
            let verdict = match outcome.found.clone() {
                Some(broken) => Verdict::Broken(broken, Box::new(outcome)),
                None if outcome.met == 0 && !finding.tape.entries.is_empty() => Verdict::Dead,
                None => Verdict::Holds,
            };
            (verdict, met)
        }
        // A tape that contradicts itself can be followed nowhere.
        Err(_) => (Verdict::Dead, (0, u32::try_from(finding.tape.entries.len()).unwrap_or(u32::MAX))),
    };
    Regression { path, finding, verdict, notes, met }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = |source| FileError::Io { action: "read the directory", path: dir.to_owned(), source };
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed)?,
    };
    let mut out = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "seedbed") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}
