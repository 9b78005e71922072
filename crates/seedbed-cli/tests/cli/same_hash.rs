//! A seed gives one run: on every call, whatever ran before, under any number of jobs.

use crate::rig::{Rig, fixture};

const FIXTURES: [&str; 7] =
    ["transfer", "transfer-fixed", "hello", "counter", "counter-wat", "crasher", "echo"];

fn hash(rig: &Rig, fixture: &str) -> String {
    let ran = rig.run(&format!("sim {} --seed 7", self::fixture(fixture) + "/seedbed.toml"));
    assert!([0, 100].contains(&ran.exit), "{ran:?}");
    ran.value("trace hash").to_owned()
}

#[test]
fn sim_prints_the_same_hash_on_each_call() {
    let rig = Rig::new();
    for fixture in FIXTURES {
        assert_eq!(hash(&rig, fixture), hash(&rig, fixture), "{fixture}");
    }
}

#[test]
fn another_seed_is_another_run() {
    let rig = Rig::new();
    let of = |seed| {
        let ran = rig.run(&format!("sim {} --seed {seed}", fixture("transfer-fixed/seedbed.toml")));
        ran.value("trace hash").to_owned()
    };
    assert_ne!(of("7"), of("8"));
    assert_eq!(of("7"), of("0x7"));
}

/// A run of a hunt with forks is given back by the seed of its start and its own (rule W15).
#[test]
fn a_forked_run_is_given_back_by_two_seeds() {
    let rig = Rig::new();
    let of = |fork| {
        let ran = rig.run(&format!("sim {} --seed 7 --fork {fork}", fixture("transfer-fixed/seedbed.toml")));
        assert_eq!(ran.value("fork"), fork);
        ran.value("trace hash").to_owned()
    };
    assert_eq!(of("0x8"), of("0x8"));
    assert_ne!(of("0x8"), of("0x9"));
}

#[test]
fn a_seed_is_the_same_run_in_a_fresh_process_and_in_one_that_ran_others() {
    let rig = Rig::new();
    for fixture in FIXTURES {
        let manifest = self::fixture(fixture) + "/seedbed.toml";
        let ran = rig.run(&format!("check {manifest} --seeds 2 --format json"));
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(ran.json()["same"], 2);
    }
}

#[test]
fn jobs_change_nothing() {
    let rig = Rig::new();
    let summary = |jobs: u32| {
        let manifest = fixture("transfer-fixed/seedbed.toml");
        let ran = rig.run(&format!("hunt {manifest} --runs 40 --jobs {jobs} --format json"));
        assert_eq!(ran.exit, 0, "{ran:?}");
        ran.json()["summary"].clone()
    };
    assert_eq!(summary(1), summary(3));
}

#[test]
fn sim_gives_the_run_of_a_hunt_back_by_its_seed() {
    let rig = Rig::new();
    let manifest = fixture("transfer/seedbed.toml");
    let ran = rig.run(&format!("hunt {manifest} --strategy pct:3 --format json"));
    let finding = &ran.json()["findings"][0];
    let seed = finding["seed"].as_str().unwrap();
    let again = rig.run(&format!("sim {manifest} --strategy pct:3 --seed {seed} --format json"));
    assert_eq!(again.exit, 100, "{again:?}");
    assert_eq!(again.json()["broken"]["property"], finding["property"]);
    assert_eq!(again.json()["steps"], finding["original"]["steps"]);
}
