//! The corpus of planted bugs: programs with one mistake each, and their twins without it.
//!
//! A program is a directory of `fixtures/corpus`: `seedbed.toml` has the mistake, `fixed.toml` is its
//! twin. `corpus.toml` says of each what breaks, why, and how deep it is. Tests and tables read the
//! corpus through this crate; `docs/finding-bugs.md` shows it.

use seedbed_core::Tape;
use seedbed_manifest::{LoadError, Scenario};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One planted bug.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its directory.
    pub name: String,
    /// What kind of program it is in.
    pub group: Group,
    /// The property that it breaks, and no other.
    pub property: String,
    /// What goes wrong, for whoever uses the program.
    pub breaks: String,
    /// The mistake: what an explanation of a finding has to come to.
    pub cause: String,
    /// Lines of an explanation that comes to the cause, each another one; `…` stands for whatever is between two parts of
    /// a line, and ` | ` parts what does as well.
    pub tells: Vec<String>,
    /// How many odd decisions it takes: faults, delays, and deliveries that others pass.
    pub depth: u32,
    /// The seed of the run with the smallest tape that is known.
    #[serde(deserialize_with = "parsed_seed")]
    pub seed: u64,
    /// That tape.
    #[serde(deserialize_with = "parsed")]
    pub smallest: Tape,
}

/// What stands as text.
fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// A seed as findings show it: a number of 64 bits is more than an integer of TOML holds.
fn parsed_seed<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let text = String::deserialize(from)?;
    let hex = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("a seed begins with `0x`"))?;
    u64::from_str_radix(hex, 16).map_err(D::Error::custom)
}

/// Kinds of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Starts, restarts, links and monitors.
    Supervision,
    /// Requests, replies and timeouts.
    Requests,
    /// Elections and leases.
    Elections,
    /// Two-phase commit and transfer.
    Transactions,
    /// A replicated log.
    Log,
    /// Queues and work sharing.
    Queues,
    /// Limits that are reached.
    Resources,
    /// Clocks that jump.
    Clocks,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Group::Supervision => "supervision",
            Group::Requests => "requests and timeouts",
            Group::Elections => "elections and leases",
            Group::Transactions => "two-phase commit and transfer",
            Group::Log => "a replicated log",
            Group::Queues => "queues",
            Group::Resources => "resources",
            Group::Clocks => "clocks",
        })
    }
}

/// Why the corpus cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// The file cannot be read.
    #[error("read {}: {source}", path.display())]
    Read {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not what [`Entry`] says.
    #[error("parse {}: {source}", path.display())]
    Parse {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        source: Box<toml::de::Error>,
    },
}

/// The corpus of this checkout.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus")
}

/// All planted bugs, in the order of `corpus.toml`.
///
/// # Errors
/// See [`CorpusError`].
pub fn entries() -> Result<Vec<Entry>, CorpusError> {
    read(&directory().join("corpus.toml"))
}

/// The entries of a file like `corpus.toml`.
///
/// # Errors
/// See [`CorpusError`].
pub fn read(path: &Path) -> Result<Vec<Entry>, CorpusError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Corpus {
        entry: Vec<Entry>,
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| CorpusError::Read { path: path.to_owned(), source })?;
    let corpus = toml::from_str::<Corpus>(&text);
    let wrong = |source: toml::de::Error| CorpusError::Parse { path: path.to_owned(), source: source.into() };
    Ok(corpus.map_err(wrong)?.entry)
}

impl Entry {
    /// Its directory.
    pub fn directory(&self) -> PathBuf {
        directory().join(&self.name)
    }

    /// What an explanation of a finding lacks of what tells the cause, by its lines.
    pub fn untold(&self, explanation: &[String]) -> Vec<&str> {
        let mut taken = BTreeSet::new();
        let mut told = |tells: &&str| {
            let mut lines = explanation.iter().enumerate();
            let line = lines.find(|(at, line)| !taken.contains(at) && says(line, tells));
            line.is_some_and(|(at, _)| taken.insert(at))
        };
        self.tells.iter().map(String::as_str).filter(|tells| !told(tells)).collect()
    }

    /// The program with the mistake.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn broken(&self) -> Result<Scenario, LoadError> {
        Scenario::load(&self.directory().join("seedbed.toml"))
    }

    /// Its twin without it.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn fixed(&self) -> Result<Scenario, LoadError> {
        Scenario::load(&self.directory().join("fixed.toml"))
    }
}

/// True if all parts of one of the things that are to be told are in the line, one after another.
fn says(line: &str, tells: &str) -> bool {
    let is_in = |parts: &str| {
        let rest = parts.split('…').try_fold(line, |rest, part| {
            let at = rest.find(part)?;
            Some(&rest[at + part.len()..])
        });
        rest.is_some()
    };
    tells.split(" | ").any(is_in)
}

/// The entries as the table of `docs/finding-bugs.md`.
pub fn table(entries: &[Entry]) -> String {
    let mut table = String::from("| bug | group | what breaks | depth | smallest |\n|---|---|---|---|---|\n");
    for Entry { name, group, breaks, depth, smallest, .. } in entries {
        let smallest = smallest.choices();
        table += &format!("| `{name}` | {group} | {breaks} | {depth} | {smallest} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn parts_stand_in_one_line_in_their_order() {
        let line = "kill main/tree/index, after its turn: \"asks for 3\"";
        assert!(says(line, "kill main/tree/index"));
        assert!(says(line, "kill …: \"asks for"));
        assert!(!says(line, "asks…kill"));
        assert!(!says(line, "kill main/tree/reader"));
        assert!(says(line, "kill main/tree/reader | kill …index"));
    }
}
