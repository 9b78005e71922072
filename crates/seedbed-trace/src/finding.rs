//! A finding as it is kept: everything that gives the same run back, and what it showed.
//!
//! Small and self-contained. Modules are held by their hashes, not by their bytes; the world is held
//! as the text from which it is made. A replay compares [`Identity`] first: a finding of other
//! modules or versions is stale, and says which.

use crate::digest::Digest;
use crate::file::{self, FileError, Kind};
use seedbed_core::{Tape, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Version of the body of finding files: from 2 on a tape may hold deliveries back, from 3 on there is
/// [`Finding::drawn`].
pub const FINDING_VERSION: u32 = 3;

/// A property that a run broke, with all that a replay needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the test or manifest.
    pub name: String,
    /// What ran.
    pub identity: Identity,
    /// Which run it was.
    pub origin: Origin,
    /// The seed of the run.
    pub seed: u64,
    /// What strategies were told about the length of runs.
    pub steps_hint: u64,
    /// The strategy, as on a command line.
    pub strategy: String,
    /// The answers that were not plain.
    pub tape: Tape,
    /// Name of the broken property.
    pub property: String,
    /// When it is looked at.
    pub when: String,
    /// What was wrong.
    pub message: String,
    /// In which step.
    pub step: u64,
    /// At which virtual time.
    pub time: Time,
    /// The hash of all events.
    pub trace_hash: u64,
    /// The hash of the actors' state at the end.
    pub state_hash: u64,
    /// The hash of the fuel that each turn burnt.
    pub fuel_hash: u64,
    /// How large it was before it was shrunk.
    pub original: Original,
    /// The causal chain, in at most a dozen lines.
    pub why: Vec<WhyLine>,
    /// What the program was given that it draws from the seed itself, as a test of trees does.
    pub drawn: Option<Drawn>,
}

/// Values that a test drew from a stream of its run's seed, and that were shrunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The seed that gives the values as they were drawn. [`Finding::seed`] is that of the run in
    /// which the shrunk ones broke the property.
    pub seed: u64,
    /// The values, encoded.
    pub value: Vec<u8>,
    /// The values for people, each with its name.
    pub shown: Vec<(String, String)>,
}

/// What must be the same for a tape to give the same run back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// SHA-256 of each module, by its id in the manifest; and of what each mounted directory holds, by
    /// its path behind a `/`, which no id has.
    pub modules: BTreeMap<String, Digest>,
    /// The manifest, if there is one.
    pub manifest: Option<SourceFile>,
    /// What the world is made with beside the manifest (faults, limits), as text.
    pub world: String,
    /// Number of the rules by which a run unfolds.
    pub run_format: u32,
    /// The engine and its settings, as text; empty if nothing is WebAssembly.
    pub engine: String,
    /// Version of the rewriting pass; 0 if nothing is WebAssembly.
    pub rewriting: u32,
    /// The version of seedbed that wrote this. It is told, and decides nothing.
    pub seedbed: String,
}

/// A file that a finding depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Where it is: relative to the finding, or as it was given.
    pub path: String,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// Which run of which hunt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// One run by its seed.
    Single,
    /// Run `index` of the hunt with the seed `root`.
    Hunt {
        /// The hunt's seed.
        root: u64,
        /// From 0.
        index: u64,
    },
}

/// The sizes of a run before it was shrunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Turns.
    pub steps: u64,
    /// Answers that were not plain.
    pub choices: u64,
    /// Those of them that inject a fault.
    pub faults: u64,
    /// The trace hash of the run as it was found.
    pub trace_hash: u64,
    /// How many runs shrinking took; 0 if it did not run.
    pub shrink_runs: u64,
    /// True if no single deletion keeps the property broken.
    pub minimal: bool,
}

/// One link of the causal chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyLine {
    /// What kind of thing happened: `crash`, `restart`, `retry`, `order`, …
    pub kind: String,
    /// What.
    pub text: String,
    /// In which step.
    pub step: u64,
    /// When.
    pub time: Time,
}

/// Something in which two identities differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What.
    pub what: String,
    /// What the finding has.
    pub finding: String,
    /// What there is now.
    pub now: String,
}

impl Finding {
    /// Reads a finding file.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn read(path: &Path) -> Result<Finding, FileError> {
        file::read(Kind::Finding, path)
    }

    /// Writes a finding file, whole or not at all.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        file::write(Kind::Finding, path, self)
    }

    /// The usual file name: `transfer-9f3c21d0.seedbed`. What does not belong into a file name becomes `-`.
    pub fn file_name(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let name: String = self.name.chars().map(plain).collect();
        format!("{}-{:x}.seedbed", name.trim_start_matches('.'), self.first_seed())
    }

    /// The seed that leads to this finding when it is run again by its seed alone.
    pub fn first_seed(&self) -> u64 {
        self.drawn.as_ref().map_or(self.seed, |drawn| drawn.seed)
    }

    /// True if both say that the same program breaks the same property in the same run.
    pub fn is_same(&self, other: &Finding) -> bool {
        let run = |f: &Finding| (f.seed, f.original.trace_hash, f.steps_hint, f.origin);
        run(self) == run(other)
            && (&self.name, &self.property, &self.strategy) == (&other.name, &other.property, &other.strategy)
            && self.identity.differences(&other.identity).is_empty()
    }
}

impl Identity {
    /// Everything in which `now` is not what it was; empty if a tape holds.
    pub fn differences(&self, now: &Identity) -> Vec<Mismatch> {
        let mut out = Vec::new();
        let mut differs = |differ: bool, what: String, finding: String, now: String| {
            if differ {
                out.push(Mismatch { what, finding, now });
            }
        };
        let digest = |d: Option<&Digest>| d.map_or_else(|| "none".to_owned(), Digest::short);
        let mut ids: Vec<&String> = self.modules.keys().chain(now.modules.keys()).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            let (then, here) = (self.modules.get(id), now.modules.get(id));
            let what = match id.strip_prefix('/') {
                Some(directory) => format!("directory `{directory}`"),
                None => format!("module `{id}`"),
            };
            differs(then != here, what, digest(then), digest(here));
        }
        let manifest = |i: &Identity| i.manifest.as_ref().map(|m| m.sha256);
        let (then, here) = (manifest(self), manifest(now));
        differs(then != here, "manifest".into(), digest(then.as_ref()), digest(here.as_ref()));
        let texts = |i: &Identity| {
            let (format, rewriting) = (i.run_format.to_string(), i.rewriting.to_string());
            [
                ("world", i.world.clone()),
                ("run format", format),
                ("engine", i.engine.clone()),
                ("rewriting", rewriting),
            ]
        };
        for ((what, then), (_, here)) in texts(self).into_iter().zip(texts(now)) {
            differs(then != here, what.to_owned(), then, here);
        }
        out
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the finding has {}, here is {}", self.what, self.finding, self.now)
    }
}

impl fmt::Display for WhyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.time.as_nanos() / 1_000_000;
        write!(f, "{:<8}{}   t {}.{:03}s", self.kind, self.text, millis / 1000, millis % 1000)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use seedbed_core::{
        ChoiceKey, ChoiceKind, Instead, Life, OrderKey, PathId, SignalKind, SignalName, TapeEntry, Until,
    };

    pub(crate) fn sample() -> Finding {
        let name = |n| SignalName { path: PathId(11), life: Life(1), kind: SignalKind::Sent, n };
        let key = ChoiceKey { kind: ChoiceKind::Crash, site: 0, path: PathId(12), life: Life(0), ordinal: 3 };
        Finding {
            name: "transfer".into(),
            identity: Identity {
                modules: BTreeMap::from([("ledger".into(), Digest([0xab; 32]))]),
                manifest: Some(SourceFile { path: "transfer.toml".into(), sha256: Digest([1; 32]) }),
                world: "faults = chaos".into(),
                run_format: 1,
                engine: "wasmtime 48".into(),
                rewriting: 1,
                seedbed: "0.1.0".into(),
            },
            origin: Origin::Hunt { root: 1, index: 312 },
            seed: 0x9f3c_21d0,
            steps_hint: 1000,
            strategy: "pct:3".into(),
            tape: Tape {
                entries: vec![
                    TapeEntry::Order {
                        key: OrderKey { plain: name(1), passed: 0 },
                        instead: Instead::Signal(name(2)),
                    },
                    TapeEntry::Order { key: OrderKey { plain: name(1), passed: 1 }, instead: Instead::Clock },
                    TapeEntry::Choice { key, answer: 1 },
                    TapeEntry::Hold { what: name(3), until: Until::Signal(name(4)) },
                    TapeEntry::Hold { what: name(5), until: Until::Clock(2) },
                ],
                paths: BTreeMap::from([(PathId(11), "a/teller".into()), (PathId(12), "b".into())]),
            },
            property: "money is conserved".into(),
            when: "when idle".into(),
            message: "expected 1000, found 1030".into(),
            step: 1482,
            time: Time::from_nanos(3_207_000_000),
            trace_hash: 0xdead_beef,
            state_hash: 0xfeed,
            fuel_hash: 0xf0e1,
            original: Original {
                steps: 1500,
                choices: 1482,
                faults: 11,
                trace_hash: 5,
                shrink_runs: 90,
                minimal: true,
            },
            why: vec![WhyLine {
                kind: "crash".into(),
                text: "node b".into(),
                step: 1200,
                time: Time::from_nanos(3_101_000_000),
            }],
            drawn: Some(Drawn {
                seed: 0x5eed,
                value: vec![1, 2, 3],
                shown: vec![("tree".into(), "one_for_one".into())],
            }),
        }
    }

    /// Golden: findings are kept by people, so what a version looks like never changes.
    #[test]
    fn the_format_is_pinned() {
        let bytes = file::encode(Kind::Finding, &sample());
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, include_str!("golden/finding-3.hex").trim());
        assert_eq!(file::decode::<Finding>(Kind::Finding, &bytes).unwrap(), sample());
    }

    #[test]
    fn findings_of_older_versions_are_read() {
        let bytes = |hex: &str| -> Vec<u8> {
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (0..hex.len()).step_by(2).map(byte).collect()
        };
        let second = Finding { drawn: None, ..sample() };
        let mut first = second.clone();
        first.tape.entries.truncate(3);
        for (hex, wanted) in
            [(include_str!("golden/finding-1.hex"), first), (include_str!("golden/finding-2.hex"), second)]
        {
            assert_eq!(file::decode::<Finding>(Kind::Finding, &bytes(hex.trim())).unwrap(), wanted);
        }
    }

    #[test]
    fn a_file_name_holds_nothing_odd() {
        for (name, wanted) in [
            ("transfer", "transfer-9f3c21d0.seedbed"),
            ("a::b c", "a--b-c-9f3c21d0.seedbed"),
            ("../etc", "-etc-9f3c21d0.seedbed"),
        ] {
            assert_eq!(Finding { name: name.into(), drawn: None, ..sample() }.file_name(), wanted);
        }
        assert_eq!(sample().file_name(), "transfer-5eed.seedbed", "the seed that draws it again");
    }

    #[test]
    fn what_differs_is_named_and_the_release_decides_nothing() {
        let then = sample().identity;
        let now = Identity { seedbed: "9.9.9".into(), ..then.clone() };
        assert_eq!(then.differences(&now), []);
        let other = Identity { run_format: 2, engine: "none".into(), modules: BTreeMap::new(), ..now };
        let texts: Vec<String> = then.differences(&other).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "module `ledger`: the finding has abababab, here is none",
                "run format: the finding has 1, here is 2",
                "engine: the finding has wasmtime 48, here is none",
            ]
        );
    }

    #[test]
    fn a_why_line_reads_like_a_line_of_a_report() {
        assert_eq!(sample().why[0].to_string(), "crash   node b   t 3.101s");
    }
}
