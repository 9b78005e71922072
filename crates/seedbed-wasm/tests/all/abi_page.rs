//! `docs/guest-abi.md` has every function that the linkers define, each with tests that are there and
//! run it on both reactors.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use seedbed_wasm::host_functions;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Header of the tables whose rows are host functions: the module stands between the two.
const HEADER: (&str, &str) = ("| import, from `", "` |");

/// Last column of those tables.
const TESTS: &str = "| tests, on both reactors |";

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all")
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Functions (module and name) of the page, and the tests of each.
fn page() -> BTreeMap<(String, String), Vec<String>> {
    let page = include_str!("../../../../docs/guest-abi.md");
    let (mut module, mut functions) = (None, BTreeMap::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix(HEADER.0) {
            let name = rest.split_once(HEADER.1).unwrap().0;
            assert!(line.ends_with(TESTS), "the table of `{name}` names tests");
            module = Some(name);
        } else if !line.starts_with('|') {
            module = None;
        } else if let (Some(module), false) = (module, line.starts_with("|---")) {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            for name in quoted(cells[0]) {
                let tests = quoted(cells[cells.len() - 1]).map(str::to_owned).collect();
                let before = functions.insert((module.to_owned(), name.to_owned()), tests);
                assert!(before.is_none(), "`{module}` `{name}` has one row");
            }
        }
    }
    functions
}

/// Functions of a file of tests, each with its text.
fn functions(text: &str) -> BTreeMap<String, &str> {
    let starts: Vec<usize> = ["\nfn ", "\npub(crate) fn "]
        .iter()
        .flat_map(|start| text.match_indices(start).map(|(at, start)| at + start.len()))
        .collect();
    let of = |at: usize| {
        let whole = text[at..].split("\n}\n").next().unwrap();
        (whole.split(['(', '<']).next().unwrap().to_owned(), whole)
    };
    starts.into_iter().map(of).collect()
}

/// The tests that run something on both reactors: by `both`, or a function of their file that does.
fn on_both() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for file in fs::read_dir(tests()).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let functions = functions(&text);
        let mut runs = BTreeSet::from(["both", "both_with"].map(str::to_owned));
        loop {
            let calls = |body: &str| runs.iter().any(|f| body.contains(&format!("{f}(")));
            let more: Vec<String> = functions
                .iter()
                .filter(|(name, body)| !runs.contains(*name) && calls(body))
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            runs.extend(more);
        }
        let is_test = |name: &String| text.contains(&format!("#[test]\nfn {name}("));
        all.extend(runs.into_iter().filter(is_test));
    }
    all
}

#[test]
fn every_host_function_has_a_row_and_every_row_a_function() {
    let page: BTreeSet<(String, String)> = page().into_keys().collect();
    let linked: BTreeSet<(String, String)> =
        host_functions().into_iter().map(|f| (f.module, f.name)).collect();
    let missing: Vec<_> = linked.difference(&page).collect();
    let beyond: Vec<_> = page.difference(&linked).collect();
    assert!(missing.is_empty() && beyond.is_empty(), "no row: {missing:?}; no function: {beyond:?}");
    assert!(linked.len() > 70, "{}", linked.len());
}

/// The faults of lunatic that the design knows, by their numbers.
const FAULTS: [u32; 29] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 31, 32,
];

#[test]
fn every_fault_of_lunatic_has_a_row_with_a_test_of_its_number() {
    let (page, tests) =
        (include_str!("../../../../docs/guest-abi.md"), functions(include_str!("lunatic_gaps.rs")));
    let rows = page.split_once("| | on lunatic | here | test |\n").unwrap().1;
    let mut numbers = Vec::new();
    for row in rows.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let of_row: Vec<u32> = cells[0].split(", ").map(|n| n.trim().parse().unwrap()).collect();
        let test = quoted(cells[3]).next().unwrap();
        let name = of_row.iter().map(|n| format!("g{n:02}_")).collect::<String>();
        assert!(test.starts_with(&name) && tests.contains_key(test), "{row}");
        numbers.extend(of_row);
    }
    assert_eq!(numbers, FAULTS);
}

#[test]
fn every_row_names_tests_that_run_on_both_reactors() {
    let there = on_both();
    for ((module, name), tests) in page() {
        assert!(!tests.is_empty(), "`{module}` `{name}` has no test");
        for test in tests {
            assert!(
                there.contains(&test),
                "`{module}` `{name}`: no test `{test}` that runs on both reactors"
            );
        }
    }
}
