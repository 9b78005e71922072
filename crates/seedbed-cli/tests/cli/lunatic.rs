//! An application of the published crate `lunatic`, as it is, on both reactors and without a manifest.

use crate::rig::{Rig, fixture};

#[test]
fn it_runs_on_the_real_reactor_and_is_simulated() {
    let rig = Rig::new();
    for command in ["run", "sim"] {
        let ran = rig.run(&format!("{command} {}", fixture("lunatic-shop/shop-fixed.wasm")));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        for line in ["the till is jammed", "3 of 3 customers paid", "closed"] {
            assert!(ran.stderr.contains(line), "{command}: {}", ran.stderr);
        }
    }
}

#[test]
fn every_part_of_the_crate_does_what_it_says_on_both_reactors() {
    let rig = Rig::new();
    let parts = [
        "mailboxes",
        "functions",
        "abstract processes",
        "tasks",
        "protocols",
        "configurations",
        "panics and locals",
        "links and monitors",
        "the tour is over",
    ];
    for command in ["run", "sim", "hunt --runs 5"] {
        let ran = rig.run(&format!("{command} {}", fixture("lunatic-tour/tour.wasm")));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        for part in parts.iter().filter(|_| command != "hunt --runs 5") {
            assert!(ran.stderr.contains(&format!(": {part}\n")), "{command}, {part}: {}", ran.stderr);
        }
    }
}

#[test]
fn supervisors_of_the_crate_come_to_an_end_where_they_wait_for_ever_on_lunatic() {
    let rig = Rig::new();
    let cases = ["both die", "fails again", "left in peace", "dies in its start"];
    let manifest = fixture("lunatic-supervisors/seedbed.toml");
    for command in ["run", "sim", "sim --seed 1", "hunt --runs 20"] {
        let ran = rig.run(&format!("{command} {manifest}"));
        assert_eq!(ran.exit, 0, "{command}: {}", ran.stderr);
        for case in cases.iter().filter(|_| !command.starts_with("hunt")) {
            assert!(
                ran.stderr.contains(&format!(": {case}: failed, and told\n")),
                "{command}, {case}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn its_planted_race_is_found_shrunk_and_replayed() {
    let rig = Rig::new();
    rig.copy("lunatic-shop");
    let ran = rig.run("hunt lunatic-shop/shop.wasm --runs 500");
    assert_eq!(ran.exit, 100, "{}", ran.stderr);
    for text in ["every failure is handled", "gave up on `main`", "→ 1 choices"] {
        assert!(ran.stderr.contains(text), "`{text}` is missing in:\n{}", ran.stderr);
    }
    let replay = ran.stderr.split("replay   seedbed ").nth(1).unwrap().lines().next().unwrap();
    let first = rig.run(replay);
    assert_eq!(first.exit, 100, "{}", first.stderr);
    assert!(first.stderr.contains("same as  the finding"), "{}", first.stderr);
    assert_eq!(rig.run(replay), first);
}

#[test]
fn its_fixed_twin_is_not_flagged() {
    let rig = Rig::new();
    for strategy in ["random", "pct:3", "portfolio"] {
        let ran = rig.run(&format!(
            "hunt {} --runs 150 --strategy {strategy}",
            fixture("lunatic-shop/shop-fixed.wasm")
        ));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("NOTHING FOUND"), "{}", ran.stderr);
    }
}

#[test]
fn what_it_imports_is_listed() {
    let rig = Rig::new();
    let ran = rig.run(&format!("verify {}", fixture("lunatic-shop/shop.wasm")));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("dialect  lunatic"), "{}", ran.stdout);
    assert!(ran.stdout.contains("lunatic::message send_receive_skip_search"), "{}", ran.stdout);
}

#[test]
fn a_main_process_that_fails_is_told_by_the_exit_code() {
    let rig = Rig::new();
    let text = r#"(module (import "lunatic::process" "process_id" (func (result i64))) (memory (export "memory") 1) (func (export "_start") unreachable))"#;
    rig.write("fails.wasm", wat::parse_str(text).unwrap());
    rig.run("run fails.wasm").failed(1, &["FAILED", "gave up", "main: on `main`"]);
    rig.run("hunt fails.wasm --runs 1").failed(100, &["gave up on `main`"]);
}
