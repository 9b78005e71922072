//! Manifests, simulated: those of the fixtures, and what is refused before anything runs.

#![expect(clippy::unwrap_used, reason = "test helpers")]

use seedbed_manifest::{Hash, LoadError, Scenario};
use seedbed_sim::{Outcome, Program, RunConfig, StrategySpec, replay, run_with, shrink};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn fixture(name: &str) -> Scenario {
    Scenario::load(&fixtures().join(name).join("seedbed.toml")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The counter of the fixtures, with more beside its entry, in a manifest of its own.
fn counter(process: &str, rest: &str) -> Result<Scenario, LoadError> {
    let root = tempfile::tempdir().unwrap();
    let module = std::fs::read(fixtures().join("counter/counter.wasm")).unwrap();
    std::fs::write(root.path().join("counter.wasm"), &module).unwrap();
    let hash = Hash::of(&module);
    let child = "[[tree.children]]\nid = 'counter'\nprocess = 'counter'\n";
    let entry = "[[process]]\nid = 'counter'\npath = 'counter.wasm'";
    let text = format!("{entry}\nhash = '{hash}'\n{process}\n{child}{rest}");
    let file = root.path().join("seedbed.toml");
    std::fs::write(&file, text).unwrap();
    Scenario::load(&file)
}

fn run(scenario: &dyn Program, seed: u64) -> Outcome {
    run_with(scenario, &RunConfig::seed(seed), StrategySpec::Random.build(), Vec::new()).0
}

#[test]
fn small_fixtures_hold_and_lose_no_message() {
    for name in ["counter", "counter-wat", "echo", "hello", "palladium", "probe"] {
        let scenario = fixture(name);
        for seed in 0..20 {
            let outcome = run(&scenario, seed);
            assert_eq!(outcome.found, None, "{name}, seed {seed}");
            assert_eq!(outcome.stats.dead_letters, 0, "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_child_that_traps_is_restarted_and_no_finding() {
    let outcome = run(&fixture("crasher"), 1);
    assert_eq!((outcome.found, outcome.stats.restarts), (None, 1));
}

#[test]
fn transfer_breaks_and_replays_and_shrinks() {
    let scenario = fixture("transfer");
    let mut broken = 0;
    for seed in 0..50 {
        let config = RunConfig::seed(seed);
        let outcome = run(&scenario, seed);
        let again = replay(&scenario, &config, &outcome.tape, true, Vec::new()).unwrap();
        assert_eq!((&again.replay_error, again.trace_hash), (&None, outcome.trace_hash), "seed {seed}");
        assert_eq!(again.state_hash, outcome.state_hash, "seed {seed}");
        assert_eq!(again.found, outcome.found, "seed {seed}");
        let Some(found) = &outcome.found else { continue };
        assert_eq!(found.property, "money is conserved", "seed {seed}: {found}");
        broken += 1;
        if broken == 1 {
            let least = shrink(&scenario, &config, &outcome, |_| true);
            assert!(least.minimal && least.outcome.tape.entries.len() <= 3, "{:?}", least.outcome.tape);
        }
    }
    assert!(broken > 10, "{broken}");
}

#[test]
fn the_mended_twin_holds_under_the_faults_that_break_transfer() {
    let scenario = fixture("transfer-fixed");
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..300 {
        let outcome = run(&scenario, seed);
        assert_eq!(outcome.found, None, "seed {seed}");
        assert_eq!(outcome.properties, 2);
        for (name, here) in outcome.stats.sometimes {
            *seen.entry(name).or_insert(false) |= here;
        }
    }
    let not_seen: Vec<_> = seen.iter().filter(|(_, seen)| !**seen).collect();
    assert!(!seen.is_empty() && not_seen.is_empty(), "{not_seen:?}");
}

#[test]
fn a_seed_gives_the_same_run_on_any_thread_and_after_any_other() {
    let scenario = fixture("transfer");
    let once: Vec<Outcome> = (0..20).map(|seed| run(&scenario, seed)).collect();
    let threads: Vec<Vec<Outcome>> = std::thread::scope(|scope| {
        let backwards = || (0..20).rev().map(|seed| run(&scenario, seed)).collect::<Vec<_>>();
        let handles = [scope.spawn(backwards), scope.spawn(backwards)];
        handles.map(|handle| handle.join().unwrap()).into()
    });
    for mut outcomes in threads {
        outcomes.reverse();
        assert!(outcomes == once);
    }
}

#[test]
fn guests_that_would_not_load_are_all_named() {
    let root = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for (id, module) in [
        ("deaf", "(module (memory (export \"memory\") 1))"),
        ("strange", "(module (import \"env\" \"f\" (func)) (func (export \"seedbed_on_message\")))"),
        ("fine", include_str!("../../../fixtures/counter-wat/counter.wat")),
    ] {
        let wasm = wat::parse_str(module).unwrap();
        std::fs::write(root.path().join(format!("{id}.wasm")), &wasm).unwrap();
        let hash = Hash::of(&wasm);
        text += &format!("[[process]]\nid = '{id}'\npath = '{id}.wasm'\nhash = '{hash}'\n");
    }
    text += "method = 'run'\nargs = ['1']\nlimits.fuel_max = 7\n";
    let file = root.path().join("seedbed.toml");
    std::fs::write(&file, text).unwrap();
    let Err(LoadError::Guests(errors)) = Scenario::load(&file) else { panic!("they must not load") };
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    process `deaf` (deaf.wasm): no dialect recognised: a handler exports `seedbed_on_message`
    process `strange` (strange.wasm): unknown import `env` `f`
    process `fine` (fine.wasm): `method` means nothing for a module of the dialect `seedbed`
    process `fine` (fine.wasm): `args` means nothing for a module of the dialect `seedbed`
    process `fine` (fine.wasm): `limits.fuel_max` means nothing for a module of the dialect `seedbed`
    ");
}

#[test]
fn what_the_simulator_does_not_have_is_refused() {
    let world = "[world]\nfaults = { call_refused = 1, grow_refused = '1%', fuel_cut = 0 }";
    let Err(LoadError::NotSimulated(what)) = counter("", world) else { panic!("it must be refused") };
    insta::assert_snapshot!(what.join("\n"), @r"
    the simulator has no fault `grow_refused`
    the simulator has no fault `call_refused`
    ");
    assert!(counter("", "[world]\nns_per_turn = 0\nfaults = { call_refused = 0, drop = '100%' }").is_ok());
}

#[test]
fn limits_and_permissions_reach_the_guest() {
    let input = "[[input]]\nto = 'counter'\nrequest = 5\n";
    let outcome = |process: &str| run(&counter(process, input).unwrap(), 1);
    let replied = |process: &str| outcome(process).stats.inputs["input-1"].replied;
    assert_eq!(replied(""), 1);
    assert_eq!(replied("limits = { mailbox = { message_bytes = '0 B' } }"), 0);
    // A start that runs out of fuel fails the tree; what is asked of it is asked of nobody.
    let starved = outcome("limits = { fuel_per_message = 1 }");
    let found = starved.found.unwrap();
    assert_eq!(found.property, "every failure is handled");
    assert!(
        found.message.starts_with("main/tree did not start: ") && found.message.contains("counter"),
        "{found}"
    );
}

#[test]
fn conditions_see_paths_nodes_inputs_and_counts() {
    let holds = |condition: &str| {
        let rest = format!(
            "[node.b.tree]\n[node.c]\n[world]\nnodes = ['b', 'a', 'c']\n\
             [[input]]\nname = 'asks'\nto = 'counter@c'\nrequest = 5\ncount = 2\nevery = '1s'\n\
             [[input]]\nname = 'shouts'\nto = 'nobody@a'\nlate = true\nsend = 5\n\
             [[property]]\nname = 'p'\nwhen = 'end'\nholds = '{condition}'\n"
        );
        run(&counter("", &rest).unwrap(), 1).found.map(|f| f.message)
    };
    for condition in [
        r#"facts("count") == [10]"#,
        r#"fact("/counter", "count") == 10"#,
        r#"fact("/counter@c", "count") == 10"#,
        r#"!has_fact("/counter@a", "count") && !has_fact("/counter@b", "count")"#,
        r#"fact("c/tree/counter", "count") == 10"#,
        r#"fact("outside/asks", "input.sent") == 2 && sum(facts("input.replied")) == 2"#,
        "dead_letters == 1 && restarts == 0 && time_ns == 1000000000",
    ] {
        assert_eq!(holds(condition), None, "{condition}");
    }
    assert_eq!(
        holds(r#"fact("/counter@a", "count") == 1"#).unwrap(),
        "there is no fact `count` of `/counter@a`"
    );
}

#[test]
fn always_eventually_and_sometimes_are_looked_at() {
    let outcome = |property: &str| {
        let input = "[[input]]\nto = 'counter'\nsend = 1\nevery = '1s'\ncount = 5\n";
        run(&counter("", &format!("{input}[[property]]\nname = 'p'\n{property}\n")).unwrap(), 1)
    };
    let found = |property: &str| outcome(property).found.map(|f| (f.when, f.time.as_nanos()));
    let second = 1_000_000_000;
    let always = |holds: &str| found(&format!("when = 'always'\nholds = '{holds}'"));
    assert_eq!(always(r#"sum(facts("count")) < 3"#), Some(("always".into(), 2 * second)));
    assert_eq!(always("time_ns < 4000000000"), Some(("always".into(), 4 * second)));
    assert_eq!(always(r#"sum(facts("count")) <= 5"#), None);
    let eventually = |holds: &str| found(&format!("when = 'eventually within 10s'\nholds = '{holds}'"));
    assert_eq!(eventually(r#"sum(facts("count")) == 5"#), None);
    assert!(eventually(r#"sum(facts("count")) == 4"#).is_some());
    for (holds, seen) in [(3, true), (9, false)] {
        let outcome = outcome(&format!("sometimes = true\nholds = 'sum(facts(\"count\")) == {holds}'"));
        assert_eq!((outcome.found, outcome.stats.sometimes["p"]), (None, seen));
    }
}
