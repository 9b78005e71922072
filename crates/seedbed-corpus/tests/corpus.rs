//! The corpus is what it says: nothing shows in plain order, a hunt finds each bug by its property,
//! the finding replays, and no twin is flagged.

#![expect(clippy::unwrap_used, reason = "what is missing here fails the test")]

use seedbed_corpus::{Entry, Group, directory, entries, table};
use seedbed_hunt::{Budget, Hunt, ShrinkBudget};
use seedbed_manifest::{Manifest, Scenario};
use seedbed_sim::{Faults, Outcome, RunConfig, StrategySpec, replay, run_with};
use seedbed_trace::{Broke, Collector, why};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// More runs than any of them takes.
const RUNS_MAX: u64 = 50_000;

/// Runs of each twin, under each of three strategies.
const TWIN_RUNS: u64 = 60;

fn manifest(entry: &Entry, file: &str) -> String {
    std::fs::read_to_string(entry.directory().join(file)).unwrap()
}

#[test]
fn it_has_all_groups_and_every_directory_is_an_entry() {
    let entries = entries().unwrap();
    let mut groups: BTreeMap<Group, usize> = BTreeMap::new();
    entries.iter().for_each(|entry| *groups.entry(entry.group).or_default() += 1);
    for (group, least) in [
        (Group::Supervision, 5),
        (Group::Requests, 4),
        (Group::Elections, 3),
        (Group::Transactions, 3),
        (Group::Log, 3),
        (Group::Queues, 3),
        (Group::Resources, 2),
        (Group::Clocks, 1),
    ] {
        assert!(groups.get(&group).is_some_and(|n| *n >= least), "{group}: {groups:?}");
    }
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    let mut found: Vec<String> = std::fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    found.sort();
    assert_eq!(names, found);
}

#[test]
fn a_twin_differs_in_its_module_or_in_its_tree_only() {
    for entry in entries().unwrap() {
        let [broken, fixed] = ["seedbed.toml", "fixed.toml"]
            .map(|file| Manifest::load(&entry.directory().join(file)).unwrap_or_else(|e| panic!("{e}")));
        assert_eq!(broken.world, fixed.world, "{}", entry.name);
        assert_eq!(broken.inputs, fixed.inputs, "{}", entry.name);
        // Of a condition, its text is what there is to compare.
        let properties = |manifest: &Manifest| format!("{:?}", manifest.properties);
        assert_eq!(properties(&broken), properties(&fixed), "{}", entry.name);
        let [broken, fixed] = ["seedbed.toml", "fixed.toml"].map(|file| manifest(&entry, file));
        assert_ne!(broken, fixed, "{}", entry.name);
    }
}

#[test]
fn the_documentation_shows_it() {
    let page = include_str!("../../../docs/finding-bugs.md");
    let table = table(&entries().unwrap());
    assert!(page.contains(&table), "docs/finding-bugs.md should hold\n{table}");
}

fn run(scenario: &Scenario, seed: u64, strategy: StrategySpec) -> Outcome {
    run_with(scenario, &RunConfig::seed(seed), strategy.build(), Vec::new()).0
}

#[test]
fn without_faults_and_in_plain_order_nothing_breaks() {
    for entry in entries().unwrap() {
        for scenario in [entry.broken().unwrap(), entry.fixed().unwrap()] {
            let plain = scenario.in_world(|config| config.faults = Faults::none());
            for seed in 0..4 {
                let outcome = run(&plain, seed, StrategySpec::Plain);
                assert_eq!(outcome.found, None, "{} seed {seed}", entry.name);
                assert!(outcome.tape.entries.is_empty(), "{} seed {seed}", entry.name);
            }
        }
    }
}

#[test]
fn a_hunt_finds_each_by_its_property_and_the_finding_replays() {
    for entry in entries().unwrap() {
        let scenario = entry.broken().unwrap();
        let mut hunt = Hunt::new(&scenario, &entry.name, 7);
        hunt.budget = Budget { runs: Some(RUNS_MAX), time: None };
        hunt.shrink = ShrinkBudget { runs: 0, ..ShrinkBudget::default() };
        let report = hunt.run(&AtomicBool::new(false), &mut |_| {}).unwrap();
        let found = report.found.unwrap_or_else(|| panic!("{}: not found", entry.name));
        assert_eq!(found.finding.property, entry.property, "{}: {}", entry.name, found.finding.message);
        assert_eq!(found.unstable, None, "{}", entry.name);
        let run = RunConfig { seed: found.finding.seed, steps_hint: found.finding.steps_hint };
        let again = replay(&scenario, &run, &found.finding.tape, true, Vec::new()).unwrap();
        assert_eq!(
            (again.replay_error, again.trace_hash),
            (None, found.finding.trace_hash),
            "{}",
            entry.name
        );
        assert_eq!(again.found.map(|broken| broken.property), Some(entry.property), "{}", entry.name);
    }
}

#[test]
fn the_smallest_tape_of_each_breaks_its_property_and_needs_all_its_entries() {
    for entry in entries().unwrap() {
        let (scenario, config) = (entry.broken().unwrap(), RunConfig::seed(entry.seed));
        let outcome = replay(&scenario, &config, &entry.smallest, true, Vec::new()).unwrap();
        assert_eq!(outcome.replay_error, None, "{}", entry.name);
        assert_eq!(
            outcome.found.map(|broken| broken.property).as_ref(),
            Some(&entry.property),
            "{}",
            entry.name
        );
        assert_eq!(outcome.tape.entries, entry.smallest.entries, "{}", entry.name);
        for index in 0..entry.smallest.entries.len() {
            let less = entry.smallest.without(index);
            let outcome = replay(&scenario, &config, &less, false, Vec::new()).unwrap();
            assert_eq!(outcome.found, None, "{}: {index} is needed", entry.name);
        }
    }
}

#[test]
fn the_explanation_of_each_smallest_tape_names_its_cause_and_that_of_no_other_property() {
    let entries = entries().unwrap();
    for entry in &entries {
        let (collector, collected) = Collector::full();
        let (scenario, config) = (entry.broken().unwrap(), RunConfig::seed(entry.seed));
        let outcome = replay(&scenario, &config, &entry.smallest, true, vec![Box::new(collector)]).unwrap();
        let broken = outcome.found.unwrap();
        let broke = Broke { property: &broken.property, step: broken.step, read: &outcome.read };
        let why = why(&collected.take_with(&outcome.paths), &broke);
        let explanation: Vec<String> =
            why.iter().map(|line| format!("{} {}", line.kind, line.text)).collect();
        assert_eq!(entry.untold(&explanation), [""; 0], "{}: {explanation:#?}", entry.name);
        let others = entries.iter().filter(|other| other.property != entry.property);
        for other in others {
            assert_ne!(other.untold(&explanation), [""; 0], "{} for {}", other.name, entry.name);
        }
    }
}

#[test]
fn no_twin_is_flagged() {
    for entry in entries().unwrap() {
        let scenario = entry.fixed().unwrap();
        for strategy in [StrategySpec::Random, StrategySpec::Pct(3), StrategySpec::Fate(5)] {
            for seed in 0..TWIN_RUNS {
                let outcome = run(&scenario, seed, strategy);
                assert_eq!(outcome.found, None, "{} seed {seed} {strategy}", entry.name);
            }
        }
    }
}
