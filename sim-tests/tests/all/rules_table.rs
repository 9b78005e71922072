//! `docs/rules.md` has every rule of `docs/semantics.md`, and every test that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("failed to read {}: {e}", path.display()))
}

/// Rules that have a sentence of their own, and those that semantics.md takes from the design page.
fn rules() -> BTreeSet<String> {
    let numbered = |line: &str| {
        let rule = line.strip_prefix("- ")?.split(' ').next()?;
        let number = rule.strip_prefix(|c: char| c.is_ascii_uppercase())?;
        number.parse::<u32>().ok().map(|_| rule.to_owned())
    };
    let semantics = read("docs/semantics.md");
    let own: BTreeSet<String> = semantics.lines().filter_map(numbered).collect();
    assert!(own.len() > 50 && semantics.contains("E1–E18"), "semantics.md is not as it was");
    let exits = (1..=18).map(|n| format!("E{n}"));
    let supervisor = [("F", 7), ("S", 7), ("R", 3), ("T", 8), ("I", 9), ("X", 7), ("D", 9), ("Z", 4)];
    let supervisor = supervisor.into_iter().chain([("U", 2), ("B", 5)]);
    let supervisor = supervisor.flat_map(|(l, n)| (1..=n).map(move |i| format!("supervisor {l}{i}")));
    own.into_iter().chain(exits).chain(supervisor).collect()
}

/// What the first cell of a mistake that other supervisors made begins with.
const MISTAKE: &str = "it ";

/// A file and the names of tests in it.
type Tests = (String, Vec<String>);

/// The rows of the tables: what is in the first cell, and the tests in the second.
fn rows() -> Vec<(String, Vec<Tests>)> {
    let table = read("docs/rules.md");
    let rows = table.lines().filter_map(|line| {
        let (rule, tests) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        let tests = tests.split("<br>").filter(|t| t.contains('`')).map(|entry| {
            let mut parts = entry.split('`').skip(1).step_by(2).map(str::to_owned);
            let file = parts.next().unwrap_or_default();
            (file, parts.collect())
        });
        Some((rule.to_owned(), tests.collect()))
    });
    rows.filter(|(rule, _)| !["rule", "trap", "mistake"].contains(&rule.as_str())).collect()
}

#[test]
fn every_rule_is_in_the_table_once() {
    let is_rule = |rule: &String| !rule.contains('.') && !rule.starts_with(MISTAKE);
    let table: Vec<String> = rows().into_iter().map(|r| r.0).filter(is_rule).collect();
    let distinct: BTreeSet<String> = table.iter().cloned().collect();
    assert_eq!(distinct.len(), table.len(), "a rule has one row");
    assert_eq!(distinct, rules());
    let traps: Vec<u32> = rows().iter().filter_map(|r| r.0.split_once(". ")?.0.parse().ok()).collect();
    assert_eq!(traps, (1..=24).collect::<Vec<_>>());
    assert_eq!(rows().iter().filter(|r| r.0.starts_with(MISTAKE)).count(), 11);
}

#[test]
fn every_test_in_the_table_exists() {
    let mut seen = 0;
    for (rule, tests) in rows() {
        assert!(!tests.is_empty(), "{rule} has no test");
        for (file, names) in tests {
            let text = read(&file);
            assert!(!names.is_empty(), "{rule}: which test of {file}?");
            for name in names {
                let at = text
                    .find(&format!("fn {name}("))
                    .unwrap_or_else(|| panic!("{rule}: no {name} in {file}"));
                let before = &text[at.saturating_sub(200)..at];
                assert!(before.contains("#[test]"), "{rule}: {name} in {file} is no test");
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn every_trap_has_its_tests_by_its_number() {
    for (trap, tests) in rows().into_iter().filter(|row| row.0.contains(". ")) {
        let number = trap.split('.').next().expect("it begins with one");
        let prefix = format!("t{number:0>2}_");
        for (file, names) in tests {
            let is_its_file = file.contains(&format!("/{prefix}"));
            for name in names {
                assert!(is_its_file || name.starts_with(&prefix), "trap {number}: {name} of {file}");
            }
        }
    }
}

/// A module that nobody lists would be a claim that nobody finds.
#[test]
fn every_module_is_in_the_table() {
    let named: BTreeSet<String> =
        rows().into_iter().flat_map(|r| r.1).map(|t| t.0.replace("sim-tests/tests/all/", "")).collect();
    let all = repository().join("sim-tests/tests/all");
    for folder in fs::read_dir(&all).expect("this file is in it") {
        let folder = folder.expect("it can be read").path();
        let name = folder.file_name().and_then(|n| n.to_str()).expect("names are ASCII").to_owned();
        if !folder.is_dir() || name == "model" {
            continue;
        }
        for file in fs::read_dir(&folder).expect("it is a folder") {
            let file = file.expect("it can be read").file_name().into_string().expect("names are ASCII");
            let helper = ["mod.rs", "corpus.rs", "rig.rs"].contains(&file.as_str());
            assert!(
                helper || named.contains(&format!("{name}/{file}")),
                "{name}/{file} is not in docs/rules.md"
            );
        }
    }
}
